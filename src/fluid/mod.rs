//! Compressible flow on grids: the Euler equations, with viscosity, heat conduction, passive scalars and gravity as options.
//!
//! Finite volumes (Stone et al. 2008, 2020; Toro 2009): primitive variables are reconstructed at faces ([`Reconstruct`]), a
//! Riemann solver gives the fluxes ([`Solver`]), stages of a time step ([`Time`]) advance the conserved variables. A stage is
//! one pass over the cells (`sweep`); its kernels are written for lanes (`reconstruct`, `riemann`, `update`, `primitive`).
//!
//! [`Fluid`] is the simulation, given a list of [`Problems`]; a [`Problem`] is an initial state and whatever else is its own.
//!
//! Every kernel treats x, y and z alike and lower and upper alike, bit for bit, and a cell's new state depends on the cells
//! around it alone: mirrored and transposed problems give mirrored and transposed results, on any number of ranks.
//!
//! Left out: magnetic fields, self-gravity, refinement, curved coordinates.

mod config;
mod diffusion;
mod flow;
mod gas;
mod initial;
mod primitive;
mod problem;
mod quantities;
mod reconstruct;
mod region;
mod riemann;
mod rows;
mod scheme;
mod scratch;
mod setup;
mod simulation;
mod solid;
mod source;
mod sweep;
mod update;

pub use config::{BoundarySection, Config, FluidSection, GasKind, GridSection, Parts, Sides};
pub use gas::Gas;
pub use problem::{Cell, Cells, Entry, Make, Problem, Problems, Section, Setting, State};
pub use scheme::{Reconstruct, Solver, Time};
pub use simulation::Fluid;
