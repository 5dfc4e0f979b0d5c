//! Taking a folder for a run: its lock, what stands in it already, and config.toml.
//!
//! What is a run's is told by config.toml, in which the run wrote `[made_by]`, and by the names that a run of its simulation uses.
//! Nothing else is ever removed or written over: a new run begins where none of its names is taken, or in the place of a run, of
//! which it removes these names alone. config.toml is the first file of a run and goes last, so that what is cleaned or begun in
//! part still counts as a run; that of a resumed run is written anew once all else has gone well.
//!
//! Folders within a run's folder are its own, no links to others.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::folder::{CONFIG, Holds, OUTCOME, RunFile, RunFolder, remove};
use super::inputs::names_inputs;
use super::lock::Lock;
use crate::base::whole::part_of;
use crate::io::{is_checkpoint, is_snapshot, of_others, write_whole};
use crate::{Error, Result};

/// What a picture of a run ends with that `divisi plot` has drawn, in its form as text.
pub(crate) const DRAWN: &str = "<!-- drawn by divisi plot -->\n";

/// A folder whose lock one rank holds, until the run ends.
pub(crate) struct Held {
    folder: RunFolder,
    lock: Lock,
}

impl Held {
    /// Begins a run with these parameters: removes the one that it replaces, and writes config.toml.
    ///
    /// # Errors
    /// If the new run reads what would be removed, or it is another run's; if the folder cannot be cleaned or written.
    pub(crate) fn begin(&self, parameters: &Table) -> Result<()> {
        self.folder.spare_what_is_read(parameters)?;
        self.folder.spare_others()?;
        self.folder.clear()?;
        self.go_on(parameters)
    }

    /// Writes config.toml, with which the run goes on; it has no outcome from here on.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn go_on(&self, parameters: &Table) -> Result<()> {
        remove(&self.folder.path(OUTCOME))?;
        let path = self.folder.config();
        let text = toml::to_string_pretty(parameters).map_err(|error| Error::file(&path, error.to_string()))?;
        write_whole(&path, text.as_bytes())
    }

    /// Returns if the folder is still this job's; otherwise ends the process. To be called before something is written.
    pub(crate) fn assure(&self) {
        self.lock.assure();
    }

    /// What a person should know about the folder's lock.
    pub(crate) fn note(&self) -> Option<String> {
        self.lock.note()
    }
}

impl RunFolder {
    /// Makes the folder and takes its lock. One rank.
    ///
    /// # Errors
    /// If another job is at work in it, or it cannot be made.
    pub(crate) fn hold(&self) -> Result<Held> {
        make(self.root())?;
        let lock = Lock::take(self.root())?;
        self.files()
            .iter()
            .filter(|file| file.holds() != Holds::Content)
            .try_for_each(|file| refuse_link(&self.path(*file)))?;
        Ok(Held { folder: self.clone(), lock })
    }

    /// Refuses a folder that holds no run and in which a name is taken that a run of this simulation would use.
    ///
    /// # Errors
    /// If there is one, with its name.
    pub(super) fn refuse_strangers(&self, simulation: &str) -> Result<()> {
        let Some(path) = self.left_by(simulation).into_iter().find(|path| path.extension() != Some("part".as_ref()))
        else {
            return Ok(());
        };
        let root = self.root().display();
        let reason = format!(
            "is no run's (there is no {} in {root}), and a run there would write over it: move it away, or choose another folder with --out",
            CONFIG.name()
        );
        Err(Error::input(path.display().to_string(), reason))
    }

    /// Removes the run in the folder, if it holds one; files that are none of its own stay.
    pub(super) fn clear(&self) -> Result<()> {
        let Some(simulation) = self.simulation()? else { return Ok(()) };
        self.left_by(&simulation).iter().try_for_each(|path| remove(path))?;
        for file in self.files_of(&simulation).filter(|file| file.holds() != Holds::Content) {
            // One that holds something else stays.
            let _ = fs::remove_dir(self.path(file));
        }
        remove(&self.config())
    }

