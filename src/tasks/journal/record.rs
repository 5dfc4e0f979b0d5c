//! What the records say; those of tasks that are done apart.

use super::bytes::{u32_from, u64_from};
use super::done::Done;
use crate::base::error::Cause;

/// The kinds of records.
pub(super) const DONE: u8 = 1;
pub(super) const FAILED: u8 = 2;
pub(super) const ATTEMPT: u8 = 3;
pub(super) const DEATH: u8 = 4;
pub(super) const CARRIED: u8 = 5;
pub(super) const MOMENT: u8 = 6;

/// Bytes of an attempt before what it says of its cause.
const ATTEMPT_HEAD: usize = 16;

/// All causes.
const CAUSES: [Cause; 5] = [Cause::Error, Cause::Panic, Cause::Died, Cause::TimedOut, Cause::Cancelled];

/// Why an attempt at a task did not end with a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// How it ended.
    pub cause: Cause,
    /// What it said.
    pub message: String,
}

/// A task that failed for good.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// How many attempts there were.
    pub attempts: u32,
    /// The rank of the last one.
    pub rank: u32,
    /// When that was recorded, in seconds since 1970; 0 where it isn't known.
    pub ended: f64,
    /// Why the last one failed.
    pub reason: Reason,
}

/// An attempt at a task that began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which one, from 1.
    pub number: u32,
    /// The rank that runs it.
    pub rank: u32,
    /// Why the attempt before did not end, if there was one.
    pub former: Option<Reason>,
}

/// When what is recorded next was recorded: told where it is another time than that of what was recorded before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments(f64);

/// Times that differ by less, in seconds, are the same.
const SAME: f64 = 1e-3;

impl Moments {
    /// Whether a record that `ended` then needs its time before it; what comes next is held against that.
    pub(super) fn is_due(&mut self, ended: f64) -> bool {
        let is_due = (ended - self.0).abs() >= SAME;
        if is_due {
            self.0 = ended;
        }
        is_due
    }
}

/// Totals of what a rewrite left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    pub doubled: u64,
    pub retries: u64,
    pub deaths: u64,
}

/// A record of any kind.
#[derive(Debug)]
pub(super) enum Record<'a> {
    Done(Done<'a>),
    Failed(u64, Failed),
    Attempt(u64, Attempt),
    Death,
    Carried(Carried),
    /// When what follows was recorded.
    Moment(f64),
}

impl Reason {
    fn encode(&self, buffer: &mut Vec<u8>) {
        buffer.push(number_of(self.cause));
        buffer.extend_from_slice(self.message.as_bytes());
    }

    fn encoded_bytes(&self) -> usize {
        1 + self.message.len()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&number, message) = bytes.split_first()?;
        let cause = *CAUSES.iter().find(|&&cause| number_of(cause) == number)?;
        Some(Reason { cause, message: String::from_utf8_lossy(message).into_owned() })
    }
}

impl Failed {
    pub(super) fn encode(&self, task: u64, buffer: &mut Vec<u8>) {
        encode_attempt(task, self.attempts, self.rank, buffer);
        self.reason.encode(buffer);
    }

    pub(super) fn encoded_bytes(&self) -> usize {
        ATTEMPT_HEAD + self.reason.encoded_bytes()
    }
}

impl Attempt {
    pub(super) fn encode(&self, task: u64, buffer: &mut Vec<u8>) {
        encode_attempt(task, self.number, self.rank, buffer);
        if let Some(former) = &self.former {
            former.encode(buffer);
        }
    }

    pub(super) fn encoded_bytes(&self) -> usize {
        ATTEMPT_HEAD + self.former.as_ref().map_or(0, Reason::encoded_bytes)
    }
}

impl Carried {
    pub(super) fn encode(&self, buffer: &mut Vec<u8>) {
        buffer.extend([self.doubled, self.retries, self.deaths].into_iter().flat_map(u64::to_le_bytes));
    }
}

impl<'a> Record<'a> {
    /// A record from its kind and contents; nothing if they are not as this version writes them.
    pub(super) fn decode(kind: u8, contents: &'a [u8]) -> Option<Self> {
        let mut rest = contents;
        let rest = &mut rest;
        Some(match kind {
            DONE => Record::Done(Done::decode(contents)?),
            FAILED => {
                let task = u64_from(rest)?;
                let attempts = u32_from(rest)?;
                let rank = u32_from(rest)?;
                Record::Failed(task, Failed { attempts, rank, ended: 0.0, reason: Reason::decode(rest)? })
            }
            ATTEMPT => {
                let task = u64_from(rest)?;
                let number = u32_from(rest)?;
                let rank = u32_from(rest)?;
                let former = if rest.is_empty() { None } else { Some(Reason::decode(rest)?) };
                Record::Attempt(task, Attempt { number, rank, former })
            }
            DEATH => u32_from(rest).map(|_| Record::Death)?,
            CARRIED => {
                Record::Carried(Carried { doubled: u64_from(rest)?, retries: u64_from(rest)?, deaths: u64_from(rest)? })
            }
            MOMENT => Record::Moment(f64::from_bits(u64_from(rest)?)),
            _ => return None,
        })
    }
}

/// The number of a cause in the file, which stays the same whatever order the causes are declared in.
fn number_of(cause: Cause) -> u8 {
    match cause {
        Cause::Error => 0,
        Cause::Panic => 1,
        Cause::Died => 2,
        Cause::TimedOut => 3,
        Cause::Cancelled => 4,
    }
}

fn encode_attempt(task: u64, number: u32, rank: u32, buffer: &mut Vec<u8>) {
    buffer.extend(task.to_le_bytes());
    buffer.extend(number.to_le_bytes());
    buffer.extend(rank.to_le_bytes());
}
