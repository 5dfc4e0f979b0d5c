//! What rank 0's two threads let each other know without the lock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the two threads let each other know.
#[derive(Default)]
pub(super) struct Signals {
    /// Whether the main thread keeps the ledger at the moment.
    pub drives: AtomicBool,
    /// Rises with whatever comes by socket.
    pub received: AtomicU64,
    pub quit: AtomicBool,
}

/// As long as it lives, the main thread keeps the ledger.
pub(super) struct Driving<'s>(&'s Signals);

impl<'s> Driving<'s> {
    pub(super) fn begin(signals: &'s Signals) -> Self {
        signals.drives.store(true, Ordering::Relaxed);
        Driving(signals)
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.0.drives.store(false, Ordering::Relaxed);
    }
}
