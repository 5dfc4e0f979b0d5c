//! The one trait that users implement: a simulation.

use std::path::Path;

use super::{Ending, Event, Goal, Row, Setup};
use crate::io::{Frame, WriteOptions};
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Parameters, Result, Snapshot};

/// A simulation: a state on every rank, and how it takes one step.
///
/// All methods are called on every rank, in the same order, so each may communicate.
/// State must not depend on the number of ranks: see `docs/explanation/same-bits.md` for the rules that a method must follow.
/// An error that a method returns on one rank ends the run on all.
#[expect(clippy::missing_errors_doc, reason = "the same for all methods: above")]
pub trait Simulation: Sized {
    /// The name that `simulation = "..."` gives in a parameter file.
    const NAME: &'static str;
    /// The parameters beyond the framework's own: by default one section of the file, `[NAME]`.
    type Config: Parameters;

    /// The initial state. Errors in the input are found here, before anything is written.
    fn new(setup: &Setup<Self::Config>, comm: &Comm) -> Result<Self>;

    /// Takes one step of at most `dt_max` and returns the step taken.
    ///
    /// A fixed-step method takes its own step whatever `dt_max` is; one that chooses its step stays within it.
    fn step(&mut self, clock: &Clock, dt_max: f64) -> Result<f64>;

    /// Adds this rank's part of every history column; the loop merges the parts of all ranks.
    fn history(&self, row: &mut Row) -> Result<()>;

    /// Writes the raw state: all that the next step reads.
    fn save(&self, to: &mut Checkpoint) -> Result<()>;

    /// The state that [`save`](Simulation::save) wrote, on any number of ranks.
    fn load(setup: &Setup<Self::Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self>;

    /// Describes the state for a snapshot, of a synchronised copy: never changes the state. By default there are no snapshots.
    fn snapshot(&self, _out: &mut Snapshot) -> Result<()> {
        Ok(())
    }

    /// Adds one frame to the trajectory: for few bodies, known on every rank. By default there is no trajectory.
    fn trajectory(&self, _frame: &mut Frame) -> Result<()> {
        Ok(())
    }

    /// Hands over what happened since the last call (a collision, an escape), the same on every rank.
    fn events(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// What has begun and not ended when the run does (a passage of two bodies), the same on every rank: its lines are the last of
    /// events.csv. A run that is resumed takes them back.
    fn events_under_way(&self) -> Vec<Event> {
        Vec::new()
    }

    /// How runs end and which files of their own they leave. By default at the time or the number of steps that their parameters
    /// give, and none.
    fn ending() -> Ending<Self::Config> {
        Ending::at_its_time()
    }

    /// Whether what the run is for is reached, the same on every rank; asked before each step. By default a run has no goal but
    /// its end.
    fn goal(&self) -> Goal {
        Goal::None
    }

    /// The goal at the run's end, after the last checkpoint; all ranks. By default [`goal`](Simulation::goal): another where that is as of
    /// the last time that it was looked at.
    fn goal_at_end(&self) -> Goal {
        self.goal()
    }

    /// Writes files of its own into the run's folder, as `options` say: at the run's end and at each stop, after the checkpoint.
    ///
    /// Each must be written whole: by [`FileWriter`](crate::io::FileWriter), or on one rank by
    /// [`write_whole`](crate::io::write_whole). What is in them must follow from the state alone, since a run that is stopped
    /// and resumed writes them again. Name them in [`ending`](Simulation::ending). A bare run, a task of a sweep that keeps no
    /// files, doesn't call it.
    fn conclude(&self, _folder: &Path, _options: &WriteOptions) -> Result<()> {
        Ok(())
    }

    /// The work of one step and its unit, for rates: `(interactions, "interactions")`. By default one step.
    fn work(&self) -> (f64, &'static str) {
        (1.0, "steps")
    }

    /// What `--check` prints of this run, as (what, value) pairs: sizes, methods, memory.
    fn describe(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What a person should know of the input before time is spent on it, the same on every rank: what of a file is not read, numbers that look
    /// odd. Said where a run begins or goes on, and by `--check`.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Lines for a person at the end of a run, the same on every rank.
    fn summary(&self) -> Vec<String> {
        Vec::new()
    }
}
