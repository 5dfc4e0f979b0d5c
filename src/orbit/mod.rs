//! Orbit fits: from measured positions and velocities to the orbits that explain them.
//!
//! - `observations`: what was measured, read from orbitize's and radvel's files;
//! - `prior`: what is known before; `sections`: what a parameter file says of data, model and priors;
//! - [`Fit`]: both together: prior density, likelihood and draws, as samplers ask for them, and predictions, as figures do;
//! - [`ofti`]: rejection sampling of one companion's orbit;
//! - [`OrbitFit`]: the simulation `orbit`, a fit by any of these or by a [`sampler`](crate::sampler), on all ranks;
//! - [`kepler`]: Kepler's equation, several orbits or epochs at once.
//!
//! But for the simulation nothing here communicates: a point's likelihood is a function of the point alone, the same bits wherever it is computed.

#[cfg(feature = "solvers")]
mod density;
#[cfg(feature = "solvers")]
mod fit;
#[cfg(feature = "solvers")]
pub mod kepler;
#[cfg(feature = "solvers")]
mod likelihood;
#[cfg(feature = "solvers")]
mod mirrors;
#[cfg(feature = "solvers")]
mod model;
#[cfg(feature = "solvers")]
mod nbody;
#[cfg(feature = "solvers")]
mod notes;
mod observations;
#[cfg(feature = "solvers")]
pub mod ofti;
#[cfg(feature = "solvers")]
mod parameters;
pub mod posterior;
#[cfg(feature = "solvers")]
mod predictions;
#[cfg(feature = "solvers")]
mod prior;
#[cfg(feature = "solvers")]
mod sections;
#[cfg(feature = "solvers")]
pub(crate) mod simulation;

#[cfg(feature = "solvers")]
pub use fit::Fit;
pub use observations::{Format, Observation, Observations, Quantity, VelocityUnit};
#[cfg(feature = "solvers")]
pub use ofti::Ofti;
#[cfg(feature = "solvers")]
pub use sections::{Basis, Dynamics, OrbitSection, PriorsSection, Trend};
#[cfg(feature = "solvers")]
pub use simulation::OrbitFit;
