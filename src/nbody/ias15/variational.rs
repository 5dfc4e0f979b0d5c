//! The variational equations of first order, carried along with the bodies, and MEGNO from them.
//!
//! The deviation obeys the exact derivative of the Newtonian force along the orbit, in the same scheme and at the same
//! nodes. It never influences the bodies' step; its length is brought back by powers of two long before it overflows.

use super::coefficients::{TERMS, WEIGHTS};
use super::force::dot_add;
use super::lanes::Lanes;
use super::trajectories::Trajectories;
use crate::nbody::megno::{Megno, rescale, unit_deviation};

/// A deviation from the orbits and its growth.
#[derive(Clone, Debug)]
pub(super) struct Variation {
    /// The deviation: its positions and velocities move as the bodies' do.
    pub orbit: Trajectories,
    /// delta' . delta / delta^2 at the nodes.
    growth: [f64; TERMS + 1],
    megno: Megno,
}

impl Variation {
    /// A deviation of length 1 drawn from `seed`.
    pub(super) fn new(seed: u64, bodies: usize) -> Self {
        let orbit = Trajectories::new(unit_deviation(seed, bodies).into_iter(), 0.0);
        Variation { orbit, growth: [0.0; TERMS + 1], megno: Megno::default() }
    }

    /// The sums so far.
    pub(super) fn megno(&self) -> &Megno {
        &self.megno
    }

    /// Notes the growth at `node`, where the orbit's accelerations have just been computed.
    #[inline(always)]
    pub(super) fn record(&mut self, node: usize) {
        let mut product = Lanes::ZERO;
        let mut square = Lanes::ZERO;
        let orbit = &self.orbit;
        for ((x, v), a) in orbit.position.iter().zip(&orbit.velocity).zip(&orbit.acceleration) {
            // δ·δ' = Σ (δx·δv + δv·δa),  δ² = Σ (δx² + δv²)
            product = dot_add(x, v, dot_add(v, a, product));
            square = dot_add(x, x, dot_add(v, v, square));
        }
        self.growth[node] = product.sum() / square.sum();
    }

    /// Takes the step of `dt`, `ratio` times as long as the last.
    #[inline(always)]
    pub(super) fn accept(&mut self, dt: f64, ratio: f64, nodes: &[f64; TERMS + 1]) {
        self.orbit.accept(dt, ratio);
        let mut growth = 0.0;
        for node in 0..=TERMS {
            // ∫ (δ'·δ / δ²) s ds over the step, by Gauss-Radau quadrature.
            growth += WEIGHTS[node].0 * self.growth[node] * (self.megno.elapsed() + nodes[node] * dt);
        }
        self.megno.advance(dt, growth * dt);
        if let Some(factor) = rescale(self.length2()) {
            self.orbit.scale(factor);
        }
    }

    fn length2(&self) -> f64 {
        let bodies = (0..self.orbit.len()).map(|body| self.orbit.state(body));
        bodies.map(|state| state.as_flattened().iter().map(|x| x * x).sum::<f64>()).sum()
    }

    /// How many values [`save`](Variation::save) writes.
    pub(super) fn state_length(bodies: usize) -> usize {
        Megno::STATE + bodies.saturating_mul(Trajectories::STATE)
    }

    /// Appends all that the next step reads.
    pub(super) fn save(&self, to: &mut Vec<f64>) {
        self.megno.save(to);
        self.orbit.save(to);
    }

    /// What [`save`](Variation::save) wrote, for as many bodies.
    ///
    /// # Panics
    /// If `from` is not [`state_length`](Variation::state_length) long.
    pub(super) fn load(from: &[f64], bodies: usize) -> Self {
        let (sums, orbit) = from.split_first_chunk().expect("the length was checked");
        let mut variation = Variation::new(0, bodies);
        variation.megno = Megno::load(sums);
        variation.orbit.load(orbit);
        variation
    }
}
