//! A user's own simulation gets the whole program: run, resume, list and the rest, on any number of ranks.
//!
//! The simulation is in `rod.rs`; this program in its role is its program, under mpirun and without.

pub(crate) mod checks;
pub(crate) mod goals;
pub(crate) mod rod;

use std::time::Duration;

use libtest_mimic::Trial;

use crate::common::runner;

/// The role of a process that is the simulation's program.
pub(crate) const ROLE: &str = "own simulation";
/// The longest that a check may take: several runs, each within its limit.
const LIMIT: Duration = Duration::from_secs(600);

/// A test for each check.
pub(crate) fn tests() -> Vec<Trial> {
    let checks = [checks::CHECKS, goals::CHECKS].concat();
    checks.into_iter().map(|(claim, check)| runner::test(format!("own simulation: {claim}"), LIMIT, check)).collect()
}
