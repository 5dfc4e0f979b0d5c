//! What is in a file or in the folder of a run, in words.

use std::fmt::Write;
use std::path::Path;

use super::grid::{FIELDS, YT_FIELDS};
use super::{Entry, GridGeometry, History, Posterior, Reader, checkpoint, newest_alone, snapshots_in, trajectory};
use crate::Result;

/// Tells what is in a snapshot, checkpoint, trajectory, posterior, table or run folder.
///
/// # Errors
/// When it cannot be read.
pub fn ls(path: &Path) -> Result<String> {
    if path.is_dir() {
        return run_folder(path);
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
        let (first, last) = (column.first().unwrap_or(&f64::NAN), column.last().unwrap_or(&f64::NAN));
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
        format!("time {time} {time_unit}").trim_end().to_owned() + &step
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
        let (low, high) = (geometry.low[axis], geometry.high[axis]);
        let side = format!("{} {low} .. {high} {unit}", ["x", "y", "z"][axis]);
        side.trim_end().to_owned() + if geometry.periodic[axis] { ", periodic" } else { "" }
    };
    [axis(0), axis(1), axis(2)].join("; ")
}

/// Whether a dataset only shows another, or only serves to show it.
pub(super) fn is_view(entry: &Entry, all: &[Entry]) -> bool {
    let field = |entry: &Entry| Some(format!("{YT_FIELDS}{}", entry.name.strip_prefix(FIELDS)?));
    let is_field = |entry: &Entry| field(entry).is_some_and(|twin| all.iter().any(|other| other.name == twin));
    match all.iter().any(|other| other.name.starts_with("PartType")) {
        true => entry.name.starts_with("VTKHDF/"),
        false => all.iter().any(is_field) && !is_field(entry),
    }
}

fn shape(shape: &[u64]) -> String {
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("({})", axes.join(", "))
}

fn run_folder(path: &Path) -> Result<String> {
    let mut text = format!("{}: run\n", path.display());
    let mut tell = |name: &str, what: String| {
        let _ = writeln!(text, "  {name:16}  {what}");
    };
    for name in ["history.csv", "events.csv"].into_iter().filter(|name| path.join(name).is_file()) {
        let history = History::read(&path.join(name))?;
        let until = history
            .column("time")
            .and_then(|times| times.last())
            .map_or(String::new(), |time| format!(", to time {time}"));
        tell(name, format!("{} rows{until}", history.len()));
    }
    for name in ["results.csv", "tasks.csv", "summary.csv"].into_iter().filter(|name| path.join(name).is_file()) {
        tell(name, format!("{} rows", History::read(&path.join(name))?.len()));
    }
    let snapshots = snapshots_in(&path.join("snapshots")).unwrap_or_default();
    if let (Some(first), Some(last)) = (snapshots.first(), snapshots.last()) {
        tell("snapshots/", format!("{} files; the first: {}", snapshots.len(), kind(&Reader::open(first)?)));
        tell("", format!("the last: {}", kind(&Reader::open(last)?)));
    }
    for name in ["trajectory.hdf5", "posterior.hdf5"].into_iter().filter(|name| path.join(name).is_file()) {
        tell(name, kind(&Reader::open(&path.join(name))?));
    }
    let (newest, warnings) = newest_alone(&path.join("checkpoints"))?;
    if let Some(newest) = newest {
        tell("checkpoints/", format!("the newest whole one: step {}, time {}", newest.step(), newest.time()));
    }
    warnings.into_iter().for_each(|warning| tell("", warning));
    for name in ["config.toml", "results.h5", "journal", "ledger.json", "run.log", "report.html"]
        .into_iter()
        .filter(|name| path.join(name).is_file())
    {
        let bytes = std::fs::metadata(path.join(name)).map_or(0, |about| about.len());
        tell(name, format!("{bytes} bytes"));
    }
    Ok(text)
}
