//! Rank 0's side of a sweep: it runs tasks like the others, and its service thread keeps the book meanwhile.
//!
//! Whatever rank 0 waits for, it waits in [`Root::until`]: rounds over the book, and between them chunks of its own. The service
//! thread listens to the sockets, works on the book every few milliseconds while the main thread runs a task, has the journal on the disk
//! every second, and tells the progress.

use std::cell::RefCell;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::board::Board;
use super::coordinator::{Coordinator, Counts};
use super::frame::{Frame, Kind};
use super::journal::{Journal, Outbox};
use super::lifeline::lock;
use super::record::{HEAD, Head};
use super::ring::Ring;
use super::runner::{Order, Runner};
use super::values::Values;
use crate::comm::Shared;
use crate::console::say;
use crate::{Error, Result};

/// Between two rounds of the service thread, while the main thread is elsewhere and while it keeps the book itself.
const BUSY: Duration = Duration::from_millis(2);
const QUIET: Duration = Duration::from_millis(10);
/// Between two looks at the time limits.
const CLOCK: Duration = Duration::from_millis(20);
/// Between two flushes of the journal, after which it outlives this process.
const FLUSH: Duration = Duration::from_millis(100);
/// Between two syncs of the journal, after which it outlives a loss of power.
const SYNC: Duration = Duration::from_secs(1);
/// How long rank 0 leaves a single task to others before it takes it.
const POLITE: Duration = Duration::from_micros(20);
/// How long rank 0 spins, then offers its core, before it sleeps between rounds.
const SPIN: Duration = Duration::from_micros(100);
const YIELD: Duration = Duration::from_millis(2);
const NAP: Duration = Duration::from_micros(100);
/// How long ranks may take to leave.
const LEAVING: Duration = Duration::from_secs(5);

/// Told of the progress once a second.
pub(super) type Observer = Box<dyn FnMut(&Counts) + Send>;

/// What the two threads tell each other.
#[derive(Default)]
struct Signals {
    /// Whether the main thread keeps the book at the moment.
    drives: AtomicBool,
    /// Rises with whatever comes by socket.
    heard: AtomicU64,
    quit: AtomicBool,
}

/// Rank 0.
pub(super) struct Root<'a> {
    book: Arc<Mutex<Coordinator>>,
    runner: RefCell<Runner<'a>>,
    board: Board,
    /// The rings of this node's ranks, to be looked at only.
    rings: Vec<Ring>,
    signals: Arc<Signals>,
    service: JoinHandle<()>,
    /// Closed to wake the service thread at the end.
    wake: UnixStream,
    /// Whether rank 0 runs tasks too.
    pub computes: bool,
    /// Other ranks that take tasks, at the beginning.
    others: u64,
    crowded: bool,
    stop: &'a dyn Fn() -> bool,
    /// Keeps the board and the rings.
    _memory: Shared,
}

impl<'a> Root<'a> {
    /// Starts the service thread.
    ///
    /// # Errors
    /// If there are no descriptors or threads left.
    pub(super) fn start(
        book: Coordinator,
        runner: Runner<'a>,
        memory: Shared,
        rings: Vec<Ring>,
        observer: Observer,
        stop: &'a dyn Fn() -> bool,
        crowded: bool,
    ) -> Result<Self> {
        let (board, others) = (book.board, others(&book));
        let sockets = book.hub.sockets()?;
        let journal = book.journal.as_ref().map(Journal::outbox);
        let (book, signals) = (Arc::new(Mutex::new(book)), Arc::new(Signals::default()));
        let (wake, woken) =
            UnixStream::pair().map_err(|error| Error::Launch(format!("no descriptors left: {error}")))?;
        let service =
            Service { book: Arc::clone(&book), signals: Arc::clone(&signals), sockets, woken, journal, observer };
        let start = std::thread::Builder::new().name("divisi sweep".into()).spawn(move || service.serve());
        let service = start.map_err(|error| Error::Launch(format!("cannot start a thread: {error}")))?;
        let runner = RefCell::new(runner);
        Ok(Root {
            book,
            runner,
            board,
            rings,
            signals,
            service,
            wake,
            computes: true,
            others,
            crowded,
            stop,
            _memory: memory,
        })
    }

