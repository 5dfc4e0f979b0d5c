//! When attempts fail: what is tried again, where and how often; ranks that die; tasks that take too long.
//!
//! - An error or a panic: the task is tried again, at the end of the queue, as often as the rules say.
//! - A rank that dies: what it had told of is kept. The task that was under way is tried again, alone, on a rank other than 0, and is given
//!   up when it has taken [`DEATHS`] ranks with it. Tasks that it had finished and not told of are tried again like any other; those that
//!   it had not begun wait again. Of a rank of another node nobody knows where in its chunk it was: all that is left of it is tried alone,
//!   and blamed only if it is one task.
//! - A time limit: the task is asked to end; if it doesn't within [`GRACE`], its rank is ended.
//! - A death that ends the job: the journal learns whose it was, so that the count goes on in the next job.
//! - Cancelling: a task that waits is gone at once, one under way is asked to end.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::begun::Begun;
use super::board::{Chunk, Holder};
use super::coordinator::{Coordinator, Finished, ORDERS};
use super::flight::Flight;
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
    /// By rank: what it is at, if that can be seen.
    pub begun: Vec<Option<Begun>>,
    /// By rank: since when it has been at what it is.
    clocks: HashMap<usize, Clock>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    /// Attempts begun.
    attempts: u32,
    deaths: u32,
    /// Whether the attempt under way stands in the journal.
    noted: bool,
}

