//! Values: of parameters, and of a task's results.
//!
//! A value is a whole number, a number, a truth value or a text. It is read from text and shown so that
//! reading it again gives the same value. An [`Outcome`] is the row of named values that a task made.
//!
//! No digit is lost on the way: what a float doesn't hold is a whole number, a number that keeps its text, or a text.
//!
//! Serialised, a number is its bits: infinities, NaN and the last digit come back in every format.

mod digits;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use digits::{holds_digits, is_exactly, is_label, is_whole};

/// The name of a result that has none of its own.
pub(crate) const RESULT: &str = "result";

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Value {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(#[serde(with = "bits")] f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(String),
    /// A number as it was written, where a float alone would show it otherwise.
    Written(String),
}

/// Of what kind all values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whole numbers, each of which is a float too.
    Integer,
    /// Whole numbers, some of which no float is.
    Long,
    /// Numbers, whole ones among them.
    Number,
    /// True or false.
    Bool,
    /// Texts, or values of several kinds shown as texts.
    Text,
}

/// What a task made: named values, in their order, no name twice.
pub(crate) type Outcome = Vec<(String, Value)>;

impl Value {
    /// The value of a text: a whole number, a number, `true` or `false`, or else itself without the blanks around it. Numbers keep
    /// their spelling.
    ///
    /// Digits after a leading zero, such as `007`, are text: they name something.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        match (Self::spelled(text), text) {
            (_, "true") => Value::Bool(true),
            (_, "false") => Value::Bool(false),
            (Ok(value), _) if !is_label(text) => value,
            _ => Value::Text(text.to_owned()),
        }
    }

    /// The number that a text says, with its spelling.
    ///
    /// # Errors
    /// In words, where it is none, or too large.
    pub(crate) fn spelled(text: &str) -> std::result::Result<Self, &'static str> {
        Ok(match Self::of_digits(text)? {
            // Infinities and NaN have many spellings and one meaning.
            Value::Number(number) if !number.is_finite() => Value::Number(number),
            Value::Text(text) => Value::Text(text),
            other if other.to_string() == text => other,
            _ => Value::Written(text.to_owned()),
        })
    }

    /// What a number's text is so that no digit is lost: a whole number or a number where these hold it; where a float holds it
    /// nearly, or another spelling of it exactly, a number as it was written; a whole number beyond both a text.
    ///
    /// # Errors
    /// In words, where it is none, or too large.
    fn of_digits(text: &str) -> std::result::Result<Self, &'static str> {
        let number: f64 = text.parse().map_err(|_| "is no number")?;
        let has_digits = text.contains(|c: char| c.is_ascii_digit());
        if number.is_infinite() && has_digits && !is_whole(text) {
            return Err("is too large for a number of 64 bits");
        }
        Ok(match text.parse() {
            // The whole zero has no sign.
            Ok(0) if number.is_sign_negative() => Value::Number(number),
            Ok(integer) => Value::Integer(integer),
            Err(_) if is_whole(text) && !is_exactly(number, text) => Value::Text(text.to_owned()),
            Err(_) if is_whole(text) || !holds_digits(number, text) => Value::Written(text.to_owned()),
            Err(_) => Value::Number(number),
        })
    }

    /// The value as JSON, which has no infinities and no NaN: these become `null`.
    pub(crate) fn to_json(&self) -> Box<RawValue> {
        let text = match self {
            Value::Written(text) => match RawValue::from_string(text.clone()) {
                Ok(literal) => return literal,
                Err(_) => return self.unwritten().to_json(),
            },
            Value::Integer(integer) => serde_json::to_string(integer),
            Value::Number(number) => serde_json::to_string(number),
            Value::Bool(truth) => serde_json::to_string(truth),
            Value::Text(text) => serde_json::to_string(text),
        };
        // Neither numbers nor texts can fail to become JSON.
        text.and_then(RawValue::from_string).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }

    /// The value as a whole number, where it is one.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Value::Integer(integer) => Some(*integer),
            // The whole zero has no sign.
            Value::Written(text) => text.parse().ok().filter(|&integer| integer != 0 || !text.starts_with('-')),
            Value::Number(_) | Value::Bool(_) | Value::Text(_) => None,
        }
    }

    /// The value without the spelling of its text, for those who know fewer spellings.
    pub(crate) fn unwritten(&self) -> Value {
        match (self, self.integer()) {
            (Value::Written(_), Some(integer)) => Value::Integer(integer),
            (Value::Written(_), None) => Value::Number(self.number().unwrap_or(f64::NAN)),
            (other, _) => other.clone(),
        }
    }

    /// The value as a number, where it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Value::Integer(integer) => Some(*integer as f64),
            Value::Number(number) => Some(*number),
            Value::Written(text) => text.parse().ok(),
            Value::Bool(_) | Value::Text(_) => None,
        }
    }

    /// The kind of a column of values like this one.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Value::Integer(_) | Value::Written(_) => self.integer().map_or(Kind::Number, Kind::of_whole),
            Value::Number(_) => Kind::Number,
            Value::Bool(_) => Kind::Bool,
            Value::Text(_) => Kind::Text,
        }
    }

    /// The value in a column of such a kind: all is text among texts.
    pub(crate) fn among(self, kind: Kind) -> Self {
        match (kind, self) {
            (Kind::Text, Value::Text(text)) => Value::Text(text),
            (Kind::Text, other) => Value::Text(other.to_string()),
            (_, value) => value,
        }
    }
}

impl Kind {
    /// The kind of a column of this whole number.
    pub(crate) fn of_whole(integer: i64) -> Self {
        if integer as f64 as i128 == i128::from(integer) { Kind::Integer } else { Kind::Long }
    }

    /// The kind of a column that holds values of both kinds.
    pub(crate) fn with(self, other: Kind) -> Kind {
        match (self, other) {
            _ if self == other => self,
            (Kind::Integer | Kind::Number, Kind::Integer | Kind::Number) => Kind::Number,
            (Kind::Integer | Kind::Long, Kind::Integer | Kind::Long) => Kind::Long,
            _ => Kind::Text,
        }
    }
}

impl fmt::Display for Value {
    /// The shortest text that reads back as the same number; a text as it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(integer) => write!(f, "{integer}"),
            Value::Number(number) => write!(f, "{number:?}"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Text(text) | Value::Written(text) => f.write_str(text),
        }
    }
}

/// A number as its bits.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(number.to_bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

#[cfg(test)]
mod tests;
