//! What goes into the journal, and what an earlier job has left in it for tasks that are submitted again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use xxhash_rust::xxh3::xxh3_64;

use crate::base::error::{Error, Result, TaskError};
use crate::tasks::journal::{Attempt, Done, Failed, Journal, Lengths, Outbox, Reason, Recovered};
use crate::tasks::ledger::Entry;
use crate::tasks::ledger::submissions::Submissions;
use crate::tasks::wire::report::{Content, Report, Sizes};

/// Bytes of results from which on they go into the journal from where they lie.
const LONG: usize = 16 << 10;

/// Whether bytes that a task has returned are a result that counts in a later job.
pub(crate) type IsResult = fn(&[u8]) -> bool;

/// Writes the journal, if there is one.
#[derive(Default)]
pub(crate) struct Recorder {
    journal: Option<Journal>,
    /// Results of submitted tasks that an earlier job has left, each after the hash of its argument.
    earlier: HashMap<u64, Vec<u8>>,
    /// Results that an earlier job has left, by the key of their task, where tasks are known by that.
    by_key: HashMap<u64, VecDeque<Arc<Vec<u8>>>>,
}

impl Recorder {
    pub(crate) fn new(journal: Option<Journal>) -> Self {
        Recorder { journal, ..Recorder::default() }
    }

    /// Keeps what an earlier job has left, for tasks that are submitted again.
    pub(crate) fn keep(&mut self, recovered: &Recovered) {
        for done in recovered.done() {
            self.earlier.extend(done.each().map(|(task, result)| (task, result.to_vec())));
        }
    }

    /// Keeps what an earlier job has left by the keys of its tasks, if it counts.
    pub(crate) fn keep_by_key(&mut self, recovered: &Recovered, is_result: IsResult) {
        for done in recovered.done() {
            for (key, result) in done.each().filter_map(|(_, result)| result.split_first_chunk::<8>()) {
                if is_result(result) {
                    self.by_key.entry(u64::from_le_bytes(*key)).or_default().push_back(Arc::new(result.to_vec()));
                }
            }
        }
    }

    /// Keeps by their keys all results that the journal has, those of this job too, as a new job would find them.
    ///
    /// # Errors
    /// If the journal can't be written or read.
    pub(crate) fn look_back(&mut self, is_result: IsResult) -> Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.flush()?;
        let recovered = Recovered::read(journal.path())?;
        self.by_key.clear();
        self.keep_by_key(&recovered, is_result);
        Ok(())
    }

    /// A result that an earlier job has left for a task with this key, and that `fits`: each once, unless it is to serve `again`.
    pub(crate) fn known(&mut self, key: u64, again: bool, fits: &dyn Fn(&[u8]) -> bool) -> Option<Arc<Vec<u8>>> {
        let known = self.by_key.get_mut(&key)?;
        let place = known.iter().position(|result| fits(result))?;
        if again { known.get(place).cloned() } else { known.remove(place) }
    }

    /// Whether there is a journal.
    pub(crate) fn is_on(&self) -> bool {
        self.journal.is_some()
    }

    /// The way to the journal's file, for another thread.
    pub(crate) fn outbox(&self) -> Option<Outbox> {
        self.journal.as_ref().map(Journal::outbox)
    }

    /// Puts all records on their way, for another thread to write; whether there is a journal.
    pub(crate) fn send(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.send();
        }
    }

    /// Has all records outlive this process.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.journal.as_mut().map_or(Ok(()), Journal::flush)
    }

    /// Has all records outlive a loss of power.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.journal.as_mut().map_or(Ok(()), Journal::sync)
    }

    /// Records a line of the ledger.
    pub(crate) fn record(&mut self, entry: Entry<'_>) -> Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        match entry {
            Entry::Results { rank, report, submissions } => {
                let Content::Results(sizes, bytes) = report.content() else { return Ok(()) };
                if submissions.next() > 0 {
                    record_submitted(journal, rank, report, &sizes, bytes, submissions)
                } else {
                    record_list(journal, rank, report, &sizes, bytes)
                }
            }
            Entry::Failed(TaskError { task, rank, attempt, cause, message }) => {
                let reason = Reason { cause: *cause, message: message.clone() };
                journal.failed(*task, &Failed { attempts: *attempt, rank: *rank as u32, ended: now(), reason })
            }
            Entry::Attempt { task, number, rank, former } => {
                journal.attempt(task, &Attempt { number, rank: rank as u32, former })
            }
            Entry::Death(rank) => journal.death(rank as u32),
        }
    }

    /// The hash of an argument, where there is a journal.
    pub(crate) fn hash(&self, argument: &[u8]) -> u64 {
        if self.is_on() { xxh3_64(argument) } else { 0 }
    }

    /// The result that an earlier job has left for a task that is submitted again.
    ///
    /// # Errors
    /// If the argument was another one.
    pub(crate) fn recovered(&mut self, task: u64, hash: u64) -> Result<Option<Arc<Vec<u8>>>> {
        let Some(earlier) = self.earlier.remove(&task) else { return Ok(None) };
        match earlier.split_first_chunk::<8>() {
            Some((known, result)) if u64::from_le_bytes(*known) == hash => Ok(Some(Arc::new(result.to_vec()))),
            _ => {
                let reason =
                    "the journal has a result of it for another argument: replace the journal, or choose another";
                Err(Error::input(format!("task {task}"), reason))
            }
        }
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Writes results of a list's tasks, the end of a report's body.
fn record_list(journal: &mut Journal, rank: usize, report: &Report, sizes: &Sizes, results: &[u8]) -> Result<()> {
    let head = report.head;
    let lengths = match sizes {
        Sizes::Equal(length) => Lengths::Equal { count: head.count, length: *length as u32 },
        varied => Lengths::Each((0..head.count as usize).map(|place| varied.at(place) as u32).collect()),
    };
    let rank = rank as u32;
    let (seconds, ended) = (head.seconds, now());
    let done = Done { first: head.first, rank, attempt: head.attempt, seconds, ended, lengths, results };
    if results.len() < LONG {
        return journal.done(&done);
    }
    journal.done_with(&Done { results: &[], ..done }, &report.body, report.body.len() - results.len())
}

/// Writes results of submitted tasks, each after the hash of its argument.
fn record_submitted(
    journal: &mut Journal,
    rank: usize,
    report: &Report,
    sizes: &Sizes,
    mut results: &[u8],
    submissions: &Submissions,
) -> Result<()> {
    let head = report.head;
    let seconds = head.seconds / f64::from(head.count);
    let ended = now();
    for place in 0..head.count as usize {
        let first = head.first + place as u64;
        let (one, rest) = results.split_at(sizes.at(place));
        results = rest;
        let hash = submissions.get(first).map_or(0, |submission| submission.hash).to_le_bytes();
        let lengths = Lengths::Equal { count: 1, length: (hash.len() + one.len()) as u32 };
        let done = Done { first, rank: rank as u32, attempt: head.attempt, seconds, ended, lengths, results: &hash };
        if head.count == 1 && one.len() >= LONG {
            journal.done_with(&done, &report.body, report.body.len() - one.len())?;
        } else {
            journal.done(&Done { results: &[&hash, one].concat(), ..done })?;
        }
    }
    Ok(())
}
