//! A program that stays for many tasks: one JSON line in, one JSON line out.
//!
//! A rank has one worker. It is started at its first task, and anew when it has died or was ended. A task is a line
//! `{"task": 7, "attempt": 1, "seed": 42, "parameters": {"x": 0.5}}` on its standard input; the answer is a line
//! `{"result": ...}` or `{"error": "..."}` on its standard output, with `"task": 7` in it if it likes to be checked. Any other line
//! is a word to the user and is passed on. The end of its input asks it to end; one that doesn't is ended after two seconds.
//!
//! Standard error is read while a task is at work; its end goes with a failure.
//! An answer that comes when no task waits for one ends the worker: nobody could say to which task it belongs.

mod line;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use super::command::{Child, Failure, FailureKind, Programs, Watch, cannot_start};
use super::value::{Outcome, Value};
use line::{Line, Question};

/// The longest line that a worker may write, in bytes.
const LONGEST: usize = 16 << 20;
/// So much of a worker's standard error is kept, in bytes.
const ERRORS_KEPT: usize = 64 << 10;
/// So long a worker may take to end after its last task.
const FAREWELL: Duration = Duration::from_secs(2);

/// A task for a worker.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The task's index.
    pub task: u64,
    /// Which attempt this is, from 1 on.
    pub attempt: u32,
    /// The task's seed.
    pub seed: u64,
    /// Names and values of its parameters. Numbers that are not finite are sent as `null`.
    pub parameters: &'a [(String, Value)],
    /// How long it may take, with the worker's start where it has to be started.
    pub time_limit: Option<Duration>,
}

/// The worker of a rank. When it is dropped, the program comes to its end.
#[derive(Debug)]
pub struct Worker {
    programs: Programs,
    argv: Vec<String>,
    folder: Option<PathBuf>,
    child: Option<Child>,
    /// The line that is sent.
    sent: Vec<u8>,
}

impl Worker {
    /// A worker by its program and its arguments, to run in `folder` or in this process's own. It is started at its first task.
    pub fn new(programs: &Programs, argv: Vec<String>, folder: Option<PathBuf>) -> Self {
        Worker { programs: programs.clone(), argv, folder, child: None, sent: Vec::new() }
    }

    /// Has a task done. It ends early when its time limit is over or `cancelled` is true, which is asked every 50 ms at least;
    /// then the program is ended, and another one started for the next task.
    ///
    /// `log` is told every line that is no answer.
    ///
    /// # Errors
    /// If the worker says so, writes what is no answer, dies, can't be started, or must be ended.
    pub fn run(
        &mut self,
        request: &Request,
        cancelled: &dyn Fn() -> bool,
        log: &mut dyn FnMut(&str),
    ) -> Result<Outcome, Failure> {
        let watch = Watch::new(request.time_limit, cancelled);
        // One that died since its last answer is no matter of this task.
        let alive = self.child.take().and_then(|mut child| (!child.wait(Duration::ZERO)).then_some(child));
        let mut child = alive.map_or_else(|| self.start(), Ok)?;
        Question::new(request).write(&mut self.sent);
        let answer = ask(&mut child, request, &self.sent, &watch, log).map_err(|failure| {
            if !matches!(failure.kind, FailureKind::Error | FailureKind::Exit | FailureKind::Signal) {
                let _ = child.stop();
            }
            failure.with_stderr(&child.errors.tail)
        });
        // A worker that said itself that the task failed goes on.
        if answer.as_ref().map_or_else(|failure| failure.kind == FailureKind::Error, |_| true) {
            self.child = Some(child);
        }
        answer
    }

    /// Has the program end: its input ends, and it is ended itself after two seconds.
    pub fn close(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        child.close_input();
        let _ = if child.wait_at_most(FAREWELL) { child.finish() } else { child.stop() };
    }

    fn start(&self) -> Result<Child, Failure> {
        let mut prepared = self.programs.prepare(&self.argv, self.folder.as_deref())?;
        Child::start(&mut prepared, Stdio::piped(), LONGEST, ERRORS_KEPT)
            .map_err(|error| cannot_start(&self.argv[0], self.folder.as_deref(), &error))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

/// Sends a line and waits for the answer.
fn ask(
    child: &mut Child,
    request: &Request,
    line: &[u8],
    watch: &Watch,
    log: &mut dyn FnMut(&str),
) -> Result<Outcome, Failure> {
    // What came since the last answer belongs to no task.
    if next_answer(child, log)?.is_some() {
        return Err(Failure::new(FailureKind::Output, "the worker answered twice to an earlier task"));
    }
    let mut left = line;
    loop {
        if let Some(kind) = watch.over() {
            return Err(Failure::stopped(kind, request.time_limit));
        }
        // An input that nobody reads any more: the worker is about to end.
        left = &left[child.write(left).unwrap_or(left.len())..];
        let ended = if left.is_empty() { child.wait(watch.patience()) } else { child.wait_for_room(watch.patience()) };
        if let Some(answer) = next_answer(child, log)? {
            return answer.outcome(request.task);
        }
        if ended {
            return Err(died(child));
        }
    }
}

/// The next answer among the lines that came; the others go to the log.
fn next_answer(child: &mut Child, log: &mut dyn FnMut(&str)) -> Result<Option<line::Answer>, Failure> {
    if child.output.tail.cut() > 0 {
        let reason = format!("the worker wrote a line of more than {} MiB", LONGEST >> 20);
        return Err(Failure::new(FailureKind::Output, reason));
    }
    let bytes = child.output.tail.bytes();
    let mut read = 0;
    let mut found = Ok(None);
    while let Some(length) = bytes[read..].iter().position(|&byte| byte == b'\n') {
        let text = String::from_utf8_lossy(&bytes[read..read + length]);
        read += length + 1;
        match Line::read(&text) {
            Line::Log => log(&text),
            Line::Answer(answer) => {
                found = Ok(Some(answer));
                break;
            }
            Line::Broken(reason) => {
                found = Err(Failure::new(FailureKind::Output, reason));
                break;
            }
        }
    }
    child.output.tail.consume(read);
    found
}

/// The failure of a worker that ended by itself.
fn died(child: &mut Child) -> Failure {
    match child.finish() {
        Ok(status) => Failure::ended("the worker, without an answer,", status),
        Err(error) => Failure::new(FailureKind::Exit, format!("the worker's exit status is lost: {error}")),
    }
}
