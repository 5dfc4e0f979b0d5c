//! Many bodies, seen along z and along y: each as a dot, or, where they are very many, as mass per area on a logarithmic scale of
//! colours.
//!
//! All axes have one scale. The box is that of the bodies, but for a few far ones, which would make the rest a dot. Bodies that lie in a
//! plane are shown in it alone.

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;

use super::canvas::{AXES, Drawn, Figure, MARGIN, RIGHT_MARGIN, TITLE, chart, frame, ink, tick, titled, with_unit};
use super::extent::Extent;
use super::maps::time_in;
use super::scale::{BAR, DECADES, Scale};
use super::tracks::FEW;
use super::units::Units;
use crate::Result;
use crate::io::Reader;

/// The longest and the shortest side of a panel, in dots.
const SIDES: [f64; 2] = [560.0, 120.0];
/// What a chart takes beside its panel, in dots.
const AROUND: [u32; 2] = [78 + MARGIN + RIGHT_MARGIN, 52 + 2 * MARGIN];
/// The most bodies that are drawn as dots, and how opaque a dot is.
const DOTS: usize = 5000;
const OPAQUE: f64 = 0.6;
/// The fewest and the most bins along the longest side.
const BINS: [f64; 2] = [50.0, 200.0];
/// The part of the bodies that is shown, where the box of all is so many times as wide.
const SHOWN: f64 = 0.95;
const WIDER: f64 = 1.5;
/// The room beyond them, as a part of their box.
const ROOM: f64 = 0.05;

/// Bodies, seen along one or two axes.
pub(crate) struct Density {
    length_unit: String,
    title: String,
    /// The lower and the upper corner of what is shown.
    corners: [[f64; 3]; 2],
    panels: Vec<Panel>,
    /// Of mass per area; none where each body is a dot.
    scale: Option<Scale>,
    /// The longest side of a panel, in dots, and whether panels stand below each other.
    longest: f64,
    is_column: bool,
}

/// What is seen along one axis.
struct Panel {
    /// The axes across and upwards.
    axes: [usize; 2],
    /// The bodies that are drawn as dots.
    dots: Vec<(f64, f64)>,
    /// The logarithm of mass per area in bins, row by row from below, so many to a row; minus infinity where nothing is.
    bins: Vec<f64>,
    width: usize,
}

impl Density {
    /// From a snapshot; none where it has no bodies or few.
    pub(super) fn of(reader: &Reader, units: &[String]) -> Result<Option<Self>> {
        Density::framed(reader, units, None)
    }

    /// The same within the extent of several snapshots.
    pub(super) fn within(reader: &Reader, units: &[String], extent: &Extent) -> Result<Option<Self>> {
        Density::framed(reader, units, Some(extent))
    }

    /// The corners of what is shown and the ends of the scale of colours; then how many panels there are, and the axes of the first.
    pub(super) fn extent(reader: &Reader, units: &[String]) -> Result<Extent> {
        let Some(Density { corners: [low, high], panels, scale, .. }) = Density::of(reader, units)? else {
            return Ok(Extent::default());
        };
        let [least, most] = scale.map_or([f64::INFINITY, f64::NEG_INFINITY], |scale| scale.ends());
        let [across, up] = panels[0].axes.map(|axis| axis as f64);
        let lows = low.into_iter().chain([least]).collect();
        let highs = high.into_iter().chain([most, panels.len() as f64, across, up]).collect();
        Ok(Extent { lows, highs })
    }

    fn framed(reader: &Reader, units: &[String], extent: Option<&Extent>) -> Result<Option<Self>> {
        if !reader.has("PartType1/Coordinates") || reader.shape("PartType1/Coordinates")?[0] as usize <= FEW {
            return Ok(None);
        }
        let units = Units::of(reader, units)?;
        let mut positions: Vec<f64> = reader.read("PartType1/Coordinates")?;
        positions.iter_mut().for_each(|place| *place *= units.length().0);
        let mut masses: Vec<f64> = reader.read("PartType1/Masses")?;
        masses.iter_mut().for_each(|mass| *mass *= units.mass().0);
        let title = format!("{} bodies at {}", masses.len(), time_in(reader, &units)?);
        let length_unit = units.length().1.to_owned();
        let unit = if length_unit.is_empty() { String::new() } else { format!("{} / {length_unit}²", units.mass().1) };
        Ok(Some(Density { title, length_unit, ..Density::shown(positions.as_chunks().0, &masses, &unit, extent) }))
    }

