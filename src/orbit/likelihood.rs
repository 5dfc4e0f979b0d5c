//! The likelihood of all measurements at a point, eight epochs at once.
//!
//! Measurements are sorted into groups of one quantity, object and instrument, each in columns filled up to whole blocks of eight epochs with
//! epochs that weigh nothing. A block's part of chi^2 goes into eight sums, one a place; their sum comes at the end, in a fixed order, so
//! the result is the same bits at every level and for any number of points at once. Errors are normal, as orbitize's and radvel's.

use std::f64::consts::{PI, TAU};

use super::model::Orbits;
use super::observations::{Observation, Quantity};
use super::parameters::Parameters;
use crate::simd::functions::{atan2, ln};
use crate::simd::{Double, Lane, Simd};

/// Epochs in a block.
pub(super) const BLOCK: usize = 8;

/// Measurements of one quantity of one object by one instrument.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// What was measured.
    pub quantity: Quantity,
    /// Of what.
    pub object: usize,
    /// Which of the instruments that have parameters.
    pub instrument: Option<usize>,
    /// Days since the reference epoch; a multiple of [`BLOCK`] of them.
    pub times: Vec<f64>,
    /// Columns as long as `times`: of velocities the value and 1 / sigma^2; of two values as in [`Pair`].
    columns: Vec<Vec<f64>>,
    /// The rows of the observations that stand here, in order.
    pub rows: Vec<usize>,
    /// What of ln L depends on errors alone.
    pub constant: f64,
}

/// The columns of two values: of offsets east and north; of separation and position angle the separation, and sine and cosine of the
/// angle. Then the weights of chi^2 = a r^2 + b s^2 + 2 c r s, with residuals in mas and radians.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub values: [f64; 3],
    pub weights: [f64; 3],
}

impl Pair {
    /// The columns of a row that has two values.
    pub(super) fn new(row: &Observation) -> Self {
        let degrees = if row.quantity == Quantity::SepPa { PI / 180.0 } else { 1.0 };
        let sigma = row.errors[0];
        let other = row.errors[1] * degrees;
        let correlation = row.correlation.unwrap_or(0.0);
        let free = (1.0 - correlation) * (1.0 + correlation);
        let values = match row.quantity {
            Quantity::SepPa => {
                let (sin, cos) = libm::sincos(row.values[1] * degrees);
                [row.values[0], sin, cos]
            }
            _ => [row.values[0], row.values[1], 0.0],
        };
        let weights =
            [1.0 / (sigma * sigma * free), 1.0 / (other * other * free), -correlation / (sigma * other * free)];
        Pair { values, weights }
    }
}

/// All groups of some observations.
pub(super) fn groups(rows: &[Observation], parameters: &Parameters, reference: f64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let named = parameters.instruments.iter().position(|instrument| instrument.name == row.instrument);
        let instrument = named.filter(|_| row.quantity == Quantity::Velocity);
        let same = |group: &&mut Group| {
            (group.quantity, group.object, group.instrument) == (row.quantity, row.object, instrument)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.add(number, row, reference),
            None => {
                let mut group = Group::of(row.quantity, row.object, instrument);
                group.add(number, row, reference);
                groups.push(group);
            }
        }
    }
    groups.iter_mut().for_each(Group::fill_up);
    groups
}

impl Group {
    fn of(quantity: Quantity, object: usize, instrument: Option<usize>) -> Self {
        let columns = vec![Vec::new(); if quantity == Quantity::Velocity { 2 } else { 6 }];
        Group { quantity, object, instrument, times: Vec::new(), columns, rows: Vec::new(), constant: 0.0 }
    }

    /// Epochs of a quantity without measurements, for predictions.
    pub(super) fn bare(quantity: Quantity, object: usize, times: Vec<f64>) -> Self {
        let mut group = Group::of(quantity, object, None);
        group.columns.clear();
        group.times = times;
        group.fill_up();
        group
    }

    fn add(&mut self, number: usize, row: &Observation, reference: f64) {
        self.rows.push(number);
        self.times.push(row.epoch - reference);
        if self.quantity == Quantity::Velocity {
            let variance = row.errors[0] * row.errors[0];
            self.columns[0].push(row.values[0]);
            self.columns[1].push(1.0 / variance);
            self.constant -= 0.5 * libm::log(TAU * variance);
        } else {
            let Pair { values, weights } = Pair::new(row);
            for (column, value) in self.columns.iter_mut().zip(values.into_iter().chain(weights)) {
                column.push(value);
            }
            let correlation = row.correlation.unwrap_or(0.0);
            let free = (1.0 - correlation) * (1.0 + correlation);
            self.constant -= libm::log(TAU * row.errors[0] * row.errors[1]) + 0.5 * libm::log(free);
        }
    }

