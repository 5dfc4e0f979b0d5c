//! Pictures of a fit over its data, from plain numbers: orbits on the sky, and curves with residuals.
//!
//! [`Sky`] has equal axes, right ascension increasing to the left; [`Fitted`] has a panel of curves over points and one of the
//! points less the curve; [`phase`] folds times for it. Lines of samples are drawn pale, behind the best one,
//! which is dark; names of instruments are above. `of_run` makes both of a run.

mod fitted;
#[cfg(feature = "solvers")]
mod of_run;
mod sky;

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Chart, Drawn, INK, ink, text};

pub use fitted::Fitted;
#[cfg(feature = "solvers")]
pub(super) use of_run::figures_of;
pub use sky::Sky;

/// The ink of pale lines, and how much of it they have; points take the ones after it, the best line that of axes.
const LINE_INK: usize = 0;
const PALE: f64 = 0.2;
/// The room at the right for the last number of the axis, in dots.
const EDGE: u32 = 20;
/// Names above a picture: the height of a row, where it begins, and how wide a letter is counted, in dots.
const NAME: u32 = 26;
const LEFT: u32 = 92;
const LETTER: u32 = 10;

/// Measured points with their errors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Who measured them, for the legend; empty where there is one only.
    pub name: String,
    /// Where they are: across, up.
    pub at: Vec<[f64; 2]>,
    /// Their standard deviations across and up; 0 where there is none to be drawn. As many as points, or none.
    pub errors: Vec<[f64; 2]>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Its points: across, up.
    pub points: Vec<[f64; 2]>,
    /// Whether it is one of many, to be drawn thin and pale.
    pub pale: bool,
}

/// Where a time is in a period that begins at `epoch`, from 0 to 1.
pub fn phase(time: f64, epoch: f64, period: f64) -> f64 {
    ((time - epoch) / period).rem_euclid(1.0)
}

/// The ink of the points of this number.
fn point_ink(index: usize) -> RGBColor {
    ink(LINE_INK + 1 + index)
}

/// Draws lines as far as they are inside the chart, the pale ones first; `offset` is taken off what is across.
fn draw_lines<DB: DrawingBackend>(chart: &mut Chart<'_, DB>, scale: u32, lines: &[Line], offset: f64) -> Drawn<DB> {
    let ranges = [chart.x_range(), chart.y_range()];
    for pale in [true, false] {
        for line in lines.iter().filter(|line| line.pale == pale) {
            let colour = if pale { ink(LINE_INK).mix(PALE) } else { INK.to_rgba() };
            let style = colour.stroke_width(if pale { scale } else { 2 * scale });
            let points: Vec<[f64; 2]> = line.points.iter().map(|[x, y]| [x - offset, *y]).collect();
            chart.draw_series(inside(&points, &ranges).into_iter().map(|part| PathElement::new(part, style)))?;
        }
    }
    Ok(())
}

/// The parts of a line that are inside ranges, a new one where it turns back: thick lines get spikes at sharp turns.
fn inside(points: &[[f64; 2]], ranges: &[Range<f64>; 2]) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in points.windows(2) {
        let Some([from, to]) = cut(pair[0], pair[1], ranges).map(|ends| ends.map(|[x, y]| (x, y))) else { continue };
        let goes_on = |part: &&mut Vec<(f64, f64)>| part.last() == Some(&from) && !turns_back(part, to);
        match parts.last_mut().filter(goes_on) {
            Some(part) => part.push(to),
            None => parts.push(vec![from, to]),
        }
    }
    parts
}

/// Whether a line that goes on to `next` turns back, across or up.
fn turns_back(part: &[(f64, f64)], next: (f64, f64)) -> bool {
    let [.., (ax, ay), (bx, by)] = *part else { return false };
    (bx - ax) * (next.0 - bx) < 0.0 || (by - ay) * (next.1 - by) < 0.0
}

/// The part of a straight line from `a` to `b` that is inside ranges, if there is one (Liang & Barsky 1984).
fn cut(a: [f64; 2], b: [f64; 2], ranges: &[Range<f64>; 2]) -> Option<[[f64; 2]; 2]> {
    let mut from = 0.0f64;
    let mut to = 1.0f64;
    for (axis, range) in ranges.iter().enumerate() {
        let low = range.start.min(range.end);
        let high = range.start.max(range.end);
        let step = b[axis] - a[axis];
        if step == 0.0 && !(low..=high).contains(&a[axis]) {
            return None;
        }
        if step != 0.0 {
            let one = (low - a[axis]) / step;
            let other = (high - a[axis]) / step;
            from = from.max(one.min(other));
            to = to.min(one.max(other));
        }
    }
    let at = |part: f64| match part {
        0.0 => a,
        1.0 => b,
        part => [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])],
    };
    (from <= to).then(|| [at(from), at(to)])
}

/// Draws points with bars for their errors; `offset` is taken off what is across.
fn draw_points<DB: DrawingBackend>(chart: &mut Chart<'_, DB>, scale: u32, points: &[Points], offset: f64) -> Drawn<DB> {
    for (index, points) in points.iter().enumerate() {
        let colour = point_ink(index);
        for (&[x, y], [dx, dy]) in points.at.iter().zip(points.errors.iter().chain(std::iter::repeat(&[0.0; 2]))) {
            let x = x - offset;
            let bars = [(*dx > 0.0, [(x - dx, y), (x + dx, y)]), (*dy > 0.0, [(x, y - dy), (x, y + dy)])];
            let bars = bars.into_iter().filter(|(is_there, _)| *is_there);
            chart.draw_series(bars.map(|(_, ends)| PathElement::new(ends.to_vec(), colour.stroke_width(scale))))?;
        }
        let dots = points.at.iter().map(|[x, y]| Circle::new((x - offset, *y), 3 * scale, colour.filled()));
        chart.draw_series(dots)?;
    }
    Ok(())
}

