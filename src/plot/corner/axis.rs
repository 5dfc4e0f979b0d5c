//! An axis of a corner plot: its range, numbers and name.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::orbit::posterior::Posterior;
use crate::plot::canvas::{Drawn, INK, less_offset, round_offset, text, tick};
use crate::plot::scale::{round_numbers, round_powers};

/// The shares of the weight beyond which samples are not shown.
const TAILS: [f64; 2] = [0.001, 0.999];
/// A distribution has a long tail where the upper one of these is so many times farther from the median than the lower one, and so many times larger
/// than it: then an axis of logarithms shows more.
const LONG: [f64; 2] = [5.0, 10.0];
/// The room around them, as a share of the range.
const ROOM: f64 = 0.04;

/// A parameter, in the unit in which it is shown.
pub(super) struct Axis {
    name: String,
    unit: String,
    /// A round number that is taken off where numbers would be long.
    offset: f64,
    /// Whether it shows decimal logarithms.
    logarithmic: bool,
    /// Its ends, as [`place`](Axis::place) gives them.
    pub range: [f64; 2],
    /// 16, 50 and 84 % of the weight are below these.
    pub quantiles: [f64; 3],
}

impl Axis {
    pub(super) fn of(posterior: &Posterior, place: usize) -> Self {
        let (factor, unit) = posterior.parameters[place].shown();
        let shares = [TAILS[0], TAILS[1], 0.16, 0.5, 0.84];
        let found: Vec<f64> = posterior.quantiles(place, &shares).iter().map(|value| factor * value).collect();
        let [low, high, median] = [found[0], found[1], found[3]];
        let logarithmic = low > 0.0 && high - median > LONG[0] * (median - low) && high > LONG[1] * low;
        let mut axis = Axis {
            name: posterior.parameters[place].name.clone(),
            unit: unit.to_owned(),
            offset: 0.0,
            logarithmic,
            range: [0.0; 2],
            quantiles: [found[2], median, found[4]],
        };
        let [from, to] = [low, high].map(|value| axis.place(value));
        let width = match to - from {
            width if width > 0.0 => width,
            _ => from.abs().max(1.0),
        };
        axis.range = [from - ROOM * width, to + ROOM * width];
        axis.offset = if logarithmic { 0.0 } else { round_offset(median, width) };
        axis
    }

    /// A number as the axis counts: itself or its decimal logarithm, which is none where it isn't positive.
    pub(super) fn place(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    /// Where in the range a number is: from 0 to 1.
    pub(super) fn part(&self, value: f64) -> f64 {
        self.part_of(self.place(value))
    }

    fn part_of(&self, place: f64) -> f64 {
        ((place - self.range[0]) / (self.range[1] - self.range[0])).clamp(0.0, 1.0)
    }

    fn label(&self) -> String {
        less_offset(&self.name, &self.unit, self.offset)
    }

    /// The median with its distances to the quantiles, to two digits of the smaller.
    pub(super) fn median_text(&self) -> String {
        let [low, median, high] = self.quantiles;
        let smaller = (high - median).min(median - low).max(1e-12 * median.abs()).max(f64::MIN_POSITIVE);
        let decimals = (1 - smaller.log10().floor() as i32).clamp(0, 9) as usize;
        let up = high - median;
        let down = median - low;
        format!("{median:.decimals$} +{up:.decimals$} −{down:.decimals$}").replace('-', "−")
    }

    /// Places and numbers of the ticks.
    fn ticks(&self) -> Vec<(f64, String)> {
        if self.logarithmic {
            let powers = round_powers(self.range[0], self.range[1]).into_iter();
            return powers.map(|(place, label)| (self.part_of(place), label)).collect();
        }
        let [low, high] = self.range.map(|end| end - self.offset);
        let small = 1e-9 * (high - low);
        let label = |value: f64| tick(if value.abs() < small { 0.0 } else { value });
        let numbers = round_numbers(low, high).filter(|value| (low..=high).contains(value));
        numbers.map(|value| (self.part(value + self.offset), label(value))).collect()
    }

    /// Numbers and name below a panel at `place` of this size, in dots.
    pub(super) fn draw_below<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        scale: u32,
        [[left, top], [width, height]]: [[u32; 2]; 2],
    ) -> Drawn<DB> {
        let dots = |number: u32| (number * scale) as i32;
        let bottom = dots(top + height);
        let turned = text(12, scale).transform(FontTransform::Rotate90).pos(Pos::new(HPos::Left, VPos::Center));
        for (part, label) in self.ticks() {
            let x = dots(left) + (part * f64::from(width * scale)) as i32;
            area.draw(&PathElement::new(vec![(x, bottom), (x, bottom + dots(4))], INK.stroke_width(scale)))?;
            area.draw(&Text::new(label, (x, bottom + dots(7)), turned.clone()))?;
        }
        let middle = (dots(left) + dots(width) / 2, bottom + dots(62));
        area.draw(&Text::new(self.label(), middle, self.name_style(scale, width)))
    }

