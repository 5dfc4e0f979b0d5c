//! What is said to a person on standard error.
//!
//! A line goes out in one write, so that it stays whole beside those of other ranks and of the launcher. Which process speaks,
//! its caller decides. What can't be said, because standard error is closed, ends nothing.

use std::io::Write;

/// Says a line.
pub(crate) fn say(line: &str) {
    put(&format!("{line}\n"));
}

/// Puts text on standard error as it stands, without ending the line.
pub(crate) fn put(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
