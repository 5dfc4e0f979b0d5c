//! The folder of a run, and its files.
//!
//! The names of a run's files are listed once: the framework's own here, in [`OWN`]; those of a simulation where it says how its
//! runs end ([`Ending::leaving`](super::Ending::leaving)); those of a sweep where sweeps are. Whoever knows of these two gives
//! them to the folder ([`RunFolder::with`]), and all that looks at a run as a whole uses [`RunFolder::files`]: listing, comparing;
//! cleaning ([`taking`](super::taking)) those of the run's own simulation.
//!
//! A folder holds a run when its config.toml has `[made_by]`. Not in the list is the lock, which is removed when a run ends.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::lock;
use crate::io::{checkpoint_steps, number_of, path_of, snapshots_in};
use crate::{Error, Result};

/// What has a name in a run's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A file.
    Content,
    /// A folder of snapshots.
    Snapshots,
    /// A folder of checkpoints.
    Checkpoints,
    /// A folder of pictures.
    Pictures,
    /// A run of its own, for a while.
    Run,
    /// A folder for each task of a sweep.
    Tasks,
}

/// A file, or a folder of files, that a run leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunFile {
    name: &'static str,
    is_result: bool,
    holds: Holds,
}

impl RunFile {
    /// One that holds what was computed: it is compared.
    pub(crate) const fn result(name: &'static str) -> Self {
        RunFile { name, is_result: true, holds: Holds::Content }
    }

    /// One that describes the run itself, such as who made it and in how long: it differs from run to run and is not compared.
    pub(crate) const fn record(name: &'static str) -> Self {
        RunFile { name, is_result: false, holds: Holds::Content }
    }

    /// The same as a folder.
    pub(crate) const fn holding(self, holds: Holds) -> Self {
        RunFile { holds, ..self }
    }

    /// What it holds.
    pub(super) fn holds(&self) -> Holds {
        self.holds
    }

    /// Whether it holds what was computed.
    pub(crate) fn is_result(&self) -> bool {
        self.is_result
    }

    /// Its name in the run's folder.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

/// Global quantities over time: energies, momenta and the like.
pub(crate) const HISTORY: RunFile = RunFile::result("history.csv");
/// Events and their times: collisions, close encounters, escapes; the line of names alone if there were none.
pub(crate) const EVENTS: RunFile = RunFile::result("events.csv");
/// States over time, a file each, and a file that opens them as one series.
pub(crate) const SNAPSHOTS: RunFile = RunFile::result("snapshots").holding(Holds::Snapshots);
/// Few bodies over time, where a cadence asks for it.
pub(crate) const TRAJECTORY: RunFile = RunFile::result("trajectory.hdf5");
/// The newest states to resume from, each with its hash; the last one is compared.
pub(crate) const CHECKPOINTS: RunFile = RunFile::result("checkpoints").holding(Holds::Checkpoints);
/// All parameters as used, with version and command; it can be run again as a parameter file.
pub(crate) const CONFIG: RunFile = RunFile::record("config.toml");
/// Seconds, messages and bytes per phase and rank; memory; the rate of work.
pub(crate) const LEDGER: RunFile = RunFile::record("ledger.json");
/// When each rank was in which phase, or at which tasks, where `run.trace` asks for it: for ui.perfetto.dev.
pub(crate) const TRACE: RunFile = RunFile::record("trace.json");
/// The messages of the run.
pub(crate) const LOG: RunFile = RunFile::record("run.log");
/// How the last job ended: done, goal missed or stopped; none while one is at work, or was killed.
pub(crate) const OUTCOME: RunFile = RunFile::record("outcome");
/// A page with figures and key numbers.
pub(crate) const REPORT: RunFile = RunFile::record("report.html");
/// Pictures by `divisi plot`.
pub(crate) const FIGURES: RunFile = RunFile::record("figures").holding(Holds::Pictures);
/// The scratch folder of `divisi verify`, while it works.
pub(crate) const VERIFY: RunFile = RunFile::record("verify").holding(Holds::Run);

/// What the framework leaves in the folder of any run.
const OWN: [RunFile; 13] =
    [HISTORY, EVENTS, SNAPSHOTS, TRAJECTORY, CHECKPOINTS, CONFIG, LEDGER, TRACE, LOG, OUTCOME, REPORT, FIGURES, VERIFY];

/// The folder of a run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    root: PathBuf,
    files: Vec<RunFile>,
    /// Of these, those of each simulation by its name.
    of_simulations: Vec<(&'static str, Vec<RunFile>)>,
}

impl RunFolder {
    /// The run folder at `root`, whether it exists or not.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        RunFolder { root: root.into(), files: OWN.into(), of_simulations: Vec::new() }
    }

