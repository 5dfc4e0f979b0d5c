//! What a rank does with calls: it has its Python process run them, and decides what comes of those that fail.
//!
//! The calls of a chunk go to the process together, before the first of them runs, so that it needn't wait for the next one; they are
//! replied to one after another. When the process dies, the call that it had begun has failed; those before it whose replies are lost, and
//! those after it, are sent to a new one. Beyond its time limit, or cancelled, a call is ended with its process.
//!
//! An attempt that fails is tried again as often as the call says; the last one's exception is what comes of the call. One whose process
//! dies is tried three times at least, since it may not be to blame.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::call::{CallHead, ResultHead, Tag, failed_input};
use super::frame::{Start, head, named, order, plain, reply};
use super::python::{Closed, Process, Python};
use crate::comm::launcher_rank;
use crate::sweep::command::ended_with;
use crate::tasks::Task;
use crate::{Error, Result};

/// Between two looks at limits, and at whether a call is cancelled.
const LOOK: Duration = Duration::from_millis(20);
/// Bytes of calls that are sent ahead at most.
const AHEAD: usize = 128 << 10;
/// Attempts at a call with which processes die.
const DEATHS: u64 = 3;
/// Processes in a row that end before they begin a call.
const STARTS: u32 = 3;

/// Runs calls on a rank.
pub(super) struct Calls(RefCell<Asking>);

/// The process and what it was asked.
struct Asking {
    python: Python,
    /// Calls that it was sent and has not replied to, with their limits in seconds.
    sent: VecDeque<(u64, f64)>,
    /// Calls that have failed before it was their turn to be looked at.
    failed: FxHashMap<u64, (Tag, String)>,
    /// Values that it knows of.
    values: u64,
    /// The call that it was at when it was looked at, and since when.
    at: Option<(u64, Instant)>,
    /// Processes that ended before they began a call.
    starts: u32,
}

/// How a process's reply to a call came out.
enum Heard {
    Reply(Tag),
    Cancelled,
    TimedOut,
    Died,
}

impl Calls {
    pub(super) fn new(python: Python) -> Self {
        let (sent, failed) = (VecDeque::new(), FxHashMap::default());
        Calls(RefCell::new(Asking { python, sent, failed, values: 0, at: None, starts: 0 }))
    }

    /// Sends the calls of a chunk, if they are several short ones. `values` were sent to ranks so far.
    pub(super) fn ahead(&self, values: u64, chunk: &mut dyn Iterator<Item = (u64, &[u8], &[u8])>) {
        let calls: Vec<(u64, &[u8], &[u8])> = chunk.collect();
        let bytes: usize = calls.iter().map(|(_, argument, inputs)| argument.len() + inputs.len()).sum();
        if calls.len() < 2 || bytes > AHEAD {
            return;
        }
        let asking = &mut *self.0.borrow_mut();
        asking.forget_sent();
        let good: Vec<_> = calls.into_iter().filter(|(_, _, inputs)| failed_input(inputs).is_none()).collect();
        let mut left = good.len() as u32;
        for (task, argument, inputs) in good {
            left -= 1;
            // Those that can't be sent are sent once it is their turn; who is asked then tells why not.
            if asking.send(values, task, 1, argument, inputs, left).is_err() {
                return;
            }
        }
        if let Ok((process, _)) = asking.python.ready() {
            // A process that reads no more is seen when it is asked.
            let _ = process.write();
        }
    }

    /// Runs a call and appends what came of it.
    ///
    /// # Errors
    /// If this attempt is not the last, or the call was cancelled.
    pub(super) fn run(&self, task: &Task, argument: &[u8], into: &mut Vec<u8>) -> Result<()> {
        let lost = || Error::input("a call", "is cut short");
        let (call, arguments) = plain::<CallHead>(argument).ok_or_else(lost)?;
        let begin = into.len();
        let tag = match failed_input(task.input_bytes()).and_then(plain::<ResultHead>) {
            Some((failed, reason)) => {
                into.extend_from_slice(bytemuck::bytes_of(&ResultHead { check: call.check, ..failed }));
                into.extend_from_slice(reason);
                return Ok(());
            }
            None => {
                into.extend_from_slice(bytemuck::bytes_of(&ResultHead { tag: 0, check: call.check }));
                self.0.borrow_mut().ask(task, argument, into)?
            }
        };
        let attempts = match tag {
            Tag::Raised | Tag::TimedOut => call.retries + 1,
            Tag::Died => (call.retries + 1).max(DEATHS),
            Tag::Value | Tag::Cancelled | Tag::NoPython | Tag::Refused => 0,
        };
        if u64::from(task.attempt()) < attempts {
            let reason = format!("attempt {} at a call of {} bytes: {tag:?}", task.attempt(), arguments.len());
            return Err(Error::System(reason));
        }
        let whole = ResultHead { tag: tag as u64, check: call.check };
        into[begin..begin + size_of::<ResultHead>()].copy_from_slice(bytemuck::bytes_of(&whole));
        Ok(())
    }
}

impl Asking {
    /// What was sent ahead and not asked for is of no use any more, nor is who may be at it.
    fn forget_sent(&mut self) {
        if !self.sent.is_empty() {
            self.python.stop();
            self.sent.clear();
        }
    }

