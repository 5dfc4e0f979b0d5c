//! The Hermite scheme of fourth order with a shared step (Makino & Aarseth 1992, PASJ 44, 141).
//!
//! It needs the acceleration and its time derivative, the jerk, which a direct sum gives for little more than the
//! acceleration. A step, in P(EC)^n form:
//!
//! 1. [`Hermite::predict`] moves bodies by the Taylor series to the jerk;
//! 2. n times: the caller computes accelerations and jerks at [`Hermite::end_position`] and [`Hermite::end_velocity`],
//!    of all bodies on all ranks, and [`Hermite::correct`] improves them. Once gives the fourth order; with more the
//!    scheme nears its time-symmetric limit (Hut, Makino & McMillan 1995), whose energy error doesn't grow with time;
//! 3. where the step is chosen, [`Hermite::aarseth_step`] on each rank and the least of all ranks;
//! 4. [`Hermite::accept`].
//!
//! Each body is moved by its own numbers alone, so a rank moves those that it holds and results do not depend on which.

use super::vector::norm;

/// What is known of the bodies of one rank: columns by body.
///
/// The first four are the state: what a checkpoint holds and [`Hermite::new`] takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Hermite {
    position: Vec<[f64; 3]>,
    velocity: Vec<[f64; 3]>,
    acceleration: Vec<[f64; 3]>,
    jerk: Vec<[f64; 3]>,
    end_position: Vec<[f64; 3]>,
    end_velocity: Vec<[f64; 3]>,
    end_acceleration: Vec<[f64; 3]>,
    end_jerk: Vec<[f64; 3]>,
}

impl Hermite {
    /// Bodies with their accelerations (length/time^2) and jerks (length/time^3) at their positions and velocities.
    ///
    /// # Panics
    /// If the columns differ in length.
    pub fn new(
        position: Vec<[f64; 3]>,
        velocity: Vec<[f64; 3]>,
        acceleration: Vec<[f64; 3]>,
        jerk: Vec<[f64; 3]>,
    ) -> Self {
        let lengths = [velocity.len(), acceleration.len(), jerk.len()];
        assert!(lengths.iter().all(|&length| length == position.len()), "columns of the same bodies");
        Hermite {
            end_position: position.clone(),
            end_velocity: velocity.clone(),
            end_acceleration: acceleration.clone(),
            end_jerk: jerk.clone(),
            position,
            velocity,
            acceleration,
            jerk,
        }
    }

    /// Positions at the step's start.
    pub fn position(&self) -> &[[f64; 3]] {
        &self.position
    }

    /// Velocities at the step's start.
    pub fn velocity(&self) -> &[[f64; 3]] {
        &self.velocity
    }

    /// Accelerations at the step's start.
    pub fn acceleration(&self) -> &[[f64; 3]] {
        &self.acceleration
    }

    /// Jerks at the step's start.
    pub fn jerk(&self) -> &[[f64; 3]] {
        &self.jerk
    }

    /// Positions at the step's end, as far as they are known.
    pub fn end_position(&self) -> &[[f64; 3]] {
        &self.end_position
    }

    /// Velocities at the step's end, as far as they are known.
    pub fn end_velocity(&self) -> &[[f64; 3]] {
        &self.end_velocity
    }

    /// Predicts positions and velocities after `dt`: r + v dt + a dt^2/2 + j dt^3/6, v + a dt + j dt^2/2.
    pub fn predict(&mut self, dt: f64) {
        for i in 0..self.position.len() {
            for k in 0..3 {
                let v = self.velocity[i][k];
                let a = self.acceleration[i][k];
                let j = self.jerk[i][k];
                // r + v dt + a dt²/2 + j dt³/6,  v + a dt + j dt²/2
                self.end_position[i][k] = self.position[i][k] + dt * (v + dt / 2.0 * (a + dt / 3.0 * j));
                self.end_velocity[i][k] = v + dt * (a + dt / 2.0 * j);
            }
        }
    }

