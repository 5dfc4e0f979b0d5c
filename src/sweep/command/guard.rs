//! Programs end with the process that started them, even if that is killed by a signal that it cannot catch.
//!
//! All programs of a process carry its mark in their environment. A shell waits at the end of a pipe that only this process
//! writes: a line means that all is well; the end of the pipe without a line means that the process has died. Then the shell
//! kills all that carries the mark, repeatedly for half a second, since a program may be starting just then. It also finds
//! processes that a program started and those that moved to another process group. A program that clears its environment escapes
//! here; while its process lives it doesn't ([leftovers](super::leftovers)).
//!
//! Linux could send a child a signal at its parent's death (`PR_SET_PDEATHSIG`), but that is asked for between fork and exec, needs
//! a fork that copies page tables, and reaches the child alone. Where there is no `/proc` or no shell, there is no guard.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use super::leftovers::MARK;

/// `$1` is the mark with its variable. Signals that are meant for the whole job must not end the guard before its time.
const SCRIPT: &str = r#"
trap '' HUP INT TERM USR1 USR2
read -r line && exit 0
for round in 1 2 3 4 5; do
    for file in $(printf '%s\0' /proc/[0-9]*/environ | xargs -0 grep -lszxF -e "$1"); do
        process=${file#/proc/}
        kill -KILL "${process%/environ}"
    done
    sleep 0.1
done
"#;

/// The shell that waits for this process's death.
#[derive(Debug)]
pub(super) struct Guard {
    shell: Option<Child>,
    mark: String,
}

impl Guard {
    /// Starts to wait.
    pub(super) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mark = format!("{}.{now}", std::process::id());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "guard"]).arg(format!("{MARK}={mark}")).process_group(0);
        // It outlives this process: whoever adopts it then must not take it for something that one of its own programs left.
        command.env(MARK, format!("guard of {mark}"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Guard { shell: command.spawn().ok(), mark }
    }

    /// The mark of this process's programs.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(mut shell) = self.shell.take() else { return };
        // A shell that is gone needs no word.
        let _ = shell.stdin.take().map(|mut pipe| pipe.write_all(b"\n"));
        let _ = shell.wait();
    }
}