    /// Puts a call on its way, after which `left` follow.
    fn send(
        &mut self,
        values: u64,
        task: u64,
        attempt: u32,
        argument: &[u8],
        inputs: &[u8],
        left: u32,
    ) -> std::result::Result<(), String> {
        let Some((call, arguments)) = plain::<CallHead>(argument) else { return Err("a call is cut short".to_owned()) };
        let (process, is_new) = self.python.ready()?;
        if is_new {
            // What an earlier one was sent is not this one's.
            self.sent.clear();
        }
        if values != self.values && !is_new {
            process.put(&[&head(order::FORGET, 0, 0)]);
        }
        self.values = values;
        let start = Start {
            task,
            function: call.function,
            seed: call.seed,
            attempt,
            rank: launcher_rank() as u32,
            inputs: inputs.len() as u64,
        };
        let start = bytemuck::bytes_of(&start);
        let length = start.len() + inputs.len() + arguments.len();
        process.put(&[&head(order::CALL, left, length), start, inputs, arguments]);
        self.sent.push_back((task, call.limit));
        Ok(())
    }

    /// Has a call run, appends what comes of it, and says what that is.
    fn ask(&mut self, task: &Task, argument: &[u8], into: &mut Vec<u8>) -> Result<Tag> {
        let begin = into.len();
        loop {
            into.truncate(begin);
            if let Some((tag, reason)) = self.failed.remove(&task.number()) {
                into.extend_from_slice(reason.as_bytes());
                return Ok(tag);
            }
            if self.sent.front().is_none_or(|(sent, _)| *sent != task.number()) {
                self.forget_sent();
                let inputs = task.input_bytes();
                if let Err(reason) = self.send(task.values_sent(), task.number(), task.attempt(), argument, inputs, 0) {
                    into.extend_from_slice(reason.as_bytes());
                    return Ok(Tag::NoPython);
                }
            }
            match self.hear(task, into) {
                Heard::Reply(tag) => {
                    self.sent.pop_front();
                    self.starts = 0;
                    return Ok(tag);
                }
                Heard::Cancelled => {
                    self.forget_sent();
                    return Err(Error::System("cancelled".to_owned()));
                }
                Heard::TimedOut => self.lose(task.number(), Tag::TimedOut),
                Heard::Died => self.lose(task.number(), Tag::Died),
            }
        }
    }

    /// Ends the process, and notes which call is to blame.
    fn lose(&mut self, asked: u64, tag: Tag) {
        let begun = self.python.ready().ok().and_then(|(process, _)| process.begun());
        let status = self.python.stop();
        let blamed = begun.and_then(|begun| self.sent.iter().find(|(sent, _)| *sent == begun));
        if let Some(&(blamed, limit)) = blamed {
            self.starts = 0;
            let reason = match tag {
                Tag::TimedOut => format!("not done within its time limit of {limit} s, and ended"),
                _ => died(status),
            };
            self.failed.insert(blamed, (tag, reason));
        } else {
            self.starts += 1;
            if self.starts >= STARTS {
                self.starts = 0;
                let reason =
                    format!("{}, before it began a call: its own words are in the pool's output", died(status));
                self.failed.insert(asked, (Tag::NoPython, reason));
            }
        }
        self.sent.clear();
    }

    /// Waits for the reply to the first call that was sent, serving the process meanwhile; appends the reply.
    fn hear(&mut self, task: &Task, into: &mut Vec<u8>) -> Heard {
        loop {
            let Ok((process, _)) = self.python.ready() else { return Heard::Died };
            match listen(process, task, into) {
                Err(Closed) if task.is_cancelled() => return Heard::Cancelled,
                Err(Closed) => return Heard::Died,
                Ok(Some(tag)) => return Heard::Reply(tag),
                Ok(None) => {}
            }
            if task.is_cancelled() {
                return Heard::Cancelled;
            }
            let begun = process.begun();
            if self.is_late(begun) {
                return Heard::TimedOut;
            }
        }
    }

    /// Whether the call that the process is at has run longer than it may.
    fn is_late(&mut self, begun: Option<u64>) -> bool {
        let Some(&(task, limit)) = begun.and_then(|begun| self.sent.iter().find(|(sent, _)| *sent == begun)) else {
            self.at = None;
            return false;
        };
        let (_, since) = *self.at.get_or_insert((task, Instant::now()));
        if self.at.is_some_and(|(at, _)| at != task) {
            self.at = Some((task, Instant::now()));
            return false;
        }
        limit > 0.0 && since.elapsed().as_secs_f64() > limit
    }
}

/// Serves the process until a while has passed, or it has replied: then the reply is appended, and this is its tag.
fn listen(process: &mut Process, task: &Task, into: &mut Vec<u8>) -> std::result::Result<Option<Tag>, Closed> {
    let is_enough = || task.is_cancelled();
    while let Some(frame) = process.next() {
        match frame.kind {
            reply::REPLY => {
                process.body(frame.length, into, &is_enough)?;
                return Ok(Some(if frame.extra == 1 { Tag::Value } else { Tag::Raised }));
            }
            reply::ASK => {
                let mut name = Vec::new();
                process.body(frame.length, &mut name, &is_enough)?;
                let value = task.value_bytes(&String::from_utf8_lossy(&name));
                let bytes = value.as_deref().unwrap_or_default();
                process.put(&[&head(order::VALUE, u32::from(value.is_some()), bytes.len()), bytes]);
            }
            reply::KEEP => {
                let mut bytes = Vec::new();
                process.body(frame.length, &mut bytes, &is_enough)?;
                if let Some((name, value)) = named(&bytes) {
                    task.keep_bytes(name, value);
                }
            }
            // Nobody could know what its next words mean.
            _ => return Err(Closed),
        }
    }
    process.turn(LOOK).map(|()| None)
}

/// How a process died.
fn died(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "the Python process died".to_owned(), |status| ended_with("the Python process", status))
}
