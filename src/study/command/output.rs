//! From what a program wrote to its outcome.

use serde::{Deserialize, Serialize};

use super::failure::shown;
use super::tail::Tail;
use crate::study::value::{Outcome, RESULT, Value, outcome_of_json};

/// What a program writes on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// A number as its last line; other lines don't matter.
    #[default]
    Number,
    /// A JSON document: all of the output, or its last line.
    Json,
    /// A text: the last line.
    LastLine,
    /// Nothing: that it ends with status 0 is all that matters.
    None,
}

impl Output {
    /// The name in a plan.
    pub fn name(self) -> &'static str {
        match self {
            Output::Number => "number",
            Output::Json => "json",
            Output::LastLine => "last_line",
            Output::None => "none",
        }
    }

    /// The outcome that a program's output tells.
    ///
    /// # Errors
    /// In words, if the output is not what it should be.
    pub fn outcome(self, stdout: &Tail) -> Result<Outcome, String> {
        if self == Output::None {
            return Ok(Vec::new());
        }
        let cut = match stdout.cut() {
            0 => String::new(),
            bytes => format!(" (of the output only the end is kept, {bytes} bytes before it are lost)"),
        };
        let outcome = match stdout.last_line() {
            None => Err("it wrote nothing to standard output".to_owned()),
            Some(line) => self.read(&line, stdout),
        };
        outcome.map_err(|reason| reason + &cut)
    }

    fn read(self, line: &str, stdout: &Tail) -> Result<Outcome, String> {
        match self {
            Output::None => Ok(Vec::new()),
            Output::LastLine => Ok(vec![(RESULT.to_owned(), Value::Text(line.to_owned()))]),
            Output::Number => match line.parse() {
                Ok(number) => Ok(vec![(RESULT.to_owned(), Value::Number(number))]),
                Err(_) => Err(format!("the last line of its output is no number: {}", shown(line))),
            },
            Output::Json => {
                let all = String::from_utf8_lossy(stdout.bytes());
                outcome_of(&all).or_else(|_| outcome_of(line)).map_err(|reason| {
                    format!("its output is no JSON, nor is the last line ({reason}): {}", shown(line))
                })
            }
        }
    }
}

/// The outcome that a text in JSON tells. NaN, Infinity and -Infinity may stand for numbers, as Python writes them.
pub(in crate::study) fn outcome_of(text: &str) -> Result<Outcome, String> {
    outcome_of_json(&document(text)?).map(finish)
}

/// A JSON document in which NaN and infinities became texts.
pub(in crate::study) fn document(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).or_else(|error| {
        let quoted = quote_non_finite(text).ok_or_else(|| error.to_string())?;
        serde_json::from_str(&quoted).map_err(|error| error.to_string())
    })
}

/// Texts that stand for numbers become numbers.
pub(in crate::study) fn finish(mut outcome: Outcome) -> Outcome {
    for (_, value) in &mut outcome {
        let Value::Text(text) = value else { continue };
        if let Some(number) = NON_FINITE.iter().find(|(name, _)| name == text) {
            *value = Value::Number(number.1);
        }
    }
    outcome
}

/// The longer name first: it ends with the shorter one.
const NON_FINITE: [(&str, f64); 3] = [("-Infinity", f64::NEG_INFINITY), ("Infinity", f64::INFINITY), ("NaN", f64::NAN)];

/// The text with quotes around the NaN and the infinities that stand outside of texts; None if there are none.
fn quote_non_finite(text: &str) -> Option<String> {
    let mut quoted = String::with_capacity(text.len() + 16);
    let (mut rest, mut inside, mut found) = (text, false, false);
    while let Some(next) = rest.chars().next() {
        let name = NON_FINITE.iter().find(|(name, _)| !inside && rest.starts_with(name));
        let length = match (name, next) {
            (Some((name, _)), _) => {
                quoted.extend(["\"", name, "\""]);
                found = true;
                rest = &rest[name.len()..];
                continue;
            }
            // An escaped character, which may be a quote.
            (None, '\\') => rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end),
            (None, _) => next.len_utf8(),
        };
        inside ^= next == '"';
        quoted.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    found.then_some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(text: &[u8]) -> Tail {
        let mut tail = Tail::new(1000);
        tail.read(&mut { text });
        tail
    }

    fn result(value: Value) -> Outcome {
        vec![("result".to_owned(), value)]
    }

    #[test]
    fn the_last_line_is_a_number_or_a_text() {
        assert_eq!(Output::Number.outcome(&tail(b"step 1\n\n -1.5e-3 \n\n")), Ok(result(Value::Number(-0.0015))));
        assert_eq!(Output::Number.outcome(&tail(b"inf")), Ok(result(Value::Number(f64::INFINITY))));
        assert_eq!(Output::LastLine.outcome(&tail(b"a\n b c\n")), Ok(result(Value::Text("b c".into()))));
        let told = Output::Number.outcome(&tail(b"1\nx = 2\n")).unwrap_err();
        assert_eq!(told, "the last line of its output is no number: x = 2");
        assert!(Output::Number.outcome(&tail(b"\xff\xfe\x00\n")).unwrap_err().contains("no number"));
        for output in [Output::Number, Output::Json, Output::LastLine] {
            assert_eq!(output.outcome(&tail(b" \n")).unwrap_err(), "it wrote nothing to standard output");
        }
    }

    #[test]
    fn json_is_the_whole_output_or_its_last_line() {
        let expected = Ok(vec![("a".to_owned(), Value::Integer(1)), ("b".to_owned(), Value::Number(2.5))]);
        assert_eq!(Output::Json.outcome(&tail(b"{\"a\": 1,\n \"b\": 2.5}\n")), expected);
        assert_eq!(Output::Json.outcome(&tail(b"hello\n{\"a\": 1, \"b\": 2.5}\n")), expected);
        let told = Output::Json.outcome(&tail(b"hello\n{\"a\": 1,\n")).unwrap_err();
        assert!(told.contains("no JSON") && told.contains("{\"a\": 1,"), "{told}");
        assert!(Output::Json.outcome(&tail(b"[]")).unwrap_err().contains("holds no value"));
    }

    #[test]
    fn what_python_writes_for_no_number_is_read() {
        let outcome = outcome_of(r#"{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN \" Infinity"}"#).unwrap();
        let numbers: Vec<f64> = outcome[..3].iter().map(|(_, value)| value.number().unwrap()).collect();
        assert!(numbers[0].is_nan());
        assert_eq!(numbers[1..], [f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!(outcome[3].1, Value::Text("NaN \" Infinity".into()));
        assert!(outcome_of("NaN").unwrap()[0].1.number().unwrap().is_nan());
        assert!(outcome_of(r#"{"a": NaN"#).is_err());
    }

    #[test]
    fn output_that_was_cut_is_said() {
        let mut long = Tail::new(4);
        long.read(&mut &b"123456\nxyz\n"[..]);
        assert!(Output::Number.outcome(&long).unwrap_err().ends_with("7 bytes before it are lost)"));
    }
}
