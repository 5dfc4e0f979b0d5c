//! Reconstruction: from averages over cells to values at their faces, variable by variable along one axis.
//!
//! A scheme sees a cell and up to [`Reconstruction::REACH`] neighbours on each side, and gives the values at the cell's
//! lower and upper face. Every scheme is mirror-symmetric bit for bit and keeps constants as they are.

mod donor;
mod plm;
mod ppm;
#[cfg(test)]
mod tests;
mod weno;

use super::rows::{GROUP, Group, Row, RowMut, groups_of, load};
use crate::simd::{Kernel, Lane, Simd};

pub(super) use donor::Donor;
pub(super) use plm::Plm;
pub(super) use ppm::Ppm;
pub(super) use weno::WenoZ;

/// A scheme of reconstruction.
pub(super) trait Reconstruction: Copy {
    /// The cells that are needed on each side of a cell: 1 or 2.
    const REACH: usize;
    /// Whether face values can leave the range of the cells around, so that they must be kept above the floors.
    const OVERSHOOTS: bool;

    /// The values at the lower and the upper face of the cell `stencil[2]`; with a reach of one, `stencil[0]` and
    /// `stencil[4]` hold nothing of use.
    fn faces<S: Simd>(self, simd: S, stencil: &[S::F64; 5]) -> (S::F64, S::F64);
}

/// The values at the faces of a row of cells, for all variables.
pub(super) struct FaceRow<'a, R> {
    pub scheme: R,
    /// The cells.
    pub cells: Row<'a>,
    /// The distance between neighbours along the axis, in elements.
    pub stride: usize,
    /// The lowest value that each variable may have at a face.
    pub least: &'a [f64],
    /// Variables from this one on, the scalars, stay between the cells on both sides of a face.
    pub bounded: usize,
    pub lower: RowMut<'a>,
    pub upper: RowMut<'a>,
    /// Cells; rows go on to the next whole group.
    pub count: usize,
}

impl<R: Reconstruction> Kernel for FaceRow<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let groups = groups_of(self.count);
        let near = self.stride as isize;
        let far = if R::REACH > 1 { 2 * self.stride as isize } else { 0 };
        for (variable, &least) in self.least.iter().enumerate() {
            let least = S::F64::splat(simd, least);
            let rows = [-far, -near, 0, near, far].map(|offset| self.cells.shifted(offset).groups(variable, groups));
            let lower = self.lower.groups(variable, groups);
            let upper = self.upper.groups(variable, groups);
            for group in 0..groups {
                for part in (0..GROUP).step_by(S::F64::WIDTH) {
                    let stencil = load_all(simd, &rows, group, part);
                    let (mut low, mut high) = self.scheme.faces(simd, &stencil);
                    if R::OVERSHOOTS {
                        low = low.max(least);
                        high = high.max(least);
                        if variable >= self.bounded {
                            low = between(low, stencil[1], stencil[2]);
                            high = between(high, stencil[2], stencil[3]);
                        }
                    }
                    low.store(&mut lower[group][part..]);
                    high.store(&mut upper[group][part..]);
                }
            }
        }
    }
}

/// The number of `a` to `b` that is nearest to `value`.
#[inline(always)]
fn between<L: Lane>(value: L, a: L, b: L) -> L {
    value.max(a.min(b)).min(a.max(b))
}

#[inline(always)]
fn load_all<S: Simd>(simd: S, rows: &[&[Group]; 5], group: usize, part: usize) -> [S::F64; 5] {
    [
        load(simd, rows[0], group, part),
        load(simd, rows[1], group, part),
        load(simd, rows[2], group, part),
        load(simd, rows[3], group, part),
        load(simd, rows[4], group, part),
    ]
}
