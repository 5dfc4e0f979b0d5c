//! Pairs of ranks of a node that pass packed data through memory that they share (MPI 4.0, 12.2.3).
//!
//! Each rank of a pair owns two buffers and a sequence number in its own segment, and reads those of the other. In round `n`
//! a rank fills its buffer `n mod 2`, stores `n` in its sequence number (release), waits until the other's number
//! has reached `n` (acquire), and reads the other's buffer `n mod 2`. A [`Mailbox`] allows no other order.
//!
//! Two buffers suffice. A rank that fills a buffer in round `n` has read the other's buffer of round `n - 1`, so it has seen
//! the other's number at `n - 1` at least. The other stored that after it had read this rank's buffer of round `n - 2`, the one
//! that is filled now. So nobody fills what another reads, and what is read in round `n` can't be of another round.
//!
//! MPI_Win_free is collective, so it must not be called where an error on one rank drops a mailbox: the others would not
//! come. [`Windows`] keeps all memory: what every rank has dropped is freed when the next is allocated, the rest
//! at the end of a job that all ranks end well, in the order in which it was allocated. A job that is aborted leaves it to MPI.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Comm, Inner, ffi};

/// Bytes at whose multiples buffers begin: two cache lines, which processors fetch in pairs.
const ALIGNMENT: usize = 128;
/// The mark of no buffer.
const NONE: u64 = u64::MAX;

/// One end of a pair.
pub(super) struct Mailbox {
    ours: Slots,
    theirs: Slots,
    /// The number of the last round that was posted.
    round: u64,
    /// Whether that round's data from the other rank has not been taken yet.
    open: bool,
    /// Keeps the memory from being freed.
    _memory: Rc<ffi::SharedMemory>,
}

/// What one rank of a pair owns: a sequence number, then two buffers.
struct Slots {
    base: *mut u8,
    bytes: usize,
}

impl Slots {
    /// The memory that a sequence number and two buffers of `bytes` bytes take.
    fn size(bytes: usize) -> usize {
        ALIGNMENT + 2 * bytes.next_multiple_of(ALIGNMENT)
    }

    fn sequence(&self) -> &AtomicU64 {
        // SAFETY: the mailbox keeps the memory alive; it is aligned, and accessed in this way alone.
        unsafe { AtomicU64::from_ptr(self.base.cast()) }
    }

    fn buffer(&self, round: u64) -> *mut u8 {
        let which = (round % 2) as usize * self.bytes.next_multiple_of(ALIGNMENT);
        // SAFETY: both buffers lie behind the sequence number within the segment.
        unsafe { self.base.add(ALIGNMENT + which) }
    }
}

impl Mailbox {
    /// Lets `fill` write this round's buffer, then shows it to the other rank.
    ///
    /// # Panics
    /// If the other rank's data of the round before has not been taken.
    pub(super) fn post(&mut self, fill: impl FnOnce(&mut [u8])) {
        assert!(!self.open, "a round is posted before the one before is taken");
        let round = self.round + 1;
        // SAFETY: the other rank has read what this buffer held, and reads it again only after the store below.
        fill(unsafe { std::slice::from_raw_parts_mut(self.ours.buffer(round), self.ours.bytes) });
        self.round = round;
        self.open = true;
        self.ours.sequence().store(round, Ordering::Release);
    }

    /// Whether the other rank's data of this round is there and not taken yet.
    pub(super) fn has_mail(&self) -> bool {
        self.open && self.theirs.sequence().load(Ordering::Acquire) >= self.round
    }

    /// Whether this round's data was taken.
    pub(super) fn is_done(&self) -> bool {
        !self.open
    }

    /// Lets `read` see the other rank's data of this round.
    ///
    /// # Panics
    /// If it is not there, or was taken before.
    pub(super) fn take(&mut self, read: impl FnOnce(&[u8])) {
        assert!(self.has_mail(), "nothing to take");
        // SAFETY: the other rank fills this buffer again only after this rank's next post.
        read(unsafe { std::slice::from_raw_parts(self.theirs.buffer(self.round), self.theirs.bytes) });
        self.open = false;
    }
}

/// A pair to be made: the other rank's number within the node, and bytes there and back.
pub(super) struct Pair {
    pub(super) rank: usize,
    pub(super) sends: usize,
    pub(super) receives: usize,
}

/// All shared memory of this process, in the order in which it was allocated.
#[derive(Default)]
pub(super) struct Windows(RefCell<Vec<Window>>);

struct Window {
    memory: Rc<ffi::SharedMemory>,
    /// The communicator whose ranks allocated it.
    owner: Weak<Inner>,
}

