//! A program as a child of this process: started, read, ended whole, never left behind.
//!
//! A child is the head of its own process group. One call of `poll` waits for its output, its errors, room for its input and its
//! end, so that no pipe can hold it up and no thread is needed. Once it has ended, the others of its group get a moment to close
//! the pipes, then they are killed; after that the child is reaped. In this order no signal can hit a stranger: the number of a
//! process that isn't reaped is given to no other. [Leftovers] are what left the group; they are ended last.
//!
//! A program gets this process's standard descriptors as pipes or `/dev/null`, and no other of its descriptors: MPI's sockets and pipes
//! among them, which would stay open as long as the program.
//!
//! The child is started without code between fork and exec, so that the library can use `posix_spawn`: a fork copies the
//! page tables of this process, which takes milliseconds per 100 MB. What happens to children when this process itself is
//! killed is the [guard](super::guard)'s matter.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio, ioctl_fionread};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::leftovers::Leftovers;
use super::tail::{Drained, Tail};
use crate::base::descriptors::restore_limit_of;

/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(1);
/// So long others of the group may keep the pipes open after the child has ended: `tee` at the end of a pipe, say.
pub(super) const LINGER: Duration = Duration::from_millis(200);
/// The longest wait where the kernel cannot report the end of a child.
const BLIND: Duration = Duration::from_millis(2);

/// A running program.
#[derive(Debug)]
pub(in crate::sweep) struct Child {
    process: std::process::Child,
    /// Readable once the process has ended.
    end: Option<OwnedFd>,
    /// Standard input, if it is a pipe.
    input: Option<ChildStdin>,
    /// Standard output.
    pub output: Stream<ChildStdout>,
    /// Standard error.
    pub errors: Stream<ChildStderr>,
    reaped: bool,
    leftovers: Arc<Leftovers>,
}

/// A pipe from the child and the end of its output.
#[derive(Debug)]
pub(in crate::sweep) struct Stream<R> {
    /// None once nothing more will come.
    pipe: Option<R>,
    /// What came.
    pub tail: Tail,
}

impl<R: Read + AsFd> Stream<R> {
    fn new(pipe: Option<R>, limit: usize) -> io::Result<Self> {
        pipe.iter().try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
        Ok(Stream { pipe, tail: Tail::new(limit) })
    }

    fn read(&mut self) {
        if self.pipe.as_mut().is_some_and(|pipe| self.tail.read(pipe) == Drained::Ended) {
            self.pipe = None;
        }
    }
}

/// What a wait is for, beside output and errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// The end.
    Ended,
    /// The end, or room in the child's input.
    EndedOrRoom,
    /// The end of both pipes.
    Closed,
}

impl Child {
    /// Starts a program with pipes for its output and its errors, of which the last bytes are kept; `stdin` is its input.
    pub(super) fn start(
        command: &mut Command,
        stdin: Stdio,
        [output, errors]: [usize; 2],
        leftovers: &Arc<Leftovers>,
    ) -> io::Result<Self> {
        keep_descriptors();
        leftovers.begin();
        let command = command.process_group(0).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        restore_limit_of(Pid::from_child(&process));
        let stdin = process.stdin.take();
        let stdout = process.stdout.take();
        let stderr = process.stderr.take();
        let mut child = Child {
            end: end_of(&process),
            process,
            input: stdin,
            output: Stream { pipe: None, tail: Tail::new(output) },
            errors: Stream { pipe: None, tail: Tail::new(errors) },
            reaped: false,
            leftovers: Arc::clone(leftovers),
        };
        // From here on an error drops the child, which ends it.
        child.input.iter().try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
        child.output = Stream::new(stdout, output)?;
        child.errors = Stream::new(stderr, errors)?;
        Ok(child)
    }

    /// Reads until something came or `patience` is over; true if the child has ended.
    pub(crate) fn wait(&mut self, patience: Duration) -> bool {
        self.wait_until(Until::Ended, patience)
    }

    /// As [`wait`](Self::wait), and ends also when the input has room.
    pub(crate) fn wait_for_room(&mut self, patience: Duration) -> bool {
        self.wait_until(Until::EndedOrRoom, patience)
    }

