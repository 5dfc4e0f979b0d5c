//! The runner of tests that `#[test]` can't hold, since they start this program again in other roles: as ranks of a job.
//!
//! It takes the words of `cargo test` and prints what cargo's own runner does, by libtest-mimic: `cargo test --test mpi -- NAME`
//! runs the tests whose name contains NAME; `--exact`, `--skip` and `--list` work too, and so does cargo-nextest.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};

use super::remove_stale_segments;

/// A test that panics where its claim doesn't hold; it ends the whole program when it takes longer than the limit.
pub(crate) fn test(claim: impl Into<String>, limit: Duration, check: impl FnOnce() + Send + 'static) -> Trial {
    let claim = claim.into();
    let name = claim.clone();
    Trial::test(claim, move || {
        within(&name, limit, check);
        Ok(())
    })
}

/// What panics where a claim doesn't hold.
pub(crate) type Check = Box<dyn FnOnce() + Send>;

/// Tests for claims whose checks run one after another in a thread of their own, those that are selected, beside all other tests: two that
/// measure time don't disturb each other.
pub(crate) fn in_a_row(arguments: &Arguments, checks: Vec<(String, Check)>) -> Vec<Trial> {
    let mut tests = Vec::new();
    let mut selected = Vec::new();
    for (claim, check) in checks {
        let (ended, outcome) = channel::<thread::Result<()>>();
        let test = Trial::test(claim, move || {
            outcome.recv().expect("each selected check is run").unwrap_or_else(|panicked| resume_unwind(panicked));
            Ok(())
        });
        if !arguments.is_filtered_out(&test) {
            selected.push((check, ended));
        }
        tests.push(test);
    }
    if !arguments.list {
        thread::spawn(move || {
            for (check, ended) in selected {
                ended.send(catch_unwind(AssertUnwindSafe(check))).expect("a test that waits");
            }
        });
    }
    tests
}

/// Runs the tests one after another, but for those that have a thread of their own; what is left in shared memory is removed.
pub(crate) fn run(mut arguments: Arguments, tests: Vec<Trial>) -> ExitCode {
    arguments.test_threads.get_or_insert(1);
    let conclusion = libtest_mimic::run(&arguments, tests);
    remove_stale_segments();
    conclusion.exit_code()
}

/// Does what is to be done, and ends this process with a message when it isn't done in time: a thread can't be ended alone.
pub(crate) fn within(what: &str, limit: Duration, work: impl FnOnce()) {
    let (done, is_done) = channel::<()>();
    let what = what.to_owned();
    let watch = thread::spawn(move || {
        if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{what}: not done after {limit:?}");
            std::process::exit(1);
        }
    });
    work();
    drop(done);
    watch.join().expect("a thread that waits");
}
