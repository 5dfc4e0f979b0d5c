//! Keys of a flow that take a list, or one number for a list of one.

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// A list, or one number, as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, or a list of numbers")]
pub(super) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

/// A list, or one number for a list of one.
pub(super) fn one_or_more<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(number) => vec![number],
        OneOrMore::More(numbers) => numbers,
    })
}

/// A list of counts, or one for a list of one.
pub(super) fn counts<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<usize>, D::Error> {
    let wrong = |_| serde::de::Error::custom("must be a whole number, or a list of such, each at least 1");
    let counts: Vec<NonZeroUsize> = one_or_more(deserializer).map_err(wrong)?;
    Ok(counts.into_iter().map(NonZeroUsize::get).collect())
}
