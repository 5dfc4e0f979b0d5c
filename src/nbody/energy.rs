//! What a system of bodies conserves: energy, momentum, angular momentum, centre of mass.
//!
//! For few bodies, known on every rank: every pair is visited, nothing communicates. The sums are compensated, so that
//! what changes from step to step is the bodies and not the summing. Bodies have gravitational parameters G m in place of
//! masses, and so every result that is proportional to mass comes multiplied by G.

use super::system::System;
use super::vector::{dot, minus};

/// A sum that keeps what rounding would lose (Neumaier's form of Kahan's).
#[derive(Clone, Copy, Default)]
struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        let total = self.high + term;
        let part = total - self.high;
        self.low += (self.high - (total - part)) + (term - part);
        self.high = total;
    }

    /// Adds a * b without rounding the product.
    fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        self.low += a.mul_add(b, -product);
    }

    fn total(self) -> f64 {
        self.high + self.low
    }
}

/// G times the kinetic energy, sum of G m v^2 / 2.
pub fn kinetic(system: &System) -> f64 {
    let mut sum = Sum::default();
    for (&gm, &v) in system.gm.iter().zip(&system.velocity) {
        v.iter().for_each(|v| sum.add_product(0.5 * gm * v, *v));
    }
    sum.total()
}

/// G times the potential energy, - sum over pairs of G m_i G m_j / sqrt(r^2 + softening^2).
pub fn potential(system: &System, softening: f64) -> f64 {
    let mut sum = Sum::default();
    for i in 0..system.len() {
        for j in 0..i {
            let d = minus(system.position[i], system.position[j]);
            sum.add(-system.gm[i] * system.gm[j] / (dot(d, d) + softening * softening).sqrt());
        }
    }
    sum.total()
}

/// G times the Newtonian energy.
pub fn energy(system: &System, softening: f64) -> f64 {
    let mut sum = Sum::default();
    sum.add(kinetic(system));
    sum.add(potential(system, softening));
    sum.total()
}

/// G times the energy to first post-Newtonian order, with `light` the speed of light: Newton's and
///
/// ```text
/// 1/c^2 [ 3/8 sum m v^4 + 1/2 sum_i m_i P_i (3 v_i^2 + P_i)
///         - 1/4 sum_(i /= j) G m_i m_j / r (7 v_i . v_j + (n . v_i)(n . v_j)) ],   P_i = sum_j G m_j / r_ij,
/// ```
///
/// from the Lagrangian of Einstein, Infeld & Hoffmann (Landau & Lifshitz, The Classical Theory of Fields, eq. 106.17).
/// First post-Newtonian accelerations conserve it up to the second order in (v/c)^2.
pub fn energy_post_newtonian(system: &System, light: f64) -> f64 {
    let mut sum = Sum::default();
    for i in 0..system.len() {
        let gm = system.gm[i];
        let v = system.velocity[i];
        let mut depth = 0.0;
        let mut exchange = 0.0;
        for j in (0..system.len()).filter(|&j| j != i) {
            let d = minus(system.position[j], system.position[i]);
            let weight = system.gm[j] / dot(d, d).sqrt();
            // P_i += G m_j/r;  G m_j/4r (7 v_i·v_j + (n·v_i)(n·v_j))
            depth += weight;
            let radial = dot(d, v) * dot(d, system.velocity[j]) / dot(d, d);
            exchange += weight * 0.25 * (7.0 * dot(v, system.velocity[j]) + radial);
        }
        let v2 = dot(v, v);
        // m_i [3/8 v⁴ + P_i (3 v² + P_i)/2 - exchange]
        sum.add(gm * (0.375 * v2 * v2 + 0.5 * depth * (3.0 * v2 + depth) - exchange));
    }
    energy(system, 0.0) + sum.total() / (light * light)
}

/// G times the momentum.
pub fn momentum(system: &System) -> [f64; 3] {
    weighted(system, &system.velocity)
}

