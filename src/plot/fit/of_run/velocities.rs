//! Velocities: the star's in time and folded with each period, the companions' in time.

use super::samples::Samples;
use super::{by_instrument, measured, time_axis};
use crate::Result;
use crate::orbit::{Observation, Quantity};
use crate::plot::figures::{Named, Picture};
use crate::plot::fit::{Fitted, Points, phase};

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
        let epochs = self.samples.epochs(&measured(fit, |row| row.object == self.object));
        let (time, time_label) = time_axis(&epochs);
        let curve = |point: &[f64]| {
            let mut velocities = fit.velocities(point, self.object, &epochs)?;
            if self.object == 0 {
                velocities.iter_mut().zip(fit.trend(point, &epochs)).for_each(|(velocity, trend)| *velocity += trend);
            }
            Ok(epochs.iter().zip(velocities).map(|(&epoch, velocity)| [time(epoch), velocity]).collect())
        };
        let curves = self.samples.curves(epochs.len(), curve)?;
        Ok(Fitted {
            title: self.samples.caption(&name(self.object), &curves),
            labels: [time_label.to_owned(), "radial velocity".to_owned()],
            units: [String::new(), fit.observations().unit.name().to_owned()],
            across: Some([time(epochs[0]), time(epochs[epochs.len() - 1])]),
            curves,
            points: self.points(time, |k| self.rows[k].1.values[0] - self.instrument(k)[0]),
            residuals: self.points(time, |k| self.residuals[k]),
        })
    }

    /// The star's velocity by one companion, over one of its turns in the middle of the measurements.
    fn folded(&self, companion: usize) -> Result<Fitted> {
        let (fit, best) = (&self.samples.fit, &self.samples.best);
        let period = fit.orbital_period(best, companion);
        let epochs = self.rows.iter().map(|(_, row)| row.epoch);
        let [first, last] =
            epochs.fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], epoch| [a.min(epoch), b.max(epoch)]);
        let start = fit.conjunction(best, companion, 0.5 * (first + last))?;
        let phases: Vec<f64> = (0..DOTS).map(|k| k as f64 / (DOTS - 1) as f64).collect();
        let epochs: Vec<f64> = phases.iter().map(|phase| start + phase * period).collect();
        let curve = |point: &[f64]| {
            let velocities = fit.velocities_by(point, companion, &epochs)?;
            Ok(phases.iter().zip(velocities).map(|(&phase, velocity)| [phase, velocity]).collect())
        };
        let curves = self.samples.curves(DOTS, curve)?;
        let epochs: Vec<f64> = self.rows.iter().map(|(_, row)| row.epoch).collect();
        let alone = fit.velocities_by(best, companion, &epochs)?;
        let folded = |epoch: f64| phase(epoch, start, period);
        Ok(Fitted {
            title: self.samples.caption(&format!("companion {companion}, period {} d", digits(period)), &curves),
            labels: ["phase from conjunction".to_owned(), "radial velocity".to_owned()],
            units: [String::new(), fit.observations().unit.name().to_owned()],
            across: Some([0.0, 1.0]),
            curves,
            points: self.points(folded, |k| alone[k] + self.residuals[k]),
            residuals: self.points(folded, |k| self.residuals[k]),
        })
    }

    /// Points of all measurements, with their errors and the best jitter in quadrature.
    fn points(&self, across: impl Fn(f64) -> f64, up: impl Fn(usize) -> f64) -> Vec<Points> {
        let numbered: Vec<(usize, &Observation)> =
            self.rows.iter().enumerate().map(|(k, (_, row))| (k, *row)).collect();
        by_instrument(&numbered, |k, row| {
            [[across(row.epoch), up(k)], [0.0, row.errors[0].hypot(self.instrument(k)[1])]]
        })
    }

    /// Offset and jitter of a measurement's instrument.
    fn instrument(&self, k: usize) -> [f64; 2] {
        self.samples.fit.instrument(&self.samples.best, &self.rows[k].1.instrument)
    }
}

/// A number with six digits.
fn digits(number: f64) -> String {
    let whole = number.abs().max(1e-9).log10().floor() as i32;
    format!("{number:.*}", (5 - whole).clamp(0, 9) as usize)
}
