//! Running a simulation: parameters, the loop, the run's folder.
//!
//! `run` does, on every rank: agree on the instructions that all have, make the initial state (or load it from a
//! checkpoint), make the folder, step to the end with output between, and account for the time. A type that implements
//! [`Simulation`] is all that it needs. `check` does the first of these and reports what the rest would cost; `verify` computes part of a run again and
//! compares.

mod account;
mod changes;
mod check;
mod compare;
mod deadline;
mod driver;
mod ending;
mod estimate;
mod event;
mod files;
mod folder;
mod goal;
mod hint;
mod inputs;
mod interval;
mod ledger;
mod lock;
mod outcome;
mod plan;
mod progress;
mod request;
mod row;
mod sections;
mod sent;
mod setup;
mod signals;
mod simulation;
mod start;
mod state;
mod table;
mod taking;
mod trace;
mod verdict;
mod verify;

pub(crate) use check::{check, cost, validate};
pub(crate) use compare::{Tolerance, compare, compare_runs};
pub(crate) use deadline::{Deadline, SILENCE, silence, walltime};
pub use ending::Ending;
pub(crate) use estimate::Cost;
pub use event::Event;
pub use folder::RunFolder;
pub(crate) use folder::{CHECKPOINTS, Holds, RunFile, SNAPSHOTS};
#[cfg(feature = "plot")]
pub(crate) use folder::{FIGURES, REPORT};
pub use goal::Goal;
pub use hint::{Hint, Hints};
pub use outcome::Outcome;
pub(crate) use plan::{framework_schema, schema, table_of};
pub(crate) use progress::{Progress, duration_text, ranks_text, rate_text};
pub(crate) use request::Request;
pub use row::Row;
pub(crate) use sections::{MadeBy, SECTIONS};
pub use setup::Setup;
pub(crate) use signals::StopRequest;
pub use simulation::Simulation;
pub(crate) use start::run;
pub(crate) use state::state;
pub(crate) use taking::Held;
#[cfg(feature = "plot")]
pub(crate) use taking::{DRAWN, refuse_link};
pub(crate) use verdict::Verdict;
pub(crate) use verify::{Span, verify};

/// What came of a run, the same on every rank.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// The last row that was added to the history, step and time first; empty where a resumed run was at its end already.
    pub last_row: Vec<(String, f64)>,
}
