//! Divisi: simulations that run as many MPI ranks, with the same bits on any number of them.
//!
//! A user's simulation is a type that implements [`Simulation`]; [`main`] turns it into a program that runs, resumes, checks and
//! compares; [`Comm`] carries its messages. The crate is built in layers, each using only those before it:
//!
//! - ground, without MPI or HDF5: [`error`], [`config`] (parameters), [`clock`] (time and schedules), [`partition`] (who owns what),
//!   [`random`] (numbers by seed, stream and index), [`units`], [`lane`] (SIMD);
//! - messages: [`comm`], the only place that knows MPI;
//! - data: [`particles`] and [`grid`]s on ranks, [`sweep`]s of independent tasks, [`output`] (the only place that knows HDF5);
//! - [`run`]: the trait, the loop, the run's folder; [`sampler`]s of a user's density; solvers: [`gravity`], [`fluid`]; [`study`]: sweeps from
//!   a parameter file;
//! - tools: [`plot`], [`program`].
//!
//! # Words
//! A *rank* is one of the processes of a job; *root* is rank 0. A *particle* is an element of a list that is spread over ranks,
//! a *body* a particle with mass and position. A *step* advances the *clock*; a *snapshot* is a state for people and their tools,
//! a *checkpoint* a state to resume from, a *history* global quantities over time, a *trajectory* few bodies over time.
//! A *walker* is a point that a [`sampler`] moves through a density; a *chain* is what was kept of walkers.
//! "All ranks" in a method's description means that every rank must call it, in the same order.
//!
//! # The smallest simulation
//!
//! ```no_run
//! use divisi::run::{Row, Setup};
//! use divisi::{Checkpoint, CheckpointReader, Clock, Comm, Result, Simulation, Snapshot};
//!
//! /// dx/dt = -x.
//! struct Decay {
//!     x: f64,
//! }
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Config {}
//!
//! impl Simulation for Decay {
//!     const NAME: &'static str = "decay";
//!     const PARAMETERS: &'static str = "";
//!     type Config = Config;
//!     fn new(_: &Setup<Config>, _: &Comm) -> Result<Self> {
//!         Ok(Decay { x: 1.0 })
//!     }
//!     fn step(&mut self, _: &Clock, _: f64) -> Result<f64> {
//!         self.x -= 0.01 * self.x;
//!         Ok(0.01)
//!     }
//!     fn snapshot(&self, _: &mut Snapshot) -> Result<()> {
//!         Ok(())
//!     }
//!     fn history(&self, row: &mut Row) -> Result<()> {
//!         row.value("x", self.x);
//!         Ok(())
//!     }
//!     fn save(&self, to: &mut Checkpoint) -> Result<()> {
//!         to.value("x", self.x)
//!     }
//!     fn load(_: &Setup<Config>, _: &Comm, from: &CheckpointReader) -> Result<Self> {
//!         Ok(Decay { x: from.value("x")? })
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     divisi::main::<Decay>()
//! }
//! ```
#![deny(missing_docs)]

pub mod clock;
pub mod comm;
pub mod config;
mod console;
pub mod error;
pub mod fluid;
pub mod gravity;
pub mod grid;
pub mod lane;
pub mod orbit;
pub mod output;
pub mod particles;
pub mod partition;
pub mod plot;
pub mod program;
pub mod random;
pub mod run;
pub mod sampler;
pub mod study;
pub mod sweep;
pub mod units;

pub use bytemuck;
pub use clock::Clock;
pub use comm::Comm;
pub use error::{Error, Result};
pub use ndarray;
pub use output::{Checkpoint, CheckpointReader, Snapshot};
pub use program::{Program, main};
pub use run::Simulation;
