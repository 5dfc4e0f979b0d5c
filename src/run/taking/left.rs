//! What a run has left in its folder: by the names that a run of its simulation uses, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Value;

use crate::Result;
use crate::base::whole::part_of;
use crate::io::{is_checkpoint, is_snapshot};
use crate::run::folder::{CONFIG, Holds, RunFile, RunFolder};
use crate::run::inputs::names_inputs;

/// What a picture of a run ends with that `divisi plot` has drawn, in its form as text.
pub(crate) const DRAWN: &str = "<!-- drawn by divisi plot -->\n";

impl RunFolder {
    /// The simulation of the run in the folder, if it holds one.
    pub(super) fn simulation(&self) -> Result<Option<String>> {
        let parameters = self.parameters()?;
        Ok(parameters.map(|table| table.get("simulation").and_then(Value::as_str).unwrap_or_default().to_owned()))
    }

    /// What a run of this simulation has left in the folder, but for config.toml.
    pub(super) fn left_by(&self, simulation: &str) -> Vec<PathBuf> {
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
