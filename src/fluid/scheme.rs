//! The schemes that a run can choose, and what runs their kernels.

use serde::{Deserialize, Serialize};

use super::diffusion::DiffusionRow;
use super::gas::{Gas, GasLaw, Ideal, Isothermal};
use super::primitive::{Findings, Floors, PrimitiveRow};
use super::reconstruct::{Donor, FaceRow, Plm, Ppm, Reconstruction, WenoZ};
use super::riemann::{FluxRow, Hllc, Hlle, Llf, Roe};
use super::rows::{Row, RowMut};
use super::source::GravityRow;
use super::sweep::Blend;
use crate::lane::Level;

/// How values at faces are found from averages over cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconstruct {
    /// Constant within a cell: first order (Godunov 1959).
    Donor,
    /// Piecewise linear, van Leer's harmonic limiter (1974): second order.
    Plm,
    /// Piecewise parabolic (Colella & Woodward 1984) with limiters that keep smooth extrema.
    Ppm,
    /// Weighted essentially non-oscillatory, fifth order (Borges et al. 2008).
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Local Lax-Friedrichs (Rusanov 1961).
    Llf,
    /// Two waves (Harten, Lax & van Leer 1983; speeds of Einfeldt 1988).
    Hlle,
    /// Two sound waves and the contact (Toro et al. 1994).
    Hllc,
    /// Linearised (Roe 1981).
    Roe,
}

/// How a step is made of stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Time {
    /// A first-order predictor to half the step, then the step from there (Stone & Gardiner 2009).
    Vl2,
    /// Strong-stability-preserving Runge-Kutta of second order (Shu & Osher 1988).
    Rk2,
    /// Strong-stability-preserving Runge-Kutta of third order (Shu & Osher 1988).
    Rk3,
}

/// One stage of a step: from a state at `time` over `share` of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    /// Whether it is the first-order predictor of [`Time::Vl2`].
    pub predicts: bool,
    /// The time of the state that the fluxes are taken of, as a share of the step.
    pub time: f64,
    /// The time over which the fluxes act, as a share of the step.
    pub share: f64,
    pub blend: Blend,
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
    pub(super) fn parts(self) -> Vec<Part> {
        let part = |time, share, blend| Part { predicts: false, time, share, blend };
        match self {
            Time::Vl2 => {
                vec![Part { predicts: true, ..part(0.0, 0.5, Blend::Same) }, part(0.5, 1.0, Blend::Same)]
            }
            Time::Rk2 => vec![part(0.0, 1.0, Blend::Start), part(1.0, 1.0, Blend::Both(0.5, 0.5))],
            Time::Rk3 => vec![
                part(0.0, 1.0, Blend::Start),
                part(1.0, 1.0, Blend::Both(0.75, 0.25)),
                part(0.5, 1.0, Blend::Both(1.0 / 3.0, 2.0 / 3.0)),
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
    /// What a scalar can be.
    pub bounds: [f64; 2],
    pub dimensions: usize,
    /// One over the cell size along each axis.
    pub per_length: [f64; 3],
    pub gravity: [f64; 3],
    pub viscosity: f64,
    pub conductivity: f64,
    /// The least value of each primitive variable at a face.
    pub least: Vec<f64>,
}

impl Physics {
    /// Density, velocities, pressure where there is one, scalars.
    pub fn variables(&self) -> usize {
        self.gas.variables() + self.scalars
    }

    /// Whether the gas has an energy.
    fn has_energy(&self) -> bool {
        matches!(self.gas, Gas::Ideal { .. })
    }

    /// Whether there is viscosity or heat conduction.
    pub fn diffuses(&self) -> bool {
        self.viscosity > 0.0 || self.conductivity > 0.0
    }

    /// Whether there is gravity.
    pub fn has_gravity(&self) -> bool {
        self.gravity != [0.0; 3]
    }

    /// The values at the lower and upper faces of `count` cells, along the axis whose neighbours are `stride` apart.
    pub fn faces(&self, cells: Row, stride: usize, [lower, upper]: [RowMut; 2], count: usize) {
        let (least, bounded) = (&self.least[..], self.gas.variables());
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

    /// The fluxes through `count` faces of `axis` between the states below and above them.
    pub fn fluxes(&self, axis: usize, states: [Row; 2], flux: RowMut, count: usize) {
        match self.gas {
            Gas::Ideal { gamma } => self.fluxes_of(Ideal { gamma }, axis, states, flux, count),
            Gas::Isothermal { sound_speed } => {
                self.fluxes_of(Isothermal::of_speed(sound_speed), axis, states, flux, count)
            }
        }
    }

    fn fluxes_of<G: GasLaw>(&self, gas: G, axis: usize, [left, right]: [Row; 2], flux: RowMut, count: usize) {
        let scalars = self.scalars;
        match self.solver {
            Solver::Llf => self.level.run(FluxRow { gas, solver: Llf, axis, left, right, flux, scalars, count }),
            Solver::Hlle => self.level.run(FluxRow { gas, solver: Hlle, axis, left, right, flux, scalars, count }),
            Solver::Hllc => self.level.run(FluxRow { gas, solver: Hllc, axis, left, right, flux, scalars, count }),
            Solver::Roe => self.level.run(FluxRow { gas, solver: Roe, axis, left, right, flux, scalars, count }),
        }
    }

    /// Adds the diffusive fluxes through `count` faces of `axis`, above which `cells` are.
    pub fn diffusion(&self, axis: usize, cells: Row, strides: [usize; 3], flux: RowMut, count: usize) {
        let strides = [0, 1, 2].map(|along| if along < self.dimensions { strides[along] as isize } else { 0 });
        let Physics { viscosity, conductivity, per_length, .. } = *self;
        let has_energy = self.has_energy();
        let row = DiffusionRow { has_energy, axis, cells, strides, per_length, viscosity, conductivity, flux, count };
        self.level.run(row);
    }

    /// The rates of change by gravity of `count` cells.
    pub fn gravity(&self, cells: Row, rates: RowMut, count: usize) {
        let (has_energy, gravity, variables) = (self.has_energy(), self.gravity, self.variables());
        self.level.run(GravityRow { has_energy, gravity, cells, rates, variables, count });
    }

    /// The primitive variables of `count` cells.
    pub fn primitive(&self, conserved: RowMut, primitive: RowMut, look: bool, count: usize) -> Findings {
        let Physics { scalars, floors, bounds, .. } = *self;
        match self.gas {
            Gas::Ideal { gamma } => {
                let gas = Ideal { gamma };
                self.level.run(PrimitiveRow { gas, conserved, primitive, floors, scalars, bounds, look, count })
            }
            Gas::Isothermal { sound_speed } => {
                let gas = Isothermal::of_speed(sound_speed);
                self.level.run(PrimitiveRow { gas, conserved, primitive, floors, scalars, bounds, look, count })
            }
        }
    }
}
