//! Maps of a grid's field in colours: planes of one snapshot, or one plane at several times, with one scale of colours.

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Drawn, Figure, TITLE, chart, frame, quantity, text, tick, titled, with_unit};
use super::plane::{Plane, label, planes};
use super::scale::{BAR, Scale};
use crate::Result;
use crate::output::{GridGeometry, Reader};

/// The longest side of a map by itself, of one of three, and of one of more, in dots.
const SIDES: [u32; 3] = [720, 480, 330];
/// The shortest side of a map, in dots.
const SHORTEST: u32 = 120;
/// How high a plane must be for its width to stand beside others of its kind; flatter ones stand below each other.
const FLAT: f64 = 0.6;
/// What a chart takes beside its plane: left and right, above and below, in dots.
const AROUND: [u32; 2] = [78 + 2 * 8, 52 + 2 * 8];
/// The height of a map's caption, in dots.
const CAPTION: u32 = 24;

/// Maps side by side, or one below the other.
pub(super) struct Maps {
    title: String,
    length_unit: String,
    /// Each with its caption, which may be empty.
    planes: Vec<(String, Plane)>,
    scale: Scale,
    is_column: bool,
}

impl Maps {
    /// A field of one snapshot: all of a plane grid, or middle planes; none where a grid has but one axis.
    pub fn of(reader: &Reader, geometry: &GridGeometry, field: &str) -> Result<Option<Self>> {
        let planes = planes(reader, geometry, field)?.into_iter();
        let planes: Vec<_> = planes.map(|plane| (caption(&plane, &unit(reader, "Length")), plane)).collect();
        Ok(Self::with(planes, &format!("{} at {}", plain(field), time(reader)?), reader, field))
    }

    /// A field at several times: of a grid with three axes its plane across z.
    pub fn over_time(readers: &[Reader], geometry: &GridGeometry, field: &str) -> Result<Option<Self>> {
        let Some(first) = readers.first() else { return Ok(None) };
        let mut all = Vec::new();
        for reader in readers {
            let time = time(reader)?;
            all.extend(planes(reader, geometry, field)?.into_iter().next().map(|plane| (time, plane)));
        }
        let cut = all.first().map_or(String::new(), |(_, plane)| caption(plane, &unit(first, "Length")));
        let title = format!("{} over time, {cut}", plain(field));
        Ok(Self::with(all, title.trim_end_matches([',', ' ']), first, field))
    }

    fn with(planes: Vec<(String, Plane)>, title: &str, reader: &Reader, field: &str) -> Option<Self> {
        let numbers = planes.iter().flat_map(|(_, plane)| &plane.values);
        let scale = Scale::over(numbers, &label(reader, field), field == "density");
        let (title, length_unit) = (title.to_owned(), unit(reader, "Length"));
        let is_column = planes.len() > 1 && planes.iter().all(|(_, plane)| plane.shape() < FLAT);
        (!planes.is_empty()).then_some(Maps { title, length_unit, planes, scale, is_column })
    }

    /// The width and height of a plane, in dots.
    fn dots(&self, plane: &Plane) -> [u32; 2] {
        let beside = if self.is_column { 1 } else { self.planes.len() };
        let longest = f64::from(SIDES[beside.div_ceil(2).min(3) - 1]);
        let shape = plane.shape();
        [longest * (1.0 / shape).min(1.0), longest * shape.min(1.0)].map(|side| (side.round() as u32).max(SHORTEST))
    }

    /// The width and height of a map with its axes and caption, in dots.
    fn panel(&self, plane: &Plane) -> [u32; 2] {
        let [width, height] = self.dots(plane);
        [width + AROUND[0], height + AROUND[1] + self.caption_height()]
    }

    fn caption_height(&self) -> u32 {
        if self.planes.iter().any(|(caption, _)| !caption.is_empty()) { CAPTION } else { 0 }
    }

    fn draw_caption<DB: DrawingBackend>(&self, head: &DrawingArea<DB, Shift>, scale: u32, caption: &str) -> Drawn<DB> {
        let middle = (head.dim_in_pixel().0 + (AROUND[0] - 2 * 8) * scale) as i32 / 2;
        let centred = text(17, scale).pos(Pos::new(HPos::Center, VPos::Top));
        head.draw(&Text::new(caption.to_owned(), (middle, (8 * scale) as i32), centred))
    }

    fn draw_plane<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, plane: &Plane) -> Drawn<DB> {
        let [low, high] = plane.corners;
        let labels = plane.axes.map(|axis| with_unit(["x", "y", "z"][axis], &self.length_unit));
        let ranges = [0, 1].map(|side| low[side]..high[side]);
        let mut chart = chart(area, scale, ranges, [&labels[0], &labels[1]], &|value| tick(*value))?;
        let (width, height) = chart.plotting_area().dim_in_pixel();
        let raster = plane.raster([width as usize, height as usize]);
        let colours = raster.into_iter().flat_map(|number| {
            let RGBColor(red, green, blue) = self.scale.colour(number);
            [red, green, blue]
        });
        let picture = BitMapElement::with_owned_buffer((low[0], high[1]), (width, height), colours.collect());
        chart.draw_series(picture)?;
        frame(area, &chart, scale)
    }
}

impl Figure for Maps {
    fn size(&self) -> (u32, u32) {
        let [mut width, mut height] = [0; 2];
        for [across, down] in self.planes.iter().map(|(_, plane)| self.panel(plane)) {
            (width, height) = match self.is_column {
                true => (width.max(across), height + down),
                false => (width + across, height.max(down)),
            };
        }
        (width + BAR, height + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let (width, _) = self.size();
        let (mut rest, bar) = titled(area, scale, &self.title)?.split_horizontally((width - BAR) * scale);
        for (caption, plane) in &self.planes {
            let [width, height] = self.panel(plane);
            let (next, others) = match self.is_column {
                true => rest.split_vertically(height * scale),
                false => rest.split_horizontally(width * scale),
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

/// Where a plane cuts the grid.
fn caption(plane: &Plane, unit: &str) -> String {
    plane.cut.map_or(String::new(), |(axis, place)| format!("{} = {}", ["x", "y", "z"][axis], quantity(place, unit)))
}

fn plain(field: &str) -> String {
    field.replace('_', " ")
}

fn unit(reader: &Reader, of: &str) -> String {
    reader.text("Units", of).unwrap_or_default()
}

/// The time of a snapshot in words.
pub(super) fn time(reader: &Reader) -> Result<String> {
    Ok(format!("time {}", quantity(reader.attribute("/", "Time")?, &unit(reader, "Time"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps(count: usize, high: f64) -> Maps {
        let plane =
            Plane { axes: [0, 1], cells: [1, 1], corners: [[0.0; 2], [1.0, high]], cut: None, values: vec![1.0] };
        let planes = vec![(String::new(), plane); count];
        let (title, length_unit, scale) = (String::new(), String::new(), Scale::over([1.0].iter(), "", false));
        Maps { title, length_unit, is_column: count > 1 && high < FLAT, planes, scale }
    }

    #[test]
    fn planes_keep_their_shape_and_flat_ones_stand_below_each_other() {
        let size = |width: u32, height: u32| (width + BAR, height + TITLE);
        let [x, y] = AROUND;
        assert_eq!(maps(1, 2.0).size(), size(360 + x, 720 + y));
        assert_eq!(maps(3, 1.0).size(), size(3 * (480 + x), 480 + y));
        assert_eq!(maps(5, 0.25).size(), size(720 + x, 5 * (180 + y)));
    }
}
