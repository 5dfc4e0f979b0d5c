//! `[sweep]`: how tasks are done. Nothing here may change a result.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::positive;
use crate::sweep::Schedule;
use crate::units::{Preset, Quantity, Units};
use crate::{Error, Result};

/// `[sweep]` as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SweepSection {
    /// Ranks of a task that is a simulation.
    pub ranks_per_task: usize,
    /// Who gets which task.
    pub schedule: Schedule,
    /// Further attempts after one that failed or died.
    pub retries: u32,
    /// How long an attempt may take: seconds, or text such as "10 min".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<Quantity>,
    /// End after so many tasks failed for good; 0: never.
    pub stop_after: u64,
    /// Folders of tasks that are kept.
    pub keep: Keep,
}

impl Default for SweepSection {
    fn default() -> Self {
        SweepSection {
            ranks_per_task: 1,
            schedule: Schedule::Dynamic,
            retries: 3,
            time_limit: None,
            stop_after: 0,
            keep: Keep::None,
        }
    }
}

/// Folders of tasks that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// None.
    None,
    /// Those of tasks that failed for good.
    Failed,
    /// All.
    All,
}

/// How tasks are done.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Ranks of a task, at least 1.
    pub ranks_per_task: usize,
    /// Who gets which task.
    pub schedule: Schedule,
    /// Further attempts after one that failed or died.
    pub retries: u32,
    /// How long an attempt may take.
    pub time_limit: Option<Duration>,
    /// End after so many tasks failed for good, if ever.
    pub stop_after: Option<u64>,
    /// Folders of tasks that are kept.
    pub keep: Keep,
}

impl SweepSection {
    pub(super) fn check(&self) -> Result<Settings> {
        if self.ranks_per_task == 0 {
            return Err(Error::input("sweep.ranks_per_task", "0 is not allowed: it must be at least 1"));
        }
        Ok(Settings {
            ranks_per_task: self.ranks_per_task,
            schedule: self.schedule,
            retries: self.retries,
            time_limit: self.time_limit.as_ref().map(time_limit).transpose()?,
            stop_after: Some(self.stop_after).filter(|&failures| failures > 0),
            keep: self.keep,
        })
    }
}

fn time_limit(limit: &Quantity) -> Result<Duration> {
    let place = "sweep.time_limit";
    let seconds = Units::preset(Preset::Si).duration(place, limit)?;
    positive(place, seconds, false)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| Error::input(place, format!("{limit} is too long")))
}
