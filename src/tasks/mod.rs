//! Independent tasks, run by all ranks.
//!
//! Every rank calls the same function with the same arguments. [`map`] runs a function on each item of a list and gives the results, in
//! order, to every rank. An [`Executor`] says more: how tasks are handed out, how often a failed one is tried again, a time limit, a journal.
//! [`Executor::for_each`] hands over results as they come, without keeping them; [`Executor::pool`] lets rank 0 submit tasks one by one.
//! Rank 0 runs tasks too, so P ranks do the work of P.
//!
//! How it works is in the README of this folder. `ledger` is the state of every task; `root` is rank 0's side around it, `worker` what every
//! rank does; `wire` is what they speak through: shared memory on rank 0's node, sockets elsewhere. Nothing of MPI is used between the
//! beginning and the end, so ranks may die: where the launcher lets the others go on ([`survives_deaths`](crate::comm::survives_deaths)),
//! only what a dead rank had under way is run again.
//!
//! Results depend on the tasks alone, not on who ran them: a task's [random numbers](Task::random) are keyed by (seed, task). What
//! a task does to the world outside (files, say) may happen twice.
//!
//! Left out: tasks that talk to each other (that is what ranks are for), tasks that start tasks.

mod array;
pub(crate) mod desk;
mod executor;
mod fill;
#[doc(hidden)]
pub mod journal;
mod ledger;
mod options;
mod pool;
mod root;
mod start;
mod task;
mod topology;
mod wire;
mod worker;

pub use array::Array;
pub use executor::{Executor, Outcome, map};
pub use ledger::Counts;
pub use options::Schedule;
pub use pool::future::{AsCompleted, Future};
pub use pool::handle::Handle;
pub use pool::{Job, Pool, Until};
pub use task::Task;
