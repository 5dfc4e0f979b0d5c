//! When attempts fail: what is tried again, where and how often.
//!
//! - An error or a panic: the task is tried again, at the end of the queue, as often as the rules say.
//! - A rank that dies: see `deaths`. A task that takes too long: see `limits`.
//! - Cancelling: a task that waits is gone at once, one under way is asked to end.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::begun::Begun;
use super::board::{Chunk, Holder};
use super::coordinator::{Coordinator, Finished};
use super::frame::{Frame, Kind};
use super::journal::{Attempt, Failed, Reason};
use crate::Result;
use crate::error::{Cause, TaskError};

/// Ranks that a task may take with it.
const DEATHS: u32 = 3;

/// Tasks of which an attempt has failed.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    pub tasks: BTreeMap<u64, Trouble>,
    /// Tasks to be tried alone, on another rank than 0.
    pub alone: VecDeque<u64>,
    /// By rank: what it is at, if that can be seen.
    pub begun: Vec<Option<Begun>>,
    /// By rank: since when it has been at what it is.
    clocks: HashMap<usize, Clock>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trouble {
    /// Attempts begun.
    pub attempts: u32,
    deaths: u32,
    /// Whether the attempt under way stands in the journal.
    pub noted: bool,
}

/// A task under way: where it stands in which posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnderWay {
    pub posting: u64,
    pub place: u64,
    pub task: u64,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    at: UnderWay,
    since: Instant,
}

impl Troubles {
    /// A chunk of up to `most` tasks from `first` on that are all at the same attempt.
    pub(super) fn cut(&self, first: u64, most: u64) -> Chunk {
        if let Some(trouble) = self.tasks.get(&first) {
            return Chunk { first, epoch: 0, count: 1, attempt: trouble.attempts + 1 };
        }
        let next = self.tasks.range(first..first + most).next().map_or(first + most, |(&task, _)| task);
        Chunk { first, epoch: 0, count: (next - first) as u32, attempt: 1 }
    }

    /// Whether no attempt has failed.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Tasks that wait to be tried alone.
    pub(super) fn waiting(&self) -> usize {
        self.alone.len()
    }

    /// The last attempt at a task that an earlier job began, or was about to begin.
    pub(super) fn remember(&mut self, task: u64, last: &Attempt) {
        let before = last.number - u32::from(last.former.is_some() && last.number > 0);
        let died = last.former.as_ref().is_some_and(|former| former.cause == Cause::Died);
        // Why earlier ones failed is not known: as if in the same way, but never enough to be given up untried.
        let deaths = if died { before.min(DEATHS - 1) } else { 0 };
        self.tasks.insert(task, Trouble { attempts: before, deaths, noted: false });
    }

    /// How long a rank has been at a task.
    pub(super) fn elapsed(&mut self, rank: usize, at: UnderWay, now: Instant) -> Duration {
        let clock = self.clocks.entry(rank).or_insert(Clock { at, since: now });
        if clock.at != at {
            *clock = Clock { at, since: now };
        }
        now - clock.since
    }

    /// Tasks that have taken ranks with them in an earlier job, which wait to be tried alone from now on.
    pub(super) fn set_apart(&mut self) -> Vec<u64> {
        let killers: Vec<u64> = self.tasks.keys().copied().filter(|&task| self.has_killed(task)).collect();
        self.alone.extend(&killers);
        killers
    }

    pub(super) fn has_killed(&self, task: u64) -> bool {
        self.tasks.get(&task).is_some_and(|trouble| trouble.deaths > 0)
    }

    /// Takes a task out of those that wait to be tried alone; whether it was among them.
    fn remove(&mut self, task: u64) -> bool {
        let place = self.alone.iter().position(|&waiting| waiting == task);
        place.is_some_and(|place| self.alone.remove(place).is_some())
    }
}

impl Coordinator {
    /// An attempt at a task has failed: it is tried again, or given up.
    pub(super) fn try_again(&mut self, error: TaskError) {
        let task = error.task;
        let trouble = self.troubles.tasks.entry(task).or_default();
        trouble.attempts = trouble.attempts.max(error.attempt);
        trouble.noted = false;
        let died = error.cause == Cause::Died;
        trouble.deaths += u32::from(died);
        let over = match error.cause {
            Cause::Cancelled => true,
            Cause::Died => trouble.deaths >= DEATHS,
            _ => trouble.attempts > self.rules.retries,
        };
        if over || self.is_stuck(task) {
            self.give_up(error);
            return;
        }
        self.counts.retries += 1;
        let noted = self.journal_attempt(&error);
        self.note(noted);
        self.wait_again(task, died);
    }

