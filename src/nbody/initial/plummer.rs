//! A Plummer sphere in equilibrium: the usual model of a star cluster.
//!
//! Aarseth, Hénon & Wielen 1974 (A&A 37, 183, appendix): radii by inverting the mass inside a radius, directions at
//! random, speeds by rejection from q² (1 - q²)^(7/2), q being the speed over that of escape. In the units of Heggie &
//! Mathieu (1986), with total mass, virial radius and G all 1, the energy is -1/4 and the Plummer radius 3π/16; energy
//! and virial ratio of a sample differ from this by its noise, of order n^(-1/2), as nothing is rescaled.

use std::f64::consts::{PI, SQRT_2};
use std::ops::Range;

use super::{centred, must_be_positive};
use crate::base::random::Random;
use crate::nbody::body::Body;
use crate::{Error, Result};

/// The stream of random numbers of Plummer spheres.
const STREAM: u32 = 1;

/// `n` bodies of equal mass drawn from a Plummer sphere, the centre of mass at rest at the origin.
///
/// Body i depends on seed and i alone, but for the common shift that puts the centre of mass at the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Plummer {
    /// The number of bodies.
    pub n: u64,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The gravitational constant.
    pub gravity: f64,
    /// The mass of all bodies together.
    pub mass: f64,
    /// The virial radius, length: G M²/(2 |W|) with W the potential energy of the model.
    pub virial_radius: f64,
    /// The radius beyond which no body is put, length; none lets few bodies be very far out.
    pub truncation: Option<f64>,
}

impl Plummer {
    /// Refuses values that make no sphere.
    ///
    /// # Errors
    /// No bodies; a mass, radius or truncation that is not positive and finite.
    pub fn validate(&self) -> Result<()> {
        if self.n == 0 {
            return Err(Error::input("initial.n", "0 is not allowed: there must be at least one body"));
        }
        must_be_positive("mass", self.mass)?;
        must_be_positive("virial_radius", self.virial_radius)?;
        self.truncation.map_or(Ok(()), |radius| must_be_positive("truncation", radius))
    }

    /// The bodies of indices `range`; ids are the indices.
    ///
    /// # Panics
    /// If the range goes beyond `n`.
    pub fn bodies(&self, range: Range<u64>) -> Vec<Body> {
        let length = 3.0 * PI / 16.0 * self.virial_radius;
        let speed = (self.gravity * self.mass / length).sqrt();
        let inside = self.truncation.map_or(1.0, |radius| mass_inside(radius / length));
        centred(self.n, self.mass, range, |index| {
            let (position, velocity) = draw(&mut Random::new(self.seed, STREAM, index), inside);
            (position.map(|x| length * x), velocity.map(|v| speed * v))
        })
    }
}

/// The share of the mass within r Plummer radii: (1 + r^-2)^(-3/2).
fn mass_inside(r: f64) -> f64 {
    let share = r / libm::hypot(1.0, r);
    share * share * share
}

