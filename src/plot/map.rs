//! A map of numbers over two quantities, with its axes and its scale of colours: the result of a sweep, for one.

use std::ops::Range;
use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure, TITLE, chart, frame, save, tick, titled};
use super::scale::{BAR, Scale};
use crate::{Error, Result};

/// Numbers over two quantities.
#[derive(Clone, Debug)]
pub struct Map<'a> {
    /// What is above the map.
    pub title: &'a str,
    /// What the axes show, with its unit: across, then upwards.
    pub labels: [&'a str; 2],
    /// The outer edges of the first and last cells along the axes.
    pub ranges: [Range<f64>; 2],
    /// The numbers, row by row from below; what is not a number is drawn grey.
    pub values: &'a [f64],
    /// How many make a row.
    pub width: usize,
    /// What the numbers are, with their unit.
    pub label: &'a str,
}

impl Map<'_> {
    /// Writes the map as `stem.png` and `stem.svg`, and returns both paths.
    ///
    /// # Errors
    /// When the values don't fill whole rows, or a file cannot be written.
    pub fn save(&self, stem: &Path) -> Result<[PathBuf; 2]> {
        if self.values.is_empty() || self.width == 0 || !self.values.len().is_multiple_of(self.width) {
            let reason = format!("a map of {} values with rows of {}", self.values.len(), self.width);
            return Err(Error::file(stem, reason + ": the rows must be whole"));
        }
        save(self, stem)
    }
}

impl Figure for Map<'_> {
    fn size(&self) -> (u32, u32) {
        (780 + BAR, 640 + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let (panel, bar) = titled(area, scale, self.title)?.split_horizontally((self.size().0 - BAR) * scale);
        let corner = (self.ranges[0].start, self.ranges[1].end);
        let mut chart = chart(&panel, scale, self.ranges.clone(), self.labels, &|value| tick(*value))?;
        let colours = Scale::over(self.values.iter(), self.label, false);
        let (width, height) = chart.plotting_area().dim_in_pixel();
        let rows = self.values.len() / self.width;
        let dots = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| {
            let row = (height - 1 - y) as usize * rows / height as usize;
            let column = x as usize * self.width / width as usize;
            let RGBColor(red, green, blue) = colours.colour(self.values[row * self.width + column]);
            [red, green, blue]
        });
        chart.draw_series(BitMapElement::with_owned_buffer(corner, (width, height), dots.collect()))?;
        frame(&panel, &chart, scale)?;
        colours.draw(&bar, scale, 0)
    }
}

/// A map with all that it shows.
pub(crate) struct OwnedMap {
    pub title: String,
    pub labels: [String; 2],
    pub ranges: [Range<f64>; 2],
    pub values: Vec<f64>,
    pub width: usize,
    pub label: String,
}

impl OwnedMap {
    fn map(&self) -> Map<'_> {
        let [across, up] = &self.labels;
        Map {
            title: &self.title,
            labels: [across, up],
            ranges: self.ranges.clone(),
            values: &self.values,
            width: self.width,
            label: &self.label,
        }
    }
}

impl Figure for OwnedMap {
    fn size(&self) -> (u32, u32) {
        self.map().size()
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        self.map().draw(area, scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[f64], width: usize) -> Map<'_> {
        Map { title: "t", labels: ["across", "up"], ranges: [0.0..2.0, 0.0..1.0], values, width, label: "numbers" }
    }

    #[test]
    fn a_map_is_written_twice_with_its_labels() {
        let folder = tempfile::tempdir().unwrap();
        let [png, svg] = map(&[0.0, 1.0, 2.0, f64::NAN], 2).save(&folder.path().join("map")).unwrap();
        assert_eq!(&std::fs::read(png).unwrap()[1..4], b"PNG");
        let text = std::fs::read_to_string(svg).unwrap();
        assert!(["across", "up", "numbers"].iter().all(|label| text.contains(label)));
    }

    #[test]
    fn rows_must_be_whole() {
        let stem = Path::new("map");
        assert!(map(&[0.0; 3], 2).save(stem).is_err() && map(&[], 0).save(stem).is_err());
    }

    /// Axes and scales of colours over numbers that are as good as one, hardly numbers, farther apart than numbers go, or none.
    #[test]
    fn what_no_axis_can_show_is_refused_and_never_holds_up() {
        let map = |range: Range<f64>, values: [f64; 2]| {
            let ranges = [range, 0.0..1.0];
            super::super::canvas::to_svg(&Map {
                title: "",
                labels: ["x", "y"],
                ranges,
                values: &values,
                width: 2,
                label: "",
            })
        };
        assert!(map(0.0..1.0, [0.0, 1.0]).is_ok() && map(0.0..1.0, [5e-324, 1e-323]).is_ok());
        for range in [5e-324..1e-323, 1.0..1.0 + 4e-16, -1e308..1e308, f64::NAN..1.0, 0.0..f64::INFINITY, 1.0..1.0] {
            let told = map(range.clone(), [0.0, 1.0]).unwrap_err().to_string();
            assert!(told.contains("too large, too small or too close"), "{range:?}: {told}");
        }
        assert!(map(0.0..1.0, [1e308, -1e308]).is_err());
    }
}
