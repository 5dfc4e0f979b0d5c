//! Potentials of spheres: the pull on a body goes to the centre and depends on the distance alone.
//!
//! With w = Φ'(r)/r and s = w'(r)/r the acceleration is -w r and its time derivative -(w v + s (r·v) r).

use super::Potential;
use super::gamma::incomplete;
use crate::nbody::vector::{dot, norm};

/// Below this part of the scale radius a logarithm's series is summed, since its leading terms cancel.
const NEAR: f64 = 0.05;

fn pull(position: [f64; 3], w: f64) -> [f64; 3] {
    position.map(|x| -w * x)
}

fn rate([w, s]: [f64; 2], position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
    let along = s * dot(position, velocity);
    [0, 1, 2].map(|k| -(w * velocity[k] + along * position[k]))
}

/// A point mass, or with softening a Plummer sphere: Φ = -G M / √(r² + ε²).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// G M, length³/time².
    pub gm: f64,
    /// ε, length; zero for a point.
    pub softening: f64,
}

impl Point {
    /// w and s.
    fn rates(&self, position: [f64; 3]) -> [f64; 2] {
        let square = dot(position, position) + self.softening * self.softening;
        let w = self.gm / (square * square.sqrt());
        [w, -3.0 * w / square]
    }
}

impl Potential for Point {
    fn potential(&self, position: [f64; 3]) -> f64 {
        -self.gm / (dot(position, position) + self.softening * self.softening).sqrt()
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        pull(position, self.rates(position)[0])
    }

    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        rate(self.rates(position), position, velocity)
    }
}

/// Hénon's isochrone (1959, AnAp 22, 126): Φ = -G M / (b + √(b² + r²)), whose radial period depends on the energy alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Isochrone {
    /// G M, length³/time².
    pub gm: f64,
    /// b, length.
    pub scale: f64,
}

impl Isochrone {
    fn root(&self, position: [f64; 3]) -> f64 {
        (self.scale * self.scale + dot(position, position)).sqrt()
    }

    /// w and s.
    fn rates(&self, position: [f64; 3]) -> [f64; 2] {
        let root = self.root(position);
        let sum = self.scale + root;
        // w = G M / ((b + q)² q),  s = -w/q (2/(b + q) + 1/q),  q² = b² + r²
        let w = self.gm / (sum * sum * root);
        [w, -w / root * (2.0 / sum + 1.0 / root)]
    }
}

impl Potential for Isochrone {
    fn potential(&self, position: [f64; 3]) -> f64 {
        -self.gm / (self.scale + self.root(position))
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        pull(position, self.rates(position)[0])
    }

    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        rate(self.rates(position), position, velocity)
    }
}

/// The halo of Navarro, Frenk & White (1996, ApJ 462, 563): Φ = -G M ln(1 + r/a) / r, whose density goes from r⁻¹ to r⁻³ about r = a.
///
/// M (ln(1 + x) - x/(1 + x)) of its mass is within x = r/a: M within 5.3 a, and without bound beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nfw {
    /// G M, M = 4 π ρ₀ a³, length³/time².
    pub gm: f64,
    /// a, length.
    pub scale: f64,
}

impl Nfw {
    /// The mass within x scale radii, over M.
    pub(super) fn share(x: f64) -> f64 {
        if x > NEAR {
            return libm::log1p(x) - x / (1.0 + x);
        }
        // Σ (-1)ⁿ (n - 1)/n xⁿ from n = 2, whose next term is below 1e-17 of the first.
        (2..15).rev().map(f64::from).fold(0.0, |sum, n| (n - 1.0) / n - x * sum) * x * x
    }

    /// w and s; zero at the centre, where the pull has no direction.
    fn rates(&self, position: [f64; 3]) -> [f64; 2] {
        let r = norm(position);
        if r == 0.0 {
            return [0.0; 2];
        }
        let x = r / self.scale;
        // w = G M(r)/r³,  s = (G M'(r) r - 3 G M(r))/r⁵,  M'(r) r = M x²/(1 + x)²
        let within = self.gm * Nfw::share(x);
        let edge = self.gm * (x / (1.0 + x)) * (x / (1.0 + x));
        let w = within / (r * r * r);
        [w, (edge / (r * r * r) - 3.0 * w) / (r * r)]
    }
}

impl Potential for Nfw {
    fn potential(&self, position: [f64; 3]) -> f64 {
        let x = norm(position) / self.scale;
        -self.gm / self.scale * if x > 0.0 { libm::log1p(x) / x } else { 1.0 }
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        pull(position, self.rates(position)[0])
    }

    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        rate(self.rates(position), position, velocity)
    }
}

/// A bulge whose density is a power with a Gaussian cut-off, ρ ~ r^-α exp(-(r/r_c)²), 0 <= α < 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerCutoff {
    /// G M of all its mass, length³/time².
    pub gm: f64,
    /// r_c, length.
    pub scale: f64,
    /// α.
    pub slope: f64,
}

impl PowerCutoff {
    /// The share of the mass within x of the scale.
    pub(super) fn share(slope: f64, x: f64) -> f64 {
        let [lower, upper] = incomplete(1.5 - 0.5 * slope, x * x);
        lower / (lower + upper)
    }

    /// w and s; zero at the centre.
    fn rates(&self, position: [f64; 3]) -> [f64; 2] {
        let r = norm(position);
        if r == 0.0 {
            return [0.0; 2];
        }
        let x = r / self.scale;
        let cube = r * r * r;
        let w = self.gm * PowerCutoff::share(self.slope, x) / cube;
        // M'(r) r = 2 M x^(3 - α) exp(-x²) / Γ((3 - α)/2)
        let edge = 2.0 * libm::pow(x, 3.0 - self.slope) * libm::exp(-x * x) / libm::tgamma(1.5 - 0.5 * self.slope);
        [w, (self.gm * edge / cube - 3.0 * w) / (r * r)]
    }
}

impl Potential for PowerCutoff {
    /// Φ = -G M(r)/r - G ∫ M'/r dr from r outwards, and that is G M / r_c Γ(1 - α/2, x²) / Γ((3 - α)/2).
    fn potential(&self, position: [f64; 3]) -> f64 {
        let x = norm(position) / self.scale;
        let [_, outside] = incomplete(1.0 - 0.5 * self.slope, x * x);
        let within = if x > 0.0 { PowerCutoff::share(self.slope, x) / x } else { 0.0 };
        -self.gm / self.scale * (within + outside / libm::tgamma(1.5 - 0.5 * self.slope))
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        pull(position, self.rates(position)[0])
    }

    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        rate(self.rates(position), position, velocity)
    }
}
