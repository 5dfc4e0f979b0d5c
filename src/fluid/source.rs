//! Sources: what a constant gravity changes, row by row.

use super::rows::{GROUP, Group, Row, RowMut, groups_of, load};
use super::update::symmetric_sum;
use crate::simd::{Kernel, Lane, Simd};

/// The rates of change by gravity of a row of cells: of momenta and energy; all others are zero.
pub(super) struct GravityRow<'a> {
    /// Whether the gas has an energy.
    pub has_energy: bool,
    pub gravity: [f64; 3],
    /// Primitive variables.
    pub cells: Row<'a>,
    pub rates: RowMut<'a>,
    pub variables: usize,
    /// Cells; rows go on to the next whole group.
    pub count: usize,
}

impl Kernel for GravityRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let groups = groups_of(self.count);
        for variable in 0..self.variables {
            self.rates.groups(variable, groups).fill([0.0; GROUP]);
        }
        let rows = [0, 1, 2, 3].map(|variable| self.cells.groups(variable, groups));
        for group in 0..groups {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                self.cells_at(simd, &rows, group, part);
            }
        }
    }
}

impl GravityRow<'_> {
    #[inline(always)]
    fn cells_at<S: Simd>(&mut self, simd: S, rows: &[&[Group]; 4], group: usize, part: usize) {
        let at = group * GROUP + part;
        let density = load(simd, rows[0], group, part);
        let mut work = [density; 3];
        for axis in 0..3 {
            // d(ρ v)/dt = ρ g,  dE/dt = ρ g·v
            let force = density * S::F64::splat(simd, self.gravity[axis]);
            work[axis] = force * load(simd, rows[1 + axis], group, part);
            force.store(self.rates.from(1 + axis, at));
        }
        if self.has_energy {
            symmetric_sum(work).store(self.rates.from(4, at));
        }
    }
}
