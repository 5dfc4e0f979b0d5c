//! Rank 0's service thread: sockets, time limits, the journal on the disk, the progress.

use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Missed;
use super::coordinator::Coordinator;
use super::signals::Signals;
use crate::base::console::say;
use crate::base::error::Result;
use crate::tasks::journal::Outbox;
use crate::tasks::ledger::Counts;
use crate::tasks::wire::frame::{Frame, Kind};
use crate::tasks::wire::sync::lock;

/// Between two rounds, while the main thread is elsewhere and while it keeps the ledger itself.
const BUSY: Duration = Duration::from_millis(2);
const QUIET: Duration = Duration::from_millis(10);
/// Between two looks at the time limits.
const CLOCK: Duration = Duration::from_millis(20);
/// Between two flushes of the journal, after which it outlives this process.
const FLUSH: Duration = Duration::from_millis(100);
/// Between two syncs of the journal, after which it outlives a loss of power.
const SYNC: Duration = Duration::from_secs(1);

/// Gets the progress once a second.
pub(crate) type Observer = Box<dyn FnMut(&Counts) + Send>;

/// The service thread.
pub(super) struct Service {
    pub coordinator: Arc<Mutex<Coordinator>>,
    pub signals: Arc<Signals>,
    pub sockets: Vec<(usize, TcpStream)>,
    /// Readable at the end.
    pub woken: UnixStream,
    /// The way into the journal's file, to write while the ledger is in use.
    pub journal: Option<Outbox>,
    pub observer: Observer,
    /// Ranks of which nothing is heard any more.
    pub missed: Missed,
}

/// When things were done last.
struct Last {
    limits: Instant,
    flush: Instant,
    sync: Instant,
}

impl Service {
    /// Serves until the end.
    pub(super) fn serve(mut self) {
        let now = Instant::now();
        let mut last = Last { limits: now, flush: now, sync: now };
        while !self.signals.quit.load(Ordering::Acquire) {
            let ready = self.wait();
            let counts = self.round(&ready, &mut last);
            self.write(|journal| if journal.bytes() > 0 { journal.flush() } else { Ok(()) });
            if last.sync.elapsed() > SYNC {
                (self.observer)(&counts);
                self.write(Outbox::sync);
                last.sync = Instant::now();
            }
            if !ready.is_empty() {
                self.signals.received.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Takes in what has come, with the ledger in hand; what was counted.
    fn round(&mut self, ready: &[usize], last: &mut Last) -> Counts {
        let mut coordinator = lock(&self.coordinator);
        for &rank in ready {
            coordinator.receive(rank);
        }
        for (ranks, told) in std::mem::take(&mut *lock(&self.missed)) {
            if ranks.iter().any(|&rank| coordinator.effects.dispatch.hub.is_connected(rank)) {
                say(&told);
            }
            ranks.into_iter().for_each(|rank| coordinator.cut(rank));
        }
        coordinator.effects.dispatch.hub.flush();
        if !self.signals.drives.load(Ordering::Relaxed) || !ready.is_empty() {
            coordinator.drain();
            if !coordinator.is_over {
                coordinator.hand_out();
            }
        }
        if last.limits.elapsed() > CLOCK {
            last.limits = Instant::now();
            coordinator.check_limits(last.limits);
        }
        if coordinator.effects.is_aborted {
            end_job(&mut coordinator);
        }
        if last.flush.elapsed() > FLUSH {
            coordinator.effects.recorder.send();
            last.flush = Instant::now();
        }
        let hub = &coordinator.effects.dispatch.hub;
        self.sockets.retain(|(rank, _)| hub.is_connected(*rank));
        coordinator.counts()
    }

    /// Waits a while, or until something comes from ranks: which.
    fn wait(&self) -> Vec<usize> {
        let pause = if self.signals.drives.load(Ordering::Relaxed) { QUIET } else { BUSY };
        let pause = Timespec { tv_sec: 0, tv_nsec: i64::from(pause.subsec_nanos()) };
        let mut polled: Vec<PollFd> =
            self.sockets.iter().map(|(_, socket)| PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN)).collect();
        polled.push(PollFd::new(&self.woken, PollFlags::IN));
        // Interrupted by a signal: the next round waits again.
        let _ = poll(&mut polled, Some(&pause));
        let ready = polled.iter().zip(&self.sockets).filter(|(polled, _)| !polled.revents().is_empty());
        ready.map(|(_, (rank, _))| *rank).collect()
    }

    /// Writes to the journal without holding the ledger.
    fn write(&self, write: impl Fn(&Outbox) -> Result<()>) {
        if let Some(journal) = &self.journal
            && let Err(error) = write(journal)
        {
            lock(&self.coordinator).effects.check(Err(error));
        }
    }
}

/// Ends the job at once, without the main thread, which may not come back.
fn end_job(coordinator: &mut Coordinator) -> ! {
    if let Some(error) = &coordinator.effects.fatal {
        say(&format!("divisi: {error}"));
    }
    if let Err(error) = coordinator.effects.recorder.sync() {
        say(&format!("divisi: {error}"));
    }
    coordinator.effects.dispatch.send_all(&Frame::new(Kind::Exit, [1, 0]));
    crate::comm::leave(1)
}
