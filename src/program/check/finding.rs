//! One thing that was looked at.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::console::bytes_text;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Fine,
    /// Runs work, but slower than they could, or it may come to matter.
    Doubtful,
    /// Runs fail.
    Wrong,
}

/// What was found of one thing, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finding {
    /// In a word or two, what it is about.
    pub about: String,
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do; empty where there is nothing to do.
    pub advice: String,
}

impl Finding {
    pub(super) fn fine(about: &str, found: impl Into<String>) -> Self {
        Finding { about: about.to_owned(), level: Level::Fine, found: found.into(), advice: String::new() }
    }

    pub(super) fn doubtful(about: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding { about: about.to_owned(), level: Level::Doubtful, found: found.into(), advice: advice.into() }
    }

    pub(super) fn wrong(about: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding { level: Level::Wrong, ..Finding::doubtful(about, found, advice) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { about, level, found, advice } = self;
        let word = match level {
            Level::Fine => "fine",
            Level::Doubtful => "look",
            Level::Wrong => "WRONG",
        };
        writeln!(f, "{word:<6} {about:<16} {found}")?;
        if advice.is_empty() { Ok(()) } else { writeln!(f, "{:>6} {:<16} -> {advice}", "", "") }
    }
}

/// A number of bytes in the unit that fits.
pub(super) fn size(bytes: f64) -> String {
    bytes_text(bytes, 3, "bytes")
}
