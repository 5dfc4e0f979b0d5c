//! Commands of a set-up that may be broken: where they are, and what they say within a limit of time.

use std::env;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at a command.
const BETWEEN: Duration = Duration::from_millis(20);

/// How a command that may be broken did.
pub(super) enum Trial {
    Ended {
        is_done: bool,
        stdout: String,
        stderr: String,
    },
    /// It took longer than its limit, and was killed.
    Late,
    NotStarted(String),
}

/// Runs a command, for so long at most.
pub(super) fn try_command(command: &mut Command, limit: Duration) -> Trial {
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => return Trial::NotStarted(error.to_string()),
    };
    let stdout = child.stdout.take().map(text_of);
    let stderr = child.stderr.take().map(text_of);
    let Some(is_done) = ended(&mut child, limit) else { return Trial::Late };
    // What it left behind may keep its output open.
    let text = |told: Option<mpsc::Receiver<String>>| {
        told.and_then(|told| told.recv_timeout(Duration::from_secs(2)).ok()).unwrap_or_default()
    };
    Trial::Ended { is_done, stdout: text(stdout), stderr: text(stderr) }
}

/// Reads on a thread of its own, so that no full pipe holds a command up.
fn text_of(mut from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        tell.send(String::from_utf8_lossy(&bytes).into_owned())
    });
    told
}

/// Whether it ended with status 0; nothing where it didn't end in time.
fn ended(child: &mut Child, limit: Duration) -> Option<bool> {
    let began = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.success());
        }
        if began.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(BETWEEN);
    }
}

/// The programs of this name, those that come first in PATH first.
pub(super) fn in_path(name: &str) -> Vec<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = Vec::new();
    for path in env::split_paths(&folders).map(|folder| folder.join(name)) {
        let is_program = rustix::fs::access(&path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file();
        let is_same = |other: &PathBuf| other.canonicalize().ok() == path.canonicalize().ok();
        if is_program && !found.iter().any(is_same) {
            found.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_hang_or_are_missing_are_told() {
        let short = Duration::from_millis(100);
        let began = Instant::now();
        assert!(matches!(try_command(Command::new("sleep").arg("60"), short), Trial::Late));
        assert!(began.elapsed() < Duration::from_secs(5));
        assert!(matches!(try_command(&mut Command::new("/nowhere/mpirun"), short), Trial::NotStarted(_)));
        // One that leaves a process behind with its output open.
        let left =
            try_command(Command::new("sh").args(["-c", "sleep 4 & echo x >&2; exit 3"]), Duration::from_secs(10));
        assert!(matches!(left, Trial::Ended { is_done: false, .. }));
    }
}
