//! Maps of a grid's field in colours: planes of one snapshot, or one plane at several times, with one scale of colours.

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{
    AXES, Drawn, Figure, INK, MARGIN, RIGHT_MARGIN, TITLE, chart, frame, quantity, text, tick, titled, with_unit,
};
use super::extent::Extent;
use super::field::{drawn_in, plain};
use super::plane::{Plane, planes};
use super::scale::{BAR, DECADES, SPREAD, Scale};
use super::units::Units;
use super::view::{View, Width};
use crate::io::{GridGeometry, Reader};
use crate::{Error, Result};

/// The longest side of a map by itself, of one of three, and of one of more, in dots.
const SIDES: [u32; 3] = [720, 480, 330];
/// A map that has less room than this, in dots, stands below others.
const NARROW: u32 = 340;
/// The shortest side of a map, in dots.
const SHORTEST: f64 = 120.0;
/// How high a plane must be for its width to be drawn beside others of its kind; flatter ones are drawn below each other.
const FLAT: f64 = 0.6;
/// What a chart takes beside its plane: left and right, above and below, in dots.
const AROUND: [u32; 2] = [78 + MARGIN + RIGHT_MARGIN, 52 + 2 * MARGIN];
/// The height of a map's caption, in dots.
const CAPTION: u32 = 24;
/// Fields whose colours are logarithmic where that shows more.
const MAY_BE_LOGARITHMIC: [&str; 2] = ["density", "pressure"];

/// Maps side by side, or one below the other.
pub(crate) struct Maps {
    title: String,
    length_unit: String,
    /// Each with its caption, which may be empty.
    planes: Vec<(String, Plane)>,
    scale: Scale,
    is_column: bool,
    /// How long the box is along each axis, in dots: the same in all maps.
    dots: [u32; 3],
}

impl Maps {
    /// A field of one snapshot: all of a plane grid, or planes of one with three axes; none where a grid has but one axis.
    pub(super) fn of(reader: &Reader, geometry: &GridGeometry, field: &str, view: &View) -> Result<Option<Self>> {
        let units = Units::of(reader, &view.units)?;
        let planes = shown(reader, geometry, field, view, &units)?.into_iter();
        let planes: Vec<_> = planes.map(|plane| (caption(&plane, units.length().1), plane)).collect();
        Self::with(planes, &format!("{} at {}", plain(field), time_in(reader, &units)?), reader, field, view)
    }

    /// A field at several times: of a grid with three axes its plane across z, or the one that is wanted.
    pub(super) fn over_time(
        readers: &[Reader],
        geometry: &GridGeometry,
        field: &str,
        view: &View,
    ) -> Result<Option<Self>> {
        let Some(first) = readers.first() else { return Ok(None) };
        let units = Units::of(first, &view.units)?;
        let mut all = Vec::new();
        for reader in readers {
            let time = time_in(reader, &units)?;
            all.extend(shown(reader, geometry, field, view, &units)?.into_iter().next().map(|plane| (time, plane)));
        }
        let cut = all.first().map_or(String::new(), |(_, plane)| caption(plane, units.length().1));
        let title = format!("{} over time, {cut}", plain(field));
        Self::with(all, title.trim_end_matches([',', ' ']), first, field, view)
    }

    /// A field of several runs, each the last snapshot, or the one that is wanted, under its name; of grids with three axes the plane
    /// across z, or what is wanted.
    pub(super) fn of_runs(runs: &[(String, Reader, GridGeometry)], field: &str, view: &View) -> Result<Option<Self>> {
        let Some((_, first, _)) = runs.first() else { return Ok(None) };
        let mut all = Vec::new();
        for (name, reader, geometry) in runs {
            let units = Units::of(reader, &view.units)?;
            let name = format!("{name}, {}", time_in(reader, &units)?);
            all.extend(shown(reader, geometry, field, view, &units)?.into_iter().next().map(|plane| (name, plane)));
        }
        Self::with(all, &plain(field), first, field, view)
    }

