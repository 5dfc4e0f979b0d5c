//! Variational equations: the tangent of the very map that is integrated, and MEGNO from it.
//!
//! A deviation vector in Jacobi coordinates goes through the derivatives of the kick and of the Kepler advance
//! (Mikkola & Innanen 1999), and so shows the growth of the distance between two runs of the map, not of two
//! solutions that the map approximates. Its length is that of sqrt(dx² + (T dv)²), T the shortest time sqrt(r³/mu) of
//! the first state; per step the logarithm of its growth is what MEGNO sums (Cincotta, Giordano & Simo 2003, for
//! maps). It is taken in the middle of a step, in the map's own coordinates, which changes neither limit nor slope.
//!
//! One body at a time: with MEGNO a step costs several times that without.

use super::Vector;
use super::coordinates::enclosed;
use super::kepler::{Arc, Relative, solve};
use super::planets::Planets;
use crate::nbody::megno::{Megno, rescale, unit_deviation};
use crate::nbody::vector::dot;

/// A deviation vector that moves along with the map, and how it grows.
#[derive(Clone, Debug)]
pub(super) struct Variation {
    /// Deviation of each body but body 0, in Jacobi coordinates.
    pub(super) deviation: Vec<Relative>,
    pub(super) megno: Megno,
    /// The time that makes velocities comparable with positions.
    pub(super) time_scale: f64,
    bodies: Vec<KickedBody>,
}

/// A body as the derivative of the kick sees it: what stays, and scratch.
#[derive(Clone, Copy, Debug)]
struct KickedBody {
    gm: f64,
    /// Its gravitational parameter and that of all bodies before it.
    enclosed: f64,
    /// Position relative to body 0, its deviation, and that of the inertial acceleration.
    x: Vector,
    dx: Vector,
    da: Vector,
}

impl Variation {
    /// A random deviation of the bodies of `planets`; `gm` is the gravitational parameter of each, body 0 first.
    pub(super) fn new(gm: &[f64], planets: &Planets, seed: u64) -> Self {
        let enclosed = enclosed(gm);
        let time2 = (0..planets.len()).map(|i| {
            let r2 = dot(planets.body(i).position, planets.body(i).position);
            r2 * r2.sqrt() / enclosed[i + 1]
        });
        let time_scale = time2.fold(f64::INFINITY, f64::min).sqrt();
        let unit = unit_deviation(seed, planets.len()).into_iter();
        let deviation = unit.map(|[x, v]| Relative { position: x, velocity: v.map(|v| v / time_scale) }).collect();
        Self::at(gm, deviation, Megno::default(), time_scale)
    }

    /// A deviation that has come so far.
    pub(super) fn at(gm: &[f64], deviation: Vec<Relative>, megno: Megno, time_scale: f64) -> Self {
        let zero = [0.0; 3];
        let body = |(&gm, enclosed)| KickedBody { gm, enclosed, x: zero, dx: zero, da: zero };
        let bodies = gm.iter().zip(enclosed(gm)).map(body).collect();
        Self { deviation, megno, time_scale, bodies }
    }

    /// The squared length of the deviation.
    pub(super) fn length2(&self) -> f64 {
        let square = |d: &Relative| {
            dot(d.position, d.position) + self.time_scale * self.time_scale * dot(d.velocity, d.velocity)
        };
        self.deviation.iter().map(square).sum()
    }

    /// Counts a step of `dt`, before which the squared length was `before`; brings a length far from 1 back.
    pub(super) fn count(&mut self, before: f64, dt: f64) {
        let after = self.length2();
        let middle = self.megno.elapsed() + 0.5 * dt.abs();
        // ∫ (δ'·δ/δ²) s ds = s ln(|δ_after|/|δ_before|), s the middle of the step.
        self.megno.advance(dt.abs(), middle * 0.5 * libm::log(after / before));
        if let Some(factor) = rescale(after) {
            self.deviation.iter_mut().for_each(|deviation| *deviation = deviation.scaled(factor));
        }
    }

    /// The derivative of the drift from the state of `planets`; `None` if a body has no Kepler orbit.
    pub(super) fn drift(&mut self, planets: &Planets, dt: f64) -> Option<()> {
        for (i, (deviation, orbit)) in self.deviation.iter_mut().zip(&self.bodies[1..]).enumerate() {
            let body = planets.body(i);
            *deviation = drifted(*deviation, body, &solve(body, orbit.enclosed, dt)?);
        }
        Some(())
    }

