//! Tests that need a rank of their own, within `#[test]`: MPI starts once in a process, so each runs in a process for itself.

use std::any::type_name;
use std::env;
use std::process::Command;

use divisi::Comm;

use super::{finish, start_soon};

/// Set in the process that is the rank.
const ROLE: &str = "DIVISI_TEST_RANK";
/// What that process prints when the check holds: a process that found no such test would end well too.
const HOLDS: &str = "the check holds on one rank";
/// Seconds after which it is killed, where no others are given.
const LIMIT: u64 = 120;

/// Runs a check on the only rank of a process that is this program again. Call it with a closure, from a `#[test]` that does
/// nothing else.
pub(crate) fn on_one_rank<F: FnOnce(&Comm)>(check: F) {
    on_one_rank_within(LIMIT, check);
}

/// The same, for a check that may take so many seconds.
pub(crate) fn on_one_rank_within<F: FnOnce(&Comm)>(limit: u64, check: F) {
    if env::var_os(ROLE).is_some() {
        let _ = divisi::comm::launch(|comm| {
            check(comm);
            println!("{HOLDS}");
            Ok(0)
        });
        return;
    }
    // A closure's type is named after the function that it stands in, which is the test's name.
    let closure = type_name::<F>();
    let (_, test) = closure.split_once("::").expect("a path");
    let test = test.trim_end_matches("::{{closure}}");
    let mut command = Command::new(env::current_exe().expect("this program"));
    start_soon(&mut command);
    let ended =
        finish(command.args(["--exact", test, "--nocapture", "--include-ignored"]).env(ROLE, "1"), limit).expect(0);
    assert!(ended.stdout.contains(HOLDS), "{test} was not run:\n{}", ended.stdout);
    println!("{}", ended.stdout);
}
