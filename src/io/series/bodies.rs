//! The series of snapshots of bodies, whose number never changes: points with steps, and columns along time and bodies.

use std::path::Path;

use super::{
    Entry, FileWriter, Reader, SERIES, Shown, Slab, TIME, in_all, name_of, time_of, view, write_time_axis, write_times,
};
use crate::Result;
use crate::io::snapshot::{PARTICLE, component_axis, write_component_axes, write_topology};

/// Writes the series, if the snapshots have bodies and their columns are alike.
pub(super) fn write(folder: &Path, readers: &[Reader]) -> Result<()> {
    if !readers.iter().all(|reader| reader.has("PartType1/Coordinates")) {
        return Ok(());
    }
    let Some(columns) = in_all(readers, point_columns)? else { return Ok(()) };
    let times = readers.iter().map(time_of).collect::<Result<Vec<f64>>>()?;
    let file = FileWriter::create_alone(&folder.join(SERIES), 0)?;
    let bodies = columns[0].shape[0];
    file.group("VTKHDF/PointData")?;
    file.attributes("VTKHDF", "Version", &[2i64, 0])?;
    file.text("VTKHDF", "Type", "PolyData")?;
    file.replicated("VTKHDF/NumberOfPoints", &[1], &[bodies as i64])?;
    let indices: Vec<i64> = (0..bodies as i64).collect();
    file.replicated("VTKHDF/Vertices/Connectivity", &[bodies], &indices)?;
    write_topology(&file, bodies)?;
    for column in &columns {
        stack(&file, readers, column)?;
    }
    write_steps(&file, &times, &columns, bodies)?;
    label(&file, readers, &times, &columns)?;
    file.finish()
}

/// In the root, each column along the axes of time, bodies and components.
fn label(file: &FileWriter, readers: &[Reader], times: &[f64], columns: &[Entry]) -> Result<()> {
    let bodies = columns[0].shape[0];
    write_time_axis(file, &readers[0], times)?;
    if bodies == 0 {
        return Ok(());
    }
    file.bare_axis(PARTICLE, bodies, "/VTKHDF/Vertices/Connectivity")?;
    let components = |column: &Entry| column.shape.get(1).map_or(1, |&components| components as usize);
    write_component_axes(file, columns.iter().map(components))?;
    for column in columns {
        let name = match column.name.strip_prefix("VTKHDF/PointData/") {
            Some(name) if [PARTICLE, TIME, "VTKHDF"].contains(&name) || name.starts_with("component") => continue,
            Some(name) => name,
            None => "Coordinates",
        };
        let shape = [&[times.len() as u64][..], &column.shape].concat();
        let shown = (0..).zip(readers).map(|(step, reader)| Shown {
            file: name_of(reader),
            dataset: format!("/{}", column.name),
            part: Slab::whole(&column.shape),
            place: Slab::whole(&shape).between(step, step + 1),
        });
        view(file, &column.kind, name, &shape, &shown.collect::<Vec<_>>())?;
        file.describe(name, &readers[0].text(&column.name, "unit").unwrap_or_default(), "")?;
        let component = component_axis(components(column));
        let axes: Vec<&str> = [TIME, PARTICLE].into_iter().chain(component.as_deref()).collect();
        file.along(name, &axes)?;
    }
    Ok(())
}

/// The datasets of a snapshot that are ParaView's.
fn point_columns(reader: &Reader) -> Result<Vec<Entry>> {
    let wanted = |entry: &Entry| entry.name == "VTKHDF/Points" || entry.name.starts_with("VTKHDF/PointData/");
    Ok(reader.datasets()?.into_iter().filter(wanted).collect())
}

/// One dataset that shows those of all snapshots, one after another.
fn stack(file: &FileWriter, readers: &[Reader], column: &Entry) -> Result<()> {
    let (mut shape, rows) = (column.shape.clone(), column.shape[0]);
    shape[0] *= readers.len() as u64;
    let shown = |(step, reader): (u64, &Reader)| Shown {
        file: name_of(reader),
        dataset: format!("/{}", column.name),
        part: Slab::whole(&column.shape),
        place: Slab::whole(&shape).between(step * rows, (step + 1) * rows),
    };
    let shown: Vec<Shown> = (0..).zip(readers).map(shown).collect();
    view(file, &column.kind, &column.name, &shape, &shown)
}

/// Where each step begins in the datasets: its points one after another, the same cells for all.
fn write_steps(file: &FileWriter, times: &[f64], columns: &[Entry], bodies: u64) -> Result<()> {
    let steps = times.len() as u64;
    let starts: Vec<i64> = (0..steps).map(|step| (step * bodies) as i64).collect();
    let zeros = vec![0i64; 4 * times.len()];
    write_times(file, times)?;
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
