//! One question to a worker and what it writes until the answer.
//!
//! A line ends with LF, CR or both. An answer is whole with its last brace, so one at the end of the stream needs no line's end.

use std::process::ExitStatus;

use super::line::{Answer, Line};
use super::{LONGEST, Request};
use crate::sweep::command::{Child, Failure, FailureKind, Watch, shown};
use crate::sweep::value::Outcome;

/// A question under way.
pub(super) struct Dialogue<'a> {
    pub child: &'a mut Child,
    /// Bytes of the question that were sent.
    pub sent: usize,
    /// The last line since the question that is no answer.
    pub no_answer: Option<String>,
    /// How the worker has ended, if it has.
    pub status: Option<std::io::Result<ExitStatus>>,
    /// Gets what is no answer.
    pub log: &'a mut dyn FnMut(&str),
}

impl Dialogue<'_> {
    /// Sends a line and waits for the answer.
    pub(super) fn ask(&mut self, request: &Request, line: &[u8], watch: &Watch) -> Result<Outcome, Failure> {
        // What came since the last answer belongs to no task.
        if self.next_answer()?.is_some() {
            return Err(Failure::new(FailureKind::Output, "the worker answered twice to an earlier task"));
        }
        self.no_answer = None;
        loop {
            if let Some(kind) = watch.over() {
                return Err(Failure::stopped(kind, request.time_limit));
            }
            let left = &line[self.sent..];
            // An input that nobody reads any more: the worker is about to end.
            let is_open = self.child.write(left).map(|written| self.sent += written).is_ok();
            let is_sent = self.sent == line.len() || !is_open;
            let patience = watch.patience();
            let ended = if is_sent { self.child.wait(patience) } else { self.child.wait_for_room(patience) };
            if ended {
                self.status = Some(self.child.finish());
            }
            if let Some(answer) = self.next_answer()? {
                return answer.outcome(request.task);
            }
            if let Some(status) = &self.status {
                return Err(died(status));
            }
        }
    }

    /// Whether the worker has read nothing of the question.
    pub(super) fn is_unread(&self) -> bool {
        self.child.unread() == Some(self.sent)
    }

    /// The failure of a worker that gave no answer in time, with what it wrote instead.
    pub(super) fn with_no_answer(&self, failure: Failure) -> Failure {
        if !matches!(failure.kind, FailureKind::TimeLimit | FailureKind::Exit | FailureKind::Signal) {
            return failure;
        }
        let rest = String::from_utf8_lossy(self.child.output.tail.bytes());
        let line = if rest.trim().is_empty() { self.no_answer.as_deref() } else { Some(rest.trim()) };
        let told =
            line.map(|line| format!("{}; the last that it wrote is no answer: {}", failure.message, shown(line)));
        Failure { message: told.unwrap_or_else(|| failure.message.clone()), ..failure }
    }

    /// The next answer among the lines that came; the others go to the log.
    fn next_answer(&mut self) -> Result<Option<Answer>, Failure> {
        if self.child.output.tail.cut() > 0 {
            let reason = format!("the worker wrote a line of more than {} MiB", LONGEST >> 20);
            return Err(Failure::new(FailureKind::Output, reason));
        }
        let bytes = self.child.output.tail.bytes();
        let mut read = 0;
        let mut found = Ok(None);
        while let Some(length) = bytes[read..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let line = &bytes[read..read + length];
            read += length + 1;
            match Line::read(line) {
                // Between CR and LF there is nothing.
                Line::Log if line.trim_ascii().is_empty() => {}
                Line::Log => {
                    let text = String::from_utf8_lossy(line);
                    (self.log)(&text);
                    self.no_answer = Some(shown(text.trim()));
                }
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
        if let (Ok(None), Some(answer)) = (&found, unended(&bytes[read..])) {
            read = bytes.len();
            found = Ok(Some(answer));
        }
        self.child.output.tail.consume(read);
        found
    }
}

/// The answer that bytes without a line's end are, if they are one.
fn unended(bytes: &[u8]) -> Option<Answer> {
    if !bytes.trim_ascii_end().ends_with(b"}") {
        return None;
    }
    match Line::read(bytes) {
        Line::Answer(answer) => Some(answer),
        Line::Broken(_) | Line::Log => None,
    }
}

/// The failure of a worker that ended by itself.
fn died(status: &std::io::Result<ExitStatus>) -> Failure {
    match status {
        Ok(status) => Failure::ended("the worker, without an answer,", *status),
        Err(error) => Failure::new(FailureKind::Exit, format!("the worker's exit status is lost: {error}")),
    }
}
