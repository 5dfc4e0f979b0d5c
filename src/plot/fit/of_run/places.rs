//! Where a companion was seen: its orbits on the sky, separation and position angle in time.

use super::samples::{Samples, lines};
use super::{by_instrument, measured, span, time_axis};
use crate::Result;
use crate::orbit::{Observation, Quantity};
use crate::plot::fit::{Fitted, Line, Points, Sky};
use crate::plot::picture::{Named, Picture};

/// Dots of an orbit.
const DOTS: usize = 300;
/// How far curves in time go on after the last measurement, days: ten years, but no more than a turn.
const AHEAD: f64 = 3652.5;
/// How many times farther than half of the orbits others are still shown on the sky.
const FAR: f64 = 1.7;

/// The pictures of a companion; none if it was not seen.
pub(super) fn figures(samples: &Samples, companion: usize) -> Result<Vec<Named>> {
    let is_one = |row: &Observation| row.object == companion && row.quantity != Quantity::Velocity;
    let rows = measured(&samples.fit, is_one);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let of = Places { samples, companion, rows };
    let [separation, angle] = of.in_time()?;
    let named = |stem: &str, title: &str, picture: Picture| Named {
        stem: format!("{stem}_{companion}"),
        title: format!("{title} of companion {companion}"),
        picture,
    };
    Ok(vec![
        named("sky", "Orbit", Picture::Sky(of.sky()?)),
        named("separation", "Separation", Picture::Fitted(separation)),
        named("position_angle", "Position angle", Picture::Fitted(angle)),
    ])
}

/// A companion with what was measured of its place.
struct Places<'a> {
    samples: &'a Samples,
    companion: usize,
    rows: Vec<(usize, &'a Observation)>,
}

impl Places<'_> {
    fn sky(&self) -> Result<Sky> {
        let fit = &self.samples.fit;
        let turn = |point: &[f64]| {
            let epochs = fit.turn(point, self.companion, self.rows[0].1.epoch, DOTS)?;
            fit.positions(point, self.companion, &epochs)
        };
        let orbits = self.samples.curves(DOTS, turn)?;
        let points = by_instrument(&self.rows, |_, row| {
            let row = row.in_offsets();
            [row.values, row.errors]
        });
        let title = self.samples.caption(&format!("companion {}", self.companion), &orbits);
        Ok(Sky { title, unit: "mas".to_owned(), within: Some(reach(&orbits)), orbits, points })
    }

    /// Separation and position angle in time.
    fn in_time(&self) -> Result<[Fitted; 2]> {
        let window = self.window();
        let dots = self.samples.epochs(&self.samples.best, window).len();
        let mut tracks = self.samples.each(dots, |point| self.track(point, window))?;
        align(&mut tracks);
        let angles = tracks.last().map_or(Vec::new(), |best| best.seen().collect());
        let (time, [time_label, time_unit]) = time_axis(window);
        let [points, residuals] = self.points(&angles, time)?;
        let figure = |which: usize, label: &str, unit: &str| {
            let dots = |track: &Track| {
                let places = track.epochs.iter().zip(&track.polar);
                places.map(|(&epoch, place)| [time(epoch), place[which]]).collect()
            };
            let curves = lines(tracks.iter().map(dots).collect());
            Fitted {
                title: self.samples.caption(&format!("companion {}", self.companion), &curves),
                labels: [time_label.to_owned(), label.to_owned()],
                units: [time_unit.to_owned(), unit.to_owned()],
                across: Some(window.map(time)),
                curves,
                points: points[which].clone(),
                residuals: residuals[which].clone(),
            }
        };
        Ok([figure(0, "separation", "mas"), figure(1, "position angle", "deg")])
    }

    /// The first and the last epoch of curves in time: people plan with them, so they go on after the measurements.
    fn window(&self) -> [f64; 2] {
        let [first, last] = self.samples.window(&self.rows);
        let ahead = AHEAD.min(self.samples.fit.orbital_period(&self.samples.best, self.companion));
        [first, last.max(span(&self.rows)[1] + ahead)]
    }

    /// Separation and position angle of a sample, the angle without jumps.
    fn track(&self, point: &[f64], window: [f64; 2]) -> Result<Track> {
        let measured = self.rows.iter().map(|(_, row)| row.epoch);
        let mut epochs: Vec<f64> = self.samples.epochs(point, window).into_iter().chain(measured.clone()).collect();
        epochs.sort_by(f64::total_cmp);
        epochs.dedup();
        let seen = measured.map(|epoch| epochs.partition_point(|other| *other < epoch)).collect();
        let offsets = self.samples.fit.positions(point, self.companion, &epochs)?;
        let mut before = 0.0;
        let polar = |[east, north]: [f64; 2]| {
            let angle = east.atan2(north).to_degrees();
            before = near(angle, before);
            [east.hypot(north), before]
        };
        Ok(Track { epochs, polar: offsets.into_iter().map(polar).collect(), seen })
    }

    /// The measured separations and position angles, and what they are less the best orbit's, which has `angles` there.
    fn points(&self, angles: &[f64], time: fn(f64) -> f64) -> Result<[[Vec<Points>; 2]; 2]> {
        let expected = self.samples.fit.expected(&self.samples.best)?;
        let seen: Vec<Seen> =
            self.rows.iter().zip(angles).map(|((place, row), &angle)| Seen::of(row, expected[*place], angle)).collect();
        let points = |which: usize, of: &dyn Fn(&Seen) -> [f64; 2]| {
            by_instrument(&self.rows, |k, row| [[time(row.epoch), of(&seen[k])[which]], [0.0, seen[k].errors[which]]])
        };
        let values = [0, 1].map(|which| points(which, &|seen| seen.values));
        Ok([values, [0, 1].map(|which| points(which, &|seen| seen.residuals))])
    }
}

