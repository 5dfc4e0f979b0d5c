//! Rank 0's side: it runs tasks like the others, and its service thread keeps the ledger meanwhile.
//!
//! Whatever rank 0 waits for, it waits in [`Root::until`]: rounds over the ledger, and between them chunks of its own. The `service`
//! thread listens to the sockets, works on the ledger every few milliseconds while the main thread runs a task, has the journal on the
//! disk every second, and reports the progress. What a rank has died with, rank 0 tries [`apart`].

mod apart;
pub(crate) mod coordinator;
pub(crate) mod dispatch;
pub(crate) mod effects;
mod exchange;
mod outcomes;
pub(crate) mod pace;
mod reader;
pub(crate) mod recorder;
pub(crate) mod service;
mod signals;
pub(crate) mod trace;
pub(crate) mod watch;

use std::cell::{Cell, RefCell};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::base::error::{Error, Result};
use crate::comm::{InTasks, Shared, Watchdog};
use crate::tasks::ledger::{Actions, Counts, Event};
use crate::tasks::wire::board::Board;
use crate::tasks::wire::chunk::Order;
use crate::tasks::wire::frame::{Frame, Kind};
use crate::tasks::wire::report::Report;
use crate::tasks::wire::ring::Ring;
use crate::tasks::wire::sync::lock;
use crate::tasks::worker::runner::Runner;
use crate::tasks::worker::values::Values;
use apart::run_apart;
use coordinator::Coordinator;
use service::{Observer, Service};
use signals::{Driving, Signals};

/// How long rank 0 leaves a single task to others before it takes it.
const POLITE: Duration = Duration::from_micros(20);
/// How long rank 0 spins, then offers its core, before it sleeps between rounds.
const SPIN: Duration = Duration::from_micros(100);
const YIELD: Duration = Duration::from_millis(2);
const NAP: Duration = Duration::from_micros(100);
/// After so many seconds of its own tasks rank 0 writes down its next attempt before it begins.
const UNNOTED: f64 = 0.1;
/// How long ranks may take to leave.
const LEAVING: Duration = Duration::from_secs(5);

/// Ranks that the watchdog misses, and what is to be said of them.
pub(crate) type Missed = Arc<Mutex<Vec<(Vec<usize>, String)>>>;

/// The watch over all ranks.
pub(crate) struct Watched {
    pub missed: Missed,
    /// Watches to the end.
    pub watchdog: Option<Watchdog>,
}

/// How rank 0 takes part.
pub(crate) struct Conduct<'a> {
    /// Whether rank 0 runs tasks too, though others do.
    pub computes: bool,
    /// Whether ranks outnumber cores.
    pub is_crowded: bool,
    /// Asked between tasks whether no more are to begin.
    pub stop: &'a dyn Fn() -> bool,
    /// Gets the progress.
    pub observer: Observer,
    /// Whether rank 0 writes down each of its attempts before it begins: the last job ended without getting anything done.
    pub is_careful: bool,
    /// Finds ranks that are lost though their sockets are open.
    pub watched: Watched,
    /// Keeps rank 0 from other communicators until the end.
    pub in_tasks: InTasks,
}

/// Rank 0.
pub(crate) struct Root<'a> {
    coordinator: Arc<Mutex<Coordinator>>,
    runner: RefCell<Runner<'a>>,
    board: Board,
    /// The rings of this node's ranks, to be looked at only.
    rings: Vec<Ring>,
    signals: Arc<Signals>,
    service: JoinHandle<()>,
    /// Closed to wake the service thread at the end.
    wake: UnixStream,
    computes: bool,
    /// Other ranks that take tasks, at the beginning.
    others: u64,
    is_crowded: bool,
    stop: &'a dyn Fn() -> bool,
    /// Seconds of its own tasks since rank 0 wrote an attempt down: infinite before the first; less than anything without a journal.
    unnoted: Cell<f64>,
    is_careful: bool,
    _watchdog: Option<Watchdog>,
    _in_tasks: InTasks,
    /// Keeps the board and the rings.
    _memory: Shared,
}

