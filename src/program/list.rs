//! The content of a file or of a run's folder, in words, or as JSON.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Result;
use crate::base::console::number_text;
use crate::io::grid::is_view;
use crate::io::{Entry, GridGeometry, History, Reader, checkpoint, newest_alone, trajectory};
use crate::orbit::posterior::Posterior;
use crate::run::{CHECKPOINTS, RunFile, RunFolder, SNAPSHOTS};

/// What there is in a run's folder or a file.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Listing {
    /// A run's folder.
    Run { path: PathBuf, files: Vec<Part> },
    /// A table of text.
    Table { path: PathBuf, rows: usize, columns: Vec<Column> },
    /// A file of HDF5.
    File {
        path: PathBuf,
        /// What kind of file it is, and of when.
        about: String,
        /// What there is to say of its grid or its samples.
        more: Vec<String>,
        datasets: Vec<Dataset>,
    },
}

/// A file or folder of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    name: String,
    /// What there is to say of it, in lines.
    about: Vec<String>,
    #[serde(skip)]
    is_folder: bool,
}

/// A column of a table, with the numbers of its first and its last row.
#[derive(Debug, Serialize)]
pub(crate) struct Column {
    name: String,
    first: Option<f64>,
    last: Option<f64>,
}

/// A dataset of a file of HDF5.
#[derive(Debug, Serialize)]
pub(crate) struct Dataset {
    name: String,
    #[serde(rename = "type")]
    element: String,
    shape: Vec<u64>,
    unit: String,
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listing::Run { path, files } => {
                writeln!(f, "{}: run", path.display())?;
                files.iter().try_for_each(|part| part.fmt(f))
            }
            Listing::Table { path, rows, columns } => {
                writeln!(f, "{}: table of {rows} rows", path.display())?;
                let width = columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
                columns.iter().try_for_each(|Column { name, first, last }| {
                    let [first, last] = [first, last].map(|number| number.unwrap_or(f64::NAN));
                    writeln!(f, "  {name:width$}  {first:?} .. {last:?}")
                })
            }
            Listing::File { path, about, more, datasets } => {
                writeln!(f, "{}: {about}", path.display())?;
                more.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
                let width = datasets.iter().map(|dataset| dataset.name.len()).max().unwrap_or(0);
                datasets.iter().try_for_each(|Dataset { name, element, shape, unit }| {
                    let shape: Vec<String> = shape.iter().map(u64::to_string).collect();
                    let line = format!("  {name:width$}  {element:8}  ({})  {unit}", shape.join(", "));
                    writeln!(f, "{}", line.trim_end())
                })
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.is_folder { "/" } else { "" };
        self.about.iter().enumerate().try_for_each(|(number, line)| {
            let name = if number == 0 { format!("{}{slash}", self.name) } else { String::new() };
            writeln!(f, "  {name:16}  {line}")
        })
    }
}

/// What is in a run folder, or at its place in a snapshot, checkpoint, trajectory, posterior or table.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn ls(folder: &RunFolder) -> Result<Listing> {
    let path = folder.root();
    if path.is_dir() {
        return run_folder(&folder.clone().existing()?);
    }
    if path.extension().is_some_and(|extension| extension == "csv") {
        return table(path);
    }
    file(path)
}

fn table(path: &Path) -> Result<Listing> {
    let history = History::read(path)?;
    let columns = history.names.iter().zip(&history.columns).map(|(name, column)| Column {
        name: name.clone(),
        first: column.first().copied(),
        last: column.last().copied(),
    });
    Ok(Listing::Table { path: path.to_owned(), rows: history.len(), columns: columns.collect() })
}

fn file(path: &Path) -> Result<Listing> {
    let reader = Reader::open(path)?;
    let mut more = Vec::new();
    if let Some(geometry) = GridGeometry::read(&reader)? {
        more.push(extent(&geometry, &reader.text("Units", "Length").unwrap_or_default()).trim_end().to_owned());
    }
    if is_posterior(&reader) {
        more.extend(posterior(&Posterior::read(path)?));
    }
    let entries = reader.datasets()?;
    let shown = entries.iter().filter(|entry| !is_view(entry, &entries));
    let dataset = |entry: &Entry| Dataset {
        name: entry.name.clone(),
        element: entry.kind.clone(),
        shape: entry.shape.clone(),
        unit: reader.text(&entry.name, "unit").unwrap_or_default(),
    };
    let datasets = shown.map(dataset).collect();
    Ok(Listing::File { path: path.to_owned(), about: kind(&reader), more, datasets })
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
fn posterior(posterior: &Posterior) -> Vec<String> {
    let table = posterior.summary().to_string();
    let lines = table.lines().chain(std::iter::once(&posterior.about.note[..]));
    lines.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
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

fn run_folder(folder: &RunFolder) -> Result<Listing> {
    let part = |file: &RunFile| {
        let about = lines_of(folder, *file)?;
        Ok(Part { name: file.name().to_owned(), about, is_folder: folder.path(*file).is_dir() })
    };
    let parts: Vec<Part> = folder.files().iter().map(part).collect::<Result<_>>()?;
    let files = parts.into_iter().filter(|part| !part.about.is_empty()).collect();
    Ok(Listing::Run { path: folder.root().to_owned(), files })
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
        let listed = ls(&RunFolder::at(&path)).unwrap().to_string();
        for part in ["posterior of 5 samples, MCMC", "sma1", "made up", "data", "compound (9 fields)"] {
            assert!(listed.contains(part), "{part} is missing in {listed}");
        }
    }
}
