//! A star cluster as its observers describe it: where its middle is, how dense and how wide it is, what belongs to it.
//!
//! In order: the density at each body from its nearest neighbours ([`neighbours`]); the density centre and the core radius,
//! weighted by it (Casertano & Hut 1985, ApJ 298, 80, eqs. II.2, IV.1 and IV.3 with j = 6); Lagrangian radii about that centre; the bodies that
//! are bound. Every number is an exact sum or a bisection by exact sums, so it has the same bits on any number of ranks.
//!
//! The neighbours take n log n time and all positions on every rank (40 bytes a body); the rest takes time that grows as n and is
//! shared among ranks.

mod neighbours;

use super::body::Body;
use super::vector::{dot, minus, norm};
use crate::comm::{Comm, ExactSum};
use crate::particles::Particles;
use neighbours::{NEAREST, Neighbours};

/// The shares of the mass of Lagrangian radii.
pub(crate) const SHARES: [f64; 3] = [0.1, 0.5, 0.9];

/// An unbound body farther than this many half-mass radii has escaped.
const ESCAPED: f64 = 10.0;

/// Rounds after which bound bodies are as they are; two or three do.
const ROUNDS: usize = 20;

/// The fewest bodies whose density can be told.
pub(crate) const FEWEST: u64 = NEAREST as u64 + 1;

/// What a cluster is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cluster {
    /// The mean of all positions, weighted by the density there.
    pub density_center: [f64; 3],
    /// The mean distance from there, weighted likewise.
    pub core_radius: f64,
    /// The distances from there that hold [`SHARES`] of the mass.
    pub lagrangian: [f64; 3],
    /// The mass of bodies that are bound: whose speed to the mean of the bound ones is below that of escape.
    pub bound_mass: f64,
    /// The number of bodies that are not, and farther out than 10 half-mass radii.
    pub escapers: u64,
}

impl Cluster {
    /// Looks at the bodies, at each of which the potential of the others is given (length²/time²). All ranks.
    ///
    /// Not a number where there are fewer than [`FEWEST`] bodies.
    pub(crate) fn of(bodies: &Particles<Body>, potentials: &[f64]) -> Self {
        let comm = bodies.comm();
        let local = bodies.local();
        let densities = Neighbours::new(bodies.gather_all()).densities(bodies.first(), local);
        let density_center = weighted(comm, local, |i| densities[i], |body| body.position);
        let away: Vec<f64> = local.iter().map(|body| norm(minus(body.position, density_center))).collect();
        let spread = (0..local.len()).map(|i| densities[i] * away[i]);
        let mut sums = [densities.iter().copied().collect::<ExactSum>(), spread.collect()];
        comm.all_reduce_exact(&mut sums);
        let lagrangian = lagrangian(comm, local, &away);
        let bound = bound(comm, local, potentials, |i| densities[i]);
        let masses = (0..local.len()).filter(|&i| bound[i]).map(|i| local[i].mass);
        let [_, half, _] = lagrangian;
        let escaped = (0..local.len()).filter(|&i| !bound[i] && away[i] > ESCAPED * half).count();
        Cluster {
            density_center,
            core_radius: sums[1].value() / sums[0].value(),
            lagrangian,
            bound_mass: comm.sum_exact(masses),
            escapers: comm.all_reduce_sum(escaped as u64),
        }
    }
}

/// The mean of a vector over all bodies, weighted; zero where there is no weight. All ranks.
fn weighted(
    comm: &Comm,
    bodies: &[Body],
    weight: impl Fn(usize) -> f64,
    vector: impl Fn(&Body) -> [f64; 3],
) -> [f64; 3] {
    let mut sums: [ExactSum; 4] = Default::default();
    for (i, body) in bodies.iter().enumerate() {
        let weight = weight(i);
        sums[0].add(weight);
        sums[1..].iter_mut().zip(vector(body)).for_each(|(sum, x)| sum.add(weight * x));
    }
    comm.all_reduce_exact(&mut sums);
    let whole = sums[0].value();
    if whole == 0.0 { [0.0; 3] } else { [1, 2, 3].map(|k| sums[k].value() / whole) }
}

/// The least distances within which there are [`SHARES`] of the mass: by bisection over all numbers. Not a number where distances are none. All
/// ranks.
fn lagrangian(comm: &Comm, bodies: &[Body], away: &[f64]) -> [f64; 3] {
    let whole = comm.sum_exact(bodies.iter().map(|body| body.mass));
    // Positive numbers are in the order of their bits.
    let mut low = [0u64; 3];
    let mut high = [f64::MAX.to_bits(); 3];
    while (0..3).any(|k| low[k] < high[k]) {
        let middle = [0, 1, 2].map(|k| low[k] + (high[k] - low[k]) / 2);
        let within = |bits: u64| {
            let radius = f64::from_bits(bits);
            let inside = bodies.iter().zip(away).filter(move |(_, away)| **away <= radius);
            inside.map(|(body, _)| body.mass).collect::<ExactSum>()
        };
        let mut sums = middle.map(within);
        comm.all_reduce_exact(&mut sums);
        for k in 0..3 {
            if sums[k].value() >= SHARES[k] * whole {
                high[k] = middle[k];
            } else {
                low[k] = (middle[k] + 1).min(high[k]);
            }
        }
    }
    high.map(|bits| if bits == f64::MAX.to_bits() { f64::NAN } else { f64::from_bits(bits) })
}

/// Which of this rank's bodies are bound: v²/2 + φ < 0, v to the mean velocity of the bound ones, which is found in rounds. All ranks.
fn bound(comm: &Comm, bodies: &[Body], potentials: &[f64], density: impl Fn(usize) -> f64) -> Vec<bool> {
    let mut mean = weighted(comm, bodies, density, |body| body.velocity);
    let mut bound = Vec::new();
    for _ in 0..ROUNDS {
        let is_bound = |(body, potential): (&Body, &f64)| {
            let velocity = minus(body.velocity, mean);
            0.5 * dot(velocity, velocity) + potential < 0.0
        };
        let now: Vec<bool> = bodies.iter().zip(potentials).map(is_bound).collect();
        let changed = comm.all_reduce_max(u64::from(now != bound));
        bound = now;
        if changed == 0 {
            break;
        }
        let weight = |i: usize| if bound[i] { bodies[i].mass } else { 0.0 };
        mean = weighted(comm, bodies, weight, |body| body.velocity);
    }
    bound
}
