//! Light through optics: the image, the beam's path differences and polarization, where rays meet surfaces.
//!
//! The image has a logarithmic scale of colours, over the brightest pixel. Maps of the beam are drawn over the grid of beamlets, as the light
//! sees it; cells without light are grey. Footprints are dots, each surface in a panel of its own; of many rays every second, third .. is drawn.

use super::picture::{Named, Picture};
use super::scale::Scale;
use super::squares::{Square, Squares};
use crate::Result;
use crate::io::Reader;

/// Decades of the image's brightness.
const DECADES: f64 = 6.0;
/// Path differences are shown in waves.
const WAVES: &str = "waves";
/// Rays that are drawn across the beam, at most: of all of them a picture would have megabytes, and show no more.
const ACROSS: usize = 64;

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

    /// Whether the ray of a cell is one of those that are drawn as dots: the middle one, and those in even steps from it.
    fn is_drawn(&self, cell: u64) -> bool {
        let step = self.side.div_ceil(ACROSS);
        let middle = self.side / 2;
        [cell as usize % self.side, cell as usize / self.side].iter().all(|place| place.abs_diff(middle) % step == 0)
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
        let lit = places.chunks_exact(2).zip(&beam.cells).zip(&beam.open).filter(|(_, open)| **open > 0.0);
        all.push(lit.map(|((place, cell), _)| ((place[0], place[1]), beam.is_drawn(*cell))).collect::<Vec<_>>());
    }
    let panels = names.iter().zip(all).map(|(name, dots)| {
        let ends = |axis: fn(&((f64, f64), bool)) -> f64| {
            dots.iter().map(axis).fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
        };
        let [x, y] = [ends(|(dot, _)| dot.0), ends(|(dot, _)| dot.1)];
        // A point's image is drawn as wide as a thousandth of a wave at least.
        let half = 0.55 * (x[1] - x[0]).max(y[1] - y[0]).max(1e-9);
        let (count, unit) = unit(half);
        let range = |[low, high]: [f64; 2]| (0.5 * (low + high) - half) * count..(0.5 * (low + high) + half) * count;
        let surface = name.strip_prefix("Footprints/").unwrap_or("detector");
        Square {
            caption: format!("{surface} ({unit})"),
            ranges: [range(x), range(y)],
            map: (Vec::new(), 0),
            dots: dots.iter().filter(|(_, is_drawn)| *is_drawn).map(|((x, y), _)| (x * count, y * count)).collect(),
        }
    });
    let panels = panels.collect();
    let title = "where rays meet the surfaces and the detector".to_owned();
    Ok(Squares { title, labels: ["x".to_owned(), "y".to_owned()], panels, scale: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_few_rays_all_are_drawn_and_of_many_those_in_even_steps_from_the_middle() {
        for (side, drawn) in [(1, 1), (6, 36), (64, 64 * 64), (65, 33 * 33), (130, 43 * 43), (258, 51 * 51)] {
            let beam = Beam { side, half: 1.0, cells: Vec::new(), open: Vec::new() };
            let cells = 0..(side * side) as u64;
            assert_eq!(cells.filter(|cell| beam.is_drawn(*cell)).count(), drawn, "{side}");
            assert!(beam.is_drawn((side / 2 * (side + 1)) as u64));
        }
    }
}
