//! Light through optics: the image, the beam's path differences and polarization, where rays meet surfaces.
//!
//! The image has a logarithmic scale of colours, over the brightest pixel. Maps of the beam are drawn over the grid of beamlets, as the light
//! sees it; cells without light are grey. Footprints are dots, each surface in a panel of its own.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Drawn, Figure, TITLE, chart, frame, ink, text, tick, titled};
use super::picture::{Named, Picture};
use super::scale::{BAR, Scale};
use crate::Result;
use crate::io::Reader;

/// The sides of a picture of one panel, and of each of several, in dots.
const SIDES: [u32; 2] = [640, 400];
/// What a panel's chart has beyond its square: left and right, above and below.
const AROUND: [u32; 2] = [112, 68];
/// The height of a caption.
const CAPTION: u32 = 26;
/// Panels in a row; eight, of Jones matrices, stand as the matrix does.
const ROW: usize = 3;
const JONES_ROW: usize = 4;
/// Decades of the image's brightness.
const DECADES: f64 = 6.0;
/// Path differences are shown in waves.
const WAVES: &str = "waves";

/// Square panels, each with its caption, and one scale of colours where they are maps.
pub(super) struct Squares {
    title: String,
    labels: [String; 2],
    panels: Vec<Square>,
    scale: Option<Scale>,
}

struct Square {
    caption: String,
    ranges: [Range<f64>; 2],
    /// Numbers row by row from below, so many to a row.
    map: (Vec<f64>, usize),
    dots: Vec<(f64, f64)>,
}

/// The pictures of an optics file.
pub(super) fn figures_of(reader: &Reader) -> Result<Vec<Named>> {
    let mut all = vec![named("psf", "Image", image(reader)?)];
    let wavelength: f64 = reader.attribute("Image", "Wavelength")?;
    let beam = Beam::read(reader)?;
    let path: Vec<f64> = reader.read("Rays/PathDifference")?;
    let waves: Vec<f64> = path.iter().map(|path| path / wavelength).collect();
    all.push(named("pupil", "Path differences", beam.map("path differences over the beam", &waves, WAVES)));
    all.push(named("footprint", "Footprints", footprints(reader, &beam)?));
    if reader.has("Polarization/Jones") {
        let of = |name: &str| reader.read::<f64>(&format!("Polarization/{name}"));
        let diattenuation = beam.map("diattenuation over the beam", &of("Diattenuation")?, "diattenuation");
        let retardance = beam.map("retardance over the beam", &of("Retardance")?, "retardance (rad)");
        all.push(named("diattenuation", "Diattenuation", diattenuation));
        all.push(named("retardance", "Retardance", retardance));
        all.push(named("jones", "Jones pupil", jones(&beam, &of("Jones")?)));
    }
    Ok(all)
}

fn named(stem: &str, title: &str, picture: Squares) -> Named {
    Named { stem: stem.to_owned(), title: title.to_owned(), picture: Picture::Squares(picture) }
}

/// A length's unit that makes numbers up to `largest` metres short, and how many of it are a metre.
fn unit(largest: f64) -> (f64, &'static str) {
    let units = [(1.0, "m"), (1e3, "mm"), (1e6, "µm")];
    units.into_iter().find(|(count, _)| largest * count >= 0.2).unwrap_or((1e9, "nm"))
}

fn image(reader: &Reader) -> Result<Squares> {
    let intensity: Vec<f64> = reader.read("Image/Intensity")?;
    let shape = reader.shape("Image/Intensity")?;
    let pitch: f64 = reader.attribute("Image", "Pitch")?;
    let [height, width] = [shape[0] as f64, shape[1] as f64];
    let (count, unit) = unit(0.5 * pitch * width.max(height));
    let peak = intensity.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let half = |length: f64| 0.5 * length * pitch * count;
    let ranges = [-half(width)..half(width), -half(height)..half(height)];
    let map = (intensity.iter().map(|number| number / peak).collect(), shape[1] as usize);
    let panel = Square { caption: String::new(), ranges, map, dots: Vec::new() };
    Ok(Squares {
        title: "intensity on the detector".to_owned(),
        labels: ["x", "y"].map(|axis| format!("{axis} ({unit})")),
        panels: vec![panel],
        scale: Some(Scale::logarithmic([-DECADES, 0.0], "intensity / brightest pixel")),
    })
}

/// The grid of beamlets, and the rays that come through.
struct Beam {
    side: usize,
    half: f64,
    cells: Vec<u64>,
    open: Vec<f64>,
}

impl Beam {
    fn read(reader: &Reader) -> Result<Self> {
        let side: u64 = reader.attribute("Rays", "Side")?;
        let spacing: f64 = reader.attribute("Rays", "Spacing")?;
        Ok(Beam {
            side: side as usize,
            half: 0.5 * side as f64 * spacing,
            cells: reader.read("Rays/Cell")?,
            open: reader.read("Rays/Open")?,
        })
    }

    fn square(&self, caption: &str, numbers: impl Iterator<Item = f64>) -> Square {
        let mut map = vec![f64::NAN; self.side * self.side];
        for ((cell, open), number) in self.cells.iter().zip(&self.open).zip(numbers) {
            if let Some(place) = map.get_mut(*cell as usize).filter(|_| *open > 0.0) {
                *place = number;
            }
        }
        let (count, _) = unit(self.half);
        let range = -self.half * count..self.half * count;
        Square { caption: caption.to_owned(), ranges: [range.clone(), range], map: (map, self.side), dots: Vec::new() }
    }

    fn labels(&self) -> [String; 2] {
        ["x", "y"].map(|axis| format!("{axis} ({})", unit(self.half).1))
    }

