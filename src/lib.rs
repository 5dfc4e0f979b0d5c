//! Divisi: simulations that run as many MPI ranks, with the same bits on any number of them.
#![deny(missing_docs)]

pub mod clock;
pub mod config;
pub mod comm;
pub mod error;
pub mod gravity;
pub mod lane;
pub mod plot;
pub mod program;
pub mod run;
pub mod output;
pub mod particles;
pub mod partition;
pub mod random;
pub mod units;

pub use clock::Clock;
pub use comm::Comm;
pub use error::{Error, Result};
pub use output::{Checkpoint, CheckpointReader, Snapshot};
pub use program::{Program, main};
pub use run::Simulation;
