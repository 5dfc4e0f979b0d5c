//! The corner plot of a posterior: each parameter's histogram on the diagonal, each two parameters' density below it.
//!
//! Dashed lines are at 16, 50 and 84 % of the samples' weight, contours around 39.3 and 86.5 % of it: the shares within one and
//! two standard deviations of a normal density of two parameters. Parameters with a long tail have axes of logarithms. Densities are smoothed, by four fifths of the width of Scott's rule. Angles are in
//! degrees. What is left out: parameters that have one value only, and those beyond the first two dozen.

mod axis;
mod contours;
mod density;

use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use self::axis::Axis;
use self::contours::contours;
use self::density::{BINS, density, histogram, levels};
use super::canvas::{Drawn, Figure, INK, TITLE, ink, save, text, titled};
use crate::orbit::posterior::Posterior;
use crate::{Error, Result};

/// The most parameters that are drawn.
const MOST: usize = 24;
/// The room left of the panels and below them for numbers and names, in dots; right of them; between them; above each column
/// for the median, one row's.
const SIDE: u32 = 86;
const EDGE: u32 = 20;
const GAP: u32 = 5;
const HEAD: u32 = 22;
/// How wide a digit is, as a part of its height.
const LETTER: f64 = 0.66;

/// A corner plot.
pub(crate) struct Corner {
    title: String,
    axes: Vec<Axis>,
    /// The samples as the axes count them, axis by axis, and their weights.
    columns: Vec<Vec<f64>>,
    weights: Vec<f64>,
}

/// Draws the corner plot of a posterior as `stem.png` and `stem.svg`, and returns both paths: of the parameters of these names, or
/// of all where there are none.
///
/// # Errors
/// When a name is unknown, no parameter has more than one value, or the files can't be written.
pub fn corner(posterior: &Posterior, names: &[&str], stem: &Path) -> Result<[PathBuf; 2]> {
    if let Some(name) = names.iter().find(|name| posterior.place(name).is_none()) {
        let known: Vec<&str> = posterior.parameters.iter().map(|parameter| &parameter.name[..]).collect();
        let reason = format!("has no parameter `{name}`{}", crate::base::config::nearest_of(name, &known));
        return Err(Error::input("posterior", reason));
    }
    let nothing = || Error::file(stem, "there is nothing to draw: no parameter has more than one value");
    save(&Corner::of(posterior, names).ok_or_else(nothing)?, stem)
}

impl Corner {
    /// Of these parameters, or of all; none where there are fewer than two samples or no parameter varies.
    pub(super) fn of(posterior: &Posterior, names: &[&str]) -> Option<Self> {
        let wanted = |place: &usize| names.is_empty() || names.contains(&&posterior.parameters[*place].name[..]);
        let varies = |place: &usize| {
            let mut values = posterior.column(*place);
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let places: Vec<usize> = (0..posterior.parameters.len()).filter(wanted).filter(varies).collect();
        let shown = &places[..places.len().min(MOST)];
        if shown.is_empty() {
            return None;
        }
        let left_out = match places.len() - shown.len() {
            0 => String::new(),
            more => format!(", without {more} more parameters"),
        };
        let axes: Vec<Axis> = shown.iter().map(|&place| Axis::of(posterior, place)).collect();
        let column = |(&place, axis): (&usize, &Axis)| {
            let factor = posterior.parameters[place].shown().0;
            posterior.column(place).map(|value| axis.place(factor * value)).collect()
        };
        Some(Corner {
            title: format!("{} samples{left_out}", posterior.len()),
            columns: shown.iter().zip(&axes).map(column).collect(),
            axes,
            weights: posterior.shares(),
        })
    }

    /// The side of a panel, in dots: smaller where there are many.
    fn panel(&self) -> u32 {
        match self.axes.len() {
            0..=2 => 300,
            3..=4 => 220,
            5..=8 => 150,
            9..=13 => 112,
            _ => 84,
        }
    }

    /// Where the panel of a row and a column begins, in dots.
    fn corner(&self, row: usize, column: usize) -> [u32; 2] {
        let side = self.panel() + GAP;
        [SIDE + column as u32 * side, HEAD + row as u32 * side]
    }
}

impl Figure for Corner {
    fn size(&self) -> (u32, u32) {
        let panels = self.axes.len() as u32 * (self.panel() + GAP) - GAP;
        let medians = (0..self.axes.len()).map(|row| self.corner(row, row)[0] + self.median_width(row));
        let width = medians.fold(SIDE + panels + EDGE, u32::max);
        (width, TITLE + HEAD + panels + SIDE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let area = titled(area, scale, &self.title)?;
        let side = self.panel() * scale;
        for row in 0..self.axes.len() {
            for column in 0..=row {
                let [left, top] = self.corner(row, column).map(|place| place * scale);
                let panel = area.clone().shrink((left, top), (side, side));
                if row == column {
                    self.draw_histogram(&panel, scale, row)?
                } else {
                    self.draw_density(&panel, scale, row, column)?
                }
                panel.draw(&Rectangle::new([(0, 0), (side as i32, side as i32)], INK.stroke_width(scale)))?;
            }
            self.axes[row].draw_below(&area, scale, [self.corner(self.axes.len() - 1, row), [self.panel(); 2]])?;
            if row > 0 {
                self.axes[row].draw_beside(&area, scale, [self.corner(row, 0), [self.panel(); 2]])?;
            }
            self.draw_median(&area, scale, row)?;
        }
        Ok(())
    }
}

impl Corner {
    /// The height of medians' texts, in dots.
    fn median_size(&self) -> u32 {
        if self.axes.len() > 8 { 11 } else { 14 }
    }

