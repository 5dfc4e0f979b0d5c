//! A uniform sphere at rest, which collapses: a hard test of a code and the sample problem of FDPS.
//!
//! Its energy is -3/5 G M²/R but for the noise of sampling: -0.2 for mass 1, radius 3 and G = 1, which with 1024 bodies
//! is FDPS's sample (softening 1/32, step 1/128). Free fall to the centre takes π √(R³/(8 G M)).

use std::ops::Range;

use super::{centred, must_be_positive};
use crate::base::random::Random;
use crate::nbody::body::Body;
use crate::{Error, Result};

/// The stream of random numbers of uniform spheres.
const STREAM: u32 = 2;

/// `n` bodies of equal mass at rest, drawn from a uniform sphere, the centre of mass at the origin.
///
/// Body i depends on seed and i alone, but for the common shift that puts the centre of mass at the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct ColdSphere {
    /// The number of bodies.
    pub n: u64,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The mass of all bodies together.
    pub mass: f64,
    /// The radius, length.
    pub radius: f64,
}

impl ColdSphere {
    /// Refuses values that make no sphere.
    ///
    /// # Errors
    /// No bodies; a mass or radius that is not positive and finite.
    pub fn validate(&self) -> Result<()> {
        if self.n == 0 {
            return Err(Error::input("initial.n", "0 is not allowed: there must be at least one body"));
        }
        must_be_positive("mass", self.mass)?;
        must_be_positive("radius", self.radius)
    }

    /// The bodies of indices `range`; ids are the indices.
    ///
    /// # Panics
    /// If the range goes beyond `n`.
    pub fn bodies(&self, range: Range<u64>) -> Vec<Body> {
        centred(self.n, self.mass, range, |index| {
            let mut random = Random::new(self.seed, STREAM, index);
            let r = self.radius * libm::cbrt(random.uniform());
            (random.unit_vector().map(|x| r * x), [0.0; 3])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_fill_the_sphere_evenly_and_rest() {
        let sphere = ColdSphere { n: 20_000, seed: 1, mass: 1.0, radius: 3.0 };
        let bodies = sphere.bodies(0..20_000);
        let radius = |body: &Body| body.position.iter().map(|x| x * x).sum::<f64>().sqrt();
        // A uniform sphere holds 1/8 of its mass inside half its radius; the noise of the share is 0.0023.
        let inside = bodies.iter().filter(|body| radius(body) < 1.5).count() as f64 / 20_000.0;
        assert!((inside - 0.125).abs() < 7e-3, "{inside}");
        assert!(bodies.iter().all(|body| radius(body) < 3.05 && body.velocity == [0.0; 3]));
        assert!((bodies.iter().map(|body| body.mass).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_share_of_the_bodies_has_the_bits_of_the_whole() {
        let sphere = ColdSphere { n: 100, seed: 1, mass: 1.0, radius: 3.0 };
        assert_eq!(sphere.bodies(0..100)[40..60], sphere.bodies(40..60));
        assert!(ColdSphere { radius: 0.0, ..sphere }.validate().is_err());
    }
}
