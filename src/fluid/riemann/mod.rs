//! Riemann solvers: the flux through a face between two states.
//!
//! States and fluxes are in the face's frame: `normal` is the velocity across the face, `first` and `second` lie in it.
//! Every solver gives mirrored fluxes for mirrored states, bit for bit, and treats the two transverse velocities alike, so
//! that a mirrored or transposed problem gives the mirrored or transposed result.

mod average;
mod hllc;
mod hlle;
mod isothermal;
mod llf;
mod roe;
mod state;
#[cfg(test)]
mod tests;

use super::gas::GasLaw;
use super::rows::{GROUP, Group, Row, RowMut, groups_of, load};
use crate::simd::{Kernel, Lane, Simd};

pub(super) use hllc::Hllc;
pub(super) use hlle::Hlle;
pub(super) use llf::Llf;
pub(super) use roe::Roe;

/// The states on one side of several faces.
#[derive(Clone, Copy)]
pub(super) struct Face<L> {
    pub density: L,
    pub normal: L,
    pub first: L,
    pub second: L,
    /// Unused by a gas without an energy.
    pub pressure: L,
}

/// Fluxes through several faces: of mass, of the three momenta, of energy (zero for a gas without one).
#[derive(Clone, Copy)]
pub(super) struct Flux<L> {
    pub mass: L,
    pub normal: L,
    pub first: L,
    pub second: L,
    pub energy: L,
}

/// A Riemann solver.
pub(super) trait Riemann: Copy {
    /// The fluxes between the states on the lower (`left`) and the upper (`right`) side of the faces.
    fn flux<S: Simd, G: GasLaw>(self, simd: S, gas: G, left: Face<S::F64>, right: Face<S::F64>) -> Flux<S::F64>;
}

/// The fluxes of a row of faces of one axis, for all variables.
pub(super) struct FluxRow<'a, G, R> {
    pub gas: G,
    pub solver: R,
    /// The axis that the faces are normal to.
    pub axis: usize,
    /// The states below and above the faces: density, three velocities, pressure where there is one, scalars.
    pub left: Row<'a>,
    pub right: Row<'a>,
    /// Mass, three momenta, energy where there is one, scalars.
    pub flux: RowMut<'a>,
    pub scalars: usize,
    /// Faces; rows go on to the next whole group.
    pub count: usize,
}

impl<G: GasLaw, R: Riemann> Kernel for FluxRow<'_, G, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        if G::HAS_ENERGY {
            self.flow::<S, 5>(simd);
        } else {
            self.flow::<S, 4>(simd);
        }
        self.scalars(simd);
    }
}

impl<G: GasLaw, R: Riemann> FluxRow<'_, G, R> {
    /// `N` variables: density, velocities and, for five, pressure.
    #[inline(always)]
    fn flow<S: Simd, const N: usize>(&mut self, simd: S) {
        let groups = groups_of(self.count);
        let n = 1 + self.axis;
        let t = 1 + (self.axis + 1) % 3;
        let s = 1 + (self.axis + 2) % 3;
        let order = [0, n, t, s, if N > 4 { 4 } else { 0 }];
        let left = order.map(|v| self.left.groups(v, groups));
        let right = order.map(|v| self.right.groups(v, groups));
        let mut flux: [&mut [Group]; N] = self.flux.all(groups);
        flux[1..4].rotate_left(self.axis);
        #[expect(
            clippy::needless_range_loop,
            reason = "many rows go side by side: an iterator over one would hide the rest"
        )]
        for group in 0..groups {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                let found =
                    self.solver.flux(simd, self.gas, face(simd, &left, group, part), face(simd, &right, group, part));
                found.mass.store(&mut flux[0][group][part..]);
                found.normal.store(&mut flux[1][group][part..]);
                found.first.store(&mut flux[2][group][part..]);
                found.second.store(&mut flux[3][group][part..]);
                if N > 4 {
                    found.energy.store(&mut flux[4][group][part..]);
                }
            }
        }
    }

    /// Scalars go with the mass, from the side that it comes from.
    #[inline(always)]
    fn scalars<S: Simd>(&mut self, simd: S) {
        let first = if G::HAS_ENERGY { 5 } else { 4 };
        let groups = groups_of(self.count);
        let zero = S::F64::splat(simd, 0.0);
        for variable in first..first + self.scalars {
            let left = self.left.groups(variable, groups);
            let right = self.right.groups(variable, groups);
            for group in 0..groups {
                let mass = self.flux.groups(0, groups)[group];
                let flux = &mut self.flux.groups(variable, groups)[group];
                for part in (0..GROUP).step_by(S::F64::WIDTH) {
                    let mass = S::F64::load(simd, &mass[part..]);
                    let left = S::F64::load(simd, &left[group][part..]);
                    let right = S::F64::load(simd, &right[group][part..]);
                    (mass * S::F64::select(zero.lt(mass), left, right)).store(&mut flux[part..]);
                }
            }
        }
    }
}

#[inline(always)]
fn face<S: Simd>(simd: S, rows: &[&[Group]; 5], group: usize, part: usize) -> Face<S::F64> {
    Face {
        density: load(simd, rows[0], group, part),
        normal: load(simd, rows[1], group, part),
        first: load(simd, rows[2], group, part),
        second: load(simd, rows[3], group, part),
        pressure: load(simd, rows[4], group, part),
    }
}
