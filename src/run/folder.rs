//! The folder of a run: what stands where, and who may write into it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::output::{number_of, snapshots_in};
use crate::{Error, Result};

/// Everything that a run may leave in its folder.
const FILES: [&str; 13] = [
    "config.toml",
    "history.csv",
    "events.csv",
    "trajectory.hdf5",
    "ledger.json",
    "run.log",
    "report.html",
    "journal",
    "results.csv",
    "results.h5",
    "tasks.csv",
    "posterior.hdf5",
    "summary.csv",
];
const FOLDERS: [&str; 4] = ["snapshots", "checkpoints", "figures", "tasks"];

/// The folder of a run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// The run folder at `root`, whether it exists or not.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        RunFolder { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All parameters as used.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// Global quantities over time.
    pub fn history(&self) -> PathBuf {
        self.root.join("history.csv")
    }

    /// What happened when.
    pub fn events(&self) -> PathBuf {
        self.root.join("events.csv")
    }

    /// Few bodies over time.
    pub fn trajectory(&self) -> PathBuf {
        self.root.join("trajectory.hdf5")
    }

    /// States over time, a file each.
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// Snapshot number `index`, as one of bodies is named; that of a grid ends in `.vtkhdf`.
    pub fn snapshot(&self, index: u64) -> PathBuf {
        self.snapshots().join(format!("snapshot_{index:06}.hdf5"))
    }

    /// Samples of a fit's parameters.
    pub fn posterior(&self) -> PathBuf {
        self.root.join("posterior.hdf5")
    }

    /// The table of a posterior.
    pub fn summary(&self) -> PathBuf {
        self.root.join("summary.csv")
    }

    /// What a run resumes from.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// Seconds, messages and bytes.
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger.json")
    }

    /// What the run said.
    pub fn log(&self) -> PathBuf {
        self.root.join("run.log")
    }

    /// The record of a sweep's tasks.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// The folders of a sweep's tasks that are kept.
    pub fn tasks(&self) -> PathBuf {
        self.root.join("tasks")
    }

    /// Whether a run was started here.
    pub fn holds_run(&self) -> bool {
        self.config().is_file()
    }

    /// Makes the folder for a new run, after removing an earlier one and files named like the new one's `results`.
    ///
    /// # Errors
    /// If an earlier run cannot be removed or the folder cannot be made.
    pub(super) fn create(&self, results: &[&str]) -> Result<()> {
        self.clear()?;
        for path in results.iter().map(|name| self.root.join(name)).filter(|path| path.exists()) {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        let make = |path: PathBuf| {
            fs::create_dir_all(&path).map_err(|source| {
                Error::input(path.display().to_string(), format!("cannot make this folder: {source}"))
            })
        };
        make(self.snapshots())?;
        make(self.checkpoints())
    }

    /// Removes the run in the folder, if it holds one.
    pub(crate) fn clear(&self) -> Result<()> {
        if self.holds_run() { self.remove_run() } else { Ok(()) }
    }

    fn remove_run(&self) -> Result<()> {
        for path in FILES.map(|name| self.root.join(name)).into_iter().filter(|path| path.exists()) {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        for path in FOLDERS.map(|name| self.root.join(name)).into_iter().filter(|path| path.exists()) {
            fs::remove_dir_all(&path).map_err(Error::io("remove", &path))?;
        }
        Ok(())
    }

    /// Removes snapshots from number `index` on: those that a resumed run will write again.
    pub(super) fn remove_snapshots_from(&self, index: u64) -> Result<()> {
        let later = |path: &PathBuf| number_of(path).is_some_and(|number| number >= index);
        let mut paths = snapshots_in(&self.snapshots())?.into_iter().filter(later);
        paths.try_for_each(|path| fs::remove_file(&path).map_err(Error::io("remove", &path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_of_any_kind_are_removed_from_a_number_on() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::at(folder.path());
        run.create(&[]).unwrap();
        let (bodies, grid) = (|n| run.snapshot(n), |n| run.snapshot(n).with_extension("vtkhdf"));
        let series = run.snapshots().join("series.vtkhdf");
        for path in [bodies(0), grid(1), grid(2), bodies(3), grid(1_000_000), series.clone()] {
            fs::write(path, "").unwrap();
        }
        run.remove_snapshots_from(2).unwrap();
        assert_eq!(snapshots_in(&run.snapshots()).unwrap(), [bodies(0), grid(1)]);
        assert!(series.exists());
    }
}
