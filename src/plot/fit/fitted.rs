//! Curves over measured points, and the residuals of the points: against time or phase.

use std::ops::Range;
use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{EDGE, Line, Points, along, draw_lines, draw_points, ends, named, names_height, range};
use crate::Result;
use crate::plot::canvas::{Drawn, Figure, INK, TITLE, chart, less_offset, round_offset, save, tick, titled, with_unit};

/// The width of the picture, and the heights of the curves and of what they leave, in dots.
const SIZE: [u32; 3] = [1000, 420, 210];
/// The room above and below, as a share of the range.
const ROOM: f64 = 0.06;

/// Curves over points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fitted {
    /// What is above the picture.
    pub title: String,
    /// What the axes show: across, up.
    pub labels: [String; 2],
    /// Their units; empty where there are none.
    pub units: [String; 2],
    /// Where the axis across begins and ends, if not where the numbers do: 0 and 1 for a phase.
    pub across: Option<[f64; 2]>,
    /// The curves.
    pub curves: Vec<Line>,
    /// The measured points.
    pub points: Vec<Points>,
    /// The same points less the best curve, in the same order; none for no second panel.
    pub residuals: Vec<Points>,
}

impl Fitted {
    /// Writes the picture as `stem.png` and `stem.svg`, and returns both paths.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn save(&self, stem: &Path) -> Result<[PathBuf; 2]> {
        save(self, stem)
    }

    /// The range across, and the round number that is taken off it where numbers would be long.
    fn across(&self) -> (Range<f64>, f64) {
        let across = match self.across {
            Some([from, to]) => from..to,
            None => range(along(&self.curves, 0).chain(ends(&self.points, 0)), 0.02),
        };
        let offset = round_offset(across.start, across.end - across.start);
        (across.start - offset..across.end - offset, offset)
    }
}

impl Figure for Fitted {
    fn size(&self) -> (u32, u32) {
        let [width, curves, residuals] = SIZE;
        let names = names_height(&self.points, width);
        (width, TITLE + names + curves + if self.residuals.is_empty() { 0 } else { residuals })
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let panels = named(&titled(area, scale, &self.title)?, scale, &self.points)?;
        let (upper, lower) = panels.margin(0, 0, 0, EDGE * scale).split_vertically(SIZE[1] * scale);
        let (across, offset) = self.across();
        let x_label = less_offset(&self.labels[0], &self.units[0], offset);
        let y_label = with_unit(&self.labels[1], &self.units[1]);
        let up = range(along(&self.curves, 1).chain(ends(&self.points, 1)), ROOM);
        let label = if self.residuals.is_empty() { &x_label[..] } else { "" };
        let mut curves = chart(&upper, scale, [across.clone(), up], [label, &y_label], &|value| tick(*value))?;
        draw_lines(&mut curves, scale, &self.curves, offset)?;
        draw_points(&mut curves, scale, &self.points, offset)?;
        if self.residuals.is_empty() {
            return Ok(());
        }
        let largest = ends(&self.residuals, 1).filter(|end| end.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
        let half = (1.0 + 2.0 * ROOM) * if largest > 0.0 { largest } else { 1.0 };
        let ranges = [across.clone(), -half..half];
        let y_label = with_unit("residual", &self.units[1]);
        let mut residuals = chart(&lower, scale, ranges, [&x_label, &y_label], &|value| tick(*value))?;
        let zero = [(across.start, 0.0), (across.end, 0.0)];
        residuals.draw_series(LineSeries::new(zero, INK.stroke_width(scale)))?;
        draw_points(&mut residuals, scale, &self.residuals, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::canvas::to_svg;

    #[test]
    fn residuals_stand_below_the_curves() {
        let curve = |pale| Line { points: (0..100).map(|k| [0.01 * f64::from(k), f64::from(k % 17)]).collect(), pale };
        let points = |name: &str, y| Points { name: name.to_owned(), at: vec![[0.3, y]], errors: vec![[0.0, 2.0]] };
        let mut figure = Fitted {
            title: "velocities".to_owned(),
            labels: ["phase".to_owned(), "velocity".to_owned()],
            units: [String::new(), "m/s".to_owned()],
            across: Some([0.0, 1.0]),
            curves: vec![curve(true), curve(false)],
            points: vec![points("HIRES", 5.0), points("APF", 7.0)],
            residuals: vec![points("", -1.0), points("", 1.5)],
        };
        let svg = to_svg(&figure).unwrap();
        assert!(["phase", "velocity (m/s)", "HIRES", "APF", "residual"].iter().all(|text| svg.contains(text)));
        assert!(svg.contains("residual (m/s)") && figure.size().1 == 696);
        figure.residuals.clear();
        assert!(!to_svg(&figure).unwrap().contains("residual") && figure.size().1 == 486);
        figure.labels[0] = "BJD".to_owned();
        figure.across = Some([2_455_000.2, 2_455_000.9]);
        assert!(to_svg(&figure).unwrap().contains("BJD − 2455000"));
    }
}