    fn wait_until(&mut self, until: Until, patience: Duration) -> bool {
        let end = self.end.as_ref().filter(|_| until != Until::Closed);
        let input = self.input.as_ref().filter(|_| until == Until::EndedOrRoom);
        let blind = end.is_none() && until != Until::Closed;
        let asked = [
            end.map(|end| PollFd::new(end, PollFlags::IN)),
            self.output.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)),
            self.errors.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)),
            input.map(|input| PollFd::new(input, PollFlags::OUT)),
        ];
        let [ended, output, errors, _] = ready(asked, if blind { patience.min(BLIND) } else { patience });
        if output {
            self.output.read();
        }
        if errors {
            self.errors.read();
        }
        ended || (blind && self.has_ended())
    }

    /// Whether the child has ended; it is not reaped by this.
    fn has_ended(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.group()), look), Ok(None))
    }

    /// Writes to the child's input as much as it takes without waiting; returns how much.
    ///
    /// # Errors
    /// If nobody will read it any more.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(input) = &mut self.input else { return Err(io::ErrorKind::BrokenPipe.into()) };
        match input.write(bytes) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
            written => written,
        }
    }

    /// How many bytes that were written to the child's input nobody has read, where the kernel can tell.
    pub(crate) fn unread(&self) -> Option<usize> {
        // On Linux either end of a pipe tells, also when nobody is left at the other.
        let bytes = ioctl_fionread(self.input.as_ref()?).ok()?;
        usize::try_from(bytes).ok()
    }

    /// Closes the child's input: a program that reads it comes to its end.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// After the child has ended: reads the rest, reaps it, and ends what it left behind.
    pub(crate) fn finish(&mut self) -> io::Result<ExitStatus> {
        let until = Instant::now() + LINGER;
        while self.output.pipe.is_some() || self.errors.pipe.is_some() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.wait_until(Until::Closed, left);
        }
        self.end_group()
    }

    /// Ends the child and its group: TERM, and KILL after a second; what they still write is read. Then ends what they left behind.
    pub(crate) fn stop(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        self.wait_at_most(GRACE);
        self.end_group()
    }

    /// Waits for the end, no longer than this; true if it came.
    pub(crate) fn wait_at_most(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if self.wait(left) || left.is_zero() {
                return !left.is_zero();
            }
        }
    }

    /// What is kept of output and errors. A child that still runs is killed.
    pub(crate) fn into_tails(mut self) -> (Tail, Tail) {
        let take = |tail: &mut Tail| std::mem::replace(tail, Tail::new(0));
        (take(&mut self.output.tail), take(&mut self.errors.tail))
    }

    fn end_group(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.group()), look).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        self.reaped = true;
        let status = self.process.wait();
        self.leftovers.end();
        status
    }

    /// A signal to all of the child's group. Only before it is reaped.
    fn signal(&self, signal: Signal) {
        // It fails only if all of the group are gone.
        let _ = kill_process_group(self.group(), signal);
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.process)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.end_group();
        }
    }
}

/// Keeps all descriptors of this process but the standard ones from programs.
pub(super) fn keep_descriptors() {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers = open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<RawFd>().ok());
    for number in numbers.filter(|&number| number > 2) {
        // SAFETY: it was open just now. If another thread has closed it meanwhile, the call fails or is about one that it has opened:
        // those of Rust aren't inherited anyway.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let _ = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
    }
}

/// Waits until one of several is ready; which ones are.
fn ready(asked: [Option<PollFd>; 4], patience: Duration) -> [bool; 4] {
    // A time that does not fit is longer than anybody waits; an interrupted wait is one that was over early.
    let timeout = Timespec::try_from(patience).ok();
    let mut fds: Vec<PollFd> = asked.iter().flatten().cloned().collect();
    let _ = poll(&mut fds, timeout.as_ref());
    let mut answers = fds.iter().map(|fd| !fd.revents().is_empty());
    asked.map(|fd| fd.is_some() && answers.next() == Some(true))
}

/// Something that is readable once a process has ended; Linux has that from 5.3 on.
#[cfg(target_os = "linux")]
fn end_of(process: &std::process::Child) -> Option<OwnedFd> {
    rustix::process::pidfd_open(Pid::from_child(process), rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_of(_: &std::process::Child) -> Option<OwnedFd> {
    None
}
