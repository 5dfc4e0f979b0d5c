//! What each rank of rank 0's node is at, in shared memory: the posting that it began last, and how many of its tasks it has begun.
//!
//! A rank writes this before each task. Rank 0 looks at it when the rank has died, and so knows the one task that was under way; and
//! when it looks at time limits, since of several chunks that a rank has all but one wait.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that it takes; a multiple of the alignment that boards and rings ask for.
pub(crate) const BYTES: usize = size_of::<Words>();

#[repr(C, align(128))]
struct Words {
    posting: AtomicU64,
    tasks: AtomicU64,
}

/// What a rank is at, as seen by one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    words: *const Words,
}

// SAFETY: what the pointer leads to are atomics.
unsafe impl Send for Progress {}

impl Progress {
    /// Sets up memory of [`BYTES`] bytes, before others see it.
    pub(crate) fn prepare(memory: *mut u8) {
        // SAFETY: the memory is this process's alone and has room for the words, which are valid as zeros.
        unsafe { memory.write_bytes(0, BYTES) };
    }

    /// In prepared memory of [`BYTES`] bytes, aligned to 128, which outlives it.
    pub(crate) fn at(memory: *mut u8) -> Self {
        Progress { words: memory.cast() }
    }

    fn words(&self) -> &Words {
        // SAFETY: the memory was prepared and is accessed in this way alone.
        unsafe { &*self.words }
    }

    /// The rank begins with a posting, of which no task has begun.
    pub(crate) fn enter(&self, posting: u64) {
        // In this order: whoever sees the new posting sees no count of the old one.
        self.words().tasks.store(0, Ordering::Release);
        self.words().posting.store(posting, Ordering::Release);
    }

    /// The rank begins with the task that makes `tasks`.
    pub(crate) fn begin(&self, tasks: u64) {
        self.words().tasks.store(tasks, Ordering::Release);
    }

    /// The posting, and how many of its tasks have begun. Exact for a rank that has died; else it may be a moment old.
    pub(crate) fn read(&self) -> (u64, u64) {
        let posting = self.words().posting.load(Ordering::Acquire);
        (posting, self.words().tasks.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_of_the_posting() {
        let words = Words { posting: AtomicU64::new(7), tasks: AtomicU64::new(7) };
        let memory = (&raw const words).cast_mut().cast();
        Progress::prepare(memory);
        let progress = Progress::at(memory);
        assert_eq!(progress.read(), (0, 0));
        progress.enter(5);
        progress.begin(1);
        progress.begin(2);
        assert_eq!(progress.read(), (5, 2));
        progress.enter(6);
        assert_eq!(progress.read(), (6, 0));
    }
}
