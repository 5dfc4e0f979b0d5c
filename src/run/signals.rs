//! Signals that ask a run to stop: the handler only notes them, the loop acts at its next agreement.
//!
//! USR1, USR2, TERM and INT all ask for a checkpoint and exit status 85. A second TERM or INT ends the process at once, whatever it waits
//! for, with the status that shells have: 128 and the signal's number. What comes within a moment of the first is the same wish: a terminal
//! and a launcher may both pass on one Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::exit;

/// TERM and INT that come within so long of the first are one wish.
const MOMENT: Duration = Duration::from_millis(20);

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
        for signal in [SIGUSR1, SIGUSR2, SIGTERM, SIGINT] {
            flag::register(signal, Arc::clone(&request.signal))?;
        }
        let mut wishes = Signals::new([SIGTERM, SIGINT])?;
        std::thread::Builder::new().name("divisi signals".into()).spawn(move || {
            let mut first: Option<Instant> = None;
            for signal in wishes.forever() {
                if first.get_or_insert_with(Instant::now).elapsed() > MOMENT {
                    exit(128 + signal);
                }
            }
        })?;
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
