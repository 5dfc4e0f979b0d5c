//! What commands print, where nobody reads it or nothing more fits.
//!
//! All that print on standard output: list, schema, ls of a file, a run and a table, status of a run and a sweep, compare, plot, verify, new,
//! `run --check` of a simulation and of a sweep, help and version.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::common::{divisi, finish, root};

const LIMIT: u64 = 60;

/// A run and a sweep.
struct Made(TempDir);

impl Made {
    fn new() -> Self {
        let made = Made(tempfile::tempdir().unwrap());
        let words = ["--steps", "4", "checkpoint.every_steps=2", "output.trajectory_steps=1"];
        let file = root().join("sims/nbody/pythagorean.toml");
        finish(divisi().arg("run").arg(file).args(words).arg("--out").arg(made.run()), LIMIT).expect(0);
        let plan = "simulation = 'sweep'\nparameters.values.x = [1, 2]\ntask.command = ['echo', '{x}']\n";
        fs::write(made.plan(), plan).unwrap();
        finish(divisi().arg("run").arg(made.plan()).arg("--out").arg(made.sweep()), LIMIT).expect(0);
        made
    }

    fn run(&self) -> PathBuf {
        self.0.path().join("run")
    }

    fn plan(&self) -> PathBuf {
        self.0.path().join("plan.toml")
    }

    fn sweep(&self) -> PathBuf {
        self.0.path().join("sweep")
    }

    /// Each command, anew each time it is asked.
    fn commands(&self) -> Vec<Command> {
        let run = self.run();
        let sims = root().join("sims");
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let snapshot = path(&run.join("snapshots/snapshot_000000.hdf5"));
        let lists =
            ["list", "list fluid", "list sweep --markdown", "schema nbody", "--help", "run --help", "--version"];
        let mut lines: Vec<String> = lists.map(str::to_owned).into();
        lines.extend([
            format!("ls {snapshot}"),
            format!("ls {}", path(&run)),
            format!("ls {}", path(&run.join("history.csv"))),
            format!("status {}", path(&run)),
            format!("status {}", path(&self.sweep())),
            format!("compare {0} {0}", path(&run)),
            format!("plot {} --out {}", path(&run.join("history.csv")), path(&self.0.path().join("figures"))),
            format!("verify {}", path(&run)),
            format!(
                "run {} --check --out {}",
                path(&sims.join("nbody/pythagorean.toml")),
                path(&self.0.path().join("none"))
            ),
            format!("run {} --check --out {}", path(&self.plan()), path(&self.0.path().join("none"))),
            "new pendulum --divisi /".to_owned(),
        ]);
        let command = |line: &String| {
            let mut command = divisi();
            command.args(line.split(' ')).current_dir(self.0.path());
            command
        };
        lines.iter().map(command).collect()
    }

    /// What a command left that would stop the next one.
    fn clean(&self) {
        fs::remove_dir_all(self.0.path().join("pendulum")).ok();
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure_and_a_full_disk_is_one() {
    let made = Made::new();
    for index in 0..made.commands().len() {
        made.clean();
        let mut usual = made.commands().remove(index);
        let told = finish(&mut usual, LIMIT);
        assert!(!told.stdout.is_empty() || told.status == Some(2), "{usual:?}: {told:?}");
        made.clean();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut gone = made.commands().remove(index);
        let ended = gone.stdin(Stdio::null()).stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!said.contains("pipe") && !said.contains("panic"), "{gone:?}: {said}");
        assert_eq!(ended.status.code(), told.status, "{gone:?}: {said}");
        if told.status != Some(0) {
            continue;
        }
        made.clean();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut filled = made.commands().remove(index);
        let ended = filled.stdin(Stdio::null()).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{filled:?}: {said}");
        assert!(said.contains("cannot write standard output") && !said.contains("panic"), "{filled:?}: {said}");
    }
}