    fn with(
        planes: Vec<(String, Plane)>,
        title: &str,
        reader: &Reader,
        field: &str,
        view: &View,
    ) -> Result<Option<Self>> {
        if planes.is_empty() {
            return Ok(None);
        }
        let numbers: Vec<f64> = planes.iter().flat_map(|(_, plane)| &plane.values).copied().collect();
        let units = Units::of(reader, &view.units)?;
        let label = drawn_in(reader, field, &units, view.project.is_some()).1;
        let scale = scale(&numbers, &label, MAY_BE_LOGARITHMIC.contains(&field), view)?.coloured(view.colours);
        let length_unit = units.length().1.to_owned();
        let is_column = planes.len() > 1 && planes.iter().all(|(_, plane)| plane.shape() < FLAT);
        let room = view.width.map(Width::dots);
        let is_column = is_column || planes.len() > 1 && room.is_some_and(|room| room < NARROW * planes.len() as u32);
        let (dots, stretched) = dots(&planes, is_column, room);
        let title = format!("{title}{stretched}");
        Ok(Some(Maps { title, length_unit, planes, scale, is_column, dots }))
    }

    /// The width and height of a map with its axes and caption, in dots.
    fn panel(&self, plane: &Plane) -> [u32; 2] {
        let [width, height] = plane.axes.map(|axis| self.dots[axis]);
        [width + AROUND[0], height + AROUND[1] + self.caption_height()]
    }

    fn caption_height(&self) -> u32 {
        if self.planes.iter().any(|(caption, _)| !caption.is_empty()) { CAPTION } else { 0 }
    }

    fn draw_caption<DB: DrawingBackend>(&self, head: &DrawingArea<DB, Shift>, scale: u32, caption: &str) -> Drawn<DB> {
        let middle = (head.dim_in_pixel().0 + (AROUND[0] - 2 * RIGHT_MARGIN) * scale) as i32 / 2;
        let centred = text(17, scale).pos(Pos::new(HPos::Center, VPos::Top));
        head.draw(&Text::new(caption.to_owned(), (middle, (8 * scale) as i32), centred))
    }

    fn draw_plane<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, plane: &Plane) -> Drawn<DB> {
        let [low, high] = plane.corners;
        let labels = plane.axes.map(|axis| with_unit(AXES[axis], &self.length_unit));
        let ranges = [0, 1].map(|side| low[side]..high[side]);
        let mut chart = chart(area, scale, ranges, [&labels[0], &labels[1]], &|value| tick(*value))?;
        let (width, height) = chart.plotting_area().dim_in_pixel();
        let raster = plane.raster([width as usize, height as usize], self.scale.mixes());
        let edges = edges(&raster, width as usize, scale as usize);
        let colours = raster.into_iter().zip(edges).flat_map(|(number, is_edge)| {
            let RGBColor(red, green, blue) = if is_edge { INK } else { self.scale.colour(number) };
            [red, green, blue]
        });
        let picture = BitMapElement::with_owned_buffer((low[0], high[1]), (width, height), colours.collect());
        chart.draw_series(picture)?;
        frame(area, &chart, scale)
    }
}

impl Figure for Maps {
    fn size(&self) -> (u32, u32) {
        let mut width = 0;
        let mut height = 0;
        for [across, down] in self.planes.iter().map(|(_, plane)| self.panel(plane)) {
            (width, height) =
                if self.is_column { (width.max(across), height + down) } else { (width + across, height.max(down)) };
        }
        (width + BAR, height + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let (width, _) = self.size();
        let (mut rest, bar) = titled(area, scale, &self.title)?.split_horizontally((width - BAR) * scale);
        for (caption, plane) in &self.planes {
            let [width, height] = self.panel(plane);
            let (next, others) = if self.is_column {
                rest.split_vertically(height * scale)
            } else {
                rest.split_horizontally(width * scale)
            };
            let (next, _) = next.split_vertically(height * scale);
            let (head, panel) = next.split_vertically(self.caption_height() * scale);
            self.draw_caption(&head, scale, caption)?;
            self.draw_plane(&panel, scale, plane)?;
            rest = others;
        }
        self.scale.draw(&bar, scale, self.caption_height())
    }
}

/// The least number, the least positive one and the largest one.
pub(super) fn extent<'a>(numbers: impl Iterator<Item = &'a f64>) -> Extent {
    let mut extent = Extent { lows: vec![f64::INFINITY; 2], highs: vec![f64::NEG_INFINITY] };
    for &number in numbers.filter(|number| number.is_finite()) {
        extent.lows[0] = extent.lows[0].min(number);
        extent.lows[1] = if number > 0.0 { extent.lows[1].min(number) } else { extent.lows[1] };
        extent.highs[0] = extent.highs[0].max(number);
    }
    extent
}

