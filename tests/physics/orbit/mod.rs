//! Orbit fits, on public items and by the program: against other codes, against exact answers, and refused where they must be.

mod fits;
mod mirrors;
mod model;
mod nbody;
mod ofti;
mod priors;
mod reference;
mod refused;