    /// Corrects positions and velocities after `dt` with the accelerations and jerks found there: the integrals of the
    /// polynomial through both ends, v_0 + dt (a_0 + a_1)/2 + dt^2 (j_0 - j_1)/12, and alike for the position.
    /// `forces` gives those of a body by its place in the columns.
    pub fn correct(&mut self, forces: impl Fn(usize) -> ([f64; 3], [f64; 3]), dt: f64) {
        for i in 0..self.position.len() {
            let (acceleration, jerk) = forces(i);
            self.end_acceleration[i] = acceleration;
            self.end_jerk[i] = jerk;
            let start = [self.position[i], self.velocity[i], self.acceleration[i], self.jerk[i]];
            [self.end_position[i], self.end_velocity[i]] = corrected(start, [acceleration, jerk], dt);
        }
    }

    /// The step after one of `dt` that Aarseth's criterion allows the bodies of this rank, infinite for none:
    /// sqrt(eta (|a| |a''| + |a'|^2) / (|a'| |a'''| + |a''|^2)) at the step's end (Aarseth 1985).
    ///
    /// To be called after the last [`correct`](Hermite::correct) and before [`accept`](Hermite::accept). The step of all
    /// ranks is the least of theirs: a minimum does not depend on who holds which body. A body that is not finite is passed
    /// over: look for those elsewhere.
    pub fn aarseth_step(&self, eta: f64, dt: f64) -> f64 {
        self.aarseth_step_of(eta, dt, |_| true)
    }

    /// [`aarseth_step`](Hermite::aarseth_step) of the bodies that `counts`, by their places in the columns: leave out those whose forces
    /// cancel, since what rounding leaves of a force changes without limit.
    pub fn aarseth_step_of(&self, eta: f64, dt: f64, counts: impl Fn(usize) -> bool) -> f64 {
        let bodies = (0..self.position.len()).filter(|&i| counts(i));
        bodies.map(|i| (eta * self.aarseth_square(i, dt)).sqrt()).fold(f64::INFINITY, f64::min)
    }

    fn aarseth_square(&self, i: usize, dt: f64) -> f64 {
        let start = [self.acceleration[i], self.jerk[i]];
        aarseth_square(start, [self.end_acceleration[i], self.end_jerk[i]], dt)
    }

    /// A first step for the bodies of this rank: the least of eta |a| / |j| and, of bodies in a field softened by
    /// `softening`, sqrt(eta softening / |a|). Infinite for none, and for bodies at rest without softening, whose jerk
    /// is zero: bound it.
    pub fn first_step(&self, eta: f64, softening: f64) -> f64 {
        self.first_step_of(eta, softening, |_| true)
    }

    /// [`first_step`](Hermite::first_step) of the bodies that `counts`, as with [`aarseth_step_of`](Hermite::aarseth_step_of).
    pub fn first_step_of(&self, eta: f64, softening: f64, counts: impl Fn(usize) -> bool) -> f64 {
        let of = |i: usize| first_step(self.acceleration[i], self.jerk[i], eta, softening);
        (0..self.acceleration.len()).filter(|&i| counts(i)).map(of).fold(f64::INFINITY, f64::min)
    }

    /// Takes the step: its end is the next one's start.
    pub fn accept(&mut self) {
        self.position.copy_from_slice(&self.end_position);
        self.velocity.copy_from_slice(&self.end_velocity);
        self.acceleration.copy_from_slice(&self.end_acceleration);
        self.jerk.copy_from_slice(&self.end_jerk);
    }
}

