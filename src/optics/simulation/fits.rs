//! The image and the maps of the beam as FITS files.
//!
//! `psf.fits` has the intensity; `pupil.fits` has an image extension for each map over the grid of beamlets: what is open, path differences and,
//! of polarized light, diattenuation, retardance, transmission, Jones and Mueller matrices. Where there is no light, maps have no numbers.

use std::path::Path;

use fitskit::{FitsFile, Hdu, Header, HeaderValue, ImageData, PixelData};

use super::Optics;
use super::rays::Columns;
use crate::io::write_whole;
use crate::optics::PIXELS;
use crate::{Error, Result};

/// The file of the image.
pub(super) const IMAGE: &str = "psf.fits";
/// The file of the maps.
pub(super) const MAPS: &str = "pupil.fits";

/// The maps: the column, its name as an extension, its planes, its unit.
const COLUMNS: [(&str, &str, usize, &str); 9] = [
    ("Rays/Open", "OPEN", 1, ""),
    ("Rays/PathDifference", "PATHDIFF", 1, "m"),
    ("Polarization/Diattenuation", "DIATTEN", 1, ""),
    ("Polarization/DiattenuationAxis", "DIATAXIS", 1, "rad"),
    ("Polarization/Retardance", "RETARD", 1, "rad"),
    ("Polarization/RetardanceAxis", "RETAXIS", 1, "rad"),
    ("Polarization/Transmission", "TRANSMIS", 1, ""),
    ("Polarization/Jones", "JONES", 8, ""),
    ("Polarization/Mueller", "MUELLER", 16, ""),
];

/// Writes both files. All ranks.
pub(super) fn write(optics: &Optics, folder: &Path, columns: &Columns) -> Result<()> {
    let image = image(optics);
    let maps: Vec<(usize, Vec<f64>)> = COLUMNS
        .iter()
        .enumerate()
        .filter_map(|(which, (name, ..))| Some((which, optics.comm.all_gather(columns.numbers(name)?))))
        .collect();
    let written = if optics.comm.is_root() {
        save(&folder.join(IMAGE), &image_file(optics, image))
            .and_then(|()| save(&folder.join(MAPS), &maps_file(optics, maps)))
    } else {
        Ok(())
    };
    optics.comm.agree(written)
}

fn save(path: &Path, file: &FitsFile) -> Result<()> {
    let bytes = file.to_bytes().map_err(|error| Error::file(path, error.to_string()))?;
    write_whole(path, &bytes)
}

/// The intensity of all pixels, row by row. All ranks.
fn image(optics: &Optics) -> Vec<f64> {
    let mine: Vec<f64> = optics.intensities().map(|(.., intensity)| intensity).collect();
    let all = optics.comm.all_gather(&mine);
    let detector = &optics.bench.detector;
    let [width, height] = detector.pixels;
    let [across, up] = detector.tiles();
    let mut image = vec![0.0; width * height];
    let places = (0..across * up).flat_map(|tile| {
        let corner = detector.corner(tile);
        (0..PIXELS).map(move |place| super::pixel(corner, place))
    });
    for ([x, y], intensity) in places.filter(|[x, y]| *x < width && *y < height).zip(all) {
        image[y * width + x] = intensity;
    }
    image
}

fn image_file(optics: &Optics, image: Vec<f64>) -> FitsFile {
    let detector = &optics.bench.detector;
    let mut file = FitsFile::with_primary_image(ImageData::new(detector.pixels.to_vec(), PixelData::F64(image)));
    let header = &mut file.primary_mut().header;
    set(header, "BUNIT", text("W/m2"), "of a wave of 1 W/m2 that comes in");
    set(header, "WAVELEN", HeaderValue::Float(optics.bench.system.wavelength), "wavelength in vacuum, m");
    set_axes(header, [detector.pitch; 2], detector.pixels);
    file
}

fn maps_file(optics: &Optics, maps: Vec<(usize, Vec<f64>)>) -> FitsFile {
    let beam = &optics.bench.beam;
    let side = beam.side();
    let mut file = FitsFile::with_empty_primary();
    let header = &mut file.primary_mut().header;
    set(header, "EXTEND", HeaderValue::Logical(true), "maps follow");
    set(header, "WAVELEN", HeaderValue::Float(optics.bench.system.wavelength), "wavelength in vacuum, m");
    for (which, numbers) in maps {
        let (_, name, planes, unit) = COLUMNS[which];
        let mut map = vec![f64::NAN; planes * side * side];
        for ((cell, _), numbers) in optics.beamlets.iter().zip(numbers.chunks_exact(planes)) {
            if optics.open[*cell] > 0.0 {
                numbers.iter().enumerate().for_each(|(plane, number)| map[plane * side * side + cell] = *number);
            }
        }
        let axes = if planes == 1 { vec![side, side] } else { vec![side, side, planes] };
        let mut hdu = Hdu::image_extension(ImageData::new(axes, PixelData::F64(map)));
        set(&mut hdu.header, "EXTNAME", text(name), "");
        if !unit.is_empty() {
            set(&mut hdu.header, "BUNIT", text(unit), "");
        }
        set_axes(&mut hdu.header, [beam.spacing(); 2], [side, side]);
        file.push_extension(hdu);
    }
    file
}

/// Where pixels are: metres from the middle.
fn set_axes(header: &mut Header, pitch: [f64; 2], pixels: [usize; 2]) {
    for (axis, name) in ["X", "Y"].into_iter().enumerate() {
        let key = |key: &str| format!("{key}{}", axis + 1);
        set(header, &key("CTYPE"), text(name), "");
        set(header, &key("CUNIT"), text("m"), "");
        set(header, &key("CRPIX"), HeaderValue::Float(0.5 * (pixels[axis] as f64 + 1.0)), "the middle");
        set(header, &key("CRVAL"), HeaderValue::Float(0.0), "");
        set(header, &key("CDELT"), HeaderValue::Float(pitch[axis]), "");
    }
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::String(text.to_owned())
}

fn set(header: &mut Header, name: &str, value: HeaderValue, comment: &str) {
    header.set(name, value, Some(comment).filter(|comment| !comment.is_empty()));
}
