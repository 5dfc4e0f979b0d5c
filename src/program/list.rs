//! The content of a file or of a run's folder, in words.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::base::console::number_text;
use crate::io::grid::is_view;
use crate::io::{Entry, GridGeometry, History, Reader, checkpoint, newest_alone, trajectory};
use crate::orbit::posterior::Posterior;
use crate::run::{CHECKPOINTS, RunFile, RunFolder, SNAPSHOTS};

/// Tells what is in a run folder, or at its place in a snapshot, checkpoint, trajectory, posterior or table.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn ls(folder: &RunFolder) -> Result<String> {
    let path = folder.root();
    if path.is_dir() {
        return run_folder(&folder.clone().existing()?);
    }
    if path.extension().is_some_and(|extension| extension == "csv") {
        return table(path);
    }
    file(path)
}

fn table(path: &Path) -> Result<String> {
    let history = History::read(path)?;
    let mut text = format!("{}: table of {} rows\n", path.display(), history.len());
    let width = history.names.iter().map(String::len).max().unwrap_or(0);
    for (name, column) in history.names.iter().zip(&history.columns) {
        let first = column.first().unwrap_or(&f64::NAN);
        let last = column.last().unwrap_or(&f64::NAN);
        let _ = writeln!(text, "  {name:width$}  {first:?} .. {last:?}");
    }
    Ok(text)
}

fn file(path: &Path) -> Result<String> {
    let reader = Reader::open(path)?;
    let mut text = format!("{}: {}\n", path.display(), kind(&reader));
    if let Some(geometry) = GridGeometry::read(&reader)? {
        let _ = writeln!(text, "  {}", extent(&geometry, &reader.text("Units", "Length").unwrap_or_default()));
    }
    if is_posterior(&reader) {
        let _ = writeln!(text, "{}", posterior(&Posterior::read(path)?));
    }
    let entries = reader.datasets()?;
    let shown: Vec<&Entry> = entries.iter().filter(|entry| !is_view(entry, &entries)).collect();
    let width = shown.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    for entry in shown {
        let unit = reader.text(&entry.name, "unit").unwrap_or_default();
        let _ = writeln!(text, "  {:width$}  {:8}  {}  {unit}", entry.name, entry.kind, shape(&entry.shape));
    }
    Ok(text.lines().map(str::trim_end).fold(String::new(), |all, line| all + line + "\n"))
}

/// What kind of file it is, and of when.
fn kind(reader: &Reader) -> String {
    let format = reader.text("/", "Format").unwrap_or_default();
    let time_unit = reader.text("Units", "Time").unwrap_or_default();
    let at = |object: &str| {
        let time = reader.attribute::<f64>(object, "Time").unwrap_or(f64::NAN);
        let step = reader.attribute::<u64>(object, "Step").map_or(String::new(), |step| format!(", step {step}"));
        format!("time {} {time_unit}", number_text(time)).trim_end().to_owned() + &step
    };
    let bodies = reader.attributes::<u64>("Header", "NumPart_Total").map(|kinds| kinds.iter().sum::<u64>());
    if let Ok(Some(GridGeometry { cells: [nx, ny, nz], .. })) = GridGeometry::read(reader) {
        return format!("snapshot of {nx} x {ny} x {nz} cells, {}", at("/"));
    }
    match (format.as_str(), bodies) {
        (checkpoint::FORMAT, _) => format!("checkpoint, {}", at("/")),
        (trajectory::FORMAT, _) => {
            format!("trajectory of {} frames, to {}", reader.shape("Time").map_or(0, |shape| shape[0]), at("/"))
        }
        _ if is_posterior(reader) => {
            let samples = reader.shape("post").map_or(0, |shape| shape[0]);
            format!("posterior of {samples} samples, {}", reader.text("/", "sampler_name").unwrap_or_default())
        }
        (format, _) if format.starts_with("divisi results") => "results of a sweep".to_owned(),
        (_, Ok(bodies)) => format!("snapshot of {bodies} bodies, {}", at("Header")),
        _ if reader.has("VTKHDF/Steps") => "series of snapshots".to_owned(),
        _ => "HDF5 file".to_owned(),
    }
}

/// Whether a file is a posterior, of this program or of orbitize.
fn is_posterior(reader: &Reader) -> bool {
    reader.has("post") && reader.has("lnlike")
}

