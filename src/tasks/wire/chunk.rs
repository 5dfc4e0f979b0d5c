//! Chunks: consecutive tasks that travel together.

use bytemuck::{Pod, Zeroable};

/// Consecutive tasks to be run by one rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Chunk {
    /// The first task.
    pub first: u64,
    /// How many values ranks must have been sent before it runs.
    pub epoch: u64,
    /// How many.
    pub count: u32,
    /// The number of this attempt, from 1.
    pub attempt: u32,
}

/// A chunk to be run, as a rank has got it.
pub(crate) struct Order {
    /// The number under which rank 0 knows it.
    pub posting: u64,
    pub chunk: Chunk,
    /// From one task to the next.
    pub stride: u64,
}
