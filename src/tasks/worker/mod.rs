//! What every rank but 0 does: run tasks until rank 0 says that there are no more.
//!
//! On rank 0's node it takes chunks from the board and sends results through its ring; elsewhere it asks for chunks by socket and
//! answers by socket. Orders to this rank alone come by socket everywhere.

mod exit;
pub(crate) mod runner;
pub(crate) mod token;
pub(crate) mod values;

use std::time::{Duration, Instant};

use crate::tasks::wire::board::Board;
use crate::tasks::wire::chunk::{Chunk, Order};
use crate::tasks::wire::frame::{Frame, Kind};
use crate::tasks::wire::lifeline::Lifeline;
use crate::tasks::wire::ring::Ring;
use runner::Runner;
use token::Token;
use values::Values;

/// How long a rank without work looks for some before it offers its core to others, and then before it sleeps between looks.
const SPIN: Duration = Duration::from_micros(50);
const YIELD: Duration = Duration::from_millis(5);
const NAP: Duration = Duration::from_micros(200);
/// How often a full ring is looked at before rank 0 gets to know.
const LOOKS: u32 = 1000;

/// A rank's part: what it speaks with rank 0 through.
pub(crate) struct WorkerLoop {
    pub lifeline: Lifeline,
    /// The board, on rank 0's node.
    pub near: Option<(Board, Ring)>,
    pub rank: usize,
    /// Whether ranks outnumber cores, so that spinning takes the core from who has work.
    pub is_crowded: bool,
}

impl WorkerLoop {
    /// Runs tasks until the end; the status that rank 0 has sent.
    pub(crate) fn run(mut self, runner: &mut Runner) -> u8 {
        if self.near.is_none() {
            self.lifeline.send(Kind::Want, [0; 2], &[]);
        }
        let mut idle: Option<Instant> = None;
        let status = loop {
            if let Some(frame) = self.lifeline.next() {
                if let Some(status) = self.handle(frame, runner) {
                    break status;
                }
                idle = None;
            } else if self.claim(runner) {
                idle = None;
            } else if self.near.is_none() {
                let frame = self.lifeline.wait();
                if let Some(status) = self.handle(frame, runner) {
                    break status;
                }
            } else {
                self.rest(idle.get_or_insert_with(Instant::now).elapsed());
            }
        };
        runner.dismiss();
        self.lifeline.close();
        status
    }

    /// Takes a chunk from the board and runs it; whether there was one.
    fn claim(&mut self, runner: &mut Runner) -> bool {
        let WorkerLoop { lifeline, near: Some((board, ring)), rank, .. } = self else { return false };
        let Some(claim) = board.claim(*rank) else { return false };
        let fetched = match board.arguments(&claim) {
            Some(_) => None,
            None => {
                lifeline.send(Kind::Fetch, [claim.posting, 0], &[]);
                let is_it = |frame: &Frame| frame.kind == Kind::Arguments && frame.numbers[0] == claim.posting;
                Some(lifeline.wait_for(is_it).bytes)
            }
        };
        let arguments = fetched.as_deref().or_else(|| board.arguments(&claim)).unwrap_or_default();
        let order = Order { posting: claim.posting, chunk: claim.chunk, stride: 1 };
        runner.run(&order, arguments, &mut |parts| stream(ring, lifeline, parts));
        true
    }

    /// Does what rank 0 says; its status, if it says that this is the end.
    fn handle(&mut self, frame: Frame, runner: &mut Runner) -> Option<u8> {
        match frame.kind {
            Kind::Chunk => self.run_chunk(&frame, runner),
            Kind::Pull => {
                let name = String::from_utf8_lossy(&frame.bytes);
                let value = runner.values.bytes(&name);
                let found = u64::from(value.is_some());
                self.lifeline.send(Kind::Pulled, [frame.numbers[0], found], &[value.as_deref().unwrap_or_default()]);
            }
            Kind::End => return Some(frame.numbers[0] as u8),
            _ => {}
        }
        None
    }

    /// Runs a chunk that came by socket.
    fn run_chunk(&mut self, frame: &Frame, runner: &mut Runner) {
        let [posting, stride] = frame.numbers;
        let Some((chunk, arguments)) = frame.bytes.split_first_chunk::<{ size_of::<Chunk>() }>() else { return };
        let order = Order { posting, chunk: bytemuck::pod_read_unaligned(chunk), stride };
        let WorkerLoop { lifeline, near, .. } = self;
        match near {
            Some((_, ring)) => runner.run(&order, arguments, &mut |parts| stream(ring, lifeline, parts)),
            None => {
                runner.run(&order, arguments, &mut |parts| lifeline.send(Kind::Report, [0; 2], parts));
                lifeline.send(Kind::Want, [1, 0], &[]);
            }
        }
    }

    fn rest(&self, idle: Duration) {
        match idle {
            idle if idle < SPIN && !self.is_crowded => std::hint::spin_loop(),
            idle if idle < YIELD => std::thread::yield_now(),
            _ => std::thread::sleep(NAP),
        }
    }
}

/// Does what a frame from rank 0 asks if that can't wait for the task under way; whether it did.
pub(crate) fn at_once(frame: &Frame, token: &Token, values: &Values) -> bool {
    match frame.kind {
        Kind::Store => values.arrive(frame.numbers[0], &frame.bytes),
        Kind::Pause => token.pause(),
        Kind::Cancel => token.set(frame.numbers[0], frame.numbers[1] == 1),
        _ => return false,
    }
    true
}

/// Sends a report through the ring; where it is full, rank 0 gets to know, and empties it.
fn stream(ring: &mut Ring, lifeline: &Lifeline, parts: &[&[u8]]) {
    for part in parts {
        let mut left = *part;
        let mut looks = 0;
        while !left.is_empty() {
            let written = ring.write(left);
            left = &left[written..];
            if left.is_empty() {
                break;
            }
            ring.publish();
            looks = if written > 0 { 0 } else { looks + 1 };
            if looks % LOOKS == LOOKS - 1 {
                lifeline.send(Kind::Full, [0; 2], &[]);
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
    ring.publish();
}
