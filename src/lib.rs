//! Divisi: simulations that run as many MPI ranks, with the same bits on any number of them.
#![deny(missing_docs)]

pub mod clock;
pub mod config;
pub mod comm;
pub mod error;
pub mod particles;
pub mod partition;
pub mod random;
pub mod units;

pub use clock::Clock;
pub use comm::Comm;
pub use error::{Error, Result};
