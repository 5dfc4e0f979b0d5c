//! Messages between ranks, on 1, 2, 3 and 4 of them.
//!
//! Run without MPI, this program launches itself under mpirun: once per number of ranks with all checks, and once for each
//! way in which a rank can fail. `cargo test --test mpi -- NAME` runs the checks whose name contains NAME.

#[path = "../common/mod.rs"]
mod common;

mod failures;
mod grid;
mod messages;
mod output;
mod particles;
mod posterior;
mod sampler;
mod sweep;
mod sweep_deaths;

use std::process::ExitCode;

use common::{finish, mpirun, remove_stale_segments};
use divisi::Comm;

/// Tells a launched process what to do.
const ROLE: &str = "DIVISI_TEST_ROLE";
/// Seconds after which a launch is killed.
const LIMIT: u64 = 60;

type Check = (&'static str, fn(&Comm));

fn checks() -> Vec<Check> {
    [
        messages::CHECKS,
        particles::CHECKS,
        grid::CHECKS,
        output::CHECKS,
        posterior::CHECKS,
        sampler::CHECKS,
        sweep::CHECKS,
    ]
    .concat()
}

fn main() -> ExitCode {
    if let Ok(words) = std::env::var(sweep_deaths::job::JOB) {
        return sweep_deaths::job::run(&words);
    }
    match std::env::var(ROLE) {
        Ok(role) if role.starts_with("checks:") => run_checks(role.trim_start_matches("checks:")),
        Ok(role) => failures::fail_as(&role),
        Err(_) => launch_all(),
    }
}

/// On every rank: all checks whose name contains the filter.
fn run_checks(filter: &str) -> ExitCode {
    divisi::comm::launch(|comm| {
        for (name, check) in checks().into_iter().filter(|(name, _)| name.contains(filter)) {
            check(comm);
            comm.barrier();
            if comm.is_root() {
                println!("{name} ok");
            }
        }
        Ok(0)
    })
}

/// Launches everything and counts.
fn launch_all() -> ExitCode {
    let filter = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let selected = checks().into_iter().filter(|(name, _)| name.contains(&filter)).count();
    let (mut passed, mut failed) = (0, 0);
    let me = std::env::current_exe().expect("this program");
    for ranks in [1, 2, 3, 4] {
        let ended = finish(mpirun(ranks, &me).env(ROLE, format!("checks:{filter}")), LIMIT);
        let done = ended.stdout.lines().filter(|line| line.ends_with(" ok")).count();
        passed += done;
        failed += selected - done;
        println!("{ranks} ranks: {done} of {selected} checks passed, {:.1} s", ended.seconds);
        if done < selected {
            println!("{}\n{}", ended.stdout, ended.stderr);
        }
    }
    for (name, outcome) in failures::run(&me, &filter).into_iter().chain(sweep_deaths::run(&filter)) {
        match outcome {
            Ok(()) => passed += 1,
            Err(reason) => {
                failed += 1;
                println!("{name} failed: {reason}");
            }
        }
    }
    remove_stale_segments();
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    ExitCode::from(u8::from(failed > 0))
}
