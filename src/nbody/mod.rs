//! Gravity: forces and the integrators that use them.
//!
//! - [`Body`]: a body, wherever it comes from and goes to; [`System`]: bodies as columns;
//! - [`kernel`]: what sources do to targets, in SIMD lanes; [`direct`]: the same over all ranks; [`tree`]: for many bodies, by an octree;
//! - [`leapfrog`], [`hermite`]: steps for many bodies on their ranks; `depth`: steps of powers of two; `block_steps`: Hermite with a step for
//!   each body;
//! - [`wisdom_holman`], [`ias15`]: few bodies for long times, whole on every rank, with [post-Newtonian](ias15::post_newtonian) forces and
//!   the chaos indicator `megno`;
//! - [`potential`]: what pulls beside the bodies;
//! - [`initial`], [`elements`]: where bodies come from; [`energy`]: what is conserved; `events`: who meets whom; `stability`: how companions
//!   of a star fare; `cluster`: radii and density of a star cluster.

pub(crate) mod block_steps;
mod body;
mod cancellation;
mod cluster;
pub(crate) mod depth;
pub mod direct;
pub mod elements;
pub mod energy;
pub(crate) mod ephemeris;
mod events;
pub mod hermite;
pub mod ias15;
pub mod initial;
pub mod kernel;
pub mod leapfrog;
mod megno;
pub mod potential;
mod simulation;
mod stability;
pub mod system;
pub mod tree;
mod vector;
pub mod wisdom_holman;

pub use body::{Body, BodyList};
pub use simulation::{BuiltIn, NBody, PotentialEntry, Potentials};
pub use system::System;
