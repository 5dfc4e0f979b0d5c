//! Fluxes of first order where a stage would leave a cell below a floor (Lemaster & Stone 2009).
//!
//! In order: such cells are marked (`marks`); the fluxes through all faces of a marked cell are replaced by those of local
//! Lax-Friedrichs between the averages of the same state; what is then still below a floor is raised to it, and what that adds
//! is summed up. Both cells of a face take the same change of its flux, so totals stay.
//!
//! Local Lax-Friedrichs with averages keeps densities and pressures positive for steps that are short enough (Perthame & Shu
//! 1996), which no flux of second order does: gas whose thermal energy is a tiny share of its energy falls below zero, and a
//! floor alone would make energy each time.

use super::added::Sums;
use super::findings::{Care, Findings};
use super::marks::{MARKED, beside_face, near};
use super::pass::{Arrays, Pass};
use super::rows::{Row, RowMut};
use super::scheme::{Physics, Reconstruct, Solver};
use super::scratch::Scratch;
use super::stages::Blend;
use super::update::symmetric_sum_of;
use crate::grid::Field;

/// The stage as it was done, and with fluxes of first order.
pub(super) struct Passes<'a> {
    pub high: Pass<'a>,
    low: Pass<'a>,
}

impl<'a> Passes<'a> {
    /// The physics of the fluxes of first order.
    pub(super) fn plain(physics: &Physics) -> Physics {
        Physics { solver: Solver::Llf, ..physics.clone() }
    }

    /// For a stage, and the physics of the fluxes of first order.
    pub(super) fn new(high: Pass<'a>, plain: &'a Physics) -> Self {
        Passes { high, low: Pass { physics: plain, reconstruct: Reconstruct::Donor, ..high } }
    }

    /// The fluxes of all variables through the face on a side of a cell, with these marks on cells below a floor.
    pub(super) fn face(
        &self,
        arrays: &Arrays,
        scratch: &mut Scratch,
        low: &Field<u8, 3>,
        [axis, side]: [usize; 2],
        cell: [isize; 3],
    ) -> Vec<f64> {
        let sides = beside_face(cell, axis, side);
        let is_low = sides.iter().any(|&cell| low.at(0, cell) > 0);
        let pass = if is_low { &self.low } else { &self.high };
        pass.face(arrays, scratch, axis, sides[1])
    }

    /// What replaces the flux through a face of a cell adds to it, of each variable; nothing where no cell is marked.
    fn change(
        &self,
        arrays: &Arrays,
        scratch: &mut Scratch,
        marks: &Field<u8, 3>,
        [axis, side]: [usize; 2],
        cell: [isize; 3],
    ) -> Option<Vec<f64>> {
        let sides = beside_face(cell, axis, side);
        if sides.iter().all(|&cell| marks.at(0, cell) == 0) {
            return None;
        }
        let high = self.high.face(arrays, scratch, axis, sides[1]);
        let low = self.low.face(arrays, scratch, axis, sides[1]);
        Some(low.iter().zip(high).map(|(low, high)| low - high).collect())
    }

    /// What a cell loses more than it has lost in the stage, if a side's flux `[axis][side]` is changed by this.
    pub(super) fn loss(&self, changes: [[f64; 2]; 3]) -> f64 {
        let per_length = self.high.physics.per_length;
        let weight = if let Blend::Towards(share) = self.high.blend { share } else { 1.0 };
        let parts = [0, 1, 2].map(|axis| self.high.dt * per_length[axis] * (changes[axis][1] - changes[axis][0]));
        weight * symmetric_sum_of(parts)
    }

    /// What a cell loses more than it has lost in the stage, of each variable.
    fn losses(&self, arrays: &Arrays, scratch: &mut Scratch, marks: &Field<u8, 3>, cell: [isize; 3]) -> Vec<f64> {
        let physics = self.high.physics;
        let axes = 0..physics.dimensions;
        let sides = axes.map(|axis| [0, 1].map(|side| self.change(arrays, scratch, marks, [axis, side], cell)));
        let changes: Vec<_> = sides.collect();
        let of_variable = |variable: usize| {
            let mut parts = [[0.0; 2]; 3];
            for (axis, sides) in changes.iter().enumerate() {
                parts[axis] = sides.each_ref().map(|change| change.as_ref().map_or(0.0, |change| change[variable]));
            }
            self.loss(parts)
        };
        (0..physics.variables()).map(of_variable).collect()
    }
}

/// Replaces the fluxes through the faces of a block's marked cells, and raises to the floors what is still below them.
pub(super) fn correct(
    passes: &Passes,
    arrays: &mut Arrays,
    scratch: &mut Scratch,
    marks: &Field<u8, 3>,
    added: &mut Sums,
) -> Findings {
    let mut findings = Findings::default();
    for cell in near(marks, 0, MARKED) {
        if arrays.is_solid(cell) {
            continue;
        }
        let losses = passes.losses(arrays, scratch, marks, cell);
        for (variable, loss) in losses.into_iter().enumerate() {
            let value = arrays.conserved.at(variable, cell) - loss;
            arrays.conserved.put(variable, cell, value);
        }
        findings.merge(&settle(&passes.high, arrays, scratch, cell, false, added));
        findings.corrected.first_order += u64::from(marks.at(0, cell));
    }
    findings
}

/// The primitive variables of one cell, of its conserved ones, which are raised to the floors; scalars are put back to their
/// `bounds`, or by rounding alone.
pub(super) fn settle(
    pass: &Pass,
    arrays: &mut Arrays,
    scratch: &mut Scratch,
    cell: [isize; 3],
    bound: bool,
    added: &mut Sums,
) -> Findings {
    let physics = pass.physics;
    let variables = physics.variables();
    let first = [0; 3];
    let Scratch { lower, upper, .. } = scratch;
    RowMut::of(lower, first).copy(Row::of(arrays.conserved, cell), variables, 1);
    let care = Care { look: pass.last, raise: true, bound };
    let findings = physics.primitive(RowMut::of(lower, first), RowMut::of(upper, first), care, 1);
    if findings.corrected.raised() {
        let gain = |variable: usize| lower.at(variable, first) - arrays.conserved.at(variable, cell);
        added.take(gain(0), if physics.has_energy() { gain(4) } else { 0.0 });
    }
    RowMut::of(arrays.conserved, cell).copy(Row::of(lower, first), variables, 1);
    RowMut::of(arrays.to, cell).copy(Row::of(upper, first), variables, 1);
    findings
}
