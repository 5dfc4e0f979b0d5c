//! Orbits on the sky: equal axes, right ascension increasing to the left, declination upwards, the star in the middle.

use std::ops::Range;
use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{EDGE, Line, Points, along, draw_lines, draw_points, ends, named, names_height, range};
use crate::Result;
use crate::plot::canvas::{Drawn, Figure, INK, TITLE, chart, save, tick, titled, with_unit};

/// The side of the picture, in dots.
const SIDE: u32 = 760;
/// The room around orbits, as a share of their extent.
const ROOM: f64 = 0.06;

/// Orbits on the sky, with measured places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sky {
    /// What is above the picture.
    pub title: String,
    /// The unit of all numbers: `mas`, `arcsec`.
    pub unit: String,
    /// Orbits: offsets from the star in right ascension and declination.
    pub orbits: Vec<Line>,
    /// Measured places, likewise.
    pub points: Vec<Points>,
    /// What of orbits is farther than this from the star, to the east or to the north, needs no room; none: all are shown whole.
    pub within: Option<f64>,
}

impl Sky {
    /// Writes the picture as `stem.png` and `stem.svg`, and returns both paths.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn save(&self, stem: &Path) -> Result<[PathBuf; 2]> {
        save(self, stem)
    }

    /// The ranges of both axes: as wide as each other, the first falling.
    fn ranges(&self) -> [Range<f64>; 2] {
        let far = self.within.unwrap_or(f64::INFINITY);
        let shown = |axis| along(&self.orbits, axis).map(|place| place.clamp(-far, far));
        let [x, y] = [0, 1].map(|axis| range(shown(axis).chain(ends(&self.points, axis)).chain([0.0]), ROOM));
        let half = 0.5 * (x.end - x.start).max(y.end - y.start);
        let [across, up] = [x, y].map(|range| 0.5 * (range.start + range.end));
        [across + half..across - half, up - half..up + half]
    }
}

impl Figure for Sky {
    fn size(&self) -> (u32, u32) {
        // The labels take 78 dots at the left, 52 below, and the margin 8 around: the plotting area is square.
        (SIDE + EDGE, SIDE - 26 + TITLE + names_height(&self.points, SIDE + EDGE))
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let panel = named(&titled(area, scale, &self.title)?, scale, &self.points)?.margin(0, 0, 0, EDGE * scale);
        let labels = ["ΔRA", "ΔDec"].map(|label| with_unit(label, &self.unit));
        let mut chart = chart(&panel, scale, self.ranges(), [&labels[0], &labels[1]], &|value| tick(*value))?;
        draw_lines(&mut chart, scale, &self.orbits, 0.0)?;
        draw_points(&mut chart, scale, &self.points, 0.0)?;
        chart.draw_series([Cross::new((0.0, 0.0), 7 * scale, INK.stroke_width(2 * scale))])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::canvas::to_svg;

    #[test]
    fn axes_are_equal_and_right_ascension_falls() {
        let orbit = Line { points: vec![[-100.0, 20.0], [300.0, 40.0], [100.0, -60.0]], pale: false };
        let points = Points { name: "SPHERE".to_owned(), at: vec![[290.0, 30.0]], errors: vec![[5.0, 5.0]] };
        let title = "b".to_owned();
        let unit = "mas".to_owned();
        let mut sky = Sky { title, unit, orbits: vec![orbit], points: vec![points], within: None };
        let [x, y] = sky.ranges();
        assert!(x.start > x.end && y.start < y.end && ((x.start - x.end) - (y.end - y.start)).abs() < 1e-9);
        assert!(x.start >= 300.0 && x.end <= -100.0 && y.start < -60.0);
        let svg = to_svg(&sky).unwrap();
        assert!(["ΔRA (mas)", "ΔDec (mas)", "SPHERE"].iter().all(|text| svg.contains(text)));
        // Larger right ascensions are farther left; the labels of the axis upwards come first.
        let at = |label: &str| -> f64 {
            let before = &svg[..svg.rfind(&format!("\n{label}\n")).unwrap_or_else(|| panic!("{label} in {svg}"))];
            let from = before.rfind(" x=\"").unwrap() + 4;
            before[from..].split('"').next().unwrap().parse().unwrap()
        };
        assert!(at("200") < at("100"));
        sky.within = Some(50.0);
        let [x, _] = sky.ranges();
        assert!(x.start >= 295.0 && x.end <= -50.0 && x.end > -100.0, "the measured place is inside");
    }
}
