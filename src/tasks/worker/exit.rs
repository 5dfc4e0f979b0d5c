//! A task that ends its process, by `std::process::exit` for example, says so. Without this the job of that rank would end as if all were
//! well: with the task's status, and without a word.

use std::ffi::c_int;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::console::say;
use crate::comm::launcher_rank;

/// The number of the task under way, and one; 0 between tasks.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);
/// Exit status of a process that a task has ended.
const ENDED: c_int = 1;

// SAFETY: this is its declaration in ISO C (7.22.4.2).
unsafe extern "C" {
    /// Has a function called when the process exits.
    safe fn atexit(called: extern "C" fn()) -> c_int;
}

/// From here on an exit of this process within a task is told.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // If the system can't remember it, nothing is told.
        atexit(tell);
    });
}

/// A task is under way as long as this lives.
pub(super) struct UnderWay {
    before: u64,
}

impl UnderWay {
    pub(super) fn begin(task: u64) -> Self {
        let before = UNDER_WAY.load(Ordering::Relaxed);
        UNDER_WAY.store(task + 1, Ordering::Relaxed);
        UnderWay { before }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.store(self.before, Ordering::Relaxed);
    }
}

extern "C" fn tell() {
    if let Some(task) = UNDER_WAY.load(Ordering::Relaxed).checked_sub(1) {
        say(&format!(
            "divisi: rank {}: task {task} ended this process: let it return an error in place of that",
            launcher_rank()
        ));
        signal_hook::low_level::exit(ENDED);
    }
}
