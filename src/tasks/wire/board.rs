//! The board: a table in shared memory on which rank 0 posts chunks of tasks and from which the ranks of its node take them.
//!
//! A slot goes through the states empty, ready, claimed by a rank, taken by it; or from ready to revoked. Rank 0 alone posts
//! and revokes. A rank claims a ready slot by one compare-and-swap on the slot's state, so that there is never a
//! chunk that nobody has, whoever dies when. It copies the slot, then says that it has taken it, and the slot can be posted again. The state
//! carries the number of the posting, so a claim that comes late fails. Claims go in the order of postings; `head` only says where to
//! look first, and whoever sees that it is behind moves it on.
//!
//! Arguments of up to [`INLINE`] bytes travel in the slot, longer ones in the arena behind the table, the longest by socket.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::arena::Part;
use super::chunk::Chunk;
use super::sync::CacheLine;

/// Slots of the board; at most so many chunks are posted and not yet taken.
pub(crate) const SLOTS: u64 = 512;
/// Bytes of arguments that travel in a slot.
pub(crate) const INLINE: usize = 96;
/// Bytes for arguments that don't fit into a slot, where there is room for them.
pub(crate) const ARENA: usize = 64 << 20;
/// Bytes of the whole without the arena.
pub(crate) const BYTES: usize = size_of::<Table>();

/// Where a chunk's arguments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the slot: so many bytes.
    Inline(usize),
    /// In the arena: offset and bytes.
    Arena(usize, usize),
    /// On rank 0, to be asked for by socket.
    Remote,
}

/// A chunk that a rank has taken.
pub(crate) struct Claim {
    pub chunk: Chunk,
    /// The number of its posting.
    pub posting: u64,
    pub place: Place,
    inline: [u8; INLINE],
}

const EMPTY: u64 = 0;
const READY: u64 = 1;
const CLAIMED: u64 = 2;
const TAKEN: u64 = 3;
const REVOKED: u64 = 4;
const OWNER_SHIFT: u32 = 4;
const POSTING_SHIFT: u32 = 24;

/// The state of a slot in one word: status, owner, posting.
fn state(posting: u64, owner: usize, status: u64) -> u64 {
    posting << POSTING_SHIFT | (owner as u64) << OWNER_SHIFT | status
}

fn status(state: u64) -> u64 {
    state & ((1 << OWNER_SHIFT) - 1)
}

fn owner(state: u64) -> usize {
    (state >> OWNER_SHIFT) as usize & ((1 << (POSTING_SHIFT - OWNER_SHIFT)) - 1)
}

fn posting(state: u64) -> u64 {
    state >> POSTING_SHIFT
}

#[repr(C, align(128))]
struct Table {
    head: CacheLine,
    slots: [Slot; SLOTS as usize],
}

#[repr(C, align(128))]
struct Slot {
    state: AtomicU64,
    content: UnsafeCell<SlotContent>,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct SlotContent {
    chunk: Chunk,
    place: Place,
    inline: [u8; INLINE],
}

/// The board, as seen by one process.
#[derive(Clone, Copy)]
pub(crate) struct Board {
    table: *const Table,
}

// SAFETY: what the pointer leads to is shared memory that all threads and processes access by the rules of the module's head.
unsafe impl Send for Board {}
// SAFETY: as above.
unsafe impl Sync for Board {}

impl Board {
    /// Sets up memory of [`BYTES`] bytes and an arena, before others see it.
    pub(crate) fn prepare(memory: *mut u8) {
        // SAFETY: the memory is this process's alone and has room for the table, whose parts are all valid as zeros.
        unsafe { memory.write_bytes(0, size_of::<Table>()) };
    }

    /// The board in prepared memory of [`BYTES`] bytes and an arena, aligned to 128, which outlives it.
    pub(crate) fn at(memory: *mut u8) -> Self {
        Board { table: memory.cast() }
    }

    fn table(&self) -> &Table {
        // SAFETY: the memory was prepared and is accessed in this way alone.
        unsafe { &*self.table }
    }

    fn slot(&self, number: u64) -> &Slot {
        &self.table().slots[(number % SLOTS) as usize]
    }

    fn arena(&self) -> *mut u8 {
        // SAFETY: the arena follows the table in the same memory.
        unsafe { self.table.cast_mut().add(1).cast() }
    }