/// The parameters with their medians and units, and where the samples come from.
fn posterior(posterior: &Posterior) -> String {
    let table = posterior.summary().to_string();
    let lines = table.lines().chain(std::iter::once(&posterior.about.note[..]));
    lines.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// The box of a grid, axis by axis.
fn extent(geometry: &GridGeometry, unit: &str) -> String {
    let axis = |axis: usize| {
        let low = geometry.low[axis];
        let high = geometry.high[axis];
        let side = format!("{} {low} .. {high} {unit}", ["x", "y", "z"][axis]);
        side.trim_end().to_owned() + if geometry.periodic[axis] { ", periodic" } else { "" }
    };
    [axis(0), axis(1), axis(2)].join("; ")
}

fn shape(shape: &[u64]) -> String {
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("({})", axes.join(", "))
}

fn run_folder(folder: &RunFolder) -> Result<String> {
    let mut text = format!("{}: run\n", folder.root().display());
    for file in folder.files() {
        for (number, line) in lines_of(folder, *file)?.iter().enumerate() {
            let slash = if folder.path(*file).is_dir() { "/" } else { "" };
            let name = if number == 0 { format!("{}{slash}", file.name()) } else { String::new() };
            let _ = writeln!(text, "  {name:16}  {line}");
        }
    }
    Ok(text)
}

/// What there is to say of a file in a run's folder; nothing of one that isn't there.
fn lines_of(folder: &RunFolder, file: RunFile) -> Result<Vec<String>> {
    let path = folder.path(file);
    let extension = path.extension().and_then(|extension| extension.to_str());
    match file {
        SNAPSHOTS => snapshots(&folder.snapshot_files()?),
        CHECKPOINTS => checkpoints(&path),
        _ if !path.is_file() => Ok(Vec::new()),
        _ if extension == Some("csv") => rows(&path).map(|line| vec![line]),
        _ if extension == Some("hdf5") => Ok(vec![kind(&Reader::open(&path)?)]),
        _ => {
            let bytes = std::fs::metadata(&path).map_or(0, |about| about.len());
            Ok(vec![format!("{bytes} bytes")])
        }
    }
}

fn snapshots(files: &[PathBuf]) -> Result<Vec<String>> {
    let (Some(first), Some(last)) = (files.first(), files.last()) else { return Ok(Vec::new()) };
    Ok(vec![
        format!("{} files; the first: {}", files.len(), kind(&Reader::open(first)?)),
        format!("the last: {}", kind(&Reader::open(last)?)),
    ])
}

fn checkpoints(folder: &Path) -> Result<Vec<String>> {
    let (newest, warnings) = match newest_alone(folder) {
        Ok(found) => found,
        // The rest of the run is listed all the same.
        Err(error) => return Ok(error.to_string().lines().map(str::to_owned).collect()),
    };
    let newest = newest.map(|newest| format!("the newest whole one: step {}, time {}", newest.step(), newest.time()));
    Ok(newest.into_iter().chain(warnings).collect())
}

/// How many rows a table has; of one over time, to when.
fn rows(path: &Path) -> Result<String> {
    let table = History::read(path)?;
    let is_over_time = table.names.get(1).is_some_and(|name| name == "time");
    let last = table.column("time").and_then(|times| times.last()).filter(|_| is_over_time);
    Ok(format!(
        "{} rows{}",
        table.len(),
        last.map_or(String::new(), |time| format!(", to time {}", number_text(*time)))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::posterior::{About, Parameter};
    use crate::orbit::{Observation, Observations, Quantity};

    #[test]
    fn a_posterior_is_listed_with_its_parameters_and_measurements() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("posterior.hdf5");
        let observation = Observation {
            epoch: 55000.5,
            object: 1,
            quantity: Quantity::SepPa,
            values: [2000.0, 30.0],
            errors: [0.5, 0.25],
            correlation: None,
            instrument: "HARPS".to_owned(),
            place: String::new(),
        };
        let posterior = Posterior {
            parameters: vec![Parameter::new("sma1", "au")],
            samples: vec![1.0; 5],
            ln_likelihood: vec![-3.0, -1.0, -2.0, -5.0, -4.0],
            ln_prior: vec![-0.5; 5],
            observations: Observations { rows: vec![observation], ..Observations::default() },
            about: About { sampler: "MCMC".to_owned(), note: "made up".to_owned(), ..About::default() },
            ..Posterior::default()
        };
        posterior.write_alone(&path).unwrap();
        let listed = ls(&RunFolder::at(&path)).unwrap();
        for part in ["posterior of 5 samples, MCMC", "sma1", "made up", "data", "compound (9 fields)"] {
            assert!(listed.contains(part), "{part} is missing in {listed}");
        }
    }
}
