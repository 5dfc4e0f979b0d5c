//! Results that will be there later.

use std::collections::HashMap;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::link::Link;
use crate::Result;
use crate::tasks::ledger::Event;
use crate::tasks::ledger::submissions::Settled;
use crate::tasks::root::coordinator::Coordinator;
use crate::tasks::worker::values::decode;

/// The result of a submitted task, now or later. Dropping it doesn't cancel the task.
pub struct Future<'p, T> {
    link: &'p Link<'p>,
    number: u64,
    kind: PhantomData<fn() -> T>,
}

impl<'p, T> Future<'p, T> {
    pub(crate) fn new(link: &'p Link<'p>, number: u64) -> Self {
        Future { link, number, kind: PhantomData }
    }

    /// The task's number, in the order of submission.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether there is a result, an error or a cancellation. Takes in what has come; never waits.
    ///
    /// # Errors
    /// What ends the whole sweep.
    pub fn done(&self) -> Result<bool> {
        self.link.until(|coordinator| Some(coordinator.has_ended(self.number)))
    }

    /// Cancels the task: at once if it waits, and else [`is_cancelled`](crate::tasks::Task::is_cancelled) says so to it.
    pub fn cancel(&self) {
        self.link.with(|coordinator| coordinator.apply(Event::Cancelled(self.number)));
    }
}

impl<T: DeserializeOwned> Future<'_, T> {
    /// Waits for the result, and runs tasks meanwhile. A lazy task is wanted from here on.
    ///
    /// # Errors
    /// [`Error::Task`](crate::Error::Task) if it failed for good or was cancelled; what ends the whole sweep.
    pub fn result(&self) -> Result<T> {
        self.link.with(|coordinator| coordinator.apply(Event::Wanted(self.number)));
        self.link.until(|coordinator| outcome(coordinator, self.number).map(read))?
    }

    /// The result, if it is there; never waits.
    ///
    /// # Errors
    /// As [`result`](Future::result).
    pub fn try_result(&self) -> Result<Option<T>> {
        self.link.until(|coordinator| Some(outcome(coordinator, self.number).map(read).transpose()))?
    }
}

impl<T> Drop for Future<'_, T> {
    fn drop(&mut self) {
        self.link.with(|coordinator| coordinator.apply(Event::Released(self.number)));
    }
}

fn outcome(coordinator: &Coordinator, task: u64) -> Option<&Settled> {
    coordinator.ledger.submissions().get(task)?.outcome.as_ref()
}

fn read<T: DeserializeOwned>(outcome: &Settled) -> Result<T> {
    match outcome {
        Ok(bytes) => decode(bytes, "a task's result"),
        Err(error) => Err(error.clone().into()),
    }
}

/// Futures in the order in which their tasks end; see [`Pool::as_completed`](crate::tasks::Pool::as_completed).
pub struct AsCompleted<'p, T> {
    link: &'p Link<'p>,
    waiting: HashMap<u64, Future<'p, T>>,
    listener: u64,
}

impl<'p, T> AsCompleted<'p, T> {
    pub(crate) fn new(link: &'p Link<'p>, futures: Vec<Future<'p, T>>) -> Self {
        let listener = link.with(|coordinator| {
            futures.iter().for_each(|future| coordinator.apply(Event::Wanted(future.number)));
            let ended = futures.iter().map(Future::number).filter(|&task| coordinator.has_ended(task)).collect();
            coordinator.effects.outcomes.listen(ended)
        });
        AsCompleted { link, waiting: futures.into_iter().map(|future| (future.number, future)).collect(), listener }
    }
}

impl<'p, T> Iterator for AsCompleted<'p, T> {
    type Item = Result<Future<'p, T>>;

    fn next(&mut self) -> Option<Self::Item> {
        let link = self.link;
        let listener = self.listener;
        while !self.waiting.is_empty() {
            match link.until(|coordinator| coordinator.effects.outcomes.next_ended(listener)) {
                Ok(task) => {
                    if let Some(future) = self.waiting.remove(&task) {
                        return Some(Ok(future));
                    }
                }
                Err(error) => {
                    self.waiting.clear();
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl<T> Drop for AsCompleted<'_, T> {
    fn drop(&mut self) {
        self.link.with(|coordinator| coordinator.effects.outcomes.leave(self.listener));
    }
}