    /// The same folder, in which the files of a simulation, or of a sweep, may be too.
    pub(crate) fn with(mut self, simulation: &'static str, files: impl IntoIterator<Item = RunFile>) -> Self {
        let files = Vec::from_iter(files);
        for &file in &files {
            if !self.files.contains(&file) {
                self.files.push(file);
            }
        }
        self.of_simulations.push((simulation, files));
        self
    }

    /// Another folder, in which the files of the same simulations may be.
    pub(super) fn moved_to(&self, root: PathBuf) -> Self {
        RunFolder { root, ..self.clone() }
    }

    /// All that a run of this simulation may leave.
    pub(super) fn files_of(&self, simulation: &str) -> impl Iterator<Item = RunFile> {
        let own = self.of_simulations.iter().filter(move |(name, _)| *name == simulation).flat_map(|(_, files)| files);
        OWN.iter().chain(own).copied()
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All that a run may leave in the folder.
    pub(crate) fn files(&self) -> &[RunFile] {
        &self.files
    }

    /// Where a file is, or would be.
    pub(crate) fn path(&self, file: RunFile) -> PathBuf {
        self.root.join(file.name)
    }

    /// All parameters as used.
    pub fn config(&self) -> PathBuf {
        self.path(CONFIG)
    }

    /// Global quantities over time.
    pub fn history(&self) -> PathBuf {
        self.path(HISTORY)
    }

    /// What happened when.
    pub fn events(&self) -> PathBuf {
        self.path(EVENTS)
    }

    /// Few bodies over time.
    pub fn trajectory(&self) -> PathBuf {
        self.path(TRAJECTORY)
    }

    /// States over time, a file each.
    pub fn snapshots(&self) -> PathBuf {
        self.path(SNAPSHOTS)
    }

    /// Snapshot number `index`, as one of bodies is named; that of a grid ends in `.vtkhdf`.
    pub fn snapshot(&self, index: u64) -> PathBuf {
        self.snapshots().join(format!("snapshot_{index:06}.hdf5"))
    }

    /// What a run resumes from.
    pub fn checkpoints(&self) -> PathBuf {
        self.path(CHECKPOINTS)
    }

    /// Seconds, messages and bytes.
    pub fn ledger(&self) -> PathBuf {
        self.path(LEDGER)
    }

    /// The trace.
    pub(crate) fn trace(&self) -> PathBuf {
        self.path(TRACE)
    }

    /// The messages of the run.
    pub fn log(&self) -> PathBuf {
        self.path(LOG)
    }

    /// Whether a run was started here: whether there is a config.toml that a run wrote.
    pub fn holds_run(&self) -> bool {
        self.parameters().is_ok_and(|parameters| parameters.is_some())
    }

    /// The parameters of the run in the folder, if it holds one.
    ///
    /// # Errors
    /// If there is a config.toml that can't be read, or is no run's.
    pub(super) fn parameters(&self) -> Result<Option<Table>> {
        let path = self.config();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => return Ok(None),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let no_runs = |reason: &str| {
            let advice =
                "nothing in this folder is taken for a run's: choose another with --out, or move this file away";
            Error::input(path.display().to_string(), format!("{reason}, so {advice}"))
        };
        let table: Table =
            text.parse().map_err(|error: toml::de::Error| no_runs(&format!("can't be read ({})", error.message())))?;
        if !table.get("made_by").is_some_and(Value::is_table) {
            return Err(no_runs("was written by no run (it has no [made_by])"));
        }
        Ok(Some(table))
    }

    /// The id of the run in the folder, if it is resumed and has one; else a new one, by the system's random numbers.
    ///
    /// # Errors
    /// If config.toml can't be read.
    pub(crate) fn id(&self, resumes: bool) -> Result<String> {
        let parameters = if resumes { self.parameters()? } else { None };
        let known = parameters.as_ref().and_then(|table| table.get("made_by")?.get("id")?.as_str());
        let new = || format!("{:016x}", RandomState::new().build_hasher().finish());
        Ok(known.map_or_else(new, str::to_owned))
    }

    /// The folder, if a run was started in it.
    ///
    /// # Errors
    /// If none was.
    pub(crate) fn existing(self) -> Result<Self> {
        if self.parameters()?.is_some() {
            return Ok(self);
        }
        let reason = format!("holds no run (there is no {} in it): start one with `run`", CONFIG.name);
        Err(Error::input(self.root.display().to_string(), reason))
    }

    /// The process at work in the folder, if there is one.
    ///
    /// # Errors
    /// If its lock cannot be read.
    pub(crate) fn holder(&self) -> Result<Option<String>> {
        lock::holder(&self.root)
    }

    /// Tells the process at work in the folder, on this machine, to stop with a checkpoint; its number.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn stop(&self) -> Result<u32> {
        let process = lock::process_here(&self.root)?;
        let number = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
        let told = number.map_or(Ok(()), |number| rustix::process::kill_process(number, rustix::process::Signal::USR1));
        told.map_err(|error| Error::System(format!("cannot signal process {process}: {error}")))?;
        Ok(process)
    }

