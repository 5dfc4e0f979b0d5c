//! Which rank has which part of a list: pure arithmetic, no messages, the same answer on every rank.

use std::ops::Range;

/// Part `part` of `count` items cut into `parts` consecutive ranges whose lengths differ by at most one.
///
/// The first `count % parts` ranges are the longer ones.
pub fn balanced_range(count: u64, parts: usize, part: usize) -> Range<u64> {
    let parts = parts as u64;
    let part = part as u64;
    let base = count / parts;
    let longer = count % parts;
    let start = part * base + part.min(longer);
    start..start + base + u64::from(part < longer)
}

/// Which of the ranges of [`balanced_range`] holds item `index`.
pub fn balanced_owner(count: u64, parts: usize, index: u64) -> usize {
    let base = count / parts as u64;
    let longer = count % parts as u64;
    let boundary = longer * (base + 1);
    if index < boundary { (index / (base + 1)) as usize } else { (longer + (index - boundary) / base) as usize }
}

/// Blocks along each axis for `ranks` ranks with one block each, or nothing if no way leaves at least `least` cells per block
/// along the axes that are cut.
///
/// The blocks with the smallest surface win, as cells on the faces of the largest block between ranks. Faces across x count
/// twice: their cells are apart in memory, and cutting x shortens the rows. Of equals, the one with the fewest blocks along x,
/// then the one whose largest number of blocks along an axis is smallest.
pub fn process_grid<const D: usize>(cells: [usize; D], ranks: usize, least: [usize; D]) -> Option<[usize; D]> {
    let fits = |blocks: &[usize; D]| (0..D).all(|a| blocks[a] == 1 || cells[a] / blocks[a] >= least[a].max(1));
    factorisations(ranks)
        .into_iter()
        .filter(fits)
        .min_by_key(|blocks| (surface(cells, *blocks), blocks[0], blocks.iter().max().copied()))
}

/// The largest number of ranks, up to `ranks`, for which [`process_grid`] finds blocks.
pub fn most_ranks<const D: usize>(cells: [usize; D], ranks: usize, least: [usize; D]) -> usize {
    (1..=ranks).rev().find(|&fewer| process_grid(cells, fewer, least).is_some()).unwrap_or(1)
}

/// The cells on those faces of the largest block that other blocks touch, faces across x twice.
fn surface<const D: usize>(cells: [usize; D], blocks: [usize; D]) -> u128 {
    let extent: [u128; D] = std::array::from_fn(|axis| cells[axis].div_ceil(blocks[axis]) as u128);
    let face = |axis: usize| (0..D).filter(|&other| other != axis).map(|other| extent[other]).product::<u128>();
    (0..D).filter(|&axis| blocks[axis] > 1).map(|axis| face(axis) * if axis == 0 { 2 } else { 1 }).sum()
}

/// All ways to write `number` as a product of `D` factors, the first factor ascending, then the second.
fn factorisations<const D: usize>(number: usize) -> Vec<[usize; D]> {
    let mut partial = vec![([1; D], number)];
    for axis in 0..D {
        let last = axis + 1 == D;
        let extended = partial.iter().flat_map(|&(factors, rest)| {
            let divides = move |factor: &usize| rest.is_multiple_of(*factor) && (!last || *factor == rest);
            (1..=rest).filter(divides).map(move |factor| {
                let mut factors = factors;
                factors[axis] = factor;
                (factors, rest / factor)
            })
        });
        partial = extended.collect();
    }
    partial.into_iter().map(|(factors, _)| factors).collect()
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

    #[test]
    fn process_grids_have_a_small_surface_and_long_rows() {
        for (cells, ranks, blocks) in [
            ([64, 64, 64], 1, [1, 1, 1]),
            ([64, 64, 64], 2, [1, 1, 2]),
            ([64, 64, 64], 4, [1, 2, 2]),
            ([64, 64, 64], 7, [1, 1, 7]),
            ([64, 64, 64], 64, [1, 8, 8]),
            ([512, 64, 64], 8, [8, 1, 1]),
            ([64, 1, 1], 4, [4, 1, 1]),
            ([100, 20, 1], 5, [5, 1, 1]),
        ] {
            assert_eq!(process_grid(cells, ranks, [2; 3]), Some(blocks), "{cells:?} on {ranks}");
        }
        assert_eq!(process_grid([30, 30], 6, [1; 2]), Some([1, 6]));
        assert_eq!(process_grid([10], 3, [3]), Some([3]));
    }

    #[test]
    fn thin_blocks_are_refused_and_the_number_that_fits_is_known() {
        assert_eq!(process_grid([64, 64, 7], 2, [4; 3]), Some([1, 2, 1]));
        assert_eq!(process_grid([10, 3], 4, [3; 2]), None);
        assert_eq!(most_ranks([10, 3], 100, [3; 2]), 3);
        assert_eq!(most_ranks([10, 10], 17, [3; 2]), 9);
        assert_eq!(most_ranks([2], 5, [3]), 1);
    }

    #[test]
    fn factorisations_are_complete() {
        let all = factorisations::<3>(12);
        assert_eq!(all.len(), 18);
        assert!(all.iter().all(|factors| factors.iter().product::<usize>() == 12) && all.is_sorted());
    }
}
