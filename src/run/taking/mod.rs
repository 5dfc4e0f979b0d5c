//! Taking a folder for a run: its lock, what stands in it already, and config.toml.
//!
//! What is a run's is told by config.toml, in which the run wrote `[made_by]`, and by the names that a run of its simulation uses.
//! Nothing else is ever removed or written over: a new run begins where none of its names is taken, or in the place of a run, of
//! which it removes these names alone. config.toml is the first file of a run and goes last, so that what is cleaned or begun in
//! part still counts as a run; that of a resumed run is written anew once all else has gone well.
//!
//! Folders within a run's folder are its own, no links to others.

mod left;

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

#[cfg(feature = "plot")]
pub(crate) use left::DRAWN;

use super::folder::{CONFIG, Holds, OUTCOME, RunFolder, remove};
use super::lock::Lock;
use crate::io::{of_others, write_whole};
use crate::{Error, Result};

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
mod tests;