    #[inline(always)]
    fn column<L: Double>(&self, simd: L::Simd, column: usize, at: usize) -> L {
        L::load(simd, &self.columns[column][at..])
    }

    /// Fills the last block with its last epoch and zeros.
    fn fill_up(&mut self) {
        let length = self.times.len().next_multiple_of(BLOCK);
        self.times.resize(length, self.times.last().copied().unwrap_or(0.0));
        self.columns.iter_mut().for_each(|column| column.resize(length, 0.0));
    }
}

/// The bodies at a point and how they are followed.
#[derive(Debug)]
pub(super) struct State<'a> {
    /// Their orbits.
    pub orbits: &'a Orbits,
    /// Where they are at all epochs of each group, where it doesn't follow from their orbits: columns of east and north in mas, or of velocities.
    pub tracks: Option<&'a [Vec<Vec<f64>>]>,
}

/// What velocities have beside their orbits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Offset {
    /// Added to all.
    pub constant: f64,
    /// Added to the star's, per day and per day^2 since `base`.
    pub trend: [f64; 2],
    /// Days from the reference epoch to where the trend counts from.
    pub base: f64,
    /// The square of what is added to errors.
    pub jitter2: f64,
}

/// ln L of all groups at a point; `offsets` are those of the groups.
#[inline(always)]
pub(super) fn ln_likelihood<S: Simd>(
    simd: S,
    groups: &[Group],
    state: &State,
    parameters: &Parameters,
    base: f64,
    point: &[f64],
) -> f64 {
    let zero = S::Eight::splat(simd, 0.0);
    let mut chi2 = zero;
    let mut ln_sum = zero;
    let mut constant = 0.0;
    for (place, group) in groups.iter().enumerate() {
        constant += group.constant;
        if group.quantity == Quantity::Velocity {
            let offset = Offset::new(group, parameters, base, point);
            velocities(simd, group, place, state, &offset, &mut chi2, &mut ln_sum);
        } else {
            positions(simd, group, place, state, &mut chi2);
        }
    }
    constant - 0.5 * (sum(chi2) + sum(ln_sum))
}

impl Offset {
    fn new(group: &Group, parameters: &Parameters, base: f64, point: &[f64]) -> Self {
        let mut offset = Offset { base, ..Offset::default() };
        if let Some(instrument) = group.instrument.map(|place| &parameters.instruments[place]) {
            offset.constant = parameters.value(instrument.offset, point);
            let jitter = instrument.jitter.map_or(0.0, |place| parameters.value(place, point));
            offset.jitter2 = jitter * jitter;
        }
        if group.object == 0 {
            for (term, &place) in offset.trend.iter_mut().zip(&parameters.trend) {
                *term = parameters.value(place, point);
            }
        }
        offset
    }

    #[inline(always)]
    fn at<L: Double>(&self, simd: L::Simd, time: L) -> L {
        let since = time - L::splat(simd, self.base);
        // γ + dvdt t + curv t²
        let slope = L::splat(simd, self.trend[1]).mul_add(since, L::splat(simd, self.trend[0]));
        slope.mul_add(since, L::splat(simd, self.constant))
    }
}

/// The sum over places, neighbours first.
fn sum<L: Double>(lanes: L) -> f64 {
    let mut x = [0.0; BLOCK];
    lanes.store(&mut x);
    ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]))
}

/// Blocks whose factors are multiplied before a logarithm is taken; none may be above 1e38, a jitter 1e19 times the error.
const FACTORS: usize = 8;

