//! The file that opens all snapshots of a folder as one series in time (ParaView: VTKHDF 2.0, PolyData with steps).
//!
//! It holds no numbers of its own beyond the times: its datasets are views of those in the snapshots, one after another
//! (HDF5 virtual datasets), found beside it wherever the folder is moved. Made when the number of bodies never changes.

use std::path::Path;

use super::snapshot::write_topology;
use super::{Element, Entry, FileWriter, Reader};
use crate::{Error, Result};

/// The name of the file, beside the snapshots.
pub const SERIES: &str = "series.vtkhdf";

/// The snapshots of a folder, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn snapshots_in(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let is_snapshot = |name: &str| name.starts_with("snapshot_") && name.ends_with(".hdf5");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| is_snapshot(name));
    let mut paths: Vec<_> = names.map(|name| folder.join(name)).collect();
    paths.sort();
    Ok(paths)
}

/// Writes `series.vtkhdf` into the folder of snapshots. One rank.
///
/// Nothing is written for fewer than two snapshots, for snapshots without bodies, or where their number differs; then one
/// that an earlier call left is removed.
///
/// # Errors
/// When a snapshot cannot be read or the file cannot be written.
pub fn write_series(folder: &Path) -> Result<()> {
    let paths = snapshots_in(folder)?;
    let mut times = Vec::new();
    let mut columns: Option<Vec<Entry>> = None;
    for path in &paths {
        let reader = Reader::open(path)?;
        if !reader.has("PartType1/Coordinates") {
            return remove(folder);
        }
        times.push(reader.attribute::<f64>("Header", "Time")?);
        let here = point_columns(&reader)?;
        if columns.get_or_insert_with(|| here.clone()) != &here {
            return remove(folder);
        }
    }
    match columns {
        Some(columns) if paths.len() > 1 => write(folder, &paths, &times, &columns),
        _ => remove(folder),
    }
}

/// The datasets of a snapshot that are ParaView's.
fn point_columns(reader: &Reader) -> Result<Vec<Entry>> {
    let wanted = |entry: &Entry| entry.name == "VTKHDF/Points" || entry.name.starts_with("VTKHDF/PointData/");
    Ok(reader.datasets()?.into_iter().filter(wanted).collect())
}

fn remove(folder: &Path) -> Result<()> {
    let path = folder.join(SERIES);
    if path.exists() { std::fs::remove_file(&path).map_err(Error::io("remove", &path)) } else { Ok(()) }
}

fn write(folder: &Path, paths: &[std::path::PathBuf], times: &[f64], columns: &[Entry]) -> Result<()> {
    let file = FileWriter::create_alone(&folder.join(SERIES), 0)?;
    let steps = times.len() as u64;
    let bodies = columns[0].shape[0];
    file.group("VTKHDF/PointData")?;
    file.attributes("VTKHDF", "Version", &[2i64, 0])?;
    file.text("VTKHDF", "Type", "PolyData")?;
    file.replicated("VTKHDF/NumberOfPoints", &[1], &[bodies as i64])?;
    let indices: Vec<i64> = (0..bodies as i64).collect();
    file.replicated("VTKHDF/Vertices/Connectivity", &[bodies], &indices)?;
    write_topology(&file, bodies)?;
    let names: Vec<&str> = paths.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    for column in columns {
        match column.kind.as_str() {
            "float64" => stack::<f64>(&file, &names, column)?,
            "float32" => stack::<f32>(&file, &names, column)?,
            "uint64" => stack::<u64>(&file, &names, column)?,
            _ => stack::<i64>(&file, &names, column)?,
        }
    }
    write_steps(&file, times, columns, bodies, steps)?;
    file.finish()
}

/// One dataset that shows those of all snapshots, one after another.
fn stack<T: Element>(file: &FileWriter, names: &[&str], column: &Entry) -> Result<()> {
    let components = column.shape.get(1).map_or(1, |&n| n as usize);
    let source = |name: &&str| ((*name).to_owned(), format!("/{}", column.name), column.shape[0]);
    file.virtual_rows::<T>(&column.name, &names.iter().map(source).collect::<Vec<_>>(), components)
}

/// Where each step begins in the datasets: its points one after another, the same cells for all.
fn write_steps(file: &FileWriter, times: &[f64], columns: &[Entry], bodies: u64, steps: u64) -> Result<()> {
    let starts: Vec<i64> = (0..steps).map(|step| (step * bodies) as i64).collect();
    let zeros = vec![0i64; 4 * times.len()];
    file.replicated("VTKHDF/Steps/Values", &[steps], times)?;
    file.attribute("VTKHDF/Steps", "NSteps", steps as i64)?;
    file.replicated("VTKHDF/Steps/PartOffsets", &[steps], &zeros[..times.len()])?;
    file.replicated("VTKHDF/Steps/NumberOfParts", &[steps], &vec![1i64; times.len()])?;
    file.replicated("VTKHDF/Steps/PointOffsets", &[steps], &starts)?;
    file.replicated("VTKHDF/Steps/CellOffsets", &[steps, 4], &zeros)?;
    file.replicated("VTKHDF/Steps/ConnectivityIdOffsets", &[steps, 4], &zeros)?;
    for name in columns.iter().filter_map(|column| column.name.strip_prefix("VTKHDF/PointData/")) {
        file.replicated(&format!("VTKHDF/Steps/PointDataOffsets/{name}"), &[steps], &starts)?;
    }
    Ok(())
}