/// The places of the instruments' names above a picture so wide: which points, where across, in which row.
fn names(points: &[Points], width: u32) -> Vec<(usize, u32, u32)> {
    let mut across = LEFT;
    let mut row = 0;
    let mut places = Vec::new();
    for (index, points) in points.iter().enumerate().filter(|(_, points)| !points.name.is_empty()) {
        let wide = LETTER * points.name.chars().count() as u32 + 3 * LETTER;
        if across + wide > width && across > LEFT {
            across = LEFT;
            row += 1;
        }
        places.push((index, across, row));
        across += wide;
    }
    places
}

/// The height of the rows of names, in dots.
fn names_height(points: &[Points], width: u32) -> u32 {
    names(points, width).last().map_or(0, |(.., row)| (row + 1) * NAME)
}

/// Draws the instruments' names, and returns the area left below.
fn named<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    scale: u32,
    points: &[Points],
) -> std::result::Result<DrawingArea<DB, Shift>, DrawingAreaErrorKind<DB::ErrorType>> {
    let width = area.dim_in_pixel().0 / scale;
    let (head, rest) = area.split_vertically(names_height(points, width) * scale);
    for (index, across, row) in names(points, width) {
        let [x, y] = [across, row * NAME + NAME / 2].map(|place| (place * scale) as i32);
        let beside = (x + 11 * scale as i32, y + 2 * scale as i32);
        head.draw(&Circle::new((x, y), 4 * scale, point_ink(index).filled()))?;
        let style = text(16, scale).pos(Pos::new(HPos::Left, VPos::Center));
        head.draw(&Text::new(points[index].name.clone(), beside, style))?;
    }
    Ok(rest)
}

/// The ends of numbers with some room around them; a unit around 0 where there are none.
fn range(numbers: impl Iterator<Item = f64>, room: f64) -> Range<f64> {
    let finite = numbers.filter(|number| number.is_finite());
    let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)]);
    match high - low {
        width if width > 0.0 => low - room * width..high + room * width,
        _ if low.is_finite() => low - low.abs().max(1e-9) * 0.1..low + low.abs().max(1e-9) * 0.1,
        _ => -1.0..1.0,
    }
}

/// The ends of points and their bars along an axis.
fn ends(points: &[Points], axis: usize) -> impl Iterator<Item = f64> + '_ {
    points.iter().flat_map(move |points| {
        let errors = points.errors.iter().map(move |error| error[axis]).chain(std::iter::repeat(0.0));
        points.at.iter().zip(errors).flat_map(move |(at, error)| [at[axis] - error, at[axis] + error])
    })
}

/// The numbers of lines along an axis.
fn along(lines: &[Line], axis: usize) -> impl Iterator<Item = f64> + '_ {
    lines.iter().flat_map(move |line| line.points.iter().map(move |point| point[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_run_from_0_to_1() {
        assert_eq!([phase(12.5, 10.0, 5.0), phase(9.0, 10.0, 4.0), phase(10.0, 10.0, 3.0)], [0.5, 0.75, 0.0]);
    }

    #[test]
    fn lines_end_where_the_chart_does() {
        let ranges = [2.0..-2.0, -1.0..1.0];
        let line = [[0.0, 0.0], [1.0, 0.5], [1.0, 2.5], [-3.0, 2.5], [-3.0, 0.0], [0.0, 0.0]];
        let parts = inside(&line, &ranges);
        assert_eq!(parts, [vec![(0.0, 0.0), (1.0, 0.5), (1.0, 1.0)], vec![(-2.0, 0.0), (0.0, 0.0)]]);
        assert!(inside(&[[-3.0, 0.0], [0.0, 3.5]], &ranges).is_empty());
        let peak = inside(&[[-1.0, 0.0], [-0.5, 0.5], [0.0, 1.0], [1.0, 0.0]], &ranges);
        assert_eq!(peak, [vec![(-1.0, 0.0), (-0.5, 0.5), (0.0, 1.0)], vec![(0.0, 1.0), (1.0, 0.0)]]);
    }

    #[test]
    fn names_that_need_more_room_go_on_in_another_row() {
        let points = |name: &str| Points { name: name.to_owned(), ..Points::default() };
        let all = [points(""), points("HIRES"), points("SPHERE"), points("APF")];
        assert_eq!(names(&all, 1000), [(1, 92, 0), (2, 172, 0), (3, 262, 0)]);
        assert_eq!(names(&all, 265), [(1, 92, 0), (2, 172, 0), (3, 92, 1)]);
        assert_eq!([names_height(&all, 265), names_height(&all[..1], 265)], [52, 0]);
    }

    #[test]
    fn ranges_hold_bars_and_have_room() {
        let points = [Points { at: vec![[0.0, 1.0], [10.0, 3.0]], errors: vec![[0.0, 0.5]; 2], ..Points::default() }];
        assert_eq!(range(ends(&points, 1), 0.0), 0.5..3.5);
        assert_eq!(range(ends(&points, 0), 0.1), -1.0..11.0);
        assert_eq!(range(std::iter::empty(), 0.1), -1.0..1.0);
        let flat = range([2.0, 2.0, f64::NAN].into_iter(), 0.1);
        assert!(flat.start < 2.0 && flat.end > 2.0);
    }
}
