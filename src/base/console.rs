//! What a person reads: messages on standard error, what a command reports on standard output.
//!
//! A line is written in one call, so that it stays whole beside those of other ranks and of the launcher. The caller decides which
//! process writes. A message that can't be written, because standard error is closed, ends nothing. A report that can't be written
//! is an error, unless nobody reads it any more.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};

use crate::{Error, Result};

/// Says a line; signs of control in it are shown, not sent.
pub(crate) fn say(line: &str) {
    put(&format!("{}\n", visible(line)));
}

/// Says why something failed: on a terminal the program's name stands in red, unless NO_COLOR is set.
pub(crate) fn complain(reason: &str) {
    let name = console::style("divisi:").for_stderr().red().bold();
    put(&format!("{name} {}\n", visible(reason)));
}

/// A text whose signs of control, but ends of lines and tabs, are written out: a name from somebody's file could command a terminal.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if commands(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Writes text to standard error as it is, without ending the line.
pub(crate) fn put(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Prints what a command reports; signs of control in it are shown, not sent.
///
/// # Errors
/// When standard output takes no more, on a full disk say. A reader that has gone, as `head` does, has what it wanted: no error.
pub(crate) fn print(text: &str) -> Result<()> {
    print_by(|out| out.write_all(visible(text).as_bytes()))
}

/// Prints by a function that writes to standard output by itself.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = io::stdout();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::io("write", "standard output")),
    }
}

/// A number as a message shows it: with an exponent where it would have many zeros without.
pub(crate) fn number_text(number: f64) -> String {
    if is_plain(number) { format!("{number}") } else { format!("{number:e}") }
}

/// A number with six decimals, or six digits behind the first where that shows none or too many.
pub(crate) fn six_decimals(number: f64) -> String {
    if is_plain(number) { format!("{number:.6}") } else { format!("{number:.6e}") }
}

fn is_plain(number: f64) -> bool {
    number == 0.0 || !number.is_finite() || (1e-4..1e15).contains(&number.abs())
}

/// So much of a message is kept, in bytes.
const LONGEST: usize = 4096;

/// A message as it is, or its beginning with how long it was.
pub(crate) fn shortened(mut message: String) -> String {
    let all = message.len();
    if all > LONGEST {
        message.truncate(beginning(&message, LONGEST).len());
        message += &format!("... ({all} bytes in all)");
    }
    message
}

/// The beginning of a text that ends between two letters, of so many bytes at most.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=text.len().min(most)).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// A number of bytes in the largest unit of which there is one, with so many digits after the point; below a kilobyte whole, in `ones`.
pub(crate) fn bytes_text(bytes: f64, digits: usize, ones: &str) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.digits$} {name}", bytes / unit),
        None => format!("{bytes:.0} {ones}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_an_exponent_instead_of_many_zeros() {
        let told = [0.0, 0.5, -2.0, 1e-4, 1e-298, 1e30, f64::INFINITY, f64::NAN].map(number_text);
        assert_eq!(told, ["0", "0.5", "-2", "0.0001", "1e-298", "1e30", "inf", "NaN"]);
        let told = [0.0, 0.5, 1e-298, -1e30, f64::NAN].map(six_decimals);
        assert_eq!(told, ["0.000000", "0.500000", "1.000000e-298", "-1.000000e30", "NaN"]);
    }

    /// ESC, the bell, a carriage return, a control of eight bits; letters, tabs and ends of lines stay.
    #[test]
    fn signs_of_control_are_shown_not_sent() {
        assert_eq!(visible("body \u{1b}]0;x\u{7}\r\u{9b}31m"), "body \\u{1b}]0;x\\u{7}\\r\\u{9b}31m");
        assert!(matches!(visible("é\t{}\n"), Cow::Borrowed("é\t{}\n")));
    }

    #[test]
    fn a_long_message_is_cut_between_letters_and_says_so() {
        assert_eq!(shortened("why".to_owned()), "why");
        let told = shortened("x".to_owned() + &"é".repeat(5_000_000));
        assert!(told.starts_with("xé") && told.ends_with("é... (10000001 bytes in all)"), "{}", &told[..20]);
        assert_eq!(told.len(), 4095 + "... (10000001 bytes in all)".len());
    }
}
