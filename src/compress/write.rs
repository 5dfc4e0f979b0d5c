//! Compression by all ranks: of a file, and of bytes that ranks hold.
//!
//! A block is compressed without the others, but where it will stand in the file depends on how small all blocks before it have
//! become. So in each round every rank compresses a block; an exclusive scan over their lengths tells each rank how much stands
//! before its own; each writes there. The next round begins behind the sum of all.

use std::path::Path;

use super::ahead::{Ahead, in_turn};
use super::block::{Block, Encoder};
use super::format::Format;
use super::options::{Options, Sizes};
use super::rounds::in_rounds;
use super::source::Source;
use super::target::Target;
use super::zst::Entry;
use crate::{Comm, Result};

/// The compression of a file, whose first blocks are under way before ranks meet: to begin with, a rank needs only its number.
pub(crate) struct Compression {
    from: Source,
    format: Format,
    level: u32,
    /// The rank and the number of ranks for which blocks are compressed.
    turn: (usize, usize),
    ahead: Ahead<Block>,
}

impl Compression {
    /// Begins to compress the blocks of rank `turn.0` of `turn.1`.
    ///
    /// # Errors
    /// When the file can't be read, or there is no such level.
    pub(crate) fn begin(from: &Path, options: &Options, turn: (usize, usize)) -> Result<Self> {
        let from = Source::open(from)?;
        let (format, level) = (options.format, options.format.level(options.level)?);
        let ahead = blocks(&from, format, level, turn)?;
        Ok(Compression { from, format, level, turn, ahead })
    }

    /// Writes the compressed file. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file can't be read or changes, or the other can't be written; then there is no file of that name, or still
    /// the one before.
    pub(crate) fn write(mut self, comm: &Comm, to: &Path, options: &Options) -> Result<Sizes> {
        let turn = (comm.rank(), comm.size());
        let is_right = turn == self.turn;
        let begun = if is_right { Ok(None) } else { blocks(&self.from, self.format, self.level, turn).map(Some) };
        self.ahead = comm.agree(begun)?.unwrap_or(self.ahead);
        let input = self.from.size();
        let count = self.format.blocks(input);
        let target = Target::create(comm, to, options.overwrites, Some(&self.from.about))?;
        let mut entries = Vec::new();
        let mut output = 0;
        let mut written = in_rounds(comm, count, &mut self.ahead, |round, block| {
            let bytes = block.as_ref().map_or(&[][..], |block| &block.bytes);
            let offset = output + comm.exclusive_sum(bytes.len() as u64);
            output += comm.all_reduce_sum(bytes.len() as u64);
            entries.extend(block.as_ref().map(|block| block.entry));
            target.write_at(offset, bytes)?;
            options.tell(input.min((round + 1) * comm.size() as u64 * self.format.block()), Some(input))
        });
        if written.is_ok() {
            let tail = tail(self.format, in_order(comm.gather(&entries, 0)));
            written = self.from.check_size().and_then(|()| target.write_at(output, &tail));
            output += comm.all_reduce_sum(tail.len() as u64);
        }
        target.finish(written, output, Some(&self.from.about))?;
        Ok(Sizes { input, output })
    }
}

/// Compresses a file. Its bytes don't depend on the number of ranks. All ranks.
///
/// The new file has the mode and the time of the old one, and its name when it is whole.
///
/// # Errors
/// On all ranks, when the file can't be read or changes, there is no such level, or the new file stands already or can't be written.
pub fn compress(comm: &Comm, from: &Path, to: &Path, options: &Options) -> Result<Sizes> {
    comm.agree(Compression::begin(from, options, (comm.rank(), comm.size())))?.write(comm, to, options)
}

/// The blocks of a file that are this rank's turn.
fn blocks(from: &Source, format: Format, level: u32, (rank, size): (usize, usize)) -> Result<Ahead<Block>> {
    let mut encoder = Encoder::new(format, level)?;
    let source = from.again()?;
    let numbers = in_turn(rank, size, format.blocks(source.size()));
    let work = move |number| encoder.encode(&source.read(number * format.block(), format.block())?);
    Ok(Ahead::start(numbers, work, |block| block.bytes.len()))
}

/// The entries of blocks that ranks took in turn, in the order of the file; on rank 0.
fn in_order(entries: Option<Vec<Vec<Entry>>>) -> Option<Vec<Entry>> {
    let of_ranks = entries?;
    let rounds = of_ranks.first().map_or(0, Vec::len);
    let round = |round: usize| of_ranks.iter().filter_map(move |entries| entries.get(round).copied());
    Some((0..rounds).flat_map(round).collect())
}

/// What stands behind all blocks; nothing on ranks other than 0.
fn tail(format: Format, entries: Option<Vec<Entry>>) -> Vec<u8> {
    entries.map_or(Vec::new(), |entries| format.tail(&entries))
}

/// Compresses bytes that ranks hold, one rank's behind another's, into a file. Its bytes are those of [`compress`] for a file of the
/// same contents, however they are shared out. All ranks.
///
/// Unlike a file, all of it is in memory, compressed too.
///
/// # Errors
/// On all ranks, when there is no such level, or the file stands already or can't be written.
pub fn write(comm: &Comm, share: &[u8], to: &Path, options: &Options) -> Result<Sizes> {
    let format = options.format;
    let mut encoder = Encoder::new(format, format.level(options.level)?)?;
    let (own, rest) = whole_blocks(comm, share, format.block());
    let bytes = [own, &rest].concat();
    let is_empty = comm.all_reduce_sum(bytes.len() as u64) == 0;
    let none: &[u8] = &[];
    let blocks = bytes.chunks(format.block() as usize).chain((is_empty && comm.is_root()).then_some(none));
    let compressed = comm.agree(blocks.map(|block| encoder.encode(block)).collect::<Result<Vec<Block>>>())?;
    let entries: Vec<Entry> = compressed.iter().map(|block| block.entry).collect();
    let all = compressed.into_iter().map(|block| block.bytes).collect::<Vec<_>>().concat();
    let gathered = comm.gather(&entries, 0).map(|entries| entries.concat());
    let tail = tail(format, gathered);
    let offset = comm.exclusive_sum(all.len() as u64);
    let blocks_end = comm.all_reduce_sum(all.len() as u64);
    let target = Target::create(comm, to, options.overwrites, None)?;
    let written = target.write_at(offset, &all).and_then(|()| target.write_at(blocks_end, &tail));
    let output = blocks_end + comm.all_reduce_sum(tail.len() as u64);
    target.finish(written, output, None)?;
    Ok(Sizes { input: comm.all_reduce_sum(share.len() as u64), output })
}

/// The blocks that begin on this rank: the part of its share from the first of them on, and what other ranks have of the last one.
fn whole_blocks<'a>(comm: &Comm, share: &'a [u8], block: u64) -> (&'a [u8], Vec<u8>) {
    let length = share.len() as u64;
    let first = comm.exclusive_sum(length);
    let starts = comm.all_gather(&[first]);
    let beginning = (first.next_multiple_of(block) - first).min(length);
    let (others, own) = share.split_at(beginning as usize);
    let mut outgoing = vec![Vec::new(); comm.size()];
    if !others.is_empty() {
        // The last rank that begins at or before the first byte of the block and isn't empty: an empty one begins where the next one does.
        let start = first / block * block;
        let owner = starts.partition_point(|other| *other <= start) - 1;
        outgoing[owner] = others.to_vec();
    }
    (own, comm.exchange(outgoing).concat())
}
