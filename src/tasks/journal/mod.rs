//! The journal of a sweep: which tasks are done, with their results, on disk.
//!
//! Rank 0 alone writes it, in one file that only grows. After any end, `kill -9` of all ranks included, a sweep that is
//! resumed runs no task again whose record has reached the file; after a loss of power, none whose record was there at the
//! last [`sync`](Journal::sync).
//!
//! # The file
//! All numbers are little endian. The head: 8 bytes that name the format, its version (u32), the bytes of the plan (u32),
//! a hash, the plan as text. Then records, each made of a marker of 4 bytes, a hash, the length of what it says (u32),
//! its kind (u8), what it says. The hash is xxh3 of all that follows it in the record, seeded with the head's hash.
//!
//! - *done*: a run of consecutive tasks, with their results;
//! - *failed*: a task that is not tried again;
//! - *attempt*: an attempt at a task began, or, if it is not the first, why the one before did not end;
//! - *death*: a rank died;
//! - *carried*: counts of what an earlier rewrite left out;
//! - *moment*: when what follows was recorded, in seconds since 1970, as `f64`.
//!
//! # Damage
//! A record that is cut off at the end is left out, and cut away before the file grows again. Bytes within the file that make no
//! whole record are skipped up to the next one that does. Both stand in [`Recovered::notes`]. A damaged head is an error:
//! without its plan the results mean nothing.
//!
//! # Rewriting
//! When the file is opened to be continued and is more than twice as long as it has to be, it is rewritten beside its place and
//! renamed: tasks in order, short runs merged, without attempts at tasks that are done.
//!
//! What results, causes and the plan mean is not known here, nor who may write: the lock of the run's folder sees to that.

mod bytes;
mod compact;
mod covered;
mod done;
mod frame;
mod outbox;
mod plan;
mod record;
mod recovered;
mod runs;
mod scan;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

pub use done::{Done, Lengths};
pub use record::{Attempt, Failed, Reason};
pub use recovered::{Recovered, Totals};

pub(super) use outbox::Outbox;

use crate::base::whole::{create_anew, open_own, part_of, sync_name};
use crate::{Error, Result};
use outbox::Piece;
use record::Moments;

/// Bytes of records from which on they are put on their way to the file.
const FULL: usize = 256 << 10;
/// Bytes on their way from which on who records writes them.
const BACKLOG: usize = 64 << 20;

/// A journal that is being written.
///
/// Records wait in memory until they are many, or until [`flush`](Self::flush). When dropped, what waits is written; errors
/// are seen only by who calls `flush` or [`sync`](Self::sync) before.
#[derive(Debug)]
pub struct Journal {
    /// The hash of the head, which seeds those of the records.
    seed: u64,
    /// Whole records that are not on their way yet.
    buffer: Vec<u8>,
    moments: Moments,
    outbox: Outbox,
}

impl Journal {
    /// Begins the journal of a plan, any text; it is on disk under its name when this returns.
    ///
    /// # Errors
    /// When there is a journal already, or the file cannot be written.
    pub fn create(path: &Path, plan: &str) -> Result<Self> {
        if path.exists() {
            let reason = "a sweep has begun here: resume it, replace it with --overwrite, or choose another --out";
            return Err(Error::input(path.display().to_string(), reason));
        }
        Journal::begin(path, plan)?.rename(path)?.sync_name()
    }

    /// Opens a journal to continue it, after cutting off a torn end and rewriting what has grown too long.
    ///
    /// # Errors
    /// When the journal is of another plan (the message has the lines that differ), its head is damaged, or the file cannot be
    /// read or changed.
    pub fn open(path: &Path, plan: &str) -> Result<(Self, Recovered)> {
        let file = open_own(path, File::options().read(true).write(true))?;
        let (mut recovered, extent) = Recovered::read_from(&file, path)?;
        plan::check(path, recovered.plan(), plan)?;
        // Room beyond the end, too, that a killed job has taken.
        file.set_len(extent.end).map_err(Error::io("cut", path))?;
        if extent.end < extent.length {
            file.sync_data().map_err(Error::io("cut", path))?;
        }
        let outbox = Outbox::new(file, path.to_path_buf(), extent.end);
        let journal = Journal { seed: extent.seed, buffer: Vec::new(), moments: Moments::default(), outbox };
        // What a rewrite that was killed has left.
        let _ = std::fs::remove_file(part_of(path));
        match recovered.rewritten(path, extent.end) {
            Some(Ok(rewritten)) => return Ok((rewritten.sync_name()?, recovered)),
            Some(Err(error)) => recovered.note(format!("the journal stays longer than it has to be: {error}")),
            None => {}
        }
        Ok((journal, recovered))
    }

    /// Records a run of tasks that are done; a run of none is not recorded.
    ///
    /// # Errors
    /// When the results make more than 4 GiB, or records cannot be written.
    ///
    /// # Panics
    /// If the lengths do not add up to the results' bytes, or the tasks' numbers pass 2^64.
    pub fn done(&mut self, done: &Done<'_>) -> Result<()> {
        done.check(0);
        if done.count() == 0 {
            return Ok(());
        }
        let place = || format!("task {}", done.first);
        self.moment(done.ended)?;
        self.append(record::DONE, place, |buffer| done.encode(buffer))
    }