    /// The derivative of the kick at the positions of `planets`.
    pub(super) fn kick(&mut self, planets: &Planets, dt: f64) {
        self.place(planets);
        self.accelerate();
        let mut outer = [0.0; 3];
        for i in (1..self.bodies.len()).rev() {
            let body = self.bodies[i];
            let inner = self.bodies[i - 1].enclosed;
            let deviation = &mut self.deviation[i - 1];
            // δv_i += dt (δa_i + Σ_(j>=i) gm_j δa_j / (gm of the bodies before i) + mu_i δ(x_i/|x_i|³))
            outer = add(outer, body.gm, body.da);
            let orbit = pull_change(planets.body(i - 1).position, deviation.position);
            let jacobi = add(add(body.da, 1.0 / inner, outer), body.enclosed, orbit);
            deviation.velocity = add(deviation.velocity, dt, jacobi);
        }
    }

    /// Positions relative to body 0, and their deviations.
    fn place(&mut self, planets: &Planets) {
        let mut inner = [0.0; 3];
        let mut inner_deviation = [0.0; 3];
        for (i, (body, deviation)) in self.bodies[1..].iter_mut().zip(&self.deviation).enumerate() {
            let x = planets.body(i).position;
            let dx = deviation.position;
            let weight = body.gm / body.enclosed;
            body.x = add(inner, 1.0, x);
            body.dx = add(inner_deviation, 1.0, dx);
            inner = add(inner, weight, x);
            inner_deviation = add(inner_deviation, weight, dx);
        }
    }

    /// Deviations of the inertial accelerations.
    fn accelerate(&mut self) {
        self.bodies.iter_mut().for_each(|body| body.da = [0.0; 3]);
        for i in 1..self.bodies.len() {
            let (before, from) = self.bodies.split_at_mut(i);
            let body = &mut from[0];
            for other in before.iter_mut().filter(|other| other.gm > 0.0 || body.gm > 0.0) {
                // δa_i += G m_j δ(d/|d|³), d = r_j - r_i; the reverse for j
                let change = pull_change(add(other.x, -1.0, body.x), add(other.dx, -1.0, body.dx));
                body.da = add(body.da, other.gm, change);
                other.da = add(other.da, -body.gm, change);
            }
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

/// The change of x/|x|³ with the change `dx` of x.
fn pull_change(x: Vector, dx: Vector) -> Vector {
    let r2 = dot(x, x);
    // δ(x/|x|³) = (δx - 3 (x·δx/|x|²) x) / |x|³
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
    let f_minus_1 = -mu * g2 / r0;
    let fdot = -mu * g1 / (r0 * r);
    let df = -mu * dg2 / r0 - f_minus_1 * dr0 / r0;
    let dg = change.time - mu * dg3;
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
        // δβ = -2 (μ δr0/r0² + v·δv), δζ = -δβ r0 - β δr0
        let dbeta = -2.0 * (mu * dr0 / (r0 * r0) + v_dv);
        let dzeta = -dbeta * r0 - beta * dr0;
        // At a fixed anomaly: dG_n/dbeta = (n G_(n+2) - s G_(n+1))/2.
        let by_beta = |n: usize| 0.5 * (n as f64 * g[n + 2] - s * g[n + 1]);
        // Kepler's third law: the revolutions left out last longer by -3/2 of beta's relative change.
        let time = if revolutions == 0.0 { 0.0 } else { 1.5 * revolutions * dbeta / beta };
        let at_fixed_anomaly = s * dr0 + g[2] * deta + g[3] * dzeta + (eta * by_beta(2) + zeta * by_beta(3)) * dbeta;
        // The time stays: δt at fixed s + r δs = 0.
        let ds = (time - at_fixed_anomaly) / r;
        let dg: Vector = std::array::from_fn(|k| by_beta(k + 1) * dbeta + g[k] * ds);
        let dr = dr0 + g[1] * deta + g[2] * dzeta + eta * dg[0] + zeta * dg[1];
        Change { g: dg, r: dr, time }
    }
}
