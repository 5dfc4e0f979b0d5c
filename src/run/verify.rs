//! Computing a part of a run again and comparing bits: is it reproducible, and was anything changed on the way?
//!
//! From one of the run's checkpoints (or from its start) the same steps are taken again, on any number of ranks, in a scratch
//! folder within the run's own. Then all that came of them is [compared](super::verdict) with what the run has. The scratch folder is
//! removed at the end.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{RunFolder, VERIFY};
use super::taking::refuse_link;
use super::verdict::Verdict;
use super::{Outcome, Request, Simulation, StopRequest, run};
use crate::base::config::ParameterFile;
use crate::comm::Comm;
use crate::io::{checkpoint_steps, hash_of, path_of};
use crate::{Error, Result};

/// What is to be verified.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// The run.
    pub folder: RunFolder,
    /// The step of the checkpoint to start from, 0 for the run's start; by default the oldest checkpoint kept before the end.
    pub from: Option<u64>,
    /// The last step; by default that of the newest checkpoint.
    pub to: Option<u64>,
}

/// Computes the steps of `span` again and compares. All ranks; the verdict is the same on all but for its differences, which
/// rank 0 alone knows.
///
/// # Errors
/// No such checkpoint, a span without steps or without anything to compare, whatever [`run`] may meet.
pub(crate) fn verify<S: Simulation>(comm: &Comm, span: &Span, command: &str, stop: &StopRequest) -> Result<Verdict> {
    let prepared = if comm.is_root() { prepare(span, &scratch::<S>(&span.folder)) } else { Ok([0; 2]) };
    let mut steps = comm.agree(prepared)?;
    comm.broadcast_into(&mut steps, 0);
    let [from, to] = steps;
    let scratch = scratch::<S>(&span.folder);
    let mut words = vec![format!("run.steps={to}"), "checkpoint.every_minutes=0".to_owned()];
    if cfg!(not(feature = "parallel-hdf5")) {
        words.extend(["output.mpiio=false", "output.hints={}"].map(String::from));
    }
    let request = Request {
        parameters: ParameterFile::read(&scratch.config(), &words)?,
        folder: scratch.clone(),
        resume: from > 0,
        overwrite: from == 0,
        command: command.to_owned(),
        quiet: false,
        bare: false,
    };
    let outcome = run::<S>(comm, &request, stop)?.outcome;
    let mut verdict = Verdict { steps: [from, to], stopped: outcome == Outcome::Stopped, ..Verdict::default() };
    let compared = if comm.is_root() && !verdict.stopped { verdict.compare(&span.folder, &scratch) } else { Ok(()) };
    let removed = if comm.is_root() { scratch.remove() } else { Ok(()) };
    comm.agree(compared)?;
    comm.agree(removed)?;
    Ok(verdict)
}

/// Where the steps are computed again.
fn scratch<S: Simulation>(folder: &RunFolder) -> RunFolder {
    RunFolder::at(folder.path(VERIFY)).with(S::NAME, S::ending().files())
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
    if from < to {
        Ok([from, to])
    } else {
        Err(Error::input(place, format!("there is no step to verify from {from} to {to}")))
    }
}

/// Makes the scratch folder: parameters, the checkpoint to start from, and the tables that grow. The first and the last step.
fn prepare(span: &Span, scratch: &RunFolder) -> Result<[u64; 2]> {
    let [from, to] = ends(span)?;
    let run = &span.folder;
    refuse_link(scratch.root())?;
    // What a verification that was killed has left.
    scratch.remove()?;
    if scratch.root().exists() {
        let reason = "is in the way of what is computed again, and not the program's: move it away";
        return Err(Error::input(scratch.root().display().to_string(), reason));
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
