//! Pictures of a fit over its data, from plain numbers: orbits on the sky, and curves with what they leave.
//!
//! [`Sky`] has equal axes, right ascension increasing to the left; [`Fitted`] has a panel of curves over points and one of the
//! points less the curve; [`phase`] folds times for it. Lines of samples are drawn pale, behind the best one.

mod fitted;
mod sky;

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Chart, Drawn, ink, text};

pub use fitted::Fitted;
pub use sky::Sky;

/// The ink of lines; points take the ones after it.
const LINE_INK: usize = 0;

/// Measured points with their errors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Who measured them, for the legend; empty where there is one only.
    pub name: String,
    /// Where they are: across, up.
    pub at: Vec<[f64; 2]>,
    /// Their standard deviations across and up; 0 where there is none to be drawn. As many as points, or none.
    pub errors: Vec<[f64; 2]>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Its points: across, up.
    pub points: Vec<[f64; 2]>,
    /// Whether it is one of many, to be drawn thin and pale.
    pub pale: bool,
}

/// Where a time is in a period that begins at `epoch`, from 0 to 1.
pub fn phase(time: f64, epoch: f64, period: f64) -> f64 {
    ((time - epoch) / period).rem_euclid(1.0)
}

/// The ink of the points of this number.
fn point_ink(index: usize) -> RGBColor {
    ink(LINE_INK + 1 + index)
}

/// Draws lines, the pale ones first; `offset` is taken off what is across.
fn draw_lines<DB: DrawingBackend>(chart: &mut Chart<'_, DB>, scale: u32, lines: &[Line], offset: f64) -> Drawn<DB> {
    for pale in [true, false] {
        for line in lines.iter().filter(|line| line.pale == pale) {
            let colour = if pale { ink(LINE_INK).mix(0.18) } else { ink(LINE_INK).to_rgba() };
            let style = colour.stroke_width(if pale { scale } else { 2 * scale });
            chart.draw_series(LineSeries::new(line.points.iter().map(|[x, y]| (x - offset, *y)), style))?;
        }
    }
    Ok(())
}

/// Draws points with bars for their errors; `offset` is taken off what is across.
fn draw_points<DB: DrawingBackend>(chart: &mut Chart<'_, DB>, scale: u32, points: &[Points], offset: f64) -> Drawn<DB> {
    for (index, points) in points.iter().enumerate() {
        let colour = point_ink(index);
        for (&[x, y], [dx, dy]) in points.at.iter().zip(points.errors.iter().chain(std::iter::repeat(&[0.0; 2]))) {
            let x = x - offset;
            let bars = [(*dx > 0.0, [(x - dx, y), (x + dx, y)]), (*dy > 0.0, [(x, y - dy), (x, y + dy)])];
            let bars = bars.into_iter().filter(|(is_there, _)| *is_there);
            chart.draw_series(bars.map(|(_, ends)| PathElement::new(ends.to_vec(), colour.stroke_width(scale))))?;
        }
        let dots = points.at.iter().map(|[x, y]| Circle::new((x - offset, *y), 3 * scale, colour.filled()));
        chart.draw_series(dots)?;
    }
    Ok(())
}

/// Names those who measured, in the upper left corner.
fn draw_names<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, scale: u32, points: &[Points]) -> Drawn<DB> {
    for (index, points) in points.iter().enumerate().filter(|(_, points)| !points.name.is_empty()) {
        let place = ((96 * scale) as i32, ((18 + 20 * index as u32) * scale) as i32);
        area.draw(&Text::new(points.name.clone(), place, text(15, scale).color(&point_ink(index))))?;
    }
    Ok(())
}

/// The ends of numbers with some room around them; a unit around 0 where there are none.
fn range(numbers: impl Iterator<Item = f64>, room: f64) -> Range<f64> {
    let finite = numbers.filter(|number| number.is_finite());
    let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
    match high - low {
        width if width > 0.0 => low - room * width..high + room * width,
        _ if low.is_finite() => low - low.abs().max(1e-9) * 0.1..low + low.abs().max(1e-9) * 0.1,
        _ => -1.0..1.0,
    }
}

/// The ends of points and their bars along an axis.
fn ends(points: &[Points], axis: usize) -> impl Iterator<Item = f64> + '_ {
    points.iter().flat_map(move |points| {
        let errors = points.errors.iter().map(move |error| error[axis]).chain(std::iter::repeat(0.0));
        points.at.iter().zip(errors).flat_map(move |(at, error)| [at[axis] - error, at[axis] + error])
    })
}

/// The numbers of lines along an axis.
fn along(lines: &[Line], axis: usize) -> impl Iterator<Item = f64> + '_ {
    lines.iter().flat_map(move |line| line.points.iter().map(move |point| point[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_run_from_0_to_1() {
        assert_eq!([phase(12.5, 10.0, 5.0), phase(9.0, 10.0, 4.0), phase(10.0, 10.0, 3.0)], [0.5, 0.75, 0.0]);
    }

    #[test]
    fn ranges_hold_bars_and_have_room() {
        let points = [Points { at: vec![[0.0, 1.0], [10.0, 3.0]], errors: vec![[0.0, 0.5]; 2], ..Points::default() }];
        assert_eq!(range(ends(&points, 1), 0.0), 0.5..3.5);
        assert_eq!(range(ends(&points, 0), 0.1), -1.0..11.0);
        assert_eq!(range(std::iter::empty(), 0.1), -1.0..1.0);
        let flat = range([2.0, 2.0, f64::NAN].into_iter(), 0.1);
        assert!(flat.start < 2.0 && flat.end > 2.0);
    }
}
