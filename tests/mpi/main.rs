//! All that needs ranks of this program itself: checks within 1, 2, 3 and 4 ranks, jobs of which ranks fail or are killed, and a
//! user's own simulation and flows as programs.
//!
//! Run without a role, this program launches itself under mpirun: once per number of ranks with all checks that are selected,
//! and once or more for each of the others. Three jobs run at a time: one of checks, one that is disturbed, one of the rest.

#[path = "../common/mod.rs"]
mod common;

mod checks;
#[cfg(feature = "compress")]
mod compress;
mod domain;
mod failures;
mod fields;
mod grid;
mod messages;
mod output;
mod own_flow;
mod own_simulation;
mod particles;
mod posterior;
mod sampler;
mod sweep;
mod sweep_deaths;
mod tree;

use std::process::ExitCode;

use checks::Check;
use libtest_mimic::Arguments;

/// Tells a launched process what to do.
const ROLE: &str = "DIVISI_TEST_ROLE";

fn main() -> ExitCode {
    if let Ok(words) = std::env::var(sweep_deaths::job::JOB) {
        return sweep_deaths::job::run(&words);
    }
    match std::env::var(ROLE).as_deref() {
        Ok(checks::ROLE) => checks::run_on_this_rank(),
        Ok(own_simulation::ROLE) => divisi::main::<own_simulation::rod::Rod>(),
        Ok(own_flow::ROLE) => divisi::main::<divisi::fluid::Fluid<own_flow::flows::Flows>>(),
        Ok(way) => failures::fail_as(way),
        Err(_) => run_all(),
    }
}

fn run_all() -> ExitCode {
    let arguments = Arguments::from_args();
    let disturbed = [failures::checks(), sweep_deaths::checks()].into_iter().flatten().collect();
    let disturbed = common::runner::in_a_row(&arguments, disturbed);
    let checks = checks::tests(&arguments);
    let tests = [own_simulation::tests(), own_flow::tests(), disturbed, checks];
    common::runner::run(arguments, tests.into_iter().flatten().collect())
}
