//! Pure arithmetic on who owns what: no messages, the same answer on every rank.

use std::ops::Range;

/// Part `part` of `count` items cut into `parts` consecutive ranges whose lengths differ by at most one.
///
/// The first `count % parts` ranges are the longer ones.
pub fn balanced_range(count: u64, parts: usize, part: usize) -> Range<u64> {
    let (parts, part) = (parts as u64, part as u64);
    let (base, longer) = (count / parts, count % parts);
    let start = part * base + part.min(longer);
    start..start + base + u64::from(part < longer)
}

/// Which of the ranges of [`balanced_range`] holds item `index`.
pub fn balanced_owner(count: u64, parts: usize, index: u64) -> usize {
    let (base, longer) = (count / parts as u64, count % parts as u64);
    let boundary = longer * (base + 1);
    if index < boundary { (index / (base + 1)) as usize } else { (longer + (index - boundary) / base) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_tile_the_items_and_know_their_owner() {
        for (count, parts) in [(0, 3), (1, 4), (11, 7), (1000, 7), (32768, 2), (5, 5)] {
            let mut next = 0;
            for part in 0..parts {
                let range = balanced_range(count, parts, part);
                assert_eq!(range.start, next);
                assert!(range.end - range.start <= count.div_ceil(parts as u64));
                for index in range.clone() {
                    assert_eq!(balanced_owner(count, parts, index), part, "{index} of {count} in {parts}");
                }
                next = range.end;
            }
            assert_eq!(next, count);
        }
    }
}