    /// Numbers and name left of a panel.
    pub(super) fn draw_beside<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        scale: u32,
        [[left, top], [height, _]]: [[u32; 2]; 2],
    ) -> Drawn<DB> {
        let dots = |number: u32| (number * scale) as i32;
        let style = text(12, scale).pos(Pos::new(HPos::Right, VPos::Center));
        for (part, label) in self.ticks() {
            let y = dots(top + height) - (part * f64::from(height * scale)) as i32;
            area.draw(&PathElement::new(vec![(dots(left - 4), y), (dots(left), y)], INK.stroke_width(scale)))?;
            area.draw(&Text::new(label, (dots(left - 7), y), style.clone()))?;
        }
        let middle = (dots(left - 62), dots(top) + dots(height) / 2);
        let turned = self.name_style(scale, height).transform(FontTransform::Rotate270);
        area.draw(&Text::new(self.label(), middle, turned))
    }

    /// Small enough for the name to fit beside a panel, if it can be.
    fn name_style(&self, scale: u32, side: u32) -> TextStyle<'static> {
        let letters = self.label().chars().count().max(1) as u32;
        let size = (side * 10 / (6 * letters)).clamp(10, 15);
        text(size, scale).pos(Pos::new(HPos::Center, VPos::Center))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::posterior::Parameter;

    fn axis(name: &str, unit: &str, samples: Vec<f64>) -> Axis {
        let parameters = vec![Parameter::new(name, unit)];
        let ln_likelihood = vec![0.0; samples.len()];
        Axis::of(&Posterior { parameters, samples, ln_likelihood, ..Posterior::default() }, 0)
    }

    fn even(from: f64, to: f64) -> Vec<f64> {
        (0..1001).map(|k| from + (to - from) * f64::from(k) / 1000.0).collect()
    }

    #[test]
    fn long_numbers_are_shown_less_a_round_one() {
        let epoch = axis("tc1", "day", even(2_455_123.1, 2_455_123.9));
        assert_eq!(epoch.label(), "tc1 − 2455123 (day)");
        let labels: Vec<String> = epoch.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(axis("gamma", "m/s", even(-10_000.2, -9999.8)).label(), "gamma + 10000 (m/s)");
        assert_eq!(axis("ecc1", "", even(0.0, 0.5)).label(), "ecc1");
    }

    /// A log-normal density and one as 1/x over decades; not a normal one, one that begins at zero, one that reaches below it, one whose tail is
    /// short beside its size.
    #[test]
    fn long_tails_have_axes_of_logarithms() {
        let of = |value: fn(f64) -> f64| axis("sma1", "au", even(-3.5, 3.5).into_iter().map(value).collect());
        let long = of(|x| 40.0 * (0.6 * x).exp());
        assert!(long.logarithmic && (long.part(40.0) - 0.5).abs() < 1e-9);
        let labels: Vec<String> = long.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["5", "10", "20", "50", "100", "200"]);
        assert!(of(|x| 10f64.powf(x)).logarithmic);
        for value in [|x: f64| 40.0 + x, |x: f64| x + 3.5, |x: f64| x.exp() - 1.0, |x: f64| 1000.0 + x.exp()] {
            assert!(!of(value).logarithmic);
        }
    }

    #[test]
    fn angles_are_in_degrees_and_medians_have_two_digits_of_error() {
        let angle = axis("inc1", "rad", even(0.0, std::f64::consts::PI));
        assert_eq!(angle.label(), "inc1 (deg)");
        assert_eq!(angle.median_text(), "90 +61 −61");
        assert!((angle.part(90.0) - 0.5).abs() < 1e-12);
        assert_eq!(axis("sma1", "au", even(-0.1, 0.1)).median_text(), "0.000 +0.068 −0.068");
        assert_eq!(axis("sma1", "au", vec![2.0, 2.0, 3.0]).quantiles[1], 2.0);
    }
}
