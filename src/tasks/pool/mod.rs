//! The pool: tasks submitted by rank 0 one by one, in the words of Python's `concurrent.futures`.

pub(crate) mod future;
pub(crate) mod handle;
pub(crate) mod link;

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::future::{AsCompleted, Future};
use self::handle::Handle;
use self::link::Link;
use crate::base::error::{Error, Result};
use crate::base::partition::balanced_range;
use crate::tasks::ledger::submissions::Submission;
use crate::tasks::ledger::{Counts, Event};
use crate::tasks::root::coordinator::Coordinator;
use crate::tasks::wire::argument::Argument;
use crate::tasks::worker::values::{Values, decode, encode};

/// Tasks that may wait before [`Pool::submit`] waits for some to be taken.
const WAITING: u64 = 1 << 16;

/// When [`Pool::wait`] returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Until {
    /// As soon as one task has ended.
    First,
    /// As soon as one has failed, or all have ended.
    FirstError,
    /// When all have ended.
    All,
}

/// Rank 0's handle on all ranks; see [`Executor::pool`](crate::tasks::Executor::pool).
///
/// `A` is the argument of a task, `T` its result. A future's drop, and the pool's end, wait for nothing that nobody asked for, but every
/// submitted task that is not lazy is run.
pub struct Pool<'p, A, T> {
    pub(crate) link: Link<'p>,
    pub(crate) values: Arc<Values>,
    pub(crate) kind: PhantomData<fn(A) -> T>,
}

/// A task about to be submitted; see [`Pool::task`].
pub struct Job<'p, T> {
    link: &'p Link<'p>,
    argument: Result<Argument>,
    inputs: Vec<u64>,
    priority: i32,
    kind: PhantomData<fn() -> T>,
}

impl<'p, T> Job<'p, T> {
    /// The task gets these results as its [inputs](crate::tasks::Task::inputs), and runs when they are there. If one fails, it is cancelled.
    pub fn after(mut self, inputs: &[&Future<'p, T>]) -> Self {
        self.inputs.extend(inputs.iter().map(|future| future.number()));
        self
    }

    /// Tasks of higher priority are handed out first; 0 unless set.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Submits the task.
    ///
    /// # Errors
    /// If the argument can't be encoded; what ends everything.
    pub fn submit(self) -> Result<Future<'p, T>> {
        let has_room = |coordinator: &mut Coordinator| {
            let ledger = &coordinator.ledger;
            (ledger.waiting() < WAITING || ledger.is_paused()).then_some(())
        };
        self.link.until(has_room)?;
        self.enter(true)
    }

    /// The task runs only if somebody asks for its result, or for that of one which comes after it: then once.
    ///
    /// # Errors
    /// If the argument can't be encoded.
    pub fn lazy(self) -> Result<Future<'p, T>> {
        self.enter(false)
    }

    fn enter(self, is_wanted: bool) -> Result<Future<'p, T>> {
        let argument = self.argument?;
        let submission =
            Submission { argument, inputs: self.inputs, priority: self.priority, users: 1, ..Submission::default() };
        Ok(Future::new(self.link, self.link.with(|coordinator| coordinator.submit(submission, is_wanted))?))
    }
}

