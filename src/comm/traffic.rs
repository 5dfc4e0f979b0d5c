//! Counts of messages, bytes and time, per phase of the work.
//!
//! A phase is a name that the caller sets ("force", "output"); all communication and all time belong to the current one.
//! A point-to-point message counts once where it is sent and a collective once on every rank, with the bytes that
//! the rank contributes; waiting is the time spent inside blocking calls. Data through shared memory is no message.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// What one phase has cost this rank.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Messages sent, collectives entered.
    pub messages: u64,
    /// Of these messages the collectives.
    pub collectives: u64,
    /// Bytes that this rank sent or contributed.
    pub bytes: u64,
    /// Time inside blocking calls.
    pub waited: Duration,
    /// Time in this phase, waiting included.
    pub elapsed: Duration,
}

/// The name of the phase that is current until another is set.
pub const FIRST_PHASE: &str = "other";

#[derive(Debug)]
struct Phases {
    counts: Vec<(&'static str, Counts)>,
    current: usize,
    since: Instant,
}

/// The counters of one rank, shared by all communicators that were split from one.
#[derive(Debug)]
pub struct Traffic(RefCell<Phases>);

impl Default for Traffic {
    fn default() -> Self {
        let counts = vec![(FIRST_PHASE, Counts::default())];
        Traffic(RefCell::new(Phases { counts, current: 0, since: Instant::now() }))
    }
}

impl Traffic {
    /// Makes `name` the current phase and returns the one before.
    pub fn enter(&self, name: &'static str) -> &'static str {
        let mut phases = self.0.borrow_mut();
        phases.settle();
        let before = phases.counts[phases.current].0;
        phases.current = phases.counts.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            phases.counts.push((name, Counts::default()));
            phases.counts.len() - 1
        });
        before
    }

    /// All phases so far with their counts, in order of first use.
    pub fn phases(&self) -> Vec<(&'static str, Counts)> {
        let mut phases = self.0.borrow_mut();
        phases.settle();
        phases.counts.clone()
    }

    /// Counts `messages` with `bytes` in all.
    pub(super) fn sent(&self, messages: u64, bytes: usize) {
        let mut phases = self.0.borrow_mut();
        let counts = phases.counts_now();
        counts.messages += messages;
        counts.bytes += bytes as u64;
    }

    /// Counts a collective to which this rank gives `bytes`.
    pub(super) fn entered(&self, bytes: usize) {
        self.sent(1, bytes);
        self.0.borrow_mut().counts_now().collectives += 1;
    }

    /// Runs a blocking call and counts its time as waiting.
    pub(super) fn waiting<R>(&self, call: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = call();
        self.0.borrow_mut().counts_now().waited += start.elapsed();
        result
    }
}

impl Phases {
    fn counts_now(&mut self) -> &mut Counts {
        &mut self.counts[self.current].1
    }

    fn settle(&mut self) {
        let now = Instant::now();
        let elapsed = now - self.since;
        self.counts_now().elapsed += elapsed;
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_belong_to_the_current_phase() {
        let traffic = Traffic::default();
        traffic.sent(1, 8);
        assert_eq!(traffic.enter("force"), FIRST_PHASE);
        traffic.sent(2, 100);
        assert_eq!(traffic.enter(FIRST_PHASE), "force");
        traffic.entered(8);
        let phases = traffic.phases();
        let seen: Vec<_> = phases.iter().map(|(name, c)| (*name, c.messages, c.collectives, c.bytes)).collect();
        assert_eq!(seen, [(FIRST_PHASE, 2, 1, 16), ("force", 2, 0, 100)]);
    }
}
