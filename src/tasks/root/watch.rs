//! Tasks that take long: time limits, and attempts worth a line in the journal.
//!
//! A task beyond its time limit is asked to end; if it doesn't within [`GRACE`], its rank is ended.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::tasks::ledger::{Event, UnderWay};

/// How long a task that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);
/// A task that runs longer than this has its attempt written into the journal: after the death of all, it counts.
const LONG: Duration = Duration::from_secs(1);

/// Since when ranks have been at their tasks.
#[derive(Default)]
pub(crate) struct Watch {
    limit: Option<Duration>,
    clocks: HashMap<usize, Clock>,
}

#[derive(Clone, Copy)]
struct Clock {
    at: UnderWay,
    since: Instant,
    /// When the task was asked to end.
    asked: Option<Instant>,
}

impl Watch {
    /// Watches that no attempt takes longer than `limit`.
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Watch { limit, clocks: HashMap::new() }
    }

    /// Whether there is a time limit.
    pub(crate) fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    /// What is to be done about the task that a rank is at now.
    pub(crate) fn look(&mut self, rank: usize, at: UnderWay, now: Instant) -> Option<Event> {
        let started = Clock { at, since: now, asked: None };
        let clock = self.clocks.entry(rank).or_insert(started);
        if clock.at != at {
            *clock = started;
        }
        let elapsed = now - clock.since;
        match clock.asked {
            None if self.limit.is_some_and(|limit| elapsed > limit) => {
                clock.asked = Some(now);
                Some(Event::Late { rank, at })
            }
            Some(asked) if now - asked > GRACE => Some(Event::TooLate { rank, at }),
            _ if elapsed > LONG => Some(Event::Noted { rank, at }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_late_then_too_late_and_the_next_one_begins_anew() {
        let mut watch = Watch::new(Some(Duration::from_secs(5)));
        let at = |task| UnderWay { posting: 3, place: task, task };
        let began = Instant::now();
        let mut look = |task, seconds| watch.look(1, at(task), began + Duration::from_secs(seconds));
        assert!(look(7, 0).is_none());
        assert!(matches!(look(7, 2), Some(Event::Noted { rank: 1, at }) if at.task == 7));
        assert!(matches!(look(7, 6), Some(Event::Late { rank: 1, .. })));
        assert!(matches!(look(7, 7), Some(Event::Noted { .. })));
        assert!(matches!(look(7, 9), Some(Event::TooLate { rank: 1, .. })));
        assert!(look(8, 9).is_none());
        assert!(matches!(look(8, 15), Some(Event::Late { .. })));
    }
}
