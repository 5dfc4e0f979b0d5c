//! A scale of colours with its numbers, linear or logarithmic: cividis, which colour-blind readers can follow.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Drawn, INK, power_of_ten, text, tick};

/// The width of the scale with its numbers and label, in dots.
pub(super) const BAR: u32 = 170;
/// Decades that a logarithmic scale spans at most.
pub(super) const DECADES: f64 = 4.0;
/// How many times larger the largest of positive numbers must be than the smallest for a logarithmic scale.
const SPREAD: f64 = 30.0;
/// Steps of colour.
const COLOURS: usize = 256;
/// The colour of what is no number.
const NONE: RGBColor = RGBColor(200, 200, 200);

/// A scale of colours.
pub(super) struct Scale {
    label: String,
    /// The numbers at its ends; their decimal logarithms, if it is logarithmic.
    ends: [f64; 2],
    logarithmic: bool,
}

impl Scale {
    /// Over all of these numbers; logarithmic if it may be and they are positive and spread over decades.
    pub fn over<'a>(numbers: impl Iterator<Item = &'a f64>, label: &str, may_be_logarithmic: bool) -> Self {
        let finite = numbers.filter(|number| number.is_finite());
        let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(*x), high.max(*x)]);
        if may_be_logarithmic && low > 0.0 && high > SPREAD * low {
            return Self::logarithmic([low.log10().max(high.log10() - DECADES), high.log10()], label);
        }
        let room = (1e-6 * low.abs().max(high.abs())).max(f64::MIN_POSITIVE);
        let ends = match high - low {
            width if width > room => [low, high],
            _ if low.is_finite() => [low - room, high + room],
            _ => [0.0, 1.0],
        };
        Scale { label: label.to_owned(), ends, logarithmic: false }
    }

    /// Between these decimal logarithms.
    pub fn logarithmic(ends: [f64; 2], label: &str) -> Self {
        Scale { label: label.to_owned(), ends, logarithmic: true }
    }

    /// The colour of a number.
    pub fn colour(&self, number: f64) -> RGBColor {
        match if self.logarithmic { number.log10() } else { number } {
            place if place.is_nan() => NONE,
            place => colour(self.part(place)),
        }
    }

    /// Where on the scale a number is, or its logarithm on a logarithmic one: from 0 to 1.
    pub fn part(&self, place: f64) -> f64 {
        let [low, high] = self.ends;
        ((place - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Places and labels of the ticks.
    fn ticks(&self) -> Vec<(f64, String)> {
        let [low, high] = self.ends;
        if !self.logarithmic {
            return round_numbers(low, high).map(|value| (self.part(value), tick(value))).collect();
        }
        let decades = low.ceil() as i64..=high.floor() as i64;
        if decades.clone().count() > 2 {
            return decades.map(|exponent| (self.part(exponent as f64), power_of_ten(exponent))).collect();
        }
        let steps =
            (low.floor() as i32..=high.floor() as i32).flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| (digit, decade)));
        let values = steps.map(|(digit, decade)| digit * 10f64.powi(decade));
        let inside = values.filter(|value| (low..=high).contains(&value.log10()));
        inside.map(|value| (self.part(value.log10()), tick(value))).collect()
    }

    /// Draws the scale at the left of an area, as high as a chart beside it.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, top: u32) -> Drawn<DB> {
        let dots = |number: u32| (number * scale) as i32;
        let (left, right, top, bottom) = (dots(10), dots(34), dots(top + 8), area.dim_in_pixel().1 as i32 - dots(60));
        let at = |part: f64| bottom - ((bottom - top) as f64 * part).round() as i32;
        for shade in 0..COLOURS {
            let [low, high] = [shade, shade + 1].map(|shade| at(shade as f64 / COLOURS as f64));
            let filled = colour((shade as f64 + 0.5) / COLOURS as f64).filled();
            area.draw(&Rectangle::new([(left, low), (right, high)], filled))?;
        }
        area.draw(&Rectangle::new([(left, top), (right, bottom)], INK.stroke_width(scale)))?;
        let beside = text(17, scale).pos(Pos::new(HPos::Left, VPos::Center));
        for (part, label) in self.ticks() {
            area.draw(&PathElement::new([(right, at(part)), (right + dots(5), at(part))], INK.stroke_width(scale)))?;
            area.draw(&Text::new(label, (right + dots(9), at(part)), beside.clone()))?;
        }
        let turned = text(19, scale).transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Bottom));
        area.draw(&Text::new(self.label.clone(), (right + dots(120), (top + bottom) / 2), turned))
    }
}

/// The colour at a part of the scale, from 0 to 1.
pub(super) fn colour(part: f64) -> RGBColor {
    let shade = (part * COLOURS as f64).clamp(0.0, COLOURS as f64 - 1.0) as usize;
    let colour = colorous::CIVIDIS.eval_rational(shade, COLOURS);
    RGBColor(colour.r, colour.g, colour.b)
}

/// A handful of round numbers between two: multiples of 1, 2 or 5 of a decade, the largest that fits three times.
pub(super) fn round_numbers(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let rough = (high - low) / 3.0;
    let decade = 10f64.powf(rough.log10().floor());
    let step = [5.0, 2.0, 1.0].map(|digit| digit * decade).into_iter().find(|step| *step <= rough).unwrap_or(rough);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(move |count| count as f64 * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_on_the_scale() {
        let labels = |numbers: &[f64]| -> Vec<String> {
            let ticks = Scale::over(numbers.iter(), "", true).ticks();
            assert!(ticks.iter().all(|(part, _)| (0.0..=1.0).contains(part)) && ticks.len() < 9);
            ticks.into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(&[0.93, 2.11, f64::NAN]), ["1", "1.2", "1.4", "1.6", "1.8", "2"]);
        assert_eq!(labels(&[0.03, 4.1]), ["0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(labels(&[1e-9, 30.0]), ["10⁻²", "10⁻¹", "10⁰", "10¹"]);
        assert!(!labels(&[1.0, 1.0]).is_empty() && !labels(&[0.0, 0.0]).is_empty() && !labels(&[]).is_empty());
    }

    #[test]
    fn colours_run_from_end_to_end() {
        let scale = Scale::over([1.0, 3.0].iter(), "", true);
        assert_eq!([scale.colour(1.0), scale.colour(0.0)], [colour(0.0); 2]);
        assert_eq!([scale.colour(3.0), scale.colour(9.0)], [colour(1.0); 2]);
        assert!(scale.colour(2.0) == colour(0.5) && scale.colour(f64::NAN) == NONE);
    }
}
