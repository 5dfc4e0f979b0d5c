//! The calls that run tasks.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::journal::Recovered;
use super::ledger::{Counts, Event, Finished};
use super::options::{Options, Schedule};
use super::pool::Pool;
use super::pool::link::{Link, Ready};
use super::root::Root;
use super::root::coordinator::Coordinator;
use super::start::{Role, Starting};
use super::task::Task;
use super::worker::runner::Work;
use super::worker::values::{Onto, decode, encode};
use crate::base::error::{Cause, Error, Result, TaskError};
use crate::comm::Comm;

/// What came of a task.
pub type Outcome<T> = std::result::Result<T, TaskError>;

/// Runs `work` on every item, on all ranks; the results in the order of the items, on every rank. All ranks.
///
/// The items must be the same on every rank. A task that fails is tried three times more.
///
/// # Errors
/// [`Error::Task`] for the first task that failed for good; what keeps ranks from finding each other.
///
/// ```no_run
/// # use divisi::{Comm, Result, tasks};
/// # fn simulate(mass: &f64) -> f64 { *mass }
/// # fn f(comm: &Comm) -> Result<()> {
/// let masses = [1.0, 2.0, 3.0];
/// let energies = tasks::map(comm, &masses, |mass| simulate(mass))?;
/// # Ok(()) }
/// ```
pub fn map<A, T: Serialize + DeserializeOwned>(comm: &Comm, items: &[A], work: impl Fn(&A) -> T) -> Result<Vec<T>> {
    let outcomes = Executor::new(comm).map(items, |_, item| Ok(work(item)))?;
    outcomes.into_iter().map(|outcome| outcome.map_err(Error::from)).collect()
}

/// Runs tasks on all ranks. Each setting has a default; the last call runs them.
pub struct Executor<'a> {
    pub(super) options: Options<'a>,
}

impl<'a> Executor<'a> {
    /// On these ranks, with all defaults.
    pub fn new(comm: &'a Comm) -> Self {
        Executor { options: Options::new(comm) }
    }

