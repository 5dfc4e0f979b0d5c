//! Other codes, from PyPI in target/peers: measured by benches/bench/peers.py.

use std::path::Path;
use std::process::Command;

/// The interpreter that has them.
pub(crate) const PYTHON: &str = "target/peers/bin/python";

/// Whether the peers are installed.
pub(crate) fn are_here() -> bool {
    Path::new(PYTHON).exists()
}

/// The number that `peers.py WORDS` prints.
pub(crate) fn measure(words: &[&str]) -> Option<f64> {
    measure_with("benches/bench/peers.py", words)
}

/// The number that a script of that name prints at its end.
pub(crate) fn measure_with(script: &str, words: &[&str]) -> Option<f64> {
    if !are_here() {
        return None;
    }
    let output = Command::new(PYTHON).arg(script).args(words).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = text.split_whitespace().last().and_then(|word| word.parse().ok());
    if value.is_none() {
        eprintln!("bench: {script} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    value
}
