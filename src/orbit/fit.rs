//! A fit: measurements, a model and priors, and what a sampler asks of them.

use super::likelihood::{BLOCK, Group, State, groups, ln_likelihood, offsets, velocity};
use super::model::{MOST_COMPANIONS, Orbits};
use super::nbody::Tracker;
use super::observations::{Observations, Quantity, modified};
use super::parameters::{Parameters, Slot, is_positive, turn};
use super::prior::Distribution;
use super::sections::{Basis, Dynamics, OrbitSection, PriorsSection, Trend};
use crate::simd::{Kernel, Lane, Level, Simd};
use crate::{Error, Result};

/// Measurements, the model that explains them, and what was known before.
///
/// A *point* has a number for each parameter that is not known, in the order of [`names`](Fit::names). Nothing here communicates; the
/// likelihood is the same bits on every machine, at every level and for any number of points at once.
#[derive(Clone, Debug)]
pub struct Fit {
    pub(super) observations: Observations,
    pub(super) orbit: OrbitSection,
    pub(super) parameters: Parameters,
    pub(super) groups: Vec<Group>,
    /// The epoch that days are counted from, modified Julian date.
    pub(super) reference: f64,
    /// Where the trend counts from, days since the reference epoch.
    base: f64,
    tracker: Option<Tracker>,
    pub(super) level: Level,
}

impl Fit {
    /// A fit of these observations, computed with the instructions of `level`.
    ///
    /// # Errors
    /// A model that can't be fitted to these observations, with the key that says so; an object that the model lacks, with its line; a prior that
    /// can't be, with its key.
    pub fn new(observations: Observations, orbit: &OrbitSection, priors: &PriorsSection, level: Level) -> Result<Self> {
        check(orbit, &observations)?;
        let parameters = Parameters::new(orbit, &observations, priors)?;
        let reference = modified(orbit.tau_ref_epoch);
        let groups = groups(&observations.rows, &parameters, reference);
        let start = first_epoch(&observations) - reference;
        let tracker = (orbit.dynamics == Dynamics::Nbody).then(|| Tracker::new(&groups, start, observations.unit));
        let base = time_base(orbit, &observations) - reference;
        Ok(Fit { observations, orbit: orbit.clone(), parameters, groups, reference, base, tracker, level })
    }

    /// The names of the parameters of a point, in their order.
    pub fn names(&self) -> Vec<String> {
        let free = self.parameters.all.iter().filter(|one| matches!(one.slot, Slot::Free(_)));
        free.map(|one| one.name.clone()).collect()
    }

    /// The names of all parameters, known ones too, in orbitize's or radvel's order.
    pub fn all_names(&self) -> Vec<String> {
        self.parameters.all.iter().map(|one| one.name.clone()).collect()
    }

    /// The values of all parameters at a point, in the order of [`all_names`](Fit::all_names).
    pub fn all_values(&self, point: &[f64]) -> Vec<f64> {
        (0..self.parameters.all.len()).map(|place| self.parameters.value(place, point)).collect()
    }

    /// What is fitted to.
    pub fn observations(&self) -> &Observations {
        &self.observations
    }

    /// The model.
    pub fn orbit(&self) -> &OrbitSection {
        &self.orbit
    }

    /// The values that parameter number `parameter` of a point can have.
    pub fn ends(&self, parameter: usize) -> [f64; 2] {
        self.free(parameter).1.ends()
    }

    /// ln of the prior density of a point; minus infinity outside, and where e is 1 or more.
    pub fn log_prior(&self, point: &[f64]) -> f64 {
        let mut total = 0.0;
        for parameter in &self.parameters.all {
            if let (Slot::Free(place), Some(prior)) = (parameter.slot, &parameter.prior) {
                let x = point[place];
                let outside = is_positive(parameter.family) && x <= 0.0 || parameter.family == "ecc" && x >= 1.0;
                total += if outside { f64::NEG_INFINITY } else { prior.ln_density(x) };
            }
        }
        for companion in self.roots() {
            let e = self.eccentricity(companion, point);
            total += if e >= 1.0 { f64::NEG_INFINITY } else { self.disc(companion).map_or(0.0, |_| LN_4_OVER_PI) };
        }
        total
    }

