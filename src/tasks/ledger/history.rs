//! Earlier attempts: of each task that was tried before, how often, and how many ranks died with it.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::base::error::Cause;
use crate::tasks::journal::Attempt;
use crate::tasks::wire::chunk::Chunk;

/// Deaths after which a task is given up.
pub(crate) const DEATHS: u32 = 3;

/// The tasks of which an attempt has failed or is worth a line in the journal.
#[derive(Debug, Default)]
pub(crate) struct History {
    tried: BTreeMap<u64, Tried>,
}

/// The attempts at a task.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tried {
    /// Attempts that have ended.
    pub attempts: u32,
    /// Those that ended with the death of their rank.
    pub deaths: u32,
    /// Whether the attempt under way stands in the journal.
    is_recorded: bool,
}

impl History {
    /// A chunk of up to `most` tasks from `first` on that are all at the same attempt.
    pub(crate) fn chunk(&self, first: u64, most: u64) -> Chunk {
        if let Some(tried) = self.tried.get(&first) {
            return Chunk { first, epoch: 0, count: 1, attempt: tried.attempts + 1 };
        }
        let next = self.tried.range(first..first + most).next().map_or(first + most, |(&task, _)| task);
        Chunk { first, epoch: 0, count: (next - first) as u32, attempt: 1 }
    }

    /// Whether every task is at its first attempt.
    pub(crate) fn is_empty(&self) -> bool {
        self.tried.is_empty()
    }

    /// How many ranks died with a task.
    pub(crate) fn deaths(&self, task: u64) -> u32 {
        self.tried.get(&task).map_or(0, |tried| tried.deaths)
    }

    /// Whether a rank died with a task.
    pub(crate) fn has_killed(&self, task: u64) -> bool {
        self.deaths(task) > 0
    }

    /// How many attempts at a task have ended.
    pub(crate) fn attempts(&self, task: u64) -> u32 {
        self.tried.get(&task).map_or(0, |tried| tried.attempts)
    }

    /// Those of some tasks with which ranks died.
    pub(crate) fn killers(&self, tasks: &Range<u64>) -> impl Iterator<Item = u64> {
        self.tried.range(tasks.clone()).filter(|(_, tried)| tried.deaths > 0).map(|(&task, _)| task)
    }

    /// An attempt has failed; all attempts so far.
    pub(crate) fn failed(&mut self, task: u64, attempt: u32, cause: Cause) -> Tried {
        let tried = self.begun(task, attempt);
        tried.deaths += u32::from(cause == Cause::Died);
        tried.is_recorded = false;
        *tried
    }

    /// An attempt may have begun; whatever came of it, the next one has the next number.
    pub(crate) fn begun(&mut self, task: u64, attempt: u32) -> &mut Tried {
        let tried = self.tried.entry(task).or_default();
        tried.attempts = tried.attempts.max(attempt);
        tried
    }

    /// Whether the attempt under way has no line in the journal yet; from now on it has.
    pub(crate) fn record(&mut self, task: u64) -> bool {
        let tried = self.tried.entry(task).or_default();
        !std::mem::replace(&mut tried.is_recorded, true)
    }

    /// The last attempt at a task that an earlier job began, or was about to begin.
    pub(crate) fn remember(&mut self, task: u64, last: &Attempt) {
        let ended = last.number - u32::from(last.former.is_some() && last.number > 0);
        let died = last.former.as_ref().is_some_and(|former| former.cause == Cause::Died);
        // Why earlier ones failed is not known: as if in the same way, but never enough to be given up untried.
        let deaths = if died { ended.min(DEATHS - 1) } else { 0 };
        self.tried.insert(task, Tried { attempts: ended, deaths, is_recorded: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_ends_before_a_task_that_was_tried_before() {
        let mut history = History::default();
        assert_eq!(history.chunk(5, 10), Chunk { first: 5, epoch: 0, count: 10, attempt: 1 });
        history.remember(9, &Attempt { number: 2, rank: 0, former: None });
        assert_eq!(history.chunk(5, 10), Chunk { first: 5, epoch: 0, count: 4, attempt: 1 });
        assert_eq!(history.chunk(9, 10), Chunk { first: 9, epoch: 0, count: 1, attempt: 3 });
        assert_eq!(history.chunk(10, 3), Chunk { first: 10, epoch: 0, count: 3, attempt: 1 });
    }
}
