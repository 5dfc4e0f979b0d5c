//! Commands that look at files: none starts MPI.

use std::path::Path;
use std::process::ExitCode;

use super::arguments::CompareArguments;
use crate::comm::Comm;
use crate::config::Parameters;
use crate::console::say;
use crate::output::{self, Tolerance};
use crate::run::{Outcome, RunFolder, Verdict};
use crate::study;
use crate::{Error, Result};

/// Exit status of a comparison that found a difference.
const DIFFERENT: u8 = 1;

/// Prints what is in a run folder or a file.
pub(super) fn ls(path: &Path) -> Result<ExitCode> {
    print!("{}", output::ls(exists(path)?)?);
    Ok(ExitCode::SUCCESS)
}

/// Prints how far a run is; the exit status of a sweep, and 0 or 85 of a simulation.
pub(super) fn status(run: &Path) -> Result<ExitCode> {
    let folder = RunFolder::at(exists(run)?);
    if folder.journal().exists() {
        let status = study::status(&folder)?;
        print!("{status}");
        return Ok(ExitCode::from(status.exit_status()));
    }
    if folder.holds_run() && Parameters::read(&folder.config(), &[])?.simulation()? == study::NAME {
        println!("no task has begun: continue with `divisi resume`");
        return Ok(ExitCode::from(Outcome::Stopped.status()));
    }
    let state = crate::run::state(&folder)?;
    print!("{state}");
    Ok(ExitCode::SUCCESS)
}

/// Prints whether two runs or files are the same, or how far a run is from an ephemeris.
pub(super) fn compare(arguments: &CompareArguments) -> Result<ExitCode> {
    let (a, b) = (exists(&arguments.a)?, exists(&arguments.b)?);
    let is_table = |path: &Path| path.extension().is_some_and(|extension| extension == "csv");
    if is_table(b) && !is_table(a) {
        print!("{}", output::compare_ephemeris(a, b)?);
        return Ok(ExitCode::SUCCESS);
    }
    let CompareArguments { relative, absolute, .. } = *arguments;
    let tolerance = (relative > 0.0 || absolute > 0.0).then_some(Tolerance { relative, absolute });
    let report = output::compare(a, b, tolerance)?;
    print!("{report}");
    Ok(if report.is_same() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}

/// Says on rank 0 what a verification found; the exit status.
pub(super) fn verdict(comm: &Comm, verdict: &Verdict) -> u8 {
    let [from, to] = verdict.steps;
    if !comm.is_root() {
        return 0;
    }
    for (step, difference) in &verdict.differences {
        println!("step {step}: {difference}");
    }
    let compared = verdict.compared;
    if verdict.differences.is_empty() {
        println!("steps {from} to {to} computed again: the same bits in {compared} rows, snapshots and checkpoints");
        return 0;
    }
    println!(
        "steps {from} to {to} computed again: {} of {compared} differ, first at the top",
        verdict.differences.len()
    );
    DIFFERENT
}

fn exists(path: &Path) -> Result<&Path> {
    match path.exists() {
        true => Ok(path),
        false => Err(Error::input(path.display().to_string(), "there is no such file or folder")),
    }
}

/// Draws a run or a file and prints where the figures are.
pub(super) fn plot(path: &Path, out: Option<&Path>) -> Result<ExitCode> {
    for figure in crate::plot::plot(exists(path)?, out)? {
        println!("{}", figure.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the page that shows a run; what hinders it is told, but the run itself is done.
pub(super) fn report(folder: &RunFolder) {
    if let Err(error) = crate::plot::report(folder.root()) {
        say(&format!("divisi: no report: {error}"));
    }
}