    /// ln-likelihoods of points that lie one after another: `into[i]` of the i-th. Points must lie inside the prior; allocates nothing with
    /// `dynamics = "kepler"`. Minus infinity where companions come too close to be followed.
    ///
    /// # Panics
    /// If there are not as many points as results.
    pub fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
        assert_eq!(points.len(), into.len() * self.parameters.free(), "numbers of {} points", into.len());
        self.level.run(Likelihoods { fit: self, points, into });
    }

    /// By how many standard deviations a point of this ln-likelihood misses the measured numbers, in quadratic mean; where there are jitters, they
    /// count as misses too.
    pub fn misfit(&self, ln_likelihood: f64) -> f64 {
        let perfect: f64 = self.groups.iter().map(|group| group.constant).sum();
        let numbers =
            self.observations.rows.iter().map(|row| if row.quantity == Quantity::Velocity { 1.0 } else { 2.0 });
        (2.0 * (perfect - ln_likelihood) / numbers.sum::<f64>()).max(0.0).sqrt()
    }

    /// The point of the prior that belongs to a point of the unit cube (all numbers above 0 and below 1).
    ///
    /// With priors of one's own on secosw or sesinw it may have e >= 1, where [`log_prior`](Fit::log_prior) is minus infinity.
    pub fn draw(&self, unit: &[f64], point: &mut [f64]) {
        for parameter in &self.parameters.all {
            if let (Slot::Free(place), Some(prior)) = (parameter.slot, &parameter.prior) {
                point[place] = prior.quantile(unit[place]);
            }
        }
        for [cosine, sine] in self.roots().filter_map(|companion| self.disc(companion)) {
            // e uniform, omega uniform: the disc of (secosw, sesinw) with the same density everywhere.
            let (s, c) = libm::sincos(std::f64::consts::TAU * unit[sine]);
            let root = unit[cosine].sqrt();
            point[cosine] = root * c;
            point[sine] = root * s;
        }
    }

    /// The period of a parameter that wraps: 2 pi or 1 where its prior is uniform over all of a turn that starts at 0.
    pub fn period(&self, parameter: usize) -> Option<f64> {
        let (family, prior) = self.free(parameter);
        turn(family)
            .filter(|&turn| prior.is_uniform() && prior.ends()[0] == 0.0 && (prior.ends()[1] / turn - 1.0).abs() < 1e-9)
    }

    /// Offsets of a companion (1, 2 ..) from the star at epochs (dates): to the east and to the north, mas.
    ///
    /// # Errors
    /// A basis without positions, or no such companion; companions that come too close to be followed.
    pub fn positions(&self, point: &[f64], companion: usize, epochs: &[f64]) -> Result<Vec<[f64; 2]>> {
        if self.parameters.basis != Basis::Sma || companion == 0 || companion > self.parameters.companions {
            return Err(Error::input(format!("companion {companion}"), "has no positions in this model"));
        }
        let [east, north] = self.predict(point, Quantity::RaDec, companion, epochs)?;
        Ok(east.into_iter().zip(north).map(|(east, north)| [east, north]).take(epochs.len()).collect())
    }

    /// Velocities of the star (0) or of a companion (1, 2 ..) at epochs (dates), without trend and instruments' offsets, in the unit of the
    /// observations.
    ///
    /// # Errors
    /// No such object, or a companion in a basis that has the star alone; companions that come too close to be followed.
    pub fn velocities(&self, point: &[f64], object: usize, epochs: &[f64]) -> Result<Vec<f64>> {
        if object > self.parameters.companions || object > 0 && self.parameters.basis == Basis::Period {
            return Err(Error::input(format!("object {object}"), "has no velocity in this model"));
        }
        let [mut velocities, _] = self.predict(point, Quantity::Velocity, object, epochs)?;
        velocities.truncate(epochs.len());
        Ok(velocities)
    }

    /// The trend of the star's velocity at epochs (dates), in the unit of the observations.
    pub fn trend(&self, point: &[f64], epochs: &[f64]) -> Vec<f64> {
        let term = |k: usize| self.parameters.trend.get(k).map_or(0.0, |&place| self.parameters.value(place, point));
        let at = |&epoch: &f64| {
            let since = modified(epoch) - self.reference - self.base;
            (term(1) * since + term(0)) * since
        };
        epochs.iter().map(at).collect()
    }

    /// Offset and jitter of an instrument at a point; zero for one without.
    pub fn instrument(&self, point: &[f64], name: &str) -> [f64; 2] {
        let found = self.parameters.instruments.iter().find(|instrument| instrument.name == name);
        let value = |place| self.parameters.value(place, point);
        found.map_or([0.0; 2], |one| [value(one.offset), one.jitter.map_or(0.0, value)])
    }

    /// The period of a companion (1, 2 ..) at a point, days.
    pub fn orbital_period(&self, point: &[f64], companion: usize) -> f64 {
        1.0 / self.orbits(point).all()[companion - 1].rate
    }

    /// The date of a companion's (1, 2 ..) first periastron after the reference epoch at a point, modified Julian date.
    pub fn periastron(&self, point: &[f64], companion: usize) -> f64 {
        let orbit = self.orbits(point).all()[companion - 1];
        self.reference + (orbit.phase - orbit.phase.floor()) / orbit.rate
    }

    pub(super) fn orbits(&self, point: &[f64]) -> Orbits {
        Orbits::new(&self.parameters, self.reference, self.observations.unit, point)
    }

    fn predict(&self, point: &[f64], quantity: Quantity, object: usize, epochs: &[f64]) -> Result<[Vec<f64>; 2]> {
        let times = epochs.iter().map(|&epoch| modified(epoch) - self.reference).collect();
        let groups = [Group::bare(quantity, object, times)];
        let orbits = self.orbits(point);
        let tracks = match self.tracker {
            Some(_) => {
                let start = first_epoch(&self.observations) - self.reference;
                Some(Tracker::new(&groups, start, self.observations.unit).follow(&orbits, &groups)?)
            }
            None => None,
        };
        let state = State { orbits: &orbits, tracks: tracks.as_deref() };
        Ok(self.level.run(Predictions { group: &groups[0], state }))
    }

    /// Name without number and prior of parameter number `parameter` of a point.
    fn free(&self, parameter: usize) -> (&'static str, &Distribution) {
        let found = self.parameters.all.iter().find(|one| one.slot == Slot::Free(parameter));
        let one = found.unwrap_or_else(|| panic!("a point has no parameter {parameter}"));
        (one.family, one.prior.as_ref().expect("what is free has a prior"))
    }

    /// The companions whose eccentricity is made of two parameters.
    fn roots(&self) -> impl Iterator<Item = usize> {
        0..if self.parameters.basis == Basis::Period { self.parameters.companions } else { 0 }
    }

    fn eccentricity(&self, companion: usize, point: &[f64]) -> f64 {
        let first = self.parameters.elements(companion) + 2;
        let [cosine, sine] = [first, first + 1].map(|place| self.parameters.value(place, point));
        cosine * cosine + sine * sine
    }

    /// The places of secosw and sesinw in a point where both are uniform from -1 to 1: then their prior is uniform over the unit disc.
    fn disc(&self, companion: usize) -> Option<[usize; 2]> {
        let first = self.parameters.elements(companion) + 2;
        let place = |which: usize| {
            let one = &self.parameters.all[which];
            let whole = one.prior.is_some_and(|prior| prior.is_uniform() && prior.ends() == [-1.0, 1.0]);
            match one.slot {
                Slot::Free(place) if whole => Some(place),
                _ => None,
            }
        };
        Some([place(first)?, place(first + 1)?])
    }
}

