//! Divisi: simulations that run as many MPI ranks, with the same bits on any number of them.
//!
//! A user's simulation is a type that implements [`Simulation`]; [`main`] turns it into a program that runs, resumes, checks and
//! compares; [`Comm`] carries its messages. The crate is built in layers, each using only those before it:
//!
//! - base, without MPI or HDF5: [`error`], [`config`] (parameters), [`clock`] (time and schedules), [`partition`] (who owns what),
//!   [`random`] (numbers by seed, stream and index), [`units`], and [`simd`];
//! - messages: [`comm`], the only place that calls MPI;
//! - files: [`io`], the only place that calls HDF5;
//! - data: [`particles`] and [`grid`]s on ranks, independent [`tasks`], files compressed by all ranks (`compress`);
//! - [`run`]: the trait, the loop, the run's folder; [`sampler`]s of a user's density; solvers: [`nbody`], [`fluid`], [`optics`],
//!   [`orbit`];
//!   `sweep`s from a parameter file;
//! - tools: [`plot`], `program`.
//!
//! # Words
//! A *rank* is one of the processes of a job; *root* is rank 0. A *particle* is an element of a list that is spread over ranks,
//! a *body* a particle with mass and position. A *step* advances the *clock*; a *snapshot* is a state for people and their tools,
//! a *checkpoint* a state to resume from, a *history* global quantities over time, a *trajectory* few bodies over time.
//! A *walker* is a point that a [`sampler`] moves through a density; a *chain* is what was kept of walkers.
//! "All ranks" in a method's description means that every rank must call it, in the same order.
//!
//! # Features
//! `plot` (pictures), `solvers` ([`nbody`], [`fluid`], [`optics`], [`orbit`]) and `compress` (zstd and gzip) are on by default; a crate that needs
//! none of them leaves them out with `default-features = false` and builds none. Of HDF5 it then names one: `parallel-hdf5`, the system's, in which all ranks write
//! a file together (the default), or `bundled-hdf5`, built from source, in which rank 0 writes for all.
//!
//! # The smallest simulation
//!
//! ```no_run
//! use divisi::prelude::*;
//!
//! /// dx/dt = -x.
//! struct Decay {
//!     x: f64,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Config {}
//!
//! impl Parameters for Config {}
//!
//! impl Simulation for Decay {
//!     const NAME: &'static str = "decay";
//!     type Config = Config;
//!     fn new(_: &Setup<Config>, _: &Comm) -> Result<Self> {
//!         Ok(Decay { x: 1.0 })
//!     }
//!     fn step(&mut self, _: &Clock, _: f64) -> Result<f64> {
//!         self.x -= 0.01 * self.x;
//!         Ok(0.01)
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
//! fn main() -> ExitCode {
//!     divisi::main::<Decay>()
//! }
//! ```

mod base;
pub mod comm;
#[cfg(feature = "compress")]
pub mod compress;
#[cfg(feature = "solvers")]
pub mod fluid;
pub mod grid;
pub mod io;
#[cfg(feature = "solvers")]
pub mod nbody;
#[cfg(feature = "solvers")]
pub mod optics;
pub mod orbit;
pub mod particles;
#[cfg(feature = "plot")]
pub mod plot;
pub mod prelude;
mod program;
#[cfg(feature = "plot")]
mod report;
pub mod run;
pub mod sampler;
mod serve;
pub mod simd;
mod sweep;
pub mod tasks;

pub use base::clock::Clock;
pub use base::config::Parameters;
pub use base::error::{Error, Result};
pub use base::{clock, config, error, partition, random, units};
pub use comm::Comm;
pub use io::{Checkpoint, CheckpointReader, Snapshot};
pub use program::{Program, main};
pub use run::Simulation;

// The crates whose types and traits are in the public items here, in the versions that go with it.
pub use {bytemuck, ndarray, schemars, serde};
