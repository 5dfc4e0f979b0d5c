//! JSON that programs wrote, read with every number's text at hand.
//!
//! In order: NaN and the infinities, which Python writes without quotes, are marked as what they are; the document is cut into raw
//! parts, objects and lists first; a scalar becomes a [`Value`] from its own text. An object gives a value per key, with `a.b` for deeper
//! keys and `a_0`, `a_1`, .. for the elements of a list; a scalar is called `result`, the elements of a list `result_0`, `result_1`, ...

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Outcome, RESULT, Value};

/// Lists and objects may stand in each other so often.
const DEEPEST: usize = 128;
/// The longer name first: it ends with the shorter one.
const NON_FINITE: [(&str, f64); 3] = [("-Infinity", f64::NEG_INFINITY), ("Infinity", f64::INFINITY), ("NaN", f64::NAN)];

/// The members of an object, no two of one name: which of them was meant nobody could tell.
#[derive(Debug)]
pub(super) struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    /// The member of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for MembersVisitor<'a> {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'a>, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, member)) = map.next_entry::<String, &'a RawValue>()? {
            if let Some(first) = members.insert(name.clone(), member) {
                let first: &RawValue = first;
                return Err(A::Error::custom(format!("`{name}` stands there twice: {first} and {member}")));
            }
        }
        Ok(Members(members))
    }
}

/// A document in JSON.
#[derive(Debug)]
pub(super) struct Document {
    text: Box<RawValue>,
    /// What the text of an infinity or of NaN begins with, and no other.
    mark: String,
}

impl Document {
    /// Reads a text in which NaN, Infinity and -Infinity may be numbers.
    ///
    /// # Errors
    /// In words, where it is no JSON.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // A text that holds no such mark can't be taken for one of ours.
        let mut mark = String::from("\"~");
        while text.contains(&mark) {
            mark.push('~');
        }
        let plain = RawValue::from_string(text.to_owned()).or_else(|error| match with_marks(text, &mark) {
            Some(marked) => RawValue::from_string(marked),
            None => Err(error),
        });
        plain.map(|text| Document { text, mark }).map_err(|error| error.to_string())
    }

    /// Its members, where it is an object.
    ///
    /// # Errors
    /// Two of one name, in words.
    pub(super) fn members(&self) -> Result<Option<Members<'_>>, String> {
        if self.text.get().starts_with('{') { parts(&self.text).map(Some) } else { Ok(None) }
    }

    /// A part of it by itself.
    pub(super) fn part(&self, raw: &RawValue) -> Self {
        Document { text: raw.to_owned(), mark: self.mark.clone() }
    }

    /// Its text, as it was written but for marks.
    pub(super) fn text(&self) -> &str {
        self.text.get()
    }

    /// The outcome in it.
    ///
    /// # Errors
    /// An empty list or object, an empty key, two values of one name, a number too large; the message names it.
    pub(super) fn outcome(&self) -> Result<Outcome, String> {
        let mut outcome = Outcome::new();
        match self.members()? {
            Some(members) => self.flatten_members("", members, 1, &mut outcome)?,
            None => self.flatten(RESULT, &self.text, 0, &mut outcome)?,
        }
        let mut names: Vec<&str> = outcome.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("two results are called `{}`", pair[0])),
            None if outcome.is_empty() => Err(format!("`{}` holds no value", self.text())),
            None => Ok(outcome),
        }
    }

    fn flatten(&self, name: &str, raw: &RawValue, depth: usize, outcome: &mut Outcome) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("lists and objects stand in each other more than {DEEPEST} times"));
        }
        match raw.get().as_bytes() {
            [b'{', ..] => self.flatten_members(&format!("{name}."), parts(raw)?, depth + 1, outcome),
            [b'[', ..] => {
                let items: Vec<&RawValue> = parts(raw)?;
                let mut items = items.into_iter().enumerate();
                items.try_for_each(|(i, item)| self.flatten(&format!("{name}_{i}"), item, depth + 1, outcome))
            }
            _ => {
                outcome.push((name.to_owned(), self.scalar(name, raw)?));
                Ok(())
            }
        }
    }

    fn flatten_members(
        &self,
        prefix: &str,
        members: Members<'_>,
        depth: usize,
        outcome: &mut Outcome,
    ) -> Result<(), String> {
        // Sorted: the columns of a table of results don't depend on the order in which a program writes them.
        members.0.into_iter().try_for_each(|(key, member)| match key.trim() {
            "" => Err("a result has an empty name".to_owned()),
            key => self.flatten(&format!("{prefix}{key}"), member, depth, outcome),
        })
    }

    /// The value of a part that is neither list nor object; `null` is a number that isn't one (NaN).
    fn scalar(&self, name: &str, raw: &RawValue) -> Result<Value, String> {
        let text = raw.get();
        if let Some(marked) = text.strip_prefix(&self.mark) {
            let known = NON_FINITE.iter().find(|(name, _)| marked.trim_end_matches('"') == *name);
            return Ok(Value::Number(known.map_or(f64::NAN, |(_, number)| *number)));
        }
        match text.as_bytes() {
            [b'n', ..] => Ok(Value::Number(f64::NAN)),
            [b't', ..] => Ok(Value::Bool(true)),
            [b'f', ..] => Ok(Value::Bool(false)),
            [b'"', ..] => parts(raw).map(Value::Text),
            _ => Value::spelled(text).map_err(|reason| format!("`{name}`: {text} {reason}")),
        }
    }
}

