//! How tasks are to be run.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::root::recorder::IsResult;
use super::root::service::Observer;
use crate::comm::Comm;

/// How long nothing may be heard of a rank, unless another limit is set.
const SILENCE: Duration = Duration::from_secs(60);

/// How tasks of a list find their ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Schedule {
    /// Whoever is free takes the next tasks. A few at a time where they are short.
    #[default]
    Dynamic,
    /// Each rank gets a block of consecutive tasks. All blocks are as long as can be.
    Static,
    /// Task i goes to rank i modulo the number of ranks.
    Cyclic,
}

/// Gets how many values ranks were sent so far, and the tasks of a chunk: of each its number, its argument and its inputs.
pub(crate) type Ahead<'a> = dyn Fn(u64, &mut dyn Iterator<Item = (u64, &[u8], &[u8])>) + 'a;

/// What [`Executor`](super::Executor)'s methods set.
pub(crate) struct Options<'a> {
    pub comm: &'a Comm,
    pub schedule: Schedule,
    /// Attempts after a first one that failed.
    pub retries: u32,
    /// How long an attempt may take.
    pub time_limit: Option<Duration>,
    /// Tasks that may fail for good before no more are begun; 0: any number.
    pub stop_after: u64,
    /// Tasks of a chunk, if not as many as take some time.
    pub chunk: Option<u32>,
    pub seed: u64,
    pub ranks_per_task: usize,
    pub root_computes: bool,
    /// The journal's file, and what is known of the plan there.
    pub journal: Option<(PathBuf, String)>,
    pub retry_failed: bool,
    /// How long nothing may be heard of a rank.
    pub silence: Option<Duration>,
    /// Where it is written which rank ran which task when.
    pub trace: Option<PathBuf>,
    /// Submitted tasks are known in the journal by their keys, not by their order: says whether bytes are a result, or tell of a failure.
    pub by_key: Option<IsResult>,
    /// Called with the tasks of a chunk before the first of them runs.
    pub ahead: Option<Box<Ahead<'a>>>,
    pub observer: RefCell<Option<Observer>>,
    pub stop: Box<dyn Fn() -> bool + 'a>,
}

impl<'a> Options<'a> {
    /// All defaults.
    pub(crate) fn new(comm: &'a Comm) -> Self {
        Options {
            comm,
            schedule: Schedule::Dynamic,
            retries: 3,
            time_limit: None,
            stop_after: 0,
            chunk: None,
            seed: 1,
            ranks_per_task: 1,
            root_computes: true,
            journal: None,
            retry_failed: false,
            silence: Some(SILENCE),
            trace: None,
            by_key: None,
            ahead: None,
            observer: RefCell::new(None),
            stop: Box::new(|| false),
        }
    }

    /// The plan as it stands in the journal.
    pub(crate) fn journal_plan(&self, count: Option<u64>) -> String {
        let plan = self.journal.as_ref().map_or("", |(_, plan)| plan.trim_end());
        let tasks = count.map_or(String::new(), |count| format!("tasks = {count}\n"));
        format!("{plan}\n{tasks}seed = {}\n", self.seed)
    }
}
