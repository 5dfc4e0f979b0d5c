//! Priors: what is known of a parameter before the data.
//!
//! [`Prior`] is what a person writes. [`Distribution`] is what is computed with: the prior cut to the values that its parameter
//! can have, its density normalised over them, and its quantile function, by which a number of the unit interval becomes a draw.
//! Densities and draws go through `libm` and [`lane`](crate::simd), so they are the same on every machine.
//!
//! Priors that tie parameters to each other (orbitize's `KDEPrior`, `ObsPrior`) are left out.

mod distribution;
mod normal;
#[cfg(test)]
mod tests;

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

pub(super) use distribution::Distribution;
pub(super) use normal::quantile;

/// What is known of a parameter before the data. In a parameter file:
///
/// ```toml
/// [priors]
/// ecc1 = { uniform = [0.0, 0.9] }              # from, to
/// sma1 = { log_uniform = [1e-3, 1e4] }         # density as 1/x; from, to
/// inc1 = "sine"                                # density as sin x, 0 to pi: directions all alike
/// plx = { normal = [56.95, 0.26] }             # mean, standard deviation; cut where the parameter ends
/// mtot = { truncated_normal = [1.22, 0.08, 1.0, 1.4] }   # mean, standard deviation, from, to
/// sigma_k = { half_normal = 3.0 }              # the upper half of a normal density around 0, its standard deviation
/// ecc2 = { linear = [-2.0, 2.0] }              # density as a x + b from 0 to -b/a; a, b
/// pan1 = 1.2                                   # known
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Prior {
    /// Known: this value.
    Fixed(f64),
    /// Everything else.
    Spread(Spread),
}

/// The density of a parameter that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Spread {
    /// The same density from one value to another.
    Uniform(#[serde(deserialize_with = "numbers")] [f64; 2]),
    /// A density as 1/x between two positive values.
    LogUniform(#[serde(deserialize_with = "numbers")] [f64; 2]),
    /// A density as sin x between 0 and pi.
    Sine,
    /// Gauss's density of a mean and a standard deviation.
    Normal(#[serde(deserialize_with = "numbers")] [f64; 2]),
    /// Gauss's density of a mean and a standard deviation, between two values.
    TruncatedNormal(#[serde(deserialize_with = "numbers")] [f64; 4]),
    /// Gauss's density around zero, of a standard deviation, above zero.
    HalfNormal(f64),
    /// A density as a x + b with a below and b above zero, from zero to -b/a.
    Linear(#[serde(deserialize_with = "numbers")] [f64; 2]),
}

/// As many numbers as a density has, no more.
fn numbers<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[f64; N], D::Error> {
    let numbers = Vec::<f64>::deserialize(deserializer)?;
    let found = numbers.len();
    numbers.try_into().map_err(|_| de::Error::invalid_length(found, &format!("{N} numbers").as_str()))
}

impl Prior {
    /// Uniform between two values.
    pub(super) const fn uniform(low: f64, high: f64) -> Prior {
        Prior::Spread(Spread::Uniform([low, high]))
    }

    /// A density as 1/x between two values.
    pub(super) const fn log_uniform(low: f64, high: f64) -> Prior {
        Prior::Spread(Spread::LogUniform([low, high]))
    }

    /// A density as sin x between 0 and pi.
    pub(super) const fn sine() -> Prior {
        Prior::Spread(Spread::Sine)
    }
}

impl JsonSchema for Prior {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Prior".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "number", "description": "A known value." }, Spread::json_schema(generator)]
        })
    }
}

impl Serialize for Prior {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Prior::Fixed(value) => serializer.serialize_f64(*value),
            Prior::Spread(spread) => spread.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Prior {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyPrior)
    }
}

/// Takes a number, the name of a prior without numbers, or a table of a name and its numbers.
struct AnyPrior;

impl<'de> Visitor<'de> for AnyPrior {
    type Value = Prior;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("a prior: a number, \"sine\", or a table as { uniform = [0.0, 1.0] } or { normal = [1.2, 0.1] }")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Prior, E> {
        Ok(Prior::Fixed(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Prior, E> {
        Ok(Prior::Fixed(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Prior, E> {
        Ok(Prior::Fixed(value as f64))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Prior, E> {
        Spread::deserialize(name.into_deserializer()).map(Prior::Spread)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Prior, A::Error> {
        Spread::deserialize(MapAccessDeserializer::new(map)).map(Prior::Spread)
    }
}