/// The same view on the scale of several snapshots, where the view doesn't say which.
pub(super) fn view_within(view: &View, field: &str, extent: &Extent) -> View {
    let ([low, positive], [high]) = (&extent.lows[..], &extent.highs[..]) else { return view.clone() };
    let spreads = MAY_BE_LOGARITHMIC.contains(&field) && *low > 0.0 && *high > SPREAD * low;
    let logarithmic = view.logarithmic.unwrap_or(spreads && view.range.is_none());
    let least = if logarithmic { positive.max(high / 10f64.powf(DECADES)) } else { *low };
    let range = view.range.or_else(|| (least < *high).then_some([least, *high]));
    View { range, logarithmic: range.map(|_| logarithmic), ..view.clone() }
}

/// The scale of colours of these numbers: as wanted, or as shows most.
///
/// # Errors
/// A logarithmic one, where no number is positive.
fn scale(numbers: &[f64], label: &str, may_be_logarithmic: bool, view: &View) -> Result<Scale> {
    let [low, high] = match (view.range, view.logarithmic) {
        (None, None) => return Ok(Scale::over(numbers.iter(), label, may_be_logarithmic)),
        (Some(range), _) => range,
        (None, logarithmic) => ends(numbers, logarithmic == Some(true)),
    };
    if view.logarithmic != Some(true) {
        return Ok(if low < high {
            Scale::linear([low, high], label)
        } else {
            Scale::over([low].iter(), label, false)
        });
    }
    if low > 0.0 && low < high {
        return Ok(Scale::logarithmic([low, high].map(f64::log10), label));
    }
    Err(Error::input("--log", format!("the numbers from {low} to {high} have no logarithmic scale")))
}

/// The least and the largest of these numbers; of the positive ones alone, if so wanted.
fn ends(numbers: &[f64], positive: bool) -> [f64; 2] {
    let shown = numbers.iter().filter(|number| number.is_finite() && (!positive || **number > 0.0));
    let ends = shown.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(*x), high.max(*x)]);
    if ends[0] <= ends[1] { ends } else { [0.0; 2] }
}

/// How many dots the box takes along each axis: on one scale, but where an axis would be too short to be seen; that one is told.
fn dots(planes: &[(String, Plane)], is_column: bool, room: Option<u32>) -> ([u32; 3], String) {
    let beside = if is_column { 1 } else { planes.len() };
    let longest = f64::from(SIDES[beside.div_ceil(2).min(3) - 1]);
    let mut extents = [0.0; 3];
    for (_, plane) in planes {
        plane.axes.iter().zip(plane.size()).for_each(|(&axis, size)| extents[axis] = size);
    }
    let per_unit = longest / extents.iter().copied().fold(0.0, f64::max);
    let across: Vec<f64> = planes.iter().map(|(_, plane)| plane.size()[0]).collect();
    let across = if is_column { across.iter().copied().fold(0.0, f64::max) } else { across.iter().sum() };
    let left = room.map(|room| f64::from(room.saturating_sub(BAR + beside as u32 * AROUND[0]).max(SHORTEST as u32)));
    let per_unit = left.map_or(per_unit, |left| left / across);
    let is_short = |axis: &usize| extents[*axis] > 0.0 && extents[*axis] * per_unit < SHORTEST - 0.5;
    let told = |axis: usize| {
        let times = SHORTEST / (extents[axis] * per_unit);
        format!("; not to scale: {} is drawn {} times as long", AXES[axis], tick((10.0 * times).round() / 10.0))
    };
    let stretched = (0..3).filter(is_short).map(told).collect();
    (extents.map(|extent| (extent * per_unit).max(SHORTEST).round() as u32), stretched)
}

/// The dots of what is no number that are next to numbers: the edges of obstacles, so many dots wide.
fn edges(raster: &[f64], width: usize, wide: usize) -> Vec<bool> {
    let height = raster.len() / width.max(1);
    let beside = |dot: usize| {
        let [x, y] = [dot % width, dot / width];
        let left = (x >= wide).then(|| dot - wide);
        let right = (x + wide < width).then(|| dot + wide);
        let above = (y >= wide).then(|| dot - wide * width);
        let below = (y + wide < height).then(|| dot + wide * width);
        [left, right, above, below].into_iter().flatten().any(|other| !raster[other].is_nan())
    };
    (0..raster.len()).map(|dot| raster[dot].is_nan() && beside(dot)).collect()
}

/// Where a plane cuts the grid.
fn caption(plane: &Plane, unit: &str) -> String {
    let along = plane.along.map(|axis| format!("along {}", AXES[axis]));
    let cut = plane.cut.map(|(axis, place)| format!("{} = {}", AXES[axis], quantity(place, unit)));
    along.or(cut).unwrap_or_default()
}

