//! Memory that all ranks of a node share, without an order of its own: for data structures that bring theirs.

use std::rc::Rc;

use super::{Comm, ffi};
use crate::{Error, Result};

/// Bytes at whose multiples segments begin: two cache lines, which processors fetch in pairs.
const ALIGNMENT: usize = 128;
/// Where MPI libraries lay memory that processes share.
const PLACE: &str = "/dev/shm";
/// Bytes that are left to what MPI libraries lay there beside segments.
const MARGIN: u64 = 1 << 20;

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
    ///
    /// # Errors
    /// If the node has no room for the segments of all its ranks.
    pub(crate) fn share_memory(&self, node: &Comm, bytes: usize, prepare: impl FnOnce(*mut u8)) -> Result<Shared> {
        if let Some(lacking) = node.lacking_room((bytes + ALIGNMENT) as u64) {
            return Err(Error::System(lacking));
        }
        let memory = self.inner.job.windows.allocate(self, node, bytes + ALIGNMENT);
        let aligned = |rank| {
            let segment = memory.segment(rank);
            // SAFETY: each segment has room for the alignment beyond what was asked for.
            unsafe { segment.add(segment.align_offset(ALIGNMENT)) }
        };
        let segments: Vec<*mut u8> = (0..node.size()).map(aligned).collect();
        prepare(segments[node.rank()]);
        node.barrier();
        Ok(Shared { segments, _memory: memory })
    }

    /// What is wrong if these ranks, all of a node, can't share memory of `bytes` bytes from each. MPI would end the job without saying
    /// so. All ranks.
    pub(super) fn lacking_room(&self, bytes: u64) -> Option<String> {
        let needed = self.all_reduce_sum(bytes);
        let room = self.all_reduce_min(shared_room());
        (self.size() > 1 && needed > room).then(|| lacking(self.size(), needed, room))
    }
}

/// What to say of ranks that need more shared memory than there is.
fn lacking(ranks: usize, needed: u64, room: u64) -> String {
    let [needed, room] = [needed.div_ceil(1 << 20), room >> 20];
    format!(
        "the {ranks} ranks of this node need {needed} MiB of shared memory, and {PLACE} has {room} MiB to give: make it larger (mount -o \
         remount,size=1g {PLACE}; in a container docker run --shm-size=1g), or remove what others have left there"
    )
}

/// Bytes that processes of this node may share from now on; without end where that can't be told.
pub(crate) fn shared_room() -> u64 {
    let room = |about: rustix::fs::StatVfs| (about.f_bavail * about.f_frsize).saturating_sub(MARGIN);
    rustix::fs::statvfs(PLACE).map_or(u64::MAX, room)
}

impl Shared {
    /// Where the segment of a rank of the node begins; it stays there as long as this value lives.
    pub(crate) fn segment(&self, rank: usize) -> *mut u8 {
        self.segments[rank]
    }
}
