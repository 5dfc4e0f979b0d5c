//! The Python process of a rank: started, spoken with through a socket, ended.
//!
//! The socket is its standard input; its output and errors are the rank's. The environment is that of a sweep's programs: without the
//! launcher's variables, with a mark by which what it leaves is found. Before it begins a call it writes the number of its task into a
//! page of memory that it shares with the rank, so that it is known which call a process that died had begun, without a word for each.
//! Should the rank die, the kernel ends the process (it asks for that itself), and the guard of programs what it has started.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process_group};

use super::frame::{Head, plain};
use crate::base::descriptors::restore_limit_of;
use crate::sweep::command::Programs;

/// Bytes that are read at once.
const ROOM: usize = 1 << 18;
/// The variable that tells the number of the descriptor of the shared page.
const PAGE: &str = "DIVISI_PAGE";
/// Bytes of that page that are used.
const BYTES: u64 = 8;

/// What it runs.
const SCRIPT: &str = include_str!("../../python/divisi/_worker.py");

/// How a Python process is started, and the one that runs.
pub(super) struct Python {
    programs: Programs,
    argv: Vec<String>,
    /// The process, and the one that started it: a copy of this process has its own.
    running: Option<(u32, Process)>,
}

/// A Python process at work.
pub(super) struct Process {
    child: Child,
    socket: UnixStream,
    page: File,
    buffer: Vec<u8>,
    /// What has come and was not read: from here on, up to here.
    start: usize,
    end: usize,
    outgoing: Vec<u8>,
    sent: usize,
}

/// The other end of the socket is closed.
pub(super) struct Closed;

impl Python {
    /// Starts one by its program, for a rank with so many cores. Whether it comes up is seen when it is asked something.
    pub(super) fn start(program: &str, cores: usize) -> Self {
        let argv = [program, "-c", SCRIPT].map(str::to_owned).to_vec();
        let mut python = Python { programs: Programs::new(cores), argv, running: None };
        // What hinders it is told when it is needed.
        let _ = python.ready();
        python
    }

    /// The process, started if there is none; and whether it was.
    ///
    /// # Errors
    /// If it can't be started, as text.
    pub(super) fn ready(&mut self) -> Result<(&mut Process, bool), String> {
        let own = std::process::id();
        // That of the process of which this is a copy stays as it is, and is not this one's to end.
        std::mem::forget(self.running.take_if(|(owner, _)| *owner != own));
        let is_new = self.running.is_none();
        if is_new {
            self.running = Some((own, Process::start(&self.programs, &self.argv)?));
        }
        self.running.as_mut().map(|(_, process)| (process, is_new)).ok_or_else(|| "no process".to_owned())
    }

    /// Ends the process and all that it has started; how it ended, if there was one.
    pub(super) fn stop(&mut self) -> Option<ExitStatus> {
        let (_, mut process) = self.running.take()?;
        // It fails only if all of the group are gone. One that has ended keeps its status.
        let _ = kill_process_group(Pid::from_child(&process.child), Signal::KILL);
        let status = process.child.wait().ok();
        self.programs.end_leftovers();
        status
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        if self.running.as_ref().is_some_and(|(owner, _)| *owner == std::process::id()) {
            self.stop();
        }
    }
}

impl Process {
    fn start(programs: &Programs, argv: &[String]) -> Result<Self, String> {
        let cannot = |what: &dyn std::fmt::Display| format!("cannot start `{}`: {what}", argv[0]);
        let mut command = programs.prepare(argv, None).map_err(|failure| failure.message)?;
        let (socket, theirs) = UnixStream::pair().map_err(|error| cannot(&error))?;
        let page = page().map_err(|error| cannot(&error))?;
        command.process_group(0).stdin(Stdio::from(OwnedFd::from(theirs)));
        command.env(PAGE, page.as_raw_fd().to_string());
        Programs::keep_descriptors();
        // This one alone goes along.
        let is_passed = fcntl_setfd(&page, FdFlags::empty());
        let child = command.spawn();
        let is_kept = fcntl_setfd(&page, FdFlags::CLOEXEC);
        is_passed.and(is_kept).map_err(|error| cannot(&error))?;
        let child = child.map_err(|error| cannot(&error))?;
        restore_limit_of(Pid::from_child(&child));
        socket.set_nonblocking(true).map_err(|error| cannot(&error))?;
        let buffer = vec![0; ROOM];
        Ok(Process { child, socket, page, buffer, start: 0, end: 0, outgoing: Vec::new(), sent: 0 })
    }

