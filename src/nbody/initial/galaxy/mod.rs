//! A disc galaxy in equilibrium: an exponential disc in a Hernquist halo.
//!
//! The halo's speeds are drawn from its own distribution function in the potential of all, by Eddington's inversion (`halo`): better than the
//! local Gaussians of Hernquist (1993, ApJS 86, 389), which relax within a crossing time. The disc's are Gaussians from the Jeans equations as
//! there (`disc`): radial dispersion by Toomre's Q, tangential by the epicycle, vertical by disc and halo, rotation slowed by the
//! asymmetric drift.
//!
//! Ids 0 to `disc_n` - 1 are the disc's, the halo's follow. A body depends on seed and id alone, but for the shift that puts the centre of mass
//! of disc and halo each at the origin. Left out: a bulge, gas.

mod disc;
mod halo;

use std::ops::Range;

use super::{centred, must_be_positive};
use crate::base::random::Random;
use crate::nbody::body::Body;
use crate::{Error, Result};
use disc::Disc;
use halo::Halo;

/// The streams of random numbers of discs and of haloes.
const STREAMS: [u32; 2] = [4, 5];

/// A disc of `disc_n` bodies and a halo of `halo_n`; the disc lies in the plane of x and y and turns from x to y.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Galaxy {
    /// The seed of the random numbers.
    pub seed: u64,
    /// The gravitational constant.
    pub gravity: f64,
    /// The number of bodies of the disc.
    pub disc_n: u64,
    /// The mass of the disc.
    pub disc_mass: f64,
    /// The scale radius of the disc, length.
    pub disc_scale: f64,
    /// z₀ of its density along z, sech²(z/z₀), length.
    pub disc_height: f64,
    /// Toomre's Q at 2.43 scale radii.
    pub toomre_q: f64,
    /// The number of bodies of the halo.
    pub halo_n: u64,
    /// The mass of the halo, out to all distances.
    pub halo_mass: f64,
    /// a of its density, 1/(r (r + a)³), length.
    pub halo_scale: f64,
    /// The radius beyond which no body of the halo is put, length.
    pub halo_truncation: f64,
    /// Plummer's softening of the forces that will act, by which the disc pulls less on itself; length.
    pub softening: f64,
}

impl Galaxy {
    /// Refuses values that make no galaxy.
    ///
    /// # Errors
    /// No bodies in disc or halo; a mass, length or Q that is not positive and finite.
    pub fn validate(&self) -> Result<()> {
        for (key, n) in [("disc_n", self.disc_n), ("halo_n", self.halo_n)] {
            if n == 0 {
                return Err(Error::input(
                    format!("initial.{key}"),
                    "0 is not allowed: there must be at least one body",
                ));
            }
        }
        let lengths = [
            ("disc_mass", self.disc_mass),
            ("disc_scale", self.disc_scale),
            ("disc_height", self.disc_height),
            ("toomre_q", self.toomre_q),
            ("halo_mass", self.halo_mass),
            ("halo_scale", self.halo_scale),
            ("halo_truncation", self.halo_truncation),
        ];
        lengths.into_iter().try_for_each(|(key, value)| must_be_positive(key, value))
    }

    /// The number of bodies.
    pub fn count(&self) -> u64 {
        self.disc_n + self.halo_n
    }

    /// The mass of all bodies together.
    pub fn mass(&self) -> f64 {
        self.disc_mass + self.halo().inside_truncation()
    }

    fn halo(&self) -> Halo {
        Halo {
            gm: self.gravity * self.halo_mass,
            mass: self.halo_mass,
            scale: self.halo_scale,
            truncation: self.halo_truncation,
            disc_gm: self.gravity * self.disc_mass,
            disc_scale: self.disc_scale,
        }
    }

    /// The bodies of indices `range`; ids are the indices.
    ///
    /// # Panics
    /// If the range goes beyond [`count`](Galaxy::count).
    pub fn bodies(&self, range: Range<u64>) -> Vec<Body> {
        let split = |index: u64| index.min(self.disc_n);
        let [of_disc, of_halo] =
            [split(range.start)..split(range.end), range.start - split(range.start)..range.end - split(range.end)];
        let mut bodies = Vec::new();
        if !of_disc.is_empty() {
            let disc = Disc::new(self);
            bodies.extend(centred(self.disc_n, self.disc_mass, of_disc, |index| {
                disc.draw(&mut Random::new(self.seed, STREAMS[0], index))
            }));
        }
        if !of_halo.is_empty() {
            let halo = self.halo();
            let speeds = halo.speeds();
            let all = centred(self.halo_n, halo.inside_truncation(), of_halo, |index| {
                halo.draw(&speeds, &mut Random::new(self.seed, STREAMS[1], index))
            });
            bodies.extend(all.into_iter().map(|body| Body { id: body.id + self.disc_n, ..body }));
        }
        bodies
    }
}

#[cfg(test)]
mod tests;
