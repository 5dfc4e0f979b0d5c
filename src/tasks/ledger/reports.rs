//! What ranks report of tasks, and what comes of it: handed over, tried again, or given up.
//!
//! - An error or a panic: the task is tried again, at the end of the queue, as often as the rules say.
//! - A rank that dies, a task that takes too long: see `losses`.
//! - Cancelling: a task that waits is gone at once, one under way is asked to end and not tried again.

use std::sync::Arc;

use super::history::DEATHS;
use super::{Actions, Entry, Finished, Ledger};
use crate::base::error::{Cause, TaskError};
use crate::tasks::journal::Reason;
use crate::tasks::wire::report::Report;

impl Ledger {
    /// A rank reports `count` tasks of a posting; whether it still counts: not if the posting was lost with the rank.
    fn reported(&mut self, posting: u64, rank: usize, count: u32, to: &mut impl Actions) -> bool {
        let Some(it) = self.postings.get_mut(&posting) else { return false };
        let count = count.min(it.chunk.count - it.reported);
        it.reported += count;
        it.is_late = false;
        self.counts.running -= u64::from(count);
        if it.reported == it.chunk.count {
            self.close(posting, false, to);
        } else {
            self.claimed(posting, rank);
        }
        true
    }

    /// Results of consecutive tasks.
    pub(super) fn results(&mut self, rank: usize, report: Report, to: &mut impl Actions) {
        let head = report.head;
        if !self.reported(head.posting, rank, head.count, to) {
            return;
        }
        to.record(Entry::Results { rank, report: &report, submissions: &self.submissions });
        self.counts.done += u64::from(head.count);
        if self.is_list() {
            to.hand_over(Finished::Results(report));
        } else if head.count == 1 {
            // One result is all of the body.
            self.settle(head.first, Ok(report.body), to);
        } else {
            for (task, result) in report.each() {
                self.settle(task, Ok(Arc::new(result.to_vec())), to);
            }
        }
    }

    /// Whether the tasks are those of a list, which are not submitted one by one.
    fn is_list(&self) -> bool {
        self.submissions.next() == 0
    }

    /// An attempt has failed.
    pub(super) fn failed(&mut self, posting: u64, error: TaskError, to: &mut impl Actions) {
        if self.reported(posting, error.rank, 1, to) {
            self.try_again(error, to);
        }
    }

    /// A task whose attempt has failed is tried again, or given up.
    pub(super) fn try_again(&mut self, error: TaskError, to: &mut impl Actions) {
        let task = error.task;
        let tried = self.history.failed(task, error.attempt, error.cause);
        let is_over = match error.cause {
            Cause::Cancelled => true,
            Cause::Died => tried.deaths >= DEATHS,
            _ => tried.attempts > self.rules.retries,
        };
        if is_over || self.is_stuck(task) {
            return self.give_up(error, to);
        }
        if self.is_cancelled(task) {
            return self.give_up(TaskError { cause: Cause::Cancelled, ..error }, to);
        }
        self.counts.retries += 1;
        let former = Some(Reason { cause: error.cause, message: error.message });
        to.record(Entry::Attempt { task, number: error.attempt + 1, rank: error.rank, former });
        self.wait_again(task, error.cause == Cause::Died, to);
    }

    /// A task that has been tried waits again, `alone` or behind the others.
    pub(super) fn wait_again(&mut self, task: u64, alone: bool, to: &mut impl Actions) {
        if alone {
            self.alone.push_back(task);
        } else {
            self.enqueue(task, to);
        }
    }

    /// Whether a task may run only on a rank that has died.
    pub(super) fn is_stuck(&self, task: u64) -> bool {
        let bound = self.submissions.get(task).and_then(|submission| submission.rank);
        bound.is_some_and(|rank| !self.ranks[rank].alive)
    }

    /// Whether a task was cancelled while it was under way.
    pub(super) fn is_cancelled(&self, task: u64) -> bool {
        self.submissions.get(task).is_some_and(|submission| submission.is_cancelled)
    }

    /// A task has failed for good, or was cancelled.
    pub(super) fn give_up(&mut self, error: TaskError, to: &mut impl Actions) {
        let is_failure = error.cause != Cause::Cancelled;
        if is_failure {
            self.counts.failed += 1;
            to.record(Entry::Failed(&error));
        } else {
            self.counts.cancelled += 1;
        }
        if self.is_list() {
            to.hand_over(Finished::Failure(error));
        } else {
            self.settle(error.task, Err(error), to);
        }
        if is_failure && self.rules.stop_after > 0 && self.counts.failed >= self.rules.stop_after {
            self.pause(to);
        }
    }

    /// Cancels a task: at once if it waits, else it is asked to end.
    pub(super) fn cancel(&mut self, task: u64, to: &mut impl Actions) {
        if !self.submissions.is_open(task) {
            return;
        }
        let posting = self.postings.iter().find(|(_, posting)| posting.has(task)).map(|(&number, _)| number);
        if let Some(posting) = posting
            && !self.revoke(posting, to)
        {
            if let Some(submission) = self.submissions.get_mut(task) {
                submission.is_cancelled = true;
            }
            if let Some(rank) = self.holder(posting, to) {
                to.ask_to_end(rank, task, false);
            }
            return;
        }
        self.queue.remove(task);
        self.alone.retain(|&waiting| waiting != task);
        self.cancel_waiting(task, "it was cancelled before it began".to_owned(), to);
    }

    /// A task that has not begun never will.
    pub(super) fn cancel_waiting(&mut self, task: u64, message: String, to: &mut impl Actions) {
        self.give_up(TaskError { task, rank: 0, attempt: 0, cause: Cause::Cancelled, message }, to);
    }
}
