//! A finished run of a parameter file of sims/fluid, and its fields.

use std::path::{Path, PathBuf};

use divisi::io::Reader;
use ndarray::{Array3, Ix3};
use tempfile::TempDir;

use crate::common::{Ended, divisi, finish, history, root};

/// Seconds after which a run is killed.
const LIMIT: u64 = 300;

/// A finished run in a folder of its own.
pub(super) struct Run(TempDir);

/// A parameter file with `words` laid over it, run into `out`.
pub(super) fn ended(file: &str, words: &[&str], out: &Path) -> Ended {
    let file = root().join(format!("sims/fluid/{file}.toml"));
    finish(divisi().arg("run").arg(file).args(words).arg("--out").arg(out), LIMIT)
}

impl Run {
    /// Runs a parameter file with `words` laid over it.
    #[track_caller]
    pub(super) fn of(file: &str, words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        ended(file, words, &folder.path().join("run")).expect(0);
        Run(folder)
    }

    /// The same with words split at blanks, without rows or snapshots but the first and the last.
    #[track_caller]
    pub(super) fn quietly(file: &str, words: &str) -> Self {
        let quiet = ["output.every_time=0", "output.history_time=0", "output.history_steps=0"];
        let words: Vec<&str> = quiet.into_iter().chain(words.split_whitespace()).collect();
        Run::of(file, &words)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.path().join("run")
    }

    /// A column of history.csv.
    pub(super) fn column(&self, name: &str) -> Vec<f64> {
        history(&self.path(), name)
    }

    /// Its last number.
    pub(super) fn last(&self, name: &str) -> f64 {
        *self.column(name).last().expect("a row")
    }

    /// The snapshots, in order.
    pub(super) fn snapshots(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join("snapshots")).expect("snapshots");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snapshot_")));
        paths.sort();
        paths
    }

    /// A field of the last snapshot, with axes z, y, x.
    pub(super) fn field(&self, name: &str) -> Array3<f64> {
        field(self.snapshots().last().expect("a snapshot"), name)
    }
}

/// A field of a snapshot, with axes z, y, x.
pub(super) fn field(snapshot: &Path, name: &str) -> Array3<f64> {
    let array = Reader::open(snapshot).unwrap().array(&format!("VTKHDF/CellData/{name}")).unwrap();
    array.into_dimensionality::<Ix3>().unwrap()
}
