//! Rewriting a journal that is longer than it has to be.

use std::path::Path;

use super::frame::RECORD_HEAD;
use super::record::{Attempt, CARRIED, Carried, Moments};
use super::{Journal, Recovered, part_of};
use crate::Result;

/// Journals up to this length, in bytes, are left as they are.
const LEFT: u64 = 64 << 10;
/// A journal may be so many times as long as it has to be.
const LONGER: u64 = 2;

impl Recovered {
    /// The journal rewritten, if its `length` makes that worth while.
    pub(super) fn rewritten(&self, path: &Path, length: u64) -> Option<Result<Journal>> {
        (length > LEFT && length > LONGER * self.needed()).then(|| self.rewrite(path))
    }

    /// The bytes of records that a rewritten journal has.
    pub(super) fn needed(&self) -> u64 {
        let mut bytes = 0;
        let mut moments = Moments::default();
        let mut count = |contents: usize, ended: Option<f64>| {
            let moment = ended.is_some_and(|ended| moments.is_due(ended));
            bytes += (RECORD_HEAD + contents + if moment { RECORD_HEAD + size_of::<f64>() } else { 0 }) as u64;
        };
        // Cannot fail, since nothing is written.
        let _ = self.runs().merged(|done| {
            count(done.encoded_bytes(), Some(done.ended));
            Ok(())
        });
        self.failed().values().for_each(|failed| count(failed.encoded_bytes(), Some(failed.ended)));
        self.attempts().values().for_each(|attempt| count(attempt.encoded_bytes(), None));
        self.begun().for_each(|(_, attempt)| count(attempt.encoded_bytes(), None));
        bytes
    }

    /// Writes a journal beside this one with all that still counts, and puts it in its place; after an error this one is untouched.
    pub(super) fn rewrite(&self, path: &Path) -> Result<Journal> {
        let mut journal = Journal::begin(path, self.plan())?;
        let renamed = self.write(&mut journal).and_then(|()| journal.rename(path));
        if renamed.is_err() {
            let _ = std::fs::remove_file(part_of(path));
        }
        renamed
    }

    fn write(&self, journal: &mut Journal) -> Result<()> {
        if self.carried() != Carried::default() {
            journal.append(CARRIED, String::new, |buffer| self.carried().encode(buffer))?;
        }
        self.runs().merged(|done| journal.done(done))?;
        self.failed().iter().try_for_each(|(&task, failed)| journal.failed(task, failed))?;
        self.attempts().iter().try_for_each(|(&task, attempt)| journal.attempt(task, attempt))?;
        self.begun().try_for_each(|(task, attempt)| journal.attempt(task, &attempt))
    }

    /// The beginnings of attempts of rank 0 that the last attempts don't tell, since they tell why the ones before ended.
    fn begun(&self) -> impl Iterator<Item = (u64, Attempt)> {
        let is_told = |task| self.attempts().get(&task).is_some_and(|attempt| attempt.former.is_none());
        let begun = self.unended().iter().filter(move |&(&task, _)| !is_told(task));
        begun.map(|(&task, &number)| (task, Attempt { number, rank: 0, former: None }))
    }
}