/// A task under way: where it stands in which posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UnderWay {
    posting: u64,
    place: u64,
    task: u64,
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
    fn elapsed(&mut self, rank: usize, at: UnderWay, now: Instant) -> Duration {
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

    fn has_killed(&self, task: u64) -> bool {
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
    fn wait_again(&mut self, task: u64, alone: bool) {
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
        if self.doomed {
            // The launcher ends the others now: no task is to blame.
            return;
        }
        self.counts.deaths += 1;
        if let Some(journal) = &mut self.journal {
            let recorded = journal.death(rank as u32);
            self.note(recorded);
        }
        let leader = self.ranks[rank].leader;
        if !crate::comm::survives_deaths() {
            self.lose_all_of(leader);
            let reason = "this launcher ends the whole job when a rank dies";
            let advice = "results so far are in the journal, if the sweep has one: run it again with --resume; \
                          mpirun --enable-recovery lets the other ranks go on";
            self.doom(format!("rank {rank} died: {reason}; {advice}"));
        } else if leader == 0 {
            self.lose_all_of(0);
            self.doom(format!("rank {rank} died, which runs tasks together with rank 0: run it again with --resume"));
        } else {
            self.end_group(leader);
            self.lose_all_of(rank);
        }
    }

    /// All that a rank has is lost.
    fn lose_all_of(&mut self, rank: usize) {
        let at = self.under_way(rank);
        let lost: Vec<u64> = self.flights.keys().copied().filter(|&it| self.holder(it) == Some(rank)).collect();
        for posting in lost {
            self.board.clear(posting);
            self.lose(posting, rank, at);
        }
    }

    /// What a rank was at when it was last seen, if it was at anything. Of a rank of another node: the first task that it hasn't told of.
    fn under_way(&self, rank: usize) -> Option<UnderWay> {
        if let Some(Some(begun)) = self.troubles.begun.get(rank) {
            let (posting, tasks) = begun.read();
            let flight = self.flights.get(&posting)?;
            let place = tasks.checked_sub(1).filter(|&place| place >= u64::from(flight.told))?;
            return Some(UnderWay { posting, place, task: flight.chunk.first + place * flight.stride });
        }
        // It takes its chunks in the order in which it got them, and tells of them in pieces. In one round it gets orders first.
        let order = |(posting, flight): &(u64, &Flight)| {
            (flight.told == 0, flight.since.is_none(), flight.since, *posting < ORDERS, *posting)
        };
        let held = self.flights.iter().map(|(&posting, flight)| (posting, flight));
        let (posting, flight) = held.filter(|(_, flight)| flight.holder == Some(rank)).min_by_key(order)?;
        let place = u64::from(flight.told);
        Some(UnderWay { posting, place, task: flight.chunk.first + place * flight.stride })
    }

    /// The job must end at once.
    fn doom(&mut self, reason: String) {
        (self.doomed, self.paused) = (true, true);
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

    /// A chunk was lost with its rank, which was `at` something of it or of another one.
    fn lose(&mut self, posting: u64, rank: usize, at: Option<UnderWay>) {
        let Some(flight) = self.land(posting) else { return };
        self.counts.running = self.counts.running.saturating_sub(u64::from(flight.chunk.count - flight.told));
        let left: Vec<u64> = flight.left().collect();
        let begun =
            at.filter(|at| at.posting == posting).map_or(0, |at| (at.place + 1) as usize - flight.told as usize);
        let (begun, unbegun) = left.split_at(begun.min(left.len()));
        let is_near = self.troubles.begun.get(rank).is_some_and(Option::is_some);
        match begun.split_last() {
            Some((&task, told_late)) if is_near || left.len() == 1 => {
                self.lose_task(task, rank, &flight);
                told_late.iter().for_each(|&task| self.untold(task, rank, &flight, false));
            }
            Some(_) => return left.iter().for_each(|&task| self.untold(task, rank, &flight, true)),
            None => {}
        }
        unbegun.iter().rev().for_each(|&task| self.put_back(task, rank, &flight));
    }

    /// A task was under way when its rank was lost.
    fn lose_task(&mut self, task: u64, rank: usize, flight: &Flight) {
        let (cause, message) = match flight.asked {
            Some(_) => (Cause::TimedOut, "it ran beyond its time limit and did not end when asked to".to_owned()),
            None => (Cause::Died, format!("rank {rank} died while it ran it")),
        };
        self.try_again(TaskError { task, rank, attempt: flight.chunk.attempt, cause, message });
    }

    /// A task may have begun, and even ended, on a rank that died: it waits again, without blame.
    fn untold(&mut self, task: u64, rank: usize, flight: &Flight, alone: bool) {
        if self.is_stuck(task) {
            return self.lose_task(task, rank, flight);
        }
        let trouble = self.troubles.tasks.entry(task).or_default();
        trouble.attempts = trouble.attempts.max(flight.chunk.attempt);
        self.counts.retries += 1;
        self.wait_again(task, alone);
    }

    /// A task that nobody has begun waits again, before the others.
    fn put_back(&mut self, task: u64, rank: usize, flight: &Flight) {
        if self.is_stuck(task) {
            self.lose_task(task, rank, flight);
        } else if self.troubles.has_killed(task) {
            self.troubles.alone.push_front(task);
        } else {
            let priority = self.entries.get(task).map_or(0, |entry| entry.priority);
            self.queue.push_front(task..task + 1, priority);
        }
    }

    /// Whether a task may run only on a rank that has died.
    fn is_stuck(&mut self, task: u64) -> bool {
        self.entries.get(task).is_some_and(|entry| entry.rank.is_some_and(|rank| !self.ranks[rank].alive))
    }

    /// Gives tasks that are to be tried alone to ranks other than 0. If rank 0 is the only one left, it tries them when all else is
    /// done and recorded, one by one.
    pub(super) fn retry_elsewhere(&mut self) {
        if self.troubles.alone.is_empty() {
            return;
        }
        let others: Vec<usize> = self.takers().filter(|&rank| rank != 0).collect();
        if others.is_empty() {
            return self.retry_last();
        }
        let alone = std::mem::take(&mut self.troubles.alone);
        for (place, task) in alone.into_iter().enumerate() {
            let wanted = self.entries.get(task).and_then(|entry| entry.rank);
            self.give(wanted.unwrap_or(others[place % others.len()]), task..task + 1, 1);
        }
    }

    fn retry_last(&mut self) {
        if self.queue.len() > 0 || !self.flights.is_empty() {
            return;
        }
        let flushed = self.journal.as_mut().map_or(Ok(()), |journal| journal.flush());
        self.note(flushed);
        if let Some(task) = self.troubles.alone.pop_front() {
            self.give(0, task..task + 1, 1);
        }
    }

    /// Looks at how long tasks have been under way: time limits, and attempts worth a line in the journal.
    pub(super) fn look_at_clock(&mut self) {
        self.lose_late();
        let (limit, now) = (self.rules.time_limit, Instant::now());
        for flight in self.flights.values_mut().filter(|flight| flight.holder.is_some()) {
            flight.since.get_or_insert(now);
        }
        if limit.is_none() && self.journal.is_none() {
            return;
        }
        for rank in self.takers().collect::<Vec<_>>() {
            let Some(at) = self.under_way(rank) else { continue };
            let elapsed = self.troubles.elapsed(rank, at, now);
            let Some(flight) = self.flights.get_mut(&at.posting) else { continue };
            match flight.asked {
                None if limit.is_some_and(|limit| elapsed > limit) => {
                    flight.asked = Some(now);
                    self.ask_to_end(at.posting, at.task, true);
                }
                Some(asked) if now - asked > GRACE => self.end_rank(rank, at),
                _ if elapsed > LONG => {
                    let attempt = flight.chunk.attempt;
                    self.note_long(at.task, attempt, rank);
                }
                _ => {}
            }
        }
    }

    /// What was given to a rank just after its death is lost too.
    fn lose_late(&mut self) {
        if self.counts.deaths == 0 {
            return;
        }
        let dead = |rank: usize| !self.ranks[rank].alive && self.ranks[rank].leader == rank;
        let late: Vec<usize> =
            self.flights.values().filter_map(|flight| flight.holder).filter(|&it| dead(it)).collect();
        late.into_iter().for_each(|rank| self.lose_all_of(rank));
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
    fn end_rank(&mut self, rank: usize, at: UnderWay) {
        if rank != 0 && crate::comm::survives_deaths() {
            return self.end_group(self.ranks[rank].leader);
        }
        if !self.doomed {
            self.lose(at.posting, rank, Some(at));
            self.doom(format!(
                "task {} on rank {rank} runs beyond its time limit and does not end when asked to: tasks should look at \
                 is_cancelled(); the job ends here",
                at.task
            ));
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
        troubles.remember(9, &Attempt { number: 2, rank: 0, former: None });
        assert_eq!(troubles.cut(5, 10), Chunk { first: 5, epoch: 0, count: 4, attempt: 1 });
        assert_eq!(troubles.cut(9, 10), Chunk { first: 9, epoch: 0, count: 1, attempt: 3 });
        assert_eq!(troubles.cut(10, 3), Chunk { first: 10, epoch: 0, count: 3, attempt: 1 });
    }
}
