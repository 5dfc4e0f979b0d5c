//! What goes into the journal, and what an earlier job has left in it.

use std::sync::Arc;

use super::coordinator::Coordinator;
use super::entries::Entry;
use super::journal::{Done, Lengths};
use super::record::{Head, Sizes};
use crate::{Error, Result};

/// Bytes of results from which on they go into the journal from where they lie.
const LONG: usize = 16 << 10;

impl Coordinator {
    /// Writes results, the end of a record's `body`, into the journal.
    pub(super) fn record(
        &mut self,
        rank: usize,
        head: &Head,
        sizes: &Sizes,
        bytes: &[u8],
        body: &Arc<Vec<u8>>,
    ) -> Result<()> {
        if self.journal.is_some() && self.entries.next() > 0 {
            return self.record_submitted(rank, head, sizes, bytes, body);
        }
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let (seconds, attempt, rank) = (head.seconds, head.attempt, rank as u32);
        let (lengths, results) = match sizes {
            Sizes::Equal(length) => (Lengths::Equal { count: head.count, length: *length as u32 }, bytes),
            varied => {
                let each: Vec<u32> = (0..head.count as usize).map(|place| varied.at(place) as u32).collect();
                (Lengths::Each(each.into()), bytes)
            }
        };
        let done = Done { first: head.first, rank, attempt, seconds, lengths, results };
        if results.len() < LONG {
            return journal.done(&done);
        }
        journal.done_with(&Done { results: &[], ..done }, body, body.len() - results.len())
    }

    /// Writes results of submitted tasks into the journal, each after the hash of its argument.
    fn record_submitted(
        &mut self,
        rank: usize,
        head: &Head,
        sizes: &Sizes,
        mut bytes: &[u8],
        body: &Arc<Vec<u8>>,
    ) -> Result<()> {
        for place in 0..head.count as usize {
            let first = head.first + place as u64;
            let (one, rest) = bytes.split_at(sizes.at(place));
            bytes = rest;
            let hash = self.entries.get(first).map_or(0, |entry| entry.hash).to_le_bytes();
            let Some(journal) = &mut self.journal else { continue };
            let lengths = Lengths::Equal { count: 1, length: (hash.len() + one.len()) as u32 };
            let seconds = head.seconds / f64::from(head.count);
            let done = Done { first, rank: rank as u32, attempt: head.attempt, seconds, lengths, results: &hash };
            if head.count == 1 && one.len() >= LONG {
                journal.done_with(&done, body, body.len() - one.len())?;
            } else {
                journal.done(&Done { results: &[&hash, one].concat(), ..done })?;
            }
        }
        Ok(())
    }

    /// The result that an earlier job has left for a task that is submitted again.
    pub(super) fn recovered(&mut self, task: u64, entry: &Entry) -> Result<Option<Vec<u8>>> {
        let Some(recorded) = self.recorded.remove(&task) else { return Ok(None) };
        match recorded.split_first_chunk::<8>() {
            Some((hash, result)) if u64::from_le_bytes(*hash) == entry.hash => {
                self.counts.done += 1;
                self.counts.recovered += 1;
                Ok(Some(result.to_vec()))
            }
            _ => {
                let reason =
                    "the journal has a result of it for another argument: replace the journal, or choose another";
                Err(Error::input(format!("task {task}"), reason))
            }
        }
    }
}
