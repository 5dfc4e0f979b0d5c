//! Parameters: a TOML file, `key=value` words over it, typed sections out of it.
//!
//! A file is read whole, the overrides are laid over it, and each simulation takes its own sections as a serde type.
//! Whatever does not fit is an error that names the key, where it stands and, for an unknown key, the nearest right one.
//! Nothing here writes; what a run used is serialised back by the run loop.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use crate::{Error, Result};

/// The parameters of a run before they are typed.
#[derive(Clone, Debug)]
pub struct Parameters {
    path: PathBuf,
    text: String,
    table: Table,
    overrides: Vec<String>,
}

impl Parameters {
    /// Reads `path` and lays `overrides` (`key=value`, `section.key=value`) over it.
    ///
    /// # Errors
    /// A missing file, a syntax error (with line and column), an override without `=` or with an empty key.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| unreadable(path, &source))?;
        let mut table: Table = text.parse().map_err(|error| syntax_error(path, &text, &error))?;
        for word in overrides {
            apply_override(&mut table, word)?;
        }
        Ok(Parameters { path: path.to_owned(), text, table, overrides: overrides.to_vec() })
    }

    /// The file that was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name that `simulation = "..."` gives.
    ///
    /// # Errors
    /// If there is none, or it is no string.
    pub fn simulation(&self) -> Result<&str> {
        let place = || self.path.display().to_string();
        match self.table.get("simulation") {
            Some(Value::String(name)) => Ok(name),
            Some(_) => Err(Error::input(place(), "simulation must be a name in quotes, as in simulation = \"nbody\"")),
            None => Err(Error::input(place(), "simulation = \"...\" is missing; `divisi list` shows the names")),
        }
    }

    /// All sections that `mine` accepts by name, as one typed value; `others` are the remaining names that are known.
    ///
    /// # Errors
    /// Unknown keys, wrong types, values that the type refuses.
    pub fn typed<T: DeserializeOwned>(&self, mine: impl Fn(&str) -> bool, others: &[&str]) -> Result<T> {
        let table: Table = self.table.iter().filter(|(k, _)| mine(k)).map(|(k, v)| (k.clone(), v.clone())).collect();
        serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
            let key = error.path().to_string();
            self.misfit(&key, error.inner().message(), others)
        })
    }

    /// The error for `key` that doesn't fit, with its place and, for an unknown one, the nearest right one.
    fn misfit(&self, key: &str, message: &str, others: &[&str]) -> Error {
        let message = message.trim_end();
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let (key, reason) = match quoted.split_first() {
            Some((unknown, known)) if message.starts_with("unknown field") => {
                let key = unknown_key(key, unknown);
                let known: Vec<&str> =
                    if key.contains('.') { known.to_vec() } else { known.iter().chain(others).copied().collect() };
                (key, format!("there is no parameter `{unknown}` here{}", nearest_of(unknown, &known)))
            }
            Some((unknown, known)) if message.starts_with("unknown variant") => {
                (key.to_owned(), format!("`{unknown}` is not among {}{}", known.join(", "), nearest_of(unknown, known)))
            }
            // A type that reads a section by itself names the key within it.
            _ => match message.split_once(": ") {
                Some((inner, reason)) if inner.starts_with(&format!("{key}.")) => (inner.to_owned(), reason.to_owned()),
                _ => (key.to_owned(), message.to_owned()),
            },
        };
        Error::input(self.place(&key), reason)
    }

    /// An error whose place is a key, with the place in the file told.
    pub fn locate(&self, error: Error) -> Error {
        match error {
            Error::Input { place, reason } => Error::Input { place: self.place(&place), reason },
            other => other,
        }
    }

    /// Where `key` was given, in words.
    pub fn place(&self, key: &str) -> String {
        let from_override = |word: &&String| word.split('=').next().is_some_and(|k| k.trim() == key);
        if let Some(word) = self.overrides.iter().rev().find(from_override) {
            return format!("{key} (from `{word}`)");
        }
        let file = self.path.display();
        let known: Vec<&str> = key.split('.').collect();
        let found = (1..=known.len()).rev().find_map(|n| find_key(&self.text, &known[..n]));
        match found {
            Some(span) => format!("{key} ({file}, line {})", line_and_column(&self.text, span.start).0),
            None if key.is_empty() || key == "." => file.to_string(),
            None if key.contains([' ', '/']) => key.to_owned(),
            None => format!("{key} ({file})"),
        }
    }
}

fn unreadable(path: &Path, source: &std::io::Error) -> Error {
    Error::input(path.display().to_string(), format!("cannot read this parameter file: {source}"))
}

fn syntax_error(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
    Error::input(format!("{}:{line}:{column}", path.display()), format!("not valid TOML: {}", error.message()))
}

/// Line and column, from 1, of a place in `text`.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    (before.matches('\n').count() + 1, before.chars().rev().take_while(|&c| c != '\n').count() + 1)
}