    /// A task that has been tried waits again, `alone` or behind the others.
    pub(super) fn wait_again(&mut self, task: u64, alone: bool) {
        if alone {
            self.troubles.alone.push_back(task);
        } else if self.entries.get(task).is_some() {
            self.enqueue(task);
        } else {
            self.queue.push(task..task + 1, 0);
        }
    }

    fn journal_attempt(&mut self, error: &TaskError) -> Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let former = Reason { cause: error.cause, message: error.message.clone() };
        let attempt = Attempt { number: error.attempt + 1, rank: error.rank as u32, former: Some(former) };
        journal.attempt(error.task, &attempt)
    }

    /// A task has failed for good.
    pub(super) fn give_up(&mut self, error: TaskError) {
        let cancelled = error.cause == Cause::Cancelled;
        if cancelled {
            self.counts.cancelled += 1;
        } else {
            self.counts.failed += 1;
            let recorded = self.journal_failure(&error);
            self.note(recorded);
        }
        if self.entries.next() == 0 {
            self.finished.push_back(Finished::Failure(error));
        } else {
            self.settle(error.task, Err(error));
        }
        if !cancelled && self.rules.stop_after > 0 && self.counts.failed >= self.rules.stop_after {
            self.pause();
        }
    }

    fn journal_failure(&mut self, error: &TaskError) -> Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let reason = Reason { cause: error.cause, message: error.message.clone() };
        journal.failed(error.task, &Failed { attempts: error.attempt, rank: error.rank as u32, reason })
    }

    /// A task needs the result of another that has none.
    pub(super) fn cancel_for(&mut self, task: u64, input: u64) {
        let open = self.entries.get(task).is_some_and(|entry| entry.outcome.is_none());
        if open {
            let message = format!("it needs the result of task {input}, which has none");
            self.give_up(TaskError { task, rank: 0, attempt: 0, cause: Cause::Cancelled, message });
        }
    }

    /// Cancels a task: at once if it waits, else it is asked to end.
    pub(super) fn cancel(&mut self, task: u64) {
        let over = self.entries.get(task).is_none_or(|entry| entry.outcome.is_some());
        if over {
            return;
        }
        let posting = self.flights.iter().find(|(_, flight)| flight.left().any(|left| left == task)).map(|(&it, _)| it);
        if let Some(posting) = posting
            && !self.revoke(posting)
        {
            self.ask_to_end(posting, task, false);
            return;
        }
        self.queue.remove(task);
        self.troubles.remove(task);
        let message = "it was cancelled before it began".to_owned();
        self.give_up(TaskError { task, rank: 0, attempt: 0, cause: Cause::Cancelled, message });
    }

    pub(super) fn ask_to_end(&mut self, posting: u64, task: u64, timed_out: bool) {
        match self.holder(posting) {
            Some(0) => self.token.set(task, timed_out),
            Some(rank) => self.hub.send(rank, &Frame::new(Kind::Cancel, [task, u64::from(timed_out)])),
            None => {}
        }
    }

    /// Asks all tasks that are under way to end.
    pub(super) fn ask_all_to_end(&mut self) {
        let tasks: Vec<(u64, u64)> =
            self.flights.iter().flat_map(|(&posting, flight)| flight.left().map(move |task| (posting, task))).collect();
        for (posting, task) in tasks {
            self.ask_to_end(posting, task, false);
        }
    }

    /// Who has a posting.
    pub(super) fn holder(&self, posting: u64) -> Option<usize> {
        let flight = self.flights.get(&posting)?;
        flight.holder.or_else(|| match self.board.holder(posting) {
            Holder::Rank(rank) | Holder::Claiming(rank) => Some(rank),
            Holder::Nobody => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_ends_before_a_task_that_was_tried_before() {
        let mut troubles = Troubles::default();
        assert_eq!(troubles.cut(5, 10), Chunk { first: 5, epoch: 0, count: 10, attempt: 1 });
        troubles.remember(9, &Attempt { number: 2, rank: 0, former: None });
        assert_eq!(troubles.cut(5, 10), Chunk { first: 5, epoch: 0, count: 4, attempt: 1 });
        assert_eq!(troubles.cut(9, 10), Chunk { first: 9, epoch: 0, count: 1, attempt: 3 });
        assert_eq!(troubles.cut(10, 3), Chunk { first: 10, epoch: 0, count: 3, attempt: 1 });
    }
}
