//! The argument of a submitted task, encoded.
//!
//! A long one is encoded into the board's arena, where the ranks of the node read it, and stays there until nobody needs it.

use std::sync::Arc;

use serde::Serialize;

use super::arena::Part;
use super::board::Board;
use super::coordinator::Coordinator;
use super::runner::{self, ALONE};
use super::values::encode;
use crate::{Error, Result};

/// Bytes from which on an argument is long.
const LONG: usize = 32 << 10;

/// An encoded argument.
#[derive(Clone, Debug)]
pub(super) enum Argument {
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
    /// Its bytes.
    pub(super) fn bytes<'a>(&'a self, board: &'a Board) -> &'a [u8] {
        match self {
            Argument::Own(bytes) => bytes,
            Argument::Held(part) => &board.part(part)[ALONE..],
        }
    }
}

impl Coordinator {
    /// Encodes an argument: into the arena if it is long and there is room.
    ///
    /// # Errors
    /// If it can't be encoded.
    pub(super) fn encode_argument<A: Serialize>(&self, argument: &A) -> Result<Argument> {
        const WHAT: &str = "a task's argument";
        let unencodable = |error: postcard::Error| Error::input(WHAT, format!("cannot be encoded: {error}"));
        let bytes = postcard::experimental::serialized_size(argument).map_err(unencodable)?;
        let part = if bytes < LONG { None } else { self.held.take(ALONE + bytes) };
        let Some(mut part) = part else { return encode(argument, WHAT).map(Argument::Own) };
        let into = runner::pack_size(self.board.part_mut(&mut part), bytes);
        postcard::to_slice(argument, into).map_err(unencodable)?;
        Ok(Argument::Held(Arc::new(part)))
    }
}