/// One body, where G, the mass and the Plummer radius are 1, out of the innermost share `inside` of the mass.
fn draw(random: &mut Random, inside: f64) -> ([f64; 3], [f64; 3]) {
    // The inverse of the mass inside: r = s/√(1 - s²), s³ the mass.
    let s = libm::cbrt(inside * random.uniform()).min(1.0 - f64::EPSILON);
    let inverse_root = ((1.0 - s) * (1.0 + s)).sqrt();
    let r = s / inverse_root;
    let out = random.unit_vector();
    let along = random.unit_vector();
    let q = loop {
        let q = random.uniform();
        let level = 0.1 * random.uniform();
        let rest = 1.0 - q * q;
        if level < q * q * rest * rest * rest * rest.sqrt() {
            break q;
        }
    };
    // Escape speed √2 (1 + r²)^(-1/4); (1 + r²)^(-1/2) is the inverse root above.
    let v = q * SQRT_2 * inverse_root.sqrt();
    (out.map(|x| r * x), along.map(|x| v * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sphere(n: u64, seed: u64) -> Plummer {
        Plummer { n, seed, gravity: 1.0, mass: 1.0, virial_radius: 1.0, truncation: None }
    }

    fn norm(a: [f64; 3]) -> f64 {
        a.iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    /// Kinetic and potential energy.
    fn energies(bodies: &[Body], gravity: f64) -> (f64, f64) {
        let kinetic = bodies.iter().map(|b| 0.5 * b.mass * norm(b.velocity).powi(2)).sum();
        let mut potential = 0.0;
        for (i, a) in bodies.iter().enumerate() {
            for b in &bodies[..i] {
                let d = std::array::from_fn(|k| a.position[k] - b.position[k]);
                potential -= gravity * a.mass * b.mass / norm(d);
            }
        }
        (kinetic, potential)
    }

    /// Mean and standard error of the mean.
    fn mean(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, (variance / n).sqrt())
    }

    #[test]
    fn energy_and_virial_ratio_are_right_within_the_noise_of_sampling() {
        let samples: Vec<_> = (0..12).map(|seed| energies(&sphere(1000, seed).bodies(0..1000), 1.0)).collect();
        let (energy, noise) = mean(&samples.iter().map(|(t, w)| t + w).collect::<Vec<_>>());
        assert!((energy + 0.25).abs() < 3.0 * noise && noise < 4e-3, "{energy} +- {noise}");
        let (virial, noise) = mean(&samples.iter().map(|(t, w)| -2.0 * t / w).collect::<Vec<_>>());
        assert!((virial - 1.0).abs() < 3.0 * noise && noise < 0.015, "{virial} +- {noise}");
    }

    #[test]
    fn half_the_mass_is_inside_the_half_mass_radius() {
        let n = 20_000;
        let mut radii: Vec<f64> = sphere(n, 3).bodies(0..n).iter().map(|b| norm(b.position)).collect();
        radii.sort_by(f64::total_cmp);
        // (1 + (a/r)²)^(-3/2) = 1/2
        let expected = 3.0 * PI / 16.0 / (2f64.powf(2.0 / 3.0) - 1.0).sqrt();
        assert!((radii[n as usize / 2] / expected - 1.0).abs() < 0.02, "{} {expected}", radii[n as usize / 2]);
    }

    #[test]
    fn the_centre_of_mass_rests_at_the_origin() {
        let bodies = sphere(5000, 8).bodies(0..5000);
        for k in 0..3 {
            let (x, v) = bodies.iter().fold((0.0, 0.0), |(x, v), b| (x + b.position[k], v + b.velocity[k]));
            assert!((x / 5000.0).abs() < 1e-15 && (v / 5000.0).abs() < 1e-15, "{x} {v}");
        }
    }

    #[test]
    fn a_share_of_the_bodies_has_the_bits_of_the_whole() {
        let all = sphere(1000, 4).bodies(0..1000);
        let mut parts = sphere(1000, 4).bodies(0..333);
        parts.extend(sphere(1000, 4).bodies(333..1000));
        assert_eq!(all, parts);
        assert_ne!(all[0].position, sphere(1000, 5).bodies(0..1)[0].position);
    }

    #[test]
    fn physical_units_scale_lengths_and_speeds() {
        let gravity = 43_009.17;
        let mass = 1e-5;
        let virial_radius = 0.002;
        let scaled = Plummer { gravity, mass, virial_radius, ..sphere(200, 1) };
        let plain = energies(&sphere(200, 1).bodies(0..200), 1.0);
        let scaled = energies(&scaled.bodies(0..200), gravity);
        let unit = gravity * mass * mass / virial_radius;
        assert!((scaled.0 / plain.0 / unit - 1.0).abs() < 1e-12 && (scaled.1 / plain.1 / unit - 1.0).abs() < 1e-12);
    }

    #[test]
    fn truncation_keeps_all_bodies_inside() {
        let truncated = Plummer { truncation: Some(1.5), ..sphere(3000, 2) };
        let largest = truncated.bodies(0..3000).iter().map(|b| norm(b.position)).fold(0.0, f64::max);
        assert!(largest < 1.55 && largest > 1.4, "{largest}");
    }

    #[test]
    fn impossible_spheres_are_refused() {
        assert!(Plummer { n: 0, ..sphere(1, 1) }.validate().unwrap_err().to_string().starts_with("initial.n: 0"));
        assert!(
            Plummer { mass: -1.0, ..sphere(1, 1) }.validate().unwrap_err().to_string().contains("initial.mass: -1")
        );
        assert!(Plummer { truncation: Some(0.0), ..sphere(1, 1) }.validate().is_err());
        assert!(sphere(1, 1).validate().is_ok());
    }
}
