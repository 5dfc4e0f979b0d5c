//! The series of snapshots of one grid: an image with steps, and the same in XDMF.

use std::path::Path;

use super::{
    Entry, FileWriter, GridGeometry, Reader, SERIES, Shown, Slab, TIME, XDMF, in_all, name_of, view, write_time_axis,
    write_times, xdmf,
};
use crate::Result;
use crate::io::grid::{FIELDS, SPACE, VECTOR, components, has_velocity, link_in_root, write_image, write_space};

/// Writes the series, if all snapshots have the same grid and the same fields.
pub(super) fn write(folder: &Path, readers: &[Reader]) -> Result<()> {
    let grids = readers.iter().map(GridGeometry::read).collect::<Result<Vec<_>>>()?;
    let (Some(geometry), Some(fields)) = (grids[0], in_all(readers, fields)?) else { return Ok(()) };
    if grids.iter().any(|other| *other != Some(geometry)) {
        return Ok(());
    }
    let times = readers.iter().map(|reader| reader.attribute("/", "Time")).collect::<Result<Vec<f64>>>()?;
    let fields: Vec<[&str; 2]> = fields.iter().map(|field| [&field.name[FIELDS.len() + 1..], &field.kind]).collect();
    master(folder, &geometry, readers, &fields, &times)?;
    let snapshots: Vec<(String, f64)> = readers.iter().map(name_of).zip(times).collect();
    xdmf::write(&folder.join(XDMF), &geometry, &snapshots, &fields)
}

/// The fields of a snapshot, as they are in it.
fn fields(reader: &Reader) -> Result<Vec<Entry>> {
    let is_field = |entry: &Entry| entry.name.starts_with(FIELDS) && entry.shape.len() == 3;
    Ok(reader.datasets()?.into_iter().filter(is_field).collect())
}

/// The VTKHDF file: each field, of which name and kind are given, has one axis more, along which the snapshots lie.
fn master(
    folder: &Path,
    geometry: &GridGeometry,
    readers: &[Reader],
    fields: &[[&str; 2]],
    times: &[f64],
) -> Result<()> {
    let file = FileWriter::create_alone(&folder.join(SERIES), 0)?;
    let steps = times.len() as u64;
    let shape = [&[steps][..], &geometry.shape()].concat();
    file.group(FIELDS)?;
    write_image(&file, geometry)?;
    write_times(&file, times)?;
    write_time_axis(&file, &readers[0], times)?;
    write_space(&file, geometry, &readers[0].text("Units", "Length").unwrap_or_default())?;
    for [name, kind] in fields {
        let shown = (0..).zip(readers).map(|(step, reader)| Shown {
            file: name_of(reader),
            dataset: format!("/{FIELDS}/{name}"),
            part: Slab::whole(&geometry.shape()),
            place: Slab::whole(&shape).between(step, step + 1),
        });
        let field = format!("{FIELDS}/{name}");
        view(&file, kind, &field, &shape, &shown.collect::<Vec<_>>())?;
        file.describe(&field, &readers[0].text(&field, "unit").unwrap_or_default(), "")?;
        file.along(&field, &[TIME, SPACE[0], SPACE[1], SPACE[2]])?;
        link_in_root(&file, name)?;
    }
    let mut all: Vec<&str> = fields.iter().map(|[name, _]| *name).collect();
    if has_velocity(&all) {
        let shape = [&shape[..], &[3]].concat();
        let vectors = |step| Slab::whole(&shape).between(step, step + 1);
        let shown =
            (0..).zip(readers).flat_map(|(step, reader)| components(geometry, &name_of(reader), &vectors(step)));
        file.view::<f64>(&format!("{FIELDS}/{VECTOR}"), &shape, &shown.collect::<Vec<_>>())?;
        all.push(VECTOR);
    }
    let places: Vec<i64> = (0..steps as i64).collect();
    all.iter()
        .try_for_each(|name| file.replicated(&format!("VTKHDF/Steps/CellDataOffsets/{name}"), &[steps], &places))?;
    file.finish()
}
