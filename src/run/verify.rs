//! Computing a part of a run again and comparing bits: is it reproducible, and was anything changed on the way?
//!
//! From one of the run's checkpoints (or from its start) the same steps are taken again, on any number of ranks, in a scratch
//! folder within the run's own. Then, in the order of steps, rows of history.csv, snapshots and checkpoints are held against those
//! of the run; what differs first is told. The scratch folder goes at the end.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::RunFolder;
use super::{Outcome, Request, Simulation, StopRequest, run};
use crate::comm::Comm;
use crate::config::Parameters;
use crate::output::{History, checkpoint_steps, compare, hash_of, path_of, snapshots_in, step_of};
use crate::{Error, Result};

/// What is to be verified.
#[derive(Clone, Debug)]
pub struct Span {
    /// The run.
    pub folder: RunFolder,
    /// The step of the checkpoint to start from, 0 for the run's start; by default the oldest checkpoint kept before the end.
    pub from: Option<u64>,
    /// The last step; by default that of the newest checkpoint.
    pub to: Option<u64>,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The steps between which all was computed again.
    pub steps: [u64; 2],
    /// Rows, snapshots and checkpoints that were compared.
    pub compared: u64,
    /// What differs, each with its step, the first step first.
    pub differences: Vec<(u64, String)>,
    /// Whether it was stopped by a signal before the end.
    pub stopped: bool,
}

/// Computes the steps of `span` again and compares. All ranks; the verdict is the same on all but for its differences, which
/// rank 0 alone knows.
///
/// # Errors
/// No such checkpoint, a span without steps, whatever [`run`] may meet.
pub fn verify<S: Simulation>(comm: &Comm, span: &Span, command: &str, stop: &StopRequest) -> Result<Verdict> {
    let prepared = if comm.is_root() { prepare(span) } else { Ok([0; 2]) };
    let mut steps = comm.agree(prepared)?;
    comm.broadcast_into(&mut steps, 0);
    let [from, to] = steps;
    let scratch = scratch(&span.folder);
    let mut words = vec![format!("run.steps={to}"), "checkpoint.every_minutes=0".to_owned()];
    if cfg!(not(feature = "parallel-hdf5")) {
        words.extend(["output.mpiio=false", "output.hints={}"].map(String::from));
    }
    let request = Request {
        parameters: Parameters::read(&scratch.config(), &words)?,
        folder: scratch.clone(),
        resume: from > 0,
        overwrite: from == 0,
        command: command.to_owned(),
        quiet: false,
        bare: false,
    };
    let outcome = run::<S>(comm, &request, stop)?;
    let mut verdict = Verdict { steps: [from, to], stopped: outcome == Outcome::Stopped, ..Verdict::default() };
    let compared = match comm.is_root() && !verdict.stopped {
        true => verdict.compare(&span.folder, &scratch),
        false => Ok(()),
    };
    comm.agree(compared)?;
    let removed = if comm.is_root() { fs::remove_dir_all(scratch.root()) } else { Ok(()) };
    comm.agree(removed.map_err(Error::io("remove", scratch.root())))?;
    Ok(verdict)
}

/// Where the steps are computed again.
fn scratch(folder: &RunFolder) -> RunFolder {
    RunFolder::at(folder.root().join("verify"))
}

/// The first and the last step.
fn ends(span: &Span) -> Result<[u64; 2]> {
    let kept = checkpoint_steps(&span.folder.checkpoints());
    let place = span.folder.root().display().to_string();
    let list = || kept.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let Some(&newest) = kept.last() else {
        return Err(Error::input(place, "holds no checkpoint to verify against"));
    };
    let to = span.to.unwrap_or(newest);
    let from = span.from.unwrap_or_else(|| kept.iter().copied().find(|&step| step < to).unwrap_or(0));
    if from > 0 && !kept.contains(&from) {
        return Err(Error::input(
            place,
            format!("has no checkpoint of step {from}; there are 0 (the start), {}", list()),
        ));
    }
    match from < to {
        true => Ok([from, to]),
        false => Err(Error::input(place, format!("there is no step to verify from {from} to {to}"))),
    }
}

/// Makes the scratch folder: parameters, the checkpoint to start from, and the tables that grow. The first and the last step.
fn prepare(span: &Span) -> Result<[u64; 2]> {
    let [from, to] = ends(span)?;
    let (run, scratch) = (&span.folder, scratch(&span.folder));
    if scratch.root().exists() {
        fs::remove_dir_all(scratch.root()).map_err(Error::io("remove", scratch.root()))?;
    }
    for folder in [scratch.checkpoints(), scratch.snapshots()] {
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    }
    let mut files = vec![run.config()];
    if from > 0 {
        let checkpoint = path_of(&run.checkpoints(), from);
        files.extend([hash_of(&checkpoint), checkpoint, run.history(), run.events(), run.trajectory()]);
    }
    files.iter().filter(|file| file.exists()).try_for_each(|file| copy(file, run.root(), scratch.root()))?;
    Ok([from, to])
}

fn copy(file: &Path, from: &Path, to: &Path) -> Result<()> {
    let target: PathBuf = to.join(file.strip_prefix(from).unwrap_or(file));
    fs::copy(file, &target).map(drop).map_err(Error::io("copy", file))
}

impl Verdict {
    /// Holds what was computed again against the run.
    fn compare(&mut self, run: &RunFolder, again: &RunFolder) -> Result<()> {
        self.rows(&run.history(), &again.history())?;
        self.snapshots(&run.snapshots(), &again.snapshots())?;
        let (kept, from) = (checkpoint_steps(&run.checkpoints()), self.steps[0]);
        for step in checkpoint_steps(&again.checkpoints()).into_iter().filter(|&step| step > from) {
            if kept.contains(&step) {
                self.files(step, &path_of(&run.checkpoints(), step), &path_of(&again.checkpoints(), step))?;
            }
        }
        self.differences.sort_by_key(|(step, _)| *step);
        Ok(())
    }

    /// Compares the rows of the same step of two histories; the first difference is kept.
    fn rows(&mut self, run: &Path, again: &Path) -> Result<()> {
        let (original, again) = (History::read(run)?, History::read(again)?);
        let steps = |history: &History| history.column("step").unwrap_or_default().to_vec();
        let (steps_before, steps_again) = (steps(&original), steps(&again));
        for (row, &step) in steps_again.iter().enumerate().filter(|(_, step)| **step > self.steps[0] as f64) {
            let Some(before) = steps_before.iter().position(|&other| other == step) else { continue };
            self.compared += 1;
            for (name, column) in again.names.iter().zip(&again.columns) {
                let old = original.column(name).map_or(f64::NAN, |column| column[before]);
                if old.to_bits() != column[row].to_bits() {
                    let told = format!("{}: {name} is {old:?} and was {:?} again", run.display(), column[row]);
                    self.differences.push((step as u64, told));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Compares the snapshots of the same number and step.
    fn snapshots(&mut self, run: &Path, again: &Path) -> Result<()> {
        for path in snapshots_in(again)? {
            let original = run.join(path.file_name().unwrap_or_default());
            let step = step_of(&path)?;
            if step > self.steps[0] && original.exists() && step_of(&original)? == step {
                self.files(step, &original, &path)?;
            }
        }
        Ok(())
    }

    fn files(&mut self, step: u64, run: &Path, again: &Path) -> Result<()> {
        self.compared += 1;
        let report = compare(run, again, None)?;
        self.differences.extend(report.differences.into_iter().map(|difference| (step, difference)));
        Ok(())
    }
}