    /// About how wide a median's text is, in dots.
    fn median_width(&self, row: usize) -> u32 {
        let letters = self.axes[row].median_text().chars().count() as f64;
        (LETTER * letters * f64::from(self.median_size())) as u32
    }

    /// The median with its errors, above the column.
    fn draw_median<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, row: usize) -> Drawn<DB> {
        let [left, top] = self.corner(row, row);
        let style = text(self.median_size(), scale).pos(Pos::new(HPos::Left, VPos::Bottom));
        let place = ((left * scale) as i32, ((top - 3) * scale) as i32);
        area.draw(&Text::new(self.axes[row].median_text(), place, style))
    }

    fn draw_histogram<DB: DrawingBackend>(&self, panel: &DrawingArea<DB, Shift>, scale: u32, row: usize) -> Drawn<DB> {
        let axis = &self.axes[row];
        let heights = histogram(&self.columns[row], &self.weights, axis.range);
        let highest = heights.iter().fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
        let side = f64::from(self.panel() * scale);
        let y = |height: f64| (side * (1.0 - 0.9 * height / highest)) as i32;
        let mut outline = vec![(0, y(0.0))];
        for (bin, &height) in heights.iter().enumerate() {
            let x = |edge: usize| (side * edge as f64 / heights.len() as f64) as i32;
            outline.extend([(x(bin), y(height)), (x(bin + 1), y(height))]);
        }
        outline.push((side as i32, y(0.0)));
        panel.draw(&Polygon::new(outline.clone(), ink(0).mix(0.15).filled()))?;
        panel.draw(&PathElement::new(outline, ink(0).stroke_width(scale + scale / 2)))?;
        let dash = 4 * scale as i32;
        for quantile in axis.quantiles {
            let x = (side * axis.part(quantile)) as i32;
            for start in (0..side as i32).step_by(2 * dash as usize) {
                let points = vec![(x, start), (x, (start + dash).min(side as i32))];
                panel.draw(&PathElement::new(points, INK.stroke_width(scale)))?;
            }
        }
        Ok(())
    }

    fn draw_density<DB: DrawingBackend>(
        &self,
        panel: &DrawingArea<DB, Shift>,
        scale: u32,
        row: usize,
        column: usize,
    ) -> Drawn<DB> {
        let side = self.panel() * scale;
        let [across, up] = [column, row].map(|axis| (&self.columns[axis][..], self.axes[axis].range));
        let cells = density(across, up, &self.weights);
        let highest = cells.iter().fold(f64::MIN_POSITIVE, |a, b| a.max(*b));
        let dots = (0..side).rev().flat_map(|y| (0..side).map(move |x| (x, y))).flat_map(|(x, y)| {
            let cell = |dot: u32| (dot as usize * BINS) / side as usize;
            shade(cells[cell(y) * BINS + cell(x)] / highest)
        });
        if let Some(picture) = BitMapElement::with_owned_buffer((0, 0), (side, side), dots.collect()) {
            panel.draw(&picture)?;
        }
        for (index, level) in levels(&cells).into_iter().enumerate() {
            let width = if index == 0 { scale + scale / 2 } else { scale };
            for line in contours(&cells, BINS, level) {
                let point = |[x, y]: [f64; 2]| {
                    let part = |place: f64| (place + 0.5) / BINS as f64 * f64::from(side);
                    (part(x) as i32, (f64::from(side) - part(y)) as i32)
                };
                let points: Vec<(i32, i32)> = line.into_iter().map(point).collect();
                panel.draw(&PathElement::new(points, ink(0).stroke_width(width)))?;
            }
        }
        Ok(())
    }
}

/// From white to the ink's blue.
fn shade(part: f64) -> [u8; 3] {
    let RGBColor(red, green, blue) = ink(0);
    [red, green, blue].map(|full| (255.0 - 0.6 * part.clamp(0.0, 1.0) * (255.0 - f64::from(full))) as u8)
}

#[cfg(test)]
mod tests;
