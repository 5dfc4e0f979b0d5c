//! Curves over two logarithmic axes: power spectra.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure, TITLE, chart_of, ink, power_of_ten, text, tick, titled};
use super::panels::Curve;

/// The size of the figure in dots.
const SIZE: [u32; 2] = [1000, 620];
/// The narrowest axis, in decades.
const NARROWEST: f64 = 1.0;
/// Numbers so many decades below the largest are rounding.
const DECADES: f64 = 18.0;

/// Curves through the decimal logarithms of points.
pub(crate) struct Logarithmic {
    pub title: String,
    pub labels: [String; 2],
    /// Their points are logarithms.
    pub curves: Vec<Curve>,
    /// The figure's width in dots.
    pub width: u32,
}

impl Logarithmic {
    /// From points of which those with positive numbers are drawn; none where no curve has two.
    pub(super) fn of(title: String, labels: [String; 2], mut curves: Vec<Curve>) -> Option<Self> {
        let all = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
        let least = all.filter(|number| number.is_finite()).fold(0.0, f64::max) / 10f64.powf(DECADES);
        for curve in &mut curves {
            curve.points.retain(|(x, y)| *x > 0.0 && *y > least && x.is_finite() && y.is_finite());
            curve.points.iter_mut().for_each(|point| *point = (point.0.log10(), point.1.log10()));
        }
        curves.retain(|curve| curve.points.len() > 1);
        (!curves.is_empty()).then_some(Logarithmic { title, labels, curves, width: SIZE[0] })
    }

    fn range(&self, of: impl Fn(&(f64, f64)) -> f64) -> Range<f64> {
        let all = self.curves.iter().flat_map(|curve| &curve.points).map(of);
        let [low, high] = all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
        let room = (0.04 * (high - low)).max(0.5 * (NARROWEST - (high - low)));
        low - room..high + room
    }
}

impl Figure for Logarithmic {
    fn size(&self) -> (u32, u32) {
        (self.width, SIZE[1] * self.width / SIZE[0] + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let rest = titled(area, scale, &self.title)?;
        let [across, up] = [self.range(|point| point.0), self.range(|point| point.1)];
        let label = |value: &f64| {
            let is_whole = (value - value.round()).abs() < 1e-6;
            if is_whole { power_of_ten(value.round() as i64) } else { tick(10f64.powf(*value)) }
        };
        let labels = [&self.labels[0][..], &self.labels[1]];
        let mut chart = chart_of(&rest, scale, [across.clone(), up.clone()], labels, [&label, &label], false)?;
        for (place, curve) in self.curves.iter().enumerate() {
            let colour = ink(curve.ink);
            chart.draw_series(LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2 * scale)))?;
            let height = up.start + (0.06 + 0.07 * place as f64) * (up.end - up.start);
            let corner = (across.start + 0.02 * (across.end - across.start), height);
            chart.draw_series([Text::new(curve.name.clone(), corner, text(15, scale).color(&colour))])?;
        }
        Ok(())
    }
}