    /// How tasks of a list find their ranks; [`Schedule::Dynamic`] unless set. Submitted tasks are always dynamic.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.options.schedule = schedule;
        self
    }

    /// How often a task is tried again after an attempt that failed: 3 unless set. A task that takes its rank with it three times is given
    /// up in any case.
    pub fn retries(mut self, retries: u32) -> Self {
        self.options.retries = retries;
        self
    }

    /// How long an attempt may take: a task that takes longer is [asked to end](Task::is_cancelled), and if it doesn't within two seconds its
    /// rank is ended (where the job survives that; else the job ends). No limit unless set.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = Some(limit);
        self
    }

    /// Writes to this file which rank ran which task when, as Chrome's trace events, which ui.perfetto.dev opens. Rank 0.
    pub fn trace(mut self, path: &Path) -> Self {
        self.options.trace = Some(path.to_path_buf());
        self
    }

    /// How long nothing may be heard of a rank: a minute unless set. One that is silent for longer, since its host is off, cut off or
    /// stands still, counts as dead. Without a limit nobody looks.
    pub fn silence(mut self, limit: Option<Duration>) -> Self {
        self.options.silence = limit;
        self
    }

    /// After so many tasks have failed for good, no more are begun. 0, the default, is any number.
    pub fn stop_after(mut self, failures: u64) -> Self {
        self.options.stop_after = failures;
        self
    }

    /// Hands out so many tasks at once, always. Unless set, as many as take about 200 microseconds, fewer towards the end.
    pub fn chunk(mut self, tasks: u32) -> Self {
        self.options.chunk = Some(tasks.max(1));
        self
    }

    /// The seed of the tasks' random numbers; 1 unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// Has each task run by so many ranks together, which it finds as [`Task::comm`]. Ranks that are left over do nothing.
    pub fn ranks_per_task(mut self, ranks: usize) -> Self {
        self.options.ranks_per_task = ranks;
        self
    }

    /// Whether rank 0 runs tasks too, which is the default. Otherwise it only hands them out, unless it is alone.
    ///
    /// A task that kills its process ends the job where that is rank 0's. With a [journal](Executor::journal) the next job knows of it; without
    /// one keep rank 0 from tasks that may do so. What has killed another rank, rank 0 tries in a process of its own.
    pub fn root_computes(mut self, computes: bool) -> Self {
        self.options.root_computes = computes;
        self
    }

    /// Keeps a journal in this file: who was ended, by whatever, and calls again with the same file runs no task that has a result in it. `plan` is any text that says what the tasks are; a journal of another plan is refused, with the lines that differ.
    pub fn journal(mut self, path: &Path, plan: &str) -> Self {
        self.options.journal = Some((path.to_path_buf(), plan.to_owned()));
        self
    }

    /// Refuses a journal that there is, if it is of another plan or of another number of tasks. Changes nothing. Rank 0.
    ///
    /// # Errors
    /// The lines that differ; a journal that can't be read.
    pub fn check_journal(&self, count: u64) -> Result<()> {
        let Some((path, _)) = self.options.journal.as_ref().filter(|(path, _)| path.exists()) else { return Ok(()) };
        Recovered::read(path)?.check(path, &self.options.journal_plan(Some(count)))
    }

    /// Runs tasks again that failed for good in an earlier job, by the journal.
    pub fn retry_failed(mut self, again: bool) -> Self {
        self.options.retry_failed = again;
        self
    }

    /// Called on rank 0 once a second with what was counted, on a thread of its own.
    pub fn observe(self, observer: impl FnMut(&Counts) + Send + 'static) -> Self {
        *self.options.observer.borrow_mut() = Some(Box::new(observer));
        self
    }

    /// Asked on rank 0 between tasks; once it is true no more tasks are begun, and the call returns when those under way have ended.
    pub fn stop_when(mut self, stop: impl Fn() -> bool + 'a) -> Self {
        self.options.stop = Box::new(stop);
        self
    }

    /// Runs `work` on every item; what came of each, in order, on every rank. All ranks, with the same items.
    ///
    /// Tasks that were never begun, since it was stopped, have the cause [`Cancelled`](Cause::Cancelled).
    ///
    /// # Errors
    /// What ends it all: ranks that don't find each other or, without a launcher that survives it, die; a journal that can't be
    /// used or written.
    pub fn map<A, T: Serialize + DeserializeOwned>(
        &self,
        items: &[A],
        work: impl Fn(&Task, &A) -> Result<T>,
    ) -> Result<Vec<Outcome<T>>> {
        let mut outcomes: HashMap<u64, Outcome<T>> = HashMap::new();
        let on_item = |task: &Task| work(task, &items[task.number() as usize]);
        self.for_each(items.len() as u64, on_item, |task, outcome| {
            outcomes.insert(task, outcome);
            Ok(())
        })?;
        let unbegun = |task| TaskError {
            task,
            rank: 0,
            attempt: 0,
            cause: Cause::Cancelled,
            message: "the sweep was stopped before it began".to_owned(),
        };
        let in_order = (0..items.len() as u64).map(|task| outcomes.remove(&task).unwrap_or_else(|| Err(unbegun(task))));
        let in_order: Vec<Outcome<T>> = in_order.collect();
        let comm = self.options.comm;
        if comm.size() == 1 || comm.is_broken() {
            return Ok(in_order);
        }
        let bytes = if comm.is_root() { encode(&in_order, "the results") } else { Ok(Vec::new()) };
        let bytes = comm.broadcast(&comm.agree(bytes)?, 0);
        if comm.is_root() { Ok(in_order) } else { decode(&bytes, "the results") }
    }

    /// Runs tasks 0 to `count`; `each` gets what came of them on rank 0, in any order. All ranks.
    ///
    /// Returns what was counted on rank 0, and `None` elsewhere. After the death of a rank, only rank 0 returns.
    ///
    /// # Errors
    /// As [`map`](Executor::map), and what `each` returns.
    pub fn for_each<T: Serialize + DeserializeOwned>(
        &self,
        count: u64,
        work: impl Fn(&Task) -> Result<T>,
        mut each: impl FnMut(u64, Outcome<T>) -> Result<()>,
    ) -> Result<Option<Counts>> {
        let on_bytes = |task: &Task, _: &[u8], into: &mut Vec<u8>| append(&work(task)?, into);
        let Some(root) = self.start(&on_bytes, Some(count))? else { return Ok(None) };
        let has_more = |coordinator: &mut Coordinator| {
            let is_over = coordinator.ledger.is_over();
            if coordinator.effects.outcomes.is_empty() { is_over.then_some(false) } else { Some(true) }
        };
        let done = self.conduct(root, |root| {
            while root.until(has_more)? {
                for finished in root.with(|coordinator| coordinator.effects.outcomes.take()) {
                    hand_over(finished, &mut each)?;
                }
            }
            Ok(())
        })?;
        Ok(done.map(|((), counts)| counts))
    }

    /// Lets `main`, on rank 0, submit tasks to all ranks, which run `worker` on their arguments. All ranks.
    ///
    /// Returns what `main` returns on rank 0, and `None` elsewhere. When `main` returns, tasks that still wait are run; when it fails, they
    /// are dropped. After the death of a rank, only rank 0 returns. With a [journal](Executor::journal) tasks are known by the order of their
    /// submission, which must be the same each time; each argument is checked.
    ///
    /// # Errors
    /// What `main` returns; as [`map`](Executor::map).
    pub fn pool<A, T, R>(
        &self,
        worker: impl Fn(&Task, A) -> Result<T>,
        main: impl FnOnce(&Pool<A, T>) -> Result<R>,
    ) -> Result<Option<R>>
    where
        A: Serialize + DeserializeOwned,
        T: Serialize + DeserializeOwned,
    {
        let on_bytes = |task: &Task, argument: &[u8], into: &mut Vec<u8>| {
            append(&worker(task, decode(argument, "a task's argument")?)?, into)
        };
        let Some(root) = self.start(&on_bytes, None)? else { return Ok(None) };
        let done = self.conduct(root, |root| {
            let drive = |ready: &mut Ready| root.until(|coordinator| ready(coordinator).then_some(()));
            let link = Link { coordinator: root.coordinator(), drive: &drive };
            let pool = Pool { link, values: root.values(), kind: PhantomData };
            let made = main(&pool)?;
            root.until(|coordinator| coordinator.ledger.is_over().then_some(()))?;
            Ok(made)
        })?;
        Ok(done.map(|(made, _)| made))
    }

    /// Brings all ranks up; all but rank 0 run tasks here until the end. Rank 0's part, and `None` elsewhere.
    pub(super) fn start<'w>(&'w self, work: &'w Work<'w>, count: Option<u64>) -> Result<Option<Root<'w>>> {
        if self.options.comm.is_in_tasks() {
            let reason = "these ranks run tasks already, each its own: within a task use Task::comm() in their place (of more ranks with \
                          ranks_per_task), and from rank 0 submit more tasks to the pool";
            return Err(Error::input("tasks within a task", reason));
        }
        let starting = Starting { options: &self.options, work, count };
        match starting.start()? {
            Role::Root(root) => Ok(Some(*root)),
            Role::Done(0) => self.options.comm.agree(Ok(None)),
            Role::Done(status) => self.options.comm.agree(Err(Error::Elsewhere { rank: 0, status })),
        }
    }

    /// Runs rank 0's part, and ends it all whatever comes of it.
    pub(super) fn conduct<'w, R>(
        &self,
        root: Root<'w>,
        main: impl FnOnce(&Root<'w>) -> Result<R>,
    ) -> Result<Option<(R, Counts)>> {
        let result = main(&root);
        let status = result.as_ref().err().map_or(0, Error::status);
        if result.is_err() {
            root.with(|coordinator| coordinator.apply(Event::Dropped));
        }
        let (ended, is_whole) = root.end(status);
        let result = result.and_then(|made| Ok((made, ended?)));
        if !is_whole {
            self.options.comm.go_on_without_dead_ranks();
            return result.map(Some);
        }
        self.options.comm.agree(result).map(Some)
    }
}

/// Appends an encoded result.
fn append<T: Serialize>(result: &T, into: &mut Vec<u8>) -> Result<()> {
    postcard::serialize_with_flavor(result, Onto(into))
        .map_err(|error| Error::input("a task's result", format!("cannot be encoded: {error}")))
}

/// Decodes results and hands them over.
fn hand_over<T: DeserializeOwned>(
    finished: Finished,
    each: &mut impl FnMut(u64, Outcome<T>) -> Result<()>,
) -> Result<()> {
    match finished {
        Finished::Failure(error) => each(error.task, Err(error)),
        Finished::Results(report) => {
            report.each().try_for_each(|(task, result)| each(task, Ok(decode(result, "a task's result")?)))
        }
        // Who waits for submitted tasks looks at them itself.
        Finished::Submitted(_) => Ok(()),
    }
}
