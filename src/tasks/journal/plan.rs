//! Telling two plans apart.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use crate::{Error, Result};

/// Differing lines that are shown.
const SHOWN: usize = 5;
/// Characters of a value that are shown.
const WIDE: usize = 60;

/// Refuses a plan that is not the journal's.
pub(super) fn check(path: &Path, old: &str, new: &str) -> Result<()> {
    if old == new {
        return Ok(());
    }
    let differences = differences(old, new);
    let message = match differences.len() {
        0 => "its lines are in another order".to_owned(),
        count if count > SHOWN => format!("{}; and {} more", differences[..SHOWN].join("; "), count - SHOWN),
        _ => differences.join("; "),
    };
    let reason = format!(
        "another plan began this sweep: {message}. Resume it with its own plan; for the new one choose another --out, or give up \
         the results here with --overwrite"
    );
    Err(Error::input(path.display().to_string(), reason))
}

/// A line: the key that it gives a value, if it does so, and the value, or the whole line.
type Line<'a> = (Option<&'a str>, &'a str);

/// The lines that differ, those of the old plan first: `key: old -> new`.
fn differences(old: &str, new: &str) -> Vec<String> {
    let mut added: VecDeque<Line<'_>> = only_in(new, old).collect();
    let mut partner = |(key, _): Line<'_>| {
        let place = added.iter().position(|&(other, _)| other == key)?;
        added.remove(place).map(|(_, value)| value)
    };
    let mut differences: Vec<String> = only_in(old, new)
        .map(|line| match partner(line) {
            Some(value) => change(line.0, &around(line.1, value), &around(value, line.1)),
            None => change(line.0, &around(line.1, ""), "not given"),
        })
        .collect();
    differences.extend(added.into_iter().map(|(key, value)| change(key, "not given", &around(value, ""))));
    differences
}

/// The lines of `text` that `other` does not have, or not as often.
fn only_in<'a>(text: &'a str, other: &'a str) -> impl Iterator<Item = Line<'a>> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    other.split('\n').for_each(|line| *known.entry(line).or_default() += 1);
    let mut is_new = move |line: &str| match known.get_mut(line) {
        Some(times) if *times > 0 => {
            *times -= 1;
            false
        }
        _ => true,
    };
    text.split('\n').filter(move |line| is_new(line)).map(key_and_value)
}

/// Takes `key = value` and `key: value` apart, as in TOML and in JSON of one key a line.
fn key_and_value(line: &str) -> Line<'_> {
    let is_key = |key: &str| key.chars().all(|sign| sign.is_alphanumeric() || "_-. \"'".contains(sign));
    match line.split_once(['=', ':']) {
        Some((key, value)) if is_key(key) => {
            let key = key.trim().trim_matches(['"', '\'']);
            (Some(key), value.trim().trim_end_matches(','))
        }
        _ => (None, line.trim()),
    }
}

fn change(key: Option<&str>, old: &str, new: &str) -> String {
    key.map_or_else(|| format!("{old} -> {new}"), |key| format!("{key}: {old} -> {new}"))
}

/// A value, or of a long one what stands around its first difference from another.
fn around(value: &str, other: &str) -> String {
    if value.chars().count() <= WIDE {
        return value.to_owned();
    }
    let same = value.chars().zip(other.chars()).take_while(|(value, other)| value == other).count();
    let start = same.saturating_sub(WIDE / 3).min(value.chars().count() - WIDE);
    let part: String = value.chars().skip(start).take(WIDE).collect();
    let ends = start + WIDE == value.chars().count();
    format!("{}{part}{}", if start > 0 { "..." } else { "" }, if ends { "" } else { "..." })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_by_their_keys() {
        let old = "[sweep]\ntasks = 100\nseed = 1\ngone = true\n";
        let new = "[sweep]\nseed = 1\ntasks = 200\nadded = \"x\"\n";
        let message = ["tasks: 100 -> 200", "gone: true -> not given", "added: not given -> \"x\""];
        assert_eq!(differences(old, new), message);
        assert_eq!(differences("{\n  \"tasks\": 100,\n}", "{\n  \"tasks\": 200,\n}"), ["tasks: 100 -> 200"]);
        assert_eq!(differences("1,2\n3,4\n5,6", "1,2\n3,5\n5,6"), ["3,4 -> 3,5"]);
        assert_eq!(differences("a = 1\na = 1", "a = 1"), ["a: 1 -> not given"]);
    }

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let old = format!("x = {}1{}", "a".repeat(100), "b".repeat(100));
        let new = format!("x = {}2", "a".repeat(100));
        let message = &differences(&old, &new)[0];
        assert!(message.starts_with("x: ...aaa") && message.contains("a1b") && message.ends_with("a2"), "{message}");
        assert!(message.chars().count() < 2 * WIDE + 20, "{message}");
    }

    #[test]
    fn a_refusal_says_what_differs_and_what_to_do() {
        let refused = |old: &str, new: &str| check(Path::new("out/journal"), old, new).unwrap_err().to_string();
        assert!(check(Path::new("out/journal"), "a = 1", "a = 1").is_ok());
        let message = refused("a = 1", "a = 2");
        assert!(message.starts_with("out/journal: ") && message.contains("a: 1 -> 2. "), "{message}");
        assert!(message.contains("--out") && message.contains("--overwrite"), "{message}");
        assert!(refused("a = 1\nb = 2", "b = 2\na = 1").contains("another order"));
        let many = |offset: usize| (0..9).map(|key| format!("k{key} = {}\n", key + offset)).collect::<String>();
        let message = refused(&many(0), &many(1));
        assert!(message.contains("k4: 4 -> 5; and 4 more") && !message.contains("k5"), "{message}");
    }
}