impl<'a> Root<'a> {
    /// Starts the service thread.
    ///
    /// # Errors
    /// If there are no descriptors or threads left.
    pub(crate) fn start(
        coordinator: Coordinator,
        runner: Runner<'a>,
        memory: Shared,
        rings: Vec<Ring>,
        conduct: Conduct<'a>,
    ) -> Result<Self> {
        let board = coordinator.effects.dispatch.board;
        let others = others(&coordinator);
        let signals = Arc::new(Signals::default());
        let no_descriptors = |error| Error::System(format!("no descriptors left: {error}"));
        let (wake, woken) = UnixStream::pair().map_err(no_descriptors)?;
        let sockets = coordinator.effects.dispatch.hub.sockets()?;
        let journal = coordinator.effects.recorder.outbox();
        let unnoted = if journal.is_some() { f64::INFINITY } else { f64::NEG_INFINITY };
        let coordinator = Arc::new(Mutex::new(coordinator));
        let service = Service {
            coordinator: Arc::clone(&coordinator),
            signals: Arc::clone(&signals),
            sockets,
            woken,
            journal,
            observer: conduct.observer,
            missed: conduct.watched.missed,
        };
        let start = std::thread::Builder::new().name("divisi tasks".into()).spawn(move || service.serve());
        Ok(Root {
            coordinator,
            runner: RefCell::new(runner),
            board,
            rings,
            signals,
            service: start.map_err(|error| Error::System(format!("cannot start a thread: {error}")))?,
            wake,
            computes: conduct.computes || others == 0,
            others,
            is_crowded: conduct.is_crowded,
            stop: conduct.stop,
            unnoted: Cell::new(unnoted),
            is_careful: conduct.is_careful,
            _watchdog: conduct.watched.watchdog,
            _in_tasks: conduct.in_tasks,
            _memory: memory,
        })
    }

    pub(crate) fn coordinator(&self) -> Arc<Mutex<Coordinator>> {
        Arc::clone(&self.coordinator)
    }

    pub(crate) fn values(&self) -> Arc<Values> {
        Arc::clone(&self.runner.borrow().values)
    }

