//! Ranks that die: what is lost with them, which task is to blame, and who tries what is left.
//!
//! What a dead rank had told of is kept. The task that was under way is tried again, alone, on a rank other than 0, and is given up when
//! it has taken too many ranks with it. Tasks that it had finished and not told of are tried again like any other; those that it had not begun
//! wait again. Of a rank of another node nobody knows where in its chunk it was: all that is left of it is tried alone, and blamed only if it
//! is one task. A death that ends the job: the journal learns whose it was, so that the count goes on in the next job.

use super::coordinator::{Coordinator, ORDERS};
use super::flight::Flight;
use super::frame::{Frame, Kind};
use super::troubles::UnderWay;
use crate::Error;
use crate::error::{Cause, TaskError};

/// Exit status of a rank that is ended.
const ENDED: u64 = 1;

impl Coordinator {
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
    pub(super) fn lose_all_of(&mut self, rank: usize) {
        let at = self.under_way(rank);
        let lost: Vec<u64> = self.flights.keys().copied().filter(|&it| self.holder(it) == Some(rank)).collect();
        for posting in lost {
            self.board.clear(posting);
            self.lose(posting, rank, at);
        }
    }

    /// What a rank was at when it was last seen, if it was at anything. Of a rank of another node: the first task that it hasn't told of.
    pub(super) fn under_way(&self, rank: usize) -> Option<UnderWay> {
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
    pub(super) fn doom(&mut self, reason: String) {
        (self.doomed, self.paused) = (true, true);
        self.fatal = Some(Error::Launch(reason));
    }

    /// Ends the other ranks of a group of which one has died.
    pub(super) fn end_group(&mut self, leader: usize) {
        for rank in 1..self.ranks.len() {
            if self.ranks[rank].leader == leader && self.ranks[rank].alive {
                self.hub.send(rank, &Frame::new(Kind::Exit, [ENDED, 0]));
            }
        }
    }

    /// A chunk was lost with its rank, which was `at` something of it or of another one.
    pub(super) fn lose(&mut self, posting: u64, rank: usize, at: Option<UnderWay>) {
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
    pub(super) fn lose_task(&mut self, task: u64, rank: usize, flight: &Flight) {
        let (cause, message) = match flight.asked {
            Some(_) => (Cause::TimedOut, "it ran beyond its time limit and did not end when asked to".to_owned()),
            None => (Cause::Died, format!("rank {rank} died while it ran it")),
        };
        self.try_again(TaskError { task, rank, attempt: flight.chunk.attempt, cause, message });
    }

    /// A task may have begun, and even ended, on a rank that died: it waits again, without blame.
    pub(super) fn untold(&mut self, task: u64, rank: usize, flight: &Flight, alone: bool) {
        if self.is_stuck(task) {
            return self.lose_task(task, rank, flight);
        }
        let trouble = self.troubles.tasks.entry(task).or_default();
        trouble.attempts = trouble.attempts.max(flight.chunk.attempt);
        self.counts.retries += 1;
        self.wait_again(task, alone);
    }

    /// A task that nobody has begun waits again, before the others.
    pub(super) fn put_back(&mut self, task: u64, rank: usize, flight: &Flight) {
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
    pub(super) fn is_stuck(&mut self, task: u64) -> bool {
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

    pub(super) fn retry_last(&mut self) {
        if self.queue.len() > 0 || !self.flights.is_empty() {
            return;
        }
        let flushed = self.journal.as_mut().map_or(Ok(()), |journal| journal.flush());
        self.note(flushed);
        if let Some(task) = self.troubles.alone.pop_front() {
            self.give(0, task..task + 1, 1);
        }
    }

    /// What was given to a rank just after its death is lost too.
    pub(super) fn lose_late(&mut self) {
        if self.counts.deaths == 0 {
            return;
        }
        let dead = |rank: usize| !self.ranks[rank].alive && self.ranks[rank].leader == rank;
        let late: Vec<usize> =
            self.flights.values().filter_map(|flight| flight.holder).filter(|&it| dead(it)).collect();
        late.into_iter().for_each(|rank| self.lose_all_of(rank));
    }
}
