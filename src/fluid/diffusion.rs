//! Viscosity and heat conduction: what they add to the fluxes through a row of faces.
//!
//! The stress is that of a Newtonian gas without bulk viscosity (Landau & Lifshitz 1987, section 15), the heat flux
//! -conductivity density grad(pressure / density). Gradients across a face are differences of its two cells, those along it
//! the mean of both cells' central differences, so cells at edges are needed too. What stands in the place of walls is
//! `images`' part.

use super::rows::{GROUP, Row, RowMut, groups_of};
use crate::simd::{Kernel, Lane, Simd};

/// The places of a cell's stencil: the cell, then its upper and lower neighbours along the two axes that follow the faces' own.
pub(super) const PLACES: usize = 5;

/// The cells below and above a row of faces, each with its neighbours.
pub(super) type Stencil<'a> = [[Row<'a>; PLACES]; 2];

/// The stencil of faces of `axis` above which `cells` are, whose neighbours along each axis are `strides` apart; zero along
/// missing axes.
pub(super) fn stencil(cells: Row, axis: usize, strides: [isize; 3]) -> Stencil {
    let first = strides[(axis + 1) % 3];
    let second = strides[(axis + 2) % 3];
    [-strides[axis], 0].map(|side| [0, first, -first, second, -second].map(|place| cells.shifted(side + place)))
}

/// Diffusive fluxes of a row of faces.
pub(super) struct DiffusionRow<'a> {
    /// Whether the gas has an energy.
    pub has_energy: bool,
    /// The axis that the faces are normal to.
    pub axis: usize,
    /// The primitive variables of the cells about the faces.
    pub cells: Stencil<'a>,
    /// One over the cell size along each axis.
    pub per_length: [f64; 3],
    pub viscosity: f64,
    pub conductivity: f64,
    pub flux: RowMut<'a>,
    /// Faces; rows go on to the next whole group.
    pub count: usize,
}

impl Kernel for DiffusionRow<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        for group in 0..groups_of(self.count) {
            for part in (0..GROUP).step_by(S::F64::WIDTH) {
                let at = (group * GROUP + part) as isize;
                self.viscous(simd, at);
                if self.has_energy && self.conductivity > 0.0 {
                    self.conducted(simd, at);
                }
            }
        }
    }
}

impl DiffusionRow<'_> {
    /// A variable of the cells at a place of the stencil below (0) or above (1) the faces.
    #[inline(always)]
    fn cell<S: Simd>(&self, simd: S, variable: usize, side: usize, place: usize, at: isize) -> S::F64 {
        S::F64::load(simd, self.cells[side][place].from(variable, at))
    }

    /// The difference of a velocity across the faces, per length.
    #[inline(always)]
    fn across<S: Simd>(&self, simd: S, velocity: usize, at: isize) -> S::F64 {
        let difference = self.cell(simd, velocity, 1, 0, at) - self.cell(simd, velocity, 0, 0, at);
        S::F64::splat(simd, self.per_length[self.axis]) * difference
    }

    /// The gradient of a velocity along another axis, at the faces.
    #[inline(always)]
    fn along<S: Simd>(&self, simd: S, velocity: usize, axis: usize, at: isize) -> S::F64 {
        let up = if axis == (self.axis + 1) % 3 { 1 } else { 3 };
        let above = self.cell(simd, velocity, 1, up, at) - self.cell(simd, velocity, 1, up + 1, at);
        let below = self.cell(simd, velocity, 0, up, at) - self.cell(simd, velocity, 0, up + 1, at);
        S::F64::splat(simd, 0.25 * self.per_length[axis]) * (above + below)
    }

    /// The mean of a variable of both cells.
    #[inline(always)]
    fn mean<S: Simd>(&self, simd: S, variable: usize, at: isize) -> S::F64 {
        let both = self.cell(simd, variable, 1, 0, at) + self.cell(simd, variable, 0, 0, at);
        S::F64::splat(simd, 0.5) * both
    }

    /// Adds the momentum that viscosity carries, and its work.
    #[inline(always)]
    fn viscous<S: Simd>(&mut self, simd: S, at: isize) {
        let axis = self.axis;
        let first = (self.axis + 1) % 3;
        let second = (self.axis + 2) % 3;
        let n = 1 + axis;
        let t = 1 + first;
        let s = 1 + second;
        let stretch = self.across(simd, n, at);
        let spread = self.along(simd, t, first, at) + self.along(simd, s, second, at);
        let dynamic = S::F64::splat(simd, self.viscosity) * self.mean(simd, 0, at);
        let two_thirds = S::F64::splat(simd, 2.0 / 3.0);
        let two = S::F64::splat(simd, 2.0);
        // τ_nn = μ (2 ∂_n v_n - 2/3 div v),  τ_nt = μ (∂_n v_t + ∂_t v_n),  μ = ρ ν
        let normal = dynamic * (two * stretch - two_thirds * (stretch + spread));
        let first = dynamic * (self.across(simd, t, at) + self.along(simd, n, first, at));
        let second = dynamic * (self.across(simd, s, at) + self.along(simd, n, second, at));
        self.take(simd, n, normal, at);
        self.take(simd, t, first, at);
        self.take(simd, s, second, at);
        if self.has_energy {
            // The work of the stress: τ_nn v_n + τ_nt v_t + τ_ns v_s
            let shear = first * self.mean(simd, t, at) + second * self.mean(simd, s, at);
            let work = normal * self.mean(simd, n, at) + shear;
            self.take(simd, 4, work, at);
        }
    }

    /// Adds the heat that is conducted.
    #[inline(always)]
    fn conducted<S: Simd>(&mut self, simd: S, at: isize) {
        let temperature = |side: usize| self.cell(simd, 4, side, 0, at) / self.cell(simd, 0, side, 0, at);
        let difference = temperature(1) - temperature(0);
        // q = -κ ρ ∂_n (p/ρ)
        let factor = S::F64::splat(simd, self.conductivity * self.per_length[self.axis]);
        let heat = factor * self.mean(simd, 0, at) * difference;
        self.take(simd, 4, heat, at);
    }

    /// Takes `amount` from the flux of a variable.
    #[inline(always)]
    fn take<S: Simd>(&mut self, simd: S, variable: usize, amount: S::F64, at: isize) {
        let row = self.flux.from(variable, at as usize);
        (S::F64::load(simd, row) - amount).store(row);
    }
}
