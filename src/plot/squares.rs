//! Square panels: maps with one scale of colours beside them, or dots.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Drawn, Figure, TITLE, chart, frame, ink, text, tick, titled};
use super::scale::{BAR, Scale};

/// The sides of a picture of one panel, and of each of several, in dots.
const SIDES: [u32; 2] = [640, 400];
/// What a panel's chart has beyond its square: left and right, above and below.
const AROUND: [u32; 2] = [112, 68];
/// The height of a caption.
const CAPTION: u32 = 26;
/// Panels in a row; eight, of Jones matrices, stand as the matrix does.
const ROW: usize = 3;
const JONES_ROW: usize = 4;

/// Square panels, each with its caption, and one scale of colours where they are maps.
pub(crate) struct Squares {
    pub title: String,
    pub labels: [String; 2],
    pub panels: Vec<Square>,
    pub scale: Option<Scale>,
}

/// A panel: a map, or dots.
pub(crate) struct Square {
    pub caption: String,
    pub ranges: [Range<f64>; 2],
    /// Numbers row by row from below, so many to a row.
    pub map: (Vec<f64>, usize),
    pub dots: Vec<(f64, f64)>,
}

impl Squares {
    /// The side of a panel's square.
    fn side(&self) -> u32 {
        SIDES[usize::from(self.panels.len() > 1)]
    }

    /// Panels in a row, and rows.
    fn grid(&self) -> [usize; 2] {
        let row = if self.panels.len() == 2 * JONES_ROW { JONES_ROW } else { self.panels.len().min(ROW) };
        [row, self.panels.len().div_ceil(row)]
    }

    fn caption(&self) -> u32 {
        if self.panels.len() > 1 { CAPTION } else { 0 }
    }

    fn draw_panel<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, panel: &Square) -> Drawn<DB> {
        let (head, area) = area.split_vertically(self.caption() * scale);
        let middle = (head.dim_in_pixel().0 + 52 * scale) as i32 / 2;
        let centred = text(17, scale).pos(Pos::new(HPos::Center, VPos::Top));
        head.draw(&Text::new(panel.caption.clone(), (middle, 8 * scale as i32), centred))?;
        let labels = [&self.labels[0][..], &self.labels[1][..]];
        let mut chart = chart(&area, scale, panel.ranges.clone(), labels, &|value| tick(*value))?;
        let dot = |place: &(f64, f64)| Circle::new(*place, scale, ink(0).mix(0.5).filled());
        chart.draw_series(panel.dots.iter().map(dot))?;
        if let Some(colours) = &self.scale {
            let (numbers, across) = &panel.map;
            let rows = numbers.len() / across;
            let (width, height) = chart.plotting_area().dim_in_pixel();
            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x as usize, y)));
            let picture = places.flat_map(|(x, y)| {
                let row = (height - 1 - y) as usize * rows / height as usize;
                let number = numbers[row * across + x * across / width as usize];
                let RGBColor(red, green, blue) = colours.colour(number);
                [red, green, blue]
            });
            let corner = (panel.ranges[0].start, panel.ranges[1].end);
            chart.draw_series(BitMapElement::with_owned_buffer(corner, (width, height), picture.collect()))?;
        }
        frame(&area, &chart, scale)
    }
}

impl Figure for Squares {
    fn size(&self) -> (u32, u32) {
        let [across, rows] = self.grid().map(|count| count as u32);
        let bar = if self.scale.is_some() { BAR } else { 0 };
        (across * (self.side() + AROUND[0]) + bar, rows * (self.side() + AROUND[1] + self.caption()) + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let (width, _) = self.size();
        let bar = if self.scale.is_some() { BAR } else { 0 };
        let (panels, beside) = titled(area, scale, &self.title)?.split_horizontally((width - bar) * scale);
        let [across, rows] = self.grid();
        let all = panels.split_evenly((rows, across));
        for (area, panel) in all.iter().zip(&self.panels) {
            self.draw_panel(area, scale, panel)?;
        }
        match &self.scale {
            Some(colours) => colours.draw(&beside, scale, 0),
            None => Ok(()),
        }
    }
}
