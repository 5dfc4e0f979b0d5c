//! The files of a run: fields and rays as HDF5, the image and the maps of the beam as FITS.

use std::path::Path;

use super::rays::{Columns, columns};
use super::{Optics, fits, share};
use crate::Result;
use crate::io::{FileWriter, Part, Slab, WriteOptions};
use crate::optics::vector::{dot, minus};
use crate::optics::{COLUMNS, Detector, PIXELS, ROWS};

/// The name of the file of fields and rays.
pub(super) const FILE: &str = "optics.hdf5";
/// What its attribute `Format` says.
const FORMAT: &str = "divisi optics 1";

/// Writes all files of the state. All ranks.
pub(super) fn write(optics: &Optics, folder: &Path, options: &WriteOptions) -> Result<()> {
    let comm = &optics.comm;
    let columns = comm.agree(columns(optics, share(comm, optics.beamlets.len())))?;
    let file = FileWriter::create(comm, &folder.join(FILE), options)?;
    file.text("/", "Format", FORMAT)?;
    write_image(optics, &file)?;
    write_rays(optics, &file, &columns)?;
    file.finish()?;
    fits::write(optics, folder, &columns)
}

/// Intensity and field of the detector's pixels.
fn write_image(optics: &Optics, file: &FileWriter) -> Result<()> {
    let detector = &optics.bench.detector;
    let [width, height] = detector.pixels.map(|count| count as u64);
    file.group("Image")?;
    file.attribute("Image", "Wavelength", optics.bench.system.wavelength)?;
    file.attribute("Image", "Pitch", detector.pitch)?;
    file.attributes("Image", "ChiefRay", &optics.reference.across)?;
    file.attribute("Image", "Most", optics.most * optics.most)?;
    file.attribute("Image", "Power", optics.power)?;
    let boxes: Vec<Cut> = optics.tiles().map(|tile| Cut::of(detector, tile)).collect();
    let length = optics.tile_len();
    let tiles = || boxes.iter().zip(optics.field.chunks_exact(length));
    let intensities: Vec<Vec<f64>> = tiles()
        .map(|(cut, field)| {
            let at = |place: usize| field.iter().skip(place).step_by(PIXELS).map(|part| part * part).sum::<f64>();
            cut.places().map(at).collect()
        })
        .collect();
    let parts = boxes.iter().zip(&intensities);
    let parts: Vec<Part<f64>> = parts.map(|(cut, numbers)| Part::new(cut.slab([width, height]), numbers)).collect();
    file.dataset_parts("Image/Intensity", &[height, width], &parts)?;
    let components = optics.bench.components();
    let fields: Vec<Vec<f64>> = tiles()
        .map(|(cut, field)| {
            let pairs = field
                .chunks_exact(2 * PIXELS)
                .flat_map(|field| cut.places().flat_map(move |place| [field[place], field[place + PIXELS]]));
            pairs.collect()
        })
        .collect();
    let slab = |cut: &Cut| {
        let Slab { shape, offset, count, .. } = cut.slab([width, height]);
        let all = components as u64;
        Slab::new(
            [&[all], &shape[..], &[2]].concat(),
            [&[0], &offset[..], &[0]].concat(),
            [&[all], &count[..], &[2]].concat(),
        )
    };
    let parts: Vec<Part<f64>> = boxes.iter().zip(&fields).map(|(cut, numbers)| Part::new(slab(cut), numbers)).collect();
    file.dataset_parts("Image/Field", &[components as u64, height, width, 2], &parts)
}

/// The part of a tile that is on the detector.
struct Cut {
    corner: [usize; 2],
    size: [usize; 2],
}

impl Cut {
    fn of(detector: &Detector, tile: usize) -> Self {
        let corner = detector.corner(tile);
        let size = [COLUMNS.min(detector.pixels[0] - corner[0]), ROWS.min(detector.pixels[1] - corner[1])];
        Cut { corner, size }
    }

    /// Its places in the tile, row by row.
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let [width, height] = self.size;
        (0..height).flat_map(move |y| (0..width).map(move |x| y * COLUMNS + x))
    }

    fn slab(&self, [width, height]: [u64; 2]) -> Slab {
        let [x, y] = self.corner.map(|first| first as u64);
        let [across, up] = self.size.map(|count| count as u64);
        Slab::new([height, width], [y, x], [up, across])
    }
}

fn write_rays(optics: &Optics, file: &FileWriter, columns: &Columns) -> Result<()> {
    let total = optics.beamlets.len();
    let mine = share(&optics.comm, total);
    for group in ["Rays", "Footprints", "Polarization"] {
        if columns.0.iter().any(|column| column.name.starts_with(group)) {
            file.group(group)?;
        }
    }
    file.attribute("Rays", "Side", optics.bench.beam.side() as u64)?;
    file.attribute("Rays", "Spacing", optics.bench.beam.spacing())?;
    for column in &columns.0 {
        let of = |rays: usize, rest: u64| {
            let rest = column.shape.iter().map(|length| if rest == 0 { 0 } else { *length });
            std::iter::once(rays as u64).chain(rest).collect::<Vec<u64>>()
        };
        let slab = Slab::new(of(total, 1), of(mine.start, 0), of(mine.len(), 1));
        file.dataset(&column.name, &slab, &column.numbers)?;
        file.text(&column.name, "unit", column.unit)?;
    }
    Ok(())
}

/// A word where the detector reaches so far that the sum of so few beamlets repeats itself there.
pub(super) fn reach_note(optics: &Optics) -> Option<String> {
    let bench = &optics.bench;
    let spacing = bench.beam.spacing();
    let direction =
        |x: f64, y: f64| bench.system.trace(bench.beam.ray([x, y]), |_, _| ()).ok().map(|ray| ray.direction);
    let middle = direction(0.0, 0.0)?;
    let steps = [direction(spacing, 0.0)?, direction(0.0, spacing)?].map(|beside| minus(beside, middle));
    let step = steps.iter().map(|step| dot(*step, *step).sqrt()).fold(0.0, f64::max);
    let reach = 0.5 * bench.system.wavelength / step;
    let detector = &bench.detector;
    let far =
        |axis: usize| detector.place(axis, detector.pixels[axis] as f64 - 1.0) + optics.reference.across[axis].abs();
    let farthest = far(0).max(far(1));
    (farthest > reach).then(|| {
        format!(
            "the detector reaches {farthest:.2e} m from the image, but {} beamlets across tell apart light within {reach:.2e} m: give more in \
             beam.across, or fewer pixels",
            bench.beam.across
        )
    })
}
