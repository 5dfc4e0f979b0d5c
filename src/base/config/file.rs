//! A parameter file as it was given: its text, its values with `key=value` words laid over them, and the place of each key.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::Parameters;
use super::section::{joined, misfit, nearest_of};
use crate::{Error, Result};

/// The parameters of a run before they have types.
#[derive(Clone, Debug)]
pub struct ParameterFile {
    path: PathBuf,
    text: String,
    table: Table,
    overrides: Vec<String>,
}

impl ParameterFile {
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
        Ok(ParameterFile { path: path.to_owned(), text, table, overrides: overrides.to_vec() })
    }

    /// The keys with the words laid over them.
    pub(super) fn table(&self) -> &Table {
        &self.table
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
        self.value_as(Value::Table(table), "", others)
    }

    /// The parameters of the simulation `name`: its sections, or the one that is named after it; `framework` are the sections that
    /// belong to the framework.
    ///
    /// # Errors
    /// As [`typed`](ParameterFile::typed).
    pub fn parameters<C: Parameters>(&self, name: &str, framework: &[&str]) -> Result<C> {
        if C::SECTIONS {
            return self.typed(|section| !framework.contains(&section), framework);
        }
        if let Some(unknown) = self.table.keys().find(|key| *key != name && !framework.contains(&key.as_str())) {
            let known = [&[name], framework].concat();
            let reason = format!("there is no parameter `{unknown}` here{}", nearest_of(unknown, &known));
            return Err(Error::input(self.place(unknown), reason));
        }
        let section = self.table.get(name).cloned().unwrap_or_else(|| Value::Table(Table::new()));
        self.value_as(section, name, &[])
    }

    /// `value` as a type, where `section` is its place in the file.
    fn value_as<T: DeserializeOwned>(&self, value: Value, section: &str, others: &[&str]) -> Result<T> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let path = joined(section, &error.path().to_string());
            let (key, reason) = misfit(&path, error.inner().message(), others);
            Error::input(self.place(&key), reason)
        })
    }

    /// An error whose place is a key, with its place in the file added.
    pub fn locate(&self, error: Error) -> Error {
        match error {
            Error::Input { place, reason } => Error::Input { place: self.place(&place), reason },
            other => other,
        }
    }

    /// Where `key` was given, in words; an element of a list, `key[0]`, was given with its list.
    pub fn place(&self, key: &str) -> String {
        let whole = key.split('[').next().unwrap_or_default();
        let from_override = |word: &&String| word.split('=').next().is_some_and(|k| k.trim() == whole);
        if let Some(word) = self.overrides.iter().rev().find(from_override) {
            return format!("{key} (from `{word}`)");
        }
        let file = self.path.display();
        let known: Vec<&str> = whole.split('.').collect();
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

/// The place of this path's key in the file.
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
    let value = override_value(value.trim()).map_err(|reason| Error::input(format!("`{word}`"), reason))?;
    table.insert(last.to_owned(), value);
    Ok(())
}

/// The value of an override: TOML, or numbers with commas between, or else a plain word.
///
/// # Errors
/// In words, where it begins as a list, a table or a text in quotes and isn't one.
fn override_value(text: &str) -> std::result::Result<Value, String> {
    let wrong = match format!("v = {text}").parse::<Table>() {
        // A second line would be a second key.
        Ok(mut table) if table.len() == 1 => return table.remove("v").ok_or_else(|| "it has no value".to_owned()),
        Ok(_) => "it is more than one value".to_owned(),
        Err(error) => error.message().trim_end().to_owned(),
    };
    if text.starts_with(['[', '{', '"', '\'']) {
        return Err(format!("{text} is no TOML: {wrong}"));
    }
    if text.contains(',') {
        return text
            .split(',')
            .map(|part| override_value(part.trim()))
            .collect::<std::result::Result<_, _>>()
            .map(Value::Array);
    }
    Ok(Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its errors alone")]
    struct Sections {
        gravity: Gravity,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its errors alone")]
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

    fn parameters(text: &str, overrides: &[&str]) -> Result<ParameterFile> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.toml");
        std::fs::write(&path, text).unwrap();
        ParameterFile::read(&path, &overrides.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
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
        assert_eq!(override_value("1e-3"), Ok(Value::Float(1e-3)));
        assert_eq!(override_value("100 yr"), Ok(Value::String("100 yr".into())));
        assert!(parameters("a = 1", &["nonsense"]).is_err());
        assert!(parameters("a = 1", &["=3"]).is_err());
    }

    /// Lists, tables, texts; not closed, with a word or a number that TOML doesn't have in them, within a list with commas, over lines.
    #[test]
    fn a_broken_list_table_or_text_is_no_plain_word() {
        for value in [
            "[1, 2",
            "[1, 2, x]",
            "[1e400]",
            "[99999999999999999999]",
            "{from=1,to=2,count=3",
            "\"a",
            "'a",
            "1,[2",
            "[1]\nw = 2",
            "[1]]",
        ] {
            let told = parameters("a = 1", &[&format!("b.c={value}")]).unwrap_err();
            assert!(
                told.to_string().starts_with(&format!("`b.c={value}`: ")) && told.to_string().contains("is no TOML: "),
                "{told}"
            );
            assert_eq!(told.status(), 2);
        }
        for word in ["99999999999999999999", "5\" pipe", "a]", "x, y"] {
            assert!(override_value(word).is_ok(), "{word}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_is_told_with_what_is_allowed() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "read for its errors alone")]
        struct Numbers {
            n: u64,
            few: u32,
            list: Vec<usize>,
        }
        let message = |word: &str| {
            let all = parameters("n = 1\nfew = 1\nlist = [1]", &[word]).unwrap();
            all.typed::<Numbers>(|_| true, &[]).unwrap_err().to_string()
        };
        assert_eq!(message("n=-4"), "n (from `n=-4`): -4 is not allowed: it must be a whole number, at least 0");
        assert!(
            message("few=5000000000")
                .ends_with("5000000000 is not allowed: it must be a whole number from 0 to 4294967295")
        );
        assert!(message("list=[1, -2]").starts_with("list[1] (from `list=[1, -2]`): -2 is not allowed"));
    }
}