    /// The task of the call that it began last.
    pub(super) fn begun(&self) -> Option<u64> {
        let mut bytes = [0; BYTES as usize];
        self.page.read_exact_at(&mut bytes, 0).ok()?;
        u64::from_le_bytes(bytes).checked_sub(1)
    }

    /// Puts bytes on their way.
    pub(super) fn put(&mut self, parts: &[&[u8]]) {
        if self.sent == self.outgoing.len() {
            self.outgoing.clear();
            self.sent = 0;
        }
        parts.iter().for_each(|part| self.outgoing.extend_from_slice(part));
    }

    /// Writes what is on its way, as far as there is room.
    ///
    /// # Errors
    /// If nobody reads it.
    pub(super) fn write(&mut self) -> Result<(), Closed> {
        while self.sent < self.outgoing.len() {
            match self.socket.write(&self.outgoing[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Closed),
            }
        }
        Ok(())
    }

    /// The head of the next frame.
    pub(super) fn next(&mut self) -> Option<Head> {
        let (head, _) = plain::<Head>(&self.buffer[self.start..self.end])?;
        self.start += size_of::<Head>();
        Some(head)
    }

    /// Waits for something to come, or for room to write, at most so long; takes it in.
    ///
    /// # Errors
    /// If the process has closed its end, and all that it has written is read.
    pub(super) fn turn(&mut self, patience: Duration) -> Result<(), Closed> {
        self.write()?;
        self.wait(patience);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= std::mem::take(&mut self.start);
        }
        match self.socket.read(&mut self.buffer[self.end..]) {
            Ok(0) => Err(Closed),
            Ok(count) => {
                self.end += count;
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(()),
            Err(_) => Err(Closed),
        }
    }

    /// Appends the `length` bytes of a frame whose head was read; `is_enough` is asked now and then whether to give up.
    ///
    /// # Errors
    /// If the process has closed its end before they have come, or it was enough.
    pub(super) fn body(&mut self, length: u64, into: &mut Vec<u8>, is_enough: &dyn Fn() -> bool) -> Result<(), Closed> {
        let length = usize::try_from(length).map_err(|_| Closed)?;
        let here = length.min(self.end - self.start);
        into.extend_from_slice(&self.buffer[self.start..self.start + here]);
        self.start += here;
        let mut at = into.len();
        let end = at + length - here;
        if end > at {
            into.resize(end, 0);
        }
        while at < end {
            match self.socket.read(&mut into[at..]) {
                Ok(0) => return Err(Closed),
                Ok(count) => at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if is_enough() {
                        return Err(Closed);
                    }
                    self.write()?;
                    self.wait(Duration::from_millis(20));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Closed),
            }
        }
        Ok(())
    }

    fn wait(&self, patience: Duration) {
        let room = if self.sent < self.outgoing.len() { PollFlags::OUT } else { PollFlags::empty() };
        // A time that does not fit is longer than anybody waits; an interrupted wait is one that was over early.
        let _ =
            poll(&mut [PollFd::new(&self.socket, PollFlags::IN | room)], Timespec::try_from(patience).ok().as_ref());
    }
}

/// A page of memory that two processes can share.
fn page() -> std::io::Result<File> {
    let page = memfd_create("divisi", MemfdFlags::CLOEXEC)?;
    ftruncate(&page, BYTES)?;
    Ok(File::from(page))
}