impl<'p, A: Serialize, T> Pool<'p, A, T> {
    /// A task to be submitted, after others or with a priority.
    pub fn task(&'p self, argument: A) -> Job<'p, T> {
        let argument = self.link.with(|coordinator| coordinator.encode(&argument));
        Job { link: &self.link, argument, inputs: Vec::new(), priority: 0, kind: PhantomData }
    }

    /// Submits a task. Waits while very many wait already, and runs tasks meanwhile.
    ///
    /// # Errors
    /// If the argument can't be encoded; what ends everything.
    pub fn submit(&'p self, argument: A) -> Result<Future<'p, T>> {
        self.task(argument).submit()
    }

    /// Has chosen ranks run a task with this argument, each once. A rank that dies fails its task.
    ///
    /// # Errors
    /// A rank that doesn't exist, has died or takes no tasks; an argument that can't be encoded.
    pub fn apply(&'p self, ranks: &[usize], argument: &A) -> Result<Vec<Future<'p, T>>> {
        self.check(ranks)?;
        let argument = Argument::Own(encode(argument, "a task's argument")?);
        let submit = |&rank: &usize| {
            let argument = argument.clone();
            let submission = Submission { argument, rank: Some(rank), users: 1, ..Submission::default() };
            Ok(Future::new(&self.link, self.link.with(|coordinator| coordinator.submit(submission, true))?))
        };
        ranks.iter().map(submit).collect()
    }

    /// The ranks that are alive and take tasks.
    pub fn ranks(&self) -> Vec<usize> {
        self.link.with(|coordinator| coordinator.ledger.takers().collect())
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.link.with(|coordinator| coordinator.counts())
    }

    fn check(&self, ranks: &[usize]) -> Result<()> {
        let known = self.ranks();
        match ranks.iter().find(|rank| !known.contains(rank)) {
            Some(rank) => {
                Err(Error::input(format!("rank {rank}"), format!("takes no tasks here; these do: {known:?}")))
            }
            None => Ok(()),
        }
    }
}

impl<'p, A: Serialize, T: DeserializeOwned> Pool<'p, A, T> {
    /// The results for all arguments, in their order.
    ///
    /// # Errors
    /// The first task that failed for good; what ends everything.
    pub fn map(&'p self, arguments: impl IntoIterator<Item = A>) -> Result<Vec<T>> {
        let futures: Vec<_> = arguments.into_iter().map(|argument| self.submit(argument)).collect::<Result<_>>()?;
        futures.into_iter().map(|future| future.result()).collect()
    }

    /// Calls `each` with the place of every argument and its result, as they come.
    ///
    /// # Errors
    /// What `each` returns; what ends everything.
    pub fn map_unordered(
        &'p self,
        arguments: impl IntoIterator<Item = A>,
        mut each: impl FnMut(usize, Result<T>) -> Result<()>,
    ) -> Result<()> {
        let futures: Vec<_> = arguments.into_iter().map(|argument| self.submit(argument)).collect::<Result<_>>()?;
        let places: std::collections::HashMap<u64, usize> =
            futures.iter().enumerate().map(|(place, future)| (future.number(), place)).collect();
        for done in self.as_completed(futures) {
            let done = done?;
            each(places[&done.number()], done.result())?;
        }
        Ok(())
    }

    /// The futures in the order in which their tasks end.
    pub fn as_completed(&'p self, futures: Vec<Future<'p, T>>) -> AsCompleted<'p, T> {
        AsCompleted::new(&self.link, futures)
    }

    /// Waits until one or all of the tasks have ended; the places of those that have, and of the others.
    ///
    /// # Errors
    /// What ends everything.
    pub fn wait(&'p self, futures: &[Future<'p, T>], until: Until) -> Result<(Vec<usize>, Vec<usize>)> {
        self.link.with(|coordinator| {
            futures.iter().for_each(|future| coordinator.apply(Event::Wanted(future.number())));
        });
        self.link.until(|coordinator| {
            let has_ended = |future: &Future<T>| coordinator.has_ended(future.number());
            let has_failed = |future: &Future<T>| coordinator.has_failed(future.number());
            let is_enough = match until {
                Until::First => futures.is_empty() || futures.iter().any(has_ended),
                Until::FirstError => futures.iter().any(has_failed) || futures.iter().all(has_ended),
                Until::All => futures.iter().all(has_ended),
            };
            is_enough.then(|| (0..futures.len()).partition(|&place| has_ended(&futures[place])))
        })
    }

    /// Sends a value to all ranks once; tasks get it by the handle, which is short.
    ///
    /// # Errors
    /// If it can't be encoded.
    pub fn put<V: Serialize>(&self, value: &V) -> Result<Handle<V>> {
        let bytes = encode(value, "a value")?;
        let all: Vec<usize> = self.link.with(|coordinator| (0..coordinator.effects.dispatch.ranks()).collect());
        let handle = Handle::new(self.link.with(|coordinator| coordinator.exchange.next_number()));
        self.keep(&all, &handle.name(), &bytes);
        Ok(handle)
    }

    /// Sends a value to some ranks, which keep it under `name`; tasks posted later find it there.
    ///
    /// # Errors
    /// A rank that takes no tasks; a value that can't be encoded.
    pub fn push<V: Serialize>(&self, ranks: &[usize], name: &str, value: &V) -> Result<()> {
        self.check(ranks)?;
        self.keep(ranks, name, &encode(value, "a value")?);
        Ok(())
    }

    /// Splits `values` over the ranks that take tasks, in order and as evenly as can be: each keeps its part as a `Vec` under `name`.
    ///
    /// # Errors
    /// If they can't be encoded.
    pub fn scatter<V: Serialize>(&self, name: &str, values: &[V]) -> Result<()> {
        let ranks = self.ranks();
        for (place, &rank) in ranks.iter().enumerate() {
            let Range { start, end } = balanced_range(values.len() as u64, ranks.len(), place);
            self.keep(&[rank], name, &encode(&values[start as usize..end as usize], "values")?);
        }
        Ok(())
    }

    fn keep(&self, ranks: &[usize], name: &str, bytes: &[u8]) {
        if ranks.contains(&0) {
            self.values.set(name, bytes);
        }
        let epoch = self.link.with(|coordinator| coordinator.effects.dispatch.send_value(ranks, name, bytes));
        self.values.arrive(epoch, &[]);
    }

    /// The values that chosen ranks keep under `name`, in the order of `ranks`. Ranks answer between two tasks.
    ///
    /// # Errors
    /// A rank that takes no tasks, dies, or has no such value, or one of another type.
    pub fn pull<V: DeserializeOwned>(&self, ranks: &[usize], name: &str) -> Result<Vec<V>> {
        self.check(ranks)?;
        let question =
            self.link.with(|Coordinator { exchange, effects, .. }| exchange.ask(ranks, name, &mut effects.dispatch));
        if ranks.contains(&0) {
            let own = self.values.bytes(name).map(|bytes| bytes.to_vec());
            self.link.with(|coordinator| coordinator.exchange.answered(question, 0, own));
        }
        let answers = self
            .link
            .until(|Coordinator { exchange, effects, .. }| exchange.take(question, ranks, &effects.dispatch))?;
        let lacking =
            |rank: &usize| Error::input(format!("value \"{name}\""), format!("rank {rank} has no such value"));
        let value = |rank: &usize| match answers.iter().find(|(from, _)| from == rank) {
            Some((_, Some(bytes))) => decode(bytes, "a pulled value"),
            _ => Err(lacking(rank)),
        };
        ranks.iter().map(value).collect()
    }

    /// What all ranks keep under `name` as a `Vec`, one after another: undoes [`scatter`](Pool::scatter).
    ///
    /// # Errors
    /// As [`pull`](Pool::pull).
    pub fn gather<V: DeserializeOwned>(&self, name: &str) -> Result<Vec<V>> {
        let parts: Vec<Vec<V>> = self.pull(&self.ranks(), name)?;
        Ok(parts.into_iter().flatten().collect())
    }
}
