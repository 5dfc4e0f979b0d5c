//! Frames between rank 0 and its clients, and between a rank and its Python process: a head of 16 bytes and so many bytes.
//!
//! All numbers are little endian. The other ends are python/divisi/_worker.py and python/divisi/_connection.py.

use bytemuck::{Pod, Zeroable};

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Head {
    /// Bytes that follow.
    pub length: u64,
    pub kind: u32,
    pub extra: u32,
}

pub(super) const HEAD: usize = size_of::<Head>();

/// Bytes that a frame of a client may have beyond its head.
pub(super) const LONGEST: u64 = 1 << 34;

/// From a client.
pub(super) mod asked {
    /// A call, or several with the settings of one: [`Submit`](super::Submit), the numbers of its inputs, its arguments.
    pub(in super::super) const SUBMIT: u32 = 1;
    /// A function: its number (8 bytes), its key (16), its bytes.
    pub(in super::super) const FUNCTION: u32 = 2;
    /// A value for some ranks, all if there are none: how many (`extra`), their numbers, the length of its name, the name, the bytes.
    pub(in super::super) const VALUE: u32 = 3;
    /// Numbers of calls to be cancelled.
    pub(in super::super) const CANCEL: u32 = 4;
    /// Numbers of lazy calls that are to run.
    pub(in super::super) const WANT: u32 = 5;
    /// Numbers of calls whose outcome nobody needs any more.
    pub(in super::super) const RELEASE: u32 = 6;
    /// What are the ranks, and what was counted?
    pub(in super::super) const STATE: u32 = 7;
    /// The pool ends when its calls have.
    pub(in super::super) const END: u32 = 8;
}

/// To a client.
pub(super) mod told {
    /// What came of a call (`extra`: its [`Tag`](super::super::call::Tag)): its number, the bytes.
    pub(in super::super) const DONE: u32 = 101;
    /// Counts (8 numbers), then the ranks that take calls.
    pub(in super::super) const STATE: u32 = 102;
    /// This is the end, and why, as text.
    pub(in super::super) const BYE: u32 = 103;
}

/// To a Python process.
pub(super) mod order {
    /// A call: [`Start`](super::Start), its inputs, its arguments. `extra`: how many follow.
    pub(in super::super) const CALL: u32 = 201;
    /// The value that it has asked for (`extra`: 1), or that there is none (0).
    pub(in super::super) const VALUE: u32 = 202;
    /// Values that were pushed may have changed.
    pub(in super::super) const FORGET: u32 = 203;
}

/// From a Python process.
pub(super) mod reply {
    /// What came of the first call that has no reply. `extra`: its tag.
    pub(in super::super) const REPLY: u32 = 301;
    /// It needs the value of this name.
    pub(in super::super) const ASK: u32 = 302;
    /// A value to keep on its rank: the length of its name, the name, the bytes.
    pub(in super::super) const KEEP: u32 = 303;
}

/// How a client submits a call.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Submit {
    /// The client's number of it.
    pub call: u64,
    /// The client's number of its function.
    pub function: u64,
    pub seed: u64,
    /// How long an attempt may take, in seconds; 0: any time.
    pub limit: f64,
    pub retries: u32,
    pub priority: i32,
    /// The only rank that may run it; negative: any.
    pub rank: i32,
    pub flags: u32,
    /// How many calls' results it gets.
    pub inputs: u64,
}

/// It runs only when it is asked for.
pub(super) const LAZY: u32 = 1;
/// One result of the journal serves every call with the same function and arguments.
pub(super) const CACHED: u32 = 2;

/// How a rank hands a call to its Python process.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Start {
    /// The number of its task.
    pub task: u64,
    /// The number of its function: that of the value `f{function}`.
    pub function: u64,
    pub seed: u64,
    pub attempt: u32,
    pub rank: u32,
    /// Bytes of its inputs.
    pub inputs: u64,
}

/// The bytes of a frame's head.
pub(super) fn head(kind: u32, extra: u32, length: usize) -> [u8; HEAD] {
    bytemuck::cast(Head { length: length as u64, kind, extra })
}

/// The first number in `bytes`, and what follows.
pub(super) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

/// All numbers in `bytes`.
pub(super) fn numbers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).filter_map(|bytes| Some(number(bytes)?.0))
}

/// A name with its length before it, and what follows.
pub(super) fn named(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = number(bytes)?;
    let (name, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((std::str::from_utf8(name).ok()?, rest))
}

/// A plain struct at the beginning of `bytes`, and what follows.
pub(super) fn plain<T: Pod>(bytes: &[u8]) -> Option<(T, &[u8])> {
    let (head, rest) = bytes.split_at_checked(size_of::<T>())?;
    Some((bytemuck::pod_read_unaligned(head), rest))
}