    /// Bodies at these places, of these masses.
    fn shown(positions: &[[f64; 3]], masses: &[f64], unit: &str, extent: Option<&Extent>) -> Self {
        let extent = extent.filter(|extent| extent.highs.len() == 7);
        let (corners, views) = extent.map_or_else(|| views(positions), views_of);
        let longest = (0..3).map(|axis| corners[1][axis] - corners[0][axis]).fold(0.0, f64::max);
        let bin = longest / ((masses.len() as f64 / 2.0).sqrt()).clamp(BINS[0], BINS[1]);
        let are_dots = masses.len() <= DOTS;
        let panel = |axes: [usize; 2]| {
            let dots = positions.iter().map(|place| (place[axes[0]], place[axes[1]]));
            let dots = dots.filter(|(x, y)| is_within(*x, axes[0], &corners) && is_within(*y, axes[1], &corners));
            if are_dots {
                return Panel { axes, dots: dots.collect(), bins: Vec::new(), width: 0 };
            }
            let (bins, width) = binned(positions, masses, &corners, axes, bin);
            Panel { axes, dots: Vec::new(), bins, width }
        };
        let panels: Vec<Panel> = views.into_iter().map(panel).collect();
        let lone = masses.iter().sum::<f64>() / masses.len() as f64 / (bin * bin);
        let ends = extent.map(|extent| [extent.lows[3], extent.highs[3]]).filter(|ends| ends[0] < ends[1]);
        let ends = || ends.unwrap_or_else(|| scale_of(&panels, lone.log10()));
        let scale = (!are_dots).then(|| Scale::logarithmic(ends(), &with_unit("mass per area", unit)));
        let title = String::new();
        Density { length_unit: title.clone(), title, corners, panels, scale, longest: SIDES[0], is_column: false }
    }

    /// Makes the figure so many dots wide.
    pub(super) fn fit(&mut self, width: u32) {
        let bar = if self.scale.is_some() { BAR } else { 0 };
        let [low, high] = self.corners;
        let whole = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f64::max);
        let parts = self.panels.iter().map(|panel| (high[panel.axes[0]] - low[panel.axes[0]]) / whole);
        self.is_column = self.panels.len() > 1 && width < 2 * (AROUND[0] + 250) + bar;
        let across = if self.is_column { parts.fold(0.0, f64::max) } else { parts.sum() };
        let beside = if self.is_column { 1 } else { self.panels.len() as u32 };
        self.longest = f64::from(width.saturating_sub(bar + beside * AROUND[0]).max(100)) / across;
    }

    /// The width and height of a panel, in dots.
    fn dots(&self, panel: &Panel) -> [u32; 2] {
        let [low, high] = self.corners;
        let longest = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f64::max);
        panel.axes.map(|axis| ((high[axis] - low[axis]) / longest * self.longest).round() as u32)
    }

    fn draw_panel<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, panel: &Panel) -> Drawn<DB> {
        let [low, high] = self.corners;
        let ranges = panel.axes.map(|axis| low[axis]..high[axis]);
        let labels = panel.axes.map(|axis| with_unit(AXES[axis], &self.length_unit));
        let mut chart = chart(area, scale, ranges, [&labels[0], &labels[1]], &|value| tick(*value))?;
        let dot = |place: &(f64, f64)| Circle::new(*place, scale + scale / 2, ink(0).mix(OPAQUE).filled());
        chart.draw_series(panel.dots.iter().map(dot))?;
        let Some(colours) = &self.scale else { return Ok(()) };
        let rows = panel.bins.len() / panel.width;
        let (width, height) = chart.plotting_area().dim_in_pixel();
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let picture = places.flat_map(|(x, y)| {
            let row = (height - 1 - y) as usize * rows / height as usize;
            let column = x as usize * panel.width / width as usize;
            let RGBColor(red, green, blue) = colours.colour_at(panel.bins[row * panel.width + column]);
            [red, green, blue]
        });
        let corner = (low[panel.axes[0]], high[panel.axes[1]]);
        chart.draw_series(BitMapElement::with_owned_buffer(corner, (width, height), picture.collect()))?;
        frame(area, &chart, scale)
    }
}

