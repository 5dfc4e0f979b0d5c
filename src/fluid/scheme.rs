//! The schemes that a run can choose, and what runs their kernels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diffusion::{DiffusionRow, Stencil};
use super::gas::{Gas, GasLaw, Ideal, Isothermal};
use super::images::Wall;
use super::primitive::{Care, Findings, Floors, PrimitiveRow};
use super::reconstruct::{Donor, FaceRow, Plm, Ppm, Reconstruction, WenoZ};
use super::riemann::{FluxRow, Hllc, Hlle, Llf, Roe};
use super::rows::{Row, RowMut};
use super::source::GravityRow;
use crate::simd::Level;

/// How values at faces are found from averages over cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reconstruct {
    /// Constant within a cell, first order in space. Godunov 1959.
    Donor,
    /// Piecewise linear, second order in space. With van Leer's harmonic limiter (1974).
    Plm,
    /// Piecewise parabolic, third order in space. Colella & Woodward 1984, with limiters that keep smooth extrema.
    Ppm,
    /// Weighted essentially non-oscillatory, fifth order in space. Borges et al. 2008.
    WenoZ,
}

impl Reconstruct {
    /// The layers of cells that are needed beyond a block.
    pub fn halo(self) -> usize {
        match self {
            Reconstruct::Donor => 1,
            Reconstruct::Plm => 1 + Plm::REACH,
            Reconstruct::Ppm => 1 + Ppm::REACH,
            Reconstruct::WenoZ => 1 + WenoZ::REACH,
        }
    }
}

/// How the flux between two states is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Local Lax-Friedrichs. Rusanov 1961.
    Llf,
    /// Two waves. Harten, Lax & van Leer 1983; speeds of Einfeldt 1988.
    Hlle,
    /// Two sound waves and the contact. Toro et al. 1994.
    Hllc,
    /// Hllc, and hlle for faces along strong shocks: no carbuncle. Quirk 1994.
    Hybrid,
    /// All waves of the linearised problem. Roe 1981.
    Roe,
}

/// How a step is made of stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Time {
    /// Second order in time. A first-order predictor to half the step, then the step from there (Stone & Gardiner 2009).
    Vl2,
    /// Second order in time. Strong-stability-preserving Runge-Kutta (Shu & Osher 1988).
    Rk2,
    /// Third order in time. Strong-stability-preserving Runge-Kutta (Shu & Osher 1988).
    Rk3,
}

/// One stage of a step: from a state at `time` over `share` of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stage {
    /// Whether it is the first-order predictor of [`Time::Vl2`].
    pub predicts: bool,
    /// The time of the state that the fluxes are taken of, as a share of the step.
    pub time: f64,
    /// The time over which the fluxes act, as a share of the step.
    pub share: f64,
    pub blend: Blend,
}

/// What a stage's state is made of: see [`Base`](super::update::Base).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Blend {
    /// The conserved variables less the differences of the fluxes.
    Same,
    /// Those at the step's beginning less the differences.
    Start,
    /// Those at the beginning with the first weight, and the last stage's less the differences with the second.
    Both(f64, f64),
}

