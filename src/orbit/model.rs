//! From a point of the parameters to orbits: what the likelihood of all epochs has in common, computed once a point.
//!
//! Conventions are orbitize's (Blunt et al. 2020, AJ 159, 89) and radvel's (Fulton et al. 2018, PASP 130, 044504). Offsets are to the east and
//! north; velocities are positive away from us. In the basis `sma` omega is the companion's and the node is the one from which it moves away
//! from us; a companion's ellipse is around the mass inside its orbit. In the basis `period` omega is the star's.

use std::f64::consts::TAU;

use super::kepler::{mean_of_turns, solve};
use super::observations::{VelocityUnit, modified};
use super::parameters::Parameters;
use super::sections::Basis;
use crate::base::units::{AU, DAY, GM_SUN};
use crate::simd::Double;

/// The most companions that a fit can have.
pub(super) const MOST_COMPANIONS: usize = 9;

/// The astronomical unit, km.
pub(super) const AU_KM: f64 = AU / 1e3;

/// G times the mass of the Sun, km^3/s^2.
pub(super) const GM_SUN_KM: f64 = GM_SUN / 1e9;

/// The period of 1 Msun and 1 au, days: 2 pi sqrt(au^3 / GM).
pub(super) fn unit_period() -> f64 {
    TAU * (AU_KM * AU_KM * AU_KM / GM_SUN_KM).sqrt() / DAY
}

/// An orbit at a point, ready for any epoch.
///
/// With X = cos E - e and Y = sqrt(1 - e^2) sin E a companion is `east . (X, Y)` to the east of its focus, `north . (X, Y)` to the north and
/// `away . (X, Y)` away from us, in au; a velocity is `(P cos E + Q sin E) / (1 - e cos E)`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Orbit {
    /// Turns a day.
    pub rate: f64,
    /// Turns from the reference epoch to periastron.
    pub phase: f64,
    /// Eccentricity.
    pub e: f64,
    /// sqrt(1 - e^2).
    pub minor: f64,
    /// Semi-major axis, au.
    pub sma: f64,
    /// Thiele's and Innes's constants B and G.
    pub east: [f64; 2],
    /// Thiele's and Innes's constants A and F.
    pub north: [f64; 2],
    /// Thiele's and Innes's constants C and H.
    pub away: [f64; 2],
    /// P and Q of the companion's velocity about the centre of mass.
    pub companion: [f64; 2],
    /// P and Q of the star's velocity.
    pub star: [f64; 2],
    /// The companion's mass, Msun.
    pub mass: f64,
    /// The mass inside its orbit, its own included, Msun.
    pub inside: f64,
}

/// All orbits at a point.
#[derive(Clone, Debug)]
pub(super) struct Orbits {
    list: [Orbit; MOST_COMPANIONS],
    count: usize,
    /// The star's mass, or the total mass where companions have none, Msun.
    pub star_mass: f64,
    /// mas per au.
    pub parallax: f64,
}

impl Orbits {
    /// The orbits at `point`, with times from `reference` (modified Julian date) on.
    pub(super) fn new(parameters: &Parameters, reference: f64, unit: VelocityUnit, point: &[f64]) -> Self {
        let mut orbits = Orbits {
            list: [Orbit::default(); MOST_COMPANIONS],
            count: parameters.companions,
            star_mass: parameters.mass.map_or(0.0, |place| parameters.value(place, point)),
            parallax: parameters.parallax.map_or(0.0, |place| parameters.value(place, point)),
        };
        match parameters.basis {
            Basis::Sma => orbits.fill_sma(parameters, unit, point),
            Basis::Period => orbits.fill_period(parameters, reference, point),
        }
        orbits
    }

    /// The orbits, in the order of the companions.
    pub(super) fn all(&self) -> &[Orbit] {
        &self.list[..self.count]
    }

    /// Whether each has an ellipse: numbers that are finite, e below 1.
    pub(super) fn are_ellipses(&self) -> bool {
        self.all()
            .iter()
            .all(|orbit| (0.0..1.0).contains(&orbit.e) && orbit.rate.is_finite() && orbit.phase.is_finite())
    }

    fn fill_sma(&mut self, parameters: &Parameters, unit: VelocityUnit, point: &[f64]) {
        let value = |place| parameters.value(place, point);
        let list = &mut self.list[..self.count];
        for (c, orbit) in list.iter_mut().enumerate() {
            orbit.sma = value(parameters.elements(c));
            orbit.mass = parameters.companion_masses.map_or(0.0, |first| value(first + c));
        }
        for c in 0..list.len() {
            let sma = list[c].sma;
            let others = list.iter().filter(|other| other.sma <= sma).map(|other| other.mass);
            list[c].inside = others.sum::<f64>() + self.star_mass;
            list[c].set_ellipse(std::array::from_fn(|k| value(parameters.elements(c) + 1 + k)));
            list[c].set_velocities(self.star_mass, unit);
        }
    }

