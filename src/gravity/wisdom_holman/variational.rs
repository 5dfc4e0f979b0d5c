//! Variational equations: the tangent of the very map that is integrated, and MEGNO from it.
//!
//! A deviation vector in Jacobi coordinates goes through the derivatives of the kick and of the Kepler advance (Mikkola &
//! Innanen 1999), and so shows the growth of the distance between two runs of the map, not of two solutions that the map
//! approximates. Its length is that of sqrt(dx² + (T dv)²), T the shortest time sqrt(r³/mu) of the first state; per step the logarithm
//! of its growth is what MEGNO sums (Cincotta, Giordano & Simo 2003, for maps). It is taken in the middle of a step, in the map's
//! own coordinates, which changes neither limit nor slope.
//!
//! One body at a time: with MEGNO a step costs several times that without.

use super::Vector;
use super::coordinates::{enclosed, heliocentric};
use super::kepler::{Arc, Relative, dot, solve};
use crate::gravity::megno::{Megno, rescale, unit_deviation};

/// A deviation vector that moves along with the map, and how it grows.
#[derive(Clone, Debug)]
pub(super) struct Variation {
    /// Deviation of each body but body 0, in Jacobi coordinates.
    pub(super) deviation: Vec<Relative>,
    pub(super) megno: Megno,
    /// The time that makes velocities comparable with positions.
    pub(super) time_scale: f64,
}

impl Variation {
    /// A random deviation of the bodies at `state`, which go around `orbit_gm` each.
    pub(super) fn new(state: &[Relative], orbit_gm: &[f64], seed: u64) -> Self {
        let time2 = state.iter().zip(orbit_gm).map(|(body, mu)| {
            let r2 = dot(body.position, body.position);
            r2 * r2.sqrt() / mu
        });
        let time_scale = time2.fold(f64::INFINITY, f64::min).sqrt();
        let unit = unit_deviation(seed, state.len()).into_iter();
        let deviation = unit.map(|[x, v]| Relative { position: x, velocity: v.map(|v| v / time_scale) }).collect();
        Self { deviation, megno: Megno::default(), time_scale }
    }

    /// Takes the deviation through a step: the kick at the Jacobi `positions`, then the drift from `kicked`.
    ///
    /// `None` if a body has no Kepler orbit.
    pub(super) fn step(&mut self, gm: &[f64], positions: &[Vector], kicked: &[Relative], dt: f64) -> Option<()> {
        let before = self.length2();
        self.kick(gm, positions, dt);
        for ((deviation, &body), mu) in self.deviation.iter_mut().zip(kicked).zip(&enclosed(gm)[1..]) {
            *deviation = drifted(*deviation, body, &solve(body, *mu, dt)?);
        }
        let after = self.length2();
        let middle = self.megno.elapsed() + 0.5 * dt.abs();
        self.megno.advance(dt.abs(), middle * 0.5 * libm::log(after / before));
        if let Some(factor) = rescale(after) {
            self.deviation.iter_mut().for_each(|deviation| *deviation = deviation.scaled(factor));
        }
        Some(())
    }

    fn length2(&self) -> f64 {
        let square = |d: &Relative| {
            dot(d.position, d.position) + self.time_scale * self.time_scale * dot(d.velocity, d.velocity)
        };
        self.deviation.iter().map(square).sum()
    }

    /// The derivative of the kick.
    fn kick(&mut self, gm: &[f64], positions: &[Vector], dt: f64) {
        let x = heliocentric(gm, positions);
        let deviations: Vec<Vector> = self.deviation.iter().map(|deviation| deviation.position).collect();
        let dx = heliocentric(gm, &deviations);
        let massive = |j: &usize| gm[*j] > 0.0;
        let change = |i: usize| {
            let others = (0..gm.len()).filter(|&j| j != i).filter(massive);
            others.fold([0.0; 3], |sum, j| add(sum, gm[j], pull_change(minus(x[j], x[i]), minus(dx[j], dx[i]))))
        };
        let enclosed = enclosed(gm);
        let mut outer = [0.0; 3];
        for i in (1..gm.len()).rev() {
            let inertial = change(i);
            outer = add(outer, gm[i], inertial);
            let orbit = pull_change(positions[i - 1], deviations[i - 1]);
            let jacobi = add(add(inertial, 1.0 / enclosed[i - 1], outer), enclosed[i], orbit);
            let velocity = &mut self.deviation[i - 1].velocity;
            *velocity = add(*velocity, dt, jacobi);
        }
    }
}

