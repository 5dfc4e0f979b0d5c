//! `divisi status`: how far runs are, by their files and by Slurm's queue; `divisi cancel`: stopping them.
//!
//! One run is told in lines; several in a table, a line each. With `--json` all is one list of objects. The exit status is that of the run;
//! of several the one that asks for most: 85 where one isn't finished, then 1, 3, 4, 0.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::json::print_json;
use super::submit::{self, Queued};
use crate::base::config::ParameterFile;
use crate::base::console::{print, print_by};
use crate::run::{Outcome, RunFolder};
use crate::sweep;
use crate::{Error, Result};

/// Exit statuses, the one that asks for most last.
const BY_WEIGHT: [u8; 5] = [0, 4, 3, 1, 85];
/// Between two looks at runs that are watched.
const BETWEEN: Duration = Duration::from_secs(2);
/// Clears a terminal and begins at its top.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// How far a run is.
#[derive(Clone, Debug, Serialize)]
struct Progress {
    run: PathBuf,
    /// In a word or two.
    state: String,
    /// Its exit status.
    status: u8,
    /// How far it is: its step and time, or its tasks.
    progress: String,
    /// Where it is to end.
    until: String,
    #[serde(flatten)]
    details: Details,
    /// The process at work in it.
    holder: Option<String>,
    /// Its jobs in Slurm's queue.
    jobs: Vec<Queued>,
    /// In lines, as of one run alone.
    #[serde(skip)]
    lines: String,
}

/// What is told of one kind alone.
#[derive(Clone, Debug, Default, Serialize)]
struct Details {
    /// The last row of the history, by its columns.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    last: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoints: Option<Vec<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<Tasks>,
}

/// The tasks of a sweep.
#[derive(Clone, Copy, Debug, Serialize)]
struct Tasks {
    all: u64,
    done: u64,
    failed: u64,
    left: u64,
}

/// Prints how far runs are; the exit status. Looks again and again where they are watched, until none is at work or waits.
///
/// # Errors
/// A folder that holds no run, files that can't be read.
pub(super) fn status(folders: &[RunFolder], json: bool, watch: bool) -> Result<ExitCode> {
    loop {
        let runs: Vec<Progress> = folders.iter().map(Progress::of).collect::<Result<_>>()?;
        let text = match &runs[..] {
            [one] => one.lines.clone(),
            several => table(several),
        };
        if watch && std::io::stdout().is_terminal() {
            print_by(|out| out.write_all(CLEAR.as_bytes()))?;
        }
        if json {
            print_json(&runs)?;
        } else {
            print(&text)?;
        }
        let goes_on = runs.iter().any(|run| run.holder.is_some() || !run.jobs.is_empty());
        if !watch || !goes_on {
            let weight = |status: &u8| BY_WEIGHT.iter().position(|known| known == status);
            return Ok(ExitCode::from(runs.iter().map(|run| run.status).max_by_key(weight).unwrap_or(0)));
        }
        thread::sleep(BETWEEN);
    }
}

impl Progress {
    fn of(folder: &RunFolder) -> Result<Self> {
        let root = folder.root();
        if !root.exists() {
            return Err(Error::input(root.display().to_string(), "there is no such file or folder"));
        }
        // A queue that doesn't answer hides nothing of what the files tell.
        let jobs = if submit::was_submitted(root) { submit::queued(root) } else { Ok(Vec::new()) };
        let (jobs, note) = jobs.map_or_else(|error| (Vec::new(), Some(error.to_string())), |jobs| (jobs, None));
        let mut progress = if folder.path(sweep::JOURNAL).exists() {
            Progress::of_sweep(folder)?
        } else if !folder.holds_run() && !jobs.is_empty() {
            Progress::waiting(root)
        } else {
            Progress::of_run(&folder.clone().existing()?)?
        };
        progress.jobs = jobs;
        let more = progress.jobs.iter().map(|job| format!("{job}\n")).chain(note.map(|note| note + "\n"));
        progress.lines += &more.collect::<String>();
        Ok(progress)
    }

