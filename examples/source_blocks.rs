//! Shows how every rank sees all particles, block by block and in the same order, while it holds only its share.
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::particles::Particles;
use divisi::{Comm, Result};

const COUNT: u64 = 5000;

fn show(comm: &Comm) -> Result<u8> {
    // A particle is here nothing but its mass: 1/1, 1/2, 1/3, ...
    let masses = |range: std::ops::Range<u64>| range.map(|index| 1.0 / (index + 1) as f64).collect();
    let particles: Particles<f64> = Particles::distribute(comm, COUNT, masses);
    assert!(particles.local().len() as u64 <= COUNT.div_ceil(comm.size() as u64));

    // Every rank adds up all masses. Blocks come in the order of the global list, so the rounding is everywhere the same.
    let mut total = 0.0;
    let mut seen = 0;
    let mut blocks = 0;
    let pack = |mass: &f64| *mass;
    particles.source_blocks(pack, |block| {
        assert_eq!(block.first, seen);
        total = block.sources.iter().fold(total, |sum, mass| sum + mass);
        seen += block.sources.len() as u64;
        blocks += u64::from(block.ends_block);
        // The next block is on its way meanwhile; this helps it along.
        (block.progress)();
    });
    assert_eq!((seen, blocks), (COUNT, 3));

    // The plain sum over the list, without ranks, has the same bits.
    let alone: f64 = (0..COUNT).fold(0.0, |sum, index| sum + 1.0 / (index + 1) as f64);
    assert_eq!(total.to_bits(), alone.to_bits());
    if comm.is_root() {
        println!("{seen} particles in {blocks} blocks, total mass {total}");
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
