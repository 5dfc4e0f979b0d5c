//! One coordinate of a block of bodies through a step: its state, its polynomial, and the operations on them.

#![allow(clippy::needless_range_loop, reason = "k and j are the indices of the formulas")]

use super::coefficients::{
    BASIS, BASIS_INVERSE, DIVIDED, DIVIDED_LOWER, NODES, NODES_LOW, POSITION, PREDICTION, TERMS, VELOCITY, WEIGHTS,
    WEIGHTS_TWICE,
};
use super::lanes::{Lanes, two_product, two_sum};

/// One coordinate of a block of bodies.
///
/// Position and velocity are sums of two numbers, the second below the last bit of the first: a step then rounds as its
/// acceleration does and no more. For the same reason a step adds the quadrature of the accelerations, with weights to
/// thirty digits, and not the integral of the polynomial, which only says where the bodies are at the nodes.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Position at the step's start.
    pub position: Lanes,
    /// Velocity at the step's start.
    pub velocity: Lanes,
    /// Acceleration at the step's start.
    pub acceleration: Lanes,
    position_low: Lanes,
    velocity_low: Lanes,
    b: [Lanes; TERMS],
    g: [Lanes; TERMS],
    once: [Lanes; 2],
    twice: [Lanes; 2],
    accepted: [Lanes; TERMS],
    surprise: [Lanes; TERMS],
}

impl Column {
    /// How many vectors of a column are state; the rest is computed in the step.
    pub(super) const STATE: usize = 4 + 2 * TERMS;

    /// At rest at `position`.
    pub(super) fn at(position: Lanes) -> Self {
        let zeros = [Lanes::ZERO; TERMS];
        Column {
            position,
            velocity: Lanes::ZERO,
            acceleration: Lanes::ZERO,
            position_low: Lanes::ZERO,
            velocity_low: Lanes::ZERO,
            b: zeros,
            g: zeros,
            once: [Lanes::ZERO; 2],
            twice: [Lanes::ZERO; 2],
            accepted: zeros,
            surprise: zeros,
        }
    }

    /// The vectors that the next step reads.
    pub(super) fn state(&self) -> impl Iterator<Item = &Lanes> {
        let sums = [&self.position, &self.position_low, &self.velocity, &self.velocity_low];
        sums.into_iter().chain(&self.accepted).chain(&self.surprise)
    }

    /// The vectors that the next step reads, to be written.
    pub(super) fn state_mut(&mut self) -> impl Iterator<Item = &mut Lanes> {
        let sums = [&mut self.position, &mut self.position_low, &mut self.velocity, &mut self.velocity_low];
        sums.into_iter().chain(&mut self.accepted).chain(&mut self.surprise)
    }

    /// Begins a step `ratio` times as long as the last: its polynomial is the last one continued, plus what that was
    /// wrong by the last time; zero where `ratio` is zero.
    #[inline(always)]
    pub(super) fn predict(&mut self, ratio: f64) {
        // b = (last b, continued) + (what was missed by the last time) (Everhart 1985).
        self.b = self.continued(ratio);
        if ratio > 0.0 {
            for (b, surprise) in self.b.iter_mut().zip(&self.surprise) {
                *b += *surprise;
            }
        }
        for k in 0..TERMS {
            // g_k = b_k + Σ_(j>k) BASIS_INVERSE[j][k] b_j
            self.g[k] = self.b[k];
            for j in k + 1..TERMS {
                self.g[k] = self.b[j].scale_add(BASIS_INVERSE[j][k], self.g[k]);
            }
        }
    }

    /// The last step's polynomial over a next step `ratio` times as long.
    #[inline(always)]
    fn continued(&self, ratio: f64) -> [Lanes; TERMS] {
        let mut power = 1.0;
        let mut continued = [Lanes::ZERO; TERMS];
        for k in 0..TERMS {
            // b_k <- ratio^(k+1) Σ_(j>=k) C(j+1, k+1) b_j: the same polynomial from the end of the last step on.
            power *= ratio;
            for j in k..TERMS {
                continued[k] = self.accepted[j].scale_add(PREDICTION[k][j], continued[k]);
            }
            continued[k] = continued[k] * power;
        }
        continued
    }

    /// Clears the quadrature before a pass over the nodes.
    #[inline(always)]
    pub(super) fn begin_pass(&mut self) {
        self.once = [Lanes::ZERO; 2];
        self.twice = [Lanes::ZERO; 2];
    }

    /// The position at a node of a step of `dt`.
    #[inline(always)]
    pub(super) fn position_at(&self, node: usize, dt: f64) -> Lanes {
        // x(h) = x + dt h v + dt² Σ_k POSITION_k (a(0), b)_k
        let bend = self.integral(&POSITION[node]) * dt;
        let drift = self.velocity.scale_add(NODES[node], self.velocity.scale_add(NODES_LOW[node], bend));
        self.position + drift.scale_add(dt, self.position_low)
    }

