//! A King sphere: a star cluster that ends at its tidal radius (King 1966, AJ 71, 64).
//!
//! The distribution function is exp(E/σ²) - 1 for bound E; with W = ψ/σ² the density is
//! ρ ~ exp(W) erf(√W) - √(4W/π)(1 + 2W/3), and W follows from Poisson's equation in units of King's core radius,
//! W'' + 2 W'/x = -9 ρ(W)/ρ(W₀), integrated outwards from W₀ until W = 0. Radii by inverting the mass inside a radius, directions at random, speeds by
//! rejection from u² (exp(W - u²/2) - 1).

use std::f64::consts::PI;
use std::ops::Range;

use super::{centred, must_be_positive};
use crate::base::random::Random;
use crate::nbody::body::Body;
use crate::{Error, Result};

/// The stream of random numbers of King spheres.
const STREAM: u32 = 3;
/// Steps of the integration over the radius, and the shortest over the core radius.
const STEP: f64 = 0.004;
/// W over W₀ that counts as none.
const EDGE: f64 = 1e-12;
/// The deepest centre: beyond, the core is next to nothing of the whole.
const DEEPEST: f64 = 16.0;
/// Places at which the largest probability of a speed is looked for, and what it may be missed by.
const SPEEDS: usize = 100;
const MARGIN: f64 = 1.02;

/// `n` bodies of equal mass drawn from a King sphere, the centre of mass at rest at the origin.
///
/// Body i depends on seed and i alone, but for the common shift that puts the centre of mass at the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct King {
    /// The number of bodies.
    pub n: u64,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The gravitational constant.
    pub gravity: f64,
    /// The mass of all bodies together.
    pub mass: f64,
    /// W₀, the depth of the potential at the centre in units of σ².
    pub w0: f64,
    /// The virial radius, length: G M²/(2 |W|) with W the potential energy of the model.
    pub virial_radius: f64,
}

/// The sphere in units of the core radius and of σ: distances, W, the share of the mass within, the largest probability of a speed.
struct Profile {
    radius: Vec<f64>,
    depth: Vec<f64>,
    inside: Vec<f64>,
    likeliest: Vec<f64>,
    /// G M / (r₀ σ²).
    mass: f64,
    /// The virial radius.
    virial: f64,
}

impl King {
    /// Refuses values that make no sphere.
    ///
    /// # Errors
    /// No bodies; a mass or radius that is not positive and finite; W₀ outside (0, 16].
    pub fn validate(&self) -> Result<()> {
        if self.n == 0 {
            return Err(Error::input("initial.n", "0 is not allowed: there must be at least one body"));
        }
        must_be_positive("mass", self.mass)?;
        must_be_positive("virial_radius", self.virial_radius)?;
        if self.w0 > 0.0 && self.w0 <= DEEPEST {
            return Ok(());
        }
        Err(Error::input(
            "initial.w0",
            format!("{} is not allowed: it must be above 0, and at most {DEEPEST}", self.w0),
        ))
    }

    /// The bodies of indices `range`; ids are the indices.
    ///
    /// # Panics
    /// If the range goes beyond `n`.
    pub fn bodies(&self, range: Range<u64>) -> Vec<Body> {
        let profile = Profile::new(self.w0);
        let length = self.virial_radius / profile.virial;
        // σ² = G M / (r₀ μ)
        let speed = (self.gravity * self.mass / (length * profile.mass)).sqrt();
        centred(self.n, self.mass, range, |index| {
            let (position, velocity) = profile.draw(&mut Random::new(self.seed, STREAM, index));
            (position.map(|x| length * x), velocity.map(|v| speed * v))
        })
    }

    /// The concentration, log10 of the tidal over the core radius.
    pub fn concentration(&self) -> f64 {
        Profile::new(self.w0).radius.last().map_or(0.0, |edge| libm::log10(*edge))
    }
}