/// The square of a body's step by Aarseth's criterion, over eta, from accelerations and jerks at both ends of a step of `dt`.
pub(super) fn aarseth_square(start: [[f64; 3]; 2], end: [[f64; 3]; 2], dt: f64) -> f64 {
    let mut snap = [0.0; 3];
    let mut crackle = [0.0; 3];
    for k in 0..3 {
        let change = start[0][k] - end[0][k];
        let j = start[1][k];
        let end_j = end[1][k];
        // a''' = (12 (a - a_1) + 6 dt (j + j_1)) / dt³,  a''_1 = (-6 (a - a_1) - dt (4 j + 2 j_1)) / dt² + dt a'''
        crackle[k] = (12.0 * change + 6.0 * dt * (j + end_j)) / (dt * dt * dt);
        snap[k] = (-6.0 * change - dt * (4.0 * j + 2.0 * end_j)) / (dt * dt) + dt * crackle[k];
    }
    let [a, j, s, c] = [end[0], end[1], snap, crackle].map(norm);
    let denominator = j * c + s * s;
    if denominator > 0.0 { (a * s + j * j) / denominator } else { f64::INFINITY }
}

/// A body's first step, before higher derivatives are known.
pub(super) fn first_step(acceleration: [f64; 3], jerk: [f64; 3], eta: f64, softening: f64) -> f64 {
    let a = norm(acceleration);
    let j = norm(jerk);
    let changes = if j > 0.0 { eta * a / j } else { f64::INFINITY };
    let falls = if softening > 0.0 && a > 0.0 { (eta * softening / a).sqrt() } else { f64::INFINITY };
    changes.min(falls)
}