/// The path of an unknown key, which serde may or may not have ended with the key itself.
fn unknown_key(path: &str, key: &str) -> String {
    match path {
        "." | "" => key.to_owned(),
        _ if path == key || path.ends_with(&format!(".{key}")) => path.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

/// Refuses the value of `place` unless it is positive and finite, or zero where that is allowed.
///
/// # Errors
/// The value, and what is allowed.
pub fn positive(place: &str, value: f64, or_zero: bool) -> Result<()> {
    if value.is_finite() && (value > 0.0 || (or_zero && value == 0.0)) {
        return Ok(());
    }
    let allowed = if or_zero { "zero or positive" } else { "positive" };
    Err(Error::input(place, format!("{value} is not allowed: it must be {allowed} and finite")))
}

/// "; did you mean ..?" for the nearest of the known names, or a list of them when none is near.
pub fn nearest_of(name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|k| (strsim::damerau_levenshtein(name, k), *k)).min();
    match nearest {
        Some((distance, nearest)) if distance <= 1 + name.len() / 3 => format!("; did you mean `{nearest}`?"),
        Some(_) => format!("; known here: {}", known.join(", ")),
        None => String::new(),
    }
}

/// Where the key of this path stands in the file.
fn find_key(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let (last, sections) = path.split_last()?;
    let mut table = root.get_ref();
    for section in sections {
        match table.get(*section)?.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => return None,
        }
    }
    table.keys().find(|key| key.get_ref() == last).map(|key| key.span())
}

fn apply_override(table: &mut Table, word: &str) -> Result<()> {
    let Some((key, value)) = word.split_once('=') else {
        return Err(Error::input(format!("`{word}`"), "expected key=value, as in run.steps=100"));
    };
    let mut sections: Vec<&str> = key.trim().split('.').collect();
    let last = sections.pop().unwrap_or_default();
    if last.is_empty() || sections.iter().any(|section| section.is_empty()) {
        return Err(Error::input(format!("`{word}`"), "the key is empty; expected key=value, as in run.steps=100"));
    }
    let mut table = table;
    for section in sections {
        let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else {
            return Err(Error::input(format!("`{word}`"), format!("`{section}` is a value, not a section")));
        };
        table = inner;
    }
    table.insert(last.to_owned(), override_value(value.trim()));
    Ok(())
}

/// The value of an override: TOML, or numbers with commas between, or else a plain word.
fn override_value(text: &str) -> Value {
    let as_toml = |text: &str| format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v"));
    if let Some(value) = as_toml(text) {
        return value;
    }
    if text.contains(',') {
        return Value::Array(text.split(',').map(|part| override_value(part.trim())).collect());
    }
    Value::String(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Sections {
        gravity: Gravity,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Gravity {
        softening: f64,
        #[serde(default)]
        kind: Kind,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        #[default]
        Direct,
        Tree,
    }

    fn parameters(text: &str, overrides: &[&str]) -> Result<Parameters> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.toml");
        std::fs::write(&path, text).unwrap();
        Parameters::read(&path, &overrides.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    fn message(text: &str, overrides: &[&str]) -> String {
        let typed = parameters(text, overrides).and_then(|p| p.typed::<Sections>(|_| true, &["run", "output"]));
        typed.unwrap_err().to_string()
    }

    #[test]
    fn a_syntax_error_has_line_and_column() {
        let told = message("a = 1\nb = = 2\n", &[]);
        assert!(told.contains("run.toml:2:5"), "{told}");
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_its_line() {
        let told = message("\n[gravity]\nsofening = 1.0\n", &[]);
        assert!(told.contains("gravity.sofening") && told.contains("line 3"), "{told}");
        assert!(told.contains("did you mean `softening`?"), "{told}");
        assert!(message("[grvity]\n", &[]).contains("did you mean `gravity`?"));
        assert!(message("[outptu]\n", &[]).contains("did you mean `output`?"));
    }

    #[test]
    fn a_wrong_type_names_key_and_line_or_override() {
        let told = message("[gravity]\nsoftening = \"big\"\n", &[]);
        assert!(told.contains("gravity.softening") && told.contains("line 2"), "{told}");
        let told = message("[gravity]\nsoftening = 1\n", &["gravity.softening=big"]);
        assert!(told.contains("from `gravity.softening=big`"), "{told}");
    }

    #[test]
    fn an_unknown_variant_lists_what_is_allowed() {
        let told = message("[gravity]\nsoftening = 1\nkind = \"tre\"\n", &[]);
        assert!(told.contains("did you mean `tree`?") && told.contains("line 3"), "{told}");
    }

    #[test]
    fn overrides_take_toml_lists_and_words() {
        assert_eq!(override_value("64,64"), override_value("[64, 64]"));
        assert_eq!(override_value("1e-3"), Value::Float(1e-3));
        assert_eq!(override_value("100 yr"), Value::String("100 yr".into()));
        assert!(parameters("a = 1", &["nonsense"]).is_err());
        assert!(parameters("a = 1", &["=3"]).is_err());
    }
}
