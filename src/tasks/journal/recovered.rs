//! What a journal says: the state of the sweep that it records.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use super::done::Done;
use super::frame;
use super::record::{Attempt, Carried, Failed, Record};
use super::runs::Runs;
use super::scan::{Window, scan};
use crate::{Error, Result};

/// Damaged ranges that are noted one by one.
const SHOWN: usize = 8;

/// The state of a sweep, from its journal.
///
/// A task that was recorded as done stays so, with its first result, whatever else was recorded of it. One that failed for good is
/// failed until it is done; attempts at it count from then on.
#[derive(Debug, Default)]
pub struct Recovered {
    plan: String,
    runs: Runs,
    failed: BTreeMap<u64, Failed>,
    attempts: BTreeMap<u64, Attempt>,
    /// Attempts of rank 0 that began, and of whose end nothing was recorded.
    unended: BTreeMap<u64, u32>,
    /// Whether nothing was recorded since such an attempt began.
    is_stalled: bool,
    carried: Carried,
    /// When what is read now was recorded.
    moment: f64,
    notes: Vec<String>,
}

/// Sums for an accounting of a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Tasks that are done.
    pub done: u64,
    /// Of these, tasks that took more than one attempt.
    pub rerun: u64,
    /// Tasks that failed for good.
    pub failed: u64,
    /// Further attempts that began after one that did not end.
    pub retries: u64,
    /// Results that came for a task that was done already, and were left out.
    pub doubled: u64,
    /// Ranks that died.
    pub deaths: u64,
    /// The time of all tasks that are done, in seconds.
    pub seconds: f64,
}

/// Of a journal's file: the hash of its head, where the last whole record ends, how long it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub seed: u64,
    pub end: u64,
    pub length: u64,
}

