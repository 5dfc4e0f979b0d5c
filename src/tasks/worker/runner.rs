//! Running chunks of tasks on a rank.
//!
//! Tasks run one after another. Results are gathered and sent as records: after the chunk, and before if they are many or took
//! long, so that little is lost with a rank. An error or a panic is a record of its own, and the rest of the chunk goes on.
//! With several ranks per task the first rank of the group sends the others what to run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::exit;
use super::values::Values;
use crate::Result;
use crate::base::console::{say, shortened};
use crate::base::error::Cause;
use crate::comm::{Comm, take_panic};
use crate::tasks::options::Ahead;
use crate::tasks::task::Task;
use crate::tasks::wire::chunk::{Chunk, Order};
use crate::tasks::wire::packing::unpack;
use crate::tasks::wire::progress::Progress;
use crate::tasks::wire::report::{Gathered, ReportHead};
use crate::tasks::worker::token::Token;

/// Results are sent at least so often between tasks.
const PATIENCE: Duration = Duration::from_micros(200);
/// Bytes of results that are sent at once.
const PLENTY: usize = 1 << 18;
/// Most tasks between two looks at the clock.
const STRIDE: u32 = 256;
/// What the first rank of a group says at the end.
const NO_MORE: u64 = u64::MAX;

/// A task's function: from the task and its encoded argument to its encoded result.
pub(crate) type Work<'a> = dyn Fn(&Task, &[u8], &mut Vec<u8>) -> Result<()> + 'a;

/// Sends a record, given in parts.
pub(crate) type Send<'a> = dyn FnMut(&[&[u8]]) + 'a;

/// How an attempt went: its result is gathered, or it failed.
type Ran = std::result::Result<(), (Cause, String)>;

