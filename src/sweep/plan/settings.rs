//! `[sweep]`: how tasks are run. Nothing here may change a result.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::base::config::positive;
use crate::base::units::{Preset, Quantity, Units};
use crate::run::walltime;
use crate::tasks::Schedule;
use crate::{Error, Result};

/// `[sweep]` as written.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SweepSection {
    /// Ranks of a task that is a simulation.
    #[default = 1]
    #[schemars(range(min = 1))]
    pub ranks_per_task: usize,
    /// Which rank does which task.
    pub schedule: Schedule,
    /// Further attempts after one that failed or died.
    #[default = 3]
    pub retries: u32,
    /// Longest time of an attempt. Seconds, or a text such as "10 min"; left out: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["10 min"]))]
    pub time_limit: Option<Quantity>,
    /// Tasks that failed for good after which the sweep ends. 0: it goes on.
    pub stop_after: u64,
    /// Folders of tasks that are kept.
    #[default(Keep::None)]
    pub keep: Keep,
}

/// Folders of tasks that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keep {
    /// No folder.
    None,
    /// Folders of tasks that failed for good.
    Failed,
    /// Folders of all tasks.
    All,
}

/// How tasks are done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
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
    if let Quantity::Text(text) = limit
        && text.contains(':')
    {
        return walltime(place, text.trim());
    }
    let seconds = Units::preset(Preset::Si).duration(place, limit)?;
    positive(place, seconds, false)?;
    Duration::try_from_secs_f64(seconds).map_err(|_| Error::input(place, format!("{limit} is too long")))
}
