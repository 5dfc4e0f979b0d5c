//! Which ranks run tasks together, where they are, and the memory that those of rank 0's node share.

use super::wire::board::{self, Board};
use super::wire::progress::{self, Progress};
use super::wire::ring::{self, Ring};
use crate::base::error::{Error, Result};
use crate::comm::{Comm, Shared, shared_room};

/// Bytes of whose multiples the arena is made: those to which its parts are rounded.
const ALIGNMENT: usize = 128;
/// What nobody is a member of: ranks that are left over.
const NONE: u64 = u64::MAX;

/// Which ranks run tasks together, and where they are.
pub(super) struct Topology {
    /// By rank: the first rank of its group.
    pub leaders: Vec<usize>,
    /// By rank: its number within rank 0's node, if it is there.
    near: Vec<Option<usize>>,
    /// This rank's group.
    pub group: Comm,
    node: Comm,
    /// Whether ranks outnumber cores.
    pub is_crowded: bool,
    /// Bytes of the board's arena.
    pub arena: usize,
}

impl Topology {
    /// Groups of `size` ranks. All ranks.
    ///
    /// # Errors
    /// If there are not as many.
    pub(super) fn new(comm: &Comm, size: usize) -> Result<Self> {
        if size == 0 || size > comm.size() {
            let reason = format!("is {size}; with {} ranks it must be between 1 and {}", comm.size(), comm.size());
            return Err(Error::input("ranks_per_task", reason));
        }
        let groups = comm.size() / size;
        let leader = |rank: usize| if rank / size < groups { rank / size * size } else { usize::MAX };
        let group = comm.split_for_tasks((comm.rank() / size).min(groups) as u32);
        let node = comm.split_node();
        let root_here = node.all_reduce_max(u64::from(comm.is_root())) == 1;
        let near = comm.all_gather(&[if root_here { node.rank() as u64 } else { NONE }]);
        let is_crowded = node.is_crowded();
        let arena = if node.size() == 1 { board::ARENA } else { arena_in(shared_room(), node.size() as u64) };
        let near = near.into_iter().map(|place| (place != NONE).then_some(place as usize)).collect();
        Ok(Topology { leaders: (0..comm.size()).map(leader).collect(), near, group, node, is_crowded, arena })
    }

    /// Whether all ranks are on rank 0's host.
    pub(super) fn is_one_host(&self) -> bool {
        self.near.iter().all(Option::is_some)
    }

    /// The memory of rank 0's node: in each segment what the rank is at, then the board in rank 0's, a ring in each other one. All ranks.
    ///
    /// # Errors
    /// If a node has no room for that, on its ranks.
    pub(super) fn share(&self, comm: &Comm) -> Result<Shared> {
        let (bytes, prepare): (usize, fn(*mut u8)) = match self.near[comm.rank()] {
            Some(_) if comm.is_root() => (board::BYTES + self.arena, Board::prepare),
            Some(_) => (ring::BYTES, Ring::prepare),
            None => (0, |_| ()),
        };
        comm.share_memory(&self.node, progress::BYTES + bytes, |memory| {
            Progress::prepare(memory);
            // SAFETY: the rest of the segment follows.
            prepare(unsafe { memory.add(progress::BYTES) });
        })
    }

    /// Rank 0's end of the rings of the ranks that take tasks on its node.
    pub(super) fn rings(&self, memory: &Shared) -> Vec<(usize, Ring)> {
        let others = (1..self.leaders.len()).filter(|&rank| self.leaders[rank] == rank);
        others.filter_map(|rank| Some((rank, self.ring(memory, rank)?))).collect()
    }

    /// A rank's ring, if it has one.
    pub(super) fn ring(&self, memory: &Shared, rank: usize) -> Option<Ring> {
        self.near[rank].map(|place| Ring::at(content(memory, place)))
    }

    /// The board, on rank 0's node.
    pub(super) fn board(&self, memory: &Shared) -> Board {
        Board::at(content(memory, self.near[0].unwrap_or(0)))
    }

    /// What a rank is at, if it is on rank 0's node.
    pub(super) fn progress(&self, memory: &Shared, rank: usize) -> Option<Progress> {
        self.near[rank].map(|place| Progress::at(memory.segment(place)))
    }
}

/// Bytes of the board's arena for a node of so many ranks with so much room: at most half of what the rest leaves, since others need some
/// too. Where there is no room for the rest either, asking for the memory is the error.
fn arena_in(room: u64, ranks: u64) -> usize {
    let rest = board::BYTES as u64 + ranks * (progress::BYTES + ring::BYTES) as u64;
    let arena = (room.saturating_sub(rest) / 2).min(board::ARENA as u64);
    (arena as usize).next_multiple_of(ALIGNMENT)
}

/// The board or the ring in a segment.
fn content(memory: &Shared, place: usize) -> *mut u8 {
    // SAFETY: segments of rank 0's node are that long.
    unsafe { memory.segment(place).add(progress::BYTES) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With what Docker gives unless asked, 64 MB, every sweep failed: the board asked for 64 MiB and more.
    #[test]
    fn a_board_takes_what_a_small_node_can_give() {
        let all = |room: u64, ranks: u64| {
            (arena_in(room, ranks) + board::BYTES) as u64 + ranks * (progress::BYTES + ring::BYTES) as u64
        };
        for (room, ranks) in [(64 << 20, 2), (64 << 20, 24), (1 << 30, 64), (8 << 20, 2)] {
            assert!(all(room, ranks) <= room, "{ranks} ranks in {room}");
            assert!(arena_in(room, ranks) > 1 << 20 && arena_in(room, ranks).is_multiple_of(ALIGNMENT));
        }
        assert_eq!(arena_in(u64::MAX, 4), board::ARENA);
        assert_eq!(arena_in(1 << 20, 4), 0);
    }
}