    /// Rank 0: a part of the arena that it has taken.
    pub(crate) fn part<'a>(&'a self, part: &'a Part) -> &'a [u8] {
        assert!(part.start + part.bytes <= ARENA);
        // SAFETY: the range lies in the arena and is taken; whoever has posted it only reads it. Its bytes are valid whatever they are.
        unsafe { std::slice::from_raw_parts(self.arena().add(part.start), part.bytes) }
    }

    /// Rank 0: a part of the arena that it has taken and not posted.
    pub(crate) fn part_mut<'a>(&'a self, part: &'a mut Part) -> &'a mut [u8] {
        assert!(part.start + part.bytes <= ARENA);
        // SAFETY: the range lies in the arena and is taken; it is borrowed as the only one, and no other rank knows of it.
        unsafe { std::slice::from_raw_parts_mut(self.arena().add(part.start), part.bytes) }
    }

    /// Rank 0: whether posting `number` has a free slot.
    pub(crate) fn is_free(&self, number: u64) -> bool {
        let now = self.slot(number).state.load(Ordering::Acquire);
        !matches!(status(now), READY | CLAIMED)
    }

    /// Rank 0: posts a chunk as `number`, the one after the last posting, whose slot [is free](Board::is_free). `fill` is handed the
    /// bytes of the slot, if `place` says that the arguments are there; those in the arena are there already.
    pub(crate) fn post(&self, number: u64, chunk: Chunk, place: Place, fill: impl FnOnce(&mut [u8])) {
        let slot = self.slot(number);
        let mut content = SlotContent { chunk, place, inline: [0; INLINE] };
        if let Place::Inline(bytes) = place {
            fill(&mut content.inline[..bytes]);
        }
        // SAFETY: the slot is free, so only rank 0 touches its content until the state says ready.
        unsafe { *slot.content.get() = content };
        slot.state.store(state(number, 0, READY), Ordering::Release);
    }

