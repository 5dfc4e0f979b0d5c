//! What rank 0 and the other ranks speak through.
//!
//! - On rank 0's node, in shared memory: the `board`, from which ranks take chunks of tasks, with its `arena` for long arguments; a
//!   `ring` per rank, by which results come back; and what each rank is at (`progress`).
//! - By socket: `frame`s, between rank 0's `hub` and each rank's `lifeline`.
//! - `chunk`s of tasks travel with their arguments, packed (`packing`, `argument`).
//! - `report` is what a rank reports of tasks that it has run, by ring or socket.
//!
//! Every layout stands in its file's head. Nothing here knows what a task's state is.

pub(crate) mod arena;
pub(crate) mod argument;
pub(crate) mod board;
pub(crate) mod chunk;
pub(crate) mod connect;
pub(crate) mod frame;
pub(crate) mod hub;
pub(crate) mod lifeline;
pub(crate) mod packing;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod ring;
pub(crate) mod sync;
