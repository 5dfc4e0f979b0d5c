//! Hints to MPI-IO in a parameter file: text, whole numbers, or true and false.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The value of a hint, as a person writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a hint is a text, a whole number, true or false")]
#[non_exhaustive]
pub enum Hint {
    /// `cb_nodes = 4`
    Number(i64),
    /// `IBM_largeblock_io = true`
    Switch(bool),
    /// `romio_ds_write = "disable"`
    Text(String),
}

/// Hints by name.
pub type Hints = BTreeMap<String, Hint>;

impl fmt::Display for Hint {
    /// As MPI takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hint::Number(number) => number.fmt(f),
            Hint::Switch(switch) => switch.fmt(f),
            Hint::Text(text) => text.fmt(f),
        }
    }
}
