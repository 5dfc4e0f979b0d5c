//! Orbit fits, on public items: against other codes, against exact answers, and refused where they must be.

mod model;
mod nbody;
mod ofti;
mod priors;
mod reference;
mod refused;
