//! The desk: where any thread of rank 0 submits tasks whose arguments and results are bytes.
//!
//! A pool that others than rank 0's main thread drive is made of this: the main thread runs tasks ([`Executor::serve`]), while another one
//! submits, takes in what has ended and sends values. Tasks are known in the journal by keys that who submits them gives.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard};

use super::executor::Executor;
use super::ledger::submissions::{Settled, Submission};
use super::ledger::{Counts, Event};
use super::options::Ahead;
use super::root::coordinator::Coordinator;
use super::root::effects::Effects;
use super::root::recorder::IsResult;
use super::wire::argument::Argument;
use super::wire::sync::lock;
use super::worker::runner::Work;
use super::worker::values::Values;
use crate::{Error, Result};

/// A task about to be submitted.
pub(crate) struct Order<'a> {
    /// Its argument, in parts.
    pub argument: &'a [&'a [u8]],
    /// What it is known by in the journal.
    pub key: u64,
    /// Whether a result of an earlier job with the same key is this task's.
    pub fits: &'a dyn Fn(&[u8]) -> bool,
    /// Whether one result of an earlier job serves every task of this key, not the next one alone.
    pub again: bool,
    /// The tasks whose results it gets.
    pub inputs: Vec<u64>,
    pub priority: i32,
    /// The only rank that may run it.
    pub rank: Option<usize>,
    /// Whether it runs only when it is asked for.
    pub is_lazy: bool,
}

/// Rank 0's tasks, for all its threads.
#[derive(Clone)]
pub(crate) struct Desk {
    coordinator: Arc<Mutex<Coordinator>>,
    values: Arc<Values>,
    listener: u64,
}

/// The desk while one thread is at it. When it goes, what can be handed out is.
pub(crate) struct AtDesk<'d> {
    coordinator: MutexGuard<'d, Coordinator>,
    values: &'d Values,
    listener: u64,
}

impl Desk {
    /// Steps up to the desk; others wait meanwhile.
    pub(crate) fn open(&self) -> AtDesk<'_> {
        AtDesk { coordinator: lock(&self.coordinator), values: &self.values, listener: self.listener }
    }
}

impl AtDesk<'_> {
    /// Submits a task; its number. It may have [ended](AtDesk::outcome) already, if the journal has its result: nobody is told of that.
    pub(crate) fn submit(&mut self, order: Order) -> u64 {
        let Coordinator { ledger, effects: Effects { dispatch, recorder, .. }, .. } = &mut *self.coordinator;
        let task = ledger.submissions().next();
        let submission = Submission {
            argument: Argument::of_parts(order.argument, &dispatch.board, &dispatch.held),
            hash: order.key,
            outcome: recorder.known(order.key, order.again, order.fits).map(Ok),
            inputs: order.inputs,
            priority: order.priority,
            rank: order.rank,
            users: 1,
            ..Submission::default()
        };
        self.coordinator.apply(Event::Submitted(submission));
        if !order.is_lazy {
            self.want(task);
        }
        task
    }

    /// Has a lazy task run.
    pub(crate) fn want(&mut self, task: u64) {
        self.coordinator.apply(Event::Wanted(task));
    }

    /// Cancels a task: at once if it waits, else it is asked to end.
    pub(crate) fn cancel(&mut self, task: u64) {
        self.coordinator.apply(Event::Cancelled(task));
    }

    /// Nobody will ask for a task's outcome any more.
    pub(crate) fn release(&mut self, task: u64) {
        self.coordinator.apply(Event::Released(task));
    }

    /// The next task that has ended.
    pub(crate) fn next_ended(&mut self) -> Option<u64> {
        self.coordinator.effects.outcomes.next_ended(self.listener)
    }

    /// What came of a task, if it has ended and was not released.
    pub(crate) fn outcome(&self, task: u64) -> Option<&Settled> {
        self.coordinator.ledger.submissions().get(task)?.outcome.as_ref()
    }

    /// The key of a task that was not released.
    pub(crate) fn key(&self, task: u64) -> Option<u64> {
        self.coordinator.ledger.submissions().get(task).map(|submission| submission.hash)
    }

    /// Has ranks keep a value under `name`; tasks submitted later find it.
    pub(crate) fn send_value(&mut self, ranks: &[usize], name: &str, bytes: &[u8]) {
        if ranks.contains(&0) {
            self.values.set(name, bytes);
        }
        let epoch = self.coordinator.effects.dispatch.send_value(ranks, name, bytes);
        self.values.arrive(epoch, &[]);
    }

    /// The ranks that are alive and take tasks.
    pub(crate) fn ranks(&self) -> Vec<usize> {
        self.coordinator.ledger.takers().collect()
    }

    /// How many tasks wait for a rank.
    pub(crate) fn waiting(&self) -> u64 {
        self.coordinator.ledger.waiting()
    }

    /// Finds again what this job has recorded: a task that is submitted from now on gets a result of its key, whoever's it was. Meanwhile
    /// no rank gets tasks.
    ///
    /// # Errors
    /// If the journal can't be written or read.
    pub(crate) fn look_back(&mut self, is_result: IsResult) -> Result<()> {
        self.coordinator.effects.recorder.look_back(is_result)
    }

    /// Whether there is a journal, so that keys count.
    pub(crate) fn has_journal(&self) -> bool {
        self.coordinator.effects.recorder.is_on()
    }

    /// What was counted.
    pub(crate) fn counts(&self) -> Counts {
        self.coordinator.counts()
    }
}

impl Drop for AtDesk<'_> {
    fn drop(&mut self) {
        self.coordinator.drain();
        if !self.coordinator.is_over {
            self.coordinator.hand_out();
        }
    }
}

impl<'a> Executor<'a> {
    /// Has tasks known in the journal by their keys; `is_result` says which of what they return counts in a later job.
    pub(crate) fn by_key(mut self, is_result: IsResult) -> Self {
        self.options.by_key = Some(is_result);
        self
    }

    /// Has `ahead` called with the tasks of each chunk on their rank, before the first of them runs.
    pub(crate) fn ahead(mut self, ahead: Box<Ahead<'a>>) -> Self {
        self.options.ahead = Some(ahead);
        self
    }

    /// Lets other threads of rank 0 submit tasks, which all ranks run by `work`, until `is_over` says so and none is under way. All ranks.
    ///
    /// `open` gets the desk on rank 0 before the first task, and `bell` a byte whenever the first task has ended that nobody has looked at;
    /// `close`, which gets what has ended it all, must drop the desk: ranks leave when nobody can send them anything any more. Returns what was counted on rank 0, and `None` elsewhere. After the death of a rank, only rank 0 returns.
    ///
    /// # Errors
    /// As [`map`](Executor::map).
    pub(crate) fn serve(
        &self,
        work: &Work<'_>,
        bell: UnixStream,
        open: impl FnOnce(Desk),
        is_over: impl Fn() -> bool,
        close: impl FnOnce(Option<&Error>),
    ) -> Result<Option<Counts>> {
        let Some(root) = self.start(work, None)? else { return Ok(None) };
        let done = self.conduct(root, |root| {
            let listener = root.with(|coordinator| {
                coordinator.effects.outcomes.ring(bell);
                coordinator.effects.outcomes.listen(Default::default())
            });
            open(Desk { coordinator: root.coordinator(), values: root.values(), listener });
            let ended = root.until(|coordinator| {
                let ends = is_over() || coordinator.ledger.is_paused();
                (ends && coordinator.ledger.is_over()).then_some(())
            });
            close(ended.as_ref().err());
            ended
        })?;
        Ok(done.map(|((), counts)| counts))
    }
}