impl Windows {
    /// Mailboxes for pairs of ranks of `node`, the part of `comm` that shares memory; none where the node has no room for them. All ranks
    /// of the node.
    ///
    /// # Panics
    /// If the other rank of a pair doesn't name the pair too, with the same bytes.
    pub(super) fn mailboxes(&self, comm: &Comm, node: &Comm, pairs: &[Pair]) -> Vec<Mailbox> {
        let bytes = pairs.iter().map(|pair| Slots::size(pair.sends)).sum::<usize>() + ALIGNMENT;
        let any = node.all_reduce_max(pairs.len() as u64) > 0;
        if !any || node.lacking_room(bytes as u64).is_some() {
            return Vec::new();
        }
        let memory = self.allocate(comm, node, bytes);
        let starts = prepare(memory.segment(node.rank()), pairs);
        let theirs = theirs(node, pairs, &starts);
        let mailboxes = pairs.iter().zip(starts).zip(theirs).map(|((pair, ours), theirs)| {
            let slots = |rank, start, bytes| {
                // SAFETY: the rank that owns the segment has published this start of its slots.
                Slots { base: unsafe { memory.segment(rank).add(start) }, bytes }
            };
            let ours = slots(node.rank(), ours, pair.sends);
            let theirs = slots(pair.rank, theirs, pair.receives);
            Mailbox { ours, theirs, round: 0, open: false, _memory: Rc::clone(&memory) }
        });
        mailboxes.collect()
    }

    /// `bytes` bytes for this rank, in memory that the ranks of `node`, a part of `comm`, share. All ranks of the node.
    pub(super) fn allocate(&self, comm: &Comm, node: &Comm, bytes: usize) -> Rc<ffi::SharedMemory> {
        self.free_unused(comm, node);
        let memory = Rc::new(ffi::SharedMemory::allocate(node.messages(), bytes));
        self.0.borrow_mut().push(Window { memory: Rc::clone(&memory), owner: Rc::downgrade(&comm.inner) });
        memory
    }

    /// Frees what all ranks of the node have dropped, of what ranks of `comm` allocated. All ranks of the node.
    fn free_unused(&self, comm: &Comm, node: &Comm) {
        let mut windows = self.0.borrow_mut();
        let is_ours = |window: &Window| std::ptr::eq(window.owner.as_ptr(), Rc::as_ptr(&comm.inner));
        let in_use = |window: &Window| u64::from(Rc::strong_count(&window.memory) > 1);
        let mut used: Vec<u64> = windows.iter().filter(|window| is_ours(window)).map(in_use).collect();
        node.all_reduce_max_into(&mut used);
        let mut used = used.into_iter();
        windows.extract_if(.., |window| is_ours(window) && used.next() == Some(0)).for_each(Window::free);
    }

    /// Frees all that is left. All ranks, at the end of a job.
    pub(super) fn free_all(&self) {
        self.0.take().into_iter().for_each(Window::free);
    }
}

impl Window {
    /// Gives the memory back; if a mailbox has outlived the job, the end of the process does.
    fn free(self) {
        if let Some(memory) = Rc::into_inner(self.memory) {
            // SAFETY: no mailbox is left on this rank, so none of its pointers.
            unsafe { memory.free() }
        }
    }
}

/// Sets the sequence numbers of this rank's slots to zero; returns where in the segment they begin.
fn prepare(segment: *mut u8, pairs: &[Pair]) -> Vec<usize> {
    let mut next = segment.align_offset(ALIGNMENT);
    let start = |pair: &Pair| {
        let start = next;
        next += Slots::size(pair.sends);
        // SAFETY: the slots lie within this rank's segment, and no other rank knows yet where.
        unsafe { segment.add(start).write_bytes(0, Slots::size(pair.sends)) };
        start
    };
    pairs.iter().map(start).collect()
}

/// Where in the other ranks' segments their slots for this rank begin. All ranks of the node.
fn theirs(node: &Comm, pairs: &[Pair], starts: &[usize]) -> Vec<usize> {
    let mut places = vec![NONE; node.size()];
    let mut bytes = vec![NONE; node.size()];
    for (pair, &start) in pairs.iter().zip(starts) {
        places[pair.rank] = start as u64;
        bytes[pair.rank] = pair.sends as u64;
    }
    let places = node.all_to_all_counts(&places);
    let bytes = node.all_to_all_counts(&bytes);
    let place = |pair: &Pair| {
        assert_eq!(bytes[pair.rank], pair.receives as u64, "bytes from rank {} of the node", pair.rank);
        places[pair.rank] as usize
    };
    pairs.iter().map(place).collect()
}
