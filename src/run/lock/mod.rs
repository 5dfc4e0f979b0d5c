//! One job per run folder: a lock that nobody has to remove by hand.
//!
//! The file `lock` names the process at work ([`Holder`]), which keeps it locked by the kernel (flock) until it ends and renews its
//! time of change every few seconds. A job that finds such a file looks for signs of life ([`Watch`]): the kernel's lock and the
//! process, where both jobs run under one kernel; elsewhere a time of change that moves while it looks, or is within a minute of its
//! own clock, before or after. An earlier start of one's own Slurm job is dead, since Slurm says so.
//!
//! A holder may stand still for so long that another job takes its folder (a stopped process, a node without its network). So it
//! looks for its own name at each renewal, and after a pause before it writes; where it finds another, it ends at once.
//! Rank 0 alone holds the lock, and removes it when the run ends.

mod holder;
#[cfg(test)]
mod tests;
mod watch;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, futimens};

use crate::base::console::say;
use crate::comm::leave;
use crate::{Error, Result};
use holder::{Holder, KernelLock};
use watch::{Look, Sight, Times, Watch};

/// Its name in the folder.
const LOCK: &str = "lock";
/// Exit status of a job that has lost its folder.
const LOST: u8 = 1;
/// Between two looks at the lock of another job.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The lock of a run folder, held.
#[derive(Debug)]
pub(crate) struct Lock {
    held: Arc<Held>,
    /// Dropped to end the renewal.
    stop: Option<Sender<()>>,
    renewal: Option<JoinHandle<()>>,
}

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    /// If another job holds it, with where; if the file cannot be made.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        Held::take(folder, &Holder::this_process(), Times::OF_JOBS).map(Lock::renewing)
    }

    fn renewing(held: Held) -> Self {
        let held = Arc::new(held);
        let (stop, stopped) = channel::<()>();
        let renewed = Arc::clone(&held);
        let renewal = std::thread::spawn(move || {
            while stopped.recv_timeout(renewed.times.renewed) == Err(RecvTimeoutError::Timeout) {
                renewed.renew_or_end();
            }
        });
        Lock { held, stop: Some(stop), renewal: Some(renewal) }
    }

    /// Returns if the folder is still this job's; otherwise ends the process. To be called before something is written.
    pub(crate) fn assure(&self) {
        if self.held.is_late() {
            self.held.renew_or_end();
        }
    }

    /// What a person should know about this lock.
    pub(crate) fn note(&self) -> Option<String> {
        let held = &self.held;
        (!held.is_locked).then(|| {
            format!(
                "{}: this file system has no locks of the kernel (flock): jobs are kept apart by what the file `{LOCK}` says",
                held.folder.display()
            )
        })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(renewal) = self.renewal.take() {
            let _ = renewal.join();
        }
        if self.held.is_own().unwrap_or(false) {
            let _ = fs::remove_file(&self.held.path);
        }
    }
}

/// What the holder of a lock has of it.
#[derive(Debug)]
struct Held {
    folder: PathBuf,
    path: PathBuf,
    /// Open, and so locked by the kernel, for as long as the lock is held.
    file: File,
    /// What the file says of this process.
    line: String,
    /// Whether the kernel has locks of such files.
    is_locked: bool,
    times: Times,
    /// When the lock was last seen to be this job's, by the wall clock, which goes on while a machine sleeps [ms].
    seen: AtomicU64,
}

