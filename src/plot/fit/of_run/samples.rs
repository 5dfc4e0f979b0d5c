//! The samples that are drawn, and their curves.

use super::span;
use crate::orbit::posterior::Posterior;
use crate::orbit::{Fit, Observation};
use crate::plot::fit::Line;
use crate::{Error, Result};

/// The most samples, and the most dots of all of them together: more would not be seen and make large files.
const MOST: usize = 100;
const DOTS: usize = 60_000;
/// Dots of a curve in time: at equal times, for each turn of a companion at equal true anomalies, and the most of the latter.
const EVENLY: usize = 400;
const PER_TURN: usize = 36;
const LARGEST: usize = 24_000;
/// How far curves go on before and after the measurements, as a share of their span; a share of a turn where there is one epoch.
const AROUND: f64 = 0.08;
const TURN: f64 = 0.05;

/// A fit with points of its posterior.
pub(super) struct Samples {
    pub fit: Fit,
    /// The point of the highest density.
    pub best: Vec<f64>,
    /// Others, spread evenly over the weight; none where there is one row alone.
    pub others: Vec<Vec<f64>>,
    /// How many rows there are.
    pub rows: usize,
}

impl Samples {
    /// Those of a posterior.
    ///
    /// # Errors
    /// One without rows, or without a parameter of the fit.
    pub(super) fn of(fit: Fit, posterior: &Posterior) -> Result<Self> {
        let place = |name: &String| {
            let missing =
                || Error::input("posterior", format!("has no parameter `{name}`, which config.toml asks for"));
            posterior.place(name).ok_or_else(missing)
        };
        let places = fit.names().iter().map(place).collect::<Result<Vec<usize>>>()?;
        let point = |row: usize| places.iter().map(|&place| posterior.row(row)[place]).collect::<Vec<f64>>();
        let best = posterior.best().ok_or_else(|| Error::input("posterior", "has no rows"))?;
        let count = if posterior.len() > 1 { posterior.len().min(MOST) } else { 0 };
        let others = evenly(posterior, count).into_iter().map(point).collect();
        Ok(Samples { best: point(best), others, rows: posterior.len(), fit })
    }

    /// What `of` makes of each sample, and of the best one after them. Of curves of `dots` dots each there are fewer, if they have many; samples
    /// that can't be followed are left out.
    ///
    /// # Errors
    /// When the best one can't be followed.
    pub(super) fn each<T>(&self, dots: usize, of: impl Fn(&[f64]) -> Result<T>) -> Result<Vec<T>> {
        let fewer = self.others.len().div_ceil((DOTS / dots).max(1)).max(1);
        let mut found: Vec<T> = self.others.iter().step_by(fewer).filter_map(|sample| of(sample).ok()).collect();
        found.push(of(&self.best)?);
        Ok(found)
    }

    /// A curve for each sample as `points` makes them, pale, and the best one's after them; as [`each`](Samples::each).
    pub(super) fn curves(&self, dots: usize, points: impl Fn(&[f64]) -> Result<Vec<[f64; 2]>>) -> Result<Vec<Line>> {
        Ok(lines(self.each(dots, points)?))
    }

    /// What is drawn, in words.
    pub(super) fn caption(&self, what: &str, lines: &[Line]) -> String {
        match lines.iter().filter(|line| line.pale).count() {
            0 => format!("{what}: the best fit"),
            pale => format!("{what}: the best fit and {pale} of {} samples", self.rows),
        }
    }

    /// The first and the last epoch of curves over these measurements, with room around them: modified Julian dates.
    pub(super) fn window(&self, rows: &[(usize, &Observation)]) -> [f64; 2] {
        let [first, last] = span(rows);
        let companions = 1..=self.fit.orbit().companions;
        let periods = companions.map(|companion| self.fit.orbital_period(&self.best, companion));
        let room = if last > first { AROUND * (last - first) } else { TURN * periods.fold(f64::INFINITY, f64::min) };
        [first - room, last + room]
    }

    /// The epochs of a point's curve in a window, in order: at equal times and at equal true anomalies, so that it turns smoothly where companions
    /// are fast.
    pub(super) fn epochs(&self, point: &[f64], [first, last]: [f64; 2]) -> Vec<f64> {
        let even = (0..EVENLY).map(|k| first + (last - first) * k as f64 / (EVENLY - 1) as f64);
        let mut epochs: Vec<f64> = self.fit.passages(point, [first, last], PER_TURN, LARGEST);
        epochs.extend(even);
        epochs.sort_by(f64::total_cmp);
        epochs.dedup();
        epochs
    }
}

/// Curves of samples, pale but for the last, the best one's.
pub(super) fn lines(mut curves: Vec<Vec<[f64; 2]>>) -> Vec<Line> {
    let best = curves.pop().map(|points| Line { points, pale: false });
    curves.into_iter().map(|points| Line { points, pale: true }).chain(best).collect()
}

/// Rows at equal distances of the weight.
fn evenly(posterior: &Posterior, count: usize) -> Vec<usize> {
    let mut total = 0.0;
    let sums: Vec<f64> = posterior
        .shares()
        .into_iter()
        .map(|share| {
            total += share;
            total
        })
        .collect();
    let row = |k: usize| {
        let below = total * (k as f64 + 0.5) / count as f64;
        sums.partition_point(|sum| *sum <= below).min(posterior.len() - 1)
    };
    (0..count).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_spread_over_their_weight() {
        let mut posterior = Posterior { ln_likelihood: vec![0.0; 1000], ..Posterior::default() };
        assert_eq!(evenly(&posterior, 4), [125, 375, 625, 875]);
        assert_eq!(evenly(&posterior, 1000), (0..1000).collect::<Vec<_>>());
        posterior.weights = (0..1000).map(|row| if row == 7 || row >= 998 { 1.0 } else { 0.0 }).collect();
        assert_eq!(evenly(&posterior, 6), [7, 7, 998, 998, 999, 999]);
    }
}
