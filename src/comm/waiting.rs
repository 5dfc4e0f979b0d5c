//! How ranks wait for each other: within MPI's blocking calls, or by looking at immediate ones and giving up the core in between.
//!
//! MPICH and what is made of it (Intel MPI, MVAPICH, Cray MPICH) look for messages without pause. Where ranks outnumber cores, a
//! rank that waits so holds the core that the rank it waits for needs, until the kernel takes it away: milliseconds at every call.
//! Open MPI gives its core up by itself there.
//!
//! Immediate collectives don't meet blocking ones (MPI 4.0, 6.12), so all ranks of a job wait alike, as they agree when it starts.
//! Left out: calls that are rare (making and freeing communicators and windows, starting and ending MPI), and what MPI-IO does inside,
//! without which files are written there.

use mpi::collective::CommunicatorCollectives;
use mpi::request::{Request, Scope};
use mpi::topology::SimpleCommunicator;

use super::{Comm, library};

/// Looks at an operation before the core is given up.
const LOOKS: u32 = 64;

/// How a rank waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Within MPI, in blocking calls.
    #[default]
    Inside,
    /// Outside, between looks at an immediate call.
    Outside,
}

impl Waiting {
    /// The way for a job of these ranks, the same on all of them. All ranks.
    pub(super) fn of_job(comm: &Comm) -> Self {
        if comm.size() > 1
            && !library::yields_by_itself()
            && comm.all_reduce_max(u64::from(comm.split_node().is_crowded())) == 1
        {
            Waiting::Outside
        } else {
            Waiting::Inside
        }
    }
}

impl Comm {
    /// Whether the ranks of this node outnumber the cores that they may use. All ranks of the node, which are this communicator's.
    pub(crate) fn is_crowded(&self) -> bool {
        // Ranks that are bound to a core each see one only.
        let mut cores = self.all_gather(&own_cores());
        cores.sort_unstable();
        cores.dedup();
        self.size() > cores.len()
    }
}

/// The numbers of the cores that this process may use.
#[cfg(target_os = "linux")]
pub(crate) fn own_cores() -> Vec<u64> {
    let set = rustix::thread::sched_getaffinity(None).expect("this process's cores");
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).map(|core| core as u64).collect()
}

/// All cores: nothing binds a process here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn own_cores() -> Vec<u64> {
    (0..std::thread::available_parallelism().map_or(1, usize::from) as u64).collect()
}

/// Returns when `look` finds what is waited for; now and then gives the core to others.
pub(super) fn look_until<R>(mut look: impl FnMut() -> Option<R>) -> R {
    let mut looks = 0;
    loop {
        if let Some(found) = look() {
            return found;
        }
        if looks < LOOKS {
            looks += 1;
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

/// Returns when an immediate operation is complete.
pub(super) fn complete<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>) {
    let mut pending = Some(request);
    look_until(|| {
        pending = pending.take().and_then(|request| request.test().err());
        pending.is_none().then_some(())
    });
}

/// Returns when all ranks of a communicator have called it.
pub(super) fn barrier(comm: &SimpleCommunicator, waiting: Waiting) {
    match waiting {
        Waiting::Inside => comm.barrier(),
        Waiting::Outside => complete(comm.immediate_barrier()),
    }
}
