//! The record of a run of tasks that are done.

use std::borrow::Cow;
use std::ops::Range;

use super::bytes::{u32_from, u64_from};

/// Bytes of a run before the lengths and results.
const DONE_HEAD: usize = 32;
/// In place of a length: the results are of several, which follow.
pub(super) const SEVERAL: u32 = u32::MAX;

/// A run of consecutive tasks that are done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done<'a> {
    /// The number of the first task.
    pub first: u64,
    /// The rank that ran them.
    pub rank: u32,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// How long all of them took together, in seconds.
    pub seconds: f64,
    /// When that was recorded, in seconds since 1970; 0 where it isn't known.
    pub ended: f64,
    /// How many tasks, and the bytes of each one's result.
    pub lengths: Lengths<'a>,
    /// The results, one after the other.
    pub results: &'a [u8],
}

/// The bytes of each result of a run of tasks.
#[derive(Clone, Debug, PartialEq)]
pub enum Lengths<'a> {
    /// All the same.
    Equal {
        /// How many tasks.
        count: u32,
        /// The bytes of each result.
        length: u32,
    },
    /// One length per task.
    Each(Cow<'a, [u32]>),
}

impl Lengths<'_> {
    /// How many tasks.
    pub fn count(&self) -> u32 {
        match self {
            Lengths::Equal { count, .. } => *count,
            Lengths::Each(lengths) => lengths.len() as u32,
        }
    }

    /// The bytes of the results of the first `count` tasks.
    pub(super) fn bytes(&self, count: usize) -> u64 {
        match self {
            Lengths::Equal { length, .. } => count as u64 * u64::from(*length),
            Lengths::Each(lengths) => lengths[..count].iter().map(|&length| u64::from(length)).sum(),
        }
    }

    /// The length that all have.
    fn common(&self) -> Option<u32> {
        match self {
            Lengths::Equal { length, .. } => Some(*length),
            Lengths::Each(lengths) => {
                let first = *lengths.first()?;
                lengths.iter().all(|&length| length == first).then_some(first)
            }
        }
    }

    /// The length of the result of the task at `place` of the run.
    fn at(&self, place: usize) -> u32 {
        match self {
            Lengths::Equal { length, .. } => *length,
            Lengths::Each(lengths) => lengths[place],
        }
    }

    /// The lengths of some of the tasks, by their places in the run.
    fn part(&self, places: Range<usize>) -> Lengths<'_> {
        match self {
            Lengths::Equal { length, .. } => Lengths::Equal { count: places.len() as u32, length: *length },
            Lengths::Each(lengths) => Lengths::Each(Cow::Borrowed(&lengths[places])),
        }
    }
}

impl Done<'_> {
    /// How many tasks.
    pub fn count(&self) -> u32 {
        self.lengths.count()
    }

    /// The tasks' numbers.
    pub fn tasks(&self) -> Range<u64> {
        self.first..self.first + u64::from(self.count())
    }

    /// The tasks, each with its result.
    pub fn each(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut rest = self.results;
        self.tasks().enumerate().map(move |(place, task)| {
            let (result, others) = rest.split_at(self.lengths.at(place) as usize);
            rest = others;
            (task, result)
        })
    }

    /// Some of the tasks; the time is shared out by their number.
    pub(super) fn part(&self, tasks: Range<u64>) -> Done<'_> {
        let places = (tasks.start - self.first) as usize..(tasks.end - self.first) as usize;
        let [start, end] = [places.start, places.end].map(|place| self.lengths.bytes(place) as usize);
        Done {
            first: tasks.start,
            seconds: self.seconds * places.len() as f64 / f64::from(self.count()),
            lengths: self.lengths.part(places),
            results: &self.results[start..end],
            ..*self
        }
    }

    /// Panics where the parts do not belong together; so many bytes of results follow elsewhere.
    pub(super) fn check(&self, elsewhere: usize) {
        let bytes = self.lengths.bytes(self.count() as usize);
        let results = self.results.len() + elsewhere;
        assert!(bytes == results as u64, "lengths of {bytes} bytes for results of {results}");
        assert!(
            self.first.checked_add(u64::from(self.count())).is_some(),
            "tasks from {} on pass 2^64 - 1",
            self.first
        );
    }

    pub(super) fn encoded_bytes(&self) -> usize {
        let lengths = if self.lengths.common().is_some() { 0 } else { 4 * self.count() as usize };
        DONE_HEAD + lengths + self.results.len()
    }

    pub(super) fn encode(&self, buffer: &mut Vec<u8>) {
        let common = self.lengths.common();
        let mut fixed = [0; DONE_HEAD];
        fixed[..8].copy_from_slice(&self.first.to_le_bytes());
        fixed[8..16].copy_from_slice(&self.seconds.to_le_bytes());
        let words = [self.count(), self.rank, self.attempt, common.unwrap_or(SEVERAL)];
        for (place, word) in fixed[16..].as_chunks_mut().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        buffer.extend_from_slice(&fixed);
        if let (None, Lengths::Each(lengths)) = (common, &self.lengths) {
            encode_lengths(lengths, buffer);
        }
        buffer.extend_from_slice(self.results);
    }
}

impl<'a> Done<'a> {
    /// A run from a record's contents; nothing if its parts do not belong together.
    pub(super) fn decode(mut bytes: &'a [u8]) -> Option<Self> {
        let rest = &mut bytes;
        let first = u64_from(rest)?;
        let seconds = f64::from_bits(u64_from(rest)?);
        let count = u32_from(rest)?;
        let rank = u32_from(rest)?;
        let attempt = u32_from(rest)?;
        let length = u32_from(rest)?;
        first.checked_add(u64::from(count))?;
        let lengths = match length {
            SEVERAL => Lengths::Each(decode_lengths(rest.split_off(..count as usize * 4)?).into()),
            length => Lengths::Equal { count, length },
        };
        let done = Done { first, rank, attempt, seconds, ended: 0.0, lengths, results: rest };
        (count > 0 && done.lengths.bytes(count as usize) == done.results.len() as u64).then_some(done)
    }
}

/// Appends lengths as they stand in a record.
pub(super) fn encode_lengths(lengths: &[u32], buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.resize(start + size_of_val(lengths), 0);
    for (bytes, length) in buffer[start..].as_chunks_mut().0.iter_mut().zip(lengths) {
        *bytes = length.to_le_bytes();
    }
}

/// Lengths as they stand in a record.
pub(super) fn decode_lengths(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|&length| u32::from_le_bytes(length)).collect()
}
