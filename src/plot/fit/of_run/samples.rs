//! The samples that are drawn, and their curves.

use crate::orbit::{Fit, Observation};
use crate::output::Posterior;
use crate::plot::fit::Line;
use crate::{Error, Result};

/// The most samples, and the most dots of all of them together: more would not be seen and make large files.
const MOST: usize = 100;
const DOTS: usize = 60_000;
/// Dots of a curve in time for each turn of the fastest companion; the fewest and the most of a curve.
const PER_TURN: f64 = 24.0;
const FEWEST: usize = 400;
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
    pub fn of(fit: Fit, posterior: &Posterior) -> Result<Self> {
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

    /// A curve for each sample as `points` makes them, pale, and the best one's after them. Those of `dots` dots each are fewer, if they have
    /// many; samples that can't be followed are left out.
    ///
    /// # Errors
    /// When the best one can't be followed.
    pub fn curves(&self, dots: usize, points: impl Fn(&[f64]) -> Result<Vec<[f64; 2]>>) -> Result<Vec<Line>> {
        let fewer = self.others.len().div_ceil((DOTS / dots).max(1)).max(1);
        let pale = self.others.iter().step_by(fewer).filter_map(|sample| points(sample).ok());
        let mut lines: Vec<Line> = pale.map(|points| Line { points, pale: true }).collect();
        lines.push(Line { points: points(&self.best)?, pale: false });
        Ok(lines)
    }

    /// What is drawn, in words.
    pub fn caption(&self, what: &str, lines: &[Line]) -> String {
        match lines.iter().filter(|line| line.pale).count() {
            0 => format!("{what}: the best fit"),
            pale => format!("{what}: the best fit and {pale} of {} samples", self.rows),
        }
    }

    /// The epochs of a curve over these measurements, modified Julian dates, the first and the last with room around the measurements.
    pub fn epochs(&self, rows: &[(usize, &Observation)]) -> Vec<f64> {
        let epochs = rows.iter().map(|(_, row)| row.epoch);
        let [first, last] =
            epochs.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], epoch| [a.min(epoch), b.max(epoch)]);
        let periods = (1..=self.fit.orbit().companions).map(|companion| self.fit.orbital_period(&self.best, companion));
        let fastest = periods.fold(f64::INFINITY, f64::min);
        let room = if last > first { AROUND * (last - first) } else { TURN * fastest };
        let span = last - first + 2.0 * room;
        let count = ((PER_TURN * span / fastest) as usize).clamp(FEWEST, LARGEST);
        (0..count).map(|k| first - room + span * k as f64 / (count - 1) as f64).collect()
    }
}

/// Rows at equal distances of the weight.
fn evenly(posterior: &Posterior, count: usize) -> Vec<usize> {
    let mut total = 0.0;
    let sums: Vec<f64> = (0..posterior.len())
        .map(|row| {
            total += posterior.weight(row);
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
