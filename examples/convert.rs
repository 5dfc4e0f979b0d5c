//! A thousand files converted, a task each: tables (CSV) and images (FITS) to HDF5; bad files are reported, the rest is done.
//!
//!     mpirun -n 2 target/release/examples/convert     writes runs/convert
//!
//! Extract, transform, load: what an instrument left is read, magnitudes become fluxes, and beside a file for each file there is one
//! table of all, summary.h5. A task that fails names its file and reason in errors.txt; nothing else is lost by it. Files are made first.
use std::path::{Path, PathBuf};

use divisi::io::{FileWriter, Reader, Slab, write_whole};
use divisi::prelude::*;
use divisi::tasks::{self, Executor};
use fitskit::{FitsFile, HduData, ImageData, PixelData};

const FOLDER: &str = "runs/convert";
const FILES: u64 = 1000;
const ROWS: u64 = 30;
/// Files that are made badly.
const NO_NUMBER: u64 = 57;
const FEW_COLUMNS: u64 = 222;
const EMPTY: u64 = 333;
const CUT_SHORT: u64 = 789;
const BAD: u64 = 4;

/// Every tenth file is an image.
fn path(file: u64) -> PathBuf {
    Path::new(FOLDER).join(format!("raw/{file:03}.{}", if file % 10 == 9 { "fits" } else { "csv" }))
}

fn make(file: u64) -> Result<()> {
    let path = path(file);
    let bytes = if file % 10 == 9 { image(file) } else { table(file).into_bytes() };
    std::fs::write(&path, bytes).map_err(Error::io("write", path))
}

fn table(file: u64) -> String {
    let row = |row: u64| format!("{},{}\n", file * ROWS + row, 20.0 - 2.5 * (row % 3) as f64);
    let mut text: String = std::iter::once("time,magnitude\n".to_owned()).chain((0..ROWS).map(row)).collect();
    match file {
        NO_NUMBER => text = text.replacen("17.5", "bright", 1),
        FEW_COLUMNS => text = text.replacen(",15", "", 1),
        EMPTY => text.clear(),
        _ => {}
    }
    text
}

fn image(file: u64) -> Vec<u8> {
    let pixels = PixelData::I16((0..ROWS as i16).collect());
    let mut bytes = FitsFile::with_primary_image(ImageData::new(vec![6, 5], pixels)).to_bytes().expect("an image");
    bytes.truncate(if file == CUT_SHORT { 2900 } else { bytes.len() });
    bytes
}

/// What all files are converted to: columns or pixels by name, in a shape.
struct Data {
    shape: Vec<u64>,
    columns: Vec<(String, Vec<f64>)>,
}

fn read_table(path: &Path) -> Result<Data> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let mut lines = (1..).zip(text.lines());
    let (_, names) = lines.next().ok_or_else(|| Error::file(path, "is empty"))?;
    let mut columns: Vec<(String, Vec<f64>)> = names.split(',').map(|name| (name.to_owned(), Vec::new())).collect();
    for (number, line) in lines {
        let words: Vec<&str> = line.split(',').collect();
        if words.len() != columns.len() {
            return Err(Error::file(
                path,
                format!("line {number} has {} columns instead of {}", words.len(), columns.len()),
            ));
        }
        for (word, (name, column)) in words.into_iter().zip(&mut columns) {
            let no_number = |_| Error::file(path, format!("line {number}: {name} is no number: {word}"));
            column.push(word.parse().map_err(no_number)?);
        }
    }
    Ok(Data { shape: vec![columns[0].1.len() as u64], columns })
}

fn read_image(path: &Path) -> Result<Data> {
    let unread = |error| Error::file(path, format!("can't be read as FITS: {error}"));
    let file = FitsFile::from_file(path).map_err(unread)?;
    let HduData::Image(image) = &file.primary().data else { return Err(Error::file(path, "holds no image")) };
    let shape = image.axes.iter().rev().map(|&length| length as u64).collect();
    Ok(Data { shape, columns: vec![("pixels".to_owned(), image.scaled_values(1.0, 0.0))] })
}

/// Converts a file and returns how many numbers it holds and, of a table, the sum of its fluxes.
fn convert(path: &Path) -> Result<(u64, f64)> {
    let mut data =
        if path.extension().is_some_and(|ending| ending == "fits") { read_image(path)? } else { read_table(path)? };
    for (name, column) in &mut data.columns {
        if name == "magnitude" {
            // Law: magnitude m is flux 10^(-0.4 m), here relative to magnitude 20.
            *name = "flux".to_owned();
            column.iter_mut().for_each(|value| *value = libm::pow(10.0, 0.4 * (20.0 - *value)));
        }
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = FileWriter::create_alone(&Path::new(FOLDER).join(format!("{name}.h5")), 0)?;
    for (name, column) in &data.columns {
        file.dataset(name, &Slab::whole(&data.shape), column)?;
    }
    file.finish()?;
    let flux = data.columns.iter().filter(|(name, _)| name == "flux").flat_map(|(_, fluxes)| fluxes);
    Ok((data.shape.iter().product(), flux.sum()))
}

/// All that was converted as one table, and what was not as lines; both are written, and the lines returned.
fn load(files: &[u64], outcomes: Vec<tasks::Outcome<(u64, f64)>>) -> Result<String> {
    let mut errors = String::new();
    let [mut numbers, mut lengths, mut fluxes] = [Vec::new(), Vec::new(), Vec::new()];
    for (file, outcome) in files.iter().zip(outcomes) {
        match outcome {
            Ok((length, flux)) => {
                numbers.push(*file as f64);
                lengths.push(length as f64);
                fluxes.push(flux);
            }
            Err(error) => errors += &format!("{}\n", error.message),
        }
    }
    let table = FileWriter::create_alone(&Path::new(FOLDER).join("summary.h5"), 0)?;
    let whole = Slab::whole(&[numbers.len() as u64]);
    for (name, column) in [("file", &numbers), ("length", &lengths), ("flux", &fluxes)] {
        table.dataset(name, &whole, column)?;
    }
    table.finish()?;
    write_whole(&Path::new(FOLDER).join("errors.txt"), errors.as_bytes())?;
    Ok(errors)
}

fn show(comm: &Comm) -> Result<u8> {
    std::fs::create_dir_all(Path::new(FOLDER).join("raw")).map_err(Error::io("create", FOLDER))?;
    let files: Vec<u64> = (0..FILES).collect();
    for made in Executor::new(comm).map(&files, |_task, &file| make(file))? {
        made?;
    }
    let outcomes = Executor::new(comm).retries(0).map(&files, |_task, &file| convert(&path(file)))?;
    if comm.is_root() {
        let errors = load(&files, outcomes)?;
        print!("{errors}");
        let summary = Reader::open(&Path::new(FOLDER).join("summary.h5"))?;
        let done = summary.shape("file")?[0];
        assert_eq!((done, errors.lines().count() as u64), (FILES - BAD, BAD));
        // Magnitudes 20, 17.5 and 15 are fluxes 1, 10 and 100, ten of each in a table: of 900 tables three are bad.
        let flux: f64 = summary.read::<f64>("flux")?.iter().sum();
        assert!((flux - 897.0 * 1110.0).abs() < 1e-6, "all fluxes are {flux}");
        println!("{done} of {FILES} files converted, {BAD} reported");
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
