//! The argument of a submitted task, encoded.
//!
//! A long one is encoded into the board's arena, where the ranks of the node read it, and stays there until nobody needs it.

use std::sync::Arc;

use serde::Serialize;

use super::arena::{Arena, Part};
use super::board::Board;
use super::packing::{self, ALONE};
use crate::base::error::{Error, Result};

/// Bytes from which on an argument is long.
const LONG: usize = 32 << 10;
/// What errors call it.
const WHAT: &str = "a task's argument";

/// An encoded argument.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    /// In rank 0's own memory.
    Own(Vec<u8>),
    /// In the arena, packed as that of a task without inputs.
    Held(Arc<Part>),
}

impl Default for Argument {
    fn default() -> Self {
        Argument::Own(Vec::new())
    }
}

impl Argument {
    /// Encodes an argument: into the arena if it is long and there is room.
    ///
    /// # Errors
    /// If it can't be encoded.
    pub(crate) fn encode<A: Serialize>(argument: &A, board: &Board, arena: &Arena) -> Result<Self> {
        let unencodable = |error: postcard::Error| Error::input(WHAT, format!("cannot be encoded: {error}"));
        let bytes = postcard::experimental::serialized_size(argument).map_err(unencodable)?;
        let part = if bytes < LONG { None } else { arena.take(ALONE + bytes) };
        let Some(mut part) = part else {
            return postcard::to_stdvec(argument).map(Argument::Own).map_err(unencodable);
        };
        let into = packing::begin(board.part_mut(&mut part), bytes);
        postcard::to_slice(argument, into).map_err(unencodable)?;
        Ok(Argument::Held(Arc::new(part)))
    }

    /// An argument that is bytes already, in parts: into the arena if it is long and there is room.
    pub(crate) fn of_parts(parts: &[&[u8]], board: &Board, arena: &Arena) -> Self {
        let bytes = parts.iter().map(|part| part.len()).sum();
        let part = if bytes < LONG { None } else { arena.take(ALONE + bytes) };
        let Some(mut part) = part else { return Argument::Own(parts.concat()) };
        let mut into = packing::begin(board.part_mut(&mut part), bytes);
        for part in parts {
            let (here, rest) = into.split_at_mut(part.len());
            here.copy_from_slice(part);
            into = rest;
        }
        Argument::Held(Arc::new(part))
    }

    /// Its bytes.
    pub(crate) fn bytes<'a>(&'a self, board: &'a Board) -> &'a [u8] {
        match self {
            Argument::Own(bytes) => bytes,
            Argument::Held(part) => &board.part(part)[ALONE..],
        }
    }
}
