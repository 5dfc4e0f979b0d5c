//! What all figures share: the font, inks and axes, and turning a figure into PNG and SVG.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use crate::base::whole::write_whole;
use crate::run::DRAWN;
use crate::{Error, Result};

/// The outcome of drawing on a backend.
pub(crate) type Drawn<DB> = std::result::Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
/// The names of the axes.
pub(super) const AXES: [&str; 3] = ["x", "y", "z"];
/// What a chart leaves free around it, and on the right, where half of its last number stands, in dots.
pub(super) const MARGIN: u32 = 8;
pub(super) const RIGHT_MARGIN: u32 = 26;
/// The height of a chart's numbers and of what its axes show, in dots.
const NUMBERS: u32 = 17;
const SHOWN: u32 = 20;
/// The most numbers on an axis, and the room that one takes across and upwards, in dots.
const MOST_NUMBERS: u32 = 7;
const ROOM: [u32; 2] = [75, 32];
/// A chart with two linear axes.
pub(super) type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The family that figures ask for, and that this program brings along.
pub(super) const FAMILY: &str = "sans-serif";
/// The font itself.
pub(super) const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");
/// The ink of axes and text.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// The ink of grid lines.
const FAINT: RGBColor = RGBColor(228, 228, 228);
/// Inks of lines that colour-blind readers can distinguish (Okabe & Ito 2008, without its yellow and black).
const INKS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];
/// The height of a title, in dots.
pub(super) const TITLE: u32 = 40;
/// Numbers that are so many times larger than their spread are shown less a round number.
const LONG: f64 = 3000.0;
/// The narrowest axis, as a part of the largest number on it: on a narrower one ticks would be as close as numbers are.
const NARROWEST: f64 = 1e-12;
/// Dots per dot that a bitmap is drawn with before it is averaged down, for smooth lines.
const FINER: u32 = 2;

/// A picture that can be drawn on any backend.
pub(crate) trait Figure {
    /// Its width and height, in dots.
    fn size(&self) -> (u32, u32);
    /// Draws it, all lengths multiplied by `scale`.
    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB>;
}

/// The ink of line number `index`.
pub(super) fn ink(index: usize) -> RGBColor {
    INKS[index % INKS.len()]
}

/// Text of this height in dots.
pub(super) fn text(size: u32, scale: u32) -> TextStyle<'static> {
    (FAMILY, f64::from(size * scale)).into_font().color(&INK)
}

/// A superscript power of ten.
pub(super) fn power_of_ten(exponent: i64) -> String {
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        other => char::from_u32('⁰' as u32 + other.to_digit(10).unwrap_or(0)).unwrap_or(other),
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

/// A label with its unit in brackets, if there is one.
pub(super) fn with_unit(label: &str, unit: &str) -> String {
    if unit.is_empty() { label.to_owned() } else { format!("{label} ({unit})") }
}

/// A value with its unit, if there is one.
pub(super) fn quantity(value: f64, unit: &str) -> String {
    format!("{} {unit}", tick(value)).trim_end().to_owned()
}

/// A round number to take off numbers about `value` that spread over `width` only, so that they are short; 0 where they are.
pub(super) fn round_offset(value: f64, width: f64) -> f64 {
    let step = 10f64.powf(width.log10().ceil());
    if value.abs() > LONG * width && step > 0.0 { (value / step).floor() * step } else { 0.0 }
}

/// What an axis shows that a round number was taken off, with its unit.
pub(super) fn less_offset(label: &str, unit: &str, offset: f64) -> String {
    let label = match offset {
        0.0 => label.to_owned(),
        offset if offset < 0.0 => format!("{label} + {}", -offset),
        offset => format!("{label} − {offset}"),
    };
    with_unit(&label, unit)
}

/// A tick's number, without digits that say nothing.
pub(super) fn tick(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor() as i64;
    if !(-4..6).contains(&exponent) {
        let factor = value / 10f64.powi(exponent as i32);
        return format!("{} × {}", trimmed(format!("{factor:.3}")), power_of_ten(exponent)).replace('-', "−");
    }
    trimmed(format!("{value:.*}", (4 - exponent).clamp(0, 8) as usize)).replace('-', "−")
}

fn trimmed(number: String) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number }
}

/// Whether an axis, or a scale of colours, can show the numbers from one end to the other, in either direction.
pub(super) fn can_show(from: f64, to: f64) -> bool {
    let span = (to - from).abs();
    span.is_normal() && span > NARROWEST * from.abs().max(to.abs())
}

