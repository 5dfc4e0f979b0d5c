//! The orbits of few bodies, seen from +z: one panel, or an inner and an outer one where sizes differ much.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Chart, Drawn, Figure, INK, TITLE, chart, ink, quantity, text, tick, titled, with_unit};
use super::curve::smooth;
use super::labels::Labels;
use super::tracks::{Tracks, reach};

/// The side of a panel, in dots.
const SIDE: u32 = 720;
/// A panel that would be narrower than this, in dots, stands below others.
const NARROW: u32 = 400;
/// The most dots of a path that is too coarse for a line.
const DOTS: usize = 4000;
/// How many times larger the largest orbit must be than the smallest to have two panels.
const SPREAD: f64 = 4.0;

/// The orbits of few bodies.
#[derive(Clone)]
pub(crate) struct Orbits {
    tracks: Tracks,
    centre: Option<usize>,
    /// The half-widths of the panels: one or two.
    panels: Vec<f64>,
    /// The side of a panel, and whether panels stand below each other.
    side: u32,
    is_column: bool,
}

impl Orbits {
    /// From the paths of bodies; none where nothing moves.
    pub(super) fn of(mut tracks: Tracks) -> Option<Self> {
        let centre = tracks.centre();
        if let Some(centre) = centre {
            tracks.centre_on(centre);
        }
        let orbiting = tracks.paths.iter().enumerate().filter(|(body, _)| Some(*body) != centre);
        let mut reaches: Vec<f64> = orbiting.map(|(_, path)| reach(path)).filter(|reach| *reach > 0.0).collect();
        reaches.sort_by(f64::total_cmp);
        let panels = panels(&reaches, centre.is_some())?;
        Some(Orbits { tracks, centre, panels, side: SIDE, is_column: false })
    }

    /// Makes the figure so many dots wide.
    pub(super) fn fit(&mut self, width: u32) {
        self.is_column = self.panels.len() > 1 && width / 2 < NARROW;
        self.side = width / self.rows()[0];
    }

    /// Panels in a row, and rows.
    fn rows(&self) -> [u32; 2] {
        let panels = self.panels.len() as u32;
        if self.is_column { [1, panels] } else { [panels, 1] }
    }

    /// At how many times the bodies' places are known.
    pub(super) fn frames(&self) -> usize {
        self.tracks.times.len()
    }

    /// The same up to one of these times, in the same panels.
    pub(super) fn until(&self, frames: usize) -> Self {
        let mut until = self.clone();
        until.tracks.times.truncate(frames);
        until.tracks.paths.iter_mut().for_each(|path| path.truncate(frames));
        until
    }

    /// The last time in words.
    pub(super) fn time(&self) -> String {
        let last = self.tracks.times.last().copied().unwrap_or(0.0);
        format!("time {}", quantity(last, &self.tracks.time_unit))
    }

