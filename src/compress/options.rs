//! What is wanted of a compression or a decompression, and what came of it.

use std::ops::ControlFlow;

use super::format::Format;
use super::unit::Damage;

/// How far the work of all ranks is, in bytes of what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that are done.
    pub done: u64,
    /// All bytes; none where nobody knows, of a stream say.
    pub all: Option<u64>,
}

/// Sees how far the work is, and may end it.
type Watch<'a> = &'a dyn Fn(Progress) -> ControlFlow<()>;

/// What is wanted. All ranks give the same, but for what they watch with.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    pub(super) format: Format,
    pub(super) level: Option<u32>,
    pub(super) overwrites: bool,
    pub(super) keeps_going: bool,
    watch: Option<Watch<'a>>,
}

impl<'a> Options<'a> {
    /// The format to write [default: `Format::Zst`].
    pub fn format(self, format: Format) -> Self {
        Options { format, ..self }
    }

    /// From 1, fast, to the format's [highest](Format::highest_level), small [default: the format's own](Format::default_level).
    pub fn level(self, level: u32) -> Self {
        Options { level: Some(level), ..self }
    }

    /// Replace a file that has the name of the new one.
    pub fn overwrite(self) -> Self {
        Options { overwrites: true, ..self }
    }

    /// Of a damaged file write what is whole, with zeros in the place of what is not.
    pub fn keep_going(self) -> Self {
        Options { keeps_going: true, ..self }
    }

    /// Called on each rank now and then, many times a second; where any rank answers with `Break`, all end with an error.
    pub fn watch(self, watch: &'a dyn Fn(Progress) -> ControlFlow<()>) -> Self {
        Options { watch: Some(watch), ..self }
    }

    /// Tells how far the work is.
    ///
    /// # Errors
    /// Where it is to end.
    pub(super) fn tell(&self, done: u64, all: Option<u64>) -> crate::Result<()> {
        match self.watch.map(|watch| watch(Progress { done, all })) {
            Some(ControlFlow::Break(())) => {
                Err(crate::Error::System("stopped: the file that was begun is removed".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// How large something was, and how large it became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sizes {
    /// Bytes that were read.
    pub input: u64,
    /// Bytes that were written.
    pub output: u64,
}

/// What came of a decompression.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decompressed {
    /// Bytes read and written.
    pub sizes: Sizes,
    /// On rank 0 what is lost, in the order of the file; always none but with [`Options::keep_going`].
    pub damages: Vec<Damage>,
}
