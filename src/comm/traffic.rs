//! Counts of messages, bytes and time, per phase of the work, and of what went to which rank.
//!
//! A phase is a name that the caller sets ("force", "output"); all communication and all time belong to the current one.
//! A point-to-point message counts once where it is sent and a collective once on every rank, with the bytes that
//! the rank contributes; waiting is the time spent inside blocking calls. Data through shared memory is no message, but mail.
//!
//! By rank, messages and mail alone are counted: on which ways a collective's data go is MPI's own affair.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::base::timeline::Span;

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

/// What one rank has sent to another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Sent {
    /// Messages, point to point.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How often data were passed through memory that the two share.
    pub mails: u64,
    /// Their bytes.
    pub mail_bytes: u64,
}

impl Sent {
    /// What was sent since there was `before`.
    pub(crate) fn since(self, before: Sent) -> Sent {
        Sent {
            messages: self.messages - before.messages,
            bytes: self.bytes - before.bytes,
            mails: self.mails - before.mails,
            mail_bytes: self.mail_bytes - before.mail_bytes,
        }
    }
}

/// The name of the phase that is current until another is set.
pub const FIRST_PHASE: &str = "other";
/// Spans that a trace has at most: some ten megabytes of memory for each rank.
pub(crate) const MOST_SPANS: usize = 200_000;

#[derive(Debug)]
struct Phases {
    counts: Vec<(&'static str, Counts)>,
    current: usize,
    /// What went to each rank of the job, up to the highest to which something went.
    sent: Vec<Sent>,
    since: Instant,
    trace: Option<Trace>,
}

/// Each stay in a phase, in their order.
#[derive(Debug)]
struct Trace {
    began: Instant,
    /// The phase, its start and its end.
    stays: Vec<(usize, Instant, Instant)>,
    entered: Instant,
}

/// The counters of one rank, shared by all communicators that were split from one.
#[derive(Debug)]
pub struct Traffic(RefCell<Phases>);

impl Default for Traffic {
    fn default() -> Self {
        let counts = vec![(FIRST_PHASE, Counts::default())];
        Traffic(RefCell::new(Phases { counts, current: 0, sent: Vec::new(), since: Instant::now(), trace: None }))
    }
}

impl Traffic {
    /// Makes `name` the current phase and returns the one before.
    pub fn enter(&self, name: &'static str) -> &'static str {
        let mut phases = self.0.borrow_mut();
        phases.settle();
        phases.note();
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

    /// What this rank has sent so far to each rank of the job; ranks beyond the end of the list got nothing.
    pub fn sent_by_rank(&self) -> Vec<Sent> {
        self.0.borrow().sent.clone()
    }

    /// Notes each stay in a phase from now on.
    pub(crate) fn trace(&self) {
        let began = Instant::now();
        self.0.borrow_mut().trace = Some(Trace { began, stays: Vec::new(), entered: began });
    }

    /// What was noted, if anything was to be; no more is noted.
    pub(crate) fn take_trace(&self) -> Option<Vec<Span>> {
        let mut phases = self.0.borrow_mut();
        phases.note();
        let Trace { began, stays, .. } = phases.trace.take()?;
        let span = |(phase, start, end): (usize, Instant, Instant)| Span {
            name: phases.counts[phase].0.to_owned(),
            start: start - began,
            length: end - start,
        };
        Some(stays.into_iter().map(span).collect())
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

    /// Counts a message of so many bytes to a rank of the job.
    pub(super) fn sent_to(&self, rank: usize, bytes: usize) {
        self.sent(1, bytes);
        let mut phases = self.0.borrow_mut();
        let sent = phases.sent_to(rank);
        sent.messages += 1;
        sent.bytes += bytes as u64;
    }

    /// Counts so many bytes that went to a rank of the job through shared memory.
    pub(super) fn mailed_to(&self, rank: usize, bytes: usize) {
        let mut phases = self.0.borrow_mut();
        let sent = phases.sent_to(rank);
        sent.mails += 1;
        sent.mail_bytes += bytes as u64;
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

    fn sent_to(&mut self, rank: usize) -> &mut Sent {
        if self.sent.len() <= rank {
            self.sent.resize(rank + 1, Sent::default());
        }
        &mut self.sent[rank]
    }

    /// Notes the stay in the current phase, which ends.
    fn note(&mut self) {
        if let Some(trace) = &mut self.trace {
            let now = Instant::now();
            if trace.stays.len() < MOST_SPANS {
                trace.stays.push((self.current, trace.entered, now));
            }
            trace.entered = now;
        }
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
    fn a_trace_has_each_stay_in_a_phase_one_after_the_other() {
        let traffic = Traffic::default();
        traffic.enter("before");
        traffic.trace();
        traffic.enter("force");
        traffic.enter("before");
        let spans = traffic.take_trace().expect("a trace");
        assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["before", "force", "before"]);
        assert!(spans.windows(2).all(|pair| pair[0].start + pair[0].length == pair[1].start));
        traffic.enter("force");
        assert!(traffic.take_trace().is_none());
    }

    #[test]
    fn what_goes_to_a_rank_is_counted_by_it_and_mail_is_no_message() {
        let traffic = Traffic::default();
        traffic.sent_to(2, 100);
        let before = traffic.sent_by_rank();
        traffic.sent_to(2, 10);
        traffic.mailed_to(0, 7);
        traffic.sent(1, 8);
        let since: Vec<Sent> = traffic.sent_by_rank().iter().zip(before).map(|(now, then)| now.since(then)).collect();
        let mail = Sent { mails: 1, mail_bytes: 7, ..Sent::default() };
        assert_eq!(since, [mail, Sent::default(), Sent { messages: 1, bytes: 10, ..Sent::default() }]);
        assert_eq!(traffic.phases()[0].1.messages, 3);
    }

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
