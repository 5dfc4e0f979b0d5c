//! A star and its companions from the parameters of an orbit fit.
//!
//! Parameters have the names and units of orbit fits (orbitize, radvel), numbered by companion: `sma1` (au) or `per1` (day);
//! `ecc1` and `aop1` (of the companion), or `secosw1` and `sesinw1` (√e cos ω and √e sin ω, ω of the star); `inc1`, `pan1`; one of
//! `tau1` (the part of a period from the reference epoch to periapsis), `tp1` and `tc1` (epochs of periapsis and of conjunction,
//! day); `m1` (solar masses) or `k1` (the star's semi-amplitude, m/s); and `m0` or `mtot`. Angles are radians.
//! Parameters of a fit that say nothing of masses and orbits (`plx`, `gamma_...`) are let pass.
//!
//! In order: each companion's parameters are read (`orbit`); masses follow; the companions are put in the order of their
//! distance, and each goes round the centre of mass of the star and all within, as in Jacobi's coordinates, in which fits
//! add up their orbits. The whole is moved to its barycentre. x points north, y east, z away from us.

mod orbit;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use self::orbit::{Orbit, Phase, Size};
use super::move_to_barycentre;
use crate::base::config::{nearest_of, positive};
use crate::base::units::Units;
use crate::nbody::body::{Body, BodyList};
use crate::nbody::elements::Elements;
use crate::{Error, Result};

/// Where the parameters stand in a parameter file.
const SECTION: &str = "initial.orbits";
/// What a companion's parameters are called, without its number.
const NUMBERED: [&str; 13] =
    ["sma", "per", "ecc", "aop", "secosw", "sesinw", "inc", "pan", "tau", "tp", "tc", "m", "k"];
/// Parameters of a fit that say nothing of masses and orbits; the last ones begin the names of an instrument's.
const BESIDE: [&str; 7] = ["plx", "dvdt", "curv", "pm_ra", "pm_dec", "alpha0", "delta0"];
const OF_INSTRUMENTS: [&str; 3] = ["gamma_", "sigma_", "jit_"];

/// The parameters of one point of a fit, and when its bodies are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct FitPoint<'a> {
    /// The parameters by their names.
    pub parameters: &'a BTreeMap<String, f64>,
    /// When, days in the count of the fit's epochs, or MJD where those are JD; by default the reference epoch of tau or, without tau, the epoch that the first
    /// companion has.
    pub epoch: Option<f64>,
    /// The epoch from which tau counts, days: 58849 (MJD) unless the fit says otherwise.
    pub tau_ref_epoch: f64,
}

/// What units of orbit fits are in a run's units.
#[derive(Clone, Copy)]
struct Scale {
    au: f64,
    day: f64,
    solar_mass: f64,
    metre_per_second: f64,
    gravity: f64,
}

