//! Keeps from programs the signals that warn a job of its end.
//!
//! Slurm's USR1 before the time limit and USR2 of `divisi cancel` ask this rank to begin no more tasks. Where Slurm follows processes by
//! their parents (`ProctrackType=proctrack/linuxproc`), it sends what is meant for a step to all that the step's ranks have started too,
//! one process after the other. A program that knows nothing of such a signal dies by it; worse, a shell whose command has died can
//! go on and end well before it is hit itself, and its output would be taken for a result.
//!
//! So in a step of Slurm a shell tells the system to ignore both and becomes the program; what is ignored stays so when a program is
//! started, unless that program asks for the signal. Elsewhere programs are started directly.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Command;

use rustix::fs::{Access, access};

const IGNORE: &str = r#"trap '' USR1 USR2; exec "$0" "$@""#;

/// Whether this process is in a step of Slurm.
pub(super) fn comes_from_slurm() -> bool {
    env::var_os("SLURM_STEP_ID").is_some()
}

/// The command that starts a program without the signals.
///
/// # Errors
/// If there is no such program: from the shell one would not learn it.
pub(super) fn without_warnings(program: &Path) -> io::Result<Command> {
    if !is_there(program) {
        return Err(io::Error::from_raw_os_error(rustix::io::Errno::NOENT.raw_os_error()));
    }
    let mut command = Command::new("/bin/sh");
    command.args(["-c", IGNORE]).arg(program);
    Ok(command)
}

fn is_there(program: &Path) -> bool {
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        return access(program, Access::EXISTS).is_ok();
    }
    let paths = env::var_os("PATH").unwrap_or_else(|| OsStr::new("/bin:/usr/bin").to_owned());
    env::split_paths(&paths).any(|folder| access(folder.join(program), Access::EXEC_OK).is_ok())
}