/// ln of the square's area over the disc's.
const LN_4_OVER_PI: f64 = 0.241_564_475_270_490_44;

/// The farthest date, in days: beyond, days are no longer told apart to the millisecond by which velocities are fitted.
const FARTHEST: f64 = 1e8;

/// Refuses models that don't go with each other or with the observations.
fn check(orbit: &OrbitSection, observations: &Observations) -> Result<()> {
    let wrong = |key: &str, reason: String| Err(Error::input(format!("orbit.{key}"), reason));
    if !(1..=MOST_COMPANIONS).contains(&orbit.companions) {
        return wrong("companions", format!("{} must be from 1 to {MOST_COMPANIONS}", orbit.companions));
    }
    for (key, epoch) in [("tau_ref_epoch", Some(orbit.tau_ref_epoch)), ("time_base", orbit.time_base)] {
        if let Some(wild) = epoch.filter(|epoch| epoch.is_nan() || epoch.abs() > FARTHEST) {
            return wrong(key, format!("{wild} is no date: days, at most {FARTHEST:e} before or after the first"));
        }
    }
    let star = observations.has_star_velocities();
    if orbit.basis == Basis::Period {
        if orbit.companion_masses {
            return wrong("companion_masses", "the basis \"period\" has no masses: use basis = \"sma\"".into());
        }
        if let Some(row) = observations.rows.iter().find(|row| row.object != 0) {
            let reason =
                "the basis \"period\" has velocities of the star alone: use basis = \"sma\" for companions".to_owned();
            return wrong("basis", format!("{reason} ({})", row.place));
        }
    } else if star && !orbit.companion_masses {
        let reason = "the star moves by the masses of its companions: its velocities need companion_masses = true";
        return wrong("companion_masses", reason.into());
    }
    if orbit.dynamics == Dynamics::Nbody && !orbit.companion_masses {
        return wrong("dynamics", "\"nbody\" needs companion_masses = true: without masses nothing pulls".into());
    }
    if orbit.trend != Trend::None && !star {
        return wrong("trend", "is one of the star's velocity, of which there is none".into());
    }
    if let Some(row) = observations.rows.iter().find(|row| row.object > orbit.companions) {
        let reason = format!("object {} is unknown: orbit.companions is {}", row.object, orbit.companions);
        return Err(Error::input(&row.place, reason));
    }
    Ok(())
}

