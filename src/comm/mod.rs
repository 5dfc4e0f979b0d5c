//! Messages between ranks: the only place that calls MPI.
//!
//! [`launch`] starts MPI, hands a [`Comm`] to the program, and ends all ranks together, also when one of them fails.
//! A `Comm` carries plain data ([`bytemuck::Pod`]) between ranks: point-to-point messages in blocking and immediate
//! forms, collectives, exchanges of varying size, exact sums, [`Channels`] for exchanges that are repeated. All of it is counted per
//! phase ([`Traffic`]).
//!
//! Sums of floating-point numbers are offered as [`ExactSum`] alone, since a sum in rank order would differ with the
//! number of ranks. MPI's own errors end the job (its default error handler), so most methods return plain values.
//!
//! Hosts and processes that fall silent are found by a watchdog (`watchdog`); what differs between MPI libraries stands in `library`.
//!
//! A file that is none of HDF5's is written by all ranks through MPI-IO (`file`).
//!
//! Left out: threads (calls come from the thread that launched), derived datatypes.

mod addresses;
mod channel;
mod collective;
mod exact;
mod exchange;
mod ffi;
#[cfg(feature = "compress")]
mod file;
mod info;
mod launch;
mod library;
mod message;
mod shared;
mod traffic;
mod waiting;
mod watchdog;
mod window;

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use mpi::topology::{Color, Communicator, Group, SimpleCommunicator};

pub(crate) use addresses::own_addresses;
pub use channel::{Channels, Node, Peer};
pub use collective::{Extremum, Whole};
pub use exact::ExactSum;
#[cfg(feature = "compress")]
pub(crate) use file::SharedFile;
#[cfg(feature = "parallel-hdf5")]
pub(crate) use info::Info;
pub(crate) use info::check_hint;
pub use launch::launch;
pub(crate) use launch::{launch_unjoined, take_panic};
#[cfg(feature = "compress")]
pub(crate) use library::launcher_size;
pub(crate) use library::{is_rank, leave};
pub use library::{launcher_rank, survives_deaths};
pub use message::{Pending, Tag, wait_all, wait_any};
pub(crate) use shared::{Shared, shared_room};
pub(crate) use traffic::MOST_SPANS;
pub use traffic::{Counts, FIRST_PHASE, Sent, Traffic};
pub(crate) use watchdog::{Reaction, Watchdog};

use crate::Error;
use waiting::Waiting;
pub(crate) use waiting::own_cores;

/// A group of ranks that exchange messages.
///
/// Cheap to clone: clones use the same communicator and share its counters.
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
    /// The number that each of its ranks has in the job.
    job_ranks: OnceCell<Vec<usize>>,
    job: Rc<Job>,
    /// How many sweeps are at work whose tasks may use it.
    depth: u32,
}

/// What all communicators of this process share.
#[derive(Default)]
struct Job {
    traffic: Rc<Traffic>,
    windows: window::Windows,
    /// How its ranks wait for each other.
    waiting: Cell<Waiting>,
    /// Whether a rank died and the job goes on without it: MPI must not be called any more.
    is_broken: Cell<bool>,
    /// How many sweeps are at work on this rank, one within another.
    depth: Cell<u32>,
    /// Whether a watchdog is on.
    is_watched: Cell<bool>,
}

/// The communicator's raw handle, for the parallel HDF5 driver.
#[cfg(feature = "parallel-hdf5")]
pub(crate) type RawComm = mpi::ffi::MPI_Comm;
/// The raw handle of hints.
#[cfg(feature = "parallel-hdf5")]
pub(crate) type RawInfo = mpi::ffi::MPI_Info;
/// The raw handle of a file that MPI-IO has open.
#[cfg(feature = "parallel-hdf5")]
pub(crate) type RawFile = mpi::ffi::MPI_File;

impl Comm {
    fn over(messages: SimpleCommunicator, job: Rc<Job>) -> Self {
        let depth = job.depth.get();
        Comm::at(messages, job, depth)
    }

    fn at(messages: SimpleCommunicator, job: Rc<Job>, depth: u32) -> Self {
        let control = messages.duplicate();
        let rank = messages.rank() as usize;
        let size = messages.size() as usize;
        Comm { inner: Rc::new(Inner { messages, control, rank, size, job_ranks: OnceCell::new(), job, depth }) }
    }

    /// A part of these ranks, with the same counters.
    fn part(&self, messages: SimpleCommunicator) -> Self {
        Comm::over(messages, Rc::clone(&self.inner.job))
    }

    /// # Panics
    /// If its ranks are in tasks: they are in different ones, so what all must call would never return.
    fn messages(&self) -> &SimpleCommunicator {
        assert!(!self.is_in_tasks(), "within tasks ranks may speak with each other by Task::comm alone");
        &self.inner.messages
    }

