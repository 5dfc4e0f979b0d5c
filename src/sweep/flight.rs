//! Chunks that are posted or under way.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Instant;

use super::arena::Part;
use super::board::Chunk;

/// A chunk that is posted or that a rank has.
#[derive(Debug)]
pub(super) struct Flight {
    pub chunk: Chunk,
    pub stride: u64,
    pub priority: i32,
    /// The tasks of it that are told of.
    pub told: u32,
    /// Who has it, once that is known.
    pub holder: Option<usize>,
    /// Its arguments, if they are in the arena: there as long as it is under way.
    pub _arena: Option<Arc<Part>>,
    /// Arguments that are too long for the arena.
    pub remote: Vec<u8>,
    /// Since when the task that is under way may be.
    pub since: Option<Instant>,
    /// When it was asked to end.
    pub asked: Option<Instant>,
}

impl Flight {
    /// The tasks that are not told of yet.
    pub(super) fn left(&self) -> impl Iterator<Item = u64> + use<> {
        let (chunk, stride) = (self.chunk, self.stride);
        (self.told..chunk.count).map(move |place| chunk.first + u64::from(place) * stride)
    }
}

/// Chunks by the number of their posting.
pub(super) type Flights = HashMap<u64, Flight, BuildHasherDefault<Spread>>;

/// Spreads numbers that follow each other: enough of a hash for them, and much faster than one that withstands an enemy.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(self.0 << 8 | u64::from(byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Flight {
    /// A chunk that nobody has, without arguments.
    pub(super) fn of(chunk: Chunk, stride: u64) -> Self {
        Flight {
            chunk,
            stride,
            priority: 0,
            told: 0,
            holder: None,
            _arena: None,
            remote: Vec::new(),
            since: None,
            asked: None,
        }
    }
}
