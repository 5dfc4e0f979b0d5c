//! What the ranks' threads make is taken in rounds, one piece of each rank at a time.

use super::ahead::Ahead;
use crate::{Comm, Result};

/// Takes `count` pieces, made [in turn](super::ahead::in_turn): `take` gets the round's number and this rank's piece, which may be
/// missing in the last round. All ranks.
///
/// # Errors
/// On all ranks, when a piece could not be made, of two of them the first one in the file, or not be taken.
pub(super) fn in_rounds<T: Send + 'static>(
    comm: &Comm,
    count: u64,
    ahead: &mut Ahead<T>,
    mut take: impl FnMut(u64, Option<T>) -> Result<()>,
) -> Result<()> {
    let size = comm.size() as u64;
    let mut taken = Ok(());
    for round in 0..count.div_ceil(size) {
        let is_mine = round * size + (comm.rank() as u64) < count;
        let piece = if is_mine { ahead.next().transpose() } else { Ok(None) };
        let piece = comm.agree_asleep(taken.and(piece))?;
        taken = take(round, piece);
    }
    comm.agree_asleep(taken)
}
