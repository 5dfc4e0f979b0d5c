//! Orbit fits: from measured positions and velocities to the orbits that explain them.
//!
//! - [`observations`]: what was measured, read from orbitize's and radvel's files;
//! - [`prior`]: what is known before; [`sections`]: what a parameter file says of data, model and priors;
//! - [`Fit`]: both together: prior density, likelihood and draws, as samplers ask for them, and predictions, as figures do;
//! - [`ofti`]: rejection sampling of one companion's orbit;
//! - [`OrbitFit`]: the simulation `orbit`, a fit by any of these or by a [`sampler`](crate::sampler), on all ranks;
//! - [`kepler`]: Kepler's equation, several orbits or epochs at once.
//!
//! But for the simulation nothing here communicates: a point's likelihood is a function of the point alone, the same bits wherever it is computed.

mod density;
mod fit;
pub mod kepler;
mod likelihood;
mod model;
mod nbody;
pub mod observations;
pub mod ofti;
mod parameters;
mod predictions;
pub mod prior;
pub mod sections;
mod simulation;

pub use fit::Fit;
pub use observations::{Format, Observation, Observations, Quantity, VelocityUnit};
pub use ofti::Ofti;
pub use prior::{Prior, Spread};
pub use sections::{Basis, DataSection, Dynamics, OrbitSection, PriorsSection, Trend};
pub use simulation::{Config, FitMethod, OrbitFit, fit_of, fit_of_posterior};
