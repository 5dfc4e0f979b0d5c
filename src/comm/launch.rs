//! Starting and ending a job of ranks.
//!
//! In this order: refuse a launcher that started several processes without joining them, start MPI, run the program on
//! every rank, agree on the outcome, end MPI. A rank that panics ends the job at once. A rank that returns an error
//! waits one second for the others: if all return too, the lowest rank with an error of its own reports it; if not (they
//! wait in a collective), every failed rank does. The rank that reports ends the job (MPI_Abort), which is over within two seconds.

use std::cell::RefCell;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mpi::Threading;
use mpi::topology::{Communicator, SimpleCommunicator};

use super::library::{agree_on_deaths, claimed_size, leave, survives_deaths};
use super::waiting::{Waiting, barrier};
use super::{Comm, Job, elsewhere, ffi};
use crate::base::console::{complain, say};
use crate::{Error, Result};

/// How long a failed rank waits for the others before it ends the job.
const GRACE: Duration = Duration::from_secs(1);
/// How long a rank sleeps between looks for the others, where its own threads need its core.
#[cfg(feature = "compress")]
const NAP: Duration = Duration::from_micros(100);
/// Exit status after a panic.
const PANICKED: u8 = 1;

thread_local! {
    /// What the panic hook saw.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `program` on every rank and ends all ranks together with the exit status that it returns.
///
/// Call it once per process. Errors and panics are reported on standard error with their rank, and every rank ends non-zero.
pub fn launch(program: impl FnOnce(&Comm) -> Result<u8>) -> ExitCode {
    launch_unjoined(|comm, joined| joined.and_then(|()| program(comm)))
}

/// As [`launch`], but lets a program run that its launcher started several times without joining the processes; it gets the error
/// that says so.
pub(crate) fn launch_unjoined(program: impl FnOnce(&Comm, Result<()>) -> Result<u8>) -> ExitCode {
    panic::set_hook(Box::new(|info| PANIC.set(Some(info.to_string()))));
    let at_usr1 = ffi::AtUsr1::now();
    let Some((universe, _)) = mpi::initialize_with_threading(Threading::Funneled) else {
        say("divisi: MPI was already started in this process: launch it once");
        return ExitCode::FAILURE;
    };
    let world = SimpleCommunicator::world();
    // MPICH takes USR1 for the word that a rank has died: one alone then starts a launcher to ask, and waits for it for ever.
    if world.size() == 1 {
        at_usr1.restore();
    }
    let last = world.duplicate();
    let job = Rc::new(Job::default());
    let status = {
        let comm = Comm::over(world.duplicate(), Rc::clone(&job));
        let started = panic::catch_unwind(AssertUnwindSafe(|| {
            let joined = refuse_singletons(comm.size());
            job.waiting.set(Waiting::of_job(&comm));
            agree_on_deaths(&comm);
            program(&comm, joined)
        }));
        let result = started.unwrap_or_else(|_| end_after_panic(&comm));
        if job.is_broken.get() {
            end_alone(&comm, result);
        }
        end_together(&comm, &last, result)
    };
    job.windows.free_all();
    drop(last);
    drop(universe);
    if status != 0 && survives_deaths() {
        leave(status);
    }
    ExitCode::from(status)
}

/// Ends this process, the only one left to report, after others have died.
fn end_alone(comm: &Comm, result: Result<u8>) -> ! {
    let status = result.unwrap_or_else(|error| {
        report(comm, &error);
        error.status()
    });
    // Nothing that is still open is closed by this end: files were closed by their owners, and standard output is all that is left.
    let _ = std::io::stdout().flush();
    leave(status)
}

/// The message of the panic that was just caught.
pub(crate) fn take_panic() -> String {
    PANIC.take().unwrap_or_else(|| "panicked".to_owned())
}

/// A launcher of one MPI library that starts a program of another gives many ranks 0 of 1: refuse that.
fn refuse_singletons(size: usize) -> Result<()> {
    match claimed_size() {
        Some((name, ranks)) if size == 1 && ranks > 1 => Err(Error::Launch(format!(
            "{name} says that {ranks} processes were started together, but MPI ({}) sees this one alone: the launcher \
             belongs to another MPI library, or srun needs --mpi=pmix (see docs/howto/slurm.md)",
            super::library_version()
        ))),
        _ => Ok(()),
    }
}

fn end_after_panic(comm: &Comm) -> ! {
    say(&format!("divisi: rank {} of {}: {}", comm.rank(), comm.size(), take_panic()));
    comm.abort(PANICKED)
}

/// Agrees on the exit status. After an error its rank reports it and ends the job; the others wait for that end, since
/// launchers take seconds to end a job of which every rank ends non-zero by itself.
fn end_together(comm: &Comm, last: &SimpleCommunicator, result: Result<u8>) -> u8 {
    let failure = result.as_ref().err();
    let own = failure.filter(|error| !matches!(error, Error::Elsewhere { .. }));
    let reports = match lowest_failure(last, own, failure.is_some(), std::thread::yield_now) {
        Failure::None => false,
        Failure::Of { rank, .. } => rank == comm.rank(),
        Failure::Unknown => true,
    };
    if reports && let Some(error) = failure {
        report(comm, error);
        if comm.size() > 1 {
            comm.abort(error.status());
        }
    }
    barrier(last, comm.waiting());
    result.unwrap_or_else(|error| error.status())
}

fn report(comm: &Comm, error: &Error) {
    let place = if comm.size() > 1 { format!("rank {}: ", comm.rank()) } else { String::new() };
    complain(&format!("{place}{error}"));
}

/// What the ranks have agreed on about errors.
enum Failure {
    /// No rank has an error of its own.
    None,
    /// The lowest rank that has one, and its exit status.
    Of { rank: usize, status: u8 },
    /// Nothing: the other ranks have not come in time.
    Unknown,
}

/// The lowest rank with an error; unknown if this rank `gives_up` and the others don't come.
fn lowest_failure(comm: &SimpleCommunicator, own: Option<&Error>, gives_up: bool, pause: fn()) -> Failure {
    let code = own.map_or(i64::MAX, |error| (i64::from(comm.rank()) << 8) | i64::from(error.status()));
    let mut minimum = ffi::Minimum::start(comm, code);
    let start = Instant::now();
    let least = loop {
        match minimum.test() {
            Some(least) => break least,
            None if gives_up && start.elapsed() > GRACE => return Failure::Unknown,
            None => pause(),
        }
    };
    if least == i64::MAX {
        return Failure::None;
    }
    Failure::Of { rank: (least >> 8) as usize, status: least as u8 }
}

impl Comm {
    /// Makes all ranks agree: `Ok` where every rank's result is, else an error on every rank. All ranks.
    ///
    /// # Errors
    /// This rank's own error, or [`Error::Elsewhere`] where only other ranks failed.
    pub fn agree<T>(&self, result: Result<T>) -> Result<T> {
        self.agree_pausing(result, std::thread::yield_now)
    }

    /// As [`agree`](Comm::agree), for ranks whose own threads are at work: a rank that waits leaves its core to them. All ranks.
    ///
    /// # Errors
    /// As [`agree`](Comm::agree).
    #[cfg(feature = "compress")]
    pub(crate) fn agree_asleep<T>(&self, result: Result<T>) -> Result<T> {
        self.agree_pausing(result, || std::thread::sleep(NAP))
    }

    fn agree_pausing<T>(&self, result: Result<T>, pause: fn()) -> Result<T> {
        let failure = result.as_ref().err();
        let waited = || lowest_failure(self.control(), failure, false, pause);
        let lowest = self.traffic().waiting(waited);
        match (result, lowest) {
            (Ok(_), Failure::Of { rank, status }) => Err(elsewhere(rank, status)),
            (result, _) => result,
        }
    }
}
