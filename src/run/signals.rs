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
#[derive(Clone, Debug, Default)]
pub struct StopRequest(Arc<AtomicBool>);

impl StopRequest {
    /// Listens to the signals from here on.
    pub fn listen() -> std::io::Result<Self> {
        let request = StopRequest::default();
        // The order matters: at the first INT the flag is still down, so only the second one ends the process.
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED, Arc::clone(&request.0))?;
        for signal in [SIGUSR1, SIGUSR2, SIGTERM, SIGINT] {
            flag::register(signal, Arc::clone(&request.0))?;
        }
        Ok(request)
    }

    /// Whether a signal came.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
