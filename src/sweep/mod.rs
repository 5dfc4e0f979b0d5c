//! Sweeps: independent tasks, run by all ranks.
//!
//! Every rank calls the same function with the same arguments. [`map`] runs a function on each item of a list and gives the results, in
//! order, to every rank. A [`Sweep`] says more: how tasks are handed out, how often a failed one is tried again, a time limit, a journal.
//! [`Sweep::for_each`] hands over results as they come, without keeping them; [`Sweep::pool`] lets rank 0 submit tasks one by one.
//! Rank 0 runs tasks too, so P ranks do the work of P.
//!
//! How it works, on rank 0's node: rank 0 posts chunks of tasks on a `board` in shared memory, from which ranks take them by themselves, and gets
//! results through a `ring` from each. Ranks of other nodes get chunks and send results by sockets. Rank 0's book of it all is the
//! `coordinator`; its main thread and a service thread (`root`) keep it, the others `work`. Nothing of MPI is used between the
//! beginning and the end, so ranks may die: where the launcher lets the others go on ([`survives_deaths`](crate::comm::survives_deaths)),
//! only what a dead rank had under way is run again.
//!
//! Results depend on the tasks alone, not on who ran them: a task's [random numbers](Task::random) are keyed by (seed, task). What
//! a task does to the world outside (files, say) may happen twice.
//!
//! Left out: tasks that talk to each other (that is what ranks are for), tasks that start tasks.

mod arena;
mod argument;
mod array;
mod begun;
mod board;
mod coordinator;
mod deaths;
mod entries;
mod flight;
mod frame;
mod future;
mod hub;
pub mod journal;
mod lifeline;
mod limits;
mod pace;
mod pool;
mod posting;
mod queue;
mod reader;
mod record;
mod recording;
mod ring;
mod root;
mod runner;
mod start;
mod submitted;
mod task;
mod telling;
mod troubles;
mod values;
mod worker;

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use array::Array;
pub use coordinator::Counts;
pub use future::{AsCompleted, Future};
pub use pool::{Job, Pool, Until};
pub use task::{Handle, Task};

use crate::comm::Comm;
use crate::error::TaskError;
use crate::{Error, Result};
use coordinator::{Coordinator, Finished, Rules};
use future::Link;
use start::{Side, Starting};
use values::{decode, encode};

/// What came of a task.
pub type Outcome<T> = std::result::Result<T, TaskError>;

/// How tasks of a list find their ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Whoever is free takes the next ones: a few at a time where tasks are short.
    #[default]
    Dynamic,
    /// Each rank gets a block of consecutive tasks, all as long as can be.
    Static,
    /// Task i goes to rank i modulo the number of ranks.
    Cyclic,
}

/// Runs `work` on every item, on all ranks; the results in the order of the items, on every rank. All ranks.
///
/// The items must be the same on every rank. A task that fails is tried three times more.
///
/// # Errors
/// [`Error::Task`] for the first task that failed for good; what keeps ranks from finding each other.
///
/// ```no_run
/// # use divisi::{Comm, Result, sweep};
/// # fn simulate(mass: &f64) -> f64 { *mass }
/// # fn f(comm: &Comm) -> Result<()> {
/// let masses = [1.0, 2.0, 3.0];
/// let energies = sweep::map(comm, &masses, |mass| simulate(mass))?;
/// # Ok(()) }
/// ```
pub fn map<A, T: Serialize + DeserializeOwned>(comm: &Comm, items: &[A], work: impl Fn(&A) -> T) -> Result<Vec<T>> {
    let outcomes = Sweep::new(comm).map(items, |_, item| Ok(work(item)))?;
    outcomes.into_iter().map(|outcome| outcome.map_err(Error::from)).collect()
}

/// Told of the progress once a second, on rank 0, from a thread of its own.
type Observer = Box<dyn FnMut(&Counts) + Send>;

/// How a sweep is run. Each setting has a default; the last call runs it.
pub struct Sweep<'a> {
    comm: &'a Comm,
    schedule: Schedule,
    rules: Rules,
    chunk: Option<u32>,
    seed: u64,
    ranks_per_task: usize,
    root_computes: bool,
    journal: Option<(PathBuf, String)>,
    retry_failed: bool,
    observer: RefCell<Option<Observer>>,
    stop: Box<dyn Fn() -> bool + 'a>,
}

impl<'a> Sweep<'a> {
    /// A sweep on these ranks, with all defaults.
    pub fn new(comm: &'a Comm) -> Self {
        Sweep {
            comm,
            schedule: Schedule::Dynamic,
            rules: Rules { retries: 3, time_limit: None, stop_after: 0 },
            chunk: None,
            seed: 1,
            ranks_per_task: 1,
            root_computes: true,
            journal: None,
            retry_failed: false,
            observer: RefCell::new(None),
            stop: Box::new(|| false),
        }
    }