impl Figure for Density {
    fn size(&self) -> (u32, u32) {
        let sizes = self.panels.iter().map(|panel| self.dots(panel));
        let [width, height] =
            sizes.map(|[width, height]| [width + AROUND[0], height + AROUND[1]]).fold([0, 0], |all, one| {
                if self.is_column {
                    [all[0].max(one[0]), all[1] + one[1]]
                } else {
                    [all[0] + one[0], all[1].max(one[1])]
                }
            });
        (width + if self.scale.is_some() { BAR } else { 0 }, height + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let rest = titled(area, scale, &self.title)?;
        let bar = if self.scale.is_some() { BAR } else { 0 };
        let (mut rest, bar) = rest.split_horizontally((self.size().0 - bar) * scale);
        for panel in &self.panels {
            let [width, height] = self.dots(panel);
            let [width, height] = [(width + AROUND[0]) * scale, (height + AROUND[1]) * scale];
            let (next, others) =
                if self.is_column { rest.split_vertically(height) } else { rest.split_horizontally(width) };
            self.draw_panel(&next.split_vertically(height).0.split_horizontally(width).0, scale, panel)?;
            rest = others;
        }
        self.scale.as_ref().map_or(Ok(()), |colours| colours.draw(&bar, scale, 0))
    }
}

/// The corners of what is shown, and along which axes: x-y and x-z, or the plane alone in which all bodies lie.
fn views(positions: &[[f64; 3]]) -> ([[f64; 3]; 2], Vec<[usize; 2]>) {
    let ends = [0, 1, 2].map(|axis| ends(positions, axis));
    let wide: Vec<usize> = (0..3).filter(|&axis| ends[axis][1] > ends[axis][0]).collect();
    let views = match wide[..] {
        [_, _, _] => vec![[0, 1], [0, 2]],
        [across, up] => vec![[across, up]],
        [0] | [1] | [] => vec![[0, 1]],
        _ => vec![[0, 2]],
    };
    let longest = ends.iter().map(|[low, high]| high - low).fold(0.0, f64::max);
    let longest = if longest > 0.0 { longest } else { 2.0 };
    // An axis along which there is little is widened to a side that can be seen, on the same scale.
    let least = longest * SIDES[1] / SIDES[0];
    let widened = ends.map(|[low, high]| {
        let middle = 0.5 * low + 0.5 * high;
        if high - low < least { [middle - 0.5 * least, middle + 0.5 * least] } else { [low, high] }
    });
    ([widened.map(|[low, _]| low), widened.map(|[_, high]| high)], views)
}

/// The corners and the axes of panels of an extent.
fn views_of(extent: &Extent) -> ([[f64; 3]; 2], Vec<[usize; 2]>) {
    let corner = |numbers: &[f64]| [numbers[0], numbers[1], numbers[2]];
    let first = [extent.highs[5] as usize, extent.highs[6] as usize];
    let views = if extent.highs[4] > 1.0 { vec![[0, 1], [0, 2]] } else { vec![first] };
    ([corner(&extent.lows), corner(&extent.highs)], views)
}

/// Where bodies begin and end along an axis: all of them, or most, with some room, where a few are far from the others.
fn ends(positions: &[[f64; 3]], axis: usize) -> [f64; 2] {
    let mut places: Vec<f64> = positions.iter().map(|position| position[axis]).filter(|x| x.is_finite()).collect();
    places.sort_by(f64::total_cmp);
    let quantile = |part: f64| places.get((part * (places.len() as f64 - 1.0)) as usize).copied().unwrap_or(0.0);
    let all = [quantile(0.0), quantile(1.0)];
    let most = [quantile((1.0 - SHOWN) / 2.0), quantile((1.0 + SHOWN) / 2.0)];
    let width = most[1] - most[0];
    if all[1] - all[0] <= WIDER * width || width == 0.0 {
        return all;
    }
    [all[0].max(most[0] - ROOM * width), all[1].min(most[1] + ROOM * width)]
}

fn is_within(place: f64, axis: usize, [low, high]: &[[f64; 3]; 2]) -> bool {
    (low[axis]..=high[axis]).contains(&place)
}

/// The logarithm of mass per area in square bins, seen along the axis that is not among `axes`, and how many make a row.
fn binned(
    positions: &[[f64; 3]],
    masses: &[f64],
    corners: &[[f64; 3]; 2],
    axes: [usize; 2],
    bin: f64,
) -> (Vec<f64>, usize) {
    let [low, high] = corners;
    let [width, height] = axes.map(|axis| (((high[axis] - low[axis]) / bin).round() as usize).max(1));
    let size = [(0, width), (1, height)].map(|(side, count)| (high[axes[side]] - low[axes[side]]) / count as f64);
    let mut bins = vec![0.0; width * height];
    for (position, mass) in positions.iter().zip(masses) {
        if axes.iter().all(|&axis| is_within(position[axis], axis, corners)) {
            let place = |side: usize| ((position[axes[side]] - low[axes[side]]) / size[side]) as usize;
            bins[place(1).min(height - 1) * width + place(0).min(width - 1)] += mass;
        }
    }
    (bins.into_iter().map(|mass| (mass / (size[0] * size[1])).log10()).collect(), width)
}

/// The ends of the scale of colours: up to the largest density, from that of one body by itself, but no more than some
/// decades.
fn scale_of(panels: &[Panel], lone: f64) -> [f64; 2] {
    let all = panels.iter().flat_map(|panel| &panel.bins);
    let high = all.copied().filter(|value| value.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    let low = lone.max(high - DECADES);
    if high > low + 0.5 {
        [low, high]
    } else if high.is_finite() {
        [high - 0.5, high]
    } else {
        [0.0, 1.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies evenly in a box.
    fn in_box(count: u32, size: [f64; 3]) -> Vec<[f64; 3]> {
        let part = |i: u32, step: f64| (f64::from(i) * step).fract();
        (0..count)
            .map(|i| [part(i, 0.618), part(i, 0.414), part(i, 0.732)])
            .map(|place| std::array::from_fn(|axis| place[axis] * size[axis]))
            .collect()
    }

    #[test]
    fn bodies_of_a_box_are_dots_in_it_and_a_plane_has_one_panel() {
        let shown = Density::shown(&in_box(2000, [100.0, 50.0, 0.0]), &[1.0; 2000], "", None);
        assert!(shown.panels.len() == 1 && shown.panels[0].axes == [0, 1] && shown.scale.is_none());
        assert_eq!(shown.panels[0].dots.len(), 2000, "each body is seen");
        let [low, high] = shown.corners;
        assert!(low[..2].iter().all(|low| *low >= 0.0) && high[0] <= 100.0 && high[1] <= 50.0, "{low:?} {high:?}");
        let [width, height] = shown.dots(&shown.panels[0]);
        assert!(width == 560 && (278..=282).contains(&height), "one scale: {width} {height}");
        let upright = in_box(100, [0.0, 1.0, 2.0]);
        assert_eq!(Density::shown(&upright, &[1.0; 100], "", None).panels[0].axes, [1, 2]);
        assert_eq!(Density::shown(&[[3.0; 3]; 40], &[1.0; 40], "", None).panels.len(), 1);
    }

    #[test]
    fn a_few_far_bodies_do_not_make_the_rest_a_dot() {
        let mut bodies = in_box(1000, [1.0; 3]);
        bodies.extend([[1e6; 3], [-1e6, 0.0, 3e5]]);
        let shown = Density::shown(&bodies, &[1.0; 1002], "", None);
        assert!(shown.panels.len() == 2 && shown.corners[1].iter().all(|high| *high < 1.1));
    }

    #[test]
    fn all_mass_of_very_many_bodies_is_in_the_bins() {
        let bodies = in_box(8000, [4.0, 2.0, 1.0]);
        let shown = Density::shown(&bodies, &[2.0; 8000], "kg", None);
        let [low, high] = shown.corners;
        for panel in &shown.panels {
            let area = panel.axes.map(|axis| high[axis] - low[axis]).iter().product::<f64>() / panel.bins.len() as f64;
            let mass: f64 = panel.bins.iter().map(|value| 10f64.powf(*value) * area).sum();
            assert!(panel.dots.is_empty() && (mass - 16_000.0).abs() < 1e-6, "{mass}");
        }
        assert!(shown.scale.is_some());
    }
}