/// What a rank needs to run tasks.
pub(crate) struct Runner<'a> {
    pub work: &'a Work<'a>,
    pub seed: u64,
    pub values: Arc<Values>,
    pub token: Arc<Token>,
    /// The ranks that run each task together.
    pub group: Comm,
    /// Where this rank says what it is at, if rank 0 can see it.
    pub progress: Option<Progress>,
    /// Gets the tasks of each chunk before they run.
    pub ahead: Option<&'a Ahead<'a>>,
    gathered: Gathered,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(work: &'a Work<'a>, seed: u64, token: Arc<Token>, values: Arc<Values>, group: Comm) -> Self {
        exit::watch();
        Runner { work, seed, values, token, group, progress: None, ahead: None, gathered: Gathered::default() }
    }

    /// Runs a chunk and sends its records. `arguments` are packed one after another, or empty if the tasks need none.
    pub(crate) fn run(&mut self, order: &Order, mut arguments: &[u8], send: &mut Send) {
        let Chunk { first, epoch, count, attempt } = order.chunk;
        self.values.wait_for(epoch);
        if let Some(progress) = self.progress {
            progress.enter(order.posting);
        }
        if let Some(ahead) = self.ahead {
            ahead(self.values.sent(), &mut packed(order, arguments));
        }
        let mut run = Sending { posting: order.posting, attempt, start: first, since: Instant::now(), send };
        let mut unlooked = 0;
        let mut stride = 1;
        for place in 0..u64::from(count) {
            let number = first + place * order.stride;
            if self.token.is_paused() {
                run.results(&mut self.gathered, number);
                run.returned();
                return;
            }
            if let Some(progress) = self.progress {
                progress.begin(place + 1);
            }
            let (argument, inputs, rest) = unpack(arguments);
            arguments = rest;
            self.announce(number, attempt, argument, inputs);
            let mut outcome = self.attempt(number, attempt, argument, inputs);
            if let (Ok(()), Some(cause)) = (&outcome, self.token.of(number)) {
                self.gathered.drop_last();
                outcome = Err((cause, "ended early when asked to".to_owned()));
            }
            match outcome {
                Ok(()) => {
                    unlooked += 1;
                    let mut elapsed = Duration::ZERO;
                    if unlooked >= stride {
                        elapsed = run.since.elapsed();
                        let each = elapsed.as_nanos() as u32 / self.gathered.count();
                        (unlooked, stride) = (0, (20_000 / each.max(1)).clamp(1, STRIDE));
                    }
                    if elapsed > PATIENCE || self.gathered.bytes() > PLENTY || order.stride > 1 {
                        run.results(&mut self.gathered, number + order.stride);
                    }
                }
                Err((cause, message)) => {
                    run.results(&mut self.gathered, number);
                    run.failure(cause, &message, number + order.stride);
                }
            }
        }
        run.results(&mut self.gathered, first);
    }

    /// One attempt at a task; its result is gathered.
    fn attempt(&mut self, number: u64, attempt: u32, argument: &[u8], inputs: &[u8]) -> Ran {
        let Runner { work, seed, values, token, group, gathered, .. } = self;
        let task = Task { number, attempt, seed: *seed, token, inputs, values, group };
        let _under_way = exit::UnderWay::begin(number);
        let ran = catch_unwind(AssertUnwindSafe(|| gathered.add(|bytes| work(&task, argument, bytes))));
        match ran {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err((token.of(number).unwrap_or(Cause::Error), shortened(error.to_string()))),
            Err(_) => {
                gathered.mend();
                Err((Cause::Panic, shortened(take_panic())))
            }
        }
    }

    /// Sends the other ranks of the group what to run.
    fn announce(&self, number: u64, attempt: u32, argument: &[u8], inputs: &[u8]) {
        if self.group.size() > 1 {
            let sizes = [argument.len() as u64, inputs.len() as u64];
            self.group.broadcast(&[number, u64::from(attempt), sizes[0], sizes[1]], 0);
            self.group.broadcast(&[argument, inputs].concat(), 0);
        }
    }

    /// The first rank of a group: there is nothing more to run.
    pub(crate) fn dismiss(&self) {
        if self.group.size() > 1 {
            self.group.broadcast(&[NO_MORE; 4], 0);
        }
    }

    /// The other ranks of a group: run what the first one says, until it says that there is no more.
    pub(crate) fn join(&mut self) {
        loop {
            let order: Vec<u64> = self.group.broadcast(&[0; 4], 0);
            let [number, attempt, argument, inputs] = [0, 1, 2, 3].map(|place| order[place]);
            if number == NO_MORE {
                return;
            }
            let bytes: Vec<u8> = self.group.broadcast(&vec![0; (argument + inputs) as usize], 0);
            let (argument, inputs) = bytes.split_at(argument as usize);
            // What the others return, and errors that all of them share, the first one sends.
            if let Err((Cause::Panic, message)) = self.attempt(number, attempt as u32, argument, inputs) {
                say(&format!("divisi: rank {} of a task's {}: {message}", self.group.rank(), self.group.size()));
                signal_hook::low_level::exit(1);
            }
            self.gathered = Gathered::default();
        }
    }
}

/// The tasks of a chunk: of each its number, its argument and its inputs.
fn packed<'p>(order: &Order, mut arguments: &'p [u8]) -> impl Iterator<Item = (u64, &'p [u8], &'p [u8])> {
    let Order { chunk: Chunk { first, count, .. }, stride, .. } = *order;
    (0..u64::from(count)).map(move |place| {
        let (argument, inputs, rest) = unpack(arguments);
        arguments = rest;
        (first + place * stride, argument, inputs)
    })
}

/// The records of a chunk under way.
struct Sending<'a, 'b> {
    posting: u64,
    attempt: u32,
    /// The first task not yet reported.
    start: u64,
    since: Instant,
    send: &'a mut Send<'b>,
}

impl Sending<'_, '_> {
    fn head(&mut self) -> ReportHead {
        let now = Instant::now();
        let seconds = (now - self.since).as_secs_f64();
        self.since = now;
        ReportHead::new(self.posting, self.start, self.attempt, seconds)
    }

    /// Sends the results gathered, if there are any; the next ones begin with task `next`.
    fn results(&mut self, gathered: &mut Gathered, next: u64) {
        if gathered.count() > 0 {
            let head = self.head();
            gathered.send(head, |parts| (self.send)(parts));
        }
        self.start = next;
    }

    /// Gives back what has not begun.
    fn returned(&mut self) {
        let head = self.head();
        head.send_returned(|parts| (self.send)(parts));
    }

    fn failure(&mut self, cause: Cause, message: &str, next: u64) {
        let head = self.head();
        head.send_failure(cause, message, |parts| (self.send)(parts));
        self.start = next;
    }
}