/// An empty chart with grid, frame and labelled axes.
///
/// # Errors
/// Where an axis cannot show its range: the search for ticks would not end.
pub(super) fn chart<'a, DB: DrawingBackend + 'a>(
    area: &DrawingArea<DB, Shift>,
    scale: u32,
    [x, y]: [Range<f64>; 2],
    [x_label, y_label]: [&str; 2],
    y_tick: &dyn Fn(&f64) -> String,
) -> std::result::Result<Chart<'a, DB>, DrawingAreaErrorKind<DB::ErrorType>> {
    chart_of(area, scale, [x, y], [x_label, y_label], [&|value: &f64| tick(*value), y_tick], true)
}

/// The same with numbers on both axes as they are told; whether these may be divided by a power of ten.
///
/// # Errors
/// As [`chart`].
pub(super) fn chart_of<'a, DB: DrawingBackend + 'a>(
    area: &DrawingArea<DB, Shift>,
    scale: u32,
    [x, y]: [Range<f64>; 2],
    [x_label, y_label]: [&str; 2],
    [x_tick, y_tick]: [&dyn Fn(&f64) -> String; 2],
    divides: bool,
) -> std::result::Result<Chart<'a, DB>, DrawingAreaErrorKind<DB::ErrorType>> {
    if ![&x, &y].into_iter().all(|range| can_show(range.start, range.end)) {
        return Err(DrawingAreaErrorKind::LayoutError);
    }
    let powers = [&x, &y].map(|range| if divides { power_of_axis(range) } else { 0 });
    let x_tick = snapped(x.clone(), powers[0], x_tick);
    let y_tick = snapped(y.clone(), powers[1], y_tick);
    let mut chart = ChartBuilder::on(area)
        .margin(MARGIN * scale)
        .margin_right(RIGHT_MARGIN * scale)
        .set_label_area_size(LabelAreaPosition::Left, 78 * scale)
        .set_label_area_size(LabelAreaPosition::Bottom, 52 * scale)
        .build_cartesian_2d(x, y.clone())?;
    let (width, height) = chart.plotting_area().dim_in_pixel();
    let most = |dots: u32, room: u32| (dots / (room * scale)).clamp(2, MOST_NUMBERS) as usize;
    let [across, up] = [most(width, ROOM[0]), most(height, ROOM[1])];
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT.stroke_width(scale))
        .axis_style(INK.stroke_width(scale))
        .label_style(text(NUMBERS, scale))
        .axis_desc_style(text(SHOWN, scale))
        .x_labels(across)
        .y_labels(up)
        .x_label_formatter(&x_tick)
        .y_label_formatter(&y_tick)
        .x_desc(by_power(x_label, powers[0]))
        .draw()?;
    let numbers: Vec<String> = RangedCoordf64::from(y).key_points(up).iter().map(y_tick).collect();
    draw_upwards(area, &chart, scale, &by_power(y_label, powers[1]), &numbers)?;
    frame(area, &chart, scale)?;
    Ok(chart)
}

/// Draws what the axis upwards shows, beside its numbers.
fn draw_upwards<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    chart: &Chart<'_, DB>,
    scale: u32,
    label: &str,
    numbers: &[String],
) -> Drawn<DB> {
    let (left, top) = chart.plotting_area().get_base_pixel();
    let (_, height) = chart.plotting_area().dim_in_pixel();
    let (area_left, area_top) = area.get_base_pixel();
    let beside = left - area_left - (14 * scale + widest(area, numbers, NUMBERS, scale)?) as i32;
    let right = beside.max((SHOWN * scale) as i32);
    let turned = text(SHOWN, scale).transform(FontTransform::Rotate270).pos(Pos::new(HPos::Center, VPos::Bottom));
    area.draw(&Text::new(label.to_owned(), (right, top - area_top + height as i32 / 2), turned))
}

/// The width of the widest of these texts of this height.
pub(super) fn widest<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    texts: &[String],
    height: u32,
    scale: u32,
) -> std::result::Result<u32, DrawingAreaErrorKind<DB::ErrorType>> {
    let style = text(height, scale);
    texts.iter().try_fold(0, |widest, text| Ok(area.estimate_text_size(text, &style)?.0.max(widest)))
}

