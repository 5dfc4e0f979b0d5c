//! Texts and values in turn, kinds of columns, JSON.

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
    for text in
        ["3", "3.0", "1.50", "1e-05", "007", "+3", "0.64285714285714279", "9007199254740993", "12345678901234567890"]
    {
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
