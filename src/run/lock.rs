//! One job per run folder: a lock that nobody has to remove by hand.
//!
//! The file `lock` tells host, process and job of the run at work. Its time of change is renewed every few seconds, so that a lock
//! whose holder died on another host counts as left behind after a minute without renewal; on the same host, as soon as
//! the process is gone. Rank 0 alone holds it; it goes when the run ends.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crate::{Error, Result};

/// Between two renewals.
const RENEWED: Duration = Duration::from_secs(5);
/// So long a job that was killed may take to be gone, when the next one is started at once.
const DYING: Duration = Duration::from_secs(1);
/// After so long without renewal a lock of another host is left behind.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// The lock of a run folder, held.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    /// Dropped to end the renewal.
    stop: Option<Sender<()>>,
    renewal: Option<JoinHandle<()>>,
}

impl Lock {
    /// Takes the lock of a folder.
    ///
    /// # Errors
    /// If another job holds it, with where and since when; if the file cannot be made.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join("lock");
        let began = Instant::now();
        let mut file = open(&path)?;
        while let Some(holder) = holder(&path)? {
            if began.elapsed() < DYING {
                drop(file);
                std::thread::sleep(DYING / 20);
                file = open(&path)?;
                continue;
            }
            let reason =
                format!("another job is at work in this folder: {holder}; wait for it, or choose another with --out");
            return Err(Error::input(folder.display().to_string(), reason));
        }
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", own_name())).and_then(|()| file.sync_all());
        written.and_then(|()| file.unlock()).map_err(Error::io("write", &path))?;
        let (stop, stopped) = channel::<()>();
        let renewal = std::thread::spawn(move || {
            while stopped.recv_timeout(RENEWED) == Err(RecvTimeoutError::Timeout) {
                // A folder that cannot be written for a while must not end the run.
                let _ = file.set_modified(SystemTime::now());
            }
        });
        Ok(Lock { path, stop: Some(stop), renewal: Some(renewal) })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(renewal) = self.renewal.take() {
            let _ = renewal.join();
        }
        let _ = fs::remove_file(&self.path);
    }
}

/// The file, kept from others who try at the same time until it is unlocked.
fn open(path: &Path) -> Result<File> {
    loop {
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = opened.map_err(Error::io("create", path))?;
        file.lock().map_err(Error::io("lock", path))?;
        // A holder that ended in between has removed the file: the next one has another number.
        let number = |about: std::io::Result<fs::Metadata>| about.ok().map(|about| about.ino());
        if number(file.metadata()) == number(fs::metadata(path)) {
            return Ok(file);
        }
    }
}

/// Who holds a lock, if it is not left behind.
pub(crate) fn holder(path: &Path) -> Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [host, process, started, ..] = words[..] else { return Ok(None) };
    let alive = match host == host_name() {
        true => start_of(process).is_some_and(|now| now == started),
        false => {
            let changed = fs::metadata(path).and_then(|about| about.modified()).map_err(Error::io("read", path))?;
            SystemTime::now().duration_since(changed).is_ok_and(|age| age < FORGOTTEN)
        }
    };
    Ok(alive.then(|| format!("process {process} on {host}")))
}

/// Host, process and the process's start: names a process for ever.
fn own_name() -> String {
    let process = std::process::id().to_string();
    let started = start_of(&process).unwrap_or_else(|| "unknown".to_owned());
    format!("{} {process} {started}", host_name())
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// When a process of this host started, in the kernel's ticks; nothing if there is none (man 5 proc, stat, field 22).
fn start_of(process: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?;
    (!["Z", "X"].contains(&state)).then(|| fields.nth(18).map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_none_after_it_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        let told = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(told.contains(&format!("process {} on {}", std::process::id(), host_name())), "{told}");
        drop(lock);
        assert!(!folder.path().join("lock").exists());
        drop(Lock::take(folder.path()).unwrap());
    }

    #[test]
    fn a_lock_whose_holder_is_gone_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let own = start_of(&std::process::id().to_string()).unwrap();
        for left in [
            format!("{} 4194304 1", host_name()),
            format!("{} {} 1{own}", host_name(), std::process::id()),
            String::new(),
        ] {
            fs::write(&path, left).unwrap();
            drop(Lock::take(folder.path()).unwrap());
        }
    }

    #[test]
    fn a_lock_of_another_host_counts_for_a_minute_after_its_last_renewal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        fs::write(&path, "elsewhere 17 4711\n").unwrap();
        assert!(Lock::take(folder.path()).unwrap_err().to_string().contains("process 17 on elsewhere"));
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - 2 * FORGOTTEN).unwrap();
        drop(Lock::take(folder.path()).unwrap());
    }
}
