//! Values: what a parameter is set to and what a task hands back.
//!
//! A value is a whole number, a number, a truth value or a text. It is read from text or JSON and shown so that
//! reading it again gives the same value. An [`Outcome`] is the row of named values that a task made.
//!
//! Serialised, a number is its bits: infinities, NaN and the last digit come back in every format.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a result that has none of its own.
pub const RESULT: &str = "result";

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(#[serde(with = "bits")] f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(String),
}

/// Of what kind all values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers, whole ones among them.
    Number,
    /// True or false.
    Bool,
    /// Texts, or values of several kinds shown as texts.
    Text,
}

/// What a task made: named values, in their order, no name twice.
pub type Outcome = Vec<(String, Value)>;

impl Value {
    /// What a text says: a whole number, a number, `true` or `false`, or else itself without the blanks around it.
    ///
    /// Digits after a leading zero, such as `007`, are text: they name something.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if is_label(text) {
            return Value::Text(text.to_owned());
        }
        if let Ok(integer) = text.parse() {
            return Value::Integer(integer);
        }
        match (text.parse(), text) {
            (Ok(number), _) => Value::Number(number),
            (_, "true") => Value::Bool(true),
            (_, "false") => Value::Bool(false),
            _ => Value::Text(text.to_owned()),
        }
    }

    /// The value that a JSON scalar holds; `null` is a number that isn't one (NaN). None for lists and objects.
    ///
    /// Whole numbers beyond 64 bits with sign are rounded to a number.
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        match json {
            serde_json::Value::Null => Some(Value::Number(f64::NAN)),
            serde_json::Value::Bool(truth) => Some(Value::Bool(*truth)),
            serde_json::Value::String(text) => Some(Value::Text(text.clone())),
            serde_json::Value::Number(number) => {
                let integer = number.as_i64().map(Value::Integer);
                integer.or_else(|| number.as_f64().map(Value::Number))
            }
            _ => None,
        }
    }

    /// The value as JSON, which has no infinities and no NaN: these become `null`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Integer(integer) => (*integer).into(),
            Value::Number(number) => (*number).into(),
            Value::Bool(truth) => (*truth).into(),
            Value::Text(text) => text.as_str().into(),
        }
    }

    /// The value as a number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Integer(integer) => Some(*integer as f64),
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The kind of a column of values like this one.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Integer(_) => Kind::Integer,
            Value::Number(_) => Kind::Number,
            Value::Bool(_) => Kind::Bool,
            Value::Text(_) => Kind::Text,
        }
    }
}

impl Kind {
    /// The kind of a column that holds values of both kinds.
    pub fn with(self, other: Kind) -> Kind {
        match (self, other) {
            _ if self == other => self,
            (Kind::Integer | Kind::Number, Kind::Integer | Kind::Number) => Kind::Number,
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
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// Whether a text is made of digits that begin with a zero which a number would lose.
fn is_label(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|c| c.is_ascii_digit())
}

/// The outcome that a JSON document tells.
///
/// An object gives a value per key, with `a.b` for what lies deeper and `a_0`, `a_1`, .. for the elements of a list;
/// a scalar is called `result`, the elements of a list `result_0`, `result_1`, ...
///
/// # Errors
/// An empty list or object, an empty key, two values of one name; says which.
pub fn outcome_of_json(json: &serde_json::Value) -> std::result::Result<Outcome, String> {
    let mut outcome = Outcome::new();
    match json {
        serde_json::Value::Object(members) => flatten_members("", members, &mut outcome)?,
        other => flatten(RESULT, other, &mut outcome)?,
    }
    let mut names: Vec<&str> = outcome.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two results are called `{}`", pair[0])),
        None if outcome.is_empty() => Err(format!("`{json}` holds no value")),
        None => Ok(outcome),
    }
}

fn flatten(name: &str, json: &serde_json::Value, outcome: &mut Outcome) -> std::result::Result<(), String> {
    match json {
        serde_json::Value::Object(members) => flatten_members(&format!("{name}."), members, outcome),
        serde_json::Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(i, item)| flatten(&format!("{name}_{i}"), item, outcome))
        }
        scalar => {
            outcome.extend(Value::from_json(scalar).map(|value| (name.to_owned(), value)));
            Ok(())
        }
    }
}

