//! A scale of colours with its numbers, linear or logarithmic: cividis, which colour-blind readers can follow.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Drawn, INK, can_show, power_of_ten, text, tick, widest};

/// The width of the scale with its numbers and label, in dots.
pub(super) const BAR: u32 = 170;
/// Decades that a logarithmic scale spans at most.
pub(super) const DECADES: f64 = 4.0;
/// How many times larger the largest of positive numbers must be than the smallest for a logarithmic scale.
pub(super) const SPREAD: f64 = 30.0;
/// The most different whole numbers that are categories.
const CATEGORIES: usize = 8;
/// And the largest of them: larger ones are measured, not named.
const LARGEST_CATEGORY: f64 = 1e6;
/// Steps of colour.
const COLOURS: usize = 256;
/// The colour of what is no number.
pub(super) const NONE: RGBColor = RGBColor(200, 200, 200);

/// The scales of colours that there are. The first ones are as even to the eye as they are in numbers; cividis looks the same to
/// colour-blind readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// Blue to yellow.
    #[default]
    Cividis,
    /// Violet, green, yellow.
    Viridis,
    /// Black, violet, orange, pale yellow.
    Inferno,
    /// Black, violet, rose, pale yellow.
    Magma,
    /// Blue, violet, orange, yellow.
    Plasma,
    /// All of the rainbow, from blue to red.
    Turbo,
    /// White to black.
    Greys,
    /// Blue, white, red: for what has two signs.
    Coolwarm,
}

impl Colours {
    /// All of them with their names.
    pub(crate) const ALL: [(&'static str, Colours); 8] = [
        ("cividis", Colours::Cividis),
        ("viridis", Colours::Viridis),
        ("inferno", Colours::Inferno),
        ("magma", Colours::Magma),
        ("plasma", Colours::Plasma),
        ("turbo", Colours::Turbo),
        ("greys", Colours::Greys),
        ("coolwarm", Colours::Coolwarm),
    ];
    /// Where nothing is.
    pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);

    fn at(self, shade: usize) -> RGBColor {
        let gradient = match self {
            Colours::Cividis => colorous::CIVIDIS,
            Colours::Viridis => colorous::VIRIDIS,
            Colours::Inferno => colorous::INFERNO,
            Colours::Magma => colorous::MAGMA,
            Colours::Plasma => colorous::PLASMA,
            Colours::Turbo => colorous::TURBO,
            Colours::Greys => colorous::GREYS,
            Colours::Coolwarm => colorous::RED_BLUE,
        };
        // Red stands for large numbers.
        let shade = if self == Colours::Coolwarm { COLOURS - 1 - shade } else { shade };
        let colour = gradient.eval_rational(shade, COLOURS);
        RGBColor(colour.r, colour.g, colour.b)
    }
}

/// A scale of colours.
pub(crate) struct Scale {
    colours: Colours,
    label: String,
    /// The numbers at its ends; their decimal logarithms, if it is logarithmic.
    ends: [f64; 2],
    logarithmic: bool,
    /// The values, where they are few whole numbers: each has a colour of its own.
    categories: Vec<f64>,
}

