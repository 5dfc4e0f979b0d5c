//! Commands that look at files: none starts MPI.

#[cfg(feature = "plot")]
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
#[cfg(feature = "plot")]
use std::path::PathBuf;
use std::process::ExitCode;
#[cfg(feature = "plot")]
use std::sync::mpsc;
#[cfg(feature = "plot")]
use std::thread;
#[cfg(feature = "plot")]
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::arguments::CompareArguments;
#[cfg(feature = "plot")]
use super::arguments::PlotArguments;
#[cfg(feature = "solvers")]
use super::arguments::PosteriorArguments;
use super::json::print_json;
use super::list;
#[cfg(feature = "plot")]
use crate::base::console::say;
use crate::base::console::{print, print_by};
use crate::comm::Comm;
#[cfg(feature = "plot")]
use crate::comm::{launch, take_panic};
#[cfg(feature = "solvers")]
use crate::nbody::ephemeris::compare_ephemeris;
#[cfg(feature = "solvers")]
use crate::orbit::posterior::{self, Posterior};
use crate::run::{self, RunFolder, Tolerance, Verdict};
use crate::{Error, Result};

/// Exit status of a comparison that found a difference.
const DIFFERENT: u8 = 1;

/// Prints what is in a run folder or a file.
pub(super) fn ls(place: &RunFolder, json: bool) -> Result<ExitCode> {
    exists(place.root())?;
    let listing = list::ls(place)?;
    if json {
        print_json(&listing)?;
    } else {
        print(&listing.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A comparison as JSON.
#[derive(Serialize)]
struct Compared<'a, T> {
    a: &'a Path,
    b: &'a Path,
    status: u8,
    #[serde(flatten)]
    found: &'a T,
}

/// Prints whether two runs or files are the same, or how far a run is from an ephemeris.
pub(super) fn compare(arguments: &CompareArguments, folder: impl Fn(&Path) -> RunFolder) -> Result<ExitCode> {
    let a = exists(&arguments.a)?;
    let b = exists(&arguments.b)?;
    #[cfg(feature = "solvers")]
    if is_table(b) && !is_table(a) {
        let found = compare_ephemeris(a, b)?;
        if arguments.json {
            print_json(&Compared { a, b, status: 0, found: &found })?;
        } else {
            print(&found.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let CompareArguments { relative, absolute, json, .. } = *arguments;
    let tolerance = (relative > 0.0 || absolute > 0.0).then_some(Tolerance { relative, absolute });
    let report = match (a.is_dir(), b.is_dir()) {
        (true, true) => run::compare_runs(&folder(a), &folder(b), tolerance)?,
        (false, false) => run::compare(a, b, tolerance)?,
        _ => {
            let reason = format!("{} and {} are a file and a folder", a.display(), b.display());
            return Err(Error::input("compare", reason));
        }
    };
    let status = if report.is_same() { 0 } else { DIFFERENT };
    if json {
        print_json(&Compared { a, b, status, found: &report })?;
    } else {
        print(&report.to_string())?;
    }
    Ok(ExitCode::from(status))
}

/// Prints the table of a fit's samples without the first kept steps of its chain, and what they are worth; writes them where asked to.
#[cfg(feature = "solvers")]
pub(super) fn posterior(arguments: &PosteriorArguments) -> Result<ExitCode> {
    let place = exists(&arguments.run)?;
    let file = if place.is_dir() { place.join(posterior::FILE) } else { place.to_owned() };
    let whole = Posterior::read(exists(&file)?)?;
    let cut = whole.after(arguments.discard.unwrap_or(whole.left_out()), arguments.thin)?;
    let lines = cut.convergence().map_or(Vec::new(), |seen| seen.lines());
    print(&format!("{}\n{}\n", cut.summary(), lines.join("\n")))?;
    if let Some(out) = &arguments.out {
        if out.exists() {
            return Err(Error::input("--out", format!("{} exists, and nothing is overwritten", out.display())));
        }
        cut.write_alone(out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a file is a table of positions, not a run.
#[cfg(feature = "solvers")]
fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "csv")
}

/// Says on rank 0 what a verification found; the exit status.
///
/// # Errors
/// When standard output takes no more.
pub(super) fn verdict(comm: &Comm, verdict: &Verdict, json: bool) -> Result<u8> {
    if !comm.is_root() {
        return Ok(0);
    }
    let [from, to] = verdict.steps;
    let compared = verdict.compared;
    let status = if verdict.differences.is_empty() { 0 } else { DIFFERENT };
    if json {
        let differences = verdict.differences.iter().map(|(step, told)| json!({ "step": step, "difference": told }));
        let differences: Vec<Value> = differences.collect();
        let told = json!({ "steps": [from, to], "compared": compared, "status": status, "differences": differences });
        return print_json(&told).map(|()| status);
    }
    let differences = verdict.differences.iter().map(|(step, difference)| format!("step {step}: {difference}\n"));
    let found = match verdict.differences.len() {
        0 => format!("the same bits in {compared} rows, events, frames and files"),
        differing => format!("{differing} of {compared} differ, first at the top"),
    };
    print(&format!("{}steps {from} to {to} computed again: {found}\n", differences.collect::<String>()))?;
    Ok(status)
}

fn exists(path: &Path) -> Result<&Path> {
    if path.exists() {
        Ok(path)
    } else {
        Err(Error::input(path.display().to_string(), "there is no such file or folder"))
    }
}

/// Prints the results of a sweep.
pub(super) fn results(folder: &RunFolder, json: bool) -> Result<ExitCode> {
    exists(folder.root())?;
    let mut outcome = Ok(());
    print_by(|out| match crate::sweep::print_results(folder, json, out) {
        // A reader that has gone had what it wanted.
        Err(Error::Io { action: "write", source, .. }) => Err(source),
        other => {
            outcome = other;
            Ok(())
        }
    })?;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Draws a run or a file and prints where the figures are.
#[cfg(feature = "plot")]
pub(super) fn plot(arguments: &PlotArguments) -> Result<ExitCode> {
    let view = arguments.view();
    let out = arguments.out.as_deref();
    arguments.paths.iter().try_for_each(|path| exists(path).map(drop))?;
    if arguments.film {
        let [run] = &arguments.paths[..] else {
            return Err(Error::input("--film", "is of one run"));
        };
        let most = arguments.frames as usize;
        return Ok(launch(|comm| told(comm, &crate::plot::film(comm, run, out, &view, most)?).map(|()| 0)));
    }
    let figures = crate::plot::plot_all(&arguments.paths, out, &view)?;
    print(&figures.iter().map(|figure| format!("{}\n", figure.display())).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the names of files on rank 0. All ranks.
#[cfg(feature = "plot")]
fn told(comm: &Comm, files: &[PathBuf]) -> Result<()> {
    let names: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    comm.agree(if comm.is_root() { print(&names) } else { Ok(()) })
}

/// Makes the page that shows a run and prints its name.
#[cfg(feature = "plot")]
pub(super) fn make_report(folder: &RunFolder) -> Result<ExitCode> {
    let page = crate::report::report(&folder.clone().existing()?)?;
    print(&format!("{}\n", page.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// How long a run's end waits for its report.
#[cfg(feature = "plot")]
const REPORT_TIME: Duration = Duration::from_secs(20);

/// Makes the page that shows a run; a failure is reported, but the run itself is done, and doesn't wait for long.
#[cfg(feature = "plot")]
pub(super) fn report(folder: &RunFolder) {
    let root = folder.clone();
    if let Err(reason) = within(REPORT_TIME, move || crate::report::report(&root).map(drop)) {
        say(&format!("divisi: no report: {reason}"));
    }
}

/// Does work on a thread of its own, which is left to itself if it takes longer than `limit`; why it wasn't done, if it wasn't.
#[cfg(feature = "plot")]
fn within(limit: Duration, work: impl FnOnce() -> Result<()> + Send + 'static) -> std::result::Result<(), String> {
    let (tell, told) = mpsc::channel();
    let caught = || panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| take_panic());
    thread::spawn(move || tell.send(caught().and_then(|done| done.map_err(|error| error.to_string()))));
    let late = |_| format!("it takes longer than {} s: `divisi report` makes it", limit.as_secs_f64());
    told.recv_timeout(limit).map_err(late)?
}

#[cfg(all(test, feature = "plot"))]
mod tests {
    use super::*;

    /// Work that fails, that panics, that never ends.
    #[test]
    fn work_beside_a_run_never_holds_it_up() {
        let second = Duration::from_secs(1);
        assert_eq!(within(second, || Ok(())), Ok(()));
        assert_eq!(within(second, || Err(Error::input("x", "y"))), Err("x: y".to_owned()));
        assert!(within(second, || panic!("on purpose")).is_err());
        let began = std::time::Instant::now();
        let forever = || loop {
            thread::park();
        };
        let told = within(Duration::from_millis(20), forever).unwrap_err();
        assert!(told.contains("longer than 0.02 s") && began.elapsed() < second, "{told}");
    }
}
