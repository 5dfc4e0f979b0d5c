//! Velocities: the star's in time and folded with each period, the companions' in time.

use super::samples::Samples;
use super::{by_instrument, measured, span, time_axis};
use crate::Result;
use crate::orbit::posterior::summary::six_digits;
use crate::orbit::{Observation, Quantity};
use crate::plot::fit::{Fitted, Line, Points, phase};
use crate::plot::picture::{Named, Picture};

/// Dots of a folded curve.
const DOTS: usize = 300;

/// The pictures of all velocities; none if there are none.
pub(super) fn figures(samples: &Samples) -> Result<Vec<Named>> {
    let companions = samples.fit.orbit().companions;
    let mut figures = Vec::new();
    for object in 0..=companions {
        let is_one = |row: &Observation| row.object == object && row.quantity == Quantity::Velocity;
        let rows = measured(&samples.fit, is_one);
        if rows.is_empty() {
            continue;
        }
        let expected = samples.fit.expected(&samples.best)?;
        let residuals = rows.iter().map(|(place, row)| row.values[0] - expected[*place][0]).collect();
        let of = Velocities { samples, object, rows, residuals };
        figures.push(named(&format!("velocity_{object}"), &format!("Velocity of {}", name(object)), of.in_time()?));
        for companion in if object == 0 { 1..companions + 1 } else { 0..0 } {
            let title = format!("Velocity of the star by companion {companion}");
            figures.push(named(&format!("phase_{companion}"), &title, of.folded(companion)?));
        }
    }
    Ok(figures)
}

fn named(stem: &str, title: &str, figure: Fitted) -> Named {
    Named { stem: stem.to_owned(), title: title.to_owned(), picture: Picture::Fitted(figure) }
}

fn name(object: usize) -> String {
    if object == 0 { "the star".to_owned() } else { format!("companion {object}") }
}

/// The epochs of a point's curve.
type Epochs<'a> = dyn Fn(&[f64]) -> Result<Vec<f64>> + 'a;
/// The velocities of a point at epochs.
type Drawn<'a> = dyn Fn(&[f64], &[f64]) -> Result<Vec<f64>> + 'a;

/// The velocities of an object.
struct Velocities<'a> {
    samples: &'a Samples,
    object: usize,
    rows: Vec<(usize, &'a Observation)>,
    /// What they are less the best orbits'.
    residuals: Vec<f64>,
}

