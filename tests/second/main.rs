//! A user's own simulation gets the whole program: run, resume, list and the rest, on any number of ranks.
//!
//! Run without a role, this program launches itself as the program of the simulation in `rod.rs`, under mpirun and
//! without. `cargo test --test second -- NAME` runs the checks whose name contains NAME.

#[path = "../common/mod.rs"]
mod common;

mod checks;
mod goals;
mod rod;

use std::panic::catch_unwind;
use std::process::ExitCode;

/// Set where this process is the program.
const ROLE: &str = "DIVISI_TEST_ROLE";

fn main() -> ExitCode {
    match std::env::var_os(ROLE) {
        Some(_) => divisi::main::<rod::Rod>(),
        None => run_checks(),
    }
}

/// All checks whose name contains the filter, one after another; what a failed one says stands above its name.
fn run_checks() -> ExitCode {
    let filter = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let (mut passed, mut failed) = (0, 0);
    for (name, check) in [checks::CHECKS, goals::CHECKS].concat().iter().filter(|(name, _)| name.contains(&filter)) {
        let is_ok = catch_unwind(check).is_ok();
        println!("{name} {}", if is_ok { "ok" } else { "FAILED" });
        passed += u32::from(is_ok);
        failed += u32::from(!is_ok);
    }
    common::remove_stale_segments();
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    ExitCode::from(u8::from(failed > 0))
}