/// ρ(W) without its factor: 2/√π Σ 2ⁿ W^(n + 1/2) / (2n + 1)!! from n = 2, which is what the closed form comes to without cancelling.
fn density(w: f64) -> f64 {
    if w <= 0.0 {
        return 0.0;
    }
    // n = 2: 4 W^(5/2) / 15
    let mut term = 4.0 / 15.0 * w * w * w.sqrt();
    let mut sum = term;
    let mut n = 2.0;
    while term > f64::EPSILON * sum {
        n += 1.0;
        term *= 2.0 * w / (2.0 * n + 1.0);
        sum += term;
    }
    2.0 / PI.sqrt() * sum
}

impl Profile {
    fn new(w0: f64) -> Self {
        let center = density(w0);
        // The state (W, x² W'), whose second part is minus the mass within x.
        let rate = |x: f64, [w, pull]: [f64; 2]| [pull / (x * x), -9.0 * x * x * density(w) / center];
        // The first terms of the series about the centre: W = W₀ - 3/2 x².
        let mut x = STEP;
        let mut state = [w0 - 1.5 * x * x, -3.0 * x * x * x];
        let mut profile = Profile {
            radius: vec![0.0, x],
            depth: vec![w0, state[0]],
            inside: vec![0.0, -state[1]],
            likeliest: Vec::new(),
            mass: 0.0,
            virial: 0.0,
        };
        while state[0] > EDGE * w0 {
            let slope = rate(x, state)[0];
            let longest = STEP * (1.0 + x);
            // Not beyond where W would end if it fell on as it does.
            let step = if slope < 0.0 { longest.min(-state[0] / slope) } else { longest };
            state = runge_kutta(&rate, x, state, step);
            x += step;
            profile.radius.push(x);
            profile.depth.push(state[0].max(0.0));
            profile.inside.push(-state[1]);
        }
        profile.finish()
    }

    /// What follows once the whole is known.
    fn finish(mut self) -> Self {
        self.mass = self.inside.last().copied().unwrap_or(0.0);
        let mass = self.mass;
        self.inside.iter_mut().for_each(|inside| *inside /= mass);
        // |U| = ∫ m/x dm with G = M = 1; r_v = 1/(2 |U|).
        let mut energy = 0.0;
        for i in 1..self.radius.len() {
            let over = |i: usize| if i > 0 { self.inside[i] / self.radius[i] } else { 0.0 };
            energy += 0.5 * (over(i) + over(i - 1)) * (self.inside[i] - self.inside[i - 1]);
        }
        self.virial = 1.0 / (2.0 * energy);
        let largest = |w: f64| {
            let places = (1..SPEEDS).map(|i| i as f64 / SPEEDS as f64);
            MARGIN * places.map(|q| likelihood(w, q)).fold(0.0, f64::max)
        };
        self.likeliest = self.depth.iter().map(|&w| largest(w)).collect();
        self
    }

    /// One body.
    fn draw(&self, random: &mut Random) -> ([f64; 3], [f64; 3]) {
        let share = random.uniform();
        let above = self.inside.partition_point(|&inside| inside < share).clamp(1, self.inside.len() - 1);
        let below = above - 1;
        // Between two radii the density is taken as even: mass grows as x³.
        let part = (share - self.inside[below]) / (self.inside[above] - self.inside[below]);
        let [low, high] = [below, above].map(|i| self.radius[i] * self.radius[i] * self.radius[i]);
        let radius = libm::cbrt(low + part * (high - low));
        let along = (radius - self.radius[below]) / (self.radius[above] - self.radius[below]);
        let w = self.depth[below] + along * (self.depth[above] - self.depth[below]);
        let out = random.unit_vector();
        let direction = random.unit_vector();
        let largest = self.likeliest[below].max(self.likeliest[above]);
        let q = loop {
            let q = random.uniform();
            if largest * random.uniform() < likelihood(w, q) {
                break q;
            }
        };
        let speed = q * (2.0 * w).sqrt();
        (out.map(|x| radius * x), direction.map(|x| speed * x))
    }
}

