//! The halo of Hernquist (1990, ApJ 356, 359) in its own potential and that of the disc, taken as a sphere of the same mass inside each radius.
//!
//! The distribution function by Eddington's inversion (Binney & Tremaine 2008, eq. 4.46b),
//! f(E) = 1/(√8 π²) ∫ d²ρ/dΨ² dΨ/√(E - Ψ) from 0 to E, as an integral over the radius from where Ψ = E outwards, tabulated; then speeds by
//! rejection from v² f(Ψ - v²/2).

use std::f64::consts::PI;

use crate::base::random::Random;

/// Radii of the table, over the scale, evenly in their logarithm.
const NODES: usize = 320;
const INNERMOST: f64 = 1e-4;
const OUTERMOST: f64 = 1e4;
/// Points of an integral.
const POINTS: u32 = 400;
/// Speeds at which the largest probability is looked for, and what it may be missed by.
const SPEEDS: usize = 60;
const MARGIN: f64 = 1.1;

/// The halo, and the disc whose pull it feels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Halo {
    pub gm: f64,
    pub mass: f64,
    pub scale: f64,
    pub truncation: f64,
    pub disc_gm: f64,
    pub disc_scale: f64,
}

/// The distribution function as a table over the radius where Ψ = E.
pub(super) struct Speeds {
    /// Ψ, falling.
    energy: Vec<f64>,
    /// ln f.
    logarithm: Vec<f64>,
    /// The largest q² f(Ψ (1 - q²)).
    likeliest: Vec<f64>,
}

impl Halo {
    /// The mass of the halo's bodies.
    pub(super) fn inside_truncation(&self) -> f64 {
        self.mass * self.share()
    }

    fn share(&self) -> f64 {
        let x = self.truncation / (self.truncation + self.scale);
        x * x
    }

    /// Ψ: G M/(r + a), and the disc's G M_d (1 - exp(-r/h))/r.
    fn depth(&self, radius: f64) -> f64 {
        self.gm / (radius + self.scale) - self.disc_gm * libm::expm1(-radius / self.disc_scale) / radius
    }

    /// G times the mass inside a radius, and its derivative.
    fn inside(&self, radius: f64) -> [f64; 2] {
        let outside = radius + self.scale;
        let x = radius / self.disc_scale;
        let decay = libm::exp(-x);
        let disc = self.disc_gm * (-libm::expm1(-x) - x * decay);
        let slope = self.disc_gm * x * decay / self.disc_scale;
        let halo = self.gm * (radius / outside) * (radius / outside);
        [halo + disc, 2.0 * self.gm * self.scale * radius / (outside * outside * outside) + slope]
    }

    /// d²ρ/dΨ² |dΨ/dr| and |dΨ/dr| at a radius, ρ for a mass of 1.
    fn curvature(&self, radius: f64) -> [f64; 2] {
        let outside = radius + self.scale;
        let density = self.scale / (2.0 * PI * radius * outside * outside * outside);
        let steep = 1.0 / radius + 3.0 / outside;
        // ρ' = -ρ s,  ρ'' = ρ (s² + 1/r² + 3/(r + a)²)
        let first = -density * steep;
        let second = density * (steep * steep + 1.0 / (radius * radius) + 3.0 / (outside * outside));
        let [inside, growth] = self.inside(radius);
        // Ψ' = -G M/r²,  Ψ'' = 2 G M/r³ - G M'/r²
        let pull = -inside / (radius * radius);
        let tide = 2.0 * inside / (radius * radius * radius) - growth / (radius * radius);
        // d²ρ/dΨ² = (ρ'' - ρ' Ψ''/Ψ')/Ψ'²
        [(second - first * tide / pull) / (pull * pull) * -pull, -pull]
    }

    /// f at E = Ψ(r): with r' = r (1 + u²), which takes away the root at the lower end, and u = v/(1 - v).
    fn distribution(&self, radius: f64) -> f64 {
        let energy = self.depth(radius);
        let point = |point: u32| {
            let v = (f64::from(point) + 0.5) / f64::from(POINTS);
            let u = v / (1.0 - v);
            let there = radius * (1.0 + u * u);
            let [curvature, _] = self.curvature(there);
            let fallen = (energy - self.depth(there)).sqrt();
            curvature / fallen * 2.0 * radius * u / ((1.0 - v) * (1.0 - v) * f64::from(POINTS))
        };
        (0..POINTS).map(point).sum::<f64>() / (8.0f64.sqrt() * PI * PI)
    }

