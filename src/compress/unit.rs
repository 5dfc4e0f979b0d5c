//! A part of a compressed file that is decompressed by itself, and what comes of it.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

/// The largest that a unit may be, compressed or not: a rank holds a few of them.
pub(super) const LARGEST: u64 = 16 << 20;

/// Where a part of a compressed file is, and where what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Unit {
    /// Its first byte in the file, and how many it has.
    pub start: u64,
    pub length: u64,
    /// The same of what it holds, in the output.
    pub output_start: u64,
    pub output_length: u64,
}

impl Unit {
    /// The first byte behind it.
    pub(super) fn end(&self) -> u64 {
        self.start + self.length
    }

    /// The first byte of the output behind it.
    pub(super) fn output_end(&self) -> u64 {
        self.output_start + self.output_length
    }

    /// The unit behind it, of these lengths.
    pub(super) fn followed_by(&self, length: u64, output_length: u64) -> Unit {
        Unit { start: self.end(), length, output_start: self.output_end(), output_length }
    }
}

/// A part of a compressed file that holds no longer what it should.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Damage {
    /// Where it is in the compressed file, bytes.
    pub compressed: Range<u64>,
    /// Which bytes of the output are lost: zeros stand there. Where it has no end that is known, nothing stands there, and nothing
    /// behind it: the range is empty.
    pub output: Range<u64>,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Damage { compressed, output, reason } = self;
        write!(f, "damaged at byte {} ({reason}): ", compressed.start)?;
        if output.is_empty() {
            write!(f, "what follows byte {} of the output is lost", output.start)
        } else {
            write!(f, "bytes {} to {} of the output are lost", output.start, output.end)
        }
    }
}

/// What a unit holds, and which parts of that are lost.
pub(super) struct Decoded {
    pub output_start: u64,
    pub bytes: Vec<u8>,
    pub damages: Vec<Damage>,
}
