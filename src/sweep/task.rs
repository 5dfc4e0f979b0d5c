//! What a task knows while it runs.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::values::{Values, decode, encode};
use crate::Result;
use crate::comm::Comm;
use crate::error::Cause;
use crate::random::Random;

/// The stream of random numbers that tasks draw from.
const STREAM: u32 = 0x5745_4550;

/// What a task is told: its number and attempt, its random numbers, whether to end early, and values that were sent ahead.
pub struct Task<'a> {
    pub(super) number: u64,
    pub(super) attempt: u32,
    pub(super) seed: u64,
    pub(super) token: &'a Arc<Token>,
    pub(super) inputs: &'a [u8],
    pub(super) values: &'a Values,
    pub(super) group: &'a Comm,
}

impl Task<'_> {
    /// The task's number: its place in the list of a map, or in the order of submission, from 0.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The number of this attempt, from 1. More than 1 after an attempt that failed or whose rank died: a task may run twice.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Random numbers of this task alone, from (seed, task): the same in each attempt and on any rank.
    pub fn random(&self) -> Random {
        Random::new(self.seed, STREAM, self.number)
    }

    /// Whether this task was cancelled or has run beyond its time limit: it should return soon, with anything.
    ///
    /// Costs a nanosecond. A task that doesn't look runs to its end.
    pub fn is_cancelled(&self) -> bool {
        self.token.of(self.number).is_some()
    }

    /// Asks what [`is_cancelled`](Task::is_cancelled) asks, from anywhere.
    pub fn cancellation(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let (token, number) = (Arc::clone(self.token), self.number);
        move || token.of(number).is_some()
    }

    /// The results of the tasks that this one was to come [after](super::Job::after), in that order.
    ///
    /// # Errors
    /// If they are of another type.
    pub fn inputs<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let (mut inputs, mut rest) = (Vec::new(), self.inputs);
        while let Some((length, after)) = rest.split_first_chunk::<8>() {
            let (input, after) = after.split_at(u64::from_le_bytes(*length) as usize);
            inputs.push(decode(input, "a task's input")?);
            rest = after;
        }
        Ok(inputs)
    }

    /// A value that rank 0 has [put](super::Pool::put) on all ranks. It is decoded once on each.
    ///
    /// # Errors
    /// If the handle is of another pool.
    pub fn get<V: DeserializeOwned + 'static>(&self, handle: &Handle<V>) -> Result<Rc<V>> {
        self.values.get(&handle.name())
    }

    /// A value that was [pushed](super::Pool::push) to this rank, or [kept](Task::keep) on it, under `name`.
    ///
    /// # Errors
    /// If there is none, or it is of another type.
    pub fn value<V: DeserializeOwned + 'static>(&self, name: &str) -> Result<Rc<V>> {
        self.values.get(name)
    }

    /// Keeps a value on this rank under `name`, for later tasks that run here and for [`pull`](super::Pool::pull).
    ///
    /// # Errors
    /// If it can't be encoded.
    pub fn keep<V: Serialize>(&self, name: &str, value: &V) -> Result<()> {
        self.values.set(name, &encode(value, "a value to keep")?);
        Ok(())
    }

    /// The ranks that run this task together: one, or as many as [`ranks_per_task`](super::Sweep::ranks_per_task) says. All of
    /// them run the same function; the result of the first counts.
    pub fn comm(&self) -> &Comm {
        self.group
    }
}

/// A value that is on all ranks: send this in arguments in its place.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Handle<V> {
    number: u64,
    kind: PhantomData<fn() -> V>,
}

impl<V> Clone for Handle<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Handle<V> {}

impl<V> Handle<V> {
    pub(super) fn new(number: u64) -> Self {
        Handle { number, kind: PhantomData }
    }

    pub(super) fn name(&self) -> String {
        format!("#{}", self.number)
    }
}

/// Which task of a rank should end early, and why.
#[derive(Debug, Default)]
pub(super) struct Token {
    /// The task's number and one.
    task: AtomicU64,
    timed_out: AtomicU64,
    /// Whether tasks that have not begun are to be given back.
    paused: AtomicBool,
}

impl Token {
    /// Asks for tasks that have not begun.
    pub(super) fn pause(&self) {
        self.paused.store(true, Ordering::Relaxed);
    }

    /// Whether tasks that have not begun are to be given back.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Asks a task to end.
    pub(super) fn set(&self, task: u64, timed_out: bool) {
        self.timed_out.store(u64::from(timed_out), Ordering::Relaxed);
        self.task.store(task + 1, Ordering::Release);
    }

    /// Why a task should end, if it should.
    pub(super) fn of(&self, task: u64) -> Option<Cause> {
        if self.task.load(Ordering::Acquire) != task + 1 {
            return None;
        }
        Some(if self.timed_out.load(Ordering::Relaxed) == 1 { Cause::TimedOut } else { Cause::Cancelled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_task() {
        let token = Token::default();
        assert_eq!(token.of(0), None);
        token.set(4, false);
        assert_eq!((token.of(4), token.of(3)), (Some(Cause::Cancelled), None));
        token.set(5, true);
        assert_eq!((token.of(4), token.of(5)), (None, Some(Cause::TimedOut)));
    }
}
