//! The same bits on any number of ranks, and after a kill and a resume on another number.

#[path = "../common/mod.rs"]
mod common;

mod fluid;
mod nbody;
mod optics;
