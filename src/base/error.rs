//! The crate's one error type.
//!
//! Every message carries the values that explain it and, where a person can do something about it, says what to do.
//! The library returns these; only [`launch`](crate::comm::launch) and the program print them and choose an exit status.

use std::path::{Path, PathBuf};

/// What can go wrong in Divisi.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Input that cannot be used: a parameter, a line of a file, a command-line argument.
    #[error("{place}: {reason}")]
    Input {
        /// Where the input is: a parameter, a file with its line, an option.
        place: String,
        /// What is wrong with it and what is allowed.
        reason: String,
    },
    /// The operating system refused an operation on a file or folder.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file exists but does not hold what it should.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A number that should be finite is not.
    #[error(
        "step {step}: {quantity} of {place} is {value}: the run stops here, with its last good snapshot and checkpoint kept"
    )]
    NotFinite {
        /// The step that made it.
        step: u64,
        /// Which quantity.
        quantity: String,
        /// Which particle or cell, by its global index or name.
        place: String,
        /// The value.
        value: f64,
    },
    /// A method could not go on: no convergence, a step below its limit.
    #[error("{method}: {reason}")]
    Numerics {
        /// The method.
        method: &'static str,
        /// What happened, with its numbers.
        reason: String,
    },
    /// The launcher and MPI disagree about how many ranks there are, or another launch trap.
    #[error("{0}")]
    Launch(String),
    /// The system gives less than a job needs: ranks that die or can't reach each other, no descriptors, threads or shared memory left.
    #[error("{0}")]
    System(String),
    /// Another rank failed; that rank reports the reason.
    #[error("rank {rank} failed")]
    Elsewhere {
        /// The lowest rank that failed.
        rank: usize,
        /// The exit status that goes with its error.
        status: u8,
    },
    /// A task of a sweep failed for good.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// An error of a user's own simulation.
    #[error(transparent)]
    User(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// How an attempt at a task of a sweep ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// It returned an error.
    Error,
    /// It panicked.
    Panic,
    /// Its rank died.
    Died,
    /// It ran longer than its time limit.
    TimedOut,
    /// It was cancelled, or a task whose result it needed has none.
    Cancelled,
}

/// A task of a sweep that failed for good: its last attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("task {task} failed on rank {rank}, attempt {attempt}: {message}")]
#[non_exhaustive]
pub struct TaskError {
    /// The task's number.
    pub task: u64,
    /// The rank that ran it.
    pub rank: usize,
    /// The number of the attempt, from 1; 0 if it was never begun.
    pub attempt: u32,
    /// How it ended.
    pub cause: Cause,
    /// Its message.
    pub message: String,
}

/// A result whose error is [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Bad input at `place`, for `reason`.
    pub fn input(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Input { place: place.into(), reason: reason.into() }
    }

    /// An operating-system error: `map_err(Error::io("read", path))`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    /// A file that does not hold what it should.
    pub fn file(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Error::File { path: path.as_ref().to_path_buf(), reason: reason.into() }
    }

    /// The exit status of this error: 2 for bad input, 3 for a task that failed for good, 1 for the rest.
    pub fn status(&self) -> u8 {
        match self {
            Error::Input { .. } | Error::Launch(_) => 2,
            Error::Elsewhere { status, .. } => *status,
            Error::Task(_) => 3,
            _ => 1,
        }
    }
}
