//! Whether the system can run a script: its first line must name an interpreter, and that must be there.
//!
//! Programs in a machine's own code are not looked into, nor those that can't be read.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What some editors write before the first letter; before #! it hides that from the system.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes of the first line that the system looks at.
const FIRST: u64 = 256;

/// Refuses a script that can't be run, in words. Relative interpreters are looked for in `folder`, those of `env` in `path`.
pub(super) fn check(program: &Path, path: &OsStr, folder: &Path) -> Result<(), String> {
    let mut first = Vec::new();
    if File::open(program).and_then(|file| file.take(FIRST).read_to_end(&mut first)).is_err() {
        return Ok(());
    }
    let name = program.display();
    if first.is_empty() {
        return Err(format!("{name} is empty"));
    }
    let Some(line) = first.strip_prefix(b"#!") else {
        let is_written = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
        let begins = first[0].is_ascii() || first.starts_with(BYTE_ORDER_MARK);
        return if begins && first.iter().all(is_written) {
            Err(format!("{name} is a text that doesn't begin with #! and what runs it, #!/bin/sh for example"))
        } else {
            Ok(())
        };
    };
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\r") {
        return Err(format!(
            "the lines of {name} end with CR LF, and the system takes the CR for a part of its interpreter's name: write them with LF"
        ));
    }
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    let Some(interpreter) = words.next() else { return Err(format!("the first line of {name} names no interpreter")) };
    if !folder.join(interpreter).exists() {
        return Err(format!("the interpreter of {name}, {interpreter}, isn't there"));
    }
    let is_env = Path::new(interpreter).file_name().is_some_and(|name| name == "env");
    match words.find(|word| *word != "-S" && !word.contains('=')).filter(|word| is_env && !word.starts_with('-')) {
        Some(word) if !is_in(path, word) => {
            Err(format!("the interpreter of {name}, {word}, isn't in the folders of PATH"))
        }
        _ => Ok(()),
    }
}

fn is_in(path: &OsStr, word: &str) -> bool {
    word.contains('/') || std::env::split_paths(path).any(|place| place.join(word).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class: a program that is there and can be executed, and that the system can't run. It was found at each task, each time.
    #[test]
    fn a_script_needs_an_interpreter_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let told = |content: &[u8]| {
            let program = folder.path().join("s");
            std::fs::write(&program, content).unwrap();
            check(&program, OsStr::new("/usr/bin:/bin"), folder.path()).err()
        };
        for good in [
            &b"#!/bin/sh\necho 1\n"[..],
            b"#! /bin/sh -e",
            b"#!/usr/bin/env sh\n",
            b"#!/usr/bin/env -S A=1 sh -e\n",
            b"\x7fELF\x02\x01",
            b"\xca\xfe\xba\xbe",
            b"MZ\x90\0",
        ] {
            assert_eq!(told(good), None, "{}", String::from_utf8_lossy(good));
        }
        for (bad, words) in [
            (&b""[..], "is empty"),
            (b"echo 1\n", "doesn't begin with #!"),
            (b"\xef\xbb\xbf#!/bin/sh\n", "doesn't begin with #!"),
            (b"#!/bin/sh\r\necho 1\r\n", "end with CR LF"),
            (b"#!/usr/bin/env sh\r\n", "end with CR LF"),
            (b"#!\n", "names no interpreter"),
            (b"#!/no/such/sh\n", "/no/such/sh, isn't there"),
            (b"#!bin/python\n", "bin/python, isn't there"),
            (b"#!/usr/bin/env no-such-sh\n", "no-such-sh, isn't in the folders of PATH"),
        ] {
            assert!(told(bad).is_some_and(|told| told.contains(words)), "{words}: {:?}", told(bad));
        }
        assert_eq!(check(Path::new("/nowhere"), OsStr::new(""), folder.path()), Ok(()));
    }
}
