//! When attempts fail: what is tried again, where and how often; ranks that die; tasks that take too long.
//!
//! - An error or a panic: the task is tried again, at the end of the queue, as often as the rules say.
//! - A rank that dies: what it had finished is kept. The task that was under way is tried again, alone, on a rank other than 0, and is given
//!   up when it has taken [`DEATHS`] ranks with it. Tasks of its chunk that had not begun are tried alone too, without a mark.
//! - A time limit: the task is asked to end; if it doesn't within [`GRACE`], its rank is ended.
//! - Cancelling: a task that waits is gone at once, one under way is asked to end.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::board::{Chunk, Holder};
use super::coordinator::Coordinator;
use super::frame::{Frame, Kind};
use super::journal::{Attempt, Failed, Reason};
use crate::error::{Cause, TaskError};
use crate::{Error, Result};

/// Ranks that a task may take with it.
const DEATHS: u32 = 3;
/// How long a task that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);
/// A task that runs longer than this has its attempt written into the journal: after the death of all, it counts.
const LONG: Duration = Duration::from_secs(1);
/// Exit status of a rank that is ended.
const ENDED: u64 = 1;

/// Tasks of which an attempt has failed.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    tasks: BTreeMap<u64, Trouble>,
    /// Tasks to be tried alone, on another rank than 0.
    alone: VecDeque<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    /// Attempts begun.
    attempts: u32,
    deaths: u32,
    /// Whether the attempt under way stands in the journal.
    noted: bool,
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

    /// A task of which an earlier job began so many attempts.
    pub(super) fn remember(&mut self, task: u64, attempts: u32) {
        self.tasks.insert(task, Trouble { attempts, ..Trouble::default() });
    }

    fn take_alone(&mut self) -> Vec<u64> {
        self.alone.drain(..).collect()
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
        let stuck = self.entries.get(task).is_some_and(|entry| entry.rank.is_some_and(|rank| !self.ranks[rank].alive));
        if over || stuck {
            self.give_up(error);
            return;
        }
        self.counts.retries += 1;
        let noted = self.journal_attempt(&error);
        self.note(noted);
        if died {
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
            self.finished.push_back(super::coordinator::Finished::Failure(error));
        } else {
            self.settle(error.task, Err(error));
        }
        if !cancelled && self.rules.stop_after > 0 && self.counts.failed >= self.rules.stop_after {
            self.paused = true;
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

    fn ask_to_end(&mut self, posting: u64, task: u64, timed_out: bool) {
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
    fn holder(&self, posting: u64) -> Option<usize> {
        let flight = self.flights.get(&posting)?;
        flight.holder.or_else(|| match self.board.holder(posting) {
            Holder::Rank(rank) | Holder::Claiming(rank) => Some(rank),
            Holder::Nobody => None,
        })
    }

    /// A rank has died.
    pub(super) fn bury(&mut self, rank: usize) {
        self.ranks[rank].alive = false;
        self.counts.deaths += 1;
        if let Some(journal) = &mut self.journal {
            let recorded = journal.death(rank as u32);
            self.note(recorded);
        }
        if !crate::comm::survives_deaths() {
            let reason = "this launcher ends the whole job when a rank dies";
            let advice = "results so far are in the journal, if the sweep has one: run it again with --resume; \
                          mpirun --enable-recovery lets the other ranks go on";
            self.doom(format!("rank {rank} died: {reason}; {advice}"));
            return;
        }
        let leader = self.ranks[rank].leader;
        self.end_group(leader);
        if leader == 0 {
            let reason = format!("rank {rank} died, which runs tasks together with rank 0: run it again with --resume");
            self.doom(reason);
        }
        let lost: Vec<u64> = self.flights.keys().copied().filter(|&it| self.holder(it) == Some(rank)).collect();
        for posting in lost {
            self.board.clear(posting);
            self.lose(posting, rank);
        }
    }

    /// The job must end at once.
    fn doom(&mut self, reason: String) {
        self.doomed = true;
        self.fatal = Some(Error::Launch(reason));
    }

    /// Ends the other ranks of a group of which one has died.
    fn end_group(&mut self, leader: usize) {
        for rank in 1..self.ranks.len() {
            if self.ranks[rank].leader == leader && self.ranks[rank].alive {
                self.hub.send(rank, &Frame::new(Kind::Exit, [ENDED, 0]));
            }
        }
    }

    /// A chunk was lost with its rank.
    fn lose(&mut self, posting: u64, rank: usize) {
        let Some(flight) = self.land(posting) else { return };
        let mut left = flight.left();
        self.counts.running = self.counts.running.saturating_sub(u64::from(flight.chunk.count - flight.told));
        if let Some(task) = left.next() {
            let timed_out = flight.asked.is_some();
            let (cause, message) = match timed_out {
                true => (Cause::TimedOut, "it ran beyond its time limit and did not end when asked to".to_owned()),
                false => (Cause::Died, format!("rank {rank} died while it ran it")),
            };
            self.try_again(TaskError { task, rank, attempt: flight.chunk.attempt, cause, message });
        }
        self.troubles.alone.extend(left);
    }

    /// Gives tasks that are to be tried alone to ranks other than 0, one by one; to rank 0 if it is the last.
    pub(super) fn retry_elsewhere(&mut self) {
        if self.troubles.alone.is_empty() {
            return;
        }
        let others: Vec<usize> = self.takers().filter(|&rank| rank != 0).collect();
        for (place, task) in self.troubles.take_alone().into_iter().enumerate() {
            let wanted = self.entries.get(task).and_then(|entry| entry.rank);
            let spread = others.get(place % others.len().max(1)).copied().unwrap_or(0);
            self.give(wanted.unwrap_or(spread), task..task + 1, 1);
        }
    }

    /// Looks at how long tasks have been under way: time limits, and attempts worth a line in the journal.
    pub(super) fn look_at_clock(&mut self) {
        let (limit, now) = (self.rules.time_limit, Instant::now());
        if limit.is_none() && self.journal.is_none() {
            return;
        }
        let held: Vec<(u64, usize)> =
            self.flights.keys().filter_map(|&posting| Some((posting, self.holder(posting)?))).collect();
        for (posting, rank) in held {
            let Some(flight) = self.flights.get_mut(&posting) else { continue };
            let (since, asked, attempt) = (*flight.since.get_or_insert(now), flight.asked, flight.chunk.attempt);
            let Some(task) = flight.left().next() else { continue };
            match asked {
                None if limit.is_some_and(|limit| now - since > limit) => {
                    flight.asked = Some(now);
                    self.ask_to_end(posting, task, true);
                }
                Some(asked) if now - asked > GRACE => self.end_rank(rank, task),
                _ if now - since > LONG => self.note_long(task, attempt, rank),
                _ => {}
            }
        }
    }

    /// A long attempt is written into the journal once.
    fn note_long(&mut self, task: u64, attempt: u32, rank: usize) {
        let Some(journal) = &mut self.journal else { return };
        if self.troubles.tasks.get(&task).is_some_and(|trouble| trouble.noted) {
            return;
        }
        let trouble = self.troubles.tasks.entry(task).or_default();
        trouble.noted = true;
        let recorded = journal.attempt(task, &Attempt { number: attempt, rank: rank as u32, former: None });
        self.note(recorded);
    }

    /// Ends a rank whose task does not end.
    fn end_rank(&mut self, rank: usize, task: u64) {
        if rank == 0 || !crate::comm::survives_deaths() {
            let reason = format!(
                "task {task} on rank {rank} runs beyond its time limit and does not end when asked to: tasks should look at \
                 is_cancelled(); the job ends here"
            );
            self.doom(reason);
        } else {
            self.end_group(self.ranks[rank].leader);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_ends_before_a_task_that_was_tried_before() {
        let mut troubles = Troubles::default();
        assert_eq!(troubles.cut(5, 10), Chunk { first: 5, epoch: 0, count: 10, attempt: 1 });
        troubles.remember(9, 2);
        assert_eq!(troubles.cut(5, 10), Chunk { first: 5, epoch: 0, count: 4, attempt: 1 });
        assert_eq!(troubles.cut(9, 10), Chunk { first: 9, epoch: 0, count: 1, attempt: 3 });
        assert_eq!(troubles.cut(10, 3), Chunk { first: 10, epoch: 0, count: 3, attempt: 1 });
    }
}
