//! Studies: sweeps over parameters that a file describes, without a line of code.
//!
//! `divisi run plan.toml` with `simulation = "sweep"` comes here. In order: the [`plan`] is typed and checked before MPI starts;
//! the run's folder is taken; each task is run by a rank, or a group of them ([`task`](self)): as one of the program's own simulations, as a program
//! of its own ([`command`]), or by a long-lived program ([`worker`]); the journal records what came of it; at the end the
//! [`results`] are written from the journal, and of samples of a posterior the [`selection`]. [`status`] reads a journal while a study is at work.
//!
//! How tasks find their ranks, and what happens when some fail, is the business of [`sweep`](crate::sweep).

pub mod command;
mod driver;
pub mod parameters;
pub mod plan;
pub mod results;
pub mod sampling;
pub mod selection;
mod status;
mod task;
pub mod template;
pub mod value;
pub mod worker;

pub use driver::{Simulations, check, run, validate};
pub use status::{Status, status};

/// The name that `simulation = "..."` gives in a plan.
pub const NAME: &str = "sweep";
