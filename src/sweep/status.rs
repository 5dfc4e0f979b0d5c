//! How far a sweep is, from its files alone: also while it is at work.

use std::fmt;

use super::conclusion::TASKS_FAILED;
use super::files::{JOURNAL, RESULTS_HDF5};
use super::plan::{Config, SECTIONS};
use crate::base::config::ParameterFile;
use crate::run::{Outcome, RunFolder};
use crate::tasks::journal::{Recovered, Totals};
use crate::{Error, Result};

/// How far a study is.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// Tasks that there are.
    pub tasks: u64,
    /// What the journal counts.
    pub counts: Totals,
    /// Tasks that failed for good.
    pub failed: u64,
    /// Whether so many failed that the sweep has given up.
    pub gave_up: bool,
    /// Whether the tables of results are written.
    pub concluded: bool,
    /// The process at work in the folder, if there is one.
    pub holder: Option<String>,
    /// What is wrong with the journal.
    pub notes: Vec<String>,
}

/// How far the study in a folder is.
///
/// # Errors
/// If there is no journal, or it can't be read.
pub(crate) fn status(folder: &RunFolder) -> Result<Status> {
    let recovered = Recovered::read(&folder.path(JOURNAL))?;
    let line = recovered.plan().lines().find_map(|line| line.strip_prefix("tasks = ")?.parse().ok());
    let tasks = line.ok_or_else(|| Error::file(folder.path(JOURNAL), "is of no sweep of a parameter file"))?;
    let failed = recovered.failed().len() as u64;
    let stop_after = stop_after(folder)?;
    Ok(Status {
        tasks,
        counts: recovered.counts(),
        failed,
        gave_up: stop_after > 0 && failed >= stop_after,
        concluded: folder.path(RESULTS_HDF5).exists(),
        holder: folder.holder()?,
        notes: recovered.notes().to_vec(),
    })
}

/// The plan's `sweep.stop_after`.
fn stop_after(folder: &RunFolder) -> Result<u64> {
    let config: Config = ParameterFile::read(&folder.config(), &[])?.typed(|key| SECTIONS.contains(&key), &[])?;
    Ok(config.sweep.stop_after)
}

impl Status {
    /// Tasks without a result that did not fail for good.
    pub(crate) fn left(&self) -> u64 {
        self.tasks.saturating_sub(self.counts.done + self.failed)
    }

    /// Its exit status: 0 done, 3 tasks failed, 85 tasks or the tables of results are left.
    pub(crate) fn exit_status(&self) -> u8 {
        match () {
            () if self.gave_up => TASKS_FAILED,
            () if self.left() > 0 || !self.concluded => Outcome::Stopped.status(),
            () if self.failed > 0 => TASKS_FAILED,
            () => 0,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { tasks, counts, failed, .. } = self;
        writeln!(f, "{} of {tasks} tasks done, {failed} failed, {} left", counts.done, self.left())?;
        write!(f, "{} tried again, {} ranks died", counts.retries, counts.deaths)?;
        match counts.done {
            0 => writeln!(f)?,
            done => writeln!(f, ", {:.3e} s for a task", counts.seconds / done as f64)?,
        }
        if self.left() == 0 && !self.concluded {
            writeln!(f, "the tables of results are not written: `divisi resume` does it")?;
        }
        match &self.holder {
            Some(holder) => writeln!(f, "at work: {holder}")?,
            None if self.left() > 0 => writeln!(f, "nobody is at work: continue with `divisi resume`")?,
            None => {}
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}