    /// Records a run of tasks whose results end with the bytes of `body` from `start` on, which are written from where they lie:
    /// `done.results` is what comes before.
    ///
    /// # Errors
    /// As [`done`](Self::done).
    ///
    /// # Panics
    /// As [`done`](Self::done).
    pub(super) fn done_with(&mut self, done: &Done<'_>, body: &Arc<Vec<u8>>, start: usize) -> Result<()> {
        let rest = &body[start..];
        done.check(rest.len());
        self.moment(done.ended)?;
        frame::append(&mut self.buffer, self.seed, record::DONE, |buffer| done.encode(buffer), rest)
            .map_err(|bytes| too_long(format!("task {}", done.first), bytes))?;
        self.put(Some((Arc::clone(body), start)))
    }

    /// Records a task that failed for good.
    ///
    /// # Errors
    /// When records cannot be written.
    pub fn failed(&mut self, task: u64, failed: &Failed) -> Result<()> {
        self.moment(failed.ended)?;
        self.append(record::FAILED, || format!("task {task}"), |buffer| failed.encode(task, buffer))
    }

    /// Records that an attempt at a task began.
    ///
    /// # Errors
    /// When records cannot be written.
    pub fn attempt(&mut self, task: u64, attempt: &Attempt) -> Result<()> {
        self.append(record::ATTEMPT, || format!("task {task}"), |buffer| attempt.encode(task, buffer))
    }

    /// Records that a rank died.
    ///
    /// # Errors
    /// When records cannot be written.
    pub fn death(&mut self, rank: u32) -> Result<()> {
        self.append(record::DEATH, || format!("rank {rank}"), |buffer| buffer.extend(rank.to_le_bytes()))
    }

    /// Hands all records to the operating system: they outlive this process, though not a loss of power.
    ///
    /// # Errors
    /// When they cannot be written. The file then ends with a whole record; those that did not fit stay in memory, and the next
    /// call tries again.
    pub fn flush(&mut self) -> Result<()> {
        self.send();
        self.outbox.flush()
    }

    /// Hands all records over and waits until they are on the disk.
    ///
    /// # Errors
    /// When they cannot be written. After a failed wait nobody knows which of the last records are on the disk: the run should end.
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        self.outbox.sync()
    }

    /// Puts all records on their way, for another thread to write.
    pub(super) fn send(&mut self) {
        if !self.buffer.is_empty() {
            self.outbox.put(Piece { head: std::mem::take(&mut self.buffer), rest: None });
        }
    }

    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.outbox.path
    }

    /// The way to the file, for another thread.
    pub(super) fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// A journal under the name that files have until they are whole.
    fn begin(path: &Path, plan: &str) -> Result<Self> {
        let too_long = |bytes| Error::input("plan", format!("has {bytes} bytes; a journal takes less than 4 GiB"));
        let (buffer, seed) = frame::head(plan).map_err(too_long)?;
        let path = part_of(path);
        let file = create_anew(&path).map_err(Error::io("create", &path))?;
        Ok(Journal { seed, buffer, moments: Moments::default(), outbox: Outbox::new(file, path, 0) })
    }

    /// Puts a journal that was begun on the disk, and gives it its name.
    fn rename(mut self, path: &Path) -> Result<Self> {
        self.sync()?;
        std::fs::rename(&self.outbox.path, path).map_err(Error::io("rename", &self.outbox.path))?;
        self.outbox.path = path.to_path_buf();
        Ok(self)
    }

    /// Makes the name last.
    fn sync_name(self) -> Result<Self> {
        sync_name(&self.outbox.path)?;
        Ok(self)
    }

    /// Says when what is recorded next was recorded.
    fn moment(&mut self, ended: f64) -> Result<()> {
        if !self.moments.is_due(ended) {
            return Ok(());
        }
        self.append(record::MOMENT, String::new, |buffer| buffer.extend(ended.to_le_bytes()))
    }

    /// Appends a record that `encode` fills; `place` names what it is of.
    #[inline]
    fn append(&mut self, kind: u8, place: impl Fn() -> String, encode: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        frame::append(&mut self.buffer, self.seed, kind, encode, &[]).map_err(|bytes| too_long(place(), bytes))?;
        if self.buffer.len() >= FULL { self.put(None) } else { Ok(()) }
    }

    /// Puts the records, of which `rest` is the end, on their way.
    fn put(&mut self, rest: Option<(Arc<Vec<u8>>, usize)>) -> Result<()> {
        self.outbox.put(Piece { head: std::mem::take(&mut self.buffer), rest });
        if self.outbox.bytes() >= BACKLOG { self.outbox.flush() } else { Ok(()) }
    }
}

/// What to say of a record that is too long.
fn too_long(place: String, bytes: usize) -> Error {
    let reason = format!("a record of {bytes} bytes; one takes less than 4 GiB: keep large results in files");
    Error::input(place, reason)
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}
