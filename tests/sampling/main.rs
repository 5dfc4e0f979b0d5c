//! Samplers: moments, evidence, maxima and grids against what is known; what can't be sampled is refused.
//!
//! All on one rank; that other numbers of ranks give the same bits is in tests/mpi. `cargo test --test sampling -- NAME` runs the
//! checks whose name contains NAME.

#[path = "../common/mod.rs"]
mod common;

mod chains;
mod refused;
mod searches;
mod tempering;

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;
use std::time::Instant;

use divisi::Comm;

type Check = (&'static str, fn(&Comm));

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    divisi::comm::launch(|comm| {
        set_hook(Box::new(|panic| eprintln!("{panic}")));
        let checks = [chains::CHECKS, tempering::CHECKS, searches::CHECKS, refused::CHECKS].concat();
        let (mut passed, mut failed) = (0, 0);
        for (name, check) in checks.into_iter().filter(|(name, _)| name.contains(&filter)) {
            let began = Instant::now();
            let is_ok = catch_unwind(AssertUnwindSafe(|| check(comm))).is_ok();
            println!("{name} {}, {:.1} s", if is_ok { "ok" } else { "FAILED" }, began.elapsed().as_secs_f64());
            passed += u32::from(is_ok);
            failed += u32::from(!is_ok);
        }
        let word = if failed == 0 { "ok" } else { "FAILED" };
        println!("\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
        Ok(u8::from(failed > 0))
    })
}