impl FitPoint<'_> {
    /// The star and its companions, from the inside out, in the frame of their barycentre; the star is body 0, `star`, companion
    /// 1 is `companion1`.
    ///
    /// # Errors
    /// Units without a physical scale; parameters that are unknown, missing, given in two ways or can't be; each names its key.
    pub fn bodies(&self, units: &Units) -> Result<BodyList> {
        let scale = Scale::of(units)?;
        let mut orbits = (1..=self.count()?).map(|number| Orbit::read(self, number)).collect::<Result<Vec<_>>>()?;
        let star = self.masses(&mut orbits, scale)?;
        let key = |orbit: &Orbit| orbit.size.semi_major_axis(scale, star);
        orbits.sort_by(|a, b| key(a).total_cmp(&key(b)));
        let epoch = self.epoch.unwrap_or_else(|| self.own_epoch(&orbits));
        let mut list = BodyList::default();
        list.push("star".to_owned(), Body { mass: star, ..Body::default() });
        // The mass, place and velocity of the centre of mass of all that is within.
        let mut within = star;
        let mut centre = [[0.0; 3]; 2];
        for orbit in &orbits {
            let mass = orbit.mass;
            let mu = scale.gravity * (within + mass);
            let (position, velocity) = self.elements(orbit, mu, epoch, scale).to_state(mu);
            let part = mass / (within + mass);
            let body = Body {
                id: orbit.number.into(),
                mass,
                position: add(centre[0], 1.0, position),
                velocity: add(centre[1], 1.0, velocity),
                ..Body::default()
            };
            centre = [add(centre[0], part, position), add(centre[1], part, velocity)];
            within += mass;
            list.push(format!("companion{}", orbit.number), body);
        }
        move_to_barycentre(&mut list.bodies)?;
        Ok(list)
    }

    /// A parameter, if it is there.
    fn get(&self, name: &str, number: u32) -> Option<f64> {
        self.parameters.get(&format!("{name}{number}")).copied()
    }

    /// How many companions there are; refuses unknown names and numbers that aren't finite.
    fn count(&self) -> Result<u32> {
        let mut count = 0;
        for (name, value) in self.parameters {
            let place = format!("{SECTION}.{name}");
            if !value.is_finite() {
                return Err(Error::input(place, format!("{value} is not allowed: it must be finite")));
            }
            let beside = BESIDE.contains(&&name[..]) || OF_INSTRUMENTS.iter().any(|start| name.starts_with(start));
            if beside || ["m0", "mtot"].contains(&&name[..]) {
                continue;
            }
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let number: u32 = name[stem.len()..].parse().unwrap_or(0);
            if !NUMBERED.contains(&stem) || number == 0 {
                let known: Vec<String> = ["m0", "mtot"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(NUMBERED.map(|stem| format!("{stem}1")))
                    .collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let reason = format!("an orbit has no parameter of this name{}", nearest_of(name, &known));
                return Err(Error::input(place, reason));
            }
            count = count.max(number);
        }
        if count == 0 {
            let reason = "has no companion: give sma1 or per1, ecc1, aop1, inc1, pan1, tau1, m1 and m0, for one";
            return Err(Error::input(SECTION, reason));
        }
        Ok(count)
    }

    /// Fills in the companions' masses; returns that of the star.
    fn masses(&self, orbits: &mut [Orbit], scale: Scale) -> Result<f64> {
        let place = |name: &str| format!("{SECTION}.{name}");
        let given = |name: &str| self.parameters.get(name).map(|mass| mass * scale.solar_mass);
        let (star, whole) = match (given("m0"), given("mtot")) {
            (Some(_), Some(_)) => return Err(Error::input(place("mtot"), "stands beside m0: give only one of them")),
            (None, None) => return Err(Error::input(place("m0"), "is missing: give m0, the star's mass, or mtot")),
            one => one,
        };
        for orbit in orbits.iter_mut() {
            orbit.mass = match (self.get("m", orbit.number), self.get("k", orbit.number), star) {
                (Some(mass), ..) => mass * scale.solar_mass,
                (None, Some(speed), Some(star)) => orbit.mass_of_pull(speed, star, scale)?,
                (None, Some(_), None) => {
                    return Err(Error::input(place("m0"), "is missing: a mass follows from k and the star's mass"));
                }
                _ => return Err(Error::input(place(&format!("m{}", orbit.number)), "is missing: give m or k")),
            };
            positive(&place(&format!("m{}", orbit.number)), orbit.mass, true)?;
        }
        let companions: f64 = orbits.iter().map(|orbit| orbit.mass).sum();
        let star = star.or(whole.map(|whole| whole - companions)).unwrap_or_default();
        if star > 0.0 {
            return Ok(star);
        }
        let reason = format!("leaves the star a mass of {} solar masses", star / scale.solar_mass);
        Err(Error::input(place(if whole.is_some() { "mtot" } else { "m0" }), reason))
    }

    /// The epoch at which bodies are made where none is asked for.
    fn own_epoch(&self, orbits: &[Orbit]) -> f64 {
        let has_tau = orbits.iter().any(|orbit| matches!(orbit.phase, Phase::Tau(_)));
        let first = orbits.iter().find(|orbit| orbit.number == 1).map(|orbit| orbit.phase);
        match first {
            Some(Phase::Periapsis(epoch) | Phase::Conjunction(epoch)) if !has_tau => epoch,
            _ => self.tau_ref_epoch,
        }
    }

    fn elements(&self, orbit: &Orbit, mu: f64, epoch: f64, scale: Scale) -> Elements {
        let a = orbit.size.semi_major_axis(scale, mu / scale.gravity);
        let period = TAU * (a * a * a / mu).sqrt() / scale.day;
        let since = |at: f64| (modified(epoch) - modified(at)) / period;
        let turns = match orbit.phase {
            Phase::Tau(tau) => since(self.tau_ref_epoch) - tau,
            Phase::Periapsis(at) => since(at),
            Phase::Conjunction(at) => since(at) + orbit.turns_at_conjunction(),
        };
        Elements {
            a,
            e: orbit.e,
            inc: orbit.inc,
            node: orbit.node,
            periapsis: orbit.periapsis,
            mean_anomaly: TAU * (turns - libm::floor(turns)),
        }
    }
}

