//! All particles for every rank, block by block.
//!
//! The global list is cut into blocks of fixed size, and these where a rank's share ends. Each piece is broadcast by its
//! owner while the piece before is worked on, so a rank holds its own share and two pieces. All ranks see the same
//! particles in the same order, whatever the number of ranks; a method whose result depends on where pieces end
//! (sums in low precision) adds up its sums where [`SourceBlock::ends_block`] is true, which is the same on any number.

use std::ops::Range;

use bytemuck::Pod;

use super::Particles;
use crate::comm::{Comm, Pending};

/// Particles in one block of the global list.
const BLOCK: u64 = 2048;

/// A piece of the global list of particles, packed.
#[non_exhaustive]
pub struct SourceBlock<'a, S> {
    /// The packed particles.
    pub sources: &'a [S],
    /// The global index of the first of them.
    pub first: u64,
    /// Whether a block of the global list, whose bounds don't depend on ranks, ends with this piece.
    pub ends_block: bool,
    /// Call it now and then during long work: it drives the next piece along.
    pub progress: &'a mut dyn FnMut(),
}

struct Piece {
    range: Range<u64>,
    owner: usize,
}

impl<P: Pod> Particles<P> {
    /// Passes all particles, packed by `pack`, to `work` in global order. All ranks.
    pub fn source_blocks<S: Pod>(&self, pack: impl Fn(&P) -> S, mut work: impl FnMut(SourceBlock<'_, S>)) {
        let pieces = pieces(&self.firsts);
        let mut spare = Vec::new();
        let mut coming = pieces.first().map(|piece| self.start(piece, &pack, Vec::new()));
        for (index, piece) in pieces.iter().enumerate() {
            let Some(arrived) = coming.take() else { return };
            let sources = arrived.wait();
            coming = pieces.get(index + 1).map(|next| self.start(next, &pack, std::mem::take(&mut spare)));
            let mut progress = || drive(&mut coming);
            work(SourceBlock {
                sources: &sources,
                first: piece.range.start,
                ends_block: piece.range.end.is_multiple_of(BLOCK) || piece.range.end == self.count(),
                progress: &mut progress,
            });
            spare = sources;
        }
    }

    /// Starts the broadcast of a piece in a buffer that is used again.
    fn start<S: Pod>(&self, piece: &Piece, pack: &impl Fn(&P) -> S, mut buffer: Vec<S>) -> Pending<S> {
        let comm: &Comm = &self.comm;
        buffer.clear();
        if piece.owner == comm.rank() {
            let first = (piece.range.start - self.first()) as usize;
            let count = (piece.range.end - piece.range.start) as usize;
            buffer.extend(self.local[first..first + count].iter().map(pack));
        } else {
            buffer.resize((piece.range.end - piece.range.start) as usize, S::zeroed());
        }
        comm.immediate_broadcast(buffer, piece.owner)
    }
}

fn drive<S: Pod>(coming: &mut Option<Pending<S>>) {
    if let Some(pending) = coming {
        pending.test();
    }
}

/// The list cut at multiples of the block size and where a rank's share ends.
fn pieces(firsts: &[u64]) -> Vec<Piece> {
    let share = |(owner, bounds): (usize, &[u64])| {
        let start = bounds[0];
        let end = bounds[1];
        let cuts = (start / BLOCK..end.div_ceil(BLOCK)).map(move |block| {
            let range = start.max(block * BLOCK)..end.min((block + 1) * BLOCK);
            Piece { range, owner }
        });
        cuts.filter(|piece| !piece.range.is_empty())
    };
    firsts.windows(2).enumerate().flat_map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_list_once_in_order() {
        for firsts in [vec![0, 5000], vec![0, 0, 11, 11, 12], vec![0, 2048, 2049, 9000], vec![0, 0]] {
            let mut next = 0;
            for piece in pieces(&firsts) {
                assert_eq!(piece.range.start, next);
                assert!(piece.range.end <= next / BLOCK * BLOCK + BLOCK);
                assert!(firsts[piece.owner] <= next && piece.range.end <= firsts[piece.owner + 1]);
                next = piece.range.end;
            }
            assert_eq!(next, *firsts.last().unwrap());
        }
    }
}
