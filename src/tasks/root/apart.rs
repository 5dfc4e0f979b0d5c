//! A task with which a rank has died, tried by rank 0 in a process of its own: should it kill that too, the job goes on.
//!
//! The process is a copy of rank 0 (fork) that runs the task, sends its report through a pipe and ends. It has no part in the job: what
//! the task changes in memory ends with it, and a task must not speak to other ranks there; it is alone in [`Task::comm`], so it has none.
//! It ends with rank 0, whatever that dies of. A task that is asked to end, by its time limit or its user, is ended with its process.
//! Tasks that no rank has died with never run so.
//!
//! [`Task::comm`]: crate::tasks::Task::comm

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};

use crate::base::error::{Cause, Error, Result};
use crate::tasks::wire::chunk::Order;
use crate::tasks::wire::report::{Report, ReportHead};
use crate::tasks::worker::runner::Runner;

/// Between two looks at whether the task should end.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Runs a chunk of one task in a process of its own; its report, or that of its failure.
///
/// # Errors
/// If there can be no process.
pub(super) fn run_apart(runner: &mut Runner, order: &Order, arguments: &[u8]) -> Result<Report> {
    let began = Instant::now();
    let no_process =
        |error: std::io::Error| Error::System(format!("rank 0 cannot start a process for a task: {error}"));
    let (from, to) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| no_process(error.into()))?;
    let Some(process) = fork().map_err(no_process)? else {
        drop(from);
        serve(runner, order, arguments, File::from(to));
    };
    drop(to);
    let (sent, asked) = receive(from, process, || runner.token.of(order.chunk.first));
    let status = wait_for(process);
    let ended = match (asked, Report::read(&sent)) {
        (Some(cause), _) => (cause, "ended early when asked to".to_owned()),
        (None, Some(report)) if report.head.body() == report.body.len() => return Ok(report),
        _ => (Cause::Died, format!("a process of rank 0's died while it ran it{}", how(status))),
    };
    Ok(failure(order, began.elapsed(), ended))
}

/// The copy of this process that is to run the task, or nothing in the copy itself.
fn fork() -> std::io::Result<Option<Pid>> {
    let parent = rustix::process::getpid();
    // No other thread may be in the middle of a line: its lock would stay locked in the copy.
    let lines = (std::io::stdout().lock(), std::io::stderr().lock());
    // SAFETY: the copy has this thread alone. It runs a task, which takes no lock that another thread of this library holds: those of the
    // two streams this thread has, and memory has its own way (pthread_atfork).
    let process = unsafe { libc::fork() };
    drop(lines);
    match process {
        -1 => Err(std::io::Error::last_os_error()),
        0 => {
            end_with(parent);
            Ok(None)
        }
        process => Ok(Pid::from_raw(process)),
    }
}

/// Has this copy end with its parent, and adopt what its own programs leave.
fn end_with(parent: Pid) {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    if rustix::process::getppid() != Some(parent) {
        signal_hook::low_level::exit(1);
    }
}

/// In the copy: runs the task, reports and ends.
fn serve(runner: &mut Runner, order: &Order, arguments: &[u8], mut to: File) -> ! {
    let run = || {
        runner.run(order, arguments, &mut |parts| {
            // Where nobody reads it rank 0 is gone.
            parts.iter().for_each(|part| drop(to.write_all(part)));
        });
        let _ = std::io::stdout().flush();
    };
    let ran = catch_unwind(AssertUnwindSafe(run));
    signal_hook::low_level::exit(i32::from(ran.is_err()))
}

/// What the process sends until it ends, or until the task is `asked` to end: then the process is ended, and this is why.
fn receive(from: OwnedFd, process: Pid, asked: impl Fn() -> Option<Cause>) -> (Vec<u8>, Option<Cause>) {
    let mut from = File::from(from);
    let mut sent = Vec::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        if let Some(cause) = asked() {
            let _ = kill_process(process, Signal::KILL);
            return (sent, Some(cause));
        }
        // Interrupted or over, the next look is due.
        let ready = poll(&mut [PollFd::new(&from, PollFlags::IN)], Some(&LOOK));
        if !matches!(ready, Ok(1..)) {
            continue;
        }
        match from.read(&mut piece) {
            Ok(0) => return (sent, None),
            Ok(count) => sent.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return (sent, None),
        }
    }
}

/// Waits for the end of the process.
fn wait_for(process: Pid) -> Option<WaitStatus> {
    loop {
        match waitpid(Some(process), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            ended => return ended.ok().flatten().map(|(_, status)| status),
        }
    }
}

/// What a process ended of, as the end of a sentence.
fn how(status: Option<WaitStatus>) -> String {
    status.and_then(WaitStatus::terminating_signal).map_or(String::new(), |signal| format!(" (signal {signal})"))
}

/// The report that the task failed.
fn failure(order: &Order, took: Duration, (cause, message): (Cause, String)) -> Report {
    let head = ReportHead::new(order.posting, order.chunk.first, order.chunk.attempt, took.as_secs_f64());
    let mut report = None;
    head.send_failure(cause, &message, |parts| report = Report::of_parts(parts));
    report.expect("a report has a head")
}
