//! The relative energy error against time, on a logarithmic axis: a dot per row, and a line for the largest so far.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure, chart, ink, power_of_ten, text, with_unit};
use crate::io::History;

/// The most dots: of more rows, the largest error of each interval is drawn.
const POINTS: usize = 1500;
/// The size of the figure, in dots.
const WIDTH: u32 = 1000;
const HEIGHT: u32 = 560;
/// Drawn for no error at all: the rounding of a double.
const NONE: f64 = 1e-16;

/// The relative energy error of a run.
pub(crate) struct EnergyError {
    time_unit: String,
    /// Time and the decimal logarithm of the error's size.
    points: Vec<(f64, f64)>,
    /// The figure's width in dots.
    pub width: u32,
}

impl EnergyError {
    /// From the column `energy_error`; none where a table has none, or fewer than two rows.
    pub(super) fn of(history: &History, time_unit: &str) -> Option<Self> {
        let times = history.column("time")?;
        let errors = history.column("energy_error")?;
        let rows: Vec<(f64, f64)> = times.iter().copied().zip(errors.iter().map(|error| error.abs())).collect();
        let finite: Vec<(f64, f64)> =
            rows.into_iter().filter(|(time, error)| time.is_finite() && error.is_finite()).collect();
        if finite.len() < 2 {
            return None;
        }
        let largest = |rows: &[(f64, f64)]| (rows[0].0, rows.iter().map(|row| row.1).fold(NONE, f64::max).log10());
        let points = finite.chunks(finite.len().div_ceil(POINTS)).map(largest).collect();
        Some(EnergyError { time_unit: time_unit.to_owned(), points, width: WIDTH })
    }
}

impl EnergyError {
    /// The largest error up to each time.
    fn largest_so_far(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points.iter().scan(f64::NEG_INFINITY, |largest, &(time, error)| {
            *largest = largest.max(error);
            Some((time, *largest))
        })
    }
}

impl Figure for EnergyError {
    fn size(&self) -> (u32, u32) {
        (self.width, HEIGHT)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let first = self.points[0].0;
        let last = self.points[self.points.len() - 1].0;
        let lowest = self.points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min).floor();
        let highest = self.points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max).ceil();
        let y_tick = |value: &f64| {
            let whole = (value - value.round()).abs() < 1e-6;
            if whole { power_of_ten(value.round() as i64) } else { String::new() }
        };
        let labels = [&*with_unit("time", &self.time_unit), "relative energy error |ΔE / E|"];
        let area = area.margin(10 * scale, 4 * scale, 4 * scale, 16 * scale);
        let mut chart = chart(&area, scale, [first..last, lowest..highest.max(lowest + 1.0)], labels, &y_tick)?;
        let dot = |point: &(f64, f64)| Circle::new(*point, 2 * scale, ink(0).mix(0.5).filled());
        chart.draw_series(self.points.iter().map(dot))?;
        chart.draw_series(LineSeries::new(self.largest_so_far(), ink(1).stroke_width(2 * scale)))?;
        let corner = (first + 0.02 * (last - first), lowest + 0.06 * (highest.max(lowest + 1.0) - lowest));
        let legend = "dots: at each time; line: the largest so far";
        chart.draw_series([Text::new(legend, corner, text(14, scale))])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_rows_the_largest_error_of_each_interval_is_drawn() {
        let rows = 10 * POINTS;
        let mut errors = vec![1e-14; rows];
        errors[777] = -1e-3;
        let names = ["time", "energy_error"].map(str::to_owned).to_vec();
        let history = History { names, columns: vec![(0..rows).map(|row| row as f64).collect(), errors] };
        let figure = EnergyError::of(&history, "day").unwrap();
        assert_eq!(figure.points.len(), POINTS);
        assert_eq!(figure.points[77].1, -3.0);
    }

    #[test]
    fn a_table_without_energy_is_not_drawn() {
        assert!(EnergyError::of(&History::default(), "").is_none());
    }
}