impl Time {
    /// The name in a parameter file.
    pub fn name(self) -> &'static str {
        match self {
            Time::Vl2 => "vl2",
            Time::Rk2 => "rk2",
            Time::Rk3 => "rk3",
        }
    }

    /// The largest stable share of the time in which a wave crosses a cell along the worst axis.
    ///
    /// Fluxes of all axes act at once: 1 over the number of axes for Runge-Kutta steps; one half for VL2 in two and three
    /// dimensions (Stone & Gardiner 2009, section 3).
    pub fn cfl_limit(self, dimensions: usize) -> f64 {
        match (self, dimensions) {
            (_, 1) => 1.0,
            (Time::Vl2, _) => 0.5,
            (_, d) => 1.0 / d as f64,
        }
    }

    /// The stages in order.
    pub(super) fn stages(self) -> Vec<Stage> {
        let stage = |time, share, blend| Stage { predicts: false, time, share, blend };
        match self {
            Time::Vl2 => {
                // U* = U - dt/2 L(U) of first order,  U' = U - dt L(U*)
                vec![Stage { predicts: true, ..stage(0.0, 0.5, Blend::Same) }, stage(0.5, 1.0, Blend::Same)]
            }
            // U1 = U - dt L(U),  U' = 1/2 U + 1/2 (U1 - dt L(U1))
            Time::Rk2 => vec![stage(0.0, 1.0, Blend::Start), stage(1.0, 1.0, Blend::Both(0.5, 0.5))],
            // U1 = U - dt L(U),  U2 = 3/4 U + 1/4 (U1 - dt L(U1)),  U' = 1/3 U + 2/3 (U2 - dt L(U2))
            Time::Rk3 => vec![
                stage(0.0, 1.0, Blend::Start),
                stage(1.0, 1.0, Blend::Both(0.75, 0.25)),
                // The weights add to 1 to the last bit, or each step would lose a share of all that there is.
                stage(0.5, 1.0, Blend::Both(1.0 - 2.0 / 3.0, 2.0 / 3.0)),
            ],
        }
    }
}

/// Everything that the kernels of a run share.
#[derive(Clone, Debug)]
pub(super) struct Physics {
    pub level: Level,
    pub gas: Gas,
    pub reconstruct: Reconstruct,
    pub solver: Solver,
    pub scalars: usize,
    pub floors: Floors,
    /// What each scalar can be.
    pub bounds: Vec<[f64; 2]>,
    pub dimensions: usize,
    /// One over the cell size along each axis.
    pub per_length: [f64; 3],
    pub gravity: [f64; 3],
    pub viscosity: f64,
    pub conductivity: f64,
    /// The sides of the box that hold the gas fast; `[axis][high]`.
    pub walls: [[Option<Wall>; 2]; 3],
    /// The least value of each primitive variable at a face.
    pub least: Vec<f64>,
}

/// A row of faces whose fluxes are wanted: see [`Physics::fluxes`].
struct FaceFluxes<'a> {
    solver: Solver,
    axis: usize,
    states: [Row<'a>; 2],
    flux: RowMut<'a>,
    count: usize,
}

impl Physics {
    /// Density, velocities, pressure where there is one, scalars.
    pub(super) fn variables(&self) -> usize {
        self.gas.variables() + self.scalars
    }

