//! Neighbours within a radius, counted: an interaction of your own through the tree, on any number of ranks.
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::nbody::tree::{Place, interactions};
use divisi::particles::Particles;
use divisi::random::Random;

const BODIES: u64 = 20_000;
const RADIUS: f64 = 0.05;

fn main() -> ExitCode {
    launch(|comm| {
        // Bodies in the unit cube; a body is any plain data of yours.
        let bodies = Particles::generate(comm, BODIES, |index| {
            let mut random = Random::new(1, 0, index);
            [index as f64, random.uniform(), random.uniform(), random.uniform()]
        });
        let place = |&[id, x, y, z]: &[f64; 4]| Place { id: id as u64, position: [x, y, z], reach: RADIUS };
        // The rule sees a body and its neighbours, itself among them, and gives what you want to know of them.
        let counts = interactions(comm, bodies.local(), place, |_, near| near.len() as u64 - 1)?;
        let total = comm.all_reduce_sum(counts.iter().sum::<u64>());
        let most = comm.all_reduce_max(counts.iter().copied().max().unwrap_or(0));
        let mean = total as f64 / BODIES as f64;
        // n 4π/3 r³ (1 - 9r/8 + ..) for a ball that the cube's faces cut.
        let expected = BODIES as f64 * 4.18879 * RADIUS.powi(3) * (1.0 - 1.125 * RADIUS);
        assert!((mean / expected - 1.0).abs() < 0.02, "{mean} neighbours, not {expected}");
        comm.is_root().then(|| println!("{mean:.3} neighbours on average, {most} at most"));
        Ok(0)
    })
}
