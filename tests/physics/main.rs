//! Physics: exact solutions, conservation, published figures, other codes' numbers.

#[path = "../common/mod.rs"]
mod common;

mod fluid;
mod ias15;
mod nbody;
mod optics;
mod orbit;
mod sampling;