impl Scale {
    /// Over all of these numbers; logarithmic if it may be and they are positive and spread over decades.
    pub(super) fn over<'a>(numbers: impl Iterator<Item = &'a f64>, label: &str, may_be_logarithmic: bool) -> Self {
        let numbers: Vec<&f64> = numbers.filter(|number| number.is_finite()).collect();
        if let Some(categories) = categories(&numbers) {
            let ends = [categories[0], categories[categories.len() - 1]];
            return Scale { categories, ..Scale::linear(ends, label) };
        }
        let finite = numbers.into_iter();
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
        Scale::linear(ends, label)
    }

    /// Between these numbers.
    pub(super) fn linear(ends: [f64; 2], label: &str) -> Self {
        Scale { colours: Colours::default(), label: label.to_owned(), ends, logarithmic: false, categories: Vec::new() }
    }

    /// Between these decimal logarithms.
    pub(super) fn logarithmic(ends: [f64; 2], label: &str) -> Self {
        Scale { logarithmic: true, ..Scale::linear(ends, label) }
    }

    /// The same in other colours.
    pub(super) fn coloured(self, colours: Colours) -> Self {
        Scale { colours, ..self }
    }

    /// The numbers at its ends, or their decimal logarithms.
    pub(super) fn ends(&self) -> [f64; 2] {
        self.ends
    }

    /// Whether numbers between two have a colour between theirs.
    pub(super) fn mixes(&self) -> bool {
        self.categories.is_empty()
    }

    /// The colour of a number.
    pub(super) fn colour(&self, number: f64) -> RGBColor {
        if !self.mixes() {
            let place = self.categories.iter().position(|category| *category == number);
            return place.map_or(NONE, |place| self.shade(self.part_of_category(place)));
        }
        match if self.logarithmic { number.log10() } else { number } {
            place if place.is_nan() => NONE,
            place => self.colour_at(place),
        }
    }

    /// The colour of a place on the scale: of a number, or its logarithm on a logarithmic one.
    pub(super) fn colour_at(&self, place: f64) -> RGBColor {
        self.shade(self.part(place))
    }

    fn shade(&self, part: f64) -> RGBColor {
        self.colours.at((part * COLOURS as f64).clamp(0.0, COLOURS as f64 - 1.0) as usize)
    }

    /// Where on the scale a number is, or its logarithm on a logarithmic one: from 0 to 1.
    pub(super) fn part(&self, place: f64) -> f64 {
        let [low, high] = self.ends;
        ((place - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// The middle of a category's part of the scale.
    fn part_of_category(&self, place: usize) -> f64 {
        (place as f64 + 0.5) / self.categories.len() as f64
    }

    /// Places and labels of the ticks.
    fn ticks(&self) -> Vec<(f64, String)> {
        let [low, high] = self.ends;
        if !self.mixes() {
            let categories = self.categories.iter().enumerate();
            return categories.map(|(place, value)| (self.part_of_category(place), tick(*value))).collect();
        }
        if !self.logarithmic {
            return round_numbers(low, high).map(|value| (self.part(value), tick(value))).collect();
        }
        round_powers(low, high).into_iter().map(|(place, label)| (self.part(place), label)).collect()
    }

    /// Draws the scale at the left of an area, as high as a chart beside it.
    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, top: u32) -> Drawn<DB> {
        let [low, high] = self.ends;
        if !can_show(low, high) {
            return Err(DrawingAreaErrorKind::LayoutError);
        }
        let dots = |number: u32| (number * scale) as i32;
        let left = dots(10);
        let right = dots(34);
        let top = dots(top + 8);
        let bottom = area.dim_in_pixel().1 as i32 - dots(60);
        let at = |part: f64| bottom - ((bottom - top) as f64 * part).round() as i32;
        let shades = if self.mixes() { COLOURS } else { self.categories.len() };
        for shade in 0..shades {
            let [low, high] = [shade, shade + 1].map(|shade| at(shade as f64 / shades as f64));
            let filled = self.shade((shade as f64 + 0.5) / shades as f64).filled();
            area.draw(&Rectangle::new([(left, low), (right, high)], filled))?;
        }
        area.draw(&Rectangle::new([(left, top), (right, bottom)], INK.stroke_width(scale)))?;
        let beside = text(17, scale).pos(Pos::new(HPos::Left, VPos::Center));
        let ticks = self.ticks();
        let labels: Vec<String> = ticks.iter().map(|(_, label)| label.clone()).collect();
        for (part, label) in ticks {
            area.draw(&PathElement::new([(right, at(part)), (right + dots(5), at(part))], INK.stroke_width(scale)))?;
            area.draw(&Text::new(label, (right + dots(9), at(part)), beside.clone()))?;
        }
        let end = right + dots(9 + 10 + 19) + widest(area, &labels, 17, scale)? as i32;
        let turned = text(19, scale).transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Bottom));
        area.draw(&Text::new(self.label.clone(), (end, (top + bottom) / 2), turned))
    }
}

/// The different values in their order, where they are few whole numbers and more than one.
fn categories(numbers: &[&f64]) -> Option<Vec<f64>> {
    let mut values: Vec<f64> = Vec::new();
    for number in numbers {
        if values.contains(number) {
            continue;
        }
        if number.fract() != 0.0 || number.abs() > LARGEST_CATEGORY || values.len() == CATEGORIES {
            return None;
        }
        values.push(**number);
    }
    values.sort_by(f64::total_cmp);
    (values.len() > 1).then_some(values)
}

/// The colour at a part of the scale, from 0 to 1.
pub(super) fn colour(part: f64) -> RGBColor {
    Colours::Cividis.at((part * COLOURS as f64).clamp(0.0, COLOURS as f64 - 1.0) as usize)
}

/// A handful of round numbers between two: multiples of 1, 2 or 5 of a decade, the largest that fits three times.
pub(super) fn round_numbers(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let rough = (high - low) / 3.0;
    let decade = 10f64.powf(rough.log10().floor());
    let step = [5.0, 2.0, 1.0].map(|digit| digit * decade).into_iter().find(|step| *step <= rough).unwrap_or(rough);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last).map(move |count| count as f64 * step)
}

/// Round numbers between two decimal logarithms, with their own: powers of ten, and where there are few 1, 2 and 5 times those.
pub(super) fn round_powers(low: f64, high: f64) -> Vec<(f64, String)> {
    let decades = low.ceil() as i64..=high.floor() as i64;
    if decades.clone().count() > 2 {
        return decades.map(|exponent| (exponent as f64, power_of_ten(exponent))).collect();
    }
    let steps =
        (low.floor() as i32..=high.floor() as i32).flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| (digit, decade)));
    let values = steps.map(|(digit, decade)| digit * 10f64.powi(decade));
    let inside = values.filter(|value| (low..=high).contains(&value.log10()));
    inside.map(|value| (value.log10(), tick(value))).collect()
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
    fn few_whole_numbers_are_categories() {
        let scale = Scale::over([1.0, -1.0, f64::NAN, 1.0].iter(), "spin", true);
        assert_eq!(scale.ticks(), [(0.25, "−1".to_owned()), (0.75, "1".to_owned())]);
        assert!(!scale.mixes() && scale.colour(1.0) == colour(0.75) && scale.colour(0.0) == NONE);
        let many: Vec<f64> = (0..9).map(f64::from).collect();
        for numbers in [&[1.0, 1.5][..], &[1.0, 1.0], &many, &[]] {
            assert!(Scale::over(numbers.iter(), "", false).mixes(), "{numbers:?}");
        }
    }

    #[test]
    fn colours_run_from_end_to_end() {
        let scale = Scale::linear([1.0, 3.0], "");
        assert_eq!([scale.colour(1.0), scale.colour(0.0)], [colour(0.0); 2]);
        assert_eq!([scale.colour(3.0), scale.colour(9.0)], [colour(1.0); 2]);
        assert!(scale.colour(2.0) == colour(0.5) && scale.colour(f64::NAN) == NONE);
    }
}