impl Held {
    /// Takes the lock as `me`.
    fn take(folder: &Path, me: &Holder, times: Times) -> Result<Self> {
        let mut watch = Watch::new(times);
        // Whether a lock of the kernel has kept others away from the moment on at which the folder was seen to be free.
        let mut is_alone = true;
        loop {
            if let Some(held) = Held::attempt(folder, me, &mut watch, &mut is_alone)? {
                return Ok(held);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Looks once, and takes the lock if nobody is at work.
    fn attempt(folder: &Path, me: &Holder, watch: &mut Watch, is_alone: &mut bool) -> Result<Option<Self>> {
        let path = folder.join(LOCK);
        let look = Look::to_take(&path)?;
        match watch.judge(&look, me) {
            Sight::Busy { patience, reason } if watch.elapsed() >= patience => {
                let told = format!("another job is at work in this folder: {reason}");
                return Err(Error::input(folder.display().to_string(), told));
            }
            Sight::Busy { .. } | Sight::Old => return Ok(None),
            Sight::Free if look.kernel == KernelLock::Held => {
                // At the second look it is not another job that is just taking it: the server of the files has not heard of the dead
                // one's end. Another file is not locked.
                if watch.sees_again() {
                    *is_alone = false;
                    look.remove(&path)?;
                }
                return Ok(None);
            }
            Sight::Free if look.has_other_names() => {
                // Another name of the file keeps what it says; the next look makes a file of this name alone.
                look.remove(&path)?;
                return Ok(None);
            }
            Sight::Free => {}
        }
        let is_locked = look.kernel == KernelLock::Free;
        *is_alone &= is_locked;
        let line = me.line(is_locked);
        let held = Held {
            folder: folder.into(),
            path,
            file: look.file,
            line,
            is_locked,
            times: watch.times,
            // Before its first output a job looks again: where locks of the kernel don't reach other hosts, two may have begun at once.
            seen: AtomicU64::new(0),
        };
        held.write().map_err(Error::io("write", &held.path))?;
        if *is_alone {
            return Ok(Some(held));
        }
        std::thread::sleep(held.times.settled);
        let is_own = held.is_own().map_err(Error::io("read", &held.path))?;
        Ok(is_own.then_some(held))
    }

    /// Writes the holder's name. The file is at no time empty: a reader finds this name or the one before.
    fn write(&self) -> std::io::Result<()> {
        self.file.write_all_at(self.line.as_bytes(), 0)?;
        self.file.set_len(self.line.len() as u64)?;
        self.file.sync_all()
    }

    /// Whether the file has this holder's name.
    fn is_own(&self) -> std::io::Result<bool> {
        match File::open(&self.path).and_then(|file| watch::first_line(&file)) {
            Ok(line) => Ok(line == self.line.trim_end()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a renewal is overdue: then this process may have stood still, and another have taken the folder.
    fn is_late(&self) -> bool {
        let since = now().abs_diff(self.seen.load(Ordering::Relaxed));
        Duration::from_millis(since) > self.times.renewed * 6 / 5
    }

    /// Renews the time of change if the folder is still this job's; whether it is.
    fn renew(&self) -> bool {
        match self.is_own() {
            Ok(true) => {
                // The file system's own time, which whoever may write the file may set, not its owner alone.
                let now_there = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
                let times = Timestamps { last_access: now_there, last_modification: now_there };
                if futimens(&self.file, &times).is_ok() {
                    self.seen.store(now(), Ordering::Relaxed);
                }
                true
            }
            Ok(false) => false,
            // A folder that cannot be reached for a while must not end the run.
            Err(_) => true,
        }
    }

    fn renew_or_end(&self) {
        if !self.renew() {
            say(&format!(
                "divisi: {}: another job took this folder while this one stood still, or the file `{LOCK}` was removed: \
                 this job ends here and writes nothing more",
                self.folder.display()
            ));
            leave(LOST);
        }
    }
}

/// Who is at work in a folder, as far as one look can tell.
pub(super) fn holder(folder: &Path) -> Result<Option<String>> {
    let Some(look) = Look::to_read(&folder.join(LOCK))? else { return Ok(None) };
    match Watch::new(Times::OF_JOBS).judge(&look, &Holder::this_process()) {
        Sight::Busy { .. } => Ok(Some(look.holder_name())),
        Sight::Free | Sight::Old => Ok(None),
    }
}

/// The process at work in a folder, where it runs on this machine.
///
/// # Errors
/// If nobody is at work, or on another machine.
pub(super) fn process_here(folder: &Path) -> Result<u32> {
    let refuse = |reason: String| Err(Error::input(folder.display().to_string(), reason));
    let me = Holder::this_process();
    match Look::to_read(&folder.join(LOCK))? {
        Some(look) if matches!(Watch::new(Times::OF_JOBS).judge(&look, &me), Sight::Busy { .. }) => {
            let there = || format!("is at work elsewhere ({}): stop it there, by the signal USR1", look.holder_name());
            look.process_beside(&me).map_or_else(|| refuse(there()), Ok)
        }
        _ => refuse("nobody is at work in it".to_owned()),
    }
}

/// The wall clock in milliseconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
