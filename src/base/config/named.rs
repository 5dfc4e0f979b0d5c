//! Parameters are given by their names.
//!
//! serde would also take a list as a section, its values in the order of the fields: `run = [5]` would be five somethings.

use schemars::Schema;
use toml::Value;

use super::ParameterFile;
use super::section::joined;
use crate::{Error, Result};

/// Refuses a list where the schema of the file has a section.
///
/// # Errors
/// The section, and how its parameters are given.
pub(crate) fn check_named(parameters: &ParameterFile, schema: &Schema) -> Result<()> {
    match listed("", &Value::Table(parameters.table().clone()), schema.as_value()) {
        None => Ok(()),
        Some(key) => {
            let reason =
                "is a list: its parameters have names, given as { name = value, .. } or in a section of their own";
            Err(Error::input(parameters.place(&key), reason))
        }
    }
}

/// The first key whose value is a list instead of a section.
fn listed(place: &str, value: &Value, schema: &serde_json::Value) -> Option<String> {
    match value {
        Value::Array(_) if schema["type"] == "object" => Some(place.to_owned()),
        Value::Array(list) => list.iter().find_map(|item| listed(place, item, &schema["items"])),
        Value::Table(table) => {
            table.iter().find_map(|(key, value)| listed(&joined(place, key), value, &schema["properties"][key]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::schema_of;

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "for its schema alone")]
    struct File {
        run: Run,
        bodies: Vec<Run>,
    }

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "for its schema alone")]
    struct Run {
        steps: u64,
        times: Vec<f64>,
        limits: Option<Limits>,
    }

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "for its schema alone")]
    struct Limits {
        low: f64,
    }

    /// A section as a list: at the top, within another, one that may be left out, one of several.
    #[test]
    fn a_list_is_no_section_and_a_list_of_numbers_is_a_list() {
        let place = |text: &str| listed("", &Value::Table(text.parse().unwrap()), schema_of::<File>().as_value());
        assert_eq!(place("run = [5]"), Some("run".to_owned()));
        assert_eq!(place("run = []"), Some("run".to_owned()));
        assert_eq!(place("run = { steps = 5, limits = [0.5] }"), Some("run.limits".to_owned()));
        assert_eq!(place("bodies = [[5], [6]]"), Some("bodies".to_owned()));
        assert_eq!(place("run = { steps = 5, times = [1.0, 2.0] }\nother = [1]"), None);
    }
}
