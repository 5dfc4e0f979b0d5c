//! Which parameters may differ when a run is resumed, and which would make it another run.

use std::fs;

use toml::{Table, Value};

use super::deadline::SILENCE;
use super::folder::RunFolder;
use crate::{Error, Result};

/// What may differ when a run is resumed: its end, its cadences, what made it.
const CHANGEABLE: [&str; 9] =
    ["made_by", "output", "checkpoint", "run.until", "run.steps", "run.node", "run.walltime", SILENCE, "run.trace"];
/// Of these, what moves the steps of a method that chooses them, as they shorten to hit output times.
const MOVES_STEPS: [&str; 4] = ["output.every_time", "output.times", "output.history_time", "output.trajectory_time"];

/// Refuses parameters that would make a resumed run another one; warns of those that might.
///
/// `own` are keys of the simulation that may differ.
pub(super) fn check_changes(folder: &RunFolder, table: &Table, own: &[&str]) -> Result<Vec<String>> {
    let path = folder.config();
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let old: Table = text.parse().map_err(|error: toml::de::Error| Error::file(&path, error.message()))?;
    let mut warnings = Vec::new();
    for (key, old, new) in differences("", &old, table) {
        if key == "made_by.simd" {
            let reason = format!(
                "was {old} and is {new} here: the results would differ; resume where it was made, or start anew"
            );
            return Err(Error::input(format!("{} (instructions)", path.display()), reason));
        }
        if !may_change(&key, own) {
            let reason = format!(
                "was {old} and is {new} now, which would make it another run; give the old value, or start anew"
            );
            return Err(Error::input(format!("{key} (run in {})", folder.root().display()), reason));
        }
        if MOVES_STEPS.contains(&key.as_str()) {
            warnings.push(format!(
                "warning: {key} changed from {old} to {new}: steps that are chosen to meet output times change with it"
            ));
        }
    }
    Ok(warnings)
}

/// Whether a parameter may differ when a run is resumed; `own` are keys of the simulation that may.
pub(super) fn may_change(key: &str, own: &[&str]) -> bool {
    CHANGEABLE
        .iter()
        .chain(own)
        .any(|free| key.strip_prefix(free).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Every key whose value differs, with both values.
fn differences(section: &str, old: &Table, new: &Table) -> Vec<(String, String, String)> {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let text = |value: Option<&Value>| value.map_or("not given".to_owned(), Value::to_string);
    let compare = |key: &String| {
        let path = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        match (old.get(key), new.get(key)) {
            (Some(Value::Table(old)), Some(Value::Table(new))) => differences(&path, old, new),
            (old, new) if old == new => Vec::new(),
            (old, new) => vec![(path, text(old), text(new))],
        }
    };
    keys.into_iter().flat_map(compare).collect()
}
