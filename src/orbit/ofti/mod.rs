//! OFTI: orbits for the impatient, rejection sampling of one companion's orbit (Blunt et al. 2017, AJ 153, 229).
//!
//! A trial draws eccentricity, orientation, phase, parallax and mass from their priors, then scales and rotates the orbit so that at one
//! epoch, the one with the smallest error of separation, the companion stands where it was seen, give or take a draw of the errors there. A
//! trial is accepted with the probability exp(-chi^2 / 2) of all other measurements. In order:
//!
//! 1. the random numbers of eight trials, functions of seed and trial alone; the acceptance number among them says how large chi^2 may be;
//! 2. the orbits of the eight, from the priors' quantiles, scaled and rotated;
//! 3. measurement after measurement, the most telling first, until each of the eight has more than that: exact, since chi^2 only
//!    grows.
//!
//! Scaling and rotation put density where the companion was seen: N(s) ds dtheta for a separation s with normal errors. The prior of the fit
//! has da/a dOmega = ds/s dtheta there, if that of sma is log-uniform and that of pan uniform, as they must be; tau must be uniform too. So
//! a trial is also weighed by 1/s (by 1/s^2 where offsets with normal errors were measured), as a part of its acceptance. Then accepted trials follow
//! the posterior exactly, to 1e-6 for errors of up to a fifth of the separation. Trials beyond the ends of sma and pan are rejected.
//!
//! orbitize (3.4) leaves the weights out, which is little where errors are small, and counts the epoch of scaling twice, once by the draw and once in
//! chi^2, which is as if its errors were smaller by sqrt(2): [`Reference::Twice`] does the same.
//!
//! It applies to relative astrometry of one companion, with velocities of that companion if there are any.
//!
//! Anyone can compute any trials: nothing is remembered between them.

mod draws;
mod trials;

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::fit::Fit;
use super::likelihood::Pair;
use super::observations::{Observation, Quantity};
use super::parameters::Parameter;
use super::prior::Distribution;
use super::sections::{Basis, Dynamics};
use crate::simd::Level;
use crate::{Error, Result};
use trials::Run;

/// `[method]` with `kind = "ofti"`.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OftiSection {
    /// Accepted orbits that are wanted.
    #[default = 10_000]
    #[schemars(range(min = 1))]
    pub orbits: u64,
    /// Trials after which the run gives up.
    #[default = 1_000_000_000_000]
    #[schemars(range(min = 1))]
    pub most_trials: u64,
    /// How often the measurement counts that orbits are scaled to.
    pub reference: Reference,
}

impl OftiSection {
    /// Refuses settings that can't be.
    ///
    /// # Errors
    /// No orbits or no trials, with the key.
    pub fn check(&self) -> Result<()> {
        for (key, value) in [("orbits", self.orbits), ("most_trials", self.most_trials)] {
            if value == 0 {
                return Err(Error::input(format!("method.{key}"), "must be at least 1"));
            }
        }
        Ok(())
    }
}

/// How often the measurement that an orbit is scaled to counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// As each other measurement.
    #[default]
    Once,
    /// As orbitize counts it. Once by the draw of its errors and once more in chi^2, without weights.
    Twice,
}

/// Accepted trials.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Accepted {
    /// Their numbers.
    pub trials: Vec<u64>,
    /// Their points, one after another.
    pub points: Vec<f64>,
    /// Their ln-likelihoods.
    pub log_likelihoods: Vec<f64>,
    /// How many trials would have been accepted but lie beyond the ends of sma or pan.
    pub beyond: u64,
}

/// Rejection sampling of a fit.
#[derive(Clone, Debug)]
pub struct Ofti<'a> {
    fit: &'a Fit,
    level: Level,
    seed: u64,
    priors: Priors,
    target: Target,
    positions: Vec<Position>,
    velocities: Vec<Velocity>,
}

/// What each number of a trial is drawn from.
#[derive(Clone, Debug)]
struct Priors {
    ecc: Draw,
    inc: Draw,
    aop: Draw,
    plx: Draw,
    mtot: Draw,
    /// The ends of sma and of pan.
    sma: [f64; 2],
    pan: [f64; 2],
}

/// A known number or a density.
#[derive(Clone, Copy, Debug)]
enum Draw {
    Fixed(f64),
    From(Distribution),
}

/// Where and when the companion was seen that orbits are scaled to.
#[derive(Clone, Debug)]
struct Target {
    /// Days since the reference epoch of tau.
    time: f64,
    /// Separation and angle with their errors, or offsets to the east and north.
    values: [f64; 2],
    errors: [f64; 2],
    correlation: f64,
    quantity: Quantity,
    /// The separation that weighs 1.
    least: f64,
    counts_again: bool,
}

/// A measured place.
#[derive(Clone, Copy, Debug)]
struct Position {
    /// Days after the target.
    since: f64,
    quantity: Quantity,
    pair: Pair,
}

impl Position {
    fn new(row: &Observation, since: f64) -> Self {
        Position { since, quantity: row.quantity, pair: Pair::new(row) }
    }

    /// How much it constrains an orbit, roughly: the time from the target over the error of the place, squared.
    fn power(&self) -> f64 {
        let [first, second, _] = self.pair.weights;
        let separation = if self.quantity == Quantity::SepPa { self.pair.values[0] } else { 1.0 };
        self.since * self.since * first.max(second / (separation * separation))
    }
}

/// A measured velocity of the companion.
#[derive(Clone, Copy, Debug)]
struct Velocity {
    since: f64,
    value: f64,
    weight: f64,
}