    fn draw_panel<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, half: f64) -> Drawn<DB> {
        let labels = ["x", "y"].map(|axis| with_unit(axis, &self.tracks.length_unit));
        let sides = [-half..half, -half..half];
        let mut chart = chart(area, scale, sides, [&labels[0], &labels[1]], &|value| tick(*value))?;
        let mut ends = Vec::new();
        for (body, path) in self.tracks.paths.iter().enumerate() {
            if Some(body) == self.centre || path.is_empty() || self.is_elsewhere(path, half) {
                continue;
            }
            self.draw_path(&mut chart, scale, body)?;
            ends.push((body, path[path.len() - 1]));
        }
        ends.retain(|(_, end)| end[0].abs() < half && end[1].abs() < half);
        chart.draw_series(
            ends.iter().map(|(body, end)| Circle::new((end[0], end[1]), 4 * scale, ink(*body).filled())),
        )?;
        if let Some(centre) = self.centre {
            chart.draw_series([Circle::new((0.0, 0.0), 6 * scale, RGBColor(240, 180, 0).filled())])?;
            chart.draw_series([Circle::new((0.0, 0.0), 6 * scale, INK.stroke_width(scale))])?;
            ends.push((centre, [0.0, 0.0]));
        }
        self.draw_names(area, &chart, scale, &ends)
    }

    /// Whether a path belongs to the other panel: too large for this one, or lost in it.
    fn is_elsewhere(&self, path: &[[f64; 2]], half: f64) -> bool {
        let reach = reach(path);
        let inner = self.panels[0];
        self.panels.len() == 2 && (if half == inner { reach > half } else { reach <= inner })
    }

    fn draw_path<DB: DrawingBackend>(&self, chart: &mut Chart<'_, DB>, scale: u32, body: usize) -> Drawn<DB> {
        let path = &self.tracks.paths[body];
        let pale = paler(ink(body));
        match smooth(path) {
            Some(curve) => chart.draw_series(LineSeries::new(curve, pale.stroke_width(scale + scale / 2))).map(drop)?,
            None => {
                let points = path.iter().rev().take(DOTS).map(|p| (p[0], p[1]));
                chart.draw_series(points.map(|point| Circle::new(point, scale, pale.filled())))?;
            }
        }
        Ok(())
    }

    /// Names beside the last positions; bodies at one place share a label.
    fn draw_names<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        chart: &Chart<'_, DB>,
        scale: u32,
        ends: &[(usize, [f64; 2])],
    ) -> Drawn<DB> {
        let (left, top) = area.get_base_pixel();
        let place = |end: [f64; 2]| {
            let (x, y) = chart.backend_coord(&(end[0], end[1]));
            [x - left, y - top]
        };
        let near = |a: [i32; 2], b: [i32; 2]| (a[0] - b[0]).abs().max((a[1] - b[1]).abs()) < 9 * scale as i32;
        let ends: Vec<(usize, [i32; 2])> = ends.iter().map(|&(body, end)| (body, place(end))).collect();
        let mut labels =
            Labels::new(area.dim_in_pixel(), 17 * scale, &ends.iter().map(|end| end.1).collect::<Vec<_>>());
        for (index, &(body, end)) in ends.iter().enumerate() {
            if ends[..index].iter().any(|&(_, other)| near(end, other)) {
                continue;
            }
            let here = ends[index..].iter().filter(|&&(_, other)| near(end, other));
            let names: Vec<&str> =
                here.filter_map(|&(body, _)| self.tracks.names.get(body).map(String::as_str)).collect();
            let name = names.join(", ");
            let colour = if Some(body) == self.centre { INK } else { darker(ink(body)) };
            let corner = labels.place(end, &name);
            area.draw(&Text::new(name, (corner[0], corner[1]), text(17, scale).color(&colour)))?;
        }
        Ok(())
    }
}

/// A colour halfway to white.
fn paler(colour: RGBColor) -> RGBColor {
    let half = |part: u8| 255 - (255 - part) / 3 * 2;
    RGBColor(half(colour.0), half(colour.1), half(colour.2))
}

/// A colour for text.
fn darker(colour: RGBColor) -> RGBColor {
    RGBColor(colour.0 / 4 * 3, colour.1 / 4 * 3, colour.2 / 4 * 3)
}

impl Figure for Orbits {
    fn size(&self) -> (u32, u32) {
        let [across, down] = self.rows();
        (across * self.side, down * (self.side - 26) + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let [from, to] = [self.tracks.times[0], self.tracks.times[self.tracks.times.len() - 1]];
        let title = format!("orbits from time {} to {}", tick(from), quantity(to, &self.tracks.time_unit));
        let area = titled(area, scale, &title)?;
        for (panel, half) in
            area.split_evenly((self.rows()[1] as usize, self.rows()[0] as usize)).iter().zip(&self.panels)
        {
            self.draw_panel(panel, scale, *half)?;
        }
        Ok(())
    }
}

/// The half-widths of the panels for orbits of these sizes, sorted: cut at the widest gap where they differ much.
fn panels(reaches: &[f64], has_centre: bool) -> Option<Vec<f64>> {
    let first = *reaches.first()?;
    let last = *reaches.last()?;
    let with_room = |reach: f64| 1.1 * reach;
    if !has_centre || last < SPREAD * first {
        return Some(vec![with_room(last)]);
    }
    let gaps = reaches.windows(2).map(|pair| pair[1] / pair[0]);
    let widest = gaps.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?.0;
    Some(vec![with_room(reaches[widest]), with_room(last)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solar_system_is_cut_between_mars_and_jupiter() {
        let sizes = [0.47, 0.73, 1.02, 1.02, 1.67, 5.5, 10.1, 20.1, 30.3, 49.3];
        let panels = panels(&sizes, true).unwrap();
        assert!(panels.len() == 2 && panels[0] > 1.67 && panels[0] < 5.0 && panels[1] > 49.3, "{panels:?}");
        assert_eq!(super::panels(&[1.0, 1.1], true).unwrap().len(), 1);
        assert!(super::panels(&[], true).is_none());
    }
}
