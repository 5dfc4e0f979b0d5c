//! The way up: from a point of the prior to the top of its hill.
//!
//! The climb goes in coordinates without bounds: u = (1 + sin t) / 2 of the unit cube, from which [`Density::draw`] makes
//! the point, so no prior is too wide, and its edges are smooth places (James & Roos 1975, MINUIT). An angle's coordinate is the cube's own, and wraps.
//!
//! Each direction is that of Broyden, Fletcher, Goldfarb and Shanno. Slopes are central differences, whose steps follow the
//! curvature, in one call for all parameters; then several lengths along the direction are tried in one call, and the highest is
//! taken. So the density is asked for many points at a time, which vectors of instructions do well, and no line search can be
//! fooled by a hill that isn't convex. It ends where the height to be gained is below a billionth.

use super::super::density::Density;
use super::super::space::Space;
use super::inverse::{Inverse, difference, dot};
use crate::base::random::Random;

/// What is still to be gained in ln posterior where a climb ends.
const ENOUGH: f64 = 1e-9;
/// Lengths along a direction that are tried, in its own.
const LENGTHS: [f64; 8] = [4.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.01, 0.001];
/// The longest first step in a coordinate.
const LONGEST: f64 = 0.5;
/// The first step of differences.
pub(super) const FIRST_STEP: f64 = 1e-3;
/// Climbs one hill after another.
pub(in super::super) struct Climber<'a, D> {
    density: &'a D,
    space: &'a Space,
    /// Values that are held, by parameter.
    held: Vec<Option<f64>>,
    /// The parameters that are free, in their order: one coordinate for each.
    free: Vec<usize>,
    directions: u64,
    unit: Vec<f64>,
    points: Vec<f64>,
    priors: Vec<f64>,
    allowed: Vec<f64>,
    values: Vec<f64>,
}

/// What a climb has found.
#[derive(Clone, Debug)]
pub(in super::super) struct Found {
    pub point: Vec<f64>,
    pub ln_prior: f64,
    pub ln_likelihood: f64,
}

impl Found {
    pub(in super::super) fn ln_posterior(&self) -> f64 {
        self.ln_prior + self.ln_likelihood
    }
}

/// A position on the way.
#[derive(Clone)]
pub(super) struct Position {
    pub t: Vec<f64>,
    pub height: f64,
}

impl<'a, D: Density> Climber<'a, D> {
    /// A climber that holds some parameters, by number, at values.
    pub(in super::super) fn new(density: &'a D, space: &'a Space, held: &[(usize, f64)], directions: u64) -> Self {
        let mut values = vec![None; space.dimensions()];
        held.iter().for_each(|&(parameter, value)| values[parameter] = Some(value));
        let free = (0..values.len()).filter(|&parameter| values[parameter].is_none()).collect();
        let empty = Vec::new;
        Climber {
            density,
            space,
            held: values,
            free,
            directions,
            unit: vec![0.5; space.dimensions()],
            points: empty(),
            priors: empty(),
            allowed: empty(),
            values: empty(),
        }
    }

    /// Holds a parameter, held already, at another value.
    pub(in super::super) fn hold(&mut self, parameter: usize, value: f64) {
        self.held[parameter] = Some(value);
    }

    /// What there is where nothing was found.
    pub(in super::super) fn nothing(&self) -> Found {
        let point = self.held.iter().map(|held| held.unwrap_or(f64::NAN)).collect();
        Found { point, ln_prior: f64::NEG_INFINITY, ln_likelihood: f64::NEG_INFINITY }
    }

    /// What is found by a climb from the next point of the prior; nothing if the density is zero there.
    pub(in super::super) fn climb(&mut self, random: &mut Random) -> Option<Found> {
        let top = self.climb_to(random)?;
        Some(self.found(&top))
    }

    /// Where a climb from the next point of the prior leads to; nothing if the density is zero there.
    pub(super) fn climb_to(&mut self, random: &mut Random) -> Option<Position> {
        let draw = |&parameter: &usize| {
            let unit = random.uniform();
            if self.space.is_angle(parameter) { unit } else { libm::asin(2.0 * unit - 1.0) }
        };
        let t: Vec<f64> = self.free.iter().map(draw).collect();
        let start = self.place(t);
        (start.height > f64::NEG_INFINITY).then(|| self.ascend(start, None))
    }

    /// The place with these coordinates.
    pub(super) fn place(&mut self, t: Vec<f64>) -> Position {
        let height = self.heights(&t)[0];
        Position { t, height }
    }