    /// The scalars that have bounds: each one's variable, and the bounds.
    pub(super) fn bounded(&self) -> impl Iterator<Item = (usize, [f64; 2])> + use<'_> {
        let scalars = (self.gas.variables()..).zip(self.bounds.iter().copied());
        scalars.filter(|(_, bounds)| bounds.iter().any(|bound| bound.is_finite()))
    }

    /// So many cells along each axis that there is, none along the others.
    pub(super) fn widths(&self, width: usize) -> [usize; 3] {
        std::array::from_fn(|axis| if axis < self.dimensions { width } else { 0 })
    }

    /// Whether the gas has an energy.
    pub(super) fn has_energy(&self) -> bool {
        matches!(self.gas, Gas::Ideal { .. })
    }

    /// Whether there is viscosity or heat conduction.
    pub(super) fn diffuses(&self) -> bool {
        self.viscosity > 0.0 || self.conductivity > 0.0
    }

    /// Whether a flux depends on cells beside those on both sides of its face, those at edges of a block too.
    pub(super) fn looks_around(&self) -> bool {
        self.diffuses() || self.is_hybrid()
    }

    /// Whether faces along strong shocks have the fluxes of another solver.
    pub(super) fn is_hybrid(&self) -> bool {
        self.solver == Solver::Hybrid && self.dimensions > 1
    }

    /// Whether there is gravity.
    pub(super) fn has_gravity(&self) -> bool {
        self.gravity != [0.0; 3]
    }

    /// Sets the lowest values of cells and faces.
    pub(super) fn set_floors(&mut self, floors: Floors) {
        self.floors = floors;
        self.least[0] = floors.density;
        if self.has_energy() {
            self.least[4] = floors.pressure;
        }
    }

    /// The values at the lower and upper faces of `count` cells, along the axis whose neighbours are `stride` apart.
    pub(super) fn faces(&self, cells: Row, stride: usize, [lower, upper]: [RowMut; 2], count: usize) {
        let least = &self.least[..];
        let bounded = self.gas.variables();
        match self.reconstruct {
            Reconstruct::Donor => {
                self.level.run(FaceRow { scheme: Donor, cells, stride, least, bounded, lower, upper, count })
            }
            Reconstruct::Plm => {
                self.level.run(FaceRow { scheme: Plm, cells, stride, least, bounded, lower, upper, count })
            }
            Reconstruct::Ppm => {
                self.level.run(FaceRow { scheme: Ppm, cells, stride, least, bounded, lower, upper, count })
            }
            Reconstruct::WenoZ => {
                self.level.run(FaceRow { scheme: WenoZ, cells, stride, least, bounded, lower, upper, count })
            }
        }
    }

    /// The fluxes through `count` faces of `axis` between the states below and above them, by a solver.
    pub(super) fn fluxes(&self, solver: Solver, axis: usize, states: [Row; 2], flux: RowMut, count: usize) {
        let faces = FaceFluxes { solver, axis, states, flux, count };
        match self.gas {
            Gas::Ideal { gamma } => self.fluxes_of(Ideal { gamma }, faces),
            Gas::Isothermal { sound_speed } => self.fluxes_of(Isothermal::of_speed(sound_speed), faces),
        }
    }

    fn fluxes_of<G: GasLaw>(&self, gas: G, faces: FaceFluxes) {
        let FaceFluxes { solver, axis, states: [left, right], flux, count } = faces;
        let scalars = self.scalars;
        match solver {
            Solver::Llf => self.level.run(FluxRow { gas, solver: Llf, axis, left, right, flux, scalars, count }),
            Solver::Hlle => self.level.run(FluxRow { gas, solver: Hlle, axis, left, right, flux, scalars, count }),
            Solver::Hllc | Solver::Hybrid => {
                self.level.run(FluxRow { gas, solver: Hllc, axis, left, right, flux, scalars, count })
            }
            Solver::Roe => self.level.run(FluxRow { gas, solver: Roe, axis, left, right, flux, scalars, count }),
        }
    }

    /// Adds the diffusive fluxes through `count` faces of `axis`, about which `cells` are.
    pub(super) fn diffusion(&self, axis: usize, cells: Stencil, flux: RowMut, count: usize) {
        let Physics { viscosity, conductivity, per_length, .. } = *self;
        let has_energy = self.has_energy();
        let row = DiffusionRow { has_energy, axis, cells, per_length, viscosity, conductivity, flux, count };
        self.level.run(row);
    }

    /// The rates of change by gravity of `count` cells.
    pub(super) fn gravity(&self, cells: Row, rates: RowMut, count: usize) {
        let has_energy = self.has_energy();
        let gravity = self.gravity;
        let variables = self.variables();
        self.level.run(GravityRow { has_energy, gravity, cells, rates, variables, count });
    }

    /// The primitive variables of `count` cells.
    pub(super) fn primitive(&self, conserved: RowMut, primitive: RowMut, care: Care, count: usize) -> Findings {
        let Physics { floors, ref bounds, .. } = *self;
        match self.gas {
            Gas::Ideal { gamma } => {
                let gas = Ideal { gamma };
                self.level.run(PrimitiveRow { gas, conserved, primitive, floors, bounds, care, count })
            }
            Gas::Isothermal { sound_speed } => {
                let gas = Isothermal::of_speed(sound_speed);
                self.level.run(PrimitiveRow { gas, conserved, primitive, floors, bounds, care, count })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_each_stage_add_to_one_to_the_last_bit() {
        let blends = [Time::Vl2, Time::Rk2, Time::Rk3].into_iter().flat_map(Time::stages).map(|stage| stage.blend);
        let weights: Vec<_> =
            blends.filter_map(|blend| if let Blend::Both(a, b) = blend { Some([a, b]) } else { None }).collect();
        assert_eq!(weights.len(), 3);
        // A sum would round; the difference of numbers so near does not.
        weights.iter().for_each(|&[old, new]| assert_eq!(1.0 - new, old));
    }
}
