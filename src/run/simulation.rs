//! What a simulation is: the one trait that users implement.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use super::{Event, Goal, Row, Setup};
use crate::output::{Frame, WriteOptions};
use crate::units::Units;
use crate::{Checkpoint, CheckpointReader, Clock, Comm, Result, Snapshot};

/// A simulation: a state on every rank, and how it takes one step.
///
/// All methods are called on every rank, in the same order, so each may communicate.
/// State must not depend on the number of ranks: see `docs/same-bits.md` for what that asks of a method.
pub trait Simulation: Sized {
    /// The name that `simulation = "..."` gives in a parameter file.
    const NAME: &'static str;
    /// Every parameter beyond the framework's own, as commented TOML with its default and unit; `divisi list` prints it.
    const PARAMETERS: &'static str;
    /// Keys of its own that may differ when a run is resumed: those that change no result, such as how a grid is cut.
    const CHANGEABLE: &'static [&'static str] = &[];
    /// Whether snapshots show its state; where not, none is written.
    const SNAPSHOTS: bool = true;
    /// Names of the files that [`conclude`](Simulation::conclude) writes; a run that replaces another removes them first.
    const RESULTS: &'static [&'static str] = &[];
    /// The parameters, as sections of the TOML file. Mark it `#[serde(deny_unknown_fields)]` to have typos refused.
    type Config: DeserializeOwned + Serialize;

    /// What `divisi list` prints: by default [`PARAMETERS`](Simulation::PARAMETERS).
    fn parameters() -> String {
        Self::PARAMETERS.to_owned()
    }

    /// Refuses parameters that can't be, before MPI starts. A `place` that names a key is told with its file and line.
    fn validate(_config: &Self::Config, _units: &Units) -> Result<()> {
        Ok(())
    }

    /// The initial state. Errors in the input are found here, before anything is written.
    fn new(setup: &Setup<Self::Config>, comm: &Comm) -> Result<Self>;

    /// Takes one step of at most `dt_max` and returns the step taken.
    ///
    /// A fixed-step method takes its own step whatever `dt_max` is; one that chooses its step stays within it.
    fn step(&mut self, clock: &Clock, dt_max: f64) -> Result<f64>;

    /// Describes the state for a snapshot, of a synchronised copy: never changes the state.
    fn snapshot(&self, out: &mut Snapshot) -> Result<()>;

    /// Adds this rank's part of every history column; the loop merges the parts of all ranks.
    fn history(&self, row: &mut Row) -> Result<()>;

    /// Adds one frame to the trajectory: for few bodies, known on every rank. By default there is no trajectory.
    fn trajectory(&self, _frame: &mut Frame) -> Result<()> {
        Ok(())
    }

    /// Hands over what happened since the last call (a collision, an escape), the same on every rank.
    fn events(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Whether what the run is for is reached, the same on every rank; asked before each step. By default a run has no goal but
    /// its end.
    fn goal(&self) -> Goal {
        Goal::None
    }

    /// Whether a run of these parameters always comes to an end by its [`goal`](Simulation::goal), so that it needs neither `run.until` nor
    /// `run.steps`.
    fn ends_by_itself(_config: &Self::Config) -> bool {
        false
    }

    /// Writes files of its own into the run's folder, as `options` say: at the run's end and at each stop, after the checkpoint.
    ///
    /// Each must be written whole: by [`FileWriter`](crate::output::FileWriter), or on one rank by
    /// [`write_whole`](crate::output::write_whole). What is in them must follow from the state alone, since a run that is stopped
    /// and resumed writes them again. Name them in [`RESULTS`](Simulation::RESULTS). A bare run, a task of a sweep that keeps no
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

    /// Lines for a person at the end of a run, the same on every rank.
    fn summary(&self) -> Vec<String> {
        Vec::new()
    }

    /// Writes the raw state: all that the next step reads.
    fn save(&self, to: &mut Checkpoint) -> Result<()>;

    /// The state that [`save`](Simulation::save) wrote, on any number of ranks.
    fn load(setup: &Setup<Self::Config>, comm: &Comm, from: &CheckpointReader) -> Result<Self>;
}