    /// The table of speeds.
    pub(super) fn speeds(&self) -> Speeds {
        let radius = |i: usize| {
            let part = i as f64 / (NODES - 1) as f64;
            self.scale * INNERMOST * libm::exp(part * libm::log(OUTERMOST / INNERMOST))
        };
        let energy: Vec<f64> = (0..NODES).map(|i| self.depth(radius(i))).collect();
        let least = f64::MIN_POSITIVE;
        let logarithm = (0..NODES).map(|i| libm::log(self.distribution(radius(i)).max(least))).collect();
        let mut speeds = Speeds { energy, logarithm, likeliest: Vec::new() };
        let largest = |depth: &f64| {
            let places = (1..SPEEDS).map(|i| i as f64 / SPEEDS as f64);
            MARGIN * places.map(|q| speeds.likelihood(*depth, q)).fold(0.0, f64::max)
        };
        speeds.likeliest = speeds.energy.iter().map(largest).collect();
        speeds
    }

    /// One body.
    pub(super) fn draw(&self, speeds: &Speeds, random: &mut Random) -> ([f64; 3], [f64; 3]) {
        // The inverse of the mass inside: r = a s/(1 - s), s² the mass.
        let s = (self.share() * random.uniform()).sqrt();
        let radius = self.scale * s / (1.0 - s);
        let out = random.unit_vector();
        let direction = random.unit_vector();
        let depth = self.depth(radius);
        let largest = speeds.largest(depth);
        let q = loop {
            let q = random.uniform();
            if largest * random.uniform() < speeds.likelihood(depth, q) {
                break q;
            }
        };
        let speed = q * (2.0 * depth).sqrt();
        (out.map(|x| radius * x), direction.map(|x| speed * x))
    }
}

impl Speeds {
    /// The node at or before which Ψ is E, and how far it is to the next one in ln E.
    fn place(&self, energy: f64) -> (usize, f64) {
        let node = self.energy.partition_point(|&node| node > energy).clamp(1, NODES - 1) - 1;
        let [high, low] = [self.energy[node], self.energy[node + 1]].map(libm::log);
        (node, (high - libm::log(energy)) / (high - low))
    }

    /// f(E); beyond the table as its last power of E.
    pub(super) fn at(&self, energy: f64) -> f64 {
        let (node, part) = self.place(energy);
        libm::exp(self.logarithm[node] + part.max(0.0) * (self.logarithm[node + 1] - self.logarithm[node]))
    }

    /// The probability, but for a factor, of the speed q √(2Ψ).
    fn likelihood(&self, depth: f64, q: f64) -> f64 {
        q * q * self.at(depth * (1.0 - q * q))
    }

    /// At least the largest probability of a speed at this depth.
    fn largest(&self, depth: f64) -> f64 {
        let (node, _) = self.place(depth);
        self.likeliest[node].max(self.likeliest[node + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hernquist (1990), eq. 17: the distribution function without a disc, in closed form.
    #[test]
    fn without_a_disc_it_is_hernquists() {
        let halo = Halo { gm: 1.0, mass: 1.0, scale: 1.0, truncation: 100.0, disc_gm: 0.0, disc_scale: 1.0 };
        let speeds = halo.speeds();
        for energy in [0.001, 0.01, 0.1, 0.3, 0.6, 0.9, 0.99] {
            let q2: f64 = energy;
            let q = q2.sqrt();
            let rest = 1.0 - q2;
            let bracket = 3.0 * q.asin() + q * rest.sqrt() * (1.0 - 2.0 * q2) * (8.0 * q2 * q2 - 8.0 * q2 - 3.0);
            let exact = bracket / (8.0 * 2f64.sqrt() * PI * PI * PI * rest.powf(2.5));
            assert!((speeds.at(energy) / exact - 1.0).abs() < 5e-3, "{energy}: {} {exact}", speeds.at(energy));
        }
    }

    #[test]
    fn the_disc_deepens_the_potential_as_its_mass_says() {
        let halo = Halo { gm: 2.0, mass: 2.0, scale: 1.5, truncation: 100.0, disc_gm: 0.7, disc_scale: 0.4 };
        for radius in [0.01, 0.3, 1.0, 5.0] {
            let h = 1e-4 * radius;
            let slope = (halo.depth(radius + h) - halo.depth(radius - h)) / (2.0 * h);
            let [inside, growth] = halo.inside(radius);
            assert!((-slope * radius * radius / inside - 1.0).abs() < 1e-6, "{radius}");
            let grown = (halo.inside(radius + h)[0] - halo.inside(radius - h)[0]) / (2.0 * h);
            assert!((grown / growth - 1.0).abs() < 1e-6, "{radius}");
        }
    }
}
