//! Signals that ask a run to stop: the handler only notes them, the loop acts at its next agreement.
//!
//! USR1, USR2, TERM and INT all ask for a checkpoint and exit status 85; a second INT ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;

/// Exit status of a process that a second INT ends: 128 + 2, as shells have it.
const INTERRUPTED: i32 = 130;

/// Whether this process was asked to stop.
#[derive(Clone, Default)]
pub(crate) struct StopRequest {
    signal: Arc<AtomicBool>,
    /// Another reason to stop.
    also: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl StopRequest {
    /// Listens to the signals from here on.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let request = StopRequest::default();
        // The order matters: at the first INT the flag is still down, so only the second one ends the process.
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&request.signal))?;
        for signal in [SIGUSR1, SIGUSR2, SIGTERM, SIGINT] {
            flag::register(signal, Arc::clone(&request.signal))?;
        }
        Ok(request)
    }

    /// Listens to no signal; asked to stop once `reason` is true.
    pub(crate) fn when(reason: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        StopRequest { signal: Arc::default(), also: Some(Arc::new(reason)) }
    }

    /// Whether a signal came, or there is another reason to stop.
    pub(crate) fn came(&self) -> bool {
        self.signal.load(Ordering::Relaxed) || self.also.as_ref().is_some_and(|also| also())
    }
}
