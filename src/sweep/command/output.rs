//! From a program's output to its outcome.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failure::shown;
use super::tail::Tail;
use crate::sweep::json::Document;
use crate::sweep::value::{Outcome, RESULT, Value};

/// What a program writes on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Output {
    /// A number as its last line. Other lines don't matter.
    #[default]
    Number,
    /// A JSON document. All of the output, or its last line.
    Json,
    /// A text, as its last line.
    LastLine,
    /// Nothing. That it ends with status 0 is all that matters.
    None,
}

impl Output {
    /// The name in a plan.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Output::Number => "number",
            Output::Json => "json",
            Output::LastLine => "last_line",
            Output::None => "none",
        }
    }

    /// The outcome in a program's output.
    ///
    /// # Errors
    /// In words, if the output is not what it should be.
    pub(crate) fn outcome(self, stdout: &Tail) -> Result<Outcome, String> {
        if self == Output::None {
            return Ok(Vec::new());
        }
        let cut = match stdout.cut() {
            0 => String::new(),
            bytes => format!(" (of the output only the end is kept, {bytes} bytes before it are lost)"),
        };
        let outcome = match stdout.last_line_bytes() {
            None => Err("it wrote nothing to standard output".to_owned()),
            Some(line) => self.read(line, stdout),
        };
        outcome.map_err(|reason| reason + &cut)
    }

    fn read(self, line: &[u8], stdout: &Tail) -> Result<Outcome, String> {
        let result = |value| Ok(vec![(RESULT.to_owned(), value)]);
        let bytes = stdout.bytes();
        let whole = stdout.cut() == 0;
        if !whole && bytes.trim_ascii_end().len() == line.len() {
            return Err("the last line of its output is too long".to_owned());
        }
        let all = std::str::from_utf8(bytes).ok().filter(|_| whole);
        let readable = String::from_utf8_lossy(line);
        let wrong = |reason: &str| format!("the last line of its output {reason}: {}", shown(&readable));
        let line = std::str::from_utf8(line).map_err(|_| match self {
            Output::Number => wrong("is no number"),
            _ => wrong("is not UTF-8 text"),
        })?;
        match self {
            Output::None => Ok(Vec::new()),
            Output::LastLine => result(Value::Text(line.to_owned())),
            Output::Number => Value::spelled(line).map_err(wrong).and_then(result),
            Output::Json => {
                let document = all.and_then(|all| Document::read(all).ok()).map_or_else(|| Document::read(line), Ok);
                document.and_then(|document| document.outcome()).map_err(|reason| {
                    format!("its output is no JSON, nor is the last line ({reason}): {}", shown(line))
                })
            }
        }
    }
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
        assert_eq!(
            Output::Number.outcome(&tail(b"step 1\n\n -1.5e-3 \n\n")),
            Ok(result(Value::Written("-1.5e-3".into())))
        );
        assert_eq!(Output::Number.outcome(&tail(b"3\n")), Ok(result(Value::Integer(3))));
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
    fn output_that_was_cut_is_said() {
        let mut long = Tail::new(4);
        long.read(&mut &b"123456\nxyz\n"[..]);
        assert!(Output::Number.outcome(&long).unwrap_err().ends_with("7 bytes before it are lost)"));
    }

    /// Digits beyond a float's, numbers beyond all floats, bytes that are no text, lines of which the beginning is lost.
    #[test]
    fn a_result_is_all_of_what_was_printed_or_a_failure() {
        assert_eq!(
            Output::Number.outcome(&tail(b"9007199254740993\n")),
            Ok(result(Value::Integer(9_007_199_254_740_993)))
        );
        let told = Output::Number.outcome(&tail(b"1e400\n")).unwrap_err();
        assert_eq!(told, "the last line of its output is too large for a number of 64 bits: 1e400");
        assert_eq!(Output::Json.outcome(&tail(b"\"Infinity\"")), Ok(result(Value::Text("Infinity".into()))));
        for output in [Output::LastLine, Output::Json] {
            let told = output.outcome(&tail(b"\"\xe9\"\n")).unwrap_err();
            assert_eq!(told, "the last line of its output is not UTF-8 text: \"\u{fffd}\"");
        }
        assert_eq!(Output::Json.outcome(&tail(b"\xe9\n7\n")), Ok(result(Value::Integer(7))));
        for output in [Output::Number, Output::LastLine, Output::Json] {
            let mut long = Tail::new(4);
            long.read(&mut &b"123456\n"[..]);
            let told = output.outcome(&long).unwrap_err();
            assert!(told.starts_with("the last line of its output is too long"), "{told}");
        }
    }
}
