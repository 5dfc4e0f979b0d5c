//! A particle simulation of your own: bodies under gravity, spread over ranks, with the loop in your hands.
use std::process::ExitCode;

use bytemuck::{Pod, Zeroable};
use divisi::{comm::launch, particles::Particles, random::Random};

const BODIES: u64 = 500;
const MASS: f64 = 1.0 / BODIES as f64;
const SOFTENING: f64 = 0.1;
const DT: f64 = 0.01;

/// One body: plain data, so that it can travel between ranks.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Body {
    position: [f64; 3],
    velocity: [f64; 3],
    /// Acceleration, then potential.
    force: [f64; 4],
}

/// Body `index` of a rotating shell. It depends on the index alone, never on the rank.
fn body(index: u64) -> Body {
    let position = Random::new(1, 0, index).unit_vector();
    Body { position, velocity: [-0.5 * position[1], 0.5 * position[0], 0.0], force: [0.0; 4] }
}

/// The forces on all bodies. Each sum runs in the order of the global list, on whatever rank.
fn evaluate(bodies: &mut Particles<Body>) {
    let mut targets: Vec<Body> = bodies.local().iter().map(|b| Body { force: [0.0; 4], ..*b }).collect();
    let pack = |body: &Body| body.position;
    bodies.source_blocks(pack, |block| {
        targets.iter_mut().for_each(|target| block.sources.iter().for_each(|source| attract(target, *source)));
    });
    bodies.local_mut().copy_from_slice(&targets);
}

/// Law: a = m d / (d^2 + softening^2)^(3/2), and the potential that belongs to it.
fn attract(target: &mut Body, source: [f64; 3]) {
    let d: [f64; 3] = std::array::from_fn(|k| source[k] - target.position[k]);
    let inverse = 1.0 / (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + SOFTENING * SOFTENING).sqrt();
    (0..3).for_each(|k| target.force[k] += MASS * d[k] * inverse * inverse * inverse);
    target.force[3] -= if d == [0.0; 3] { 0.0 } else { MASS * inverse };
}

fn kick(bodies: &mut Particles<Body>, dt: f64) {
    bodies.local_mut().iter_mut().for_each(|b| (0..3).for_each(|k| b.velocity[k] += dt * b.force[k]));
}

fn drift(bodies: &mut Particles<Body>, dt: f64) {
    bodies.local_mut().iter_mut().for_each(|b| (0..3).for_each(|k| b.position[k] += dt * b.velocity[k]));
}

/// Kinetic and potential energy of all bodies, summed exactly: the order of ranks cannot show in it.
fn energy(bodies: &Particles<Body>) -> f64 {
    let of = |b: &Body| 0.5 * MASS * (b.velocity.iter().map(|v| v * v).sum::<f64>() + b.force[3]);
    bodies.comm().sum_exact(bodies.local().iter().map(of))
}

fn main() -> ExitCode {
    launch(|comm| {
        let mut bodies = Particles::generate(comm, BODIES, body);
        evaluate(&mut bodies);
        let start = energy(&bodies);
        for _step in 0..50 {
            kick(&mut bodies, 0.5 * DT);
            drift(&mut bodies, DT);
            evaluate(&mut bodies);
            kick(&mut bodies, 0.5 * DT);
        }
        let error = (energy(&bodies) / start - 1.0).abs();
        assert!(error < 1e-4, "the energy changed by {error:e} of itself");
        let all = bodies.gather_all();
        let hash = bytemuck::cast_slice(&all).iter().fold(0, |h: u64, w: &u64| (h ^ w).wrapping_mul(0x0100_0000_01b3));
        comm.is_root().then(|| println!("energy {start}, error {error:.3e}, hash of the state {hash:016x}"));
        Ok(0)
    })
}
