//! Which bodies a rank computes the forces of: stretches of the order of keys, cut where bundles of groups begin.
//!
//! In order: the keys at which the cost of the last forces would be divided evenly, found by all ranks together, four bits a round; for
//! each the largest cell around it that holds at most [`BUNDLE`] bodies of all ranks, whose first key is the cut.
//!
//! A cell that a cut divides therefore holds more than a bundle on any number of ranks, and is divided in the tree of all bodies too. The cells that lie
//! in one domain and whose parents don't are where the rank's own part of that tree begins: [`tops`]. So costs move
//! the cuts, and no cut moves a bit of the forces.

use super::cells::{BUNDLE, Top};
use super::keys::{LEVELS, keys_of, level, place};
use crate::comm::Comm;

/// The first key that is beyond all.
pub(super) const END: u64 = 1 << (3 * LEVELS);
/// Bits of a key that a round finds.
const BITS: u32 = 4;

/// The first key of each rank's domain, then the end of all. `keys` are sorted, `costs` the costs of all bodies before each, and at last of
/// all. All ranks.
pub(super) fn cuts(comm: &Comm, keys: &[u64], costs: &[u64]) -> Vec<u64> {
    let cuts = even_cuts(comm, keys, costs);
    let snapped = at_bundles(comm, keys, &cuts);
    std::iter::once(0).chain(snapped).chain([END]).collect()
}

/// The largest keys, one between each two ranks, before which there is no more than an even share of the cost; arguments as for [`cuts`]. All ranks.
pub(super) fn even_cuts(comm: &Comm, keys: &[u64], costs: &[u64]) -> Vec<u64> {
    let ranks = comm.size();
    if ranks == 1 {
        return Vec::new();
    }
    let total = comm.all_reduce_sum(costs[keys.len()]);
    let wanted: Vec<u64> =
        (1..ranks as u64).map(|rank| (u128::from(total) * u128::from(rank) / ranks as u128) as u64).collect();
    let mut cuts = vec![0u64; wanted.len()];
    for shift in (0..3 * LEVELS).step_by(BITS as usize).rev() {
        let digits = 1u64..1 << BITS;
        let candidates = cuts.iter().flat_map(|cut| digits.clone().map(move |digit| cut + (digit << shift)));
        let mut before: Vec<u64> = candidates.map(|key| costs[keys.partition_point(|&other| other < key)]).collect();
        comm.all_reduce_sum_into(&mut before);
        for ((cut, before), wanted) in cuts.iter_mut().zip(before.chunks(digits.clone().count())).zip(&wanted) {
            *cut += (before.iter().filter(|before| *before <= wanted).count() as u64) << shift;
        }
    }
    cuts
}

/// The first keys of the bundles that hold these keys. All ranks.
fn at_bundles(comm: &Comm, keys: &[u64], cuts: &[u64]) -> Vec<u64> {
    let cells = |cut: u64| (0..=LEVELS).map(move |at| place(cut.min(END - 1), at));
    let here = |place: u64| {
        let (first, end) = keys_of(place);
        (keys.partition_point(|&key| key < end) - keys.partition_point(|&key| key < first)) as u64
    };
    let mut counts: Vec<u64> = cuts.iter().flat_map(|&cut| cells(cut).map(here)).collect();
    comm.all_reduce_sum_into(&mut counts);
    let bundle = |(&cut, counts): (&u64, &[u64])| {
        let at = counts.iter().position(|&count| count <= u64::from(BUNDLE)).unwrap_or(LEVELS as usize);
        keys_of(place(cut.min(END - 1), at as u32)).0
    };
    cuts.iter().zip(counts.chunks(LEVELS as usize + 1)).map(bundle).collect()
}

/// The largest cells from key `first` to before `end` that hold bodies, of which the sorted `keys` are those there.
pub(super) fn tops(first: u64, end: u64, keys: &[u64]) -> Vec<Top> {
    let mut tops = Vec::new();
    let mut at = first;
    let mut body = 0;
    while at < end {
        // The lowest level whose cells begin here and end in time: aligned to 3 bits a level.
        let aligned = if at == 0 { LEVELS } else { (at.trailing_zeros() / 3).min(LEVELS) };
        let up = (0..=aligned).rev().find(|&up| end - at >= 1 << (3 * up)).unwrap_or(0);
        let next = at + (1 << (3 * up));
        let count = keys[body..].partition_point(|&key| key < next);
        if count > 0 {
            tops.push(Top { place: place(at, LEVELS - up), bodies: body as u32..(body + count) as u32 });
        }
        body += count;
        at = next;
    }
    debug_assert!(tops.iter().all(|top| level(top.place) <= LEVELS));
    tops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cells_of_a_domain_cover_it_and_no_parent_of_theirs_does() {
        for (first, end) in [(0, END), (0, 8), (3, 4000), (END / 3, END / 3 * 2), (END - 1, END)] {
            let keys: Vec<u64> = (0..200).map(|i| first + (end - first - 1) / 199 * i).collect();
            let tops = tops(first, end, &keys);
            let mut next = 0;
            for top in &tops {
                assert_eq!(top.bodies.start, next);
                next = top.bodies.end;
                let (low, high) = keys_of(top.place);
                assert!(first <= low && high <= end);
                if level(top.place) > 0 {
                    let (low, high) = keys_of(top.place >> 3);
                    assert!(low < first || high > end, "{low} {high} in {first} {end}");
                }
            }
            assert_eq!(next as usize, keys.len());
        }
    }
}