    /// Whether no other rank takes tasks.
    pub(super) fn is_alone(&self) -> bool {
        self.others == 0
    }

    pub(super) fn book(&self) -> Arc<Mutex<Coordinator>> {
        Arc::clone(&self.book)
    }

    pub(super) fn values(&self) -> Arc<Values> {
        Arc::clone(&self.runner.borrow().values)
    }

    /// Works on the book.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Coordinator) -> R) -> R {
        work(&mut lock(&self.book))
    }

    /// Drives the sweep until `ready` returns something; runs tasks meanwhile.
    ///
    /// # Errors
    /// What ends the whole sweep.
    pub(super) fn until<R>(&self, mut ready: impl FnMut(&mut Coordinator) -> Option<R>) -> Result<R> {
        let mut idle = Instant::now();
        let _driving = Driving::begin(&self.signals);
        loop {
            let (posted, own, others) = {
                let mut book = lock(&self.book);
                book.drain();
                if (self.stop)() {
                    book.pause();
                }
                book.post();
                if let Some(error) = book.fatal.take() {
                    return Err(error);
                }
                if let Some(found) = ready(&mut book) {
                    return Ok(found);
                }
                let others = if book.counts.deaths == 0 { self.others } else { others(&book) };
                (book.posted(), book.own.pop_front(), others)
            };
            if let Some((order, arguments)) = own {
                self.run(&order, &arguments);
                idle = Instant::now();
            } else if (self.computes || others == 0) && (posted > others || idle.elapsed() > POLITE) && self.take() {
                idle = Instant::now();
            } else {
                self.rest(&mut idle);
            }
        }
    }

    /// Takes a chunk from the board and runs it; whether there was one.
    fn take(&self) -> bool {
        let Some(claim) = self.board.claim(0) else { return false };
        let order = Order { posting: claim.posting, chunk: claim.chunk, stride: 1 };
        let fetched = self.board.arguments(&claim).is_none().then(|| lock(&self.book).fetched(claim.posting));
        let arguments = fetched.as_deref().or_else(|| self.board.arguments(&claim)).unwrap_or_default();
        self.run(&order, arguments);
        true
    }

    fn run(&self, order: &Order, arguments: &[u8]) {
        self.signals.drives.store(false, Ordering::Relaxed);
        let mut runner = self.runner.borrow_mut();
        runner.run(order, arguments, &mut |parts| {
            let [head, body @ ..] = parts else { return };
            if let Some(head) = head.first_chunk::<HEAD>() {
                let mut book = lock(&self.book);
                book.take_in(0, &Head::read(head), body.concat().into());
                if (self.stop)() {
                    book.pause();
                }
            }
        });
        self.signals.drives.store(true, Ordering::Relaxed);
    }

    /// Waits for something to happen, a little longer each time that nothing does.
    fn rest(&self, idle: &mut Instant) {
        let heard = self.signals.heard.load(Ordering::Relaxed);
        let news = || self.rings.iter().any(Ring::has_bytes) || self.signals.heard.load(Ordering::Relaxed) != heard;
        let began = Instant::now();
        while !news() && began.elapsed() < POLITE {
            if self.crowded {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        match idle.elapsed() {
            _ if news() => *idle = Instant::now(),
            idle if idle < SPIN => {}
            idle if idle < YIELD => std::thread::yield_now(),
            _ => std::thread::sleep(NAP),
        }
    }

    /// Ends the sweep: every rank that is alive hears of it. Returns what was counted, or that the journal can't be written, and whether all
    /// ranks are alive.
    pub(super) fn end(self, status: u8) -> (Result<Counts>, bool) {
        let whole = {
            let mut book = lock(&self.book);
            book.over = true;
            let whole = book.counts.deaths == 0;
            let last =
                if whole { Frame::new(Kind::End, [u64::from(status), 0]) } else { Frame::new(Kind::Exit, [0; 2]) };
            tell_all(&mut book, &last);
            whole
        };
        if whole {
            self.runner.borrow().dismiss();
        }
        let began = Instant::now();
        while began.elapsed() < LEAVING && lock(&self.book).ranks.iter().skip(1).any(|rank| rank.alive) {
            std::thread::sleep(NAP);
        }
        self.signals.quit.store(true, Ordering::Release);
        drop(self.wake);
        // A panic of the service thread has been told by then.
        let _ = self.service.join();
        let mut book = lock(&self.book);
        // Ranks wait for rank 0 to close their sockets: who has closed first has died.
        let whole = whole && (1..book.ranks.len()).all(|rank| book.hub.is_connected(rank));
        if !whole {
            tell_all(&mut book, &Frame::new(Kind::Exit, [0; 2]));
        }
        let synced = book.journal.as_mut().map_or(Ok(()), |journal| journal.sync());
        (synced.map(|()| book.counts), whole)
    }
}

/// Sends a frame to all ranks that are connected.
fn tell_all(book: &mut Coordinator, frame: &Frame) {
    for rank in 1..book.ranks.len() {
        book.hub.send(rank, frame);
    }
}

/// How many ranks other than 0 take tasks.
fn others(book: &Coordinator) -> u64 {
    book.takers().filter(|&rank| rank != 0).count() as u64
}

/// As long as it lives, the main thread keeps the book.
struct Driving<'s>(&'s Signals);

