//! HDF5 that does not come back: on some damage it goes round and round within one call.
//!
//! Our own files are held against their hashes before HDF5 sees them. Of others nobody knows, so each call is watched: one that computes
//! for much longer than reading all of the file could take ends the process, with the file's name. Only what the calling thread computes
//! counts, so neither a slow disk nor other programs do. Where the kernel doesn't tell that, nothing is watched.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::thread::{Pid, gettid};

use crate::base::console::say;
use crate::comm::leave;

/// Exit status of a process that HDF5 does not come back to.
const STUCK: u8 = 1;
/// Seconds that any call may compute.
const ANY: f64 = 3.0;
/// The bytes of a file for each further second, far fewer than any of its calls takes in.
const BYTES_PER_SECOND: f64 = 2e7;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// The kernel's ticks in a second, as it shows them to programs.
const TICKS: f64 = 100.0;

/// How long calls about a file may compute.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    path: PathBuf,
    seconds: f64,
}

/// A call under way, as long as this lives.
pub(super) struct Call(u64);

/// What is known of a call under way.
struct UnderWay {
    call: u64,
    thread: Pid,
    patience: Patience,
    /// What its thread had computed when the call was first seen, in ticks.
    before: Option<u64>,
}

/// The calls under way, and who waits for some.
struct Watch {
    calls: Mutex<Vec<UnderWay>>,
    began: Condvar,
}

static WATCH: Watch = Watch { calls: Mutex::new(Vec::new()), began: Condvar::new() };

impl Patience {
    /// With a file as large as it is now.
    pub(super) fn with(path: &Path) -> Self {
        let bytes = std::fs::metadata(path).map_or(0, |about| about.len());
        Patience { path: path.to_owned(), seconds: ANY + bytes as f64 / BYTES_PER_SECOND }
    }

    /// A call begins.
    pub(super) fn call(&self) -> Call {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let call = NUMBER.fetch_add(1, Ordering::Relaxed);
        if call == 0 {
            // Without a thread nothing is watched.
            let _ = std::thread::Builder::new().name("divisi patience".into()).spawn(|| WATCH.serve());
        }
        let mut calls = WATCH.calls();
        if calls.is_empty() {
            WATCH.began.notify_one();
        }
        calls.push(UnderWay { call, thread: gettid(), patience: self.clone(), before: None });
        Call(call)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        WATCH.calls().retain(|under_way| under_way.call != self.0);
    }
}

impl Watch {
    fn calls(&self) -> MutexGuard<'_, Vec<UnderWay>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the calls for as long as the process lives.
    fn serve(&self) {
        let mut calls = self.calls();
        loop {
            while calls.is_empty() {
                calls = self.began.wait(calls).unwrap_or_else(PoisonError::into_inner);
            }
            drop(calls);
            std::thread::sleep(LOOK);
            calls = self.calls();
            if let Some(stuck) = calls.iter_mut().find_map(UnderWay::stuck) {
                say(&stuck);
                leave(STUCK);
            }
        }
    }
}

impl UnderWay {
    /// What to say of a call that is stuck.
    fn stuck(&mut self) -> Option<String> {
        let now = computed(self.thread)?;
        let before = *self.before.get_or_insert(now);
        let seconds = now.saturating_sub(before) as f64 / TICKS;
        (seconds > self.patience.seconds).then(|| {
            format!(
                "divisi: {}: HDF5 does not come back from this file after {seconds:.0} s of computing: it is damaged",
                self.patience.path.display()
            )
        })
    }
}

/// What a thread of this process has computed so far, in ticks, if the kernel tells.
fn computed(thread: Pid) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{}/stat", thread.as_raw_nonzero())).ok()?;
    // After the name in brackets: the state is field 3, what it computed for itself and in the kernel 14 and 15 (proc(5)).
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let own: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(own + kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(seconds: f64) -> UnderWay {
        UnderWay { call: 0, thread: gettid(), patience: Patience { path: "a.hdf5".into(), seconds }, before: None }
    }

    #[test]
    fn a_call_is_stuck_by_what_its_thread_computes_not_by_the_clock() {
        let mut waiting = call(0.05);
        assert_eq!(waiting.stuck(), None);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(waiting.stuck(), None);
        let mut computing = call(0.05);
        let mut sum = 0u64;
        while computing.stuck().is_none() {
            sum = (0..100_000).fold(sum, |sum, i| sum.wrapping_mul(31) ^ std::hint::black_box(i));
        }
        assert!(computing.stuck().unwrap().contains("a.hdf5: HDF5"), "{sum}");
    }

    #[test]
    fn large_files_may_take_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(Patience::with(&path).seconds > 3600.0);
        assert_eq!(Patience::with(&folder.path().join("none")).seconds, ANY);
    }
}