    /// Works on the coordinator.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Coordinator) -> R) -> R {
        work(&mut lock(&self.coordinator))
    }

    /// Runs tasks until `ready` returns something.
    ///
    /// # Errors
    /// What ends everything.
    pub(crate) fn until<R>(&self, mut ready: impl FnMut(&mut Coordinator) -> Option<R>) -> Result<R> {
        let mut idle = Instant::now();
        let _driving = Driving::begin(&self.signals);
        loop {
            // Asked first: a job that lost its folder while it stood still ends here, and records nothing.
            let stops = (self.stop)();
            let posted;
            let own;
            let has_killed;
            let others;
            {
                let mut coordinator = lock(&self.coordinator);
                coordinator.drain();
                if stops {
                    coordinator.apply(Event::Paused);
                }
                coordinator.hand_out();
                if let Some(error) = coordinator.effects.fatal.take() {
                    return Err(error);
                }
                if let Some(found) = ready(&mut coordinator) {
                    return Ok(found);
                }
                let on_board = coordinator.effects.dispatch.posted();
                posted = on_board.end - on_board.start;
                own = coordinator.effects.dispatch.next_own();
                has_killed = own.as_ref().is_some_and(|(order, _)| coordinator.ledger.has_killed(order.chunk.first));
                others = self.others_of(&coordinator);
            }
            if let Some((order, arguments)) = own {
                self.run(&order, &arguments, has_killed)?;
                idle = Instant::now();
            } else if (self.computes || others == 0) && (posted > others || idle.elapsed() > POLITE) && self.take()? {
                idle = Instant::now();
            } else {
                self.rest(&mut idle);
            }
        }
    }

    /// How many other ranks take tasks now.
    fn others_of(&self, coordinator: &Coordinator) -> u64 {
        if coordinator.counts().deaths == 0 { self.others } else { others(coordinator) }
    }

    /// Takes a chunk from the board and runs it; whether there was one.
    fn take(&self) -> Result<bool> {
        let Some(claim) = self.board.claim(0) else { return Ok(false) };
        let order = Order { posting: claim.posting, chunk: claim.chunk, stride: 1 };
        let remote = || lock(&self.coordinator).effects.dispatch.remote(claim.posting);
        let fetched = self.board.arguments(&claim).is_none().then(remote);
        let arguments = fetched.as_deref().or_else(|| self.board.arguments(&claim)).unwrap_or_default();
        self.run(&order, arguments, false)?;
        Ok(true)
    }

    /// Runs a chunk: in a process of its own, if it is a task with which a rank has died and that rank 0 would run by itself.
    fn run(&self, order: &Order, arguments: &[u8], has_killed: bool) -> Result<()> {
        self.signals.drives.store(false, Ordering::Relaxed);
        if self.must_note(order.chunk.attempt) {
            self.note(order.posting, &mut lock(&self.coordinator));
        }
        let mut runner = self.runner.borrow_mut();
        let ran = if has_killed && runner.group.size() == 1 {
            run_apart(&mut runner, order, arguments).map(|report| self.take_in(order, report))
        } else {
            runner.run(order, arguments, &mut |parts| {
                if let Some(report) = Report::of_parts(parts) {
                    self.take_in(order, report);
                }
            });
            Ok(())
        };
        self.signals.drives.store(true, Ordering::Relaxed);
        ran
    }

    /// Takes in a report of rank 0's own chunk.
    fn take_in(&self, order: &Order, report: Report) {
        let stops = (self.stop)();
        let mut coordinator = lock(&self.coordinator);
        self.unnoted.update(|seconds| seconds + report.head.seconds);
        coordinator.take_in(0, report);
        if self.must_note(order.chunk.attempt) {
            self.note(order.posting, &mut coordinator);
        }
        if stops {
            coordinator.apply(Event::Paused);
        }
    }

    /// Whether rank 0's next attempt is to be written down before it begins: nobody could record afterwards that rank 0 died with it.
    fn must_note(&self, attempt: u32) -> bool {
        let seconds = self.unnoted.get();
        seconds >= UNNOTED || seconds >= 0.0 && (self.is_careful || attempt > 1)
    }

    /// Writes down that rank 0 begins the next task of a posting, if there is one.
    fn note(&self, posting: u64, coordinator: &mut Coordinator) {
        if let Some(at) = coordinator.ledger.next_of(posting) {
            coordinator.apply(Event::Noted { rank: 0, at });
            coordinator.effects.flush();
            self.unnoted.set(0.0);
        }
    }

    /// Waits for something to happen, a little longer each time that nothing does.
    fn rest(&self, idle: &mut Instant) {
        let received = self.signals.received.load(Ordering::Relaxed);
        let has_news =
            || self.rings.iter().any(Ring::has_bytes) || self.signals.received.load(Ordering::Relaxed) != received;
        let began = Instant::now();
        while !has_news() && began.elapsed() < POLITE {
            if self.is_crowded {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        match idle.elapsed() {
            _ if has_news() => *idle = Instant::now(),
            idle if idle < SPIN => {}
            idle if idle < YIELD => std::thread::yield_now(),
            _ => std::thread::sleep(NAP),
        }
    }

    /// Ends it all: every rank that is alive gets to know. Returns what was counted, or that the journal can't be written, and whether all
    /// ranks are alive.
    pub(crate) fn end(self, status: u8) -> (Result<Counts>, bool) {
        let is_whole = self.with(|coordinator| {
            coordinator.is_over = true;
            let is_whole = coordinator.counts().deaths == 0;
            let end = Frame::new(Kind::End, [u64::from(status), 0]);
            let exit = Frame::new(Kind::Exit, [0; 2]);
            coordinator.effects.dispatch.send_all(if is_whole { &end } else { &exit });
            is_whole
        });
        if is_whole {
            self.runner.borrow().dismiss();
        }
        let began = Instant::now();
        while began.elapsed() < LEAVING && self.with(|coordinator| coordinator.ledger.has_others()) {
            std::thread::sleep(NAP);
        }
        self.signals.quit.store(true, Ordering::Release);
        drop(self.wake);
        // A panic of the service thread has been reported by then.
        let _ = self.service.join();
        let mut coordinator = lock(&self.coordinator);
        // Ranks wait for rank 0 to close their sockets: who has closed first has died.
        let is_whole = is_whole && coordinator.effects.dispatch.is_connected_to_all();
        if !is_whole {
            coordinator.effects.dispatch.send_all(&Frame::new(Kind::Exit, [0; 2]));
        }
        let traced = coordinator.trace.take().map_or(Ok(()), |trace| trace.write());
        let synced = coordinator.effects.recorder.sync().and(traced);
        (synced.map(|()| coordinator.counts()), is_whole)
    }
}

/// How many ranks other than 0 take tasks.
fn others(coordinator: &Coordinator) -> u64 {
    coordinator.ledger.takers().filter(|&rank| rank != 0).count() as u64
}