impl Recovered {
    /// Reads a journal and changes nothing; it may be one that another process is writing.
    ///
    /// # Errors
    /// When it cannot be read, or its head is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        Ok(Recovered::read_from(&file, path)?.0)
    }

    pub(super) fn read_from(file: &File, path: &Path) -> Result<(Self, Extent)> {
        let mut window = Window::new(file, path)?;
        let (plan, seed) = read_head(&mut window, path)?;
        let mut recovered = Recovered { plan, ..Recovered::default() };
        let records = (frame::HEAD + recovered.plan.len()) as u64;
        let scanned = scan(&mut window, records, seed, |record| recovered.absorb(record))?;
        recovered.settle();
        recovered.note_damage(&scanned.damaged);
        let extent = Extent { seed, end: scanned.end, length: window.length() };
        if extent.end < extent.length {
            let torn = extent.length - extent.end;
            recovered.note(format!(
                "the last {torn} bytes are no whole record (a write that was cut off or is under way): left out"
            ));
        }
        Ok((recovered, extent))
    }

    /// The text of the plan.
    pub fn plan(&self) -> &str {
        &self.plan
    }

    /// The tasks that are done, as runs in order; no task is in two of them.
    pub fn done(&self) -> impl Iterator<Item = Done<'_>> {
        self.runs.iter()
    }

    /// The number after those of all tasks that it knows of.
    pub(in crate::tasks) fn next_task(&self) -> u64 {
        let done = self.done().map(|done| done.first + u64::from(done.count())).max().unwrap_or(0);
        let others =
            [self.failed.keys().next_back(), self.attempts.keys().next_back(), self.unended.keys().next_back()];
        others.into_iter().flatten().map(|task| task + 1).fold(done, u64::max)
    }

    /// Whether a task is done.
    pub fn is_done(&self, task: u64) -> bool {
        self.runs.covered().contains(task)
    }

    /// The ranges of those of the first `tasks` tasks that are not done, in order; failed ones among them.
    pub fn remaining(&self, tasks: u64) -> impl Iterator<Item = Range<u64>> {
        self.runs.covered().gaps(tasks)
    }

    /// Refuses another plan than that of the journal, which is at `path`.
    ///
    /// # Errors
    /// The lines that differ.
    pub fn check(&self, path: &Path, plan: &str) -> Result<()> {
        super::plan::check(path, self.plan(), plan)
    }

    /// The tasks that failed for good, by number.
    pub fn failed(&self) -> &BTreeMap<u64, Failed> {
        &self.failed
    }

    /// The last attempt that began at each task that is not done, by number; for a failed one, if it was tried again since.
    pub fn attempts(&self) -> &BTreeMap<u64, Attempt> {
        &self.attempts
    }

    /// The attempts of rank 0 that were under way when the last job ended, by task: rank 0 alone can't record its own death.
    pub fn unended(&self) -> &BTreeMap<u64, u32> {
        &self.unended
    }

    /// Whether the last job ended before it got anything done after rank 0 had begun an attempt.
    pub fn is_stalled(&self) -> bool {
        self.is_stalled
    }

    /// What is wrong with the file, for people; nothing if all is well.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The sums.
    pub fn counts(&self) -> Totals {
        let again = |done: &Done<'_>| if done.attempt > 1 { u64::from(done.count()) } else { 0 };
        let Carried { doubled, retries, deaths } = self.carried;
        Totals {
            done: self.runs.covered().len(),
            rerun: self.done().map(|done| again(&done)).sum(),
            failed: self.failed.len() as u64,
            seconds: self.done().map(|done| done.seconds).sum(),
            retries,
            doubled,
            deaths,
        }
    }

    pub(super) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Totals that a rewrite must carry, since what it keeps does not give them.
    pub(super) fn carried(&self) -> Carried {
        let kept = self.attempts.values().filter(|attempt| attempt.former.is_some()).count();
        Carried { retries: self.carried.retries - kept as u64, ..self.carried }
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn absorb(&mut self, record: Record<'_>) {
        self.is_stalled = match &record {
            Record::Attempt(_, attempt) if attempt.former.is_none() => self.is_stalled || attempt.rank == 0,
            Record::Death | Record::Carried(_) | Record::Moment(_) => self.is_stalled,
            _ => false,
        };
        match record {
            Record::Moment(moment) => self.moment = moment,
            Record::Done(done) => self.carried.doubled += self.runs.push(&Done { ended: self.moment, ..done }),
            Record::Failed(task, failed) => {
                self.attempts.remove(&task);
                self.unended.remove(&task);
                self.failed.insert(task, Failed { ended: self.moment, ..failed });
            }
            Record::Attempt(task, attempt) => self.absorb_attempt(task, attempt),
            Record::Death => self.carried.deaths += 1,
            Record::Carried(Carried { doubled, retries, deaths }) => {
                self.carried.doubled += doubled;
                self.carried.retries += retries;
                self.carried.deaths += deaths;
            }
        }
    }

    /// Keeps the last attempt, and why the one before it ended where that was recorded apart from its beginning.
    fn absorb_attempt(&mut self, task: u64, attempt: Attempt) {
        self.carried.retries += u64::from(attempt.former.is_some());
        if attempt.former.is_some() {
            self.unended.remove(&task);
        } else if attempt.rank == 0 {
            self.unended.insert(task, attempt.number);
        }
        match self.attempts.get_mut(&task) {
            Some(known) if known.number > attempt.number => {}
            Some(known) if known.number == attempt.number => {
                let former = attempt.former.or(known.former.take());
                *known = Attempt { former, ..attempt };
            }
            _ => drop(self.attempts.insert(task, attempt)),
        }
    }

    /// Brings into order what came in the file's order.
    fn settle(&mut self) {
        self.runs.sort();
        let covered = self.runs.covered();
        self.failed.retain(|&task, _| !covered.contains(task));
        self.attempts.retain(|&task, _| !covered.contains(task));
        self.unended.retain(|&task, _| !covered.contains(task));
    }

    fn note_damage(&mut self, damaged: &[Range<u64>]) {
        let bytes = |range: &Range<u64>| range.end - range.start;
        for range in &damaged[..damaged.len().min(SHOWN)] {
            let start = range.start;
            let end = range.end;
            self.note(format!(
                "bytes {start} to {end} ({} bytes) are damaged: what they recorded is lost, its tasks run again",
                bytes(range)
            ));
        }
        if let Some(more @ [_, ..]) = damaged.get(SHOWN..) {
            let sum: u64 = more.iter().map(bytes).sum();
            self.note(format!("{} more places are damaged, with {sum} bytes", more.len()));
        }
    }
}

/// The plan and the head's hash.
fn read_head(window: &mut Window<'_>, path: &Path) -> Result<(String, u64)> {
    let start_anew = |what: String| Error::file(path, format!("{what}; start anew with --overwrite or another --out"));
    let bytes = frame::plan_bytes(window.bytes(0, frame::HEAD as u64)?).map_err(start_anew)?;
    let head = window.bytes(0, (frame::HEAD + bytes) as u64)?;
    let whole = frame::plan(head).filter(|_| head.len() == frame::HEAD + bytes);
    let (plan, seed) = whole.ok_or_else(|| start_anew("the head of the journal, its plan, is damaged".to_owned()))?;
    Ok((plan.to_owned(), seed))
}
