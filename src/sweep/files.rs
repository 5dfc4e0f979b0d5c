//! The files that a sweep leaves in its run's folder, beside those of any run.

use crate::orbit::posterior;
use crate::run::{Holds, RunFile};

/// The outcome of each task, as it comes: what a sweep resumes from.
pub(crate) const JOURNAL: RunFile = RunFile::record("journal");
/// A line per task, in their order: parameters, results, status, message.
pub(crate) const RESULTS_CSV: RunFile = RunFile::result("results.csv");
/// The same, a dataset per column.
pub(crate) const RESULTS_HDF5: RunFile = RunFile::result("results.h5");
/// Which rank ran each task, how often it was tried, when it began, how long it took.
pub(crate) const TASKS_CSV: RunFile = RunFile::record("tasks.csv");
/// A folder per task, where `sweep.keep` asks for them.
pub(crate) const TASKS: RunFile = RunFile::record("tasks").holding(Holds::Tasks);
/// The samples that `[select]` chose, and their table.
pub(crate) const POSTERIOR: RunFile = RunFile::result(posterior::FILE);
pub(crate) const SUMMARY: RunFile = RunFile::result(posterior::SUMMARY);

/// All of them.
pub(crate) const FILES: [RunFile; 7] = [JOURNAL, RESULTS_CSV, RESULTS_HDF5, TASKS_CSV, TASKS, POSTERIOR, SUMMARY];
