//! What a crate may be called.

use crate::run::SECTIONS;
use crate::{Error, Result, sweep};

/// Words of Rust, which cargo refuses.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "test",
];
/// Crates that the new one uses, or that are always there.
const TAKEN: [&str; 10] =
    ["divisi", "serde", "schemars", "libm", "bytemuck", "std", "core", "alloc", "proc_macro", "main"];

/// Refuses what cannot be the name of a crate or, since a simulation and its section are called like the crate, of these.
///
/// # Errors
/// The name, and why not.
pub(super) fn check_name(name: &str) -> Result<()> {
    let refuse = |reason: &str| Err(Error::input(format!("the name `{name}`"), reason));
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(plain) {
        return refuse("a crate's name has small letters, digits, - and _, and begins with a letter");
    }
    if KEYWORDS.contains(&name) {
        return refuse("it is a word of Rust");
    }
    if TAKEN.contains(&&name.replace('-', "_")[..]) {
        return refuse("it is the name of a crate that is used");
    }
    if SECTIONS.contains(&name) || name == sweep::NAME {
        return refuse("it is a name that parameter files have for something else");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cargo_or_parameter_files_need_are_refused() {
        for good in ["ripple", "my-waves", "n_body2"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for (bad, reason) in [
            ("", "begins with a letter"),
            ("2d", "begins with a letter"),
            ("Heat", "small letters"),
            ("a/b", "small letters"),
            ("../x", "small letters"),
            ("fn", "a word of Rust"),
            ("divisi", "a crate that is used"),
            ("proc-macro", "a crate that is used"),
            ("output", "parameter files"),
            ("sweep", "parameter files"),
        ] {
            let message = check_name(bad).expect_err(bad).to_string();
            assert!(message.contains(reason), "{bad}: {message}");
        }
    }
}
