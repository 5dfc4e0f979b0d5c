//! The way up: from a point of the prior to the top of its hill.
//!
//! The climb goes in coordinates without bounds: u = (1 + sin t) / 2 of the unit cube, from which [`Density::draw`] makes
//! the point, so no prior is too wide, and its edges are smooth places (James & Roos 1975, MINUIT). An angle's coordinate is the cube's own, and wraps.
//!
//! Each direction is that of Broyden, Fletcher, Goldfarb and Shanno. Slopes are central differences, whose steps follow the
//! curvature, in one call for all parameters; then several lengths along the direction are tried in one call, and the highest is
//! taken. So the density is asked for many points at a time, which vectors of instructions do well, and no line search can be
//! fooled by a hill that isn't convex. It ends where the height to be gained is below a billionth.

use std::f64::consts::TAU;

use super::super::density::Density;
use super::super::space::Space;
use crate::base::random::Random;

/// What is still to be gained in ln posterior where a climb ends.
const ENOUGH: f64 = 1e-9;
/// Lengths along a direction that are tried, in its own.
const LENGTHS: [f64; 8] = [4.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.01, 0.001];
/// The longest first step in a coordinate.
const LONGEST: f64 = 0.5;
/// What differences aim at: a second difference of the ln posterior, and the bounds within which it is good.
const AIM: f64 = 1e-5;
const BOUNDS: [f64; 2] = [1e-7, 1e-3];
/// How far above rounding of the ln posterior a second difference must be.
const ABOVE_ROUNDING: f64 = 1e4 * f64::EPSILON;
/// The first and the largest step of differences.
const FIRST: f64 = 1e-3;
const LARGEST: f64 = 0.05;
/// How often slopes are taken again, with better steps.
const AGAIN: usize = 6;

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

/// Slopes at a place.
struct Slopes {
    slope: Vec<f64>,
    /// Second derivatives along each coordinate.
    bend: Vec<f64>,
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
        let mut steps = vec![FIRST; n];
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

    /// Slopes by central differences; `steps` are made better for the next time.
    fn slopes(&mut self, place: &Position, steps: &mut [f64]) -> Slopes {
        let mut slopes = self.differences(place, steps);
        for _ in 0..AGAIN {
            let (good, better) = self.better_steps(place, steps, &slopes);
            steps.copy_from_slice(&better);
            if good {
                break;
            }
            slopes = self.differences(place, steps);
        }
        slopes
    }

    /// Second derivatives with respect to all pairs of coordinates, without their sign, with steps that slopes have found good.
    pub(super) fn bends(&mut self, place: &Position) -> Vec<f64> {
        let n = place.t.len();
        let mut steps = vec![FIRST; n];
        let slopes = self.slopes(place, &mut steps);
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
        let corners = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
        let mut places = Vec::with_capacity(4 * n * pairs.len());
        for &(i, j) in &pairs {
            for [a, b] in corners {
                let first = places.len();
                places.extend_from_slice(&place.t);
                places[first + i] += a * steps[i];
                places[first + j] += b * steps[j];
            }
        }
        let heights = if pairs.is_empty() { Vec::new() } else { self.heights(&places) };
        let mut bends = vec![0.0; n * n];
        (0..n).for_each(|k| bends[k * n + k] = -slopes.bend[k]);
        for (&(i, j), corner) in pairs.iter().zip(heights.chunks_exact(4)) {
            // ∂²/∂a∂b = (f(h, k) - f(h, -k) - f(-h, k) + f(-h, -k)) / 4hk
            let bend = -(corner[0] - corner[1] - corner[2] + corner[3]) / (4.0 * steps[i] * steps[j]);
            (bends[i * n + j], bends[j * n + i]) = (bend, bend);
        }
        bends
    }