    /// Removes the run in the folder with its lock, and the folder where nothing else is in it.
    pub(super) fn remove(&self) -> Result<()> {
        self.clear()?;
        // One that holds something else, or isn't there, stays as it is.
        let _ = fs::remove_dir(self.root());
        Ok(())
    }

    /// The simulation of the run in the folder, if it holds one.
    fn simulation(&self) -> Result<Option<String>> {
        let parameters = self.parameters()?;
        Ok(parameters.map(|table| table.get("simulation").and_then(Value::as_str).unwrap_or_default().to_owned()))
    }

    /// What a run of this simulation has left in the folder, but for config.toml.
    fn left_by(&self, simulation: &str) -> Vec<PathBuf> {
        let files = self.files_of(simulation).filter(|file| *file != CONFIG);
        files.flat_map(|file| self.left_of(file)).collect()
    }

    /// What there is of a file or, of a folder, what is in it by the names that a run gives.
    fn left_of(&self, file: RunFile) -> Vec<PathBuf> {
        let path = self.path(file);
        match file.holds() {
            Holds::Content => [part_of(&path), path].into_iter().filter(|path| is_file(path)).collect(),
            Holds::Snapshots => entries(&path, |path| is_snapshot(path) || names_inputs(path)),
            Holds::Checkpoints => entries(&path, is_checkpoint),
            Holds::Pictures => entries(&path, is_drawn),
            Holds::Tasks => entries(&path, is_task),
            Holds::Run => self.moved_to(path).left_as_a_whole(),
        }
    }

    /// What a run has left here with its config.toml; nothing where there is no run.
    fn left_as_a_whole(&self) -> Vec<PathBuf> {
        if self.root().is_symlink() {
            return Vec::new();
        }
        let Ok(Some(simulation)) = self.simulation() else { return Vec::new() };
        self.left_by(&simulation).into_iter().chain([self.config()]).collect()
    }

    /// Refuses parameters that name a file which would be removed.
    fn spare_what_is_read(&self, parameters: &Table) -> Result<()> {
        let Some(simulation) = self.simulation()? else { return Ok(()) };
        let going: Vec<PathBuf> =
            self.left_by(&simulation).iter().filter_map(|path| path.canonicalize().ok()).collect();
        let folder = parameters.get("made_by").and_then(|made| made.get("folder")?.as_str()).unwrap_or_default();
        let own = parameters.iter().filter(|(key, _)| *key != "made_by");
        for text in own.flat_map(|(_, value)| texts(value)) {
            let read = Path::new(folder).join(text).canonicalize();
            if read.is_ok_and(|read| going.iter().any(|path| read.starts_with(path))) {
                let root = self.root().display();
                let reason = format!(
                    "is a file of the run in {root}, which this run would replace: move it away, or choose another folder with --out"
                );
                return Err(Error::input(text, reason));
            }
        }
        Ok(())
    }

    /// Refuses checkpoints that say that they are of another run than the one in the folder: they are not its to remove.
    fn spare_others(&self) -> Result<()> {
        let parameters = self.parameters()?;
        let id = parameters.as_ref().and_then(|table| table.get("made_by")?.get("id")?.as_str());
        let Some(path) = id.and_then(|id| of_others(&self.checkpoints(), id).into_iter().next()) else { return Ok(()) };
        let reason =
            "is a checkpoint of another run than the one in this folder, which would be replaced: move it away";
        Err(Error::input(path.display().to_string(), reason))
    }

    /// Makes the folders of snapshots and checkpoints.
    pub(super) fn make_folders(&self) -> Result<()> {
        make(&self.snapshots())?;
        make(&self.checkpoints())
    }
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Table(table) => table.iter().flat_map(|(_, value)| texts(value)).collect(),
        _ => Vec::new(),
    }
}

/// The entries of a folder for which `is_own` holds; none of one that isn't there, or is a link.
fn entries(folder: &Path, is_own: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = if folder.is_symlink() { None } else { fs::read_dir(folder).ok() };
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    paths.filter(|path| is_own(path)).collect()
}

