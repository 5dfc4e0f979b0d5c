//! `divisi new`: each kind of crate builds and passes its own test as it is made.

use std::path::Path;
use std::process::Command;

use crate::common::{DIVISI, divisi, finish, root};

/// Seconds after which a build and a test of a new crate are killed.
const LIMIT: u64 = 600;

/// Runs `divisi new` in a folder.
fn new(folder: &Path, words: &[&str]) -> crate::common::Ended {
    finish(divisi().arg("new").args(words).current_dir(folder), 60)
}

#[test]
fn a_new_crate_of_each_kind_builds_and_passes_its_test() {
    let folder = tempfile::tempdir().expect("a folder");
    // What is built already serves again: in this build's target and profile only Divisi itself is new, once for all three.
    let built = Path::new(DIVISI).parent().expect("target/PROFILE/divisi");
    let target = built.parent().expect("target/PROFILE/divisi");
    let is_release = built.ends_with("release");
    let profile = if is_release { "release" } else { "dev" };
    let checkout = root().display().to_string();
    for (name, kind) in [("new-grid", "--grid"), ("new-particles", "--particles"), ("new-sweep", "--sweep")] {
        new(folder.path(), &[name, kind, "--divisi", &checkout]).expect(0);
        let made = folder.path().join(name);
        let formatted = finish(Command::new(env!("CARGO")).args(["fmt", "--check"]).current_dir(&made), LIMIT);
        formatted.expect(0);
        let mut test = Command::new(env!("CARGO"));
        test.args(["test", "--offline"]).current_dir(&made).env("CARGO_TARGET_DIR", target);
        if is_release {
            test.arg("--release");
        }
        // The results don't depend on it, and it is built in half the time.
        test.args(["--config", &format!("profile.{profile}.package.divisi.opt-level=0")]);
        test.args(["--config", &format!("profile.{profile}.package.divisi.debug=false")]);
        let ended = finish(&mut test, LIMIT).expect(0);
        assert!(ended.stdout.contains("test one_rank_and_three_"), "{kind} has no test:\n{}", ended.stdout);
        for file in ["Cargo.lock", "README.md", "job.sbatch", ".gitignore", &format!("{name}.toml")] {
            assert!(made.join(file).exists(), "{kind} has no {file}");
        }
    }
}

#[test]
fn a_new_crate_needs_a_name_a_kind_and_room() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("taken")).expect("a folder");
    for (words, reason) in [
        (&["Waves", "--grid"][..], "begins with a letter"),
        (&["output", "--grid"], "parameter files"),
        (&["taken", "--grid"], "already"),
        (&["waves"], "--particles"),
        (&["waves", "--grid", "--sweep"], "cannot be used with"),
        (&["waves", "--grid", "--divisi", "taken"], "no checkout of Divisi"),
    ] {
        new(folder.path(), words).expect(2).says(reason);
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["taken"], "nothing is made");
}
