//! What a rank reports to rank 0 of tasks that it has run, as bytes.
//!
//! A report is a head of fixed size and a body. It is of consecutive tasks with results, or of one task that failed.
//! The same bytes go through a ring or a socket.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use crate::base::error::Cause;

/// Bytes of a report's head.
pub(crate) const HEAD: usize = size_of::<ReportHead>();
/// In place of a cause: tasks are given back.
const RETURNED: u32 = u32::MAX;
/// In place of a size where results have different sizes, which then stand before them.
const VARIED: u64 = u64::MAX;

/// The beginning of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct ReportHead {
    /// The posting that the tasks belong to.
    pub posting: u64,
    /// The first task.
    pub first: u64,
    /// How many tasks.
    pub count: u32,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// What the tasks took together.
    pub seconds: f64,
    /// The size of each result, or [`VARIED`].
    size: u64,
    /// How it ended: 0 for results, else a cause.
    cause: u32,
    unused: u32,
    /// Bytes that follow.
    body: u64,
}

/// What a report says.
#[derive(Debug, PartialEq)]
pub(crate) enum Content<'a> {
    /// Results of consecutive tasks: how long each is, and all bytes.
    Results(Sizes<'a>, &'a [u8]),
    /// One task failed, with a message.
    Failure(Cause, String),
    /// The tasks of the posting that are not reported are given back.
    Returned,
}

/// How long each of several results is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sizes<'a> {
    /// All as long.
    Equal(usize),
    /// Little-endian numbers of 64 bits.
    Varied(&'a [u8]),
}

impl Sizes<'_> {
    /// The size of the result at a place.
    pub(crate) fn at(&self, place: usize) -> usize {
        match self {
            Sizes::Equal(size) => *size,
            Sizes::Varied(bytes) => bytemuck::pod_read_unaligned::<u64>(&bytes[8 * place..8 * place + 8]) as usize,
        }
    }
}

const CAUSES: [Cause; 5] = [Cause::Error, Cause::Panic, Cause::Died, Cause::TimedOut, Cause::Cancelled];

/// Results that a rank has gathered and not yet sent.
#[derive(Default)]
pub(crate) struct Gathered {
    sizes: Vec<u64>,
    bytes: Vec<u8>,
}

impl Gathered {
    /// Adds a result, which `write` appends.
    pub(crate) fn add<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let before = self.bytes.len();
        let written = write(&mut self.bytes);
        if written.is_err() {
            self.bytes.truncate(before);
            return written;
        }
        self.sizes.push((self.bytes.len() - before) as u64);
        written
    }

    /// Takes the last result back.
    pub(crate) fn drop_last(&mut self) {
        self.sizes.pop();
        self.mend();
    }

    /// Drops the bytes of a result that was not finished.
    pub(crate) fn mend(&mut self) {
        self.bytes.truncate(self.sizes.iter().sum::<u64>() as usize);
    }

    pub(crate) fn count(&self) -> u32 {
        self.sizes.len() as u32
    }

    /// Bytes gathered.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Hands a report of all results to `send`, in parts, and forgets them. `head` says whose they are.
    pub(crate) fn send(&mut self, mut head: ReportHead, mut send: impl FnMut(&[&[u8]])) {
        head.count = self.count();
        let equal = self.sizes.windows(2).all(|pair| pair[0] == pair[1]);
        head.size = if equal { self.sizes.first().copied().unwrap_or(0) } else { VARIED };
        let sizes: &[u8] = if equal { &[] } else { bytemuck::cast_slice(&self.sizes) };
        head.body = (sizes.len() + self.bytes.len()) as u64;
        send(&[bytemuck::bytes_of(&head), sizes, &self.bytes]);
        self.sizes.clear();
        self.bytes.clear();
        // A long result should not hold its memory for ever.
        self.bytes.shrink_to(1 << 22);
    }
}

impl ReportHead {
    /// The head of a report about tasks from `first` on.
    pub(crate) fn new(posting: u64, first: u64, attempt: u32, seconds: f64) -> Self {
        ReportHead { posting, first, attempt, seconds, ..ReportHead::default() }
    }

    /// Hands a report of one failed task to `send`.
    pub(crate) fn send_failure(mut self, cause: Cause, message: &str, mut send: impl FnMut(&[&[u8]])) {
        let place = CAUSES.iter().position(|&known| known == cause).unwrap_or(0);
        self.count = 1;
        self.cause = place as u32 + 1;
        self.body = message.len() as u64;
        send(&[bytemuck::bytes_of(&self), message.as_bytes()]);
    }

