//! What threads and processes share: locks, and counters on cache lines of their own.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a thread that panicked ends the whole process, so what it left is never seen.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A counter that shares its cache line with nothing, so that who writes it disturbs nobody else.
#[repr(C, align(128))]
pub(crate) struct CacheLine(pub AtomicU64);
