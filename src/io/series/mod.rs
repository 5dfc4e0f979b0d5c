//! The files that open all snapshots of a folder as one series in time.
//!
//! `series.vtkhdf` (ParaView: VTKHDF 2.0 with steps) holds no numbers of its own beyond the times: its datasets are views of
//! those in the snapshots (HDF5 virtual datasets), found beside it wherever the folder is moved. In its root they lie along `time` and the
//! axes of the snapshots: xarray opens them as one. For grids, `series.xmf`
//! describes the same datasets for programs that read XDMF. Made for snapshots that all have the same bodies or the same grid.

mod bodies;
mod grid;
mod xdmf;

use std::path::{Path, PathBuf};

use super::grid::EXTENSION;
use super::snapshot::TIME;
use super::{Axis, Entry, FileWriter, GridGeometry, Reader, Shown, Slab};
use crate::{Error, Result};

/// The name of the file, beside the snapshots.
pub const SERIES: &str = "series.vtkhdf";
/// The name of the XDMF file, beside a grid's snapshots.
pub const XDMF: &str = "series.xmf";

/// The snapshots of a folder, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn snapshots_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| number_of(path).is_some());
    paths.sort();
    Ok(paths)
}

/// The number in the name of a snapshot; none where a file's name is no snapshot's.
pub fn number_of(snapshot: &Path) -> Option<u64> {
    let ends_right =
        ["hdf5", EXTENSION].iter().any(|end| snapshot.extension().is_some_and(|extension| extension == *end));
    let number = snapshot.file_stem()?.to_str()?.strip_prefix("snapshot_")?;
    if ends_right { number.parse().ok() } else { None }
}

/// Whether a file in the folder of snapshots is one, shows them as a series, or is what was left unfinished of either.
pub(crate) fn is_snapshot(path: &Path) -> bool {
    let whole =
        if path.extension().is_some_and(|end| end == "part") { path.with_extension("") } else { path.to_owned() };
    let shows_them = [SERIES, XDMF].iter().any(|name| whole.file_name().is_some_and(|own| own == *name));
    shows_them || number_of(&whole).is_some()
}

/// Writes the series into the folder of snapshots. One rank.
///
/// Nothing is written for fewer than two snapshots, or where their bodies or grids are not alike; then what an earlier call
/// left is removed.
///
/// # Errors
/// When a snapshot cannot be read or a file cannot be written.
pub fn write_series(folder: &Path) -> Result<()> {
    for path in [SERIES, XDMF].map(|name| folder.join(name)).iter().filter(|path| path.exists()) {
        std::fs::remove_file(path).map_err(Error::io("remove", path))?;
    }
    let mut readers = snapshots_in(folder)?.iter().map(|path| Reader::open(path)).collect::<Result<Vec<_>>>()?;
    // Of a run that goes back in time: programs that show a series want times that rise.
    let is_back = |pair: &[Reader]| Ok(time_of(&pair[1])? < time_of(&pair[0])?);
    if readers.windows(2).map(is_back).collect::<Result<Vec<_>>>()?.contains(&true) {
        readers.reverse();
    }
    match &readers[..] {
        [] | [_] => Ok(()),
        [first, ..] if GridGeometry::read(first)?.is_some() => grid::write(folder, &readers),
        _ => bodies::write(folder, &readers),
    }
}

/// The time of a snapshot of a grid or of bodies.
fn time_of(reader: &Reader) -> Result<f64> {
    let holder = if GridGeometry::read(reader)?.is_some() { "/" } else { "Header" };
    reader.attribute(holder, "Time")
}