/// What a part holds.
fn parts<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| error.to_string())
}

/// The text with marks and quotes around the NaN and the infinities outside of texts; None if there are none.
fn with_marks(text: &str, mark: &str) -> Option<String> {
    let mut marked = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut inside = false;
    let mut found = false;
    while let Some(next) = rest.chars().next() {
        let name = NON_FINITE.iter().find(|(name, _)| !inside && rest.starts_with(name));
        let length = match (name, next) {
            (Some((name, _)), _) => {
                marked.extend([mark, name, "\""]);
                found = true;
                rest = &rest[name.len()..];
                continue;
            }
            // An escaped character, which may be a quote.
            (None, '\\') => rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end),
            (None, _) => next.len_utf8(),
        };
        inside ^= next == '"';
        marked.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    found.then_some(marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> Result<Outcome, String> {
        Document::read(text).unwrap().outcome()
    }

    fn named(pairs: &[(&str, Value)]) -> Outcome {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn result(text: &str) -> Value {
        outcome(text).unwrap()[0].1.clone()
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
        let twice = "`a` stands there twice: 1 and [2]";
        for text in [
            r#"{"a": 1, "a": [2]}"#,
            r#"{"b": [{"a": 1, "c": 3, "\u0061": [2]}]}"#,
            r#"{"b": NaN, "c": {"a": 1, "a": [2]}}"#,
        ] {
            assert!(outcome(text).unwrap_err().starts_with(twice), "{text}: {:?}", outcome(text));
        }
        assert_eq!(outcome(r#"{" ": 1}"#).unwrap_err(), "a result has an empty name");
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(outcome(&deep).unwrap_err().contains("more than 128 times"));
    }

    #[test]
    fn what_python_writes_for_no_number_is_read() {
        let outcome = outcome(r#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" Infinity"}"#).unwrap();
        let numbers: Vec<f64> = outcome[..3].iter().map(|(_, value)| value.number().unwrap()).collect();
        assert!(numbers[0].is_nan());
        assert_eq!(numbers[1..], [f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!(outcome[3].1, Value::Text("NaN \" Infinity".into()));
        assert!(result("NaN").number().unwrap().is_nan());
        assert!(Document::read(r#"{"a": NaN"#).is_err());
    }

    /// Texts that are names of numbers, alone and beside such numbers; texts like our own marks.
    #[test]
    fn a_text_stays_a_text_whatever_it_says() {
        for text in ["Infinity", "NaN", "-Infinity", "~NaN", "~~NaN", "1e400", "12", "true", " x "] {
            assert_eq!(result(&format!("\"{text}\"")), Value::Text(text.into()));
            let beside = outcome(&format!("[NaN, \"{text}\"]")).unwrap();
            assert!(beside[0].1.number().unwrap().is_nan());
            assert_eq!(beside[1].1, Value::Text(text.into()), "{text}");
        }
    }

    /// Beyond a float's digits, beyond i64, beyond all floats, below them, with more digits than a float tells apart.
    #[test]
    fn a_number_arrives_digit_for_digit() {
        for (literal, value) in [
            ("9007199254740993", Value::Integer(9_007_199_254_740_993)),
            ("-9223372036854775808", Value::Integer(i64::MIN)),
            ("12345678901234567890", Value::Text("12345678901234567890".into())),
            ("1180591620717411303424", Value::Written("1180591620717411303424".into())),
            ("0.1000000000000000055511151231257827", Value::Written("0.1000000000000000055511151231257827".into())),
            ("1e-400", Value::Written("1e-400".into())),
            ("0.64285714285714279", Value::Written("0.64285714285714279".into())),
            ("1.50", Value::Written("1.50".into())),
            ("2.0", Value::Number(2.0)),
        ] {
            assert_eq!(result(literal), value, "{literal}");
        }
        assert!(result("-0").number().unwrap().is_sign_negative());
        assert_eq!(outcome("[1e400]").unwrap_err(), "`result_0`: 1e400 is too large for a number of 64 bits");
    }
}
