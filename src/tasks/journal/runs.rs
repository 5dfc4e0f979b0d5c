//! The tasks that are done: whole runs, not one entry per task.

use super::covered::Covered;
use super::done::{Done, Lengths, SEVERAL, decode_lengths, encode_lengths};
use crate::Result;

/// Runs are merged only within so many tasks, so that damage to a record harms few.
const MERGED: u64 = 4096;
/// Runs of tasks that took longer on average, in seconds, are not merged: the time of each is worth keeping.
const SHORT: f64 = 1e-3;
/// Nor are runs with results of different lengths, or longer ones, in bytes: there is little to gain.
const SMALL: u32 = 256;

/// Runs of tasks; no task is in two of them.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Vec<Run>,
    /// The results of all runs, in each after their lengths where these differ.
    results: Vec<u8>,
    covered: Covered,
}

/// A run; there may be as many as tasks, so it holds no more than it has to.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u64,
    seconds: f64,
    ended: f64,
    /// Where its results begin, or their lengths.
    place: usize,
    count: u32,
    rank: u32,
    attempt: u32,
    /// The length that all results have, or [`SEVERAL`].
    length: u32,
}

impl Runs {
    /// Adds a run; returns how many of its tasks were there already, which stay as they were.
    pub(super) fn push(&mut self, done: &Done<'_>) -> u64 {
        let new = self.covered.insert(done.tasks());
        if new == [done.tasks()] {
            self.store(done);
            return 0;
        }
        new.iter().for_each(|tasks| self.store(&done.part(tasks.clone())));
        u64::from(done.count()) - new.iter().map(|tasks| tasks.end - tasks.start).sum::<u64>()
    }

    fn store(&mut self, done: &Done<'_>) {
        let &Done { first, seconds, ended, rank, attempt, .. } = done;
        let place = self.results.len();
        let length = match &done.lengths {
            Lengths::Equal { length, .. } => *length,
            Lengths::Each(lengths) => {
                encode_lengths(lengths, &mut self.results);
                SEVERAL
            }
        };
        self.results.extend_from_slice(done.results);
        let run = Run { first, seconds, ended, place, count: done.count(), rank, attempt, length };
        match self.runs.last_mut() {
            Some(last) if last.goes_with(&run) => last.extend(&run),
            _ => self.runs.push(run),
        }
    }

    /// Puts the runs in the order of their tasks.
    pub(super) fn sort(&mut self) {
        self.runs.sort_unstable_by_key(|run| run.first);
    }

    /// The tasks that are done.
    pub(super) fn covered(&self) -> &Covered {
        &self.covered
    }

    /// The runs, in order once they are sorted.
    pub(super) fn iter(&self) -> impl Iterator<Item = Done<'_>> {
        self.runs.iter().map(|run| self.done(run))
    }

    /// Gives the runs to `each`, with short ones merged.
    pub(super) fn merged(&self, mut each: impl FnMut(&Done<'_>) -> Result<()>) -> Result<()> {
        self.runs.chunk_by(Run::goes_with).try_for_each(|runs| match runs {
            [run] => each(&self.done(run)),
            runs => {
                let results = runs.iter().map(|run| self.done(run).results).collect::<Vec<_>>().concat();
                let seconds = runs.iter().map(|run| run.seconds).sum();
                let ended = runs.iter().map(|run| run.ended).fold(0.0, f64::max);
                let count = runs.iter().map(|run| run.count).sum();
                let lengths = Lengths::Equal { count, length: runs[0].length };
                each(&Done { seconds, ended, lengths, results: &results, ..self.done(&runs[0]) })
            }
        })
    }

    fn done(&self, run: &Run) -> Done<'_> {
        let &Run { first, seconds, ended, rank, attempt, count, .. } = run;
        let mut results = &self.results[run.place..];
        let lengths = match run.length {
            SEVERAL => {
                let (lengths, rest) = results.split_at(4 * count as usize);
                results = rest;
                Lengths::Each(decode_lengths(lengths).into())
            }
            length => Lengths::Equal { count, length },
        };
        let bytes = lengths.bytes(count as usize) as usize;
        Done { first, rank, attempt, seconds, ended, lengths, results: &results[..bytes] }
    }
}

impl Run {
    /// Whether the run after this one may be merged with it.
    fn goes_with(&self, next: &Run) -> bool {
        let few = |run: &Run| u64::from(run.count) <= MERGED && run.length <= SMALL;
        let short = |run: &Run| run.seconds <= SHORT * f64::from(run.count);
        self.first + u64::from(self.count) == next.first
            && self.first / MERGED == next.first / MERGED
            && (self.rank, self.attempt, self.length) == (next.rank, next.attempt, next.length)
            && [self, next].into_iter().all(|run| few(run) && short(run))
    }

    /// Takes in the run that follows, whose results follow too.
    fn extend(&mut self, next: &Run) {
        self.seconds += next.seconds;
        self.ended = self.ended.max(next.ended);
        self.count += next.count;
    }
}
