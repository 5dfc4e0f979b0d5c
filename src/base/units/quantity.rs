//! Numbers with units as people write them: the units that are known, and their sizes in SI.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Newton's constant, m³ kg⁻¹ s⁻² (CODATA 2018).
pub(super) const GRAVITY_SI: f64 = 6.674_30e-11;
/// Nominal G M of the Sun, m³/s² (IAU 2015 B3).
pub(crate) const GM_SUN: f64 = 1.327_124_4e20;
/// The astronomical unit, m (IAU 2012 B2).
pub(crate) const AU: f64 = 149_597_870_700.0;
/// The parsec, m (IAU 2015 B2).
pub(super) const PARSEC: f64 = AU * 648_000.0 / std::f64::consts::PI;
/// A day, s.
pub(crate) const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.25 * DAY;

/// Lengths in metres.
pub(super) const LENGTHS: [(&str, f64); 7] =
    [("m", 1.0), ("cm", 0.01), ("km", 1e3), ("au", AU), ("pc", PARSEC), ("kpc", 1e3 * PARSEC), ("Mpc", 1e6 * PARSEC)];
/// Times in seconds.
pub(super) const TIMES: [(&str, f64); 8] = [
    ("s", 1.0),
    ("min", 60.0),
    ("hour", 3600.0),
    ("day", DAY),
    ("yr", YEAR),
    ("kyr", 1e3 * YEAR),
    ("Myr", 1e6 * YEAR),
    ("Gyr", 1e9 * YEAR),
];
/// Other words for times.
const WORDS: [(&str, &str); 14] = [
    ("sec", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("minute", "min"),
    ("minutes", "min"),
    ("h", "hour"),
    ("hr", "hour"),
    ("hours", "hour"),
    ("d", "day"),
    ("days", "day"),
    ("year", "yr"),
    ("years", "yr"),
    ("yrs", "yr"),
    ("mins", "min"),
];
/// Masses as G m in m³/s².
pub(super) const MASSES: [(&str, f64); 5] = [
    ("kg", GRAVITY_SI),
    ("g", 1e-3 * GRAVITY_SI),
    ("Msun", GM_SUN),
    ("Mearth", 3.986_004e14),
    ("Mjup", 1.266_865_3e17),
];

/// A number, or text with a number and its unit: `40.0`, `"40 day"`, `"au"` (one au).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, or text with a unit such as \"100 yr\"")]
pub enum Quantity {
    /// A plain number: code units, or SI in the `[units]` section itself.
    Number(f64),
    /// A number and a unit, or a unit alone.
    Text(String),
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Quantity::Number(number) => write!(f, "{number}"),
            Quantity::Text(text) => f.write_str(text),
        }
    }
}

/// The number and the unit of 100.0, "100 yr", "100", "yr"; not a number where the text is neither.
pub(super) fn split(value: &Quantity) -> (f64, &str) {
    let text = match value {
        Quantity::Number(number) => return (*number, ""),
        Quantity::Text(text) => text.trim(),
    };
    match text.split_once(char::is_whitespace) {
        Some((number, unit)) => (number.parse().unwrap_or(f64::NAN), unit.trim()),
        None => match text.parse() {
            Ok(number) => (number, ""),
            Err(_) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => (1.0, text),
            Err(_) => (f64::NAN, ""),
        },
    }
}

/// The name of a unit that has other words, too.
fn usual(unit: &str) -> &str {
    WORDS.iter().find(|(word, _)| *word == unit).map_or(unit, |(_, name)| name)
}

/// The size of a unit of this table.
pub(super) fn lookup(unit: &str, table: &[(&str, f64)]) -> Option<f64> {
    let unit = usual(unit);
    table.iter().find(|(name, _)| *name == unit).map(|(_, value)| *value)
}

/// What a unit measures.
#[cfg(feature = "plot")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dimension {
    Length,
    Time,
    Mass,
}

/// What the unit of this name measures, and its size in m, s or kg.
///
/// # Errors
/// An unknown name.
#[cfg(feature = "plot")]
pub(crate) fn unit_of_name(name: &str) -> std::result::Result<(Dimension, f64), String> {
    let tables = [
        (Dimension::Length, &LENGTHS[..], 1.0),
        (Dimension::Time, &TIMES, 1.0),
        (Dimension::Mass, &MASSES, GRAVITY_SI),
    ];
    let found = tables.iter().find_map(|(dimension, table, one)| Some((*dimension, lookup(name, table)? / one)));
    found.ok_or_else(|| {
        let names = tables.iter().flat_map(|(_, table, _)| table.iter().map(|(name, _)| *name));
        format!("\"{name}\" is no unit: known are {}", names.collect::<Vec<_>>().join(", "))
    })
}

/// What is wrong with a unit that is not in this table.
pub(super) fn unknown(what: &str, unit: &str, table: &[(&str, f64)]) -> String {
    let names: Vec<_> = table.iter().map(|(name, _)| *name).collect();
    format!("\"{unit}\" is not a unit of {what}: known are {}", names.join(", "))
}

/// The size of a unit in SI (masses: G m); plain numbers count `plain` each.
pub(super) fn convert(
    key: &str,
    value: &Quantity,
    table: &[(&str, f64)],
    plain: f64,
) -> std::result::Result<f64, String> {
    let (number, unit) = split(value);
    let size = match unit {
        "" => plain,
        unit => lookup(unit, table).ok_or_else(|| format!("`{key}`: {}", unknown(key, unit, table)))?,
    };
    if number > 0.0 && (number * size).is_finite() {
        Ok(number * size)
    } else {
        Err(format!("{key} = {value}: a unit of {key} is a positive finite number, or such as \"{}\"", table[2].0))
    }
}

/// What labels call a unit; `si` is that of a plain number.
pub(super) fn name(value: &Quantity, si: &str) -> String {
    match value {
        Quantity::Number(1.0) => si.to_string(),
        Quantity::Number(number) => format!("{number:e} {si}"),
        Quantity::Text(text) => match text.trim().rsplit_once(char::is_whitespace) {
            Some((number, unit)) => format!("{number} {}", usual(unit)),
            None => usual(text.trim()).to_string(),
        },
    }
}
