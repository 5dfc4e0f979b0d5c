//! What the digits of a number's text tell: of which kind it is, and whether a float holds them all.

/// So many significant digits tell any two floats apart; a float doesn't hold more.
const DIGITS: usize = 17;

/// Whether a text is made of digits that begin with a zero which a number would lose.
pub(super) fn is_label(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && is_whole(digits)
}

/// Whether a text is digits alone, with a sign or without.
pub(super) fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}

/// Whether `number` is the whole number that a text says.
pub(super) fn is_exactly(number: f64, text: &str) -> bool {
    number.abs() < i128::MAX as f64 && text.parse() == Ok(number as i128)
}

/// Whether `number`, read from a text, has all the significant digits that the text says.
pub(super) fn holds_digits(number: f64, text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_matches('0');
    significant.len() <= DIGITS && (number != 0.0 || significant.is_empty())
}
