//! Messages between ranks: the only place that knows MPI.
//!
//! [`launch`] starts MPI, hands a [`Comm`] to the program, and ends all ranks together, also when one of them fails.
//! A `Comm` carries plain data ([`bytemuck::Pod`]) between ranks: point-to-point messages in blocking and immediate
//! forms, collectives, exchanges of varying size, exact sums, [`Channels`] for what is exchanged again and again. Whatever it does is counted per phase ([`Traffic`]).
//!
//! Sums of floating-point numbers are offered as [`ExactSum`] alone, since a sum in rank order would differ with the
//! number of ranks. MPI's own errors end the job (its default error handler), so most methods return plain values.
//!
//! Left out: threads (calls come from the thread that launched), MPI-IO (HDF5 does it), derived datatypes.

mod channel;
mod collective;
mod exact;
mod exchange;
mod ffi;
mod info;
mod launch;
mod message;
mod shared;
mod traffic;
mod window;

use std::cell::Cell;
use std::rc::Rc;

use mpi::raw::AsRaw;
use mpi::topology::{Color, Communicator, SimpleCommunicator};

pub use channel::{Channels, Node, Peer};
pub use collective::{Extremum, Whole};
pub use exact::ExactSum;
#[cfg(feature = "parallel-hdf5")]
pub(crate) use info::Info;
pub(crate) use info::check_hint;
pub use launch::{launch, launcher_rank, survives_deaths};
pub(crate) use launch::{leave, take_panic};
pub use message::{Pending, Tag, wait_all, wait_any};
pub(crate) use shared::Shared;
pub use traffic::{Counts, FIRST_PHASE, Traffic};

use crate::Error;

/// A group of ranks that exchange messages.
///
/// Cheap to clone: clones speak on the same communicator and share its counters.
#[derive(Clone)]
pub struct Comm {
    inner: Rc<Inner>,
}

struct Inner {
    messages: SimpleCommunicator,
    /// A second communicator, so that agreeing on errors never meets other collectives.
    control: SimpleCommunicator,
    rank: usize,
    size: usize,
    job: Rc<Job>,
}

/// What all communicators of this process share.
#[derive(Default)]
struct Job {
    traffic: Rc<Traffic>,
    windows: window::Windows,
    /// Whether a rank died that the job goes on without: MPI must not be called any more.
    is_broken: Cell<bool>,
}

/// The communicator's raw handle, for the parallel HDF5 driver.
pub type RawComm = mpi::ffi::MPI_Comm;
/// The raw handle of hints.
#[cfg(feature = "parallel-hdf5")]
pub(crate) type RawInfo = mpi::ffi::MPI_Info;
/// The raw handle of a file that MPI-IO has open.
#[cfg(feature = "parallel-hdf5")]
pub(crate) type RawFile = mpi::ffi::MPI_File;

impl Comm {
    fn over(messages: SimpleCommunicator, job: Rc<Job>) -> Self {
        let control = messages.duplicate();
        let (rank, size) = (messages.rank() as usize, messages.size() as usize);
        Comm { inner: Rc::new(Inner { messages, control, rank, size, job }) }
    }

    /// A part of these ranks, with the same counters.
    fn part(&self, messages: SimpleCommunicator) -> Self {
        Comm::over(messages, Rc::clone(&self.inner.job))
    }

    fn messages(&self) -> &SimpleCommunicator {
        &self.inner.messages
    }

    /// This rank's number, from 0.
    pub fn rank(&self) -> usize {
        self.inner.rank
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.inner.size
    }

    /// Whether this is rank 0, which speaks for all.
    pub fn is_root(&self) -> bool {
        self.rank() == 0
    }

    /// Splits the ranks into groups of equal `color`, ordered by their rank here. All ranks (MPI 4.0, 7.4.2).
    pub fn split(&self, color: u32) -> Comm {
        let color = Color::with_value(i32::try_from(color).expect("a color below 2^31"));
        let messages = self.messages().split_by_color(color).expect("a defined color gives a group");
        self.part(messages)
    }

    /// The ranks that share this rank's memory: those of its node. All ranks (MPI 4.0, 7.4.2).
    pub fn split_node(&self) -> Comm {
        self.part(self.messages().split_shared(0))
    }

    /// Makes all that follows count under `name`, until the returned guard is dropped.
    pub fn phase(&self, name: &'static str) -> Phase {
        let before = self.traffic().enter(name);
        Phase { traffic: Rc::clone(&self.inner.job.traffic), before }
    }

    /// The counters of messages, bytes and time.
    pub fn traffic(&self) -> &Traffic {
        &self.inner.job.traffic
    }

    /// The raw communicator, for libraries that speak MPI themselves.
    pub fn raw(&self) -> RawComm {
        self.messages().as_raw()
    }

    /// Ends the whole job at once with exit status `status` (MPI_Abort; MPI 4.0, 9.5); where the launcher keeps a job alive
    /// without a rank ([`survives_deaths`]), by asking the launcher, whose status is then 1.
    pub fn abort(&self, status: u8) -> ! {
        if survives_deaths() {
            launch::leave(status);
        }
        self.messages().abort(i32::from(status))
    }

    /// Whether a rank has died that the job goes on without.
    pub fn is_broken(&self) -> bool {
        self.inner.job.is_broken.get()
    }

    /// Says that a rank has died and the job goes on without it: from here on nothing of MPI may be called, and [`launch`] ends
    /// this process without it.
    pub fn go_on_without_dead_ranks(&self) {
        self.inner.job.is_broken.set(true);
    }
}

/// A phase under way; the one before it comes back when this is dropped.
pub struct Phase {
    traffic: Rc<Traffic>,
    before: &'static str,
}

impl Drop for Phase {
    fn drop(&mut self) {
        self.traffic.enter(self.before);
    }
}

/// The name and version of the MPI library; doesn't start MPI.
pub fn library_version() -> String {
    ffi::library_version()
}

/// An error that this rank hears of from `rank`.
fn elsewhere(rank: usize, status: u8) -> Error {
    Error::Elsewhere { rank, status }
}