    fn waiting(&self) -> Waiting {
        self.inner.job.waiting.get()
    }

    /// Whether MPI's own calls would hold cores that other ranks need, so that what MPI does inside for long, as MPI-IO does, is
    /// better left out. The same on all ranks.
    pub(crate) fn is_held_up_by_mpi(&self) -> bool {
        self.waiting() == Waiting::Outside
    }

    fn control(&self) -> &SimpleCommunicator {
        assert!(!self.is_in_tasks(), "within tasks ranks may agree with each other by Task::comm alone");
        &self.inner.control
    }

    /// Whether this rank runs tasks, or hands them out, of a sweep on these ranks or on more.
    pub(crate) fn is_in_tasks(&self) -> bool {
        self.inner.depth < self.inner.job.depth.get()
    }

    /// As [`split`](Comm::split), into the ranks that run tasks together: what they may use while tasks run.
    pub(crate) fn split_for_tasks(&self, color: u32) -> Comm {
        Comm::at(self.split_messages(color), Rc::clone(&self.inner.job), self.inner.depth + 1)
    }

    /// Tasks run until the returned guard is dropped: until then no other communicator may be used.
    pub(crate) fn enter_tasks(&self) -> InTasks {
        self.inner.job.depth.set(self.inner.depth + 1);
        InTasks { job: Rc::clone(&self.inner.job), before: self.inner.depth }
    }

    /// This rank's number, from 0.
    pub fn rank(&self) -> usize {
        self.inner.rank
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.inner.size
    }

    /// Whether this is rank 0, which reports for all.
    pub fn is_root(&self) -> bool {
        self.rank() == 0
    }

    /// Splits the ranks into groups of equal `color`, ordered by their rank here. All ranks (MPI 4.0, 7.4.2).
    pub fn split(&self, color: u32) -> Comm {
        self.part(self.split_messages(color))
    }

    fn split_messages(&self, color: u32) -> SimpleCommunicator {
        let color = Color::with_value(i32::try_from(color).expect("a color below 2^31"));
        self.messages().split_by_color(color).expect("a defined color gives a group")
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

    /// The number that each of these ranks has in the job, by which messages are counted (MPI 4.0, 7.3.1; no other rank is asked).
    pub(crate) fn job_ranks(&self) -> &[usize] {
        self.inner.job_ranks.get_or_init(|| {
            let own: Vec<i32> = (0..self.size() as i32).collect();
            let job = SimpleCommunicator::world().group();
            let numbers = self.inner.messages.group().translate_ranks(&own, &job);
            numbers.into_iter().map(|number| number.expect("each rank is one of the job's") as usize).collect()
        })
    }

    /// The raw communicator, for the parallel HDF5 driver.
    #[cfg(feature = "parallel-hdf5")]
    pub(crate) fn raw(&self) -> RawComm {
        mpi::raw::AsRaw::as_raw(self.messages())
    }

    /// Ends the whole job at once with exit status `status` (MPI_Abort; MPI 4.0, 9.5); where the launcher keeps a job alive
    /// without a rank ([`survives_deaths`]), by asking the launcher, whose status is then 1.
    pub fn abort(&self, status: u8) -> ! {
        if survives_deaths() {
            library::leave(status);
        }
        self.inner.messages.abort(i32::from(status))
    }

    /// Whether a rank has died and the job goes on without it.
    pub fn is_broken(&self) -> bool {
        self.inner.job.is_broken.get()
    }

    /// Notes that a rank has died and the job goes on without it: from here on nothing of MPI may be called, and [`launch`] ends
    /// this process without it.
    pub fn go_on_without_dead_ranks(&self) {
        self.inner.job.is_broken.set(true);
    }
}

/// As long as this lives, this rank runs tasks.
pub(crate) struct InTasks {
    job: Rc<Job>,
    before: u32,
}

impl Drop for InTasks {
    fn drop(&mut self) {
        self.job.depth.set(self.before);
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

/// The name and version of the MPI library, in one line; doesn't start MPI.
pub fn library_version() -> String {
    first_line(&ffi::library_version())
}

/// The first line, with one blank between words: MPICH tells more on further lines, and has tabs.
fn first_line(text: &str) -> String {
    let words = text.lines().next().unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

/// An error that `rank` reports to this rank.
fn elsewhere(rank: usize, status: u8) -> Error {
    Error::Elsewhere { rank, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_librarys_version_is_one_line_of_words() {
        let mpich = "MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7 12:34:45 CDT 2022\nMPICH ABI:\t14:2:2\n";
        assert_eq!(first_line(mpich), "MPICH Version: 4.0.2");
        let open_mpi = "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022";
        assert_eq!(first_line(open_mpi), open_mpi);
    }
}