/// The power of ten by which the numbers of an axis are divided to be short.
fn power_of_axis(range: &Range<f64>) -> i32 {
    let largest = range.start.abs().max(range.end.abs());
    let exponent = if largest.is_normal() { largest.log10().floor() as i32 } else { 0 };
    // Long numbers of a narrow range would lose the digits in which they differ.
    let is_wide = (range.end - range.start).abs() > 0.1 * largest;
    if is_wide && !(-3..5).contains(&exponent) { exponent } else { 0 }
}

/// What an axis shows whose numbers were divided by a power of ten.
pub(super) fn by_power(label: &str, exponent: i32) -> String {
    if exponent == 0 || label.is_empty() {
        return label.to_owned();
    }
    format!("{label} / {}", power_of_ten(i64::from(exponent)))
}

/// Draws the frame of a chart's plotting area.
pub(super) fn frame<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, chart: &Chart<'_, DB>, scale: u32) -> Drawn<DB> {
    let (width, height) = chart.plotting_area().dim_in_pixel();
    let (left, top) = chart.plotting_area().get_base_pixel();
    let corners = [(left, top), (left + width as i32, top + height as i32)];
    let (left, top) = area.get_base_pixel();
    area.draw(&Rectangle::new(corners.map(|(x, y)| (x - left, y - top)), INK.stroke_width(scale)))
}

/// The same labels, of numbers divided by a power of ten; those that are zero up to the rounding of a tick's place are zero.
fn snapped(range: Range<f64>, power: i32, label: &dyn Fn(&f64) -> String) -> impl Fn(&f64) -> String {
    let small = 1e-9 * (range.end - range.start).abs();
    move |value| label(&if value.abs() < small { 0.0 } else { value / 10f64.powi(power) })
}

/// Draws a title and returns what is left below it.
pub(super) fn titled<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    scale: u32,
    title: &str,
) -> std::result::Result<DrawingArea<DB, Shift>, DrawingAreaErrorKind<DB::ErrorType>> {
    let (head, rest) = area.split_vertically(TITLE * scale);
    let middle = head.dim_in_pixel().0 as i32 / 2;
    head.draw(&Text::new(
        title.to_owned(),
        (middle, 12 * scale as i32),
        text(20, scale).pos(Pos::new(HPos::Center, VPos::Top)),
    ))?;
    Ok(rest)
}

/// Writes a figure as `stem.png` and `stem.svg`.
pub(super) fn save(figure: &impl Figure, stem: &Path) -> Result<[PathBuf; 2]> {
    let png = stem.with_extension("png");
    let svg = stem.with_extension("svg");
    write_whole(&png, &to_png(figure)?)?;
    write_whole(&svg, (to_svg(figure)? + DRAWN).as_bytes())?;
    Ok([png, svg])
}

/// A figure as SVG text.
pub(crate) fn to_svg(figure: &impl Figure) -> Result<String> {
    use_own_font();
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, figure.size()).into_drawing_area();
    let drawn = area.fill(&WHITE).and_then(|()| figure.draw(&area, 1)).and_then(|()| area.present());
    drop(area);
    drawn.map_err(|error| failed(&error))?;
    // Bitmaps are named as no kind of file that a browser knows.
    let svg = svg.replace("\"data:png;base64,", "\"data:image/png;base64,");
    Ok(svg.replace(&format!("font-family=\"{FAMILY}\""), "font-family=\"DejaVu Sans, Verdana, sans-serif\""))
}

/// A figure as the bytes of a PNG file.
pub(crate) fn to_png(figure: &impl Figure) -> Result<Vec<u8>> {
    let (width, height) = figure.size();
    let dots = average(&to_bitmap(figure)?, width, height);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&dots));
    written.map_err(|error| Error::file("figure", format!("cannot be written as PNG: {error}")))?;
    Ok(bytes)
}

/// Draws a figure, all lengths multiplied by `scale`, on another kind of paper.
pub(super) fn drawn_on<DB: DrawingBackend>(paper: DB, figure: &impl Figure, scale: u32) -> Result<DB> {
    use_own_font();
    let paper = Rc::new(RefCell::new(paper));
    let area = DrawingArea::from(&paper);
    let drawn = figure.draw(&area, scale);
    drop(area);
    drawn.map_err(|error| failed(&error))?;
    let paper = Rc::try_unwrap(paper).map_err(|_| Error::System("a picture is still being drawn".to_owned()))?;
    Ok(paper.into_inner())
}