/// Position and velocity of a body after `dt` from its motion (position, velocity, acceleration, jerk) at the start and acceleration and jerk at
/// the end: what [`Hermite::correct`] does.
pub(super) fn corrected([r, v, a, j]: [[f64; 3]; 4], end: [[f64; 3]; 2], dt: f64) -> [[f64; 3]; 2] {
    let [end_a, end_j] = end;
    // v + dt/2 (a + a_1) + dt²/12 (j - j_1),  r + dt/2 (v + v_1) + dt²/12 (a - a_1)
    let end_v = [0, 1, 2].map(|k| v[k] + dt / 2.0 * ((a[k] + end_a[k]) + dt / 6.0 * (j[k] - end_j[k])));
    let end_r = [0, 1, 2].map(|k| r[k] + dt / 2.0 * ((v[k] + end_v[k]) + dt / 6.0 * (a[k] - end_a[k])));
    [end_r, end_v]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Acceleration and jerk towards a unit mass at the origin.
    fn kepler(position: &[[f64; 3]], velocity: &[[f64; 3]]) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
        let of = |(r, v): (&[f64; 3], &[f64; 3])| {
            let distance = norm(*r);
            let radial = 3.0 * (0..3).map(|k| r[k] * v[k]).sum::<f64>() / distance.powi(2);
            let cube = distance.powi(3);
            ([0, 1, 2].map(|k| -r[k] / cube), [0, 1, 2].map(|k| -(v[k] - radial * r[k]) / cube))
        };
        position.iter().zip(velocity).map(of).unzip()
    }

    fn orbit(eccentricity: f64) -> Hermite {
        let position = vec![[1.0 - eccentricity, 0.0, 0.0]];
        let velocity = vec![[0.0, ((1.0 + eccentricity) / (1.0 - eccentricity)).sqrt(), 0.0]];
        let (acceleration, jerk) = kepler(&position, &velocity);
        Hermite::new(position, velocity, acceleration, jerk)
    }

    fn step(hermite: &mut Hermite, dt: f64, evaluations: usize) {
        hermite.predict(dt);
        for _ in 0..evaluations {
            let (acceleration, jerk) = kepler(hermite.end_position(), hermite.end_velocity());
            hermite.correct(|i| (acceleration[i], jerk[i]), dt);
        }
    }

    fn energy(hermite: &Hermite) -> f64 {
        0.5 * norm(hermite.velocity()[0]).powi(2) - 1.0 / norm(hermite.position()[0])
    }

    #[test]
    fn the_error_falls_with_the_fourth_power_of_the_step() {
        let error = |steps: usize| {
            let mut hermite = orbit(0.3);
            (0..steps).for_each(|_| {
                step(&mut hermite, TAU / steps as f64, 1);
                hermite.accept();
            });
            norm([hermite.position()[0][0] - 0.7, hermite.position()[0][1], 0.0])
        };
        let order = (error(400) / error(800)).log2();
        assert!((order - 4.0).abs() < 0.2, "{order}");
    }

    #[test]
    fn iterated_to_symmetry_the_energy_does_not_drift() {
        let drift = |evaluations: usize| {
            let mut hermite = orbit(0.3);
            let start = energy(&orbit(0.3));
            (0..50 * 200).for_each(|_| {
                step(&mut hermite, TAU / 200.0, evaluations);
                hermite.accept();
            });
            (energy(&hermite) / start - 1.0).abs()
        };
        let once = drift(1);
        let thrice = drift(3);
        assert!(thrice < 0.02 * once, "{once:e} {thrice:e}");
    }

    #[test]
    fn chosen_steps_follow_an_eccentric_orbit() {
        let mut hermite = orbit(0.9);
        let start = energy(&hermite);
        let mut time = 0.0;
        let mut dt = hermite.first_step(0.01, 0.0);
        let mut shortest = f64::INFINITY;
        let mut longest = 0.0f64;
        while time < TAU {
            step(&mut hermite, dt, 1);
            let next = hermite.aarseth_step(0.01, dt);
            hermite.accept();
            time += dt;
            shortest = shortest.min(next);
            longest = longest.max(next);
            dt = next;
        }
        assert!((energy(&hermite) / start - 1.0).abs() < 1e-4, "{:e}", energy(&hermite) / start - 1.0);
        assert!(longest > 20.0 * shortest, "{shortest:e} {longest:e}");
    }

    #[test]
    fn a_state_taken_out_and_put_back_goes_on_with_the_same_bits() {
        let mut whole = orbit(0.5);
        step(&mut whole, 0.01, 1);
        whole.accept();
        let columns = [whole.position(), whole.velocity(), whole.acceleration(), whole.jerk()].map(<[_]>::to_vec);
        let [position, velocity, acceleration, jerk] = columns;
        let mut restored = Hermite::new(position, velocity, acceleration, jerk);
        for hermite in [&mut whole, &mut restored] {
            step(hermite, 0.01, 1);
            hermite.accept();
        }
        assert_eq!(whole, restored);
    }

    #[test]
    fn the_step_of_many_bodies_is_the_least_of_theirs() {
        let alone = [0.3, 0.8].map(|eccentricity| {
            let mut hermite = orbit(eccentricity);
            step(&mut hermite, 0.001, 1);
            hermite.aarseth_step(0.02, 0.001)
        });
        let a = orbit(0.3);
        let b = orbit(0.8);
        let join = |a: &[[f64; 3]], b: &[[f64; 3]]| [a, b].concat();
        let mut both = Hermite::new(
            join(a.position(), b.position()),
            join(a.velocity(), b.velocity()),
            join(a.acceleration(), b.acceleration()),
            join(a.jerk(), b.jerk()),
        );
        step(&mut both, 0.001, 1);
        assert_eq!(both.aarseth_step(0.02, 0.001), alone[0].min(alone[1]));
    }

    #[test]
    fn bodies_at_rest_get_a_first_step_from_the_softening() {
        let position = vec![[1.0, 0.0, 0.0]];
        let hermite = Hermite::new(position, vec![[0.0; 3]], vec![[-4.0, 0.0, 0.0]], vec![[0.0; 3]]);
        assert_eq!(hermite.first_step(0.01, 0.25), (0.01f64 * 0.25 / 4.0).sqrt());
        assert_eq!(hermite.first_step(0.01, 0.0), f64::INFINITY);
    }
}
