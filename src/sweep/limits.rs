//! Tasks that take long: time limits, and attempts worth a line in the journal.
//!
//! A task beyond its time limit is asked to end; if it doesn't within [`GRACE`], its rank is ended.

use std::time::{Duration, Instant};

use super::coordinator::Coordinator;
use super::journal::Attempt;
use super::troubles::UnderWay;

/// How long a task that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);
/// A task that runs longer than this has its attempt written into the journal: after the death of all, it counts.
const LONG: Duration = Duration::from_secs(1);

impl Coordinator {
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

    /// A long attempt is written into the journal once.
    pub(super) fn note_long(&mut self, task: u64, attempt: u32, rank: usize) {
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
    pub(super) fn end_rank(&mut self, rank: usize, at: UnderWay) {
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
