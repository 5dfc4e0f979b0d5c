//! Fluxes of first order where a stage would leave a cell below a floor (Lemaster & Stone 2009).
//!
//! In order: such cells are marked, and ranks tell each other those at their sides; the fluxes through all faces of a marked cell
//! are replaced by those of local Lax-Friedrichs between the averages of the same state; what is then still below a floor is
//! raised to it, and what that adds is summed up. Both cells of a face take the same change of its flux, so totals stay.
//!
//! Local Lax-Friedrichs with averages keeps densities and pressures positive for steps that are short enough (Perthame & Shu
//! 1996), which no flux of second order does: gas whose thermal energy is a tiny share of its energy falls below zero, and a
//! floor alone would make energy each time.

use super::pass::{Arrays, Pass};
use super::primitive::{Care, Corrected, Findings};
use super::rows::{Row, RowMut};
use super::scheme::{Blend, Physics, Reconstruct, Solver};
use super::scratch::Scratch;
use super::update::symmetric_sum_of;
use crate::Result;
use crate::comm::{Comm, ExactSum, Node};
use crate::grid::{Field, Grid, Halo, HaloShape, Layout};

/// What floors add to a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Added {
    pub mass: f64,
    /// Zero for a gas without an energy.
    pub energy: f64,
}

impl Added {
    /// Sums of what is added per volume: mass, energy.
    pub(super) fn sums() -> [ExactSum; 2] {
        [ExactSum::new(), ExactSum::new()]
    }

    /// Takes in sums over all ranks.
    pub(super) fn take(&mut self, [mass, energy]: &[ExactSum; 2], grid: &Grid<3>) {
        let volume: f64 = grid.spacing().iter().product();
        self.mass += volume * mass.value();
        self.energy += volume * energy.value();
    }
}

/// The marks of this rank's blocks: 1 where a cell is below a floor, in the halo too.
pub(super) struct Marks {
    pub fields: Vec<Field<u8, 3>>,
    halo: Halo<u8, 3>,
}

impl Marks {
    /// Marks for each block of this rank. All ranks.
    pub(super) fn new(comm: &Comm, layout: &Layout<3>, physics: &Physics) -> Result<Self> {
        let width = physics.widths(1);
        let blocks = layout.of_rank(comm.rank());
        let fields = blocks.map(|block| Field::new(layout.extent(block), 1, width)).collect();
        let halo = Halo::new(comm, layout, HaloShape::star(1, width), Node::Messages)?;
        Ok(Marks { fields, halo })
    }

    /// Marks the cells below a floor. All ranks.
    pub(super) fn find(&mut self, primitive: &[Field<f64, 3>], physics: &Physics) {
        let floors = physics.floors;
        for (marks, cells) in self.fields.iter_mut().zip(primitive) {
            for (j, k) in cells.rows() {
                let row = Row::of(cells, [0, j, k]);
                let densities = row.from(0, 0);
                let pressures = physics.has_energy().then(|| row.from(4, 0));
                for i in 0..cells.extent()[0] {
                    let cold = pressures.is_some_and(|pressures| pressures[i] < floors.pressure);
                    marks.put(0, [i as isize, j, k], u8::from(densities[i] < floors.density || cold));
                }
            }
        }
        self.halo.exchange(&mut self.fields);
    }
}

/// The stage as it was done, and with fluxes of first order.
pub(super) struct Passes<'a> {
    high: Pass<'a>,
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

    /// What replaces the flux through the lower face of a cell adds to it, of each variable; nothing where no cell is marked.
    fn change(
        &self,
        arrays: &Arrays,
        scratch: &mut Scratch,
        marks: &Field<u8, 3>,
        [axis, side]: [usize; 2],
        mut cell: [isize; 3],
    ) -> Option<Vec<f64>> {
        cell[axis] += side as isize;
        let mut below = cell;
        below[axis] -= 1;
        if marks.at(0, cell) == 0 && marks.at(0, below) == 0 {
            return None;
        }
        let high = self.high.face(arrays, scratch, axis, cell);
        let low = self.low.face(arrays, scratch, axis, cell);
        Some(low.iter().zip(high).map(|(low, high)| low - high).collect())
    }

    /// What a cell loses more than it has lost in the stage, of each variable.
    fn loss(&self, arrays: &Arrays, scratch: &mut Scratch, marks: &Field<u8, 3>, cell: [isize; 3]) -> Vec<f64> {
        let physics = self.high.physics;
        let axes = 0..physics.dimensions;
        let sides = axes.map(|axis| [0, 1].map(|side| self.change(arrays, scratch, marks, [axis, side], cell)));
        let changes: Vec<_> = sides.collect();
        let weight = if let Blend::Both(_, new) = self.high.blend { new } else { 1.0 };
        let of_variable = |variable: usize| {
            let mut parts = [0.0; 3];
            for (axis, sides) in changes.iter().enumerate() {
                let [lower, upper] =
                    sides.each_ref().map(|change| change.as_ref().map_or(0.0, |change| change[variable]));
                parts[axis] = self.high.dt * physics.per_length[axis] * (upper - lower);
            }
            weight * symmetric_sum_of(parts)
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
    added: &mut [ExactSum; 2],
) -> Findings {
    let mut findings = Findings::default();
    for (j, k) in marks.rows() {
        for i in 0..marks.extent()[0] as isize {
            let cell = [i, j, k];
            if !is_near(marks, cell) || arrays.solid.is_some_and(|solid| solid.at(cell)) {
                continue;
            }
            let loss = passes.loss(arrays, scratch, marks, cell);
            for (variable, loss) in loss.into_iter().enumerate() {
                let value = arrays.conserved.at(variable, cell) - loss;
                arrays.conserved.put(variable, cell, value);
            }
            findings.merge(&settle(&passes.high, arrays, scratch, cell, added));
            findings.corrected.first_order += u64::from(marks.at(0, cell));
        }
    }
    findings
}

/// Whether a cell or one that shares a face with it is marked.
fn is_near(marks: &Field<u8, 3>, cell: [isize; 3]) -> bool {
    let beside = |axis: usize, step: isize| {
        let mut cell = cell;
        cell[axis] += step;
        marks.halo()[axis] > 0 && marks.at(0, cell) > 0
    };
    marks.at(0, cell) > 0 || (0..3).any(|axis| beside(axis, -1) || beside(axis, 1))
}

/// The primitive variables of one cell, of its conserved ones, which are raised to the floors.
fn settle(
    pass: &Pass,
    arrays: &mut Arrays,
    scratch: &mut Scratch,
    cell: [isize; 3],
    added: &mut [ExactSum; 2],
) -> Findings {
    let physics = pass.physics;
    let variables = physics.variables();
    let first = [0; 3];
    let Scratch { lower, upper, .. } = scratch;
    RowMut::of(lower, first).copy(Row::of(arrays.conserved, cell), variables, 1);
    let care = Care { look: pass.last, raise: true };
    let findings = physics.primitive(RowMut::of(lower, first), RowMut::of(upper, first), care, 1);
    let Corrected { densities, pressures, .. } = findings.corrected;
    if densities + pressures > 0 {
        let gain = |variable: usize| lower.at(variable, first) - arrays.conserved.at(variable, cell);
        added[0].add(gain(0));
        added[1].add(if physics.has_energy() { gain(4) } else { 0.0 });
    }
    RowMut::of(arrays.conserved, cell).copy(Row::of(lower, first), variables, 1);
    RowMut::of(arrays.to, cell).copy(Row::of(upper, first), variables, 1);
    findings
}
