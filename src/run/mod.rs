//! Running a simulation: parameters, the loop, the run's folder.
//!
//! [`run`] does, on every rank: agree on the instructions that all have, make the initial state (or load it from a
//! checkpoint), make the folder, step to the end with output between, and account for the time. A type that implements
//! [`Simulation`] is all that it needs. [`check`] does the first of these and says what the rest would cost; [`verify`] computes part of a run again and
//! compares.

mod changes;
mod deadline;
mod driver;
mod event;
mod files;
mod folder;
mod goal;
mod hint;
mod interval;
mod ledger;
mod lock;
mod plan;
mod progress;
mod row;
mod sections;
mod setup;
mod signals;
mod simulation;
mod start;
mod state;
mod table;
mod verify;

pub(crate) use deadline::{Deadline, walltime};
pub use event::Event;
pub use folder::RunFolder;
pub use goal::Goal;
pub use hint::{Hint, Hints};
pub(crate) use lock::{Lock, holder};
pub(crate) use progress::{Progress, duration_text, rate_text};
pub use row::Row;
pub use sections::{CheckpointSection, Framework, MadeBy, OutputSection, PARAMETERS, RunSection};
pub use setup::Setup;
pub use signals::StopRequest;
pub use simulation::Simulation;
pub use start::{Request, check, run, validate};
pub use state::{State, state};
pub use verify::{Span, Verdict, verify};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// At its end, or at its goal.
    Done,
    /// At its end, but its goal is still open: with a checkpoint to continue from, to a later end.
    Open,
    /// Before its end, with a checkpoint to continue from.
    Stopped,
}

impl Outcome {
    /// The exit status that tells it.
    pub fn status(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Open | Outcome::Stopped => 85,
        }
    }
}
