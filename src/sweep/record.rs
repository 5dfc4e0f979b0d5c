//! What a rank tells rank 0 about tasks that it has run, as bytes.
//!
//! A record is a head of fixed size and a body. It tells of consecutive tasks with results, or of one task that failed.
//! The same bytes go through a ring or a socket.

use bytemuck::{Pod, Zeroable};

use crate::error::Cause;

/// Bytes of a record's head.
pub(super) const HEAD: usize = size_of::<Head>();
/// Said instead of a cause: tasks are given back.
const RETURNED: u32 = u32::MAX;
/// Said instead of a size where results have different sizes, which then stand before them.
const VARIED: u64 = u64::MAX;

/// The beginning of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Head {
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

/// What a record says.
#[derive(Debug, PartialEq)]
pub(super) enum Said<'a> {
    /// Results of consecutive tasks: how long each is, and all bytes.
    Results(Sizes<'a>, &'a [u8]),
    /// One task failed, with a message.
    Failure(Cause, String),
    /// The tasks of the posting that are not told of are given back.
    Returned,
}

/// How long each of several results is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sizes<'a> {
    /// All as long.
    Equal(usize),
    /// Little-endian numbers of 64 bits.
    Varied(&'a [u8]),
}

impl Sizes<'_> {
    /// The size of the result at a place.
    pub(super) fn at(&self, place: usize) -> usize {
        match self {
            Sizes::Equal(size) => *size,
            Sizes::Varied(bytes) => bytemuck::pod_read_unaligned::<u64>(&bytes[8 * place..8 * place + 8]) as usize,
        }
    }
}

const CAUSES: [Cause; 5] = [Cause::Error, Cause::Panic, Cause::Died, Cause::TimedOut, Cause::Cancelled];

/// Results that a rank has gathered and not yet sent.
#[derive(Default)]
pub(super) struct Gathered {
    sizes: Vec<u64>,
    bytes: Vec<u8>,
}

impl Gathered {
    /// Adds a result, which `write` appends.
    pub(super) fn add<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
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
    pub(super) fn drop_last(&mut self) {
        self.sizes.pop();
        self.mend();
    }

    /// Drops the bytes of a result that was not finished.
    pub(super) fn mend(&mut self) {
        self.bytes.truncate(self.sizes.iter().sum::<u64>() as usize);
    }

    pub(super) fn count(&self) -> u32 {
        self.sizes.len() as u32
    }

    /// Bytes gathered.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Hands a record of all results to `send`, in parts, and forgets them. `head` says whose they are.
    pub(super) fn send(&mut self, mut head: Head, mut send: impl FnMut(&[&[u8]])) {
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

impl Head {
    /// The head of a record about tasks from `first` on.
    pub(super) fn new(posting: u64, first: u64, attempt: u32, seconds: f64) -> Self {
        Head { posting, first, attempt, seconds, ..Head::default() }
    }

    /// Hands a record of one failed task to `send`.
    pub(super) fn send_failure(mut self, cause: Cause, message: &str, mut send: impl FnMut(&[&[u8]])) {
        let place = CAUSES.iter().position(|&known| known == cause).unwrap_or(0);
        (self.count, self.cause, self.body) = (1, place as u32 + 1, message.len() as u64);
        send(&[bytemuck::bytes_of(&self), message.as_bytes()]);
    }

    /// Hands a record of tasks that are given back to `send`.
    pub(super) fn send_returned(mut self, mut send: impl FnMut(&[&[u8]])) {
        self.cause = RETURNED;
        send(&[bytemuck::bytes_of(&self)]);
    }

    /// The head that these bytes hold.
    pub(super) fn read(bytes: &[u8; HEAD]) -> Self {
        bytemuck::pod_read_unaligned(bytes)
    }

    /// Bytes that follow the head.
    pub(super) fn body(&self) -> usize {
        self.body as usize
    }

    /// A record of consecutive results of an earlier job.
    pub(super) fn of_results(first: u64, sizes: &[u32], bytes: &[u8]) -> (Self, Vec<u8>) {
        let words: Vec<u64> = sizes.iter().map(|&size| u64::from(size)).collect();
        let body = [bytemuck::cast_slice(&words), bytes].concat();
        let head = Head { first, count: sizes.len() as u32, size: VARIED, body: body.len() as u64, ..Head::default() };
        (head, body)
    }

    /// The tasks of a record of results with what each has.
    pub(super) fn each<'a>(&self, body: &'a [u8]) -> impl Iterator<Item = (u64, &'a [u8])> {
        let (sizes, bytes) = match self.said(body) {
            Said::Results(sizes, bytes) => (sizes, bytes),
            Said::Failure(..) | Said::Returned => (Sizes::Equal(0), &[][..]),
        };
        let (first, mut rest) = (self.first, bytes);
        (0..self.count as usize).map(move |place| {
            let (one, after) = rest.split_at(sizes.at(place));
            rest = after;
            (first + place as u64, one)
        })
    }

    /// What the record says, with its `body`.
    pub(super) fn said<'a>(&self, body: &'a [u8]) -> Said<'a> {
        match self.cause {
            0 if self.size == VARIED => {
                let (sizes, bytes) = body.split_at(8 * self.count as usize);
                Said::Results(Sizes::Varied(sizes), bytes)
            }
            0 => Said::Results(Sizes::Equal(self.size as usize), body),
            RETURNED => Said::Returned,
            cause => {
                let cause = CAUSES.get(cause as usize - 1).copied().unwrap_or(Cause::Error);
                Said::Failure(cause, String::from_utf8_lossy(body).into_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(gathered: &mut Gathered, head: Head) -> Vec<u8> {
        let mut all = Vec::new();
        gathered.send(head, |parts| all = parts.concat());
        all
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
            let bytes = sent(&mut gathered, Head::new(3, 17, 2, 0.5));
            let (head, body) = bytes.split_first_chunk::<HEAD>().unwrap();
            let head = Head::read(head);
            assert_eq!((head.posting, head.first, head.count, head.attempt), (3, 17, results.len() as u32, 2));
            assert_eq!(head.body(), body.len());
            let each: Vec<(u64, &[u8])> = head.each(body).collect();
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
            Head::new(1, 9, 4, 1.5).send_failure(cause, "broken", |parts| all = parts.concat());
            let (head, body) = all.split_first_chunk::<HEAD>().unwrap();
            let head = Head::read(head);
            assert_eq!((head.first, head.count, head.said(body)), (9, 1, Said::Failure(cause, "broken".to_owned())));
        }
    }
}
