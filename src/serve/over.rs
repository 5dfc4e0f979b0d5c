//! The end of a pool: what the two threads of rank 0 tell each other of it.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::Error;

/// What the two threads of rank 0 tell each other of the end.
pub(super) struct Over {
    asked: AtomicBool,
    ended: AtomicBool,
    error: Mutex<Option<Error>>,
    /// Why it ends, for clients.
    reason: Mutex<String>,
    bell: UnixStream,
}

impl Over {
    pub(super) fn new(bell: UnixStream) -> Self {
        let [asked, ended] = [false; 2].map(AtomicBool::new);
        Over { asked, ended, error: Mutex::default(), reason: Mutex::default(), bell }
    }

    /// Asks the main thread to end when no call is left.
    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::Release);
    }

    /// Whether it was asked to.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// The service thread can't go on.
    pub(super) fn fail(&self, error: Error) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.ask();
    }

    /// Why the service thread could not go on.
    pub(super) fn error(&self) -> Option<Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The main thread has ended, with this error.
    pub(super) fn end(&self, error: Option<&Error>) {
        let reason =
            error.map_or_else(|| "the pool has ended".to_owned(), |error| format!("the pool has ended: {error}"));
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
        self.ended.store(true, Ordering::Release);
        // Where it is full it has rung.
        let _ = (&self.bell).write(&[0]);
    }

    /// Whether the main thread has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Why it ends, for clients.
    pub(super) fn reason(&self) -> String {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
