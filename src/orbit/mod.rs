//! Orbit fits: from measured positions and velocities to the orbits that explain them.
//!
//! - [`observations`]: what was measured, read from orbitize's and radvel's files;
//! - [`prior`]: what is known before; [`sections`]: what a parameter file says of data, model and priors;
//! - [`Fit`]: both together: prior density, likelihood and draws, as samplers ask for them, and predictions, as figures do;
//! - [`ofti`]: rejection sampling of one companion's orbit;
//! - [`kepler`]: Kepler's equation, several orbits or epochs at once.
//!
//! Nothing here communicates: a point's likelihood is a function of the point alone, the same bits wherever it is computed.

mod fit;
pub mod kepler;
mod likelihood;
mod model;
mod nbody;
pub mod observations;
pub mod ofti;
mod parameters;
pub mod prior;
pub mod sections;

pub use fit::Fit;
pub use observations::{Format, Observation, Observations, Quantity, VelocityUnit};
pub use ofti::Ofti;
pub use prior::{Prior, Spread};
pub use sections::{Basis, DataSection, Dynamics, OrbitSection, PriorsSection, Trend};