    fn differences(&mut self, place: &Position, steps: &[f64]) -> Slopes {
        let n = steps.len();
        let mut places = Vec::with_capacity(2 * n * n);
        for (k, &step) in steps.iter().enumerate() {
            for step in [step, -step] {
                places.extend_from_slice(&place.t);
                let last = places.len() - n + k;
                places[last] += step;
            }
        }
        let heights = self.heights(&places);
        let mut slope = vec![0.0; n];
        let mut bend = vec![0.0; n];
        for (k, (pair, &step)) in heights.chunks_exact(2).zip(steps).enumerate() {
            let up = pair[0] - place.height;
            let down = pair[1] - place.height;
            (slope[k], bend[k]) = match (up.is_finite(), down.is_finite()) {
                (true, true) => (0.5 * (up - down) / step, (up + down) / (step * step)),
                (true, false) => (up / step, 0.0),
                (false, true) => (-down / step, 0.0),
                (false, false) => (0.0, 0.0),
            };
        }
        Slopes { slope, bend }
    }

    /// Whether the steps of differences were good, and better ones.
    fn better_steps(&self, place: &Position, steps: &[f64], slopes: &Slopes) -> (bool, Vec<f64>) {
        let rounding = ABOVE_ROUNDING * place.height.abs();
        let mut all_good = true;
        let better = steps.iter().enumerate().map(|(k, &step)| {
            // On a steep slope a larger bend does no harm.
            let scale = (slopes.slope[k] * step).abs().max(1.0);
            let [least, aim, most] = [BOUNDS[0], AIM, BOUNDS[1]].map(|bound| (bound * scale).max(rounding));
            let found = (slopes.bend[k] * step * step).abs();
            let too_long = found > most.max(aim * 100.0);
            let too_short = found < least && step < LARGEST;
            all_good &= !too_long && !too_short;
            if too_long || too_short {
                (step * (aim / found.max(1e-300)).sqrt().clamp(1e-3, 10.0)).clamp(1e-12, LARGEST)
            } else {
                step
            }
        });
        let better = better.collect();
        (all_good, better)
    }

    /// The ln posterior at places that lie one after another; minus infinity where it is no number.
    fn heights(&mut self, places: &[f64]) -> Vec<f64> {
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

/// An estimate of the inverse of the curvature, without its sign.
pub(super) struct Inverse {
    n: usize,
    matrix: Vec<f64>,
    /// Whether it knows nothing but second derivatives along the coordinates.
    is_fresh: bool,
}

impl Inverse {
    fn diagonal(bend: &[f64]) -> Self {
        let n = bend.len();
        let mut matrix = vec![0.0; n * n];
        for (k, bend) in bend.iter().enumerate() {
            matrix[k * n + k] = 1.0 / bend.abs().max(1.0 / (TAU * TAU));
        }
        Inverse { n, matrix, is_fresh: true }
    }

    /// The square of a lower triangle.
    pub(super) fn of_root(root: &[f64], n: usize) -> Self {
        let element = |place: usize| (0..n).map(|k| root[place / n * n + k] * root[place % n * n + k]).sum();
        Inverse { n, matrix: (0..n * n).map(element).collect(), is_fresh: false }
    }

    fn times(&self, vector: &[f64]) -> Vec<f64> {
        self.matrix.chunks_exact(self.n).map(|row| dot(row, vector)).collect()
    }

    /// Learns from a step and from how much the slope fell along it (Nocedal & Wright 2006, equation 6.17).
    fn learn(&mut self, step: &[f64], fall: &[f64]) {
        let product = dot(step, fall);
        let size = (dot(step, step) * dot(fall, fall)).sqrt();
        if product.is_nan() || product <= 1e-12 * size {
            return;
        }
        // H⁻¹ += (1 + y·H⁻¹y/(y·s)) s sᵀ/(y·s) - (H⁻¹y sᵀ + s (H⁻¹y)ᵀ)/(y·s), s the step and y the fall of the slope
        let moved = self.times(fall);
        let factor = (1.0 + dot(fall, &moved) / product) / product;
        for i in 0..self.n {
            for j in 0..self.n {
                self.matrix[i * self.n + j] +=
                    factor * step[i] * step[j] - (moved[i] * step[j] + step[i] * moved[j]) / product;
            }
        }
        self.is_fresh = false;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
