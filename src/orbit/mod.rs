//! Orbit fits: from measured positions and velocities to the orbits that explain them.
//!
//! - [`kepler`]: Kepler's equation, several orbits or epochs at once.

pub mod kepler;