    /// A run whose job hasn't begun.
    fn waiting(root: &Path) -> Self {
        Progress {
            run: root.to_path_buf(),
            state: "waiting".to_owned(),
            status: Outcome::Stopped.status(),
            progress: String::new(),
            until: String::new(),
            details: Details::default(),
            holder: None,
            jobs: Vec::new(),
            lines: "it hasn't begun\n".to_owned(),
        }
    }

    fn of_run(folder: &RunFolder) -> Result<Self> {
        if ParameterFile::read(&folder.config(), &[])?.simulation()? == sweep::NAME {
            let lines = "no task has begun: continue with `divisi resume`\n".to_owned();
            return Ok(Progress { state: "not begun".to_owned(), lines, ..Progress::waiting(folder.root()) });
        }
        let state = crate::run::state(folder)?;
        let word = match (&state.holder, state.outcome) {
            (Some(_), _) => "at work",
            (None, Some(outcome)) => outcome.words(),
            (None, None) => "killed",
        };
        let shown: Vec<String> = state.last.iter().take(2).map(|(name, value)| format!("{name} {value}")).collect();
        let number = |text: &str| text.parse::<serde_json::Number>().map_or_else(|_| text.into(), Into::into);
        let last = state.last.iter().map(|(name, value)| (name.clone(), number(value))).collect();
        Ok(Progress {
            state: word.to_owned(),
            status: state.exit_status(),
            progress: shown.join(", "),
            until: state.until.clone(),
            details: Details { last, checkpoints: Some(state.checkpoints.clone()), tasks: None },
            lines: state.to_string(),
            holder: state.holder,
            ..Progress::waiting(folder.root())
        })
    }

    fn of_sweep(folder: &RunFolder) -> Result<Self> {
        let sweep = sweep::status(folder)?;
        let tasks = Tasks { all: sweep.tasks, done: sweep.counts.done, failed: sweep.failed, left: sweep.left() };
        let status = sweep.exit_status();
        let word = match (&sweep.holder, status) {
            (Some(_), _) => "at work",
            (None, 0) => "done",
            (None, 85) => "stopped",
            (None, _) => "tasks failed",
        };
        Ok(Progress {
            state: word.to_owned(),
            status,
            progress: format!("{} done, {} failed", tasks.done, tasks.failed),
            until: format!("{} tasks", tasks.all),
            details: Details { tasks: Some(tasks), ..Details::default() },
            lines: sweep.to_string(),
            holder: sweep.holder,
            ..Progress::waiting(folder.root())
        })
    }
}

/// Runs as a table.
fn table(runs: &[Progress]) -> String {
    let row = |run: &Progress| {
        let job = run.jobs.iter().map(Queued::to_string).collect::<Vec<_>>().join("; ");
        [run.run.display().to_string(), run.state.clone(), run.progress.clone(), run.until.clone(), job]
    };
    let head = ["run", "state", "progress", "to end at", "in the queue"].map(str::to_owned);
    let rows: Vec<_> = [head].into_iter().chain(runs.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Stops runs, each with a checkpoint, and takes their jobs out of the queue.
///
/// # Errors
/// A run that nobody works at and that waits for nothing; one at work on another machine without Slurm.
pub(super) fn cancel(folders: &[RunFolder]) -> Result<ExitCode> {
    for folder in folders {
        let root = folder.root();
        let jobs = if submit::was_submitted(root) { submit::cancel(root)? } else { Vec::new() };
        if jobs.is_empty() {
            let process = folder.clone().existing()?.stop()?;
            print(&format!("{}: process {process} stops with a checkpoint\n", root.display()))?;
        }
        for job in jobs {
            let told = if job.is_running() { "stops with a checkpoint" } else { "is out of the queue" };
            print(&format!("{}: job {} {told}\n", root.display(), job.job))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
