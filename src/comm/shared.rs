//! Memory of a node's ranks that all of them see, without an order of its own: for data structures that bring theirs.

use std::rc::Rc;

use super::{Comm, ffi};

/// Bytes at whose multiples segments begin: two cache lines, which processors fetch in pairs.
const ALIGNMENT: usize = 128;

/// A segment of memory of each rank of a node. What is in it is for its users to keep in order.
pub(crate) struct Shared {
    /// Where each rank's segment begins in this process.
    segments: Vec<*mut u8>,
    /// Keeps the memory from being freed.
    _memory: Rc<ffi::SharedMemory>,
}

impl Comm {
    /// Memory of `bytes` bytes for this rank, seen by all ranks of its `node`, which is a part of this communicator. All ranks of
    /// the node.
    ///
    /// `prepare` gets this rank's segment, whose content may be anything, before any other rank can see it.
    pub(crate) fn share_memory(&self, node: &Comm, bytes: usize, prepare: impl FnOnce(*mut u8)) -> Shared {
        let memory = self.inner.job.windows.allocate(self, node, bytes + ALIGNMENT);
        let aligned = |rank| {
            let segment = memory.segment(rank);
            // SAFETY: each segment has room for the alignment beyond what was asked for.
            unsafe { segment.add(segment.align_offset(ALIGNMENT)) }
        };
        let segments: Vec<*mut u8> = (0..node.size()).map(aligned).collect();
        prepare(segments[node.rank()]);
        node.barrier();
        Shared { segments, _memory: memory }
    }
}

impl Shared {
    /// Where the segment of a rank of the node begins; it stays there as long as this value lives.
    pub(crate) fn segment(&self, rank: usize) -> *mut u8 {
        self.segments[rank]
    }
}
