//! What rank 0's two threads share, one at a time: the ledger, and around it all that feeds it and acts for it.
//!
//! In a round it takes in what ranks have sent, and posts more chunks where there is room. `dispatch` hands them out, `watch` looks at
//! time limits, `recorder` writes the journal, `exchange` is about values that stay on ranks.

use std::time::Instant;

use serde::Serialize;

use super::effects::Effects;
use super::exchange::Exchange;
use super::reader::Reader;
use super::trace::Trace;
use super::watch::Watch;
use crate::base::error::{Result, TaskError};
use crate::tasks::ledger::submissions::Submission;
use crate::tasks::ledger::{Counts, Event, Ledger};
use crate::tasks::wire::argument::Argument;
use crate::tasks::wire::frame::{Frame, Kind};
use crate::tasks::wire::hub::Incoming;
use crate::tasks::wire::report::{Content, Report};
use crate::tasks::wire::ring::Ring;

/// The ledger and what is around it.
pub(crate) struct Coordinator {
    pub ledger: Ledger,
    pub effects: Effects,
    pub exchange: Exchange,
    watch: Watch,
    readers: Vec<Reader>,
    /// When ranks were at which tasks, if that is to be kept.
    pub trace: Option<Trace>,
    /// Whether the tasks are over, so that ranks may go.
    pub is_over: bool,
}

impl Coordinator {
    /// Before the first task. `rings` are those of the ranks of this node.
    pub(crate) fn new(ledger: Ledger, effects: Effects, watch: Watch, rings: Vec<(usize, Ring)>) -> Self {
        let readers = rings.into_iter().map(|(rank, ring)| Reader::new(rank, ring)).collect();
        Coordinator { ledger, effects, exchange: Exchange::default(), watch, readers, trace: None, is_over: false }
    }

    /// Takes in what has happened, and does what follows from it.
    pub(crate) fn apply(&mut self, event: Event) {
        self.ledger.apply(event, &mut self.effects);
    }

    /// What was counted.
    pub(crate) fn counts(&self) -> Counts {
        self.ledger.counts()
    }

    /// Takes in what ranks of this node have sent.
    pub(crate) fn drain(&mut self) {
        for place in 0..self.readers.len() {
            while let Some(report) = self.readers[place].next() {
                self.take_in(self.readers[place].rank, report);
            }
        }
    }

    /// Takes in what a rank has sent by socket.
    pub(crate) fn receive(&mut self, rank: usize) {
        for incoming in self.effects.dispatch.hub.receive(rank) {
            match incoming {
                Incoming::Frame(frame) => self.handle(rank, frame),
                Incoming::Gone => self.lose(rank),
            }
        }
    }

    /// A rank is taken for lost, though its socket is open.
    pub(crate) fn cut(&mut self, rank: usize) {
        if self.effects.dispatch.hub.cut(rank) {
            self.lose(rank);
        }
    }

    fn lose(&mut self, rank: usize) {
        // What it had finished is in its ring.
        self.drain();
        self.effects.dispatch.forget(rank);
        self.apply(if self.is_over { Event::RankLeft(rank) } else { Event::RankLost(rank) });
    }

    fn handle(&mut self, rank: usize, frame: Frame) {
        let [first, second] = frame.numbers;
        match frame.kind {
            Kind::Want => self.effects.dispatch.ask(rank, first == 0),
            Kind::Report => {
                if let Some(report) = Report::read(&frame.bytes) {
                    self.take_in(rank, report);
                }
            }
            Kind::Fetch => {
                let arguments = self.effects.dispatch.remote(first);
                self.effects.dispatch.hub.send(rank, &Frame::with(Kind::Arguments, frame.numbers, arguments));
            }
            Kind::Pulled => self.exchange.answered(first, rank, (second == 1).then_some(frame.bytes)),
            Kind::Bye => self.apply(Event::RankLeft(rank)),
            Kind::Full => self.drain(),
            _ => {}
        }
    }

    /// Takes in a rank's report of tasks.
    pub(crate) fn take_in(&mut self, rank: usize, report: Report) {
        let head = report.head;
        if let Some(trace) = self.trace.as_mut().filter(|_| report.content() != Content::Returned) {
            trace.note(rank, &head);
        }
        match report.content() {
            Content::Results(..) => {
                self.effects.dispatch.pace.measure(head.seconds, head.count);
                self.apply(Event::Results { rank, report });
            }
            Content::Returned => self.apply(Event::Returned { posting: head.posting }),
            Content::Failure(cause, message) => {
                let error = TaskError { task: head.first, rank, attempt: head.attempt, cause, message };
                self.apply(Event::Failed { posting: head.posting, error });
            }
        }
    }

    /// Posts chunks while there are tasks and room, and answers ranks of other nodes.
    pub(crate) fn hand_out(&mut self) {
        self.apply(Event::Room);
        while !self.ledger.is_paused()
            && let Some((rank, posting)) = self.effects.dispatch.answer()
        {
            self.apply(Event::Claimed { posting, rank });
        }
    }

    /// Looks at how long tasks have been under way.
    pub(crate) fn check_limits(&mut self, now: Instant) {
        if !self.watch.has_limit() && !self.effects.recorder.is_on() {
            return;
        }
        for rank in self.ledger.takers().collect::<Vec<_>>() {
            let at = self.ledger.under_way(rank, &self.effects);
            if let Some(event) = at.and_then(|at| self.watch.look(rank, at, now)) {
                self.apply(event);
            }
        }
    }

    /// Encodes an argument: into the board's memory if it is long.
    ///
    /// # Errors
    /// If it can't be encoded.
    pub(crate) fn encode<A: Serialize>(&self, argument: &A) -> Result<Argument> {
        let dispatch = &self.effects.dispatch;
        Argument::encode(argument, &dispatch.board, &dispatch.held)
    }

    /// Submits a task, which is run if it `is_wanted` or as soon as somebody asks for it; returns its number.
    ///
    /// # Errors
    /// If the journal holds a result of that number for another argument.
    pub(crate) fn submit(&mut self, mut submission: Submission, is_wanted: bool) -> Result<u64> {
        let task = self.ledger.submissions().next();
        let Effects { dispatch, recorder, .. } = &mut self.effects;
        submission.hash = recorder.hash(submission.argument.bytes(&dispatch.board));
        submission.outcome = recorder.recovered(task, submission.hash)?.map(Ok);
        self.apply(Event::Submitted(submission));
        if is_wanted {
            self.apply(Event::Wanted(task));
        }
        Ok(task)
    }

    /// Whether something came of a submitted task.
    pub(crate) fn has_ended(&self, task: u64) -> bool {
        self.ledger.submissions().get(task).is_some_and(|submission| submission.outcome.is_some())
    }

    /// Whether a submitted task has no result and never will.
    pub(crate) fn has_failed(&self, task: u64) -> bool {
        self.ledger.submissions().get(task).is_some_and(|submission| matches!(submission.outcome, Some(Err(_))))
    }
}