    /// How tasks of a list find their ranks; [`Schedule::Dynamic`] unless told. Submitted tasks are always dynamic.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// How often a task is tried again after an attempt that failed: 3 unless told. A task that takes its rank with it three times is given
    /// up in any case.
    pub fn retries(mut self, retries: u32) -> Self {
        self.rules.retries = retries;
        self
    }

    /// How long an attempt may take: a task that takes longer is [told to end](Task::is_cancelled), and if it doesn't within two seconds its
    /// rank is ended (where the job survives that; else the job ends). No limit unless told.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.rules.time_limit = Some(limit);
        self
    }

    /// After so many tasks have failed for good, no more are begun. 0, the default, is any number.
    pub fn stop_after(mut self, failures: u64) -> Self {
        self.rules.stop_after = failures;
        self
    }

    /// Hands out so many tasks at once, always. Unless told, as many as take about 200 microseconds, fewer towards the end.
    pub fn chunk(mut self, tasks: u32) -> Self {
        self.chunk = Some(tasks.max(1));
        self
    }

    /// The seed of the tasks' random numbers; 1 unless told.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Has each task run by so many ranks together, which it finds as [`Task::comm`]. Ranks that are left over do nothing.
    pub fn ranks_per_task(mut self, ranks: usize) -> Self {
        self.ranks_per_task = ranks;
        self
    }

    /// Whether rank 0 runs tasks too, which is the default. Otherwise it only hands them out, unless it is alone.
    pub fn root_computes(mut self, computes: bool) -> Self {
        self.root_computes = computes;
        self
    }

    /// Keeps a journal in this file: a sweep that was ended, by whatever, and is called again with the same file runs no task that has a
    /// result in it. `plan` is any text that says what the tasks are; a journal of another plan is refused, with the lines that differ.
    pub fn journal(mut self, path: &Path, plan: &str) -> Self {
        self.journal = Some((path.to_path_buf(), plan.to_owned()));
        self
    }

    /// Refuses a journal that there is, if it is of another plan or of another number of tasks. Changes nothing. Rank 0.
    ///
    /// # Errors
    /// The lines that differ; a journal that can't be read.
    pub fn check_journal(&self, count: u64) -> Result<()> {
        let Some((path, _)) = self.journal.as_ref().filter(|(path, _)| path.exists()) else { return Ok(()) };
        journal::Recovered::read(path)?.check(path, &self.journal_plan(Some(count)))
    }

    /// What the journal is told of the plan.
    fn journal_plan(&self, count: Option<u64>) -> String {
        let plan = self.journal.as_ref().map_or("", |(_, plan)| plan.trim_end());
        let tasks = count.map_or(String::new(), |count| format!("tasks = {count}\n"));
        format!("{plan}\n{tasks}seed = {}\n", self.seed)
    }

    /// Runs tasks again that failed for good in an earlier job, by the journal.
    pub fn retry_failed(mut self, again: bool) -> Self {
        self.retry_failed = again;
        self
    }

    /// Called on rank 0 once a second with what was counted, on a thread of its own.
    pub fn observe(self, observer: impl FnMut(&Counts) + Send + 'static) -> Self {
        *self.observer.borrow_mut() = Some(Box::new(observer));
        self
    }

    /// Asked on rank 0 between tasks; once it is true no more tasks are begun, and the sweep ends when those under way have.
    pub fn stop_when(mut self, stop: impl Fn() -> bool + 'a) -> Self {
        self.stop = Box::new(stop);
        self
    }

    /// Runs `work` on every item; what came of each, in order, on every rank. All ranks, with the same items.
    ///
    /// Tasks that were never begun, since the sweep was stopped, have the cause [`Cancelled`](crate::error::Cause::Cancelled).
    ///
    /// # Errors
    /// What ends the whole sweep: ranks that don't find each other or, without a launcher that survives it, die; a journal that can't be
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
            cause: crate::error::Cause::Cancelled,
            message: "the sweep was stopped before it began".to_owned(),
        };
        let in_order = (0..items.len() as u64).map(|task| outcomes.remove(&task).unwrap_or_else(|| Err(unbegun(task))));
        let in_order: Vec<Outcome<T>> = in_order.collect();
        if self.comm.size() == 1 || self.comm.is_broken() {
            return Ok(in_order);
        }
        let bytes = if self.comm.is_root() { encode(&in_order, "the results") } else { Ok(Vec::new()) };
        let bytes = self.comm.broadcast(&self.comm.agree(bytes)?, 0);
        if self.comm.is_root() { Ok(in_order) } else { decode(&bytes, "the results") }
    }

    /// Runs tasks 0 to `count`; `each` gets what came of them on rank 0, in any order. All ranks.
    ///
    /// Returns what was counted on rank 0, and `None` elsewhere. After the death of a rank, only rank 0 returns.
    ///
    /// # Errors
    /// As [`map`](Sweep::map), and what `each` returns.
    pub fn for_each<T: Serialize + DeserializeOwned>(
        &self,
        count: u64,
        work: impl Fn(&Task) -> Result<T>,
        mut each: impl FnMut(u64, Outcome<T>) -> Result<()>,
    ) -> Result<Option<Counts>> {
        let on_bytes = |task: &Task, _: &[u8], into: &mut Vec<u8>| append(&work(task)?, into);
        let Some(side) = self.start(&on_bytes, Some(count))? else { return Ok(None) };
        self.conduct(side, |root| {
            while root.until(|book| {
                let ended = book.is_idle() || (book.paused && book.flights.is_empty());
                if book.finished.is_empty() { ended.then_some(false) } else { Some(true) }
            })? {
                for finished in root.with(|book| std::mem::take(&mut book.finished)) {
                    hand_over(finished, &mut each)?;
                }
            }
            Ok(())
        })
        .map(|done| done.map(|((), counts)| counts))
    }

    /// Lets `main`, on rank 0, submit tasks to all ranks, which run `worker` on their arguments. All ranks.
    ///
    /// Returns what `main` returns on rank 0, and `None` elsewhere. When `main` returns, tasks that still wait are run; when it fails, they
    /// are dropped. After the death of a rank, only rank 0 returns. With a [journal](Sweep::journal) tasks are known by the order of their
    /// submission, which must be the same each time; each argument is checked.
    ///
    /// # Errors
    /// What `main` returns; as [`map`](Sweep::map).
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
        let Some(side) = self.start(&on_bytes, None)? else { return Ok(None) };
        let done = self.conduct(side, |root| {
            let drive = |ready: &mut dyn FnMut(&mut Coordinator) -> bool| root.until(|book| ready(book).then_some(()));
            let link = Link { book: root.book(), drive: &drive };
            let pool = Pool { link, values: root.values(), kind: PhantomData };
            let made = main(&pool)?;
            root.until(|book| (book.is_idle() || (book.paused && book.flights.is_empty())).then_some(()))?;
            Ok(made)
        })?;
        Ok(done.map(|(made, _)| made))
    }

    /// Brings all ranks up; all but rank 0 run tasks here until the end. Rank 0's side, and `None` elsewhere.
    fn start<'w>(&'w self, work: &'w runner::Work<'w>, count: Option<u64>) -> Result<Option<root::Root<'w>>> {
        let starting = Starting { sweep: self, work, count };
        match starting.start()? {
            Side::Root(root) => Ok(Some(*root)),
            Side::Done(0) => self.comm.agree(Ok(None)),
            Side::Done(status) => self.comm.agree(Err(Error::Elsewhere { rank: 0, status })),
        }
    }

    /// Runs rank 0's part, and ends the sweep whatever comes of it.
    fn conduct<'w, R>(
        &self,
        root: root::Root<'w>,
        main: impl FnOnce(&root::Root<'w>) -> Result<R>,
    ) -> Result<Option<(R, Counts)>> {
        let result = main(&root);
        let status = result.as_ref().err().map_or(0, Error::status);
        if result.is_err() {
            root.with(Coordinator::drop_all);
        }
        let (ended, whole) = root.end(status);
        let result = result.and_then(|made| Ok((made, ended?)));
        if !whole {
            self.comm.go_on_without_dead_ranks();
            return result.map(Some);
        }
        self.comm.agree(result).map(Some)
    }
}

/// Appends an encoded result.
fn append<T: Serialize>(result: &T, into: &mut Vec<u8>) -> Result<()> {
    postcard::serialize_with_flavor(result, values::Onto(into))
        .map_err(|error| Error::input("a task's result", format!("cannot be encoded: {error}")))
}

/// Decodes results and hands them over.
fn hand_over<T: DeserializeOwned>(
    finished: Finished,
    each: &mut impl FnMut(u64, Outcome<T>) -> Result<()>,
) -> Result<()> {
    match finished {
        Finished::Failure(error) => each(error.task, Err(error)),
        Finished::Results(head, body) => {
            head.each(&body).try_for_each(|(task, result)| each(task, Ok(decode(result, "a task's result")?)))
        }
    }
}