/// The name of a snapshot beside the series.
fn name_of(reader: &Reader) -> String {
    reader.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The columns that are the same in all snapshots; none where the snapshots differ.
fn in_all(readers: &[Reader], columns: impl Fn(&Reader) -> Result<Vec<Entry>>) -> Result<Option<Vec<Entry>>> {
    let all = readers.iter().map(columns).collect::<Result<Vec<_>>>()?;
    Ok(all.windows(2).all(|pair| pair[0] == pair[1]).then(|| all[0].clone()))
}

/// Adds a dataset of numbers of this kind that shows those of other files.
fn view(file: &FileWriter, kind: &str, name: &str, shape: &[u64], shown: &[Shown]) -> Result<()> {
    match kind {
        "float64" => file.view::<f64>(name, shape, shown),
        "float32" => file.view::<f32>(name, shape, shown),
        "uint64" => file.view::<u64>(name, shape, shown),
        "uint32" => file.view::<u32>(name, shape, shown),
        "uint8" => file.view::<u8>(name, shape, shown),
        "int32" => file.view::<i32>(name, shape, shown),
        _ => file.view::<i64>(name, shape, shown),
    }
}

/// The axis of time in the root, and what else makes the file a labelled one.
fn write_time_axis(file: &FileWriter, first: &Reader, times: &[f64]) -> Result<()> {
    file.conventions()?;
    let unit = first.text("Units", "Time").unwrap_or_default();
    file.axis(&Axis::new(TIME, &unit, times).long_name("time of the state"))?;
    file.text(TIME, "axis", "T")
}

/// The times for ParaView: their number and values.
fn write_times(file: &FileWriter, times: &[f64]) -> Result<()> {
    file.replicated("VTKHDF/Steps/Values", &[times.len() as u64], times)?;
    file.attribute("VTKHDF/Steps", "NSteps", times.len() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::Units;
    use crate::io::{CellField, Column, Part, Snapshot, Stamp};

    fn grid(folder: &Path, number: u64, cells: [u64; 3]) {
        let geometry = GridGeometry { cells, low: [0.0; 3], high: [1.0, 2.0, 3.0], periodic: [true, false, true] };
        let stamp = Stamp { time: 0.5 * number as f64, step: number, units: Units::default() };
        let path = folder.join(format!("snapshot_{number:06}.hdf5"));
        let mut snapshot = Snapshot::create_alone(&path, stamp, 0).unwrap();
        let numbers =
            |field: u64| (0..cells.iter().product()).map(move |cell| (1000 * field + 100 * number + cell) as f64);
        let values = [0, 1, 2, 3].map(|field| numbers(field).collect::<Vec<f64>>());
        let columns = values.each_ref().map(|values| [Part::new(Slab::whole(&geometry.shape()), values)]);
        let names = ["density", "velocity_x", "velocity_y", "velocity_z"];
        let fields = [0, 1, 2, 3].map(|field| CellField::new(names[field], "", &columns[field]));
        snapshot.grid(&geometry, &fields).unwrap();
        assert_eq!(snapshot.finish().unwrap(), path.with_extension("vtkhdf"));
        let read = GridGeometry::read(&Reader::open(&path.with_extension("vtkhdf")).unwrap());
        assert_eq!(read.unwrap(), Some(geometry));
    }

    #[test]
    fn the_series_of_a_grid_shows_all_snapshots_also_from_another_folder() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("made");
        let moved = folder.path().join("moved");
        std::fs::create_dir(&made).unwrap();
        (0..3).for_each(|number| grid(&made, number, [4, 3, 2]));
        write_series(&made).unwrap();
        std::fs::rename(&made, &moved).unwrap();
        let series = Reader::open(&moved.join(SERIES)).unwrap();
        assert_eq!(series.read::<f64>("VTKHDF/Steps/Values").unwrap(), [0.0, 0.5, 1.0]);
        assert_eq!(series.shape("VTKHDF/CellData/velocity").unwrap(), [3, 2, 3, 4, 3]);
        let density = series.read::<f64>("VTKHDF/CellData/density").unwrap();
        assert_eq!([density[0], density[24], density[71]], [0.0, 100.0, 223.0]);
        let velocity = series.read::<f64>("VTKHDF/CellData/velocity").unwrap();
        assert_eq!(velocity[3 * 25..3 * 26], [1101.0, 2101.0, 3101.0]);
        let xdmf = std::fs::read_to_string(moved.join(XDMF)).unwrap();
        assert!(
            xdmf.contains("<Time Value=\"0.5\"/>")
                && xdmf.contains(">snapshot_000001.vtkhdf:/VTKHDF/CellData/density<")
        );
        assert!(xdmf.contains("Dimensions=\"3 4 5\"") && xdmf.contains(">1.5 0.6666666666666666 0.25<"));
    }

    /// Corner, width of cells, fields, and what joins the velocity's components: readers take what says nothing for single precision.
    #[test]
    fn all_numbers_of_the_xdmf_series_are_told_to_be_double() {
        let folder = tempfile::tempdir().unwrap();
        (0..2).for_each(|number| grid(folder.path(), number, [4, 3, 2]));
        write_series(folder.path()).unwrap();
        let xdmf = std::fs::read_to_string(folder.path().join(XDMF)).unwrap();
        let items: Vec<&str> = xdmf.split("<DataItem").skip(1).filter_map(|item| item.split('>').next()).collect();
        assert_eq!(items.len(), 2 * (2 + 4 + 1 + 3));
        for item in items {
            assert!(item.contains("NumberType=\"Float\" Precision=\"8\""), "{item}");
        }
    }

    #[test]
    fn snapshots_that_are_not_alike_make_no_series() {
        let folder = tempfile::tempdir().unwrap();
        grid(folder.path(), 0, [4, 3, 2]);
        grid(folder.path(), 1, [4, 3, 2]);
        write_series(folder.path()).unwrap();
        assert!(folder.path().join(SERIES).exists() && folder.path().join(XDMF).exists());
        grid(folder.path(), 2, [2, 3, 4]);
        write_series(folder.path()).unwrap();
        assert!(!folder.path().join(SERIES).exists() && !folder.path().join(XDMF).exists());
        std::fs::remove_file(folder.path().join("snapshot_000002.vtkhdf")).unwrap();
        let stamp = Stamp { time: 2.0, step: 2, units: Units::default() };
        let mut bodies = Snapshot::create_alone(&folder.path().join("snapshot_000002.hdf5"), stamp, 0).unwrap();
        let places = [[0.0; 3]];
        let masses = [1.0];
        let ids = [7u64];
        let columns = [
            Column::vector("Coordinates", "", &places),
            Column::vector("Velocities", "", &places),
            Column::scalar("Masses", "", &masses[..]),
            Column::scalar("ParticleIDs", "", &ids[..]),
        ];
        bodies.columns(1, 0, &columns).unwrap();
        bodies.finish().unwrap();
        assert_eq!(snapshots_in(folder.path()).unwrap().len(), 3);
        write_series(folder.path()).unwrap();
        assert!(!folder.path().join(SERIES).exists());
    }
}