    /// Rank 0: takes a posting back, unless somebody has it.
    pub(crate) fn revoke(&self, number: u64) -> bool {
        let from = state(number, 0, READY);
        let to = state(number, 0, REVOKED);
        self.slot(number).state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Rank 0: who has a posting; known as long as its slot is not used again.
    pub(crate) fn holder(&self, number: u64) -> Option<usize> {
        let now = self.slot(number).state.load(Ordering::Acquire);
        (posting(now) == number && matches!(status(now), CLAIMED | TAKEN)).then(|| owner(now))
    }

    /// Rank 0: makes the slot of a posting free that a rank has died with.
    pub(crate) fn clear(&self, number: u64) {
        let slot = self.slot(number);
        if posting(slot.state.load(Ordering::Acquire)) == number {
            slot.state.store(state(number, 0, REVOKED), Ordering::Release);
        }
    }

    /// The number of the next posting that nobody has, or a smaller one.
    pub(crate) fn head(&self) -> u64 {
        self.table().head.0.load(Ordering::Acquire)
    }

    /// Takes the oldest posting that nobody has, for `rank`.
    pub(crate) fn claim(&self, rank: usize) -> Option<Claim> {
        let head = &self.table().head.0;
        loop {
            let number = head.load(Ordering::Acquire);
            let slot = self.slot(number);
            let now = slot.state.load(Ordering::Acquire);
            if posting(now) > number {
                continue;
            }
            if posting(now) < number || status(now) == EMPTY {
                return None;
            }
            let won = now == state(number, 0, READY)
                && slot
                    .state
                    .compare_exchange(now, state(number, rank, CLAIMED), Ordering::AcqRel, Ordering::Acquire)
                    .is_ok();
            // Whoever has it, it is gone; if the head has moved already, so much the better.
            let _ = head.compare_exchange(number, number + 1, Ordering::AcqRel, Ordering::Acquire);
            if won {
                // SAFETY: the slot is claimed by this rank, so nobody writes its content until it is taken.
                let content = unsafe { *slot.content.get() };
                slot.state.store(state(number, rank, TAKEN), Ordering::Release);
                return Some(Claim {
                    chunk: content.chunk,
                    posting: number,
                    place: content.place,
                    inline: content.inline,
                });
            }
        }
    }

    /// The arguments of a claim that are on the board; `None` if they are to be asked for. They stay until rank 0 has the chunk's results.
    pub(crate) fn arguments<'a>(&'a self, claim: &'a Claim) -> Option<&'a [u8]> {
        match claim.place {
            Place::Inline(bytes) => Some(&claim.inline[..bytes]),
            // SAFETY: rank 0 wrote the range before it posted the chunk, and gives it to others only after the chunk's results.
            Place::Arena(offset, bytes) => Some(unsafe { std::slice::from_raw_parts(self.arena().add(offset), bytes) }),
            Place::Remote => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::sync::atomic::AtomicUsize;

    use super::super::arena::Arena;
    use super::*;

    /// A board in memory of its own.
    struct Own(*mut u8);

    impl Own {
        fn layout() -> Layout {
            Layout::from_size_align(BYTES + ARENA, 128).unwrap()
        }

        fn new() -> (Own, Board) {
            // SAFETY: the layout is not empty.
            let memory = unsafe { alloc_zeroed(Own::layout()) };
            Board::prepare(memory);
            (Own(memory), Board::at(memory))
        }
    }

    impl Drop for Own {
        fn drop(&mut self) {
            // SAFETY: allocated with the same layout.
            unsafe { dealloc(self.0, Own::layout()) };
        }
    }

    fn chunk(first: u64) -> Chunk {
        Chunk { first, epoch: 0, count: 1, attempt: 1 }
    }

    #[test]
    fn chunks_come_in_the_order_of_their_postings_with_their_arguments() {
        let (_memory, board) = Own::new();
        assert!(board.claim(1).is_none());
        board.post(0, chunk(7), Place::Inline(3), |to| to.copy_from_slice(b"abc"));
        let mut part = Arena::new(64..ARENA).take(4).unwrap();
        board.part_mut(&mut part).copy_from_slice(b"wxyz");
        board.post(1, chunk(8), Place::Arena(part.start, part.bytes), |_| ());
        assert_eq!(board.holder(0), None);
        let a = board.claim(3).unwrap();
        let b = board.claim(5).unwrap();
        assert_eq!((a.chunk, board.arguments(&a)), (chunk(7), Some(&b"abc"[..])));
        assert_eq!((b.chunk, board.arguments(&b)), (chunk(8), Some(&b"wxyz"[..])));
        assert_eq!((board.holder(0), board.holder(1)), (Some(3), Some(5)));
        assert!(board.claim(1).is_none());
    }

    #[test]
    fn a_revoked_posting_is_passed_over_and_a_taken_one_cannot_be_revoked() {
        let (_memory, board) = Own::new();
        for number in 0..3 {
            board.post(number, chunk(number), Place::Inline(0), |_| ());
        }
        assert!(board.revoke(1));
        assert!(!board.revoke(1));
        assert_eq!(board.claim(1).unwrap().chunk, chunk(0));
        assert_eq!(board.claim(1).unwrap().chunk, chunk(2));
        assert!(!board.revoke(2));
        assert!(board.claim(1).is_none());
    }

    #[test]
    fn slots_are_used_again_and_a_posted_one_is_not_free() {
        let (_memory, board) = Own::new();
        for number in 0..5 * SLOTS {
            assert!(board.is_free(number));
            board.post(number, chunk(number), Place::Inline(0), |_| ());
            assert!(!board.is_free(number + SLOTS));
            assert_eq!(board.claim(1).unwrap().chunk, chunk(number));
        }
    }

    #[test]
    fn of_many_takers_each_chunk_has_one() {
        let (_memory, board) = Own::new();
        let tasks = 100_000;
        let taken: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        let left = AtomicUsize::new(tasks);
        std::thread::scope(|scope| {
            for rank in 1..4 {
                let taken = &taken;
                let left = &left;
                scope.spawn(move || {
                    while left.load(Ordering::Relaxed) > 0 {
                        if let Some(claim) = board.claim(rank) {
                            assert_eq!(board.arguments(&claim).unwrap(), claim.chunk.first.to_le_bytes());
                            taken[claim.chunk.first as usize].fetch_add(1, Ordering::Relaxed);
                            left.fetch_sub(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            for number in 0..tasks as u64 {
                while !board.is_free(number) {
                    std::hint::spin_loop();
                }
                board.post(number, chunk(number), Place::Inline(8), |to| to.copy_from_slice(&number.to_le_bytes()));
            }
        });
        assert!(taken.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }
}
