//! What a job makes of a lock that it finds: one look at the file, and what several looks tell.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::OFlags;

use super::holder::{Holder, KernelLock, Verdict};
use crate::{Error, Result};

/// How long things about a lock take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Between two renewals.
    pub renewed: Duration,
    /// So long a job that was killed may take to be gone, when the next one is started at once.
    pub dying: Duration,
    /// A time of change further from now than this is old, before or after; and so long an earlier start of the same Slurm job may
    /// take to be gone.
    pub forgotten: Duration,
    /// So long two jobs that take a folder at once may be apart, where no lock of the kernel keeps them in order.
    pub settled: Duration,
}

impl Times {
    pub(super) const OF_JOBS: Times = Times {
        renewed: Duration::from_secs(5),
        dying: Duration::from_secs(1),
        forgotten: Duration::from_secs(60),
        settled: Duration::from_secs(1),
    };

    /// So long an old time is watched: a holder that lives renews it twice.
    pub(super) fn watched(&self) -> Duration {
        self.renewed * 5 / 2
    }
}

/// The longest name of a holder.
const LONGEST: usize = 4096;

/// One look at the file.
#[derive(Debug)]
pub(super) struct Look {
    pub file: File,
    pub kernel: KernelLock,
    line: String,
    changed: SystemTime,
    /// How many names lead to the file.
    names: u64,
}

impl Look {
    /// Makes the file if there is none, and locks it if nobody has. A link is no job's lock: it goes.
    ///
    /// # Errors
    /// If it cannot be made; if it is a file of somebody else's.
    pub(super) fn to_take(path: &Path) -> Result<Self> {
        loop {
            if path.is_symlink() {
                fs::remove_file(path).map_err(Error::io("remove", path))?;
            }
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).custom_flags(OFlags::NOFOLLOW.bits() as i32);
            let file = options.open(path).map_err(Error::io("create", path))?;
            let kernel = state(file.try_lock());
            // A holder that ended in between has removed the file: the next one has another number.
            if number(file.metadata()) == number(fs::metadata(path)) {
                let look = Look::at(file, kernel).map_err(Error::io("read", path))?;
                return if look.is_foreign() { Err(foreign(path)) } else { Ok(look) };
            }
        }
    }

    /// Whether the file says something that no job has written.
    fn is_foreign(&self) -> bool {
        let text = self.line.trim();
        // After a loss of power it may be empty, or zeros.
        !text.is_empty() && !text.contains('\0') && Holder::parse(text).is_none()
    }

    /// Whether other names lead to the same file: what is written here would be written there.
    pub(super) fn has_other_names(&self) -> bool {
        self.names > 1
    }

    /// Changes nothing; none if there is no file.
    pub(super) fn to_read(path: &Path) -> Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(Error::io("read", path))?,
        };
        let kernel = state(file.try_lock_shared());
        Look::at(file, kernel).map(Some).map_err(Error::io("read", path))
    }

    fn at(file: File, kernel: KernelLock) -> std::io::Result<Self> {
        let line = first_line(&file)?;
        let about = file.metadata()?;
        Ok(Look { kernel, line, changed: about.modified()?, names: about.nlink(), file })
    }

    /// Removes the file, unless it is another by now.
    pub(super) fn remove(&self, path: &Path) -> Result<()> {
        if number(self.file.metadata()) == number(fs::metadata(path)) {
            fs::remove_file(path).map_err(Error::io("remove", path))?;
        }
        Ok(())
    }

    /// The number of the process that the file names, if it is one beside `me`.
    pub(super) fn process_beside(&self, me: &Holder) -> Option<u32> {
        Holder::parse(&self.line)?.process_beside(me)
    }

    /// The process that the file names, for people.
    pub(super) fn holder_name(&self) -> String {
        Holder::parse(&self.line).map_or_else(|| "it is being taken".to_owned(), |holder| holder.to_string())
    }
}

fn foreign(path: &Path) -> Error {
    let reason = "is not a lock of this program's: move it, or choose another folder with --out";
    Error::input(path.display().to_string(), reason)
}

/// The first line of a lock's file.
pub(super) fn first_line(file: &File) -> std::io::Result<String> {
    let mut bytes = [0; LONGEST];
    let count = file.read_at(&mut bytes, 0)?;
    let text = String::from_utf8_lossy(&bytes[..count]);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn state(tried: std::result::Result<(), TryLockError>) -> KernelLock {
    match tried {
        Ok(()) => KernelLock::Free,
        Err(TryLockError::WouldBlock) => KernelLock::Held,
        Err(TryLockError::Error(_)) => KernelLock::Unknown,
    }
}

fn number(about: std::io::Result<fs::Metadata>) -> Option<u64> {
    about.ok().map(|about| about.ino())
}

/// What is known of a folder after a look.
#[derive(Debug, PartialEq)]
pub(super) enum Sight {
    /// Nobody is at work in it.
    Free,
    /// Somebody is, and may be waited for so long.
    Busy { patience: Duration, reason: String },
    /// Nobody has renewed the lock for long, by clocks that may differ: free if it doesn't move while it is watched.
    Old,
}

/// Looks at one lock, one after the other.
#[derive(Debug)]
pub(super) struct Watch {
    pub times: Times,
    began: Instant,
    /// What the first look saw.
    first: Option<(String, SystemTime)>,
    /// Whether a later one saw something else: somebody lives.
    has_moved: bool,
    /// Whether an earlier look saw a folder that is free and a file that is locked.
    was_locked: bool,
}

impl Watch {
    pub(super) fn new(times: Times) -> Self {
        Watch { times, began: Instant::now(), first: None, has_moved: false, was_locked: false }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether a file that is locked though its holder is dead was so before.
    pub(super) fn sees_again(&mut self) -> bool {
        std::mem::replace(&mut self.was_locked, true)
    }

    /// What `me` is to make of this look and those before.
    pub(super) fn judge(&mut self, look: &Look, me: &Holder) -> Sight {
        let Times { dying, forgotten, .. } = self.times;
        let busy = |patience: Duration, advice: &str| {
            let reason = format!("{}; {advice}", look.holder_name());
            Sight::Busy { patience, reason }
        };
        const WAIT: &str = "wait for it, or choose another with --out";
        let Some(holder) = Holder::parse(&look.line) else {
            return if look.kernel == KernelLock::Held { busy(dying, WAIT) } else { Sight::Free };
        };
        let seen = (look.line.clone(), look.changed);
        self.has_moved |= *self.first.get_or_insert_with(|| seen.clone()) != seen;
        match holder.verdict(me, look.kernel) {
            Verdict::Dead => Sight::Free,
            Verdict::Alive if holder.is_earlier_start_of(me) => busy(forgotten, WAIT),
            Verdict::Alive => busy(dying, WAIT),
            Verdict::Doubt if self.has_moved => busy(dying, WAIT),
            Verdict::Doubt if is_fresh(look.changed, forgotten) => {
                let minutes = "a minute after its last sign of life its folder is free";
                busy(dying, &format!("{WAIT}; if it is dead, {minutes}"))
            }
            Verdict::Doubt if self.elapsed() >= self.times.watched() => Sight::Free,
            Verdict::Doubt => Sight::Old,
        }
    }
}

/// Whether a time is within `most` of now: clocks of hosts differ, so it may be in the future.
fn is_fresh(changed: SystemTime, most: Duration) -> bool {
    match SystemTime::now().duration_since(changed) {
        Ok(age) => age < most,
        Err(ahead) => ahead.duration() < most,
    }
}