/// Adds r^2 / (sigma^2 + j^2) and ln(1 + j^2 / sigma^2) of all velocities of a group.
#[inline(always)]
fn velocities<L: Double>(
    simd: L::Simd,
    group: &Group,
    place: usize,
    state: &State,
    offset: &Offset,
    chi2: &mut L,
    ln_sum: &mut L,
) {
    let one = L::splat(simd, 1.0);
    let jitter2 = L::splat(simd, offset.jitter2);
    let mut product = one;
    for at in (0..group.times.len()).step_by(BLOCK) {
        let orbital: L = velocity(simd, group, place, at, state);
        let expected = orbital + offset.at(simd, L::load(simd, &group.times[at..]));
        // χ² += (v - v_model)²/(σ² + j²),  ln(σ² + j²) = ln σ² + ln(1 + j²/σ²)
        let residual = group.column::<L>(simd, 0, at) - expected;
        let weight: L = group.column(simd, 1, at);
        let factor = jitter2.mul_add(weight, one).min(L::splat(simd, 1e38));
        *chi2 = (residual * residual).mul_add(weight / factor, *chi2);
        product = product * factor;
        if at / BLOCK % FACTORS == FACTORS - 1 {
            *ln_sum = *ln_sum + ln(simd, product);
            product = one;
        }
    }
    *ln_sum = *ln_sum + ln(simd, product);
}

/// Adds a r^2 + b s^2 + 2 c r s of all pairs of a group.
#[inline(always)]
fn positions<L: Double>(simd: L::Simd, group: &Group, place: usize, state: &State, chi2: &mut L) {
    for at in (0..group.times.len()).step_by(BLOCK) {
        let offsets = offsets(simd, group, place, at, state);
        let values = [group.column(simd, 0, at), group.column(simd, 1, at), group.column(simd, 2, at)];
        let weights = [group.column(simd, 3, at), group.column(simd, 4, at), group.column(simd, 5, at)];
        let part = pair_chi2(simd, group.quantity, offsets, values, weights);
        *chi2 = *chi2 + part;
    }
}

/// chi^2 of a pair of values, with offsets to the east and north and the columns of [`Pair`].
#[inline(always)]
pub(super) fn pair_chi2<L: Double>(
    simd: L::Simd,
    quantity: Quantity,
    [east, north]: [L; 2],
    values: [L; 3],
    [a, b, c]: [L; 3],
) -> L {
    let [r, s] = match quantity {
        Quantity::SepPa => {
            let [separation, sine, cosine] = values;
            // Turned to the measured angle: along it and across it.
            let along = north.mul_add(cosine, east * sine);
            let across = east.mul_add(cosine, -(north * sine));
            [along.mul_add(along, across * across).sqrt() - separation, atan2(simd, across, along)]
        }
        _ => [east - values[0], north - values[1]],
    };
    // a r² + b s² + 2 c r s
    let mixed = (c + c).mul_add(s, a * r);
    r.mul_add(mixed, s * s * b)
}

/// The velocity of a group's object at the block from `at` on, without offsets.
#[inline(always)]
pub(super) fn velocity<L: Double>(simd: L::Simd, group: &Group, place: usize, at: usize, state: &State) -> L {
    if let Some(tracks) = state.tracks {
        return L::load(simd, &tracks[place][0][at..]);
    }
    let time = L::load(simd, &group.times[at..]);
    let mut total = L::splat(simd, 0.0);
    for (companion, orbit) in state.orbits.all().iter().enumerate() {
        if group.object == 0 {
            total = total + orbit.velocity(simd, time, orbit.star);
        } else if group.object == companion + 1 {
            total = total + orbit.velocity(simd, time, orbit.companion);
        }
    }
    total
}

/// The offsets to the east and north of a group's companion from the star, mas, at the block from `at` on.
#[inline(always)]
pub(super) fn offsets<L: Double>(simd: L::Simd, group: &Group, place: usize, at: usize, state: &State) -> [L; 2] {
    if let Some(tracks) = state.tracks {
        return [L::load(simd, &tracks[place][0][at..]), L::load(simd, &tracks[place][1][at..])];
    }
    let time = L::load(simd, &group.times[at..]);
    let zero = L::splat(simd, 0.0);
    let mut east = zero;
    let mut north = zero;
    for (companion, orbit) in state.orbits.all().iter().enumerate() {
        let share = state.orbits.share(group.object - 1, companion);
        if share != 0.0 {
            let [x, y] = orbit.ellipse(simd, time);
            let scale = L::splat(simd, share * state.orbits.parallax);
            // α = Σ_c (share of c) π (B X + G Y),  δ = Σ_c (share of c) π (A X + F Y)
            let x = scale * x;
            let y = scale * y;
            east = L::splat(simd, orbit.east[0]).mul_add(x, L::splat(simd, orbit.east[1]).mul_add(y, east));
            north = L::splat(simd, orbit.north[0]).mul_add(x, L::splat(simd, orbit.north[1]).mul_add(y, north));
        }
    }
    [east, north]
}
