//! Why a program made no result.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::tail::Tail;

/// The longest time between two looks at whether a task is cancelled.
const LOOK: Duration = Duration::from_millis(50);
/// So much of a message is shown of what a program wrote, in characters.
const SHOWN: usize = 300;
/// The share of standard error that a failure's message keeps, in bytes.
const STDERR_KEPT: usize = 4096;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FailureKind {
    /// The program could not be started.
    Start,
    /// It ended with another status than 0, or a worker ended before it answered.
    Exit,
    /// A signal ended it.
    Signal,
    /// It ran longer than its time limit and was ended.
    TimeLimit,
    /// It was ended because its task is cancelled.
    Cancelled,
    /// What it wrote is no result.
    Output,
    /// A worker itself reported that the task failed.
    Error,
}

/// A program that made no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// What happened, in one line: the same at every attempt, if the program's own words are.
    pub message: String,
    /// The end of what the program wrote to standard error, 4 KiB at most.
    pub stderr: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// A failure by its message alone.
    pub(in crate::sweep) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Failure { kind, message: message.into(), stderr: String::new() }
    }

    /// The failure of a program that could not be started.
    pub(in crate::sweep) fn start(program: &str, reason: &dyn fmt::Display) -> Self {
        Failure::new(FailureKind::Start, format!("cannot start `{program}`: {reason}"))
    }

    /// The failure of a program that ended by itself.
    pub(in crate::sweep) fn ended(what: &str, status: ExitStatus) -> Self {
        let kind = if status.code().is_some() { FailureKind::Exit } else { FailureKind::Signal };
        Failure::new(kind, ended_with(what, status))
    }

    /// The failure of a program that was ended.
    pub(in crate::sweep) fn stopped(kind: FailureKind, limit: Option<Duration>) -> Self {
        let limit = limit.unwrap_or_default().as_secs_f64();
        let message = match kind {
            FailureKind::TimeLimit => format!("not done within its time limit of {limit} s, and ended"),
            _ => "cancelled".to_owned(),
        };
        Failure::new(kind, message)
    }

    /// With the end of standard error beside it, and its last line in the message.
    pub(in crate::sweep) fn with_stderr(mut self, stderr: &Tail) -> Self {
        let bytes = stderr.bytes();
        let kept = &bytes[bytes.len().saturating_sub(STDERR_KEPT)..];
        self.stderr = String::from_utf8_lossy(kept).into_owned();
        let last = stderr.last_line().filter(|_| !matches!(self.kind, FailureKind::Cancelled | FailureKind::Error));
        if let Some(line) = last {
            self.message = format!("{}; standard error ends with: {}", self.message, shown(&line));
        }
        self
    }
}

/// How something ended, in words.
pub(crate) fn ended_with(what: &str, status: ExitStatus) -> String {
    let killed = status.signal() == Some(Signal::KILL.as_raw());
    let hint = if killed { ", which the system sends where memory is short" } else { "" };
    format!("{what} ended with {status}{hint}")
}

/// A text as a message shows it: its beginning, where it is long.
pub(in crate::sweep) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Looks whether a program must be ended before it has ended itself.
pub(in crate::sweep) struct Watch<'a> {
    began: Instant,
    limit: Option<Duration>,
    cancelled: &'a dyn Fn() -> bool,
}

impl<'a> Watch<'a> {
    /// From now on, at most for `limit`, until `cancelled` is true.
    pub(crate) fn new(limit: Option<Duration>, cancelled: &'a dyn Fn() -> bool) -> Self {
        Watch { began: Instant::now(), limit, cancelled }
    }

    /// Why the program must be ended now, if it must.
    pub(crate) fn over(&self) -> Option<FailureKind> {
        if self.limit.is_some_and(|limit| self.began.elapsed() >= limit) {
            return Some(FailureKind::TimeLimit);
        }
        (self.cancelled)().then_some(FailureKind::Cancelled)
    }

    /// How long one may wait until the next look.
    pub(crate) fn patience(&self) -> Duration {
        self.limit.map_or(LOOK, |limit| limit.saturating_sub(self.began.elapsed()).min(LOOK))
    }
}