impl<'a> Ofti<'a> {
    /// Rejection sampling of `fit`, with the instructions of `level` and the random numbers of `seed`.
    ///
    /// # Errors
    /// A fit that it does not apply to, with the key and the reason.
    pub fn new(fit: &'a Fit, level: Level, seed: u64, reference: Reference) -> Result<Self> {
        check(fit)?;
        let rows = &fit.observations.rows;
        let places = || rows.iter().filter(|row| row.quantity != Quantity::Velocity);
        let Some(target) = places().min_by(|a, b| separation_error(a).total_cmp(&separation_error(b))) else {
            return Err(Error::input("method.kind", "\"ofti\" needs relative astrometry: there is none"));
        };
        let since = |row: &Observation| row.epoch - target.epoch;
        let mut positions: Vec<Position> =
            places().filter(|row| !std::ptr::eq(*row, target)).map(|row| Position::new(row, since(row))).collect();
        positions.sort_by(|a, b| b.power().total_cmp(&a.power()));
        let moving = rows.iter().filter(|row| row.quantity == Quantity::Velocity);
        let velocity = |row: &Observation| Velocity {
            since: since(row),
            value: row.values[0],
            weight: 1.0 / (row.errors[0] * row.errors[0]),
        };
        let target = Target {
            time: target.epoch - fit.reference,
            values: target.values,
            errors: target.errors,
            correlation: target.correlation.unwrap_or(0.0),
            quantity: target.quantity,
            least: least_separation(target),
            counts_again: reference == Reference::Twice,
        };
        Ok(Ofti {
            fit,
            level,
            seed,
            priors: Priors::new(fit)?,
            target,
            positions,
            velocities: moving.map(velocity).collect(),
        })
    }

    /// Makes the trials of these numbers and adds those that are accepted, in order of their numbers.
    pub fn trials(&self, range: Range<u64>, accepted: &mut Accepted) {
        let first = accepted.trials.len();
        let width = self.fit.parameters.free();
        self.level.run(Run { ofti: self, range, accepted });
        accepted.log_likelihoods.resize(accepted.trials.len(), 0.0);
        self.fit.log_likelihoods(&accepted.points[first * width..], &mut accepted.log_likelihoods[first..]);
    }
}

impl Priors {
    fn new(fit: &Fit) -> Result<Self> {
        let one = |family: &str| {
            let found = fit.parameters.all.iter().find(|one| one.family == family);
            found.ok_or_else(|| Error::input("method.kind", format!("\"ofti\" needs the parameter {family}")))
        };
        let draw = |family: &str| one(family).map(|one| one.prior.map_or(Draw::Fixed(fixed(one)), Draw::From));
        let ends = |family: &str, shape: fn(&Distribution) -> bool, name: &str, ends: Option<[f64; 2]>| {
            let parameter = one(family)?;
            match parameter.prior {
                Some(prior) if shape(&prior) && ends.is_none_or(|ends| ends == prior.ends()) => Ok(prior.ends()),
                _ => {
                    let reason = format!(
                        "\"ofti\" scales and rotates orbits, which asks for a {name} prior of {}",
                        parameter.name
                    );
                    Err(Error::input(format!("priors.{}", parameter.name), reason))
                }
            }
        };
        ends("tau", Distribution::is_uniform, "uniform = [0, 1]", Some([0.0, 1.0]))?;
        Ok(Priors {
            ecc: draw("ecc")?,
            inc: draw("inc")?,
            aop: draw("aop")?,
            plx: draw("plx")?,
            mtot: draw("mtot")?,
            sma: ends("sma", Distribution::is_log_uniform, "log_uniform", None)?,
            pan: ends("pan", Distribution::is_uniform, "uniform", None)?,
        })
    }
}

fn fixed(parameter: &Parameter) -> f64 {
    match parameter.slot {
        super::parameters::Slot::Fixed(value) => value,
        super::parameters::Slot::Free(_) => f64::NAN,
    }
}

/// Refuses fits of other kinds.
fn check(fit: &Fit) -> Result<()> {
    let orbit = &fit.orbit;
    let refuse = |reason: &str| {
        Err(Error::input("method.kind", format!("\"ofti\" {reason}: use \"ensemble\" or \"tempering\"")))
    };
    if orbit.basis != Basis::Sma {
        return refuse("scales semi-major axes, so it needs basis = \"sma\"");
    }
    if orbit.companions != 1 {
        return refuse("fits one companion");
    }
    if fit.observations.has_star_velocities() {
        return refuse("can't scale an orbit to velocities of the star");
    }
    if orbit.companion_masses {
        return refuse("learns the total mass alone, so it needs companion_masses = false");
    }
    if orbit.dynamics == Dynamics::Nbody {
        return refuse("scales ellipses, so it needs dynamics = \"kepler\"");
    }
    Ok(())
}

/// The error of the separation, or the mean of both offsets' errors, mas: as orbitize chooses the epoch of scaling.
fn separation_error(row: &Observation) -> f64 {
    if row.quantity == Quantity::SepPa { row.errors[0] } else { 0.5 * (row.errors[0] + row.errors[1]) }
}

/// Five standard deviations below the separation that was seen, or a tenth of it: nearer draws are too few to count.
fn least_separation(row: &Observation) -> f64 {
    let [first, second] = row.values;
    let (seen, error) = match row.quantity {
        Quantity::SepPa => (first, row.errors[0]),
        _ => ((first * first + second * second).sqrt(), row.errors[0].max(row.errors[1])),
    };
    (seen - 5.0 * error).max(0.1 * seen)
}
