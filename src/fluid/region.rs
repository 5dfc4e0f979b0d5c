//! Which cells of a block can be advanced before its halo is complete.

use super::rows::GROUP;
use crate::grid::{Cells, inner_and_rim};

/// A box of cells, counted from the block's first interior cell.
pub(super) type Region = Cells<3>;

/// The cells of a block whose new state needs no halo from another rank, and the rest in boxes.
pub(super) struct Split {
    /// To be advanced while the halo is on its way.
    pub inner: Region,
    /// To be advanced after that.
    pub rest: Vec<Region>,
}

/// Splits a block of `extent`; `waits` are the sides that wait, and a stage looks `reach` cells deep.
///
/// Cuts along x keep whole groups of lanes together: kernels write whole groups.
pub(super) fn split(extent: [usize; 3], waits: [[bool; 2]; 3], reach: usize) -> Split {
    let margins = std::array::from_fn(|axis| {
        let whole = if axis == 0 { GROUP } else { 1 };
        let upper = extent[axis] - extent[axis].saturating_sub(reach) / whole * whole;
        let [low, high] = waits[axis];
        [if low { reach.next_multiple_of(whole) } else { 0 }, if high { upper } else { 0 }]
    });
    let (inner, rest) = inner_and_rim(extent, margins);
    Split { inner, rest }
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
                let Split { inner, rest } = split(extent, waits, 2);
                let mut seen = vec![0; extent.iter().product()];
                for region in rest.iter().chain([&inner]) {
                    let [x, y, z] = region.clone();
                    z.for_each(|k| {
                        y.clone().for_each(|j| x.clone().for_each(|i| seen[(k * extent[1] + j) * extent[0] + i] += 1))
                    });
                }
                assert!(seen.iter().all(|&count| count == 1), "{extent:?} {waits:?}");
                for region in rest.iter().chain([&inner]) {
                    let end = region[0].end;
                    assert!(end % GROUP == 0 || end == extent[0], "{region:?}");
                }
                for axis in (0..3).filter(|_| inner.iter().all(|range| !range.is_empty())) {
                    assert!(!waits[axis][0] || inner[axis].start >= 2);
                    assert!(!waits[axis][1] || inner[axis].end + 2 <= extent[axis]);
                }
            }
        }
    }
}
