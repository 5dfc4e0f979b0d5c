//! Bodies in the order of their keys; those of one key in the order of their ids, so that the order in which they came is forgotten.
//!
//! A radix sort from the lowest digit up (Knuth, The Art of Computer Programming 3, 5.2.5) of the 44 leading bits, 11 a pass, passes whose digit
//! all bodies share left out. Runs of bodies that agree in these bits are then sorted by comparison: they are short, unless
//! thousands of bodies stand in 2^-14 of the cube.

/// A body's key and where it stands in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub key: u64,
    pub index: u32,
}

/// Bits of a digit.
const DIGIT: u32 = 11;
/// Digits that the radix sort looks at.
const PASSES: u32 = 4;
/// Bits below them.
const BELOW: u32 = 63 - DIGIT * PASSES;

/// Sorts `entries`, with room in `spare` that is used again; `id` tells the number of the body that stands at an index.
pub(super) fn sort(entries: &mut Vec<Entry>, spare: &mut Vec<Entry>, id: impl Fn(u32) -> u64) {
    let order = |entry: &Entry| (entry.key, id(entry.index));
    if entries.is_sorted_by(|a, b| a.key < b.key || (a.key == b.key && order(a) <= order(b))) {
        return;
    }
    let mut counts = [[0u32; 1 << DIGIT]; PASSES as usize];
    for entry in entries.iter() {
        for (pass, counts) in (0..).zip(&mut counts) {
            counts[digit(entry.key, pass)] += 1;
        }
    }
    spare.resize(entries.len(), Entry::default());
    for (pass, counts) in (0..).zip(&mut counts) {
        let shared = entries.first().is_none_or(|first| counts[digit(first.key, pass)] as usize == entries.len());
        if !shared {
            scatter(entries, spare, pass, counts);
            std::mem::swap(entries, spare);
        }
    }
    let mut rest = &mut entries[..];
    while let Some(first) = rest.first() {
        let head = first.key >> BELOW;
        let run = rest.iter().position(|entry| entry.key >> BELOW != head).unwrap_or(rest.len());
        let (now, later) = rest.split_at_mut(run);
        if run > 1 {
            now.sort_unstable_by_key(order);
        }
        rest = later;
    }
}

#[inline]
fn digit(key: u64, pass: u32) -> usize {
    (key >> (BELOW + DIGIT * pass)) as usize & ((1 << DIGIT) - 1)
}

/// Copies `from` into `to` by the digit of this pass, of which there are so many each.
fn scatter(from: &[Entry], to: &mut [Entry], pass: u32, counts: &mut [u32]) {
    let mut next = 0;
    for count in counts.iter_mut() {
        next += std::mem::replace(count, next);
    }
    for entry in from {
        let place = &mut counts[digit(entry.key, pass)];
        to[*place as usize] = *entry;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_of_entries_is_sorted_by_key_and_then_by_id() {
        // Keys that agree in their leading bits, or altogether; ids against the order of indices.
        let keys = |i: u64| match i % 4 {
            0 => i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1,
            1 => (1 << 40) | (i % 97),
            2 => 5,
            _ => (i % 3) << 60,
        };
        let count = 5000u32;
        let mut entries: Vec<Entry> = (0..count).map(|index| Entry { key: keys(index.into()), index }).collect();
        let mut spare = Vec::new();
        sort(&mut entries, &mut spare, |index| u64::from(count - index));
        let order = |entry: &Entry| (entry.key, count - entry.index);
        assert!(entries.is_sorted_by_key(order));
        let mut indices: Vec<u32> = entries.iter().map(|entry| entry.index).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..count));
    }

    #[test]
    fn nothing_and_one_body_are_sorted() {
        for count in [0, 1] {
            let mut entries = vec![Entry { key: 7, index: 0 }; count];
            sort(&mut entries, &mut Vec::new(), |_| 0);
            assert_eq!(entries.len(), count);
        }
    }
}
