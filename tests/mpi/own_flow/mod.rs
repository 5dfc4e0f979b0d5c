//! A user's own flows: what a problem may say of scalars, obstacles, sides and steps, against exact solutions.
//!
//! The problems are in `flows.rs`; this program in its role is their program, under mpirun and without.

mod checks;
pub(crate) mod flows;

use std::path::PathBuf;
use std::time::Duration;

use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::common::{Ended, assert_same_files, finish, history, mpirun, runner, without_mpirun};

/// The role of a process that is the flows' program.
pub(crate) const ROLE: &str = "own flows";
/// The longest that a check may take.
const LIMIT: Duration = Duration::from_secs(300);

/// A test for each check.
pub(crate) fn tests() -> Vec<Trial> {
    let checks = checks::CHECKS.iter();
    checks.map(|&(claim, check)| runner::test(format!("own flow: {claim}"), LIMIT, check)).collect()
}

/// A parameter file in a folder of its own, and the runs of it.
pub(super) struct Runs(TempDir);

impl Runs {
    /// The file holds `text` below its first line.
    pub(super) fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("flow.toml"), format!("simulation = \"flows\"\n{text}")).expect("a file");
        Runs(folder)
    }

    /// A run on some ranks, with words split at blanks; without mpirun for 0 ranks.
    pub(super) fn ended(&self, ranks: usize, words: &str) -> Ended {
        let me = std::env::current_exe().expect("this program");
        let mut command = if ranks == 0 { without_mpirun(&me) } else { mpirun(ranks, &me) };
        command.env(crate::ROLE, ROLE).arg("run").arg(self.0.path().join("flow.toml"));
        finish(command.args(words.split_whitespace()).arg("--out").arg(self.out(ranks)), LIMIT.as_secs())
    }

    fn out(&self, ranks: usize) -> PathBuf {
        self.0.path().join(format!("run_{ranks}"))
    }

    /// Columns of a run without mpirun that ends well, laid over an earlier one.
    #[track_caller]
    pub(super) fn columns<const N: usize>(&self, words: &str, names: [&str; N]) -> [Vec<f64>; N] {
        self.ended(0, &format!("--overwrite {words}")).expect(0);
        names.map(|name| history(&self.out(0), name))
    }

    /// The last numbers of these columns.
    #[track_caller]
    pub(super) fn last<const N: usize>(&self, words: &str, names: [&str; N]) -> [f64; N] {
        self.columns(words, names).map(|column| *column.last().expect("a row"))
    }

    /// Runs on 2 and on 3 ranks have the files of a run without mpirun.
    #[track_caller]
    pub(super) fn same_on_ranks(&self, words: &str) {
        self.ended(0, &format!("--overwrite {words}")).expect(0);
        for ranks in [2, 3] {
            self.ended(ranks, words).expect(0);
            assert_same_files(&self.out(0), &self.out(ranks));
        }
    }
}
