//! What a task knows while it runs.

use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::pool::handle::Handle;
use super::worker::token::Token;
use super::worker::values::{Values, decode, encode};
use crate::Result;
use crate::base::random::Random;
use crate::comm::Comm;

/// The stream of random numbers that tasks draw from.
const STREAM: u32 = 0x5745_4550;

/// What a task knows: its number and attempt, its random numbers, whether to end early, and values that were sent ahead.
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
        let token = Arc::clone(self.token);
        let number = self.number;
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

    /// The encoded results of the tasks that this one comes after: of each its length (8 bytes) and its bytes.
    pub(crate) fn input_bytes(&self) -> &[u8] {
        self.inputs
    }

    /// The bytes of a value that this rank keeps under `name`.
    pub(crate) fn value_bytes(&self, name: &str) -> Option<Arc<[u8]>> {
        self.values.bytes(name)
    }

    /// Keeps bytes on this rank under `name`.
    pub(crate) fn keep_bytes(&self, name: &str, bytes: &[u8]) {
        self.values.set(name, bytes);
    }

    /// How many values rank 0 has sent to any rank.
    pub(crate) fn values_sent(&self) -> u64 {
        self.values.sent()
    }

    /// The ranks that run this task together: one, or as many as [`ranks_per_task`](super::Executor::ranks_per_task) says. All of
    /// them run the same function; the result of the first counts.
    pub fn comm(&self) -> &Comm {
        self.group
    }
}
