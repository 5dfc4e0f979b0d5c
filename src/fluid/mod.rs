//! Compressible flow on grids: the Euler equations, with viscosity, heat conduction, passive scalars and gravity as options.
//!
//! Finite volumes (Stone et al. 2008, 2020; Toro 2009): primitive variables are reconstructed at faces (`Reconstruct`), a
//! Riemann solver gives the fluxes (`Solver`), stages of a time step (`Time`) advance the conserved variables. A stage is
//! one pass over the cells (`pass`); its kernels are written for lanes (`reconstruct`, `riemann`, `update`, `primitive`).
//!
//! [`Fluid`] is the simulation, given a list of [`Problems`]; a [`Problem`] is an initial state and whatever else is its own.
//!
//! Every kernel treats x, y and z alike and lower and upper alike, bit for bit, and a cell's new state depends on the cells
//! around it alone: mirrored and transposed problems give mirrored and transposed results, on any number of ranks.
//!
//! Left out: magnetic fields, self-gravity, refinement, curved coordinates.

mod added;
mod after;
mod correct;
mod diffusion;
mod exchange;
mod findings;
mod first_order;
mod flow;
mod fluxes;
mod gas;
mod images;
mod initial;
mod marks;
mod pass;
mod primitive;
mod problem;
mod rates;
mod reconstruct;
mod region;
mod riemann;
mod rows;
mod scheme;
mod scratch;
mod shocks;
mod simulation;
mod solid;
mod source;
mod stages;
mod step;
mod update;
mod upwind;

pub use gas::Gas;
pub use problem::{Cell, Cells, Entry, Make, Problem, Problems, Scalar, Section, Setting, State};
pub use simulation::Fluid;
