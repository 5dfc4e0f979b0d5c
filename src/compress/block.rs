//! Blocks: what is compressed by itself, of a size that the format alone decides, so that the bytes of a file don't depend on who
//! compressed which.

use super::format::Format;
use super::gz;
use super::zst::{self, Entry};
use crate::Result;

impl Format {
    /// Bytes of a block before it is compressed; the last one of a file may be shorter.
    pub(super) fn block(self) -> u64 {
        match self {
            Format::Zst => zst::BLOCK as u64,
            Format::Gz => gz::BLOCK as u64,
        }
    }

    /// How many blocks so many bytes are: one at least, which is empty if there is nothing.
    pub(super) fn blocks(self, bytes: u64) -> u64 {
        bytes.div_ceil(self.block()).max(1)
    }

    /// What stands behind all blocks of a file.
    pub(super) fn tail(self, entries: &[Entry]) -> Vec<u8> {
        match self {
            Format::Zst => zst::table(entries),
            Format::Gz => gz::END.to_vec(),
        }
    }
}

/// A block that was compressed.
pub(super) struct Block {
    pub bytes: Vec<u8>,
    /// What a table of blocks says of it.
    pub entry: Entry,
}

/// Compresses blocks; what comes of one doesn't depend on those before.
pub(super) enum Encoder {
    Zst(u32),
    Gz(gz::Encoder),
}

impl Encoder {
    pub(super) fn new(format: Format, level: u32) -> Result<Self> {
        Ok(match format {
            Format::Zst => Encoder::Zst(level),
            Format::Gz => Encoder::Gz(gz::Encoder::new(level)?),
        })
    }

    /// A block, compressed.
    pub(super) fn encode(&mut self, block: &[u8]) -> Result<Block> {
        let (bytes, checksum) = match self {
            Encoder::Zst(level) => {
                let frame = zst::encode(block, *level)?;
                let checksum = zst::checksum(&frame);
                (frame, checksum)
            }
            Encoder::Gz(encoder) => (encoder.encode(block)?, 0),
        };
        let entry = [bytes.len() as u32, block.len() as u32, checksum];
        Ok(Block { bytes, entry })
    }
}
