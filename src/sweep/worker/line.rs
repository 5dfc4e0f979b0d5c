//! The lines between a rank and its worker.

use std::io::Write;

use serde::{Serialize, Serializer};

use super::Request;
use crate::sweep::command::{Failure, FailureKind, shown};
use crate::sweep::json::{Document, Members};
use crate::sweep::value::{Outcome, Value};

/// What an answer holds. A line with one of them that begins as an object is meant as an answer, JSON or not; one that begins with
/// it is a piece of an answer.
const ANSWERS: [&str; 2] = [r#""result""#, r#""error""#];

/// What some programs write before their first letter.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A task, as a worker gets it.
#[derive(Serialize)]
pub(super) struct Question<'a> {
    task: u64,
    attempt: u32,
    seed: u64,
    #[serde(serialize_with = "as_object")]
    parameters: &'a [(String, Value)],
}

impl<'a> Question<'a> {
    pub(super) fn new(request: &Request<'a>) -> Self {
        let &Request { task, attempt, seed, parameters, .. } = request;
        Question { task, attempt, seed, parameters }
    }

    /// Puts the line in the place of another.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        line.clear();
        // Neither numbers nor texts can fail to become JSON, and a Vec takes all.
        let _ = serde_json::to_writer(&mut *line, self);
        let _ = line.write_all(b"\n");
    }
}

fn as_object<S: Serializer>(parameters: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(parameters.iter().map(|(name, value)| (name, value.to_json())))
}

/// A line that a worker wrote.
pub(super) enum Line {
    /// The answer to a task.
    Answer(Answer),
    /// Meant as an answer, but no JSON; in words.
    Broken(String),
    /// Anything else.
    Log,
}

/// The answer to a task.
pub(super) struct Answer {
    /// The number that it names, as written.
    task: Option<String>,
    result: Result<Document, Document>,
}

impl Line {
    /// What a line is.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim().trim_start_matches(BYTE_ORDER_MARK).trim_start();
        if ANSWERS.iter().any(|key| text.starts_with(key)) {
            let reason = "the worker's answer is spread over several lines; it must be one line";
            return Line::Broken(format!("{reason}: {}", shown(text)));
        }
        if !text.starts_with('{') {
            return Line::Log;
        }
        let document = match std::str::from_utf8(bytes) {
            Ok(_) => Document::read(text).map_err(|reason| format!("no JSON ({reason})")),
            Err(_) => Err("not UTF-8 text".to_owned()),
        };
        let answer = document.and_then(|document| {
            let members = document.members().map_err(|reason| format!("of no use ({reason})"))?;
            Ok(members.and_then(|members| Answer::of(&document, &members)))
        });
        match answer {
            Ok(answer) => answer.map_or(Line::Log, Line::Answer),
            Err(reason) if ANSWERS.iter().any(|key| text.contains(key)) => {
                Line::Broken(format!("the worker's answer is {reason}: {}", shown(text)))
            }
            Err(_) => Line::Log,
        }
    }
}

impl Answer {
    /// The answer in an object, if it is one.
    fn of(document: &Document, members: &Members) -> Option<Self> {
        let result = match (members.get("error"), members.get("result")) {
            (Some(error), _) => Err(document.part(error)),
            (None, Some(result)) => Ok(document.part(result)),
            (None, None) => return None,
        };
        Some(Answer { task: members.get("task").map(|task| task.get().to_owned()), result })
    }

    /// The outcome that it has for a task.
    pub(super) fn outcome(self, task: u64) -> Result<Outcome, Failure> {
        let wrong = |reason: String| Failure::new(FailureKind::Output, reason);
        match self.task {
            Some(own) if own.parse() == Ok(task) => {}
            Some(other) => return Err(wrong(format!("the worker answered to task {other}, not to task {task}"))),
            None => {
                let reason = format!("it must have the number of its task, \"task\": {task}");
                return Err(wrong(format!("the worker's answer doesn't say to what: {reason}")));
            }
        }
        match self.result {
            Ok(result) => {
                result.outcome().map_err(|reason| wrong(format!("the worker's answer cannot be used: {reason}")))
            }
            Err(error) => {
                let text = error.text();
                Err(Failure::new(FailureKind::Error, serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())))
            }
        }
    }
}
