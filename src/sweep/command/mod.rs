//! External programs as tasks: each task starts one, and its output is the result.
//!
//! In order: the program is started directly, without a shell ([but in Slurm](warning)), in its own process group, with `/dev/null` as input and an
//! environment without the launcher's variables; its output and errors are read while it runs, the end of each is kept; when it
//! ends, runs too long or is cancelled, its whole group is ended, it is reaped, and what it left elsewhere is ended; then the output
//! is read as a number, a text or JSON. Should this process die, a guard ends its programs.
//!
//! A program that stays for many tasks is a [worker](super::worker).

mod child;
mod environment;
mod failure;
mod guard;
mod leftovers;
mod output;
mod tail;
#[cfg(test)]
mod tests;
mod warning;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use crate::base::whole::create_anew;
use crate::sweep::value::Outcome;
use crate::{Error, Result};
pub(super) use child::Child;
use environment::Environment;
pub(crate) use failure::ended_with;
pub(crate) use failure::{Failure, FailureKind};
pub(super) use failure::{Watch, shown};
use guard::Guard;
use leftovers::Leftovers;
pub(crate) use output::Output;
pub(crate) use tail::Tail;

/// So much of a program's output is kept, and of its errors, in bytes.
const KEPT: usize = 16 << 20;

/// Starts the programs of a rank. One per rank is enough; a copy is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    environment: Arc<Environment>,
    guard: Arc<Guard>,
    leftovers: Arc<Leftovers>,
}

/// One program to run for a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command<'a> {
    /// The program and its arguments. A name without `/` is looked up in `PATH`.
    pub argv: &'a [String],
    /// What its output means.
    pub output: Output,
    /// The folder that it runs in; this process's own if there is none.
    pub folder: Option<&'a Path>,
    /// How long it may run.
    pub time_limit: Option<Duration>,
    /// The task's index, in the program's environment as `DIVISI_TASK`.
    pub task: u64,
    /// Which attempt this is, from 1 on: `DIVISI_ATTEMPT`.
    pub attempt: u32,
    /// The task's seed: `DIVISI_SEED`.
    pub seed: u64,
}

/// What came of a program.
#[derive(Debug)]
pub(crate) struct Report {
    /// Its outcome, or why there is none.
    pub result: std::result::Result<Outcome, Failure>,
    /// The end of its standard output: 16 MiB at most.
    pub stdout: Tail,
    /// The end of its standard error: 16 MiB at most.
    pub stderr: Tail,
}

impl Programs {
    /// For a rank with so many cores, in the environment that this process has now.
    pub(crate) fn new(cores: usize) -> Self {
        let guard = Guard::new();
        let leftovers = Leftovers::new(guard.mark());
        Programs {
            environment: Arc::new(Environment::new(cores)),
            guard: Arc::new(guard),
            leftovers: Arc::new(leftovers),
        }
    }

    /// Runs a program to its end, or to its time limit, or until `cancelled` is true: it is asked every 50 ms at least.
    ///
    /// When this returns, nothing that the program started runs any more.
    pub(crate) fn run(&self, command: &Command, cancelled: &dyn Fn() -> bool) -> Report {
        let watch = Watch::new(command.time_limit, cancelled);
        let started = self.prepare(command.argv, command.folder).and_then(|mut prepared| {
            prepared.env("DIVISI_TASK", command.task.to_string());
            prepared.env("DIVISI_ATTEMPT", command.attempt.to_string());
            prepared.env("DIVISI_SEED", command.seed.to_string());
            self.start(&mut prepared, Stdio::null(), [KEPT; 2])
                .map_err(|error| cannot_start(&command.argv[0], command.folder, &error))
        });
        match started {
            Ok(mut child) => {
                let result =
                    follow(&mut child, command, &watch).map_err(|failure| failure.with_stderr(&child.errors.tail));
                let (stdout, stderr) = child.into_tails();
                Report { result, stdout, stderr }
            }
            Err(failure) => Report { result: Err(failure), stdout: Tail::new(0), stderr: Tail::new(0) },
        }
    }

    /// A program that is ready to be started, with the environment of tasks.
    pub(crate) fn prepare(
        &self,
        argv: &[String],
        folder: Option<&Path>,
    ) -> std::result::Result<std::process::Command, Failure> {
        let [program, arguments @ ..] = argv else {
            return Err(Failure::new(FailureKind::Start, "cannot start a program: its command is empty"));
        };
        // A path is meant from here, not from the folder that the program runs in.
        let path = if program.contains('/') {
            std::path::absolute(program).map_err(|error| Failure::start(program, &error))?
        } else {
            program.into()
        };
        let mut prepared = if warning::comes_from_slurm() {
            warning::without_warnings(&path).map_err(|error| Failure::start(program, &error))?
        } else {
            std::process::Command::new(path)
        };
        prepared.args(arguments);
        if let Some(folder) = folder {
            prepared.current_dir(folder);
        }
        self.environment.apply(&mut prepared);
        prepared.env(leftovers::MARK, self.guard.mark());
        Ok(prepared)
    }

    /// Keeps this process's descriptors but the standard ones from programs that are started later by other means than here.
    pub(crate) fn keep_descriptors() {
        child::keep_descriptors();
    }

    /// Ends what programs of this process have left behind. None may be at work.
    pub(crate) fn end_leftovers(&self) {
        self.leftovers.end();
    }

    /// Starts a prepared program; `kept` is how many bytes of its output, and of its errors, are kept.
    pub(super) fn start(
        &self,
        prepared: &mut std::process::Command,
        stdin: Stdio,
        kept: [usize; 2],
    ) -> std::io::Result<Child> {
        Child::start(prepared, stdin, kept, &self.leftovers)
    }
}

impl Report {
    /// Writes what is kept of output and errors to the files `stdout` and `stderr` of a folder.
    ///
    /// # Errors
    /// If they can't be written.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        [("stdout", &self.stdout), ("stderr", &self.stderr)].into_iter().try_for_each(|(name, tail)| {
            let path = folder.join(name);
            let written = create_anew(&path).and_then(|mut file| file.write_all(tail.bytes()));
            written.map_err(Error::io("write", path))
        })
    }
}

/// Waits for a program's end, or brings it about.
fn follow(child: &mut Child, command: &Command, watch: &Watch) -> std::result::Result<Outcome, Failure> {
    loop {
        if let Some(kind) = watch.over() {
            // Its status means nothing: it did not end by itself.
            let _ = child.stop();
            return Err(Failure::stopped(kind, command.time_limit));
        }
        if child.wait(watch.patience()) {
            break;
        }
    }
    match child.finish() {
        Ok(status) if status.success() => {
            command.output.outcome(&child.output.tail).map_err(|reason| Failure::new(FailureKind::Output, reason))
        }
        Ok(status) => Err(Failure::ended("the program", status)),
        Err(error) => Err(Failure::new(FailureKind::Exit, format!("its exit status is lost: {error}"))),
    }
}

/// The failure to start a program; a folder that is missing looks to the system like a program that is.
pub(super) fn cannot_start(program: &str, folder: Option<&Path>, error: &std::io::Error) -> Failure {
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Failure::start(program, &format_args!("its folder {} is missing", folder.display())),
        None => Failure::start(program, error),
    }
}
