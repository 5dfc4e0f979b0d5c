//! A program that stays for many tasks: one JSON line in, one JSON line out.
//!
//! A rank has one worker. It is started at its first task, and anew when it has died or was ended. A task is a line
//! `{"task": 7, "attempt": 1, "seed": 42, "parameters": {"x": 0.5}}` on its standard input; the answer is a line
//! `{"task": 7, "result": ...}` or `{"task": 7, "error": "..."}` on its standard output. Any other line is a message to the user and
//! is passed on. The end of its input asks it to end; one that doesn't is ended after two seconds.
//!
//! An answer belongs to the task whose number it has, never to the one that happens to wait: so an answer without a number is a
//! failure, and no worker is asked about a task twice.
//! Whatever else is wrong with the answers ends the worker: nobody could know what its next ones mean.
//!
//! Standard error is read while a task is at work; its end becomes part of a failure's message.

mod dialogue;
mod line;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use super::command::{Child, Failure, FailureKind, Programs, Watch, cannot_start};
use super::value::{Outcome, Value};
use dialogue::Dialogue;
use line::Question;

/// The longest line that a worker may write, in bytes.
const LONGEST: usize = 16 << 20;
/// So much of a worker's standard error is kept, in bytes.
const ERRORS_KEPT: usize = 64 << 10;
/// So long a worker may take to end after its last task.
const FAREWELL: Duration = Duration::from_secs(2);

/// A task for a worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
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
pub(crate) struct Worker {
    programs: Programs,
    argv: Vec<String>,
    folder: Option<PathBuf>,
    running: Option<Running>,
    /// The line that is sent.
    sent: Vec<u8>,
}

/// The program at work.
#[derive(Debug)]
struct Running {
    child: Child,
    /// Tasks that it has answered with an error. Another attempt at one is another worker's, so that the number means one question.
    failed: HashSet<u64>,
}

/// What came of a question.
struct Asked {
    answer: Result<Outcome, Failure>,
    /// Whether the program has ended without having read anything of it.
    is_unread: bool,
}

impl Worker {
    /// A worker by its program and its arguments, to run in `folder` or in this process's own. It is started at its first task.
    pub(crate) fn new(programs: &Programs, argv: Vec<String>, folder: Option<PathBuf>) -> Self {
        Worker { programs: programs.clone(), argv, folder, running: None, sent: Vec::new() }
    }

    /// Has a task done. It ends early when its time limit is over or `cancelled` is true, which is asked every 50 ms at least;
    /// then the program is ended, and another one started for the next task.
    ///
    /// `log` gets every line that is no answer.
    ///
    /// # Errors
    /// If the worker reports so, writes what is no answer, dies, can't be started, or must be ended.
    pub(crate) fn run(
        &mut self,
        request: &Request,
        cancelled: &dyn Fn() -> bool,
        log: &mut dyn FnMut(&str),
    ) -> Result<Outcome, Failure> {
        let watch = Watch::new(request.time_limit, cancelled);
        Question::new(request).write(&mut self.sent);
        if let Some(running) = self.ready_for(request.task) {
            let asked = self.ask(running, request, &watch, log);
            // One that came to its end since its last answer is no matter of this task.
            if !asked.is_unread {
                return asked.answer;
            }
        }
        let running = self.start()?;
        self.ask(running, request, &watch, log).answer
    }

    /// Has the program end: its input ends, and it is ended itself after two seconds.
    pub(crate) fn close(&mut self) {
        let Some(Running { mut child, .. }) = self.running.take() else { return };
        child.close_input();
        let _ = if child.wait_at_most(FAREWELL) { child.finish() } else { child.stop() };
    }

    /// The program, if there is one that lives and has not been asked about this task.
    fn ready_for(&mut self, task: u64) -> Option<Running> {
        if self.running.as_ref().is_some_and(|running| running.failed.contains(&task)) {
            self.close();
        }
        self.running.take().and_then(|mut running| (!running.child.wait(Duration::ZERO)).then_some(running))
    }

    fn start(&self) -> Result<Running, Failure> {
        let mut prepared = self.programs.prepare(&self.argv, self.folder.as_deref())?;
        let child = (self.programs.start(&mut prepared, Stdio::piped(), [LONGEST, ERRORS_KEPT]))
            .map_err(|error| cannot_start(&self.argv[0], self.folder.as_deref(), &error))?;
        Ok(Running { child, failed: HashSet::new() })
    }

    /// Sends the line and waits for the answer. The program stays for the next task, unless it has ended or must be ended.
    fn ask(&mut self, mut running: Running, request: &Request, watch: &Watch, log: &mut dyn FnMut(&str)) -> Asked {
        let mut dialogue = Dialogue { child: &mut running.child, sent: 0, no_answer: None, status: None, log };
        let answer = dialogue.ask(request, &self.sent, watch).map_err(|failure| dialogue.with_no_answer(failure));
        let has_ended = dialogue.status.is_some();
        let is_unread = has_ended && answer.is_err() && dialogue.is_unread();
        let child = &mut running.child;
        // A worker that itself reported the failure goes on.
        let is_usable = answer.as_ref().map_or_else(|failure| failure.kind == FailureKind::Error, |_| true);
        if !is_usable && !has_ended {
            let _ = child.stop();
        }
        let answer = answer.map_err(|failure| failure.with_stderr(&child.errors.tail));
        if answer.is_err() {
            running.failed.insert(request.task);
        }
        if is_usable && !has_ended {
            self.running = Some(running);
        }
        Asked { answer, is_unread }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}
