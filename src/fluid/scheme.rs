//! The schemes that a run can choose, and what runs their kernels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diffusion::{DiffusionRow, Stencil};
use super::findings::{Care, Findings, Floors};
use super::gas::{Gas, GasLaw, Ideal, Isothermal};
use super::images::Wall;
use super::primitive::PrimitiveRow;
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