/// A sample's separation and position angle in time.
struct Track {
    epochs: Vec<f64>,
    polar: Vec<[f64; 2]>,
    /// Which of the epochs are those of the measurements.
    seen: Vec<usize>,
}

impl Track {
    /// The position angles at the measurements.
    fn seen(&self) -> impl Iterator<Item = f64> {
        self.seen.iter().map(|&at| self.polar[at][1])
    }

    fn mean(&self) -> f64 {
        self.seen().sum::<f64>() / self.seen.len() as f64
    }

    fn turn(&mut self, angle: f64) {
        self.polar.iter_mut().for_each(|place| place[1] += angle);
    }
}

/// A measured place as separation and position angle.
struct Seen {
    values: [f64; 2],
    errors: [f64; 2],
    residuals: [f64; 2],
}

impl Seen {
    /// Of a row, of which `expected` is predicted in its own quantity, at about `angle` degrees.
    fn of(row: &Observation, expected: [f64; 2], angle: f64) -> Self {
        let [predicted, measured] =
            [Observation { values: expected, ..row.clone() }, row.clone()].map(|row| row.in_polar());
        let turned = near(measured.values[1], predicted.values[1]);
        let residuals = [measured.values[0] - predicted.values[0], turned - predicted.values[1]];
        let values = [measured.values[0], near(predicted.values[1], angle) + residuals[1]];
        Seen { values, errors: measured.errors, residuals }
    }
}

/// An angle plus as many turns as bring it next to another; degrees.
fn near(angle: f64, other: f64) -> f64 {
    angle + 360.0 * ((other - angle) / 360.0).round()
}

/// Turns tracks as a whole so that the last one is between 0 and 360 degrees at the first measurement, and the others next to it at all of
/// them.
fn align(tracks: &mut [Track]) {
    let Some((best, others)) = tracks.split_last_mut() else { return };
    let first = best.seen().next().unwrap_or(0.0);
    best.turn(first.rem_euclid(360.0) - first);
    let middle = best.mean();
    for other in others {
        let own = other.mean();
        other.turn(near(own, middle) - own);
    }
}

/// The offset up to which orbits are shown: the farthest one's, but for those much farther than most and than the last one, the best.
fn reach(orbits: &[Line]) -> f64 {
    let farthest = |orbit: &Line| orbit.points.iter().flatten().fold(0.0, |a: f64, b| a.max(b.abs()));
    let mut sorted: Vec<f64> = orbits.iter().map(farthest).collect();
    let best = sorted.last().copied().unwrap_or(0.0);
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let last = sorted[sorted.len() - 1];
    last.min(FAR * middle).max(best)
}