fn first_epoch(observations: &Observations) -> f64 {
    observations.rows.iter().map(|row| row.epoch).fold(f64::INFINITY, f64::min)
}

/// The epoch that is asked for, or the middle of the star's velocities.
fn time_base(orbit: &OrbitSection, observations: &Observations) -> f64 {
    let star = observations.rows.iter().filter(|row| row.object == 0 && row.quantity == Quantity::Velocity);
    let ends = star.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], row| [a.min(row.epoch), b.max(row.epoch)]);
    match orbit.time_base {
        Some(epoch) => modified(epoch),
        None if ends[0].is_finite() => 0.5 * (ends[0] + ends[1]),
        None => modified(orbit.tau_ref_epoch),
    }
}

/// [`Fit::log_likelihoods`] for lanes of any width.
struct Likelihoods<'a> {
    fit: &'a Fit,
    points: &'a [f64],
    into: &'a mut [f64],
}

impl Kernel for Likelihoods<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Fit { parameters, groups, base, .. } = self.fit;
        let width = parameters.free();
        for (point, into) in self.points.chunks_exact(width).zip(self.into) {
            let orbits = self.fit.orbits(point);
            let tracks = self.fit.tracker.as_ref().map(|tracker| tracker.follow(&orbits, groups));
            *into = match tracks {
                _ if !orbits.are_ellipses() => f64::NEG_INFINITY,
                Some(Err(_)) => f64::NEG_INFINITY,
                tracks => {
                    let tracks = tracks.and_then(Result::ok);
                    let state = State { orbits: &orbits, tracks: tracks.as_deref() };
                    ln_likelihood(simd, groups, &state, parameters, *base, point)
                }
            };
        }
    }
}

/// Offsets, or velocities, at all epochs of a group.
struct Predictions<'a> {
    group: &'a Group,
    state: State<'a>,
}

impl Kernel for Predictions<'_> {
    type Output = [Vec<f64>; 2];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [Vec<f64>; 2] {
        let length = self.group.times.len();
        let mut first = vec![0.0; length];
        let mut second = vec![0.0; length];
        for at in (0..length).step_by(BLOCK) {
            if self.group.quantity == Quantity::Velocity {
                velocity::<S::Eight>(simd, self.group, 0, at, &self.state).store(&mut first[at..]);
            } else {
                let [east, north] = offsets::<S::Eight>(simd, self.group, 0, at, &self.state);
                east.store(&mut first[at..]);
                north.store(&mut second[at..]);
            }
        }
        [first, second]
    }
}
