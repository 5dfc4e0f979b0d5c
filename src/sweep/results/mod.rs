//! The results of a sweep: results.csv, results.h5 and tasks.csv.
//!
//! results.csv has a line per task, in their order: `task`, the parameters, the results, `status`, `message`. results.h5
//! holds the same column by column: the datasets of the group `results`, each with the attribute `position`; messages of
//! tasks that are not done are in the group `failures`, with their task. Both depend on the plan and on the results of tasks,
//! not on which rank ran them when. tasks.csv has that: rank, attempts, start, seconds; it differs from run to run.
//!
//! Columns and not records in HDF5: a column of many tasks is read without the others, every tool shows it, and this
//! program's `compare` and `ls` know it. In Python: `pandas.read_csv("results.csv")`, or
//! `pandas.DataFrame({k: v[:] for k, v in h5py.File("results.h5")["results"].items()})`, where texts are bytes unless read
//! by `v.asstr()[:]`. `xarray.open_dataset("results.h5")` shows the numbers of a grid of parameters as arrays along these.
//!
//! Rows are read twice and more, not kept: the first pass finds the columns, the others write them.

mod cells;
mod columns;
mod datasets;
mod labels;
mod text;

use std::io::Write;

use serde::{Deserialize, Serialize};

pub(crate) use columns::{Column, Columns};

use super::files::{RESULTS_CSV, RESULTS_HDF5, TASKS_CSV};
use super::parameters::Points;
use super::value::Outcome;
use crate::Result;
use crate::run::RunFolder;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// With a result.
    Done,
    /// Without: all its attempts failed.
    Failed,
    /// It did not, as the sweep ended before.
    Cancelled,
}

impl Status {
    /// The name in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::Done => "done",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// The task's index.
    pub task: u64,
    /// How it ended.
    pub status: Status,
    /// What it made; empty where it is not done.
    pub outcome: Outcome,
    /// Why it is not done; may not depend on the rank that ran it, or on when.
    pub message: String,
}

/// Who did a task, and how long it took.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Account {
    /// The task's index.
    pub task: u64,
    /// The rank of the last attempt, if there was one.
    pub rank: Option<usize>,
    /// How many attempts there were.
    pub attempts: u32,
    /// When the last one began, s since 1970, where that is known.
    pub began: Option<f64>,
    /// How long it took, s; 0 of one that failed.
    pub seconds: f64,
    /// How it ended.
    pub status: Status,
    /// Why it is not done.
    pub message: String,
}

/// Writes results.csv and results.h5 into `folder`; `rows` gives every task's row, in their order, as often as
/// it is called. One process.
///
/// # Errors
/// Rows that cannot be read or are out of order, files that cannot be written; then those before are still there.
pub(crate) fn write<I>(folder: &RunFolder, points: &Points, rows: impl Fn() -> I) -> Result<()>
where
    I: Iterator<Item = Result<Row>>,
{
    let columns = Columns::find(points, rows())?;
    text::write_results(&folder.path(RESULTS_CSV), points, &columns, rows())?;
    datasets::write(&folder.path(RESULTS_HDF5), points, &columns, rows)
}

/// Prints rows as results.csv has them, or as a list of JSON objects; `rows` gives them in the order of tasks as often as it is called.
///
/// # Errors
/// Rows that cannot be read or are out of order; a standard output that takes no more.
pub(crate) fn print<I>(to: &mut dyn Write, points: &Points, json: bool, rows: impl Fn() -> I) -> Result<()>
where
    I: Iterator<Item = Result<Row>>,
{
    let columns = Columns::find(points, rows())?;
    let print = if json { text::print_objects } else { text::print_results };
    print(to, points, &columns, rows())
}

/// Writes tasks.csv into `folder`; times count from `first`, s since 1970. One process.
///
/// # Errors
/// When it cannot be written; then the one before is still there.
pub(crate) fn write_accounts(folder: &RunFolder, first: f64, accounts: impl Iterator<Item = Account>) -> Result<()> {
    text::write_accounts(&folder.path(TASKS_CSV), first, accounts)
}

/// A message on one line.
fn one_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" | ")
}
