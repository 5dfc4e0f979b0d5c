//! Results that will be there later.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;

use super::coordinator::Coordinator;
use super::entries::Outcome;
use super::lifeline::lock;
use super::values::decode;
use crate::{Error, Result};

/// Drives the sweep until the given function says that it is enough.
pub(super) type Drive<'p> = dyn Fn(&mut dyn FnMut(&mut Coordinator) -> bool) -> Result<()> + 'p;

/// A pool's way to the book.
pub(super) struct Link<'p> {
    pub book: Arc<Mutex<Coordinator>>,
    pub drive: &'p Drive<'p>,
}

impl Link<'_> {
    /// Works on the book.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Coordinator) -> R) -> R {
        work(&mut lock(&self.book))
    }

    /// Drives the sweep until `ready` returns something.
    pub(super) fn until<R>(&self, mut ready: impl FnMut(&mut Coordinator) -> Option<R>) -> Result<R> {
        let mut found = None;
        (self.drive)(&mut |book| {
            found = ready(book);
            found.is_some()
        })?;
        found.ok_or_else(|| Error::Launch("a sweep came to its end before what it was waiting for".to_owned()))
    }
}

/// The result of a submitted task, now or later. Dropping it doesn't cancel the task.
pub struct Future<'p, T> {
    link: &'p Link<'p>,
    number: u64,
    kind: PhantomData<fn() -> T>,
}

impl<'p, T> Future<'p, T> {
    pub(super) fn new(link: &'p Link<'p>, number: u64) -> Self {
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
        self.link.until(|book| Some(is_done(book, self.number)))
    }

    /// Cancels the task: at once if it waits, and else it is told by [`is_cancelled`](super::Task::is_cancelled).
    pub fn cancel(&self) {
        self.link.with(|book| book.cancel(self.number));
    }
}

impl<T: DeserializeOwned> Future<'_, T> {
    /// Waits for the result, and runs tasks meanwhile. A lazy task is wanted from here on.
    ///
    /// # Errors
    /// [`Error::Task`] if it failed for good or was cancelled; what ends the whole sweep.
    pub fn result(&self) -> Result<T> {
        self.link.with(|book| book.want(self.number));
        self.link.until(|book| outcome(book, self.number).map(read))?
    }

    /// The result, if it is there; never waits.
    ///
    /// # Errors
    /// As [`result`](Future::result).
    pub fn try_result(&self) -> Result<Option<T>> {
        self.link.until(|book| Some(outcome(book, self.number).map(read).transpose()))?
    }
}

impl<T> Drop for Future<'_, T> {
    fn drop(&mut self) {
        self.link.with(|book| book.release(self.number));
    }
}

pub(super) fn is_done(book: &mut Coordinator, task: u64) -> bool {
    outcome(book, task).is_some()
}

fn outcome(book: &mut Coordinator, task: u64) -> Option<&Outcome> {
    book.entries.get(task)?.outcome.as_ref()
}

fn read<T: DeserializeOwned>(outcome: &Outcome) -> Result<T> {
    match outcome {
        Ok(bytes) => decode(bytes, "a task's result"),
        Err(error) => Err(error.clone().into()),
    }
}

/// Futures in the order in which their tasks end; see [`Pool::as_completed`](super::Pool::as_completed).
pub struct AsCompleted<'p, T> {
    link: &'p Link<'p>,
    waiting: HashMap<u64, Future<'p, T>>,
    listener: u64,
}

impl<'p, T> AsCompleted<'p, T> {
    pub(super) fn new(link: &'p Link<'p>, futures: Vec<Future<'p, T>>) -> Self {
        let listener = link.with(|book| {
            let listener = book.ended.keys().next_back().map_or(0, |last| last + 1);
            futures.iter().for_each(|future| book.want(future.number));
            let ended = futures.iter().map(Future::number).filter(|&task| is_done(book, task)).collect();
            book.ended.insert(listener, ended);
            listener
        });
        AsCompleted { link, waiting: futures.into_iter().map(|future| (future.number, future)).collect(), listener }
    }
}

impl<'p, T> Iterator for AsCompleted<'p, T> {
    type Item = Result<Future<'p, T>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (link, listener) = (self.link, self.listener);
        while !self.waiting.is_empty() {
            match link.until(|book| book.ended.get_mut(&listener)?.pop_front()) {
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
        self.link.with(|book| book.ended.remove(&self.listener));
    }
}