/// The planes that show a field, in the units that are wanted.
pub(super) fn planes_of(reader: &Reader, geometry: &GridGeometry, field: &str, view: &View) -> Result<Vec<Plane>> {
    shown(reader, geometry, field, view, &Units::of(reader, &view.units)?)
}

/// The planes that show a field, in these units.
fn shown(reader: &Reader, geometry: &GridGeometry, field: &str, view: &View, units: &Units) -> Result<Vec<Plane>> {
    let factor = drawn_in(reader, field, units, view.project.is_some()).0;
    let planes = planes(reader, geometry, field, view)?.into_iter();
    Ok(planes.map(|plane| plane.times(units.length().0, factor)).collect())
}

/// The time of a snapshot in words.
pub(super) fn time_in(reader: &Reader, units: &Units) -> Result<String> {
    let (factor, name) = units.time();
    let group = if reader.has("Header") { "Header" } else { "/" };
    Ok(format!("time {}", quantity(factor * reader.attribute::<f64>(group, "Time")?, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(axes: [usize; 2], high: [f64; 2]) -> (String, Plane) {
        (
            String::new(),
            Plane { axes, cells: [1, 1], corners: [[0.0; 2], high], cut: None, along: None, values: vec![1.0] },
        )
    }

    fn maps(planes: Vec<(String, Plane)>) -> Maps {
        let is_column = planes.len() > 1 && planes.iter().all(|(_, plane)| plane.shape() < FLAT);
        let (dots, title) = dots(&planes, is_column, None);
        Maps { title, length_unit: String::new(), is_column, planes, scale: Scale::linear([0.0, 1.0], ""), dots }
    }

    #[test]
    fn planes_keep_their_shape_and_flat_ones_stand_below_each_other() {
        let size = |width: u32, height: u32| (width + BAR, height + TITLE);
        let [x, y] = AROUND;
        let alike = |count: usize, high: f64| maps(vec![plane([0, 1], [1.0, high]); count]);
        assert_eq!(alike(1, 2.0).size(), size(360 + x, 720 + y));
        assert_eq!(alike(3, 1.0).size(), size(3 * (480 + x), 480 + y));
        assert_eq!(alike(5, 0.25).size(), size(720 + x, 5 * (180 + y)));
    }

    #[test]
    fn all_planes_of_a_box_have_one_scale_and_what_is_stretched_is_told() {
        let three =
            |[x, y, z]: [f64; 3]| maps(vec![plane([0, 1], [x, y]), plane([0, 2], [x, z]), plane([1, 2], [y, z])]);
        let cuboid = three([2.0, 3.0, 1.0]);
        assert_eq!((cuboid.dots, &cuboid.title[..]), ([320, 480, 160], ""));
        let flat = three([4.0, 2.0, 0.1]);
        assert_eq!((flat.dots, &flat.title[..]), ([720, 360, 120], "; not to scale: z is drawn 6.7 times as long"));
        let thin = maps(vec![plane([0, 1], [10.0, 0.4])]);
        assert_eq!(
            (thin.dots[..2].to_vec(), &thin.title[..]),
            (vec![720, 120], "; not to scale: y is drawn 4.2 times as long")
        );
    }

    #[test]
    fn obstacles_have_edges() {
        let no = f64::NAN;
        let raster = [1.0, no, no, no, 1.0, no, no, no, 1.0, no, no, no];
        assert_eq!(edges(&raster, 4, 1), [false, true, false, false].repeat(3));
        assert!(edges(&[no; 4], 2, 1).iter().all(|edge| !edge));
    }

    #[test]
    fn scales_are_as_wanted() {
        let numbers = [-1.0, 0.0, 1.0, 100.5, f64::NAN];
        let view = |range, logarithmic| View { range, logarithmic, ..View::default() };
        let part = |view: &View, number: f64| scale(&numbers, "", true, view).unwrap().part(number);
        assert_eq!(part(&view(Some([0.0, 4.0]), None), 1.0), 0.25);
        assert_eq!(part(&view(None, Some(false)), 49.75), 0.5);
        assert_eq!(part(&view(Some([1.0, 100.0]), Some(true)), 1.0), 0.5);
        assert!(part(&view(None, Some(true)), 1.0) > 0.49);
        assert!(scale(&numbers, "", true, &view(Some([0.0, 4.0]), Some(true))).is_err());
        assert!(scale(&[-1.0], "", true, &view(None, Some(true))).is_err());
    }
}