    /// The way up from a place; with what is known of the inverse of the curvature, if anything is.
    pub(super) fn ascend(&mut self, mut place: Position, known: Option<Inverse>) -> Position {
        let n = self.free.len();
        let mut steps = vec![FIRST_STEP; n];
        let mut slopes = self.slopes(&place, &mut steps);
        let mut inverse = known.unwrap_or_else(|| Inverse::diagonal(&slopes.bend));
        for _ in 0..self.directions {
            let mut direction = inverse.times(&slopes.slope);
            // Newton's direction d = H⁻¹ s would gain s·d/2 on a parabola.
            let gain = 0.5 * dot(&direction, &slopes.slope);
            let longest = direction.iter().fold(0.0f64, |longest, d| longest.max(d.abs()));
            if longest > LONGEST {
                direction.iter_mut().for_each(|d| *d *= LONGEST / longest);
            }
            let next = self.highest_along(&place, &direction);
            let gained = next.height - place.height;
            if gained <= 0.0 || (gain < ENOUGH && gained < ENOUGH) {
                place = if gained > 0.0 { next } else { place };
                if inverse.is_fresh {
                    break;
                }
                // The direction may be of a curvature that isn't there any more: try once without the past.
                slopes = self.slopes(&place, &mut steps);
                inverse = Inverse::diagonal(&slopes.bend);
                continue;
            }
            let before = std::mem::replace(&mut place, next);
            let slopes_before = std::mem::replace(&mut slopes, self.slopes(&place, &mut steps));
            inverse.learn(&difference(&place.t, &before.t), &difference(&slopes_before.slope, &slopes.slope));
        }
        place
    }

    /// The highest of some places along a direction.
    fn highest_along(&mut self, place: &Position, direction: &[f64]) -> Position {
        let along = |length: f64| place.t.iter().zip(direction).map(move |(t, d)| t + length * d);
        let places: Vec<f64> = LENGTHS.iter().flat_map(|&length| along(length)).collect();
        let n = direction.len();
        let heights = self.heights(&places);
        let best = (0..LENGTHS.len()).max_by(|&a, &b| heights[a].total_cmp(&heights[b]).then(b.cmp(&a))).unwrap_or(0);
        Position { t: places[best * n..][..n].to_vec(), height: heights[best] }
    }

    /// The ln posterior at places that lie one after another; minus infinity where it is no number.
    pub(super) fn heights(&mut self, places: &[f64]) -> Vec<f64> {
        self.points.clear();
        self.priors.clear();
        self.allowed.clear();
        let dimensions = self.space.dimensions();
        for t in places.chunks_exact(self.free.len()) {
            let first = self.points.len();
            self.points.resize(first + dimensions, 0.0);
            let point = &mut self.points[first..];
            put(self.density, self.space, (&self.free, t), &mut self.unit, &self.held, point);
            let prior = self.density.log_prior(point);
            self.priors.push(prior);
            if prior > f64::NEG_INFINITY {
                self.allowed.extend_from_slice(point);
            }
        }
        self.values.clear();
        self.values.resize(self.allowed.len() / dimensions, f64::NEG_INFINITY);
        if !self.values.is_empty() {
            self.density.log_likelihoods(&self.allowed, &mut self.values);
        }
        let mut values = self.values.iter();
        let height = |&prior: &f64| {
            if prior > f64::NEG_INFINITY {
                Some(prior + values.next().copied()?).filter(|height| height.is_finite())
            } else {
                None
            }
        };
        self.priors.iter().map(height).map(|height| height.unwrap_or(f64::NEG_INFINITY)).collect()
    }

    pub(super) fn found(&mut self, place: &Position) -> Found {
        self.heights(&place.t);
        Found { point: self.points.clone(), ln_prior: self.priors[0], ln_likelihood: self.values[0] }
    }
}

/// Makes the point that belongs to coordinates of free parameters.
fn put<D: Density>(
    density: &D,
    space: &Space,
    (free, t): (&[usize], &[f64]),
    unit: &mut [f64],
    held: &[Option<f64>],
    point: &mut [f64],
) {
    for (&parameter, &t) in free.iter().zip(t) {
        let u = if space.is_angle(parameter) { t - t.floor() } else { 0.5 + 0.5 * libm::sin(t) };
        unit[parameter] = u.clamp(f64::MIN_POSITIVE, 1.0 - 0.5 * f64::EPSILON);
    }
    density.draw(unit, point);
    for (value, held) in point.iter_mut().zip(held) {
        *value = held.unwrap_or(*value);
    }
}
