//! Gravity: forces and the integrators that use them.
//!
//! - [`kernel`]: what sources do to targets, in SIMD lanes; [`direct`]: the same over all ranks;
//! - [`leapfrog`], [`hermite`]: steps for many bodies on their ranks;
//! - [`wisdom_holman`], [`ias15`]: few bodies for long times, whole on every rank, with [`post_newtonian`] forces and
//!   the chaos indicator [`megno`];
//! - [`initial`], [`elements`]: where bodies come from; [`energy`]: what is conserved; [`events`]: who meets whom; [`stability`]: how companions
//!   of a star fare.

pub mod direct;
pub mod elements;
pub mod energy;
pub mod events;
pub mod hermite;
pub mod ias15;
pub mod initial;
pub mod kernel;
pub mod leapfrog;
pub mod megno;
pub mod post_newtonian;
pub mod stability;
pub mod system;
mod vector;
pub mod wisdom_holman;

pub use system::System;