    /// The snapshots that there are, in the order of time.
    ///
    /// # Errors
    /// If their folder cannot be read.
    pub(crate) fn snapshot_files(&self) -> Result<Vec<PathBuf>> {
        if self.snapshots().is_dir() { snapshots_in(&self.snapshots()) } else { Ok(Vec::new()) }
    }

    /// The files that hold what was computed, by their names in the folder: every snapshot, and of the checkpoints the newest.
    ///
    /// # Errors
    /// If the folder of the snapshots cannot be read.
    pub(crate) fn results(&self) -> Result<BTreeSet<PathBuf>> {
        let mut names = BTreeSet::new();
        for file in self.files.iter().filter(|file| file.is_result) {
            match *file {
                SNAPSHOTS => names.extend(self.snapshot_files()?.iter().map(|path| self.name_of(path))),
                CHECKPOINTS => {
                    let newest = checkpoint_steps(&self.checkpoints()).pop();
                    names.extend(newest.map(|step| path_of(Path::new(CHECKPOINTS.name), step)));
                }
                file if self.path(file).is_file() => names.extend([PathBuf::from(file.name)]),
                _ => {}
            }
        }
        Ok(names)
    }

    /// The name in the folder of a file that is in it.
    fn name_of(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_path_buf()
    }

    /// Removes snapshots from number `index` on: those that a resumed run will write again.
    pub(super) fn remove_snapshots_from(&self, index: u64) -> Result<()> {
        let is_later = |path: &&PathBuf| number_of(path).is_some_and(|number| number >= index);
        self.snapshot_files()?.iter().filter(is_later).try_for_each(|path| remove(path))
    }
}

/// Removes a file, a link or a folder, if there is one.
pub(super) fn remove(path: &Path) -> Result<()> {
    let Ok(about) = path.symlink_metadata() else { return Ok(()) };
    let removed = if about.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(Error::io("remove", path))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::run) const SPECTRUM: RunFile = RunFile::result("spectrum.csv");
    const NOTES: RunFile = RunFile::record("notes.txt");

    /// A folder that holds everything that a run can leave, each file with its own name in it, and something of a person's.
    pub(in crate::run) fn full(root: &Path) -> RunFolder {
        let run = RunFolder::at(root).with("rod", [SPECTRUM, NOTES]);
        run.make_folders().unwrap();
        for file in run.files() {
            let path = run.path(*file);
            match *file {
                SNAPSHOTS => fs::write(run.snapshot(0), "").unwrap(),
                CHECKPOINTS => [3, 12].iter().for_each(|&step| fs::write(path_of(&path, step), "").unwrap()),
                FIGURES | VERIFY => fs::create_dir(path).unwrap(),
                CONFIG => fs::write(path, "simulation = \"rod\"\n[made_by]\nid = \"one\"\n").unwrap(),
                _ => fs::write(path, file.name()).unwrap(),
            }
        }
        fs::write(root.join("thoughts.csv"), "mine").unwrap();
        run
    }

    #[test]
    fn no_two_files_have_one_name() {
        let names: BTreeSet<&str> = OWN.iter().map(RunFile::name).collect();
        assert_eq!(names.len(), OWN.len());
        assert_eq!(RunFolder::at("run").with("rod", [SPECTRUM, HISTORY, SPECTRUM]).files().len(), OWN.len() + 1);
    }

    #[test]
    fn results_are_all_that_is_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let run = full(folder.path());
        let names: Vec<String> = run.results().unwrap().iter().map(|name| name.display().to_string()).collect();
        let expected = [
            "checkpoints/step_0000000012.hdf5",
            "events.csv",
            "history.csv",
            "snapshots/snapshot_000000.hdf5",
            "spectrum.csv",
            "trajectory.hdf5",
        ];
        assert_eq!(names, expected);
        assert!(RunFolder::at(folder.path().join("none")).results().unwrap().is_empty());
    }

    #[test]
    fn the_id_of_a_run_is_kept_when_it_goes_on_and_new_for_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let run = full(folder.path());
        assert_eq!(run.id(true).unwrap(), "one");
        let new = run.id(false).unwrap();
        assert!(new.len() == 16 && new != run.id(false).unwrap(), "{new}");
    }

    #[test]
    fn snapshots_of_any_kind_are_removed_from_a_number_on() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::at(folder.path());
        run.make_folders().unwrap();
        let bodies = |n| run.snapshot(n);
        let grid = |n| run.snapshot(n).with_extension("vtkhdf");
        let series = run.snapshots().join("series.vtkhdf");
        for path in [bodies(0), grid(1), grid(2), bodies(3), grid(1_000_000), series.clone()] {
            fs::write(path, "").unwrap();
        }
        run.remove_snapshots_from(2).unwrap();
        assert_eq!(run.snapshot_files().unwrap(), [bodies(0), grid(1)]);
        assert!(series.exists());
    }
}
