//! Phase diagrams: how much gas has which pair of numbers, as density and pressure, on a logarithmic scale of colours.
//!
//! Cells are weighed by their mass, where there is a density, and else by their volume. An axis is logarithmic where its numbers are
//! positive and spread.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;

use super::canvas::{Drawn, Figure, TITLE, can_show, chart_of, frame, power_of_ten, tick, titled};
use super::field::{fields, label_in, plain, values};
use super::maps::time_in;
use super::scale::{BAR, Colours, DECADES, SPREAD, Scale};
use super::units::Units;
use super::view::View;
use crate::io::{GridGeometry, Reader, Slab};
use crate::{Error, Result};

/// Bins along each axis.
const BINS: usize = 128;
/// The size of the figure in dots.
const SIZE: [u32; 2] = [780, 640];

/// How much gas is in bins of two quantities.
pub(crate) struct Phase {
    title: String,
    labels: [String; 2],
    axes: [Axis; 2],
    /// The logarithm of the weight in each bin, row by row from below.
    bins: Vec<f64>,
    scale: Scale,
    /// The figure's width in dots.
    pub width: u32,
}

/// The numbers along an axis.
#[derive(Clone, Debug, PartialEq)]
struct Axis {
    /// Its ends; of a logarithmic axis their logarithms.
    range: Range<f64>,
    is_logarithmic: bool,
}

impl Axis {
    fn of(numbers: &[f64]) -> Option<Self> {
        let finite = numbers.iter().filter(|number| number.is_finite());
        let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(*x), high.max(*x)]);
        if low > high {
            return None;
        }
        let is_logarithmic = low > 0.0 && high > SPREAD * low;
        let [low, high] = if is_logarithmic { [low.log10(), high.log10()] } else { [low, high] };
        // Numbers that are all the same have an axis all the same.
        let room = if can_show(low, high) { 0.0 } else { (0.1 * low.abs()).max(f64::MIN_POSITIVE.sqrt()) };
        Some(Axis { range: low - room..high + room, is_logarithmic })
    }

    fn place(&self, number: f64) -> Option<usize> {
        let number = if self.is_logarithmic { number.log10() } else { number };
        let part = (number - self.range.start) / (self.range.end - self.range.start);
        (0.0..=1.0).contains(&part).then(|| ((part * BINS as f64) as usize).min(BINS - 1))
    }

    fn label(&self, value: &f64) -> String {
        match (self.is_logarithmic, (value - value.round()).abs() < 1e-6) {
            (false, _) => tick(*value),
            (true, true) => power_of_ten(value.round() as i64),
            (true, false) => tick(10f64.powf(*value)),
        }
    }
}

/// The diagram of two fields of a snapshot.
pub(super) fn phase(reader: &Reader, geometry: &GridGeometry, view: &View) -> Result<Option<Phase>> {
    let Some(pair) = &view.phase else { return Ok(None) };
    let known = fields(reader)?;
    if let Some(unknown) = pair.iter().find(|field| !known.contains(field)) {
        return Err(Error::input("--phase", format!("there is no field `{unknown}`; there are {}", known.join(", "))));
    }
    let units = Units::of(reader, &view.units)?;
    let slab = Slab::whole(&geometry.shape());
    let mut numbers = Vec::new();
    let mut labels = Vec::new();
    for field in pair {
        let (factor, label) = label_in(reader, field, &units);
        numbers.push(values(reader, field, &slab)?.into_iter().map(|number| factor * number).collect::<Vec<f64>>());
        labels.push(label);
    }
    let has_mass = known.iter().any(|name| name == "density");
    let weights = if has_mass { values(reader, "density", &slab)? } else { vec![1.0; numbers[0].len()] };
    let (Some(across), Some(up)) = (Axis::of(&numbers[0]), Axis::of(&numbers[1])) else { return Ok(None) };
    let bins = binned(&numbers, &weights, [&across, &up]);
    let high = bins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = bins.iter().copied().filter(|number| number.is_finite()).fold(f64::INFINITY, f64::min);
    let low = least.max(high - DECADES).min(high - 0.5);
    let share = if has_mass { "share of the mass" } else { "share of the volume" };
    let scale = Scale::logarithmic([low, high], share).coloured(view.colours);
    let [x, y] = [plain(&pair[0]), plain(&pair[1])];
    let title = format!("{y} over {x} at {}", time_in(reader, &units)?);
    let labels = [labels.remove(0), labels.remove(0)];
    Ok(Some(Phase { title, labels, axes: [across, up], bins, scale, width: SIZE[0] + BAR }))
}

/// The logarithm of the share of all weight in each bin.
fn binned(numbers: &[Vec<f64>], weights: &[f64], [across, up]: [&Axis; 2]) -> Vec<f64> {
    let mut bins = vec![0.0; BINS * BINS];
    let mut all = 0.0;
    for (place, weight) in weights.iter().enumerate().filter(|(_, weight)| weight.is_finite()) {
        if let (Some(column), Some(row)) = (across.place(numbers[0][place]), up.place(numbers[1][place])) {
            bins[row * BINS + column] += weight;
            all += weight;
        }
    }
    bins.into_iter().map(|weight: f64| (weight / all).log10()).collect()
}

impl Figure for Phase {
    fn size(&self) -> (u32, u32) {
        (self.width, (self.width - BAR) * SIZE[1] / SIZE[0] + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let (left, bar) = titled(area, scale, &self.title)?.split_horizontally((self.width - BAR) * scale);
        let [across, up] = &self.axes;
        let ticks: [&dyn Fn(&f64) -> String; 2] = [&|value: &f64| across.label(value), &|value: &f64| up.label(value)];
        let ranges = [across.range.clone(), up.range.clone()];
        let divides = !(across.is_logarithmic || up.is_logarithmic);
        let mut chart = chart_of(&left, scale, ranges, [&self.labels[0], &self.labels[1]], ticks, divides)?;
        let (width, height) = chart.plotting_area().dim_in_pixel();
        let dots = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let colours = dots.flat_map(|(x, y)| {
            let row = (height - 1 - y) as usize * BINS / height as usize;
            let bin = self.bins[row * BINS + x as usize * BINS / width as usize];
            let RGBColor(red, green, blue) = if bin.is_finite() { self.scale.colour_at(bin) } else { Colours::PAPER };
            [red, green, blue]
        });
        let corner = (across.range.start, up.range.end);
        chart.draw_series(BitMapElement::with_owned_buffer(corner, (width, height), colours.collect()))?;
        frame(&left, &chart, scale)?;
        self.scale.draw(&bar, scale, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_weighed_where_their_numbers_lie() {
        let numbers = [vec![1.0, 1.0, 1000.0, f64::NAN], vec![2.0, 2.0, 3.0, 3.0]];
        let [across, up] = [Axis::of(&numbers[0]).unwrap(), Axis::of(&numbers[1]).unwrap()];
        assert!(across.is_logarithmic && !up.is_logarithmic && across.range == (0.0..3.0));
        let bins = binned(&numbers, &[1.0, 2.0, 1.0, 5.0], [&across, &up]);
        assert_eq!((bins[0], bins[BINS * BINS - 1]), (0.75f64.log10(), 0.25f64.log10()));
        assert_eq!(bins.iter().filter(|bin| bin.is_finite()).count(), 2);
        assert!(Axis::of(&[4.0, 4.0]).unwrap().place(4.0).is_some() && Axis::of(&[0.0]).unwrap().place(0.0).is_some());
        assert!(Axis::of(&[f64::NAN]).is_none());
    }
}