/// A figure as red, green and blue, drawn `FINER` times as large.
fn to_bitmap(figure: &impl Figure) -> Result<Vec<u8>> {
    use_own_font();
    let (width, height) = figure.size();
    let size = (width * FINER, height * FINER);
    let mut dots = vec![0u8; 3 * (size.0 * size.1) as usize];
    let area = BitMapBackend::with_buffer(&mut dots, size).into_drawing_area();
    let drawn = area.fill(&WHITE).and_then(|()| figure.draw(&area, FINER)).and_then(|()| area.present());
    drop(area);
    drawn.map_err(|error| failed(&error))?;
    Ok(dots)
}

/// Each dot the mean of `FINER` by `FINER` finer ones.
fn average(dots: &[u8], width: u32, height: u32) -> Vec<u8> {
    let width = width as usize;
    let height = height as usize;
    let finer = FINER as usize;
    let mean = |x: usize, y: usize, colour: usize| {
        let places = (0..finer * finer).map(|k| (y * finer + k / finer) * width * finer + x * finer + k % finer);
        (places.map(|place| u32::from(dots[3 * place + colour])).sum::<u32>() / (FINER * FINER)) as u8
    };
    (0..width * height * 3).map(|k| mean(k / 3 % width, k / 3 / width, k % 3)).collect()
}

fn failed<E: std::error::Error + Send + Sync>(error: &DrawingAreaErrorKind<E>) -> Error {
    let reason = match error {
        // The one that is ours.
        DrawingAreaErrorKind::LayoutError => "its numbers are too large, too small or too close together".to_owned(),
        other => other.to_string(),
    };
    Error::file("figure", format!("cannot draw: {reason}"))
}

fn use_own_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let known = register_font(FAMILY, FontStyle::Normal, FONT);
        assert!(known.is_ok(), "the font that this program brings along cannot be read");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_axes_are_short() {
        assert_eq!([tick(0.0), tick(-30.0), tick(0.25), tick(100_000.0)], ["0", "−30", "0.25", "100000"]);
        assert_eq!([tick(3.65e6), tick(2e-7), tick(0.30000000000000004)], ["3.65 × 10⁶", "2 × 10⁻⁷", "0.3"]);
    }

    #[test]
    fn a_round_number_is_taken_off_long_ones() {
        assert_eq!([round_offset(2_455_123.5, 0.8), round_offset(-10_000.0, 0.4)], [2_455_123.0, -10_000.0]);
        assert_eq!([round_offset(50.0, 2.0), round_offset(0.0, 0.0), round_offset(5.0, 0.0)], [0.0; 3]);
        assert_eq!(less_offset("tc1", "day", 2_455_123.0), "tc1 − 2455123 (day)");
        assert_eq!(less_offset("x", "", -3.0), "x + 3");
    }

    #[test]
    fn axes_show_spans_that_can_be_divided() {
        for [from, to] in [[0.0, 1.0], [1.0, -1.0], [1.0, 1.0 + 1e-11], [-8e307, 8e307], [0.0, 1e-300]] {
            assert!(can_show(from, to), "{from:e} .. {to:e}");
        }
        let ends = [
            [1.0, 1.0],
            [1.0, 1.0 + 4e-16],
            [1e300, 1e300 + 1e287],
            [5e-324, 1e-323],
            [1e308, -1e308],
            [f64::NAN, 1.0],
            [0.0, f64::INFINITY],
        ];
        for [from, to] in ends {
            assert!(!can_show(from, to), "{from:e} .. {to:e}");
        }
    }

    #[test]
    fn numbers_on_axes_are_divided_where_all_are_large_or_small() {
        let power = |low: f64, high: f64| power_of_axis(&(low..high));
        assert_eq!([power(0.0, 3e18), power(-2e-9, 1e-9), power(1e5, 4e5)], [18, -9, 5]);
        assert_eq!(
            [power(0.0, 99_999.0), power(0.001, 0.002), power(2_455_000.0, 2_456_000.0), power(0.0, 1e-320)],
            [0; 4]
        );
        assert_eq!([by_power("x (cm)", 18), by_power("x", 0), by_power("", 3)], ["x (cm) / 10¹⁸", "x", ""]);
        assert_eq!(snapped(0.0..3e18, 18, &|value| tick(*value))(&1.5e18), "1.5");
    }

    #[test]
    fn averaging_keeps_an_even_picture() {
        assert_eq!(average(&[7; 3 * 4 * 4 * 4], 4, 4), [7; 48]);
    }
}