/// Whether there is a file, or a link, of this name.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| !about.is_dir())
}

/// Whether a picture is one of `divisi plot`: as dots it is beside the same as text.
fn is_drawn(path: &Path) -> bool {
    let is_picture = ["svg", "png"].iter().any(|kind| path.extension().is_some_and(|own| own == *kind));
    is_picture && fs::read_to_string(path.with_extension("svg")).is_ok_and(|text| text.ends_with(DRAWN))
}

/// Whether a name is that of a task's folder: its number.
fn is_task(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.len() >= 6 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Makes a folder, if there is none.
///
/// # Errors
/// If it can't be made.
fn make(folder: &Path) -> Result<()> {
    let refused = |source| Error::input(folder.display().to_string(), format!("cannot make this folder: {source}"));
    fs::create_dir_all(folder).map_err(refused)
}

/// Refuses a link in place of a folder of a run's own.
///
/// # Errors
/// If there is one.
pub(crate) fn refuse_link(folder: &Path) -> Result<()> {
    if !folder.is_symlink() {
        return Ok(());
    }
    let reason = "is a link, and a run writes and removes files in its own folder alone: put a folder in its place";
    Err(Error::input(folder.display().to_string(), reason))
}

#[cfg(test)]
mod tests {
    use super::super::folder::tests::{SPECTRUM, full};
    use super::*;

    const PARAMETERS: &str = "simulation = \"rod\"\n\n[made_by]\nid = \"two\"\n";

    fn names_in(root: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn cleaning_removes_what_a_run_leaves_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let run = full(folder.path());
        assert_eq!(names_in(folder.path()).len(), run.files().len() + 1);
        run.clear().unwrap();
        assert_eq!(names_in(folder.path()), ["thoughts.csv"]);
        // Where no run was started nothing is a run's.
        fs::write(run.history(), "").unwrap();
        run.clear().unwrap();
        assert_eq!(names_in(folder.path()), ["history.csv", "thoughts.csv"]);
    }

    #[test]
    fn a_run_takes_the_place_of_another_or_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let run = full(folder.path());
        let parameters: Table = PARAMETERS.parse().unwrap();
        run.hold().unwrap().go_on(&parameters).unwrap();
        assert!(run.history().exists() && run.path(SPECTRUM).exists());
        assert_eq!(fs::read_to_string(run.config()).unwrap(), PARAMETERS);
        let lock = run.hold().unwrap();
        lock.begin(&parameters).unwrap();
        assert!(run.holder().unwrap().is_some());
        drop(lock);
        assert_eq!(names_in(folder.path()), ["config.toml", "thoughts.csv"]);
        assert!(run.holder().unwrap().is_none() && run.existing().is_ok());
        let refused = RunFolder::at(folder.path().join("none")).existing().unwrap_err().to_string();
        assert!(refused.contains("holds no run"), "{refused}");
    }

    /// What a person may have put into a run's folder, beside names of other simulations and in the folders of the run.
    #[test]
    fn what_a_person_put_into_a_run_stays() {
        let folder = tempfile::tempdir().unwrap();
        let run = full(folder.path()).with("other", [RunFile::result("results.csv")]);
        let root = folder.path();
        let mine = [
            "results.csv",
            "history.1.csv",
            "figures/thesis.png",
            "figures/thesis.svg",
            "checkpoints/model.pt",
            "snapshots/notes.txt",
            "verify/config.toml",
            "verify/history.csv",
        ];
        mine.iter().for_each(|name| fs::write(root.join(name), "mine").unwrap());
        let theirs = [
            "figures/orbits.svg",
            "figures/orbits.png",
            "snapshots/series.xmf",
            "history.csv.part",
            "snapshots/snapshot_000003.vtkhdf.part",
        ];
        theirs.iter().for_each(|name| fs::write(root.join(name), DRAWN).unwrap());
        run.clear().unwrap();
        for name in mine {
            assert_eq!(fs::read_to_string(root.join(name)).ok().as_deref(), Some("mine"), "{name}");
        }
        theirs.iter().for_each(|name| assert!(!root.join(name).exists(), "{name}"));
        assert_eq!(
            names_in(root),
            ["checkpoints", "figures", "history.1.csv", "results.csv", "snapshots", "thoughts.csv", "verify"]
        );
    }

    /// A config.toml of another program, a parameter file of a person's, one that is no TOML.
    #[test]
    fn a_folder_whose_config_no_run_wrote_holds_no_run() {
        let folder = tempfile::tempdir().unwrap();
        let run = full(folder.path());
        for text in ["[package]\n", "simulation = \"rod\"\n", "made_by = 3\n", "no TOML"] {
            fs::write(run.config(), text).unwrap();
            let before = names_in(folder.path());
            let refused = run.clear().unwrap_err();
            assert!(refused.status() == 2 && refused.to_string().contains("config.toml"), "{refused}");
            assert!(!run.holds_run() && run.clone().existing().is_err());
            assert_eq!(names_in(folder.path()), before);
        }
    }

    #[test]
    fn where_no_run_is_a_name_that_a_run_would_use_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let run = RunFolder::at(root).with("rod", [SPECTRUM]);
        let names = [
            "history.csv",
            "events.csv",
            "run.log",
            "spectrum.csv",
            "snapshots/snapshot_000000.hdf5",
            "checkpoints/step_0000000200.hdf5",
            "trajectory.hdf5",
            "report.html",
            "ledger.json",
        ];
        run.make_folders().unwrap();
        for name in names {
            fs::write(root.join(name), "mine").unwrap();
            let refused = run.refuse_strangers("rod").unwrap_err();
            assert!(refused.status() == 2 && refused.to_string().contains(name), "{refused}");
            fs::remove_file(root.join(name)).unwrap();
        }
        // Names that a run of this simulation doesn't use.
        for name in ["results.csv", "checkpoints/model.pt", "snapshots/figure.png"] {
            fs::write(root.join(name), "mine").unwrap();
        }
        run.refuse_strangers("rod").unwrap();
    }

    #[test]
    fn a_run_does_not_remove_what_it_reads() {
        let folder = tempfile::tempdir().unwrap();
        let run = full(folder.path());
        let parameters = |file: &str| -> Table {
            let beside = folder.path().join("..").display().to_string();
            format!("simulation = \"rod\"\n[initial]\nfiles = [\"{file}\"]\n[made_by]\nfolder = \"{beside}\"")
                .parse()
                .unwrap()
        };
        let root = folder.path().file_name().unwrap().to_str().unwrap();
        let held = run.hold().unwrap();
        let refused = held.begin(&parameters(&format!("{root}/snapshots/snapshot_000000.hdf5"))).unwrap_err();
        assert!(refused.status() == 2 && refused.to_string().contains("would replace"), "{refused}");
        assert!(run.snapshot(0).exists() && run.history().exists());
        held.begin(&parameters(&format!("{root}/thoughts.csv"))).unwrap();
        assert!(!run.snapshot(0).exists() && folder.path().join("thoughts.csv").exists());
    }

    /// A folder of another run, in place of each folder of this one.
    #[test]
    fn a_link_in_place_of_a_folder_is_refused() {
        for name in ["snapshots", "checkpoints", "figures", "verify"] {
            let folder = tempfile::tempdir().unwrap();
            let other = tempfile::tempdir().unwrap();
            let theirs = full(other.path());
            let run = full(folder.path());
            let path = folder.path().join(name);
            fs::remove_dir_all(&path).unwrap();
            std::os::unix::fs::symlink(other.path().join(name), &path).unwrap();
            let refused = run.hold().err().expect("refused");
            assert!(refused.status() == 2 && refused.to_string().contains("is a link"), "{refused}");
            run.clear().unwrap();
            assert!(theirs.snapshot(0).exists() && theirs.checkpoints().join("step_0000000012.hdf5").exists());
        }
    }
}
