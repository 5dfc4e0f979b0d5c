//! Whose snapshots are in a run's folder: a file beside them names the inputs that they follow from.
//!
//! Snapshots can't say it themselves. Those of the same inputs have the same bytes, whichever run has written them, on however many ranks,
//! and so has this file: it holds a hash of all parameters but those that may change when a run goes on. Whoever puts the snapshots of
//! another run into the folder, with that file, is told before a resumed run removes or counts one of them.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::changes::may_change;
use super::folder::RunFolder;
use crate::base::whole::write_whole;
use crate::{Error, Result};

/// The file's name in the folder of snapshots.
const NAME: &str = "inputs";

/// The hash of a run's inputs: its parameters without those that may change, `own` among them.
pub(super) fn inputs_of(parameters: &Table, own: &[&str]) -> String {
    let mut lines = Vec::new();
    collect("", parameters, &mut lines);
    lines.retain(|(key, _)| !may_change(key, own));
    lines.sort();
    let text: String = lines.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

/// Every key with its value as text.
fn collect(section: &str, table: &Table, lines: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let path = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        match value {
            Value::Table(inner) => collect(&path, inner, lines),
            value => lines.push((path, value.to_string())),
        }
    }
}

/// Whether a file in the folder of snapshots is the one that names their inputs.
pub(super) fn names_inputs(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == NAME)
}

impl RunFolder {
    fn inputs_file(&self) -> PathBuf {
        self.snapshots().join(NAME)
    }

    /// Names the inputs of the snapshots that are there or will be.
    ///
    /// # Errors
    /// If the file can't be written.
    pub(super) fn name_inputs(&self, inputs: &str) -> Result<()> {
        write_whole(&self.inputs_file(), format!("{inputs}\n").as_bytes())
    }

    /// Refuses snapshots of other inputs: they would be taken for this run's, removed or written over.
    ///
    /// # Errors
    /// If there are such, with their folder.
    pub(super) fn refuse_other_snapshots(&self, inputs: &str) -> Result<()> {
        let Ok(known) = fs::read_to_string(self.inputs_file()) else { return Ok(()) };
        if known.trim() == inputs || self.snapshot_files()?.is_empty() {
            return Ok(());
        }
        let reason = "holds snapshots of another run: move them out of this folder";
        Err(Error::input(self.snapshots().display().to_string(), reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(text: &str) -> String {
        inputs_of(&text.parse().unwrap(), &["scheme.report"])
    }

    #[test]
    fn what_may_change_is_no_input() {
        let one = "simulation = 'rod'\n[run]\nseed = 1\nuntil = 2.0\n[output]\nevery_steps = 3\n[made_by]\nid = 'a'\n[scheme]\norder = 2\nreport = 1\n";
        for (same, from, to) in [
            (true, "until = 2.0", "until = 9.0"),
            (true, "every_steps = 3", "every_steps = 4"),
            (true, "id = 'a'", "id = 'b'"),
            (true, "report = 1", "report = 2"),
            (false, "seed = 1", "seed = 2"),
            (false, "order = 2", "order = 3"),
            (false, "'rod'", "'bar'"),
        ] {
            let two = one.replace(from, to);
            assert!(two != one && (inputs(one) == inputs(&two)) == same, "{from} {to}");
        }
    }

    #[test]
    fn snapshots_of_other_inputs_are_refused_and_none_are_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::at(folder.path());
        fs::create_dir(run.snapshots()).unwrap();
        run.refuse_other_snapshots("one").unwrap();
        run.name_inputs("two").unwrap();
        run.refuse_other_snapshots("one").unwrap();
        fs::write(run.snapshot(0), "").unwrap();
        run.refuse_other_snapshots("two").unwrap();
        let told = run.refuse_other_snapshots("one").unwrap_err().to_string();
        assert!(told.contains("snapshots: holds snapshots of another run"), "{told}");
    }
}
