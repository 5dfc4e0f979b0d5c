//! Which cells of a block can be advanced before its halo is complete.

use std::ops::Range;

use super::rows::GROUP;

/// A box of cells, counted from the block's first interior cell.
pub(super) type Region = [Range<usize>; 3];

/// The cells of a block of `extent` whose new state needs no halo from another rank, and the rest in boxes.
///
/// `waits` tells which sides wait, `reach` how many cells deep a stage looks. Cuts along x keep whole groups of lanes together.
pub(super) fn split(extent: [usize; 3], waits: [[bool; 2]; 3], reach: usize) -> (Region, Vec<Region>) {
    let inner: Region = std::array::from_fn(|axis| {
        let whole = if axis == 0 { GROUP } else { 1 };
        let low = if waits[axis][0] { reach.next_multiple_of(whole) } else { 0 };
        let high = match waits[axis][1] {
            true => extent[axis].saturating_sub(reach) / whole * whole,
            false => extent[axis],
        };
        low..high
    });
    if inner.iter().any(Range::is_empty) {
        return ([0..0, 0..0, 0..0], vec![extent.map(|cells| 0..cells)]);
    }
    let mut rest = Vec::new();
    let mut open: Region = extent.map(|cells| 0..cells);
    for axis in [2, 1, 0] {
        for side in [open[axis].start..inner[axis].start, inner[axis].end..open[axis].end] {
            if !side.is_empty() {
                let mut slab = open.clone();
                slab[axis] = side;
                rest.push(slab);
            }
        }
        open[axis] = inner[axis].clone();
    }
    (inner, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_cells_and_rest_tile_the_block_and_the_inner_ones_see_no_waiting_side() {
        for extent in [[40, 7, 5], [17, 9, 1], [8, 8, 8], [3, 3, 3]] {
            for bits in 0..64usize {
                let waits: [[bool; 2]; 3] = std::array::from_fn(|axis| {
                    [0, 1].map(|side| bits >> (2 * axis + side) & 1 == 1 && extent[axis] > 1)
                });
                let (inner, rest) = split(extent, waits, 2);
                let mut seen = vec![0; extent.iter().product()];
                for region in rest.iter().chain([&inner]) {
                    let [x, y, z] = region.clone();
                    z.for_each(|k| {
                        y.clone().for_each(|j| x.clone().for_each(|i| seen[(k * extent[1] + j) * extent[0] + i] += 1))
                    });
                }
                assert!(seen.iter().all(|&count| count == 1), "{extent:?} {waits:?}");
                for axis in (0..3).filter(|_| !inner[0].is_empty()) {
                    assert!(!waits[axis][0] || inner[axis].start >= 2);
                    assert!(!waits[axis][1] || inner[axis].end + 2 <= extent[axis]);
                }
            }
        }
    }
}
