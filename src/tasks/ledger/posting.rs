//! Chunks that are handed out: posted for whoever comes first, or assigned to one rank.

use rustc_hash::FxHashMap;

use crate::tasks::wire::chunk::Chunk;

/// Chunks that are assigned to one rank, and so don't go over the board, are numbered from here on.
pub(crate) const ASSIGNED: u64 = 1 << 39;

/// A chunk that is handed out.
#[derive(Debug)]
pub(crate) struct Posting {
    pub chunk: Chunk,
    /// From one task to the next.
    pub stride: u64,
    pub priority: i32,
    /// How many of its tasks the rank has reported, from the first on.
    pub reported: u32,
    /// The rank that has it, once that is known.
    pub holder: Option<usize>,
    /// Its place in the order in which chunks got to their ranks.
    pub turn: u64,
    /// Whether the task under way was asked to end because of its time limit.
    pub is_late: bool,
}

/// Chunks by their number.
pub(crate) type Postings = FxHashMap<u64, Posting>;

impl Posting {
    /// A chunk that nobody has.
    pub(crate) fn new(chunk: Chunk, stride: u64, priority: i32) -> Self {
        Posting { chunk, stride, priority, reported: 0, holder: None, turn: 0, is_late: false }
    }

    /// The task at a place of the chunk.
    pub(crate) fn task(&self, place: u64) -> u64 {
        self.chunk.first + place * self.stride
    }

    /// Whether a task is in the chunk and not reported.
    pub(crate) fn has(&self, task: u64) -> bool {
        let Some(distance) = task.checked_sub(self.chunk.first) else { return false };
        let place = distance / self.stride;
        distance.is_multiple_of(self.stride) && (u64::from(self.reported)..u64::from(self.chunk.count)).contains(&place)
    }

    /// The tasks that are not reported, in their order.
    pub(crate) fn unreported(&self) -> impl DoubleEndedIterator<Item = u64> + use<> {
        let first = self.chunk.first;
        let stride = self.stride;
        (self.reported..self.chunk.count).map(move |place| first + u64::from(place) * stride)
    }
}
