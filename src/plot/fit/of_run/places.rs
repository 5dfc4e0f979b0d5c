//! Where a companion was seen: its orbits on the sky, separation and position angle in time.

use super::samples::Samples;
use super::{by_instrument, measured, time_axis};
use crate::Result;
use crate::orbit::{Observation, Quantity};
use crate::plot::figures::{Named, Picture};
use crate::plot::fit::{Fitted, Line, Points, Sky};

/// Dots of an orbit.
const DOTS: usize = 300;
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
        let epochs = self.samples.epochs(&self.rows);
        let mut tracks = self.samples.curves(epochs.len(), |point| self.track(point, &epochs))?;
        let seen: Vec<usize> = self.rows.iter().map(|(_, row)| nearest(&epochs, row.epoch)).collect();
        align(&mut tracks, &seen);
        let best = tracks.last().map_or(&[][..], |track| &track.points);
        let angles: Vec<f64> = seen.iter().map(|&at| best[at][1]).collect();
        let (time, time_label) = time_axis(&epochs);
        let [points, residuals] = self.points(&angles, time)?;
        let [first, last] = [epochs[0], epochs[epochs.len() - 1]].map(time);
        let figure = |which: usize, label: &str, unit: &str| {
            let dots = |track: &Line| {
                track.points.iter().zip(&epochs).map(|(dot, &epoch)| [time(epoch), dot[which]]).collect()
            };
            let curves: Vec<Line> = tracks.iter().map(|track| Line { points: dots(track), pale: track.pale }).collect();
            Fitted {
                title: self.samples.caption(&format!("companion {}", self.companion), &curves),
                labels: [time_label.to_owned(), label.to_owned()],
                units: [String::new(), unit.to_owned()],
                across: Some([first, last]),
                curves,
                points: points[which].clone(),
                residuals: residuals[which].clone(),
            }
        };
        Ok([figure(0, "separation", "mas"), figure(1, "position angle", "deg")])
    }

    /// Separation and position angle of a sample, the angle without jumps.
    fn track(&self, point: &[f64], epochs: &[f64]) -> Result<Vec<[f64; 2]>> {
        let offsets = self.samples.fit.positions(point, self.companion, epochs)?;
        let mut before = 0.0;
        let polar = |[east, north]: [f64; 2]| {
            let angle = east.atan2(north).to_degrees();
            before = near(angle, before);
            [east.hypot(north), before]
        };
        Ok(offsets.into_iter().map(polar).collect())
    }

    /// The measured separations and position angles, and what they are less the best orbit's, which has `angles` there.
    fn points(&self, angles: &[f64], time: fn(f64) -> f64) -> Result<[[Vec<Points>; 2]; 2]> {
        let expected = self.samples.fit.expected(&self.samples.best)?;
        let seen: Vec<Seen> =
            self.rows.iter().zip(angles).map(|((place, row), &angle)| Seen::of(row, expected[*place], angle)).collect();
        let numbered: Vec<(usize, &Observation)> =
            self.rows.iter().enumerate().map(|(k, (_, row))| (k, *row)).collect();
        let points = |which: usize, of: &dyn Fn(&Seen) -> [f64; 2]| {
            by_instrument(&numbered, |k, row| [[time(row.epoch), of(&seen[k])[which]], [0.0, seen[k].errors[which]]])
        };
        let values = [0, 1].map(|which| points(which, &|seen| seen.values));
        Ok([values, [0, 1].map(|which| points(which, &|seen| seen.residuals))])
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

/// The place of the epoch next to this one.
fn nearest(epochs: &[f64], epoch: f64) -> usize {
    let away = |place: &usize| (epochs[*place] - epoch).abs();
    (0..epochs.len()).min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(0)
}

/// Turns tracks as a whole so that the last one is between 0 and 360 degrees at the first of the places `seen`, and the others next to it
/// at all of them.
fn align(tracks: &mut [Line], seen: &[usize]) {
    let mean = |track: &Line| seen.iter().map(|&at| track.points[at][1]).sum::<f64>() / seen.len() as f64;
    let Some((best, others)) = tracks.split_last_mut() else { return };
    let first = best.points[seen[0]][1];
    turn(best, first.rem_euclid(360.0) - first);
    let middle = mean(best);
    for other in others {
        let own = mean(other);
        turn(other, near(own, middle) - own);
    }
}

fn turn(track: &mut Line, angle: f64) {
    track.points.iter_mut().for_each(|point| point[1] += angle);
}

/// The offset up to which orbits are shown: the farthest one's, but for those much farther than most and than the last one, the best.
fn reach(orbits: &[Line]) -> f64 {
    let farthest = |orbit: &Line| orbit.points.iter().flatten().fold(0.0, |a: f64, b| a.max(b.abs()));
    let mut sorted: Vec<f64> = orbits.iter().map(farthest).collect();
    let best = sorted.last().copied().unwrap_or(0.0);
    sorted.sort_by(f64::total_cmp);
    let (middle, last) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
    last.min(FAR * middle).max(best)
}
