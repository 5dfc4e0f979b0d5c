//! The lines between a rank and its worker.

use std::io::Write;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::Request;
use crate::study::command::{Failure, FailureKind, document, finish, shown};
use crate::study::value::{Outcome, Value, outcome_of_json};

/// What an answer holds. A line with one of them that begins as an object is meant as an answer, JSON or not.
const ANSWERS: [&str; 2] = [r#""result""#, r#""error""#];

/// What a worker is told of a task.
#[derive(Serialize)]
pub(super) struct Question<'a> {
    task: u64,
    attempt: u32,
    seed: u64,
    #[serde(serialize_with = "as_object")]
    parameters: &'a [(String, Value)],
}

impl<'a> Question<'a> {
    pub fn new(request: &Request<'a>) -> Self {
        let &Request { task, attempt, seed, parameters, .. } = request;
        Question { task, attempt, seed, parameters }
    }

    /// Puts the line in the place of another.
    pub fn write(&self, line: &mut Vec<u8>) {
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
    task: Option<Json>,
    result: Result<Json, Json>,
}

impl Line {
    /// What a line is.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        if !text.starts_with('{') {
            return Line::Log;
        }
        match document(text) {
            Ok(Json::Object(mut members)) => {
                let task = members.remove("task");
                let result = members.remove("result").map(Ok);
                let result = members.remove("error").map(Err).or(result);
                result.map_or(Line::Log, |result| Line::Answer(Answer { task, result }))
            }
            Err(reason) if ANSWERS.iter().any(|key| text.contains(key)) => {
                Line::Broken(format!("the worker's answer is no JSON ({reason}): {}", shown(text)))
            }
            _ => Line::Log,
        }
    }
}

impl Answer {
    /// The outcome that it tells for a task.
    pub fn outcome(self, task: u64) -> Result<Outcome, Failure> {
        let wrong = |reason: String| Failure::new(FailureKind::Output, reason);
        if let Some(other) = self.task.filter(|other| other.as_u64() != Some(task)) {
            return Err(wrong(format!("the worker answered to task {other}, not to task {task}")));
        }
        match self.result {
            Ok(result) => outcome_of_json(&result)
                .map(finish)
                .map_err(|reason| wrong(format!("the worker's answer cannot be used: {reason}"))),
            Err(Json::String(error)) => Err(Failure::new(FailureKind::Error, error)),
            Err(error) => Err(Failure::new(FailureKind::Error, error.to_string())),
        }
    }
}