/// What makes a Julian date of a modified one; an epoch above it is a Julian date.
const JULIAN: f64 = 2_400_000.5;

/// An epoch as a modified Julian date.
fn modified(epoch: f64) -> f64 {
    if epoch > JULIAN { epoch - JULIAN } else { epoch }
}

impl Size {
    /// The semi-major axis round this mass.
    fn semi_major_axis(self, scale: Scale, mass: f64) -> f64 {
        match self {
            Size::Axis(a) => a * scale.au,
            // n² a³ = G M.
            Size::Period(period) => {
                let per_radian = period * scale.day / TAU;
                libm::cbrt(scale.gravity * mass * per_radian * per_radian)
            }
        }
    }
}

impl Orbit {
    /// The mass of a companion that moves a star of mass `star` by so many m/s:
    /// K = (2πG/P)^(1/3) m sin i / (M + m)^(2/3) / √(1 - e²).
    fn mass_of_pull(&self, speed: f64, star: f64, scale: Scale) -> Result<f64> {
        let place = format!("{SECTION}.k{}", self.number);
        positive(&place, speed, true)?;
        let a = |mass| self.size.semi_major_axis(scale, mass);
        let rate = |mass: f64| (scale.gravity * mass / (a(mass) * a(mass) * a(mass))).sqrt();
        let minor = ((1.0 - self.e) * (1.0 + self.e)).sqrt();
        let speed = speed * scale.metre_per_second;
        let sine = libm::sin(self.inc).abs();
        // Each round is nearer by a factor of about m / M.
        let pull = |whole: f64| libm::cbrt(scale.gravity * rate(whole) / (whole * whole)) * sine / minor;
        let mut mass = speed / pull(star);
        let mut before = f64::NAN;
        for _ in 0..200 {
            if mass == before || mass > star || mass.is_nan() {
                break;
            }
            before = mass;
            mass = speed / pull(star + mass);
        }
        if mass <= star {
            return Ok(mass);
        }
        let reason = format!(
            "{} m/s makes the companion heavier than the star, at inc{} = {} rad",
            speed / scale.metre_per_second,
            self.number,
            self.inc
        );
        Err(Error::input(place, reason))
    }
}

impl Scale {
    fn of(units: &Units) -> Result<Self> {
        let Some([au, day, solar_mass]) = units.au_day_solar_mass() else {
            let reason =
                "are in au, days and solar masses, but these units have no physical scale: choose others in [units]";
            return Err(Error::input(SECTION, reason));
        };
        Ok(Scale { au, day, solar_mass, metre_per_second: 100.0 / units.velocity_cm_per_s(), gravity: units.gravity() })
    }
}

/// a + factor b.
fn add(a: [f64; 3], factor: f64, b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| a[k] + factor * b[k])
}