fn flatten_members(
    prefix: &str,
    members: &serde_json::Map<String, serde_json::Value>,
    outcome: &mut Outcome,
) -> std::result::Result<(), String> {
    members.iter().try_for_each(|(key, member)| match key.trim() {
        "" => Err("a result has an empty name".to_owned()),
        key => flatten(&format!("{prefix}{key}"), member, outcome),
    })
}

/// A number as its bits.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(number.to_bits())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> std::result::Result<Outcome, String> {
        outcome_of_json(&serde_json::from_str(text).unwrap())
    }

    fn named(pairs: &[(&str, Value)]) -> Outcome {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn a_shown_value_reads_back_as_itself() {
        let numbers = [0.1, -0.0, 1.0, 1e300, 5e-324, f64::INFINITY, 0.1 + 0.2, 1e16];
        let values = numbers.map(Value::Number).into_iter().chain([Value::Integer(i64::MIN), Value::Bool(true)]);
        for value in values.chain([Value::Text("two words".into())]) {
            assert_eq!(Value::parse(&format!(" {value}\n")), value);
        }
        assert_eq!(Value::Number(0.1).to_string(), "0.1");
        assert!(matches!(Value::parse("NaN"), Value::Number(number) if number.is_nan()));
        assert_eq!(Value::parse("9223372036854775808"), Value::Number(9_223_372_036_854_775_808.0));
        assert_eq!(Value::parse("007"), Value::Text("007".into()));
        assert_eq!((Value::parse("0"), Value::parse("0.5")), (Value::Integer(0), Value::Number(0.5)));
        assert_eq!(Value::parse("True"), Value::Text("True".into()));
    }

    #[test]
    fn columns_of_several_kinds_have_one_that_holds_all() {
        use Kind::{Bool, Integer, Number, Text};
        assert_eq!([Integer.with(Number), Number.with(Integer), Bool.with(Bool)], [Number, Number, Bool]);
        assert_eq!([Bool.with(Integer), Text.with(Number), Integer.with(Text)], [Text; 3]);
    }

    #[test]
    fn serialised_numbers_keep_their_bits() {
        for number in [f64::NAN, f64::NEG_INFINITY, 0.1, -0.0] {
            let text = serde_json::to_string(&Value::Number(number)).unwrap();
            let Value::Number(again) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
            assert_eq!(again.to_bits(), number.to_bits());
        }
    }

    #[test]
    fn json_becomes_named_values() {
        assert_eq!(outcome("1.5"), Ok(named(&[("result", Value::Number(1.5))])));
        assert_eq!(
            outcome("[1, true]"),
            Ok(named(&[("result_0", Value::Integer(1)), ("result_1", Value::Bool(true))]))
        );
        let told = outcome(r#"{"a": {"b": 2, "c": ["x", [3]]}, "d": 4}"#).unwrap();
        let expected = [
            ("a.b", Value::Integer(2)),
            ("a.c_0", Value::Text("x".into())),
            ("a.c_1_0", Value::Integer(3)),
            ("d", Value::Integer(4)),
        ];
        assert_eq!(told, named(&expected));
        assert!(outcome("null").unwrap()[0].1.number().unwrap().is_nan());
    }

    #[test]
    fn json_without_values_or_with_one_name_twice_is_refused() {
        assert_eq!(outcome("{}").unwrap_err(), "`{}` holds no value");
        assert_eq!(outcome("[]").unwrap_err(), "`[]` holds no value");
        assert_eq!(outcome(r#"{"a.b": 1, "a": {"b": 2}}"#).unwrap_err(), "two results are called `a.b`");
        assert_eq!(outcome(r#"{" ": 1}"#).unwrap_err(), "a result has an empty name");
    }
}
