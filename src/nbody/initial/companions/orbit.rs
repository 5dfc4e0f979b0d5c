//! The orbit of one companion, read from its parameters.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::{FitPoint, SECTION};
use crate::{Error, Result};

/// An orbit in units of orbit fits, and the companion's mass in the run's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orbit {
    pub number: u32,
    pub size: Size,
    pub e: f64,
    /// Of the companion, radians.
    pub periapsis: f64,
    pub inc: f64,
    pub node: f64,
    pub phase: Phase,
    pub mass: f64,
}

/// How large an orbit is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    /// Its semi-major axis, au.
    Axis(f64),
    /// Its period, days.
    Period(f64),
}

/// Where on its orbit a companion is when.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// The part of a period from the reference epoch to periapsis.
    Tau(f64),
    /// An epoch of periapsis, days.
    Periapsis(f64),
    /// An epoch of conjunction, the companion before the star, days.
    Conjunction(f64),
}

impl Orbit {
    pub(super) fn read(point: &FitPoint, number: u32) -> Result<Self> {
        let key = |name: &str| format!("{SECTION}.{name}{number}");
        let get = |name: &str| point.get(name, number);
        let need = |name: &str| get(name).ok_or_else(|| Error::input(key(name), "is missing"));
        let size = match (get("sma"), get("per")) {
            (Some(a), None) => Size::Axis(above_zero(key("sma"), a)?),
            (None, Some(period)) => Size::Period(above_zero(key("per"), period)?),
            (None, None) => return Err(Error::input(key("sma"), "is missing: give sma or per")),
            _ => return Err(Error::input(key("per"), "stands beside sma: give only one of them")),
        };
        let (e, periapsis) = shape(point, number)?;
        let phase = match (get("tau"), get("tp"), get("tc")) {
            (Some(tau), None, None) => Phase::Tau(tau),
            (None, Some(epoch), None) => Phase::Periapsis(epoch),
            (None, None, Some(epoch)) => Phase::Conjunction(epoch),
            (None, None, None) => return Err(Error::input(key("tau"), "is missing: give one of tau, tp and tc")),
            _ => return Err(Error::input(key("tau"), "give only one of tau, tp and tc")),
        };
        Ok(Orbit { number, size, e, periapsis, inc: need("inc")?, node: need("pan")?, phase, mass: 0.0 })
    }

    /// The turns since periapsis at conjunction: when the true anomaly and the star's argument of periapsis add up to a right
    /// angle.
    pub(super) fn turns_at_conjunction(&self) -> f64 {
        let true_anomaly = FRAC_PI_2 - (self.periapsis - PI);
        let (sin, cos) = libm::sincos(0.5 * true_anomaly);
        let anomaly = 2.0 * libm::atan2((1.0 - self.e).sqrt() * sin, (1.0 + self.e).sqrt() * cos);
        (anomaly - self.e * libm::sin(anomaly)) / TAU
    }
}

/// Eccentricity and argument of periapsis of the companion.
fn shape(point: &FitPoint, number: u32) -> Result<(f64, f64)> {
    let key = |name: &str| format!("{SECTION}.{name}{number}");
    let get = |name: &str| point.get(name, number);
    let (e, periapsis, place) = match (get("ecc"), get("aop"), get("secosw"), get("sesinw")) {
        (Some(e), Some(periapsis), None, None) => (e, periapsis, key("ecc")),
        (None, None, Some(x), Some(y)) => (x * x + y * y, libm::atan2(y, x) + PI, key("secosw")),
        _ => return Err(Error::input(key("ecc"), "give ecc and aop, or secosw and sesinw")),
    };
    if (0.0..1.0).contains(&e) {
        Ok((e, periapsis))
    } else {
        Err(Error::input(place, format!("an eccentricity of {e} is not allowed: at least 0, below 1")))
    }
}

fn above_zero(place: String, value: f64) -> Result<f64> {
    crate::base::config::positive(&place, value, false).map(|()| value)
}
