//! The projected density of many bodies, x-y and x-z, on a logarithmic scale of colours, smoothed the more the fewer
//! bodies there are.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::FEW;
use super::canvas::{Drawn, Figure, TITLE, chart, quantity, tick, titled, with_unit};
use super::scale::{BAR, DECADES, Scale, colour};
use crate::Result;
use crate::output::Reader;

/// The width of a panel, in dots.
const SIDE: u32 = 640;
/// Bins along each side of a panel.
const BINS: usize = 140;
/// Steps of the scale of colours.
const COLOURS: usize = 64;
/// The part of the bodies that is shown; a few far ones would make the rest a dot.
const SHOWN: f64 = 0.95;

/// Mass per area, seen along z and along y.
pub(super) struct Density {
    length_unit: String,
    title: String,
    /// The middle of the panels and their half-width.
    centre: [f64; 3],
    half: f64,
    /// The decimal logarithm of mass per area; minus infinity where nothing is. Row after row, x fastest.
    planes: [Vec<f64>; 2],
    scale: Scale,
}

impl Density {
    /// From a snapshot; none where it has no bodies or few.
    pub fn of(reader: &Reader) -> Result<Option<Self>> {
        if !reader.has("PartType1/Coordinates") || reader.shape("PartType1/Coordinates")?[0] as usize <= FEW {
            return Ok(None);
        }
        let positions: Vec<f64> = reader.read("PartType1/Coordinates")?;
        let masses: Vec<f64> = reader.read("PartType1/Masses")?;
        let label = |name: &str| reader.text("Units", name).unwrap_or_default();
        let time = quantity(reader.attribute("Header", "Time")?, &label("Time"));
        let title = format!("{} bodies at time {time}", masses.len());
        let (centre, half) = extent(positions.as_chunks().0);
        let positions = positions.as_chunks().0;
        let bin = 2.0 * half / BINS as f64;
        let width = smoothing(positions, centre) / bin;
        let project = |axis| logarithms(blurred(&project(positions, &masses, centre, half, axis), width));
        let planes = [project(1), project(2)];
        let lone =
            masses.iter().sum::<f64>() / masses.len() as f64 / (std::f64::consts::TAU * (width.max(0.4) * bin).powi(2));
        let length_unit = label("Length");
        let unit = if length_unit.is_empty() { String::new() } else { format!("{} / {length_unit}²", label("Mass")) };
        let scale = Scale::logarithmic(scale_of(&planes, lone.log10()), &with_unit("mass per area", &unit));
        Ok(Some(Density { length_unit, title, centre, half, planes, scale }))
    }

    fn draw_plane<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, plane: usize) -> Drawn<DB> {
        let axis = plane + 1;
        let side = |axis: usize| self.centre[axis] - self.half..self.centre[axis] + self.half;
        let labels = ["x", ["y", "z"][plane]].map(|axis| with_unit(axis, &self.length_unit));
        let mut chart = chart(area, scale, [side(0), side(axis)], [&labels[0], &labels[1]], &|value| tick(*value))?;
        let (low, bin) = ([side(0).start, side(axis).start], 2.0 * self.half / BINS as f64);
        let corner = |column: usize, row: usize| (low[0] + column as f64 * bin, low[1] + row as f64 * bin);
        let everything = [corner(0, 0), corner(BINS, BINS)];
        chart.draw_series([Rectangle::new(everything, shaded(0).filled())])?;
        for (row, line) in self.planes[plane].chunks_exact(BINS).enumerate() {
            let shades: Vec<usize> = line.iter().map(|value| self.shade(*value)).collect();
            let mut column = 0;
            for run in shades.chunk_by(|a, b| a == b) {
                let corners = [corner(column, row), corner(column + run.len(), row + 1)];
                column += run.len();
                if run[0] > 0 {
                    chart.draw_series([Rectangle::new(corners, shaded(run[0]).filled())])?;
                }
            }
        }
        Ok(())
    }

    /// The step of the scale of colours for a density; the first where nothing is.
    fn shade(&self, value: f64) -> usize {
        (self.scale.part(value) * COLOURS as f64).clamp(0.0, COLOURS as f64 - 1.0) as usize
    }
}