    fn fill_period(&mut self, parameters: &Parameters, reference: f64, point: &[f64]) {
        for (c, orbit) in self.list[..self.count].iter_mut().enumerate() {
            let elements = std::array::from_fn(|k| parameters.value(parameters.elements(c) + k, point));
            *orbit = Orbit::of_star(elements, reference);
        }
    }

    /// How much the offset of companion `other` counts in that of companion `which` from the star: itself wholly, companions on smaller
    /// orbits by the star's motion about their common centre of mass.
    pub(super) fn share(&self, which: usize, other: usize) -> f64 {
        let outer = &self.list[which];
        let inner = &self.list[other];
        if which == other {
            1.0
        } else if inner.sma < outer.sma {
            inner.mass / inner.inside
        } else {
            0.0
        }
    }
}

impl Orbit {
    /// The ellipse of e, inclination, omega, node and tau, with the axis and the mass inside known.
    fn set_ellipse(&mut self, [e, inclination, periastron, node, tau]: [f64; 5]) {
        let (si, ci) = libm::sincos(inclination);
        let (sw, cw) = libm::sincos(periastron);
        let (so, co) = libm::sincos(node);
        // Kepler's third law: a^3 / P^2 = G M / (4 pi^2).
        self.rate = (self.inside / (self.sma * self.sma * self.sma)).sqrt() / unit_period();
        self.e = e;
        self.minor = minor(e);
        self.phase = tau;
        // Thiele and Innes: A, F (north), B, G (east), C, H (away from us)
        self.north = [self.sma * (cw * co - sw * so * ci), -self.sma * (sw * co + cw * so * ci)];
        self.east = [self.sma * (cw * so + sw * co * ci), self.sma * (cw * co * ci - sw * so)];
        self.away = [self.sma * sw * si, self.sma * cw * si];
    }

    /// The velocities: semi-amplitudes of sqrt(G / (1 - e^2)) m sin i / sqrt(M a), with the star's mass for the companion and the companion's for
    /// the star.
    fn set_velocities(&mut self, star_mass: f64, unit: VelocityUnit) {
        let speed = unit.per_km_per_s() * star_mass * (GM_SUN_KM / AU_KM / (self.inside * self.sma)).sqrt();
        let [sine, cosine] = self.away.map(|x| x / self.sma);
        // v = K (cos(ω + ν) + e cos ω): (P cos E + Q sin E)/(1 - e cos E), P = K (1 - e²) cos ω, Q = -K √(1 - e²) sin ω
        self.companion = [speed * self.minor * cosine, -speed * sine];
        self.star = self.companion.map(|x| -(self.mass / star_mass) * x);
    }

    /// The orbit of period, time of conjunction, sqrt(e) cos omega, sqrt(e) sin omega and semi-amplitude, of the star.
    fn of_star([period, conjunction, root_cosine, root_sine, amplitude]: [f64; 5], reference: f64) -> Self {
        let e = root_cosine * root_cosine + root_sine * root_sine;
        let root = e.sqrt();
        let (cosine, sine) = if root > 0.0 { (root_cosine / root, root_sine / root) } else { (1.0, 0.0) };
        let rate = 1.0 / period;
        let minor = minor(e);
        // At conjunction the true anomaly is pi/2 - omega.
        let eccentric = libm::atan2(minor * cosine, e + sine);
        let mean = eccentric - e * libm::sin(eccentric);
        Orbit {
            rate,
            phase: (modified(conjunction) - reference) * rate - mean / TAU,
            e,
            minor,
            star: [amplitude * minor * minor * cosine, -amplitude * minor * sine],
            ..Orbit::default()
        }
    }

    /// X and Y of the ellipse, in lanes, so many days after the reference epoch.
    #[inline(always)]
    pub(super) fn ellipse<L: Double>(&self, simd: L::Simd, time: L) -> [L; 2] {
        let anomaly = solve(simd, L::splat(simd, self.e), self.mean(simd, time));
        [anomaly.cos - L::splat(simd, self.e), anomaly.sin * L::splat(simd, self.minor)]
    }

    /// The velocity of P and Q, in lanes, so many days after the reference epoch.
    #[inline(always)]
    pub(super) fn velocity<L: Double>(&self, simd: L::Simd, time: L, [p, q]: [f64; 2]) -> L {
        let anomaly = solve(simd, L::splat(simd, self.e), self.mean(simd, time));
        L::splat(simd, p).mul_add(anomaly.cos, L::splat(simd, q) * anomaly.sin) / anomaly.radius
    }

    #[inline(always)]
    fn mean<L: Double>(&self, simd: L::Simd, time: L) -> L {
        mean_of_turns(simd, time.mul_add(L::splat(simd, self.rate), L::splat(simd, -self.phase)))
    }
}

/// sqrt(1 - e^2), with all its digits.
fn minor(e: f64) -> f64 {
    ((1.0 - e) * (1.0 + e)).sqrt()
}