impl Relative {
    fn scaled(self, factor: f64) -> Self {
        Self { position: self.position.map(|x| factor * x), velocity: self.velocity.map(|v| factor * v) }
    }
}

/// x + a y.
fn add(x: Vector, a: f64, y: Vector) -> Vector {
    std::array::from_fn(|k| x[k] + a * y[k])
}

fn minus(x: Vector, y: Vector) -> Vector {
    add(x, -1.0, y)
}

/// The change of x/|x|³ with the change `dx` of x.
fn pull_change(x: Vector, dx: Vector) -> Vector {
    let r2 = dot(x, x);
    let inverse_r3 = 1.0 / (r2 * r2.sqrt());
    let along = 3.0 * dot(x, dx) / r2;
    std::array::from_fn(|k| inverse_r3 * (dx[k] - along * x[k]))
}

/// The deviation at the end of `arc`, which starts at `start`.
fn drifted(d: Relative, start: Relative, arc: &Arc) -> Relative {
    let Relative { position: x, velocity: v } = start;
    let Arc { mu, r0, r, g, .. } = *arc;
    let [_, g1, g2, g3, ..] = g;
    let dr0 = dot(x, d.position) / r0;
    let change = arc.change(dr0, dot(d.position, v) + dot(x, d.velocity), dot(v, d.velocity));
    let [dg1, dg2, dg3] = change.g;
    let (f_minus_1, fdot) = (-mu * g2 / r0, -mu * g1 / (r0 * r));
    let (df, dg) = (-mu * dg2 / r0 - f_minus_1 * dr0 / r0, change.time - mu * dg3);
    let dfdot = -mu * dg1 / (r0 * r) - fdot * (dr0 / r0 + change.r / r);
    let dgdot = -mu * dg2 / r + mu * g2 / r * change.r / r;
    let combine = |a: f64, b: f64, da: f64, db: f64| -> Vector {
        std::array::from_fn(|k| (a * d.position[k] + b * d.velocity[k]) + (da * x[k] + db * v[k]))
    };
    Relative {
        position: combine(1.0 + f_minus_1, arc.time - mu * g3, df, dg),
        velocity: combine(fdot, 1.0 - mu * g2 / r, dfdot, dgdot),
    }
}

/// How the end of an arc changes with its start.
struct Change {
    /// Of G1, G2, G3.
    g: Vector,
    r: f64,
    time: f64,
}

impl Arc {
    /// The change with those of the first radius, of x·v, and of v²/2.
    fn change(&self, dr0: f64, deta: f64, v_dv: f64) -> Change {
        let Arc { mu, r0, eta, zeta, beta, s, g, r, revolutions, .. } = *self;
        let dbeta = -2.0 * (mu * dr0 / (r0 * r0) + v_dv);
        let dzeta = -dbeta * r0 - beta * dr0;
        // At a fixed anomaly: dG_n/dbeta = (n G_(n+2) - s G_(n+1))/2.
        let by_beta = |n: usize| 0.5 * (n as f64 * g[n + 2] - s * g[n + 1]);
        // Kepler's third law: the revolutions left out last longer by -3/2 of beta's relative change.
        let time = if revolutions == 0.0 { 0.0 } else { 1.5 * revolutions * dbeta / beta };
        let at_fixed_anomaly = s * dr0 + g[2] * deta + g[3] * dzeta + (eta * by_beta(2) + zeta * by_beta(3)) * dbeta;
        let ds = (time - at_fixed_anomaly) / r;
        let dg: Vector = std::array::from_fn(|k| by_beta(k + 1) * dbeta + g[k] * ds);
        let dr = dr0 + g[1] * deta + g[2] * dzeta + eta * dg[0] + zeta * dg[1];
        Change { g: dg, r: dr, time }
    }
}