impl<'s> Driving<'s> {
    fn begin(signals: &'s Signals) -> Self {
        signals.drives.store(true, Ordering::Relaxed);
        Driving(signals)
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.0.drives.store(false, Ordering::Relaxed);
    }
}

/// Rank 0's service thread.
struct Service {
    book: Arc<Mutex<Coordinator>>,
    signals: Arc<Signals>,
    sockets: Vec<(usize, TcpStream)>,
    /// Readable at the end.
    woken: UnixStream,
    /// The way into the journal's file, to write while the book is in use.
    journal: Option<Outbox>,
    observer: Observer,
}

impl Service {
    fn serve(mut self) {
        let [mut looked, mut flushed, mut synced] = [Instant::now(); 3];
        while !self.signals.quit.load(Ordering::Acquire) {
            let ready = self.wait();
            let mut book = lock(&self.book);
            for &rank in &ready {
                book.listen(rank);
            }
            book.hub.flush();
            if !self.signals.drives.load(Ordering::Relaxed) || !ready.is_empty() {
                book.drain();
                if !book.over {
                    book.post();
                }
            }
            if looked.elapsed() > CLOCK {
                book.look_at_clock();
                looked = Instant::now();
            }
            if book.doomed {
                end_job(&mut book);
            }
            let gone: Vec<usize> = ready.iter().copied().filter(|&rank| !book.hub.is_connected(rank)).collect();
            let counts = book.counts;
            if flushed.elapsed() > FLUSH
                && let Some(journal) = &mut book.journal
            {
                journal.send();
                flushed = Instant::now();
            }
            drop(book);
            self.write(|journal| if journal.bytes() > 0 { journal.flush() } else { Ok(()) });
            if synced.elapsed() > SYNC {
                (self.observer)(&counts);
                self.write(Outbox::sync);
                synced = Instant::now();
            }
            self.sockets.retain(|(rank, _)| !gone.contains(rank));
            if !ready.is_empty() {
                self.signals.heard.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Waits a while, or until ranks have something to say: which.
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

    /// Writes to the journal without holding the book.
    fn write(&self, write: impl Fn(&Outbox) -> Result<()>) {
        if let Some(journal) = &self.journal
            && let Err(error) = write(journal)
        {
            lock(&self.book).note::<()>(Err(error));
        }
    }
}

/// Ends the job at once, without the main thread, which may not come back.
fn end_job(book: &mut Coordinator) -> ! {
    if let Some(error) = &book.fatal {
        say(&format!("divisi: {error}"));
    }
    if let Some(Err(error)) = book.journal.as_mut().map(|journal| journal.sync()) {
        say(&format!("divisi: {error}"));
    }
    tell_all(book, &Frame::new(Kind::Exit, [1, 0]));
    crate::comm::leave(1)
}