    /// The velocity at a node of a step of `dt`.
    #[inline(always)]
    pub(super) fn velocity_at(&self, node: usize, dt: f64) -> Lanes {
        // v(h) = v + dt Σ_k VELOCITY_k (a(0), b)_k
        self.velocity + self.integral(&VELOCITY[node]).scale_add(dt, self.velocity_low)
    }

    /// weights . (a(0), b), in two chains, the high terms first.
    #[inline(always)]
    fn integral(&self, weights: &[f64; TERMS + 1]) -> Lanes {
        let b = &self.b;
        let odd = b[4].scale_add(weights[5], b[6] * weights[7]);
        let odd = b[0].scale_add(weights[1], b[2].scale_add(weights[3], odd));
        let even = b[3].scale_add(weights[4], b[5] * weights[6]);
        let even = b[1].scale_add(weights[2], even);
        self.acceleration.scale_add(weights[0], even + odd)
    }

    /// Brings polynomial and quadrature through the acceleration found at a node; returns the change of b_6.
    #[inline(always)]
    pub(super) fn correct(&mut self, node: usize, acceleration: Lanes) -> Lanes {
        let rise = acceleration - self.acceleration;
        // Quadrature: Σ_n w_n (a_n - a(0)), for velocities and for positions, each weight in two parts.
        for (sums, (weight, low)) in [(&mut self.once, WEIGHTS[node]), (&mut self.twice, WEIGHTS_TWICE[node])] {
            *sums = [rise.scale_add(weight, sums[0]), rise.scale_add(low, sums[1])];
        }
        // g_n is the divided difference at this node:
        // g_n = DIVIDED_n (a_n - a(0)) - Σ_(k<n) DIVIDED_LOWER[n][k] g_k
        let n = node - 1;
        let mut known = self.g[n];
        for k in 0..TERMS - 1 {
            known = self.g[k].scale_add(DIVIDED_LOWER[n][k], known);
        }
        let change = rise.scale_sub(DIVIDED[n], known);
        self.g[n] += change;
        // b_k += BASIS[n][k] Δg_n
        for k in 0..TERMS {
            self.b[k] = change.scale_add(BASIS[n][k], self.b[k]);
        }
        change
    }

    /// The acceleration at the end of the step and its first three derivatives there, times dt, dt^2 and dt^3.
    #[inline(always)]
    pub(super) fn end_derivatives(&self) -> [Lanes; 4] {
        let mut derivatives = [self.acceleration, Lanes::ZERO, Lanes::ZERO, Lanes::ZERO];
        for k in 0..TERMS {
            // a(1) = a(0) + Σ_k b_k, a' = Σ_k (k+1) b_k, a'' = Σ_k (k+1) k b_k, ...
            let order = (k + 1) as f64;
            let jerk = order;
            let snap = jerk * (order - 1.0);
            let crackle = snap * (order - 2.0);
            for (derivative, weight) in derivatives.iter_mut().zip([1.0, jerk, snap, crackle]) {
                *derivative = self.b[k].scale_add(weight, *derivative);
            }
        }
        derivatives
    }

    /// Takes the step of `dt`, `ratio` times the last, with what the last pass over the nodes found.
    #[inline(always)]
    pub(super) fn accept(&mut self, dt: f64, ratio: f64) {
        // v += dt a(0) + dt Σ_n w_n (a_n - a(0))
        let (kick, kick_low) = two_product(self.acceleration, dt);
        let kick_low = (self.once[0] + self.once[1]).scale_add(dt, kick_low);
        // x += dt v + dt² (a(0)/2 + Σ_n w'_n (a_n - a(0)))
        let bend = self.acceleration.scale_add(0.5, self.twice[0] + self.twice[1]) * dt * dt;
        let (drift, drift_low) = two_product(self.velocity, dt);
        let drift_low = self.velocity_low.scale_add(dt, drift_low);
        add(&mut self.position, &mut self.position_low, drift, drift_low + bend);
        add(&mut self.velocity, &mut self.velocity_low, kick, kick_low);
        // What the prediction of this step has missed, for that of the next.
        let continued = if ratio > 0.0 { self.continued(ratio) } else { self.b };
        for k in 0..TERMS {
            self.surprise[k] = self.b[k] - continued[k];
        }
        self.accepted = self.b;
    }
}

/// (high, low) += (change, change_low).
#[inline(always)]
fn add(high: &mut Lanes, low: &mut Lanes, change: Lanes, change_low: Lanes) {
    let (change, error) = two_sum(change, change_low);
    let (sum, lost) = two_sum(*high, change);
    (*high, *low) = two_sum(sum, *low + (lost + error));
}
