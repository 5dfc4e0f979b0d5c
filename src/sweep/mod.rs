//! Sweeps over parameters that a file describes, without a line of code.
//!
//! `divisi run plan.toml` with `simulation = "sweep"` comes here. In order: the [`plan`] is typed and checked before MPI starts;
//! the run's folder is taken; each task is run by a rank, or a group of them ([`task`](self)): as one of the program's own simulations, as a program
//! of its own ([`command`]), or by a long-lived program ([`worker`]); the journal records its outcome; at the end the
//! [`results`] are written from the journal, and of samples of a posterior the [`selection`]. [`status`] reads a journal while a sweep is
//! at work.
//!
//! [`tasks`](crate::tasks) brings tasks to ranks and handles their failures.

pub(crate) mod command;
mod conclusion;
mod driver;
mod file;
mod files;
mod json;
pub(crate) mod parameters;
pub(crate) mod plan;
pub(crate) mod results;
pub(crate) mod sampling;
pub(crate) mod selection;
mod simulations;
mod spans;
mod status;
mod task;
pub(crate) mod template;
pub(crate) mod value;
mod voice;
pub(crate) mod worker;

pub(crate) use conclusion::print_results;
pub(crate) use driver::{check, run, validate};
pub(crate) use file::schema;
pub(crate) use files::{FILES, JOURNAL};
pub(crate) use simulations::Simulations;
#[cfg(feature = "plot")]
pub(crate) use spans::{TaskSpan, spans};
pub(crate) use status::status;

/// The name that `simulation = "..."` gives in a plan.
pub(crate) const NAME: &str = "sweep";