/// The probability, but for a factor, of the speed q √(2W).
fn likelihood(w: f64, q: f64) -> f64 {
    q * q * libm::expm1(w * (1.0 - q * q))
}

/// One step of fourth order.
fn runge_kutta(rate: &impl Fn(f64, [f64; 2]) -> [f64; 2], x: f64, state: [f64; 2], step: f64) -> [f64; 2] {
    let ahead = |by: f64, rates: [f64; 2]| [state[0] + by * rates[0], state[1] + by * rates[1]];
    let first = rate(x, state);
    let second = rate(x + 0.5 * step, ahead(0.5 * step, first));
    let third = rate(x + 0.5 * step, ahead(0.5 * step, second));
    let fourth = rate(x + step, ahead(step, third));
    [0, 1].map(|k| state[k] + step / 6.0 * (first[k] + 2.0 * (second[k] + third[k]) + fourth[k]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nbody::vector::{dot, minus, norm};

    fn sphere(n: u64, w0: f64) -> King {
        King { n, seed: 1, gravity: 1.0, mass: 1.0, w0, virial_radius: 1.0 }
    }

    /// The same equation by SciPy 1.17, `solve_ivp(.., method='DOP853', rtol=1e-12)`; King (1966) has 0.67, 1.03, 1.53, 2.12 and 2.74 in his figure, and
    /// galpy's `kingdf` the same to some 1e-4.
    #[test]
    fn concentrations_are_those_of_a_solver_of_high_order() {
        let known = [
            (1.0, 0.29550730823853333),
            (3.0, 0.6720430994451746),
            (5.0, 1.029264007419505),
            (7.0, 1.5277403326235364),
            (9.0, 2.118531557008852),
            (12.0, 2.7389382913514306),
        ];
        for (w0, expected) in known {
            let found = sphere(1, w0).concentration();
            assert!((found - expected).abs() < 2e-6, "{w0}: {found} {expected}");
        }
    }

    /// 2 T = |U| and U = -1/2 in these units, within the noise of sampling; no body is beyond the tidal radius nor unbound.
    #[test]
    fn the_sphere_is_in_virial_equilibrium() {
        for w0 in [2.0, 6.0, 9.0] {
            let n = 3000;
            let bodies = sphere(n, w0).bodies(0..n);
            let kinetic: f64 = bodies.iter().map(|b| 0.5 * b.mass * dot(b.velocity, b.velocity)).sum();
            let mut potential = 0.0;
            for (i, a) in bodies.iter().enumerate() {
                let pairs = bodies[..i].iter().map(|b| a.mass * b.mass / norm(minus(a.position, b.position)));
                potential -= pairs.sum::<f64>();
            }
            assert!((potential + 0.5).abs() < 0.02, "{w0}: {potential}");
            assert!((2.0 * kinetic / -potential - 1.0).abs() < 0.04, "{w0}: {kinetic} {potential}");
            let profile = Profile::new(w0);
            let edge = profile.radius.last().unwrap() / profile.virial;
            let farthest = bodies.iter().map(|b| norm(b.position)).fold(0.0, f64::max);
            assert!(farthest < 1.05 * edge && farthest > 0.5 * edge, "{w0}: {farthest} {edge}");
        }
    }

    #[test]
    fn a_share_of_the_bodies_has_the_bits_of_the_whole() {
        let all = sphere(200, 5.0).bodies(0..200);
        assert_eq!(all[70..130], sphere(200, 5.0).bodies(70..130));
    }

    #[test]
    fn impossible_spheres_are_refused() {
        for w0 in [0.0, -1.0, 16.5, f64::NAN] {
            assert!(sphere(1, w0).validate().unwrap_err().to_string().starts_with("initial.w0: "), "{w0}");
        }
        assert!(sphere(0, 5.0).validate().is_err() && sphere(1, 5.0).validate().is_ok());
    }
}