impl Figure for Density {
    fn size(&self) -> (u32, u32) {
        (2 * SIDE + BAR, SIDE - 26 + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let area = titled(area, scale, &self.title)?;
        let (panels, bar) = area.split_horizontally(2 * SIDE * scale);
        for (plane, panel) in panels.split_evenly((1, 2)).iter().enumerate() {
            self.draw_plane(panel, scale, plane)?;
        }
        self.scale.draw(&bar, scale, 0)
    }
}

/// The colour of a step of the scale.
fn shaded(shade: usize) -> RGBColor {
    colour(shade as f64 / COLOURS as f64)
}

/// The median place, and the half-width around it that holds most bodies along each axis.
fn extent(positions: &[[f64; 3]]) -> ([f64; 3], f64) {
    let sorted = |axis: usize| {
        let mut places: Vec<f64> = positions.iter().map(|position| position[axis]).filter(|x| x.is_finite()).collect();
        places.sort_by(f64::total_cmp);
        places
    };
    let axes = [0, 1, 2].map(sorted);
    let quantile =
        |places: &[f64], part: f64| places.get((part * (places.len() as f64 - 1.0)) as usize).copied().unwrap_or(0.0);
    let centre = [0, 1, 2].map(|axis| quantile(&axes[axis], 0.5));
    let far = |axis: usize| {
        let (low, high) = (quantile(&axes[axis], (1.0 - SHOWN) / 2.0), quantile(&axes[axis], (1.0 + SHOWN) / 2.0));
        (high - centre[axis]).max(centre[axis] - low)
    };
    let half = [0, 1, 2].map(far).into_iter().fold(0.0, f64::max);
    (centre, if half > 0.0 { 1.05 * half } else { 1.0 })
}

/// Mass per area in each bin, seen along the axis that is neither x nor `axis`.
fn project(positions: &[[f64; 3]], masses: &[f64], centre: [f64; 3], half: f64, axis: usize) -> Vec<f64> {
    let mut plane = vec![0.0; BINS * BINS];
    let bin = |position: f64, centre: f64| {
        let place = ((position - centre) / half + 1.0) / 2.0 * BINS as f64;
        (place >= 0.0 && place < BINS as f64).then_some(place as usize)
    };
    for (position, mass) in positions.iter().zip(masses) {
        if let (Some(column), Some(row)) = (bin(position[0], centre[0]), bin(position[axis], centre[axis])) {
            plane[row * BINS + column] += mass;
        }
    }
    let area = (2.0 * half / BINS as f64).powi(2);
    plane.iter().map(|mass| mass / area).collect()
}

/// The width of a body's smoothing: Scott's rule in two dimensions, N^(-1/6) of the typical extent (Scott 1992), halved
/// since bodies are denser at the centre than in a Gaussian of that extent.
fn smoothing(positions: &[[f64; 3]], centre: [f64; 3]) -> f64 {
    let square = |position: &[f64; 3]| (0..2).map(|axis| (position[axis] - centre[axis]).powi(2)).sum::<f64>();
    let mut squares: Vec<f64> = positions.iter().map(square).collect();
    squares.sort_by(f64::total_cmp);
    0.5 * squares[squares.len() / 2].sqrt() * (squares.len() as f64).powf(-1.0 / 6.0)
}

/// A plane convolved with a Gaussian of this standard deviation, in bins.
fn blurred(plane: &[f64], width: f64) -> Vec<f64> {
    if width < 0.3 || !width.is_finite() {
        return plane.to_vec();
    }
    let far = (4.0 * width).ceil().min(BINS as f64) as i64;
    let kernel: Vec<f64> = (-far..=far).map(|k| (-0.5 * (k as f64 / width).powi(2)).exp()).collect();
    let total: f64 = kernel.iter().sum();
    let along = |plane: &[f64], step: usize, across: usize| -> Vec<f64> {
        let at = |place: usize| {
            let (here, start) = ((place / step % BINS) as i64, place / across % BINS * across);
            let inside = (-far..=far).zip(&kernel).filter(|(k, _)| (0..BINS as i64).contains(&(here + k)));
            inside.map(|(k, weight)| weight / total * plane[start + (here + k) as usize * step]).sum()
        };
        (0..BINS * BINS).map(at).collect()
    };
    along(&along(plane, 1, BINS), BINS, 1)
}

fn logarithms(plane: Vec<f64>) -> Vec<f64> {
    plane.into_iter().map(f64::log10).collect()
}

/// The ends of the scale of colours: up to the largest density, from that of one body by itself, but no more than some
/// decades.
fn scale_of(planes: &[Vec<f64>; 2], lone: f64) -> [f64; 2] {
    let high = planes.iter().flatten().copied().filter(|value| value.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let low = lone.max(high - DECADES);
    if high > low + 0.5 {
        [low, high]
    } else if high.is_finite() {
        [high - 0.5, high]
    } else {
        [0.0, 1.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mass_that_is_shown_is_in_the_plane() {
        let positions: Vec<[f64; 3]> =
            (0..1000).map(|i| f64::from(i) * 0.37).map(|t| [t.sin(), t.cos(), (3.0 * t).sin()]).collect();
        let (centre, half) = extent(&positions);
        let plane = project(&positions, &[2.0; 1000], centre, half, 1);
        let area = (2.0 * half / BINS as f64).powi(2);
        let mass: f64 = plane.iter().map(|value| value * area).sum();
        assert!((mass - 2000.0).abs() < 1e-6, "{mass}");
    }

    #[test]
    fn smoothing_keeps_the_mass_and_the_place_of_a_body() {
        let mut plane = vec![0.0; BINS * BINS];
        plane[60 * BINS + 40] = 3.0;
        let smooth = blurred(&plane, 2.5);
        assert!((smooth.iter().sum::<f64>() - 3.0).abs() < 1e-12);
        let largest = (0..BINS * BINS).max_by(|&a, &b| smooth[a].total_cmp(&smooth[b]));
        assert_eq!(largest, Some(60 * BINS + 40));
        assert!((smooth[61 * BINS + 40] - smooth[60 * BINS + 41]).abs() < 1e-15);
    }
}