impl Velocities<'_> {
    fn in_time(&self) -> Result<Fitted> {
        let fit = &self.samples.fit;
        let window = self.samples.window(&measured(fit, |row| row.object == self.object));
        let (time, [time_label, time_unit]) = time_axis(window);
        let drawn = |point: &[f64], epochs: &[f64]| {
            let mut velocities = fit.velocities(point, self.object, epochs)?;
            if self.object == 0 {
                velocities.iter_mut().zip(fit.trend(point, epochs)).for_each(|(velocity, trend)| *velocity += trend);
            }
            Ok(velocities)
        };
        let dots = self.samples.epochs(&self.samples.best, window).len();
        let curves = self.curves(dots, &|point| Ok(self.samples.epochs(point, window)), &drawn, &time)?;
        Ok(Fitted {
            title: self.samples.caption(&name(self.object), &curves),
            labels: [time_label.to_owned(), "radial velocity".to_owned()],
            units: [time_unit.to_owned(), fit.observations().unit.name().to_owned()],
            across: Some(window.map(time)),
            curves,
            points: self.points(time, |k| self.rows[k].1.values[0] - self.instrument(k)[0]),
            residuals: self.points(time, |k| self.residuals[k]),
        })
    }

    /// The star's velocity by one companion, over one of its turns in the middle of the measurements.
    fn folded(&self, companion: usize) -> Result<Fitted> {
        let fit = &self.samples.fit;
        let best = &self.samples.best;
        let period = fit.orbital_period(best, companion);
        let [first, last] = span(&self.rows);
        let start = fit.conjunction(best, companion, 0.5 * (first + last))?;
        let epochs = |point: &[f64]| {
            let own = fit.orbital_period(point, companion);
            let inside = |date: f64| start + (date - start).rem_euclid(own);
            let turn = fit.turn(point, companion, start, DOTS)?.into_iter().map(inside);
            let even = (0..DOTS).map(|k| start + period * k as f64 / (DOTS - 1) as f64);
            // A sample's turn may be shorter than the one that is shown.
            let dense = turn.flat_map(|date| [date, date + own]).filter(|date| *date <= start + period);
            let mut epochs: Vec<f64> = dense.chain(even).collect();
            epochs.sort_by(f64::total_cmp);
            Ok(epochs)
        };
        let drawn = |point: &[f64], epochs: &[f64]| fit.velocities_by(point, companion, epochs);
        let curves = self.curves(2 * DOTS, &epochs, &drawn, &|epoch| (epoch - start) / period)?;
        let measured: Vec<f64> = self.rows.iter().map(|(_, row)| row.epoch).collect();
        let alone = fit.velocities_by(best, companion, &measured)?;
        let folded = |epoch: f64| phase(epoch, start, period);
        Ok(Fitted {
            title: self.samples.caption(&format!("companion {companion}, period {} d", six_digits(period)), &curves),
            labels: ["phase from conjunction".to_owned(), "radial velocity".to_owned()],
            units: [String::new(), fit.observations().unit.name().to_owned()],
            across: Some([0.0, 1.0]),
            curves,
            points: self.points(folded, |k| alone[k] + self.residuals[k]),
            residuals: self.points(folded, |k| self.residuals[k]),
        })
    }

    /// The curves of what is `drawn` at a point's epochs. Measurements are shown less all else that the best point predicts, offsets of
    /// instruments above all; a sample has offsets of its own, so its curve is shifted by what it predicts beside and the best does not, in the
    /// mean over the measurements.
    fn curves(&self, dots: usize, epochs: &Epochs, drawn: &Drawn, across: &dyn Fn(f64) -> f64) -> Result<Vec<Line>> {
        let middle = self.beside(&self.samples.best, drawn)?;
        let curve = |point: &[f64]| {
            let epochs = epochs(point)?;
            let shift = self.beside(point, drawn)? - middle;
            let velocities = drawn(point, &epochs)?;
            Ok(epochs.iter().zip(velocities).map(|(&epoch, velocity)| [across(epoch), velocity + shift]).collect())
        };
        self.samples.curves(dots, curve)
    }

    /// What a point predicts for the measurements beside what is `drawn`: the mean, weighted by their errors.
    fn beside(&self, point: &[f64], drawn: &Drawn) -> Result<f64> {
        let expected = self.samples.fit.expected(point)?;
        let epochs: Vec<f64> = self.rows.iter().map(|(_, row)| row.epoch).collect();
        let mut sums = [0.0; 2];
        for ((place, row), drawn) in self.rows.iter().zip(drawn(point, &epochs)?) {
            let weight = row.errors[0].powi(-2);
            sums[0] += weight * (expected[*place][0] - drawn);
            sums[1] += weight;
        }
        Ok(sums[0] / sums[1])
    }

    /// Points of all measurements, with their errors and the best jitter in quadrature.
    fn points(&self, across: impl Fn(f64) -> f64, up: impl Fn(usize) -> f64) -> Vec<Points> {
        by_instrument(&self.rows, |k, row| {
            [[across(row.epoch), up(k)], [0.0, row.errors[0].hypot(self.instrument(k)[1])]]
        })
    }

    /// Offset and jitter of a measurement's instrument.
    fn instrument(&self, k: usize) -> [f64; 2] {
        self.samples.fit.instrument(&self.samples.best, &self.rows[k].1.instrument)
    }
}
