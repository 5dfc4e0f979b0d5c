//! Physics: exact solutions, conservation, published figures, other codes' numbers.

#[path = "../common/mod.rs"]
mod common;

mod fluid;
mod nbody;
mod optics;
mod orbit;
mod sampling;
