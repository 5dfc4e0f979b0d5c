//! Sections as types: what doesn't fit is named by its key, with the nearest right one.
//!
//! All messages about keys are made here, once: [`read_section`] for a type, [`by_kind`] for one of several types.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::{Error, Result};

/// A section's keys as a type; `section` is its name in the file, such as `"problem"`.
///
/// # Errors
/// Unknown keys, missing ones and wrong types; the place is the key's, such as `problem.mach`.
#[cfg(feature = "solvers")]
pub(crate) fn read_section<T: DeserializeOwned>(section: &str, table: Table) -> Result<T> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        let (key, reason) = misfit(&joined(section, &error.path().to_string()), error.inner().message(), &[]);
        Error::input(key, reason)
    })
}

/// A section whose key `kind` decides which other keys it has.
///
/// The type is an enum with a variant of named fields, or of one struct, for each kind. Mark the field that holds it
/// `#[serde(with = "by_kind")] #[schemars(with = "ITS TYPE")]` and the enum `#[schemars(tag = "kind")]`, not `#[serde(tag = "kind")]`: serde would
/// forget where in the section a value stood that doesn't fit.
pub mod by_kind {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::*;

    /// The key that names the kind.
    const KIND: &str = "kind";

    /// From the keys of the section that is called `section` in the file.
    ///
    /// # Errors
    /// No kind or an unknown one; unknown keys, missing ones and wrong types, each with its key as place.
    pub(crate) fn read<T: DeserializeOwned>(section: &str, mut table: Table) -> Result<T> {
        let kind = match table.remove(KIND) {
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(Error::input(joined(section, KIND), "must be a name in quotes")),
            None => String::new(),
        };
        // As serde has an enum by default: { kind = { the other keys } }.
        let tagged = Table::from_iter([(kind.clone(), Value::Table(table))]);
        serde_path_to_error::deserialize(Value::Table(tagged)).map_err(|error| {
            let path = error.path().to_string();
            let message = error.inner().message();
            if message.starts_with("unknown variant") {
                return unknown_kind(section, &kind, &quoted(message)[1..]);
            }
            let inner = path.strip_prefix(&kind).unwrap_or("").trim_start_matches('.');
            let (key, reason) = misfit(&joined(section, inner), message, &[]);
            Error::input(key, reason)
        })
    }

    fn unknown_kind(section: &str, kind: &str, known: &[&str]) -> Error {
        match kind {
            "" => Error::input(section, format!("kind = \"...\" is missing: {}", known.join(", "))),
            _ => Error::input(joined(section, KIND), format!("there is no `{kind}`{}", nearest_of(kind, known))),
        }
    }

    /// The section's keys as they were read.
    ///
    /// # Errors
    /// A value that TOML can't hold.
    pub(crate) fn table<T: Serialize>(value: &T) -> std::result::Result<Table, toml::ser::Error> {
        // Not by `Table::try_from`, which refuses variants of named fields.
        let tagged = Value::try_from(value)?;
        let mut table = Table::new();
        for (kind, keys) in tagged.as_table().cloned().unwrap_or_default() {
            table.insert(KIND.to_owned(), Value::String(kind));
            table.extend(keys.as_table().cloned().unwrap_or_default());
        }
        Ok(table)
    }

    /// For `#[serde(with = ..)]`: the place of an error begins with a dot, the field's own name goes before it.
    ///
    /// # Errors
    /// As of a section that is read: the key is the place.
    pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<T, D::Error> {
        read(".", Table::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    /// For `#[serde(with = ..)]`.
    ///
    /// # Errors
    /// What TOML cannot hold.
    pub fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        table(value).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// The key `path` within `section`.
pub(super) fn joined(section: &str, path: &str) -> String {
    match (section, path) {
        (section, "" | ".") => section.to_owned(),
        ("" | ".", path) => format!("{section}{path}"),
        _ => format!("{section}.{path}"),
    }
}

/// The key and the reason of an error that serde has for `path`; `others` are known at the top of the file.
pub(super) fn misfit(path: &str, message: &str, others: &[&str]) -> (String, String) {
    let message = message.trim_end();
    let names = quoted(message);
    match names.split_first() {
        Some((unknown, known)) if message.starts_with("unknown field") => {
            let key = unknown_key(path, unknown);
            let is_top = !key.contains('.');
            let known: Vec<&str> = known.iter().chain(others.iter().filter(|_| is_top)).copied().collect();
            (key, format!("there is no parameter `{unknown}` here{}", nearest_of(unknown, &known)))
        }
        Some((unknown, known)) if message.starts_with("unknown variant") => {
            (path.to_owned(), format!("`{unknown}` is not among {}{}", known.join(", "), nearest_of(unknown, known)))
        }
        // A type that reads a section by itself names the key within it: from here on (.key) or whole (section.key).
        _ => match message.split_once(": ") {
            Some((inner, reason)) if inner.starts_with('.') => {
                (joined(path, inner.trim_matches('.')), reason.to_owned())
            }
            Some((inner, reason)) if inner.starts_with(&format!("{path}.")) => (inner.to_owned(), reason.to_owned()),
            _ => (path.to_owned(), allowed(message)),
        },
    }
}

/// What serde says of a value, but of a number that a type doesn't hold what is allowed in place of the type's name.
fn allowed(message: &str) -> String {
    let number = message.strip_prefix("invalid value: integer `").and_then(|rest| rest.split_once("`, expected "));
    let Some((number, expected)) = number else { return message.to_owned() };
    let expected = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, at least 0",
        "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => "a whole number, at least 1",
        other => other,
    };
    format!("{number} is not allowed: it must be {expected}")
}

/// The texts between backquotes in one of serde's messages.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

/// The path of an unknown key, which serde may or may not have ended with the key itself.
fn unknown_key(path: &str, key: &str) -> String {
    match path {
        "." | "" => key.to_owned(),
        _ if path == key || path.ends_with(&format!(".{key}")) => path.to_owned(),
        _ => format!("{path}.{key}"),
    }
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