    fn map(&self, title: &str, numbers: &[f64], label: &str) -> Squares {
        let panel = self.square("", numbers.iter().copied());
        let scale = Scale::over(panel.map.0.iter(), label, false);
        Squares { title: title.to_owned(), labels: self.labels(), panels: vec![panel], scale: Some(scale) }
    }
}

/// Real and imaginary parts of the four elements.
fn jones(beam: &Beam, numbers: &[f64]) -> Squares {
    let names =
        ["xx", "xy", "yx", "yy"].into_iter().flat_map(|element| ["Re", "Im"].map(|part| format!("{part} J{element}")));
    let panels: Vec<Square> = names
        .enumerate()
        .map(|(which, name)| beam.square(&name, numbers.iter().skip(which).step_by(8).copied()))
        .collect();
    let scale = Scale::over(panels.iter().flat_map(|panel| &panel.map.0), "element", false);
    Squares { title: "Jones matrices over the beam".to_owned(), labels: beam.labels(), panels, scale: Some(scale) }
}

fn footprints(reader: &Reader, beam: &Beam) -> Result<Squares> {
    let names = reader.datasets()?.into_iter().map(|entry| entry.name);
    let names: Vec<String> =
        names.filter(|name| name.starts_with("Footprints/")).chain(["Rays/Detector".to_owned()]).collect();
    let mut all = Vec::new();
    for name in &names {
        let places: Vec<f64> = reader.read(name)?;
        let lit = places.chunks_exact(2).zip(&beam.open).filter(|(_, open)| **open > 0.0);
        all.push(lit.map(|(place, _)| (place[0], place[1])).collect::<Vec<(f64, f64)>>());
    }
    let panels = names.iter().zip(all).map(|(name, dots)| {
        let ends = |axis: fn(&(f64, f64)) -> f64| {
            dots.iter().map(axis).fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
        };
        let [x, y] = [ends(|dot| dot.0), ends(|dot| dot.1)];
        // A point's image is drawn as wide as a thousandth of a wave at least.
        let half = 0.55 * (x[1] - x[0]).max(y[1] - y[0]).max(1e-9);
        let (count, unit) = unit(half);
        let range = |[low, high]: [f64; 2]| (0.5 * (low + high) - half) * count..(0.5 * (low + high) + half) * count;
        let surface = name.strip_prefix("Footprints/").unwrap_or("detector");
        Square {
            caption: format!("{surface} ({unit})"),
            ranges: [range(x), range(y)],
            map: (Vec::new(), 0),
            dots: dots.iter().map(|(x, y)| (x * count, y * count)).collect(),
        }
    });
    let panels = panels.collect();
    let title = "where rays meet the surfaces and the detector".to_owned();
    Ok(Squares { title, labels: ["x".to_owned(), "y".to_owned()], panels, scale: None })
}

impl Squares {
    /// The side of a panel's square.
    fn side(&self) -> u32 {
        SIDES[usize::from(self.panels.len() > 1)]
    }

    /// Panels in a row, and rows.
    fn grid(&self) -> [usize; 2] {
        let row = if self.panels.len() == 2 * JONES_ROW { JONES_ROW } else { self.panels.len().min(ROW) };
        [row, self.panels.len().div_ceil(row)]
    }

    fn caption(&self) -> u32 {
        if self.panels.len() > 1 { CAPTION } else { 0 }
    }

    fn draw_panel<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32, panel: &Square) -> Drawn<DB> {
        let (head, area) = area.split_vertically(self.caption() * scale);
        let middle = (head.dim_in_pixel().0 + 52 * scale) as i32 / 2;
        let centred = text(17, scale).pos(Pos::new(HPos::Center, VPos::Top));
        head.draw(&Text::new(panel.caption.clone(), (middle, 8 * scale as i32), centred))?;
        let labels = [&self.labels[0][..], &self.labels[1][..]];
        let mut chart = chart(&area, scale, panel.ranges.clone(), labels, &|value| tick(*value))?;
        let dot = |place: &(f64, f64)| Circle::new(*place, scale, ink(0).mix(0.5).filled());
        chart.draw_series(panel.dots.iter().map(dot))?;
        if let Some(colours) = &self.scale {
            let (numbers, across) = &panel.map;
            let rows = numbers.len() / across;
            let (width, height) = chart.plotting_area().dim_in_pixel();
            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x as usize, y)));
            let picture = places.flat_map(|(x, y)| {
                let row = (height - 1 - y) as usize * rows / height as usize;
                let number = numbers[row * across + x * across / width as usize];
                let RGBColor(red, green, blue) = colours.colour(number);
                [red, green, blue]
            });
            let corner = (panel.ranges[0].start, panel.ranges[1].end);
            chart.draw_series(BitMapElement::with_owned_buffer(corner, (width, height), picture.collect()))?;
        }
        frame(&area, &chart, scale)
    }
}

impl Figure for Squares {
    fn size(&self) -> (u32, u32) {
        let [across, rows] = self.grid().map(|count| count as u32);
        let bar = if self.scale.is_some() { BAR } else { 0 };
        (across * (self.side() + AROUND[0]) + bar, rows * (self.side() + AROUND[1] + self.caption()) + TITLE)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, scale: u32) -> Drawn<DB> {
        let (width, _) = self.size();
        let bar = if self.scale.is_some() { BAR } else { 0 };
        let (panels, beside) = titled(area, scale, &self.title)?.split_horizontally((width - bar) * scale);
        let [across, rows] = self.grid();
        let all = panels.split_evenly((rows, across));
        for (area, panel) in all.iter().zip(&self.panels) {
            self.draw_panel(area, scale, panel)?;
        }
        match &self.scale {
            Some(colours) => colours.draw(&beside, scale, 0),
            None => Ok(()),
        }
    }
}