    /// Hands a report of tasks that are given back to `send`.
    pub(crate) fn send_returned(mut self, mut send: impl FnMut(&[&[u8]])) {
        self.cause = RETURNED;
        send(&[bytemuck::bytes_of(&self)]);
    }

    /// The head that these bytes hold.
    pub(crate) fn read(bytes: &[u8; HEAD]) -> Self {
        bytemuck::pod_read_unaligned(bytes)
    }

    /// Bytes that follow the head.
    pub(crate) fn body(&self) -> usize {
        self.body as usize
    }
}

/// A report: its head and its body.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub head: ReportHead,
    pub body: Arc<Vec<u8>>,
}

impl Report {
    /// The report that these bytes are; nothing if they are too few.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (head, body) = bytes.split_first_chunk()?;
        Some(Report { head: ReportHead::read(head), body: Arc::new(body.to_vec()) })
    }

    /// The report that was [sent](Gathered::send) in these parts.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Option<Self> {
        let (head, body) = parts.split_first()?;
        Some(Report { head: ReportHead::read(head.first_chunk()?), body: Arc::new(body.concat()) })
    }

    /// A report of consecutive results of an earlier job.
    pub(crate) fn of_results(first: u64, sizes: &[u32], bytes: &[u8]) -> Self {
        let words: Vec<u64> = sizes.iter().map(|&size| u64::from(size)).collect();
        let body = [bytemuck::cast_slice(&words), bytes].concat();
        let head = ReportHead {
            first,
            count: sizes.len() as u32,
            size: VARIED,
            body: body.len() as u64,
            ..ReportHead::default()
        };
        Report { head, body: Arc::new(body) }
    }

    /// The tasks of a report of results with what each has.
    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let (sizes, bytes) = match self.content() {
            Content::Results(sizes, bytes) => (sizes, bytes),
            Content::Failure(..) | Content::Returned => (Sizes::Equal(0), &[][..]),
        };
        let first = self.head.first;
        let mut rest = bytes;
        (0..self.head.count as usize).map(move |place| {
            let (one, after) = rest.split_at(sizes.at(place));
            rest = after;
            (first + place as u64, one)
        })
    }

    /// What the report says.
    pub(crate) fn content(&self) -> Content<'_> {
        let body = self.body.as_slice();
        match self.head.cause {
            0 if self.head.size == VARIED => {
                let (sizes, bytes) = body.split_at(8 * self.head.count as usize);
                Content::Results(Sizes::Varied(sizes), bytes)
            }
            0 => Content::Results(Sizes::Equal(self.head.size as usize), body),
            RETURNED => Content::Returned,
            cause => {
                let cause = CAUSES.get(cause as usize - 1).copied().unwrap_or(Cause::Error);
                Content::Failure(cause, String::from_utf8_lossy(body).into_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(gathered: &mut Gathered, head: ReportHead) -> Report {
        let mut all = Vec::new();
        gathered.send(head, |parts| all = parts.concat());
        Report::read(&all).unwrap()
    }

    #[test]
    fn equal_and_varied_results_come_back() {
        for results in [vec![&b"abc"[..], b"def"], vec![b"", b"x", b"yz"], vec![b""]] {
            let mut gathered = Gathered::default();
            for result in &results {
                let write = |bytes: &mut Vec<u8>| {
                    bytes.extend_from_slice(result);
                    Ok::<(), ()>(())
                };
                gathered.add(write).unwrap();
            }
            let report = sent(&mut gathered, ReportHead::new(3, 17, 2, 0.5));
            let head = report.head;
            assert_eq!((head.posting, head.first, head.count, head.attempt), (3, 17, results.len() as u32, 2));
            assert_eq!(head.body(), report.body.len());
            let each: Vec<(u64, &[u8])> = report.each().collect();
            assert_eq!(each, (17..).zip(results).collect::<Vec<_>>());
            assert_eq!(gathered.count(), 0);
        }
    }

    #[test]
    fn a_result_that_cannot_be_written_leaves_nothing() {
        let mut gathered = Gathered::default();
        let failed = gathered.add(|bytes| {
            bytes.push(1);
            Err("no")
        });
        assert_eq!((failed, gathered.count(), gathered.bytes()), (Err("no"), 0, 0));
    }

    #[test]
    fn failures_keep_cause_and_message() {
        for cause in CAUSES {
            let mut all = Vec::new();
            ReportHead::new(1, 9, 4, 1.5).send_failure(cause, "broken", |parts| all = parts.concat());
            let report = Report::read(&all).unwrap();
            assert_eq!((report.head.first, report.head.count), (9, 1));
            assert_eq!(report.content(), Content::Failure(cause, "broken".to_owned()));
        }
    }
}