/// G times the angular momentum about the origin.
pub fn angular_momentum(system: &System) -> [f64; 3] {
    let mut sums = [Sum::default(); 3];
    for i in 0..system.len() {
        let gm = system.gm[i];
        let r = system.position[i];
        let v = system.velocity[i];
        for (axis, sum) in sums.iter_mut().enumerate() {
            let y = (axis + 1) % 3;
            let z = (axis + 2) % 3;
            // L_x = Σ m (y v_z - z v_y), and so on round the axes.
            sum.add_product(gm * r[y], v[z]);
            sum.add_product(-gm * r[z], v[y]);
        }
    }
    sums.map(Sum::total)
}

/// Position and velocity of the centre of mass; zero where no body has mass.
pub fn center_of_mass(system: &System) -> [[f64; 3]; 2] {
    let mut total = Sum::default();
    system.gm.iter().for_each(|&gm| total.add(gm));
    let mean = |sum: f64| if total.total() > 0.0 { sum / total.total() } else { 0.0 };
    [weighted(system, &system.position).map(mean), weighted(system, &system.velocity).map(mean)]
}

fn weighted(system: &System, vectors: &[[f64; 3]]) -> [f64; 3] {
    let mut sums = [Sum::default(); 3];
    for (&gm, vector) in system.gm.iter().zip(vectors) {
        sums.iter_mut().zip(vector).for_each(|(sum, &x)| sum.add_product(gm, x));
    }
    sums.map(Sum::total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> System {
        System {
            gm: vec![2.0, 1.0],
            position: vec![[1.0, 0.0, 0.0], [-2.0, 0.0, 0.0]],
            velocity: vec![[0.0, 0.2, 0.1], [0.0, -0.4, -0.2]],
        }
    }

    #[test]
    fn energy_of_a_pair_is_kinetic_plus_potential() {
        let kinetic_energy = 0.5 * (2.0 * 0.05 + 0.2);
        assert!((kinetic(&pair()) - kinetic_energy).abs() < 1e-16);
        assert!((potential(&pair(), 0.0) + 2.0 / 3.0).abs() < 1e-15);
        assert!((potential(&pair(), 4.0) + 2.0 / 5.0).abs() < 1e-15);
        assert!((energy(&pair(), 0.0) - (kinetic_energy - 2.0 / 3.0)).abs() < 1e-15);
    }

    #[test]
    fn a_pair_about_its_centre_of_mass_has_no_momentum_but_spins() {
        assert_eq!(momentum(&pair()), [0.0; 3]);
        assert_eq!(center_of_mass(&pair()), [[0.0; 3]; 2]);
        let expected = [0.0, -2.0 * 0.1 - 2.0 * 0.2, 2.0 * 0.2 + 2.0 * 0.4];
        let found = angular_momentum(&pair());
        assert!((0..3).all(|k| (found[k] - expected[k]).abs() < 1e-15), "{found:?}");
    }

    #[test]
    fn sums_keep_what_plain_sums_lose() {
        let mut system = pair();
        system.gm.extend([1.0; 4]);
        system.position.extend([[0.0; 3]; 4]);
        system.velocity.extend([[1e20, 0.0, 0.0], [1.0, 0.0, 0.0], [-1e20, 0.0, 0.0], [1e-3, 0.0, 0.0]]);
        assert_eq!(momentum(&system)[0], 1.001);
    }

    #[test]
    fn the_correction_of_a_test_particle_is_that_of_the_schwarzschild_metric() {
        // Per unit mass, in harmonic coordinates: 3/8 v^4 + 3/2 v^2 M/r + 1/2 (M/r)^2, a central mass at rest.
        let small = 1e-9;
        let system = System {
            gm: vec![1.0, small],
            position: vec![[0.0; 3], [2.0, 0.0, 0.0]],
            velocity: vec![[0.0; 3], [0.3, 0.4, 0.0]],
        };
        let v2 = 0.25;
        let depth = 0.5;
        let expected = 0.375 * v2 * v2 + 1.5 * v2 * depth + 0.5 * depth * depth;
        let found = (energy_post_newtonian(&system, 10.0) - energy(&system, 0.0)) * 100.0 / small;
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}
