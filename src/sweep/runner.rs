//! Running chunks of tasks on a rank.
//!
//! Tasks run one after another. Results are gathered and sent as records: after the chunk, and before if they are many or took
//! long, so that little is lost with a rank. An error or a panic is a record of its own, and the rest of the chunk goes on.
//! With several ranks per task the first rank of the group tells the others what to run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::begun::Begun;
use super::board::Chunk;
use super::record::{Gathered, Head};
use super::task::{Task, Token};
use super::values::Values;
use crate::Result;
use crate::comm::{Comm, take_panic};
use crate::console::say;
use crate::error::Cause;

/// Results are sent at least so often between tasks.
const PATIENCE: Duration = Duration::from_micros(200);
/// Bytes of results that are sent at once.
const PLENTY: usize = 1 << 18;
/// Most tasks between two looks at the clock.
const STRIDE: u32 = 256;
/// What the first rank of a group says at the end.
const NO_MORE: u64 = u64::MAX;

/// A task's function: from the task and its encoded argument to its encoded result.
pub(super) type Work<'a> = dyn Fn(&Task, &[u8], &mut Vec<u8>) -> Result<()> + 'a;

/// Sends a record, given in parts.
pub(super) type Send<'a> = dyn FnMut(&[&[u8]]) + 'a;

/// How an attempt went: its result is gathered, or it failed.
type Attempt = std::result::Result<(), (Cause, String)>;

/// What a rank needs to run tasks.
pub(super) struct Runner<'a> {
    pub work: &'a Work<'a>,
    pub seed: u64,
    pub values: Arc<Values>,
    pub token: Arc<Token>,
    /// The ranks that run each task together.
    pub group: Comm,
    /// Where this rank says what it is at, if rank 0 can see it.
    pub begun: Option<Begun>,
    gathered: Gathered,
}

/// A chunk to be run.
pub(super) struct Order {
    pub posting: u64,
    pub chunk: Chunk,
    /// From one task to the next.
    pub stride: u64,
}

/// Bytes before the argument of a task without inputs, packed.
pub(super) const ALONE: usize = 16;

/// Bytes that an argument and inputs take as they travel.
pub(super) fn packed_size(argument: &[u8], inputs: &[&[u8]]) -> usize {
    ALONE + argument.len() + inputs.iter().map(|input| 8 + input.len()).sum::<usize>()
}

/// Writes an argument and inputs to the beginning of `into` and returns what is left of it.
pub(super) fn pack<'a>(into: &'a mut [u8], argument: &[u8], inputs: &[&[u8]]) -> &'a mut [u8] {
    let length = packed_size(argument, inputs) - ALONE - argument.len();
    let into = put(into, &(argument.len() as u64).to_le_bytes());
    let into = put(into, &(length as u64).to_le_bytes());
    let into = put(into, argument);
    inputs.iter().fold(into, |into, input| put(put(into, &(input.len() as u64).to_le_bytes()), input))
}

/// Begins the packed argument, `bytes` long, of a task without inputs; returns where it goes.
pub(super) fn pack_size(into: &mut [u8], bytes: usize) -> &mut [u8] {
    put(put(into, &(bytes as u64).to_le_bytes()), &0u64.to_le_bytes())
}

fn put<'a>(into: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let (here, rest) = into.split_at_mut(bytes.len());
    here.copy_from_slice(bytes);
    rest
}

/// The first packed argument with its inputs, and what follows; nothing packed is an empty argument.
fn unpack(packed: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let Some((sizes, rest)) = packed.split_first_chunk::<16>() else { return (&[], &[], &[]) };
    let [argument, inputs]: [u64; 2] = bytemuck::pod_read_unaligned(sizes);
    let (argument, rest) = rest.split_at(argument as usize);
    let (inputs, rest) = rest.split_at(inputs as usize);
    (argument, inputs, rest)
}

impl<'a> Runner<'a> {
    pub(super) fn new(work: &'a Work<'a>, seed: u64, token: Arc<Token>, values: Arc<Values>, group: Comm) -> Self {
        Runner { work, seed, values, token, group, begun: None, gathered: Gathered::default() }
    }

    /// Runs a chunk and sends its records. `arguments` are packed one after another, or empty if the tasks need none.
    pub(super) fn run(&mut self, order: &Order, mut arguments: &[u8], send: &mut Send) {
        let Chunk { first, epoch, count, attempt } = order.chunk;
        self.values.wait_for(epoch);
        if let Some(begun) = self.begun {
            begun.enter(order.posting);
        }
        let mut run = Sending { posting: order.posting, attempt, start: first, since: Instant::now(), send };
        let (mut unlooked, mut stride) = (0, 1);
        for place in 0..u64::from(count) {
            let number = first + place * order.stride;
            if self.token.is_paused() {
                run.results(&mut self.gathered, number);
                run.returned();
                return;
            }
            if let Some(begun) = self.begun {
                begun.begin(place + 1);
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
    fn attempt(&mut self, number: u64, attempt: u32, argument: &[u8], inputs: &[u8]) -> Attempt {
        let Runner { work, seed, values, token, group, gathered, .. } = self;
        let task = Task { number, attempt, seed: *seed, token, inputs, values, group };
        let ran = catch_unwind(AssertUnwindSafe(|| gathered.add(|bytes| work(&task, argument, bytes))));
        match ran {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err((token.of(number).unwrap_or(Cause::Error), error.to_string())),
            Err(_) => {
                gathered.mend();
                Err((Cause::Panic, take_panic()))
            }
        }
    }

    /// Tells the other ranks of the group what to run.
    fn announce(&self, number: u64, attempt: u32, argument: &[u8], inputs: &[u8]) {
        if self.group.size() > 1 {
            let sizes = [argument.len() as u64, inputs.len() as u64];
            self.group.broadcast(&[number, u64::from(attempt), sizes[0], sizes[1]], 0);
            self.group.broadcast(&[argument, inputs].concat(), 0);
        }
    }

    /// The first rank of a group: there is nothing more to run.
    pub(super) fn dismiss(&self) {
        if self.group.size() > 1 {
            self.group.broadcast(&[NO_MORE; 4], 0);
        }
    }

    /// The other ranks of a group: run what the first one says, until it says that there is no more.
    pub(super) fn attend(&mut self) {
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

/// The records of a chunk under way.
struct Sending<'a, 'b> {
    posting: u64,
    attempt: u32,
    /// The first task not yet told of.
    start: u64,
    since: Instant,
    send: &'a mut Send<'b>,
}

impl Sending<'_, '_> {
    fn head(&mut self) -> Head {
        let seconds = self.since.elapsed().as_secs_f64();
        self.since = Instant::now();
        Head::new(self.posting, self.start, self.attempt, seconds)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_inputs_come_apart_again() {
        let mut packed = vec![0; packed_size(b"first", &[]) + packed_size(b"", &[b"in", b""])];
        let rest = pack(&mut packed, b"first", &[]);
        assert!(pack(rest, b"", &[b"in", b""]).is_empty());
        let (argument, inputs, rest) = unpack(&packed);
        assert_eq!((argument, inputs), (&b"first"[..], &b""[..]));
        let (argument, inputs, rest) = unpack(rest);
        assert_eq!((argument.len(), inputs.len(), rest.len()), (0, 18, 0));
        assert_eq!(unpack(&[]), (&[][..], &[][..], &[][..]));
    }
}
