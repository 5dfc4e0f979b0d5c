//! Curves over one common axis, in panels one below the other.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure, TITLE, by_power, chart, ink, text, tick, titled};

/// The width of the figure and the height of a panel, in dots.
const SIZE: [u32; 2] = [1000, 280];
/// The room that curves leave above and below them; dots leave half of it at the sides.
const ROOM: f64 = 0.06;
/// Numbers below this are drawn as zero.
const SMALLEST: f64 = 1e-300;

/// One panel.
pub(crate) struct Panel {
    /// What its axis shows.
    pub label: String,
    pub curves: Vec<Curve>,
    /// The least and the largest number that its axis has room for besides those of the curves.
    pub also: Option<[f64; 2]>,
}

/// One curve.
pub(crate) struct Curve {
    /// What it is, where a panel has several; else empty.
    pub name: String,
    /// The index of its ink.
    pub ink: usize,
    /// Whether it is drawn thin and pale, as what others are compared with.
    pub pale: bool,
    pub points: Vec<(f64, f64)>,
}

/// Panels one below the other.
pub(crate) struct Panels {
    pub title: String,
    /// What their common axis shows.
    pub label: String,
    /// Where it begins and ends.
    pub range: [f64; 2],
    pub panels: Vec<Panel>,
    /// The figure's width in dots.
    pub width: u32,
    /// Whether points are drawn by themselves.
    pub are_dots: bool,
}

impl Panels {
    pub(super) fn new(title: String, label: String, range: [f64; 2], panels: Vec<Panel>) -> Self {
        Panels { title, label, range, panels, width: SIZE[0], are_dots: false }
    }
}

impl Panel {
    pub(super) fn new(label: &str, curves: Vec<Curve>) -> Self {
        Panel { label: label.to_owned(), curves, also: None }
    }

    /// The range of its axis, and the power of ten by which its numbers are divided to be short.
    fn range(&self) -> (Range<f64>, i32) {
        let numbers = self.curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
        let [low, high] = ends(numbers.chain(self.also.into_iter().flatten()));
        let largest = low.abs().max(high.abs());
        // Numbers without a power of ten to divide them by are as good as none.
        let largest = if largest < SMALLEST { 0.0 } else { largest };
        let exponent = if largest > 0.0 { largest.log10().floor() as i32 } else { 0 };
        let exponent = if (-2..5).contains(&exponent) { 0 } else { exponent };
        // Divided first: so their difference is a number too.
        let [low, high, largest] = [low, high, largest].map(|number| number / 10f64.powi(exponent));
        let room = match high - low {
            width if largest > 0.0 && width > 1e-9 * largest => ROOM * width,
            _ if largest > 0.0 => 0.1 * largest,
            _ => 1.0,
        };
        (low - room..high + room, exponent)
    }

    fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        scale: u32,
        across: Range<f64>,
        label: &str,
        are_dots: bool,
    ) -> Drawn<DB> {
        let (range, exponent) = self.range();
        let labels = [label, &by_power(&self.label, exponent)];
        let mut chart = chart(area, scale, [across.clone(), range.clone()], labels, &|value| tick(*value))?;
        let mut place = 0.0;
        for curve in &self.curves {
            let colour = if curve.pale { ink(curve.ink).mix(0.4) } else { ink(curve.ink).to_rgba() };
            let points = curve.points.iter().map(|(x, y)| (*x, y / 10f64.powi(exponent)));
            let style = colour.stroke_width(if curve.pale { scale } else { 2 * scale });
            let points = points.filter(|point| point.1.is_finite());
            if are_dots {
                chart.draw_series(points.map(|point| Circle::new(point, 2 * scale, colour.filled())))?;
            } else {
                chart.draw_series(LineSeries::new(points, style))?;
            }
            let height = range.end - (0.1 + 0.1 * place) * (range.end - range.start);
            let corner = (across.start + 0.015 * (across.end - across.start), height);
            if !curve.name.is_empty() {
                chart.draw_series([Text::new(curve.name.clone(), corner, text(15, scale).color(&colour))])?;
                place += 1.0;
            }
        }
        Ok(())
    }
}

impl Figure for Panels {
    fn size(&self) -> (u32, u32) {
        (self.width, TITLE + SIZE[1] * self.panels.len() as u32)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let rest = titled(area, scale, &self.title)?;
        let [low, high] = self.range;
        // Dots at the ends are whole ones.
        let room = if self.are_dots { 0.5 * ROOM * (high - low) } else { 0.0 };
        let areas = rest.margin(0, 0, 0, 16 * scale).split_evenly((self.panels.len(), 1));
        for (place, (panel, area)) in self.panels.iter().zip(&areas).enumerate() {
            let label = if place + 1 == self.panels.len() { &self.label[..] } else { "" };
            panel.draw(area, scale, low - room..high + room, label, self.are_dots)?;
        }
        Ok(())
    }
}

/// The least and the largest of numbers; 0 and 0 where there are none.
fn ends(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let finite = numbers.filter(|number| number.is_finite());
    let ends = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
    if ends[0] <= ends[1] { ends } else { [0.0; 2] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_shown_with_a_power_of_ten() {
        let panel = |values: [f64; 2]| Panel {
            label: String::new(),
            curves: vec![Curve {
                name: String::new(),
                ink: 0,
                pale: false,
                points: vec![(0.0, values[0]), (1.0, values[1])],
            }],
            also: None,
        };
        let (range, exponent) = panel([0.0, -3e-15]).range();
        assert!(exponent == -15 && (range.start + 3.18).abs() < 1e-9 && (range.end - 0.18).abs() < 1e-9);
        assert_eq!(panel([0.0, 0.0]).range(), (-1.0..1.0, 0));
        assert_eq!(panel([f64::NAN, 2.0]).range(), (1.8..2.2, 0));
        assert_eq!(panel([5e-324, 1e-323]).range().0.end.round(), 1.0);
        let (range, exponent) = panel([-1e308, 1e308]).range();
        assert!(exponent == 308 && (range.start + 1.12).abs() < 1e-9 && (range.end - 1.12).abs() < 1e-9);
    }
}
