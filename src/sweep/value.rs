//! Values: of parameters, and of a task's results.
//!
//! A value is a whole number, a number, a truth value or a text. It is read from text and shown so that
//! reading it again gives the same value. An [`Outcome`] is the row of named values that a task made.
//!
//! No digit is lost on the way: what a float doesn't hold is a whole number, a number that keeps its text, or a text.
//!
//! Serialised, a number is its bits: infinities, NaN and the last digit come back in every format.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The name of a result that has none of its own.
pub(crate) const RESULT: &str = "result";

/// So many significant digits tell any two floats apart; a float doesn't hold more.
const DIGITS: usize = 17;

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

/// Whether a text is made of digits that begin with a zero which a number would lose.
fn is_label(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && is_whole(digits)
}

/// Whether a text is digits alone, with a sign or without.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}

/// Whether `number` is the whole number that a text says.
fn is_exactly(number: f64, text: &str) -> bool {
    number.abs() < i128::MAX as f64 && text.parse() == Ok(number as i128)
}

/// Whether `number`, read from a text, has all the significant digits that the text says.
fn holds_digits(number: f64, text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_matches('0');
    significant.len() <= DIGITS && (number != 0.0 || significant.is_empty())
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
mod tests {
    use super::*;

    #[test]
    fn a_shown_value_reads_back_as_itself() {
        let numbers = [0.1, -0.0, 1.0, 1e300, 5e-324, f64::INFINITY, 0.1 + 0.2, 1e16];
        let values = numbers.map(Value::Number).into_iter().chain([Value::Integer(i64::MIN), Value::Bool(true)]);
        for value in values.chain([Value::Text("two words".into())]) {
            assert_eq!(Value::parse(&format!(" {value}\n")), value);
        }
        assert_eq!(Value::Number(0.1).to_string(), "0.1");
        assert!(matches!(Value::parse("NaN"), Value::Number(number) if number.is_nan()));
        assert_eq!(Value::parse("007"), Value::Text("007".into()));
        assert_eq!((Value::parse("0"), Value::parse("0.5")), (Value::Integer(0), Value::Number(0.5)));
        assert_eq!(Value::parse("True"), Value::Text("True".into()));
    }

    /// Spellings, digits that a float doesn't hold, whole numbers beyond i64 that are floats and that aren't, labels.
    #[test]
    fn a_number_keeps_the_digits_of_its_text() {
        let spellings = ["1.10", "1234567e8", "+5", "-0", ".5", "5.", "1E3", "3.14159265358979323846", "1e-400"];
        for text in spellings.into_iter().chain(["9223372036854775808", "1180591620717411303424"]) {
            assert_eq!(Value::parse(text), Value::Written(text.into()));
            assert_eq!(Value::parse(text).to_string(), text);
            let is_whole = text == "+5";
            assert_eq!(Value::parse(text).kind(), if is_whole { Kind::Integer } else { Kind::Number });
            assert_eq!(Value::parse(text).number(), text.parse().ok());
        }
        for text in ["12345678901234567890", "-007", "+01", "1e400", "1e", "0x1f", "1_000", "-"] {
            assert_eq!(Value::parse(text), Value::Text(text.into()));
        }
        assert_eq!(Value::parse("9007199254740993"), Value::Integer(9_007_199_254_740_993));
        let signed = Value::parse("+9007199254740993");
        assert_eq!((signed.kind(), signed.unwritten()), (Kind::Long, Value::Integer(9_007_199_254_740_993)));
        assert_eq!(signed.to_string(), "+9007199254740993");
    }

    /// What a program prints as a number or in JSON: whole, beyond a float and beyond i64, in other spellings, infinite, none.
    #[test]
    fn a_printed_number_is_shown_as_it_was_printed() {
        let printed = |text: &str| Value::spelled(text).unwrap();
        for text in [
            "3",
            "3.0",
            "1.50",
            "1e-05",
            "007",
            "+3",
            "0.64285714285714279",
            "9007199254740993",
            "12345678901234567890",
        ] {
            assert_eq!(printed(text).to_string(), text);
        }
        assert_eq!((printed("3"), printed("0.5")), (Value::Integer(3), Value::Number(0.5)));
        assert_eq!(printed("9007199254740993"), Value::Integer(9_007_199_254_740_993));
        assert_eq!(printed("12345678901234567890"), Value::Text("12345678901234567890".into()));
        assert_eq!(printed("0.12345678901234567890"), Value::Written("0.12345678901234567890".into()));
        assert!(printed("-0").number().unwrap().is_sign_negative() && printed("-0").kind() == Kind::Number);
        assert_eq!(printed("inf"), Value::Number(f64::INFINITY));
        assert_eq!(Value::spelled("1e400"), Err("is too large for a number of 64 bits"));
        assert_eq!(Value::spelled("three"), Err("is no number"));
    }

    #[test]
    fn numbers_are_json_as_they_are_written_where_json_has_it() {
        let told = |text: &str| Value::parse(text).to_json().get().to_owned();
        assert_eq!(["1.10", "0.5", "3", "true"].map(told), ["1.10", "0.5", "3", "true"]);
        assert_eq!([".5", "+5", "inf"].map(told), ["0.5", "5", "null"]);
        assert_eq!(["12345678901234567890", "007"].map(told), ["\"12345678901234567890\"", "\"007\""]);
    }

    #[test]
    fn columns_of_several_kinds_have_one_that_holds_all() {
        use Kind::{Bool, Integer, Long, Number, Text};
        assert_eq!([Integer.with(Number), Number.with(Integer), Bool.with(Bool)], [Number, Number, Bool]);
        assert_eq!([Bool.with(Integer), Text.with(Number), Integer.with(Text)], [Text; 3]);
        assert_eq!(
            [Long.with(Integer), Integer.with(Long), Long.with(Number), Number.with(Long)],
            [Long, Long, Text, Text]
        );
        assert_eq!([1 << 53, (1 << 53) + 1, 1 << 60, i64::MAX].map(Kind::of_whole), [Integer, Long, Integer, Long]);
    }

    #[test]
    fn serialised_numbers_keep_their_bits() {
        for number in [f64::NAN, f64::NEG_INFINITY, 0.1, -0.0] {
            let text = serde_json::to_string(&Value::Number(number)).unwrap();
            let Value::Number(again) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
            assert_eq!(again.to_bits(), number.to_bits());
        }
    }
}
