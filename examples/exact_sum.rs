//! Shows that a plain sum changes with the number of ranks, and that an exact sum does not.
use std::process::ExitCode;

use divisi::comm::{ExactSum, launch};
use divisi::partition::balanced_range;
use divisi::random::Random;
use divisi::{Comm, Result};

const COUNT: u64 = 100_000;

/// Number `index`, between -1 and 1; the same whichever rank asks.
fn number(index: u64) -> f64 {
    2.0 * Random::new(1, 0, index).uniform() - 1.0
}

fn show(comm: &Comm) -> Result<u8> {
    let mine = balanced_range(COUNT, comm.size(), comm.rank());
    let mut plain = 0.0;
    let mut exact = ExactSum::new();
    for index in mine {
        plain += number(index);
        exact.add(number(index));
    }

    // Plain: each rank rounds at every addition, and so do the additions of the ranks' parts.
    let plain: f64 = comm.all_gather(&[plain]).iter().sum();
    // Exact: the parts are merged as integers, and the result is rounded once.
    let mut sums = [exact];
    comm.all_reduce_exact(&mut sums);
    let exact = sums[0].value();

    assert!((plain - exact).abs() < 1e-9);
    let alone: ExactSum = (0..COUNT).map(number).collect();
    assert_eq!(exact.to_bits(), alone.value().to_bits());
    if comm.is_root() {
        println!("plain {:016x} = {plain}", plain.to_bits());
        println!("exact {:016x} = {exact}", exact.to_bits());
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
