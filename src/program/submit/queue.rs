//! What Slurm knows of a job, and the orders that it takes.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::{Error, Result};

/// A job that is in the queue, or at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::program) struct Queued {
    /// Its number, with its place in an array.
    pub(in crate::program) job: String,
    /// Pending, running, completing ...: in Slurm's words.
    pub state: String,
    /// Why it waits, or the nodes that it has.
    pub reason: String,
    /// The time until its limit, as Slurm writes it.
    pub left: String,
}

impl Queued {
    /// Whether its ranks are there, or about to be.
    pub(in crate::program) fn is_running(&self) -> bool {
        ["RUNNING", "SUSPENDED", "CONFIGURING"].contains(&self.state.as_str())
    }
}

impl fmt::Display for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Queued { job, state, reason, left } = self;
        write!(f, "job {job} {} {reason}, {left} left", state.to_lowercase())
    }
}

/// Submits a script; the job's number.
///
/// # Errors
/// No Slurm here, or what sbatch says.
pub(super) fn submit(script: &Path, after: Option<&str>) -> Result<String> {
    let mut sbatch = Command::new("sbatch");
    sbatch.arg("--parsable");
    if let Some(job) = after {
        sbatch.arg(format!("--dependency=afterany:{job}"));
    }
    let told = told_by(sbatch.arg(script))?;
    let number = told.trim().split([';', '\n']).next().unwrap_or_default();
    if number.is_empty() {
        return Err(Error::System(format!("sbatch told no number of a job: {told}")));
    }
    Ok(number.to_owned())
}

/// Of these jobs those that the queue has.
///
/// # Errors
/// No Slurm here; a controller that doesn't answer.
pub(super) fn of(jobs: &[String]) -> Result<Vec<Queued>> {
    let Some(first) = jobs.first() else { return Ok(Vec::new()) };
    // A list of two at least: squeue fails where a single job is unknown to it.
    let list = format!("--jobs={},{first}", jobs.join(","));
    let told = told_by(Command::new("squeue").args(["--noheader", "--array", "--format=%i|%T|%R|%L", &list]))?;
    let mut found: Vec<Queued> = Vec::new();
    for job in told.lines().filter_map(queued) {
        // One that is named twice may be told twice.
        if !found.contains(&job) {
            found.push(job);
        }
    }
    Ok(found)
}

fn queued(line: &str) -> Option<Queued> {
    let mut parts = line.trim().splitn(2, '|');
    let job = parts.next()?.to_owned();
    let (state, rest) = parts.next()?.split_once('|')?;
    let (reason, left) = rest.rsplit_once('|')?;
    Some(Queued { job, state: state.to_owned(), reason: reason.to_owned(), left: left.to_owned() })
}

/// Takes a job out of the queue, with its script's own signal first if it has one.
///
/// # Errors
/// What scancel says.
pub(super) fn cancel(job: &str, signal: Option<&str>) -> Result<()> {
    let mut scancel = Command::new("scancel");
    if let Some(signal) = signal {
        scancel.args(["--batch", "--signal", signal]);
    }
    told_by(scancel.arg(job)).map(drop)
}

/// What a command of Slurm prints.
fn told_by(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        Error::System(format!("cannot start {name} ({error}): this goes on a machine of a cluster with Slurm alone"))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::System(format!("{name}: {told}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_squeue_are_read_whatever_stands_in_a_reason() {
        let job = queued("17_3|PENDING|(Nodes required | are DOWN)|10:00\n").unwrap();
        assert_eq!((job.job.as_str(), job.state.as_str()), ("17_3", "PENDING"));
        assert_eq!((job.reason.as_str(), job.left.as_str()), ("(Nodes required | are DOWN)", "10:00"));
        assert!(!job.is_running() && queued("17|RUNNING|n[1-2]|9:58").unwrap().is_running());
        assert_eq!(queued("slurm_load_jobs error"), None);
    }
}
