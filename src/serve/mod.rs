//! `divisi serve`: ranks that run Python functions which somebody sends through a socket. The other end is `divisi.Pool` in python/.
//!
//! In order: rank 0 takes the pool's folder and listens ([`door`]); each rank starts a Python process ([`python`]); all ranks begin tasks.
//! Rank 0's service thread ([`service`]) hears its clients, each a [`session`], submits what they send and hands back what came of it; the
//! main threads of all ranks run calls ([`calls`]) by asking their Python process. What a call is made of, and its result, are bytes that
//! only Python reads. Retries, deaths, priorities and the journal are those of [`tasks`](crate::tasks).
//!
//! With a journal in the folder, calls are known by their function and arguments: what has returned once is handed back from there.
//!
//! Left out: encryption. Who listens to the network between a client and rank 0 sees what is sent, but can't join: both ends prove that they
//! know the key, without sending it.

mod call;
mod calls;
mod door;
mod frame;
mod orphans;
mod over;
mod python;
mod service;
mod session;

use std::cell::Cell;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::console::say;
use crate::comm::Comm;
use crate::run::{RunFolder, StopRequest};
use crate::tasks::{Executor, Task};
use crate::{Error, Result};
use call::is_result;
use calls::Calls;
use door::Door;
use over::Over;
use python::Python;
use service::Service;

/// The file of results from which a pool goes on.
const JOURNAL: &str = "journal.bin";
/// What calls of a pool are, in its journal.
const PLAN: &str = "calls of Python";

/// What `divisi serve` is told.
pub(crate) struct Settings {
    /// The pool's folder.
    pub folder: PathBuf,
    /// The program that is Python.
    pub python: String,
    /// Whether results are kept in a journal.
    pub journal: bool,
    /// Whether other machines may connect.
    pub network: bool,
    /// Whether the pool stays when its clients go.
    pub stays: bool,
}

/// Serves until the clients are gone, one of them ends it, or a signal comes; the exit status. All ranks; after the death of a rank only
/// rank 0 returns.
///
/// # Errors
/// A folder in which another job is at work, a socket that can't be opened, a journal that can't be used or written, ranks that don't find
/// each other or, without a launcher that survives it, die.
pub(crate) fn run(comm: &Comm, settings: &Settings, stop: &StopRequest) -> Result<u8> {
    // First, so that Python starts while ranks find each other.
    let calls = Calls::new(Python::start(&settings.python, cores_per_rank(comm)));
    let folder = RunFolder::at(&settings.folder);
    let held = comm.agree(if comm.is_root() { folder.hold().map(Some) } else { Ok(None) })?;
    let door = if comm.is_root() { Door::open(&settings.folder, settings.network).map(Some) } else { Ok(None) };
    let door = comm.agree(door)?;
    let no_socket = |error| Error::System(format!("no descriptors left: {error}"));
    let (bell, woken) = UnixStream::pair().map_err(no_socket)?;
    [&bell, &woken].into_iter().try_for_each(|end| end.set_nonblocking(true)).map_err(no_socket)?;
    let over = Arc::new(Over::new(bell.try_clone().map_err(no_socket)?));
    let mut executor = Executor::new(comm)
        .retries(u32::MAX)
        .by_key(is_result)
        .ahead(Box::new(|values, chunk| calls.ahead(values, chunk)))
        .stop_when(|| {
            held.iter().for_each(|held| held.assure());
            stop.came()
        });
    if settings.journal {
        executor = executor.journal(&settings.folder.join(JOURNAL), PLAN);
    }
    let service = Cell::new(None);
    let open = |desk| {
        let Some(door) = door else { return };
        let started = Service::new(door, desk, woken, Arc::clone(&over), settings.stays).start();
        if settings.stays && started.is_ok() {
            let (ranks, folder) = (comm.size(), settings.folder.display());
            say(&format!("divisi: a pool of {ranks} ranks waits for calls: divisi.Pool.attach(\"{folder}\")"));
        }
        service.set(started.map_err(|error| over.fail(error)).ok());
    };
    let close = |error: Option<&Error>| {
        over.end(error);
        // A panic of that thread has been reported by then.
        let _ = service.take().map(std::thread::JoinHandle::join);
    };
    let work = |task: &Task, argument: &[u8], into: &mut Vec<u8>| calls.run(task, argument, into);
    let counts = executor.serve(&work, bell, open, || over.is_asked(), close)?;
    if let (Some(counts), Some(error)) = (&counts, over.error()) {
        say(&format!("divisi: {} of {} calls done", counts.done, counts.tasks));
        return Err(error);
    }
    Ok(0)
}

/// The cores of this node that each of its ranks can use. All ranks.
fn cores_per_rank(comm: &Comm) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / comm.split_node().size()).max(1)
}
