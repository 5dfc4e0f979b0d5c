//! Snapshots: the state at one time, in a file that the field's tools open directly.
//!
//! Bodies are laid out as GADGET's files are (yt, pynbody and their like read them): `/PartType1` with one dataset per
//! column and `/Header`; the group `/VTKHDF` shows the same datasets to ParaView as points (VTKHDF 2.0, PolyData),
//! through hard links, so that no number is stored twice. `/Units` has the units of the numbers, and so has each dataset, once as a
//! label and once as pynbody reads it. In the root they are shown along the axes `particle` and `component`
//! ([labels](super::labels)): xarray opens the file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Axis, FileWriter, Shown, Slab, WriteOptions};
use crate::base::units::Units;
use crate::{Comm, Error, Result};

/// What every file of a run carries: when it is, and in which units.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stamp {
    /// The time of the state, in the run's unit of time.
    pub time: f64,
    /// The number of steps taken.
    pub step: u64,
    /// The run's units.
    pub units: Units,
}

impl Stamp {
    /// The state at this time after so many steps, in these units.
    pub fn new(time: f64, step: u64, units: Units) -> Self {
        Stamp { time, step, units }
    }
}

/// One quantity of all bodies: a name, a unit, and the numbers of this rank's bodies.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// The dataset's name: `Coordinates`, `Velocities`, `Masses`, `ParticleIDs` or any other.
    pub name: &'a str,
    /// The unit's label, `au/day` for instance; empty where there is none.
    pub unit: &'a str,
    /// Numbers per body: 1 for a mass, 3 for a position.
    pub components: usize,
    /// The numbers, body after body.
    pub values: Values<'a>,
}

/// The numbers of a column.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Values<'a> {
    /// Double precision.
    F64(&'a [f64]),
    /// Single precision.
    F32(&'a [f32]),
    /// Whole numbers, not negative.
    U64(&'a [u64]),
    /// Whole numbers.
    I64(&'a [i64]),
}

impl<'a> Column<'a> {
    /// A column of one number per body.
    pub fn scalar(name: &'a str, unit: &'a str, values: impl Into<Values<'a>>) -> Self {
        Column { name, unit, components: 1, values: values.into() }
    }

    /// A column of one vector per body.
    pub fn vector(name: &'a str, unit: &'a str, values: &'a [[f64; 3]]) -> Self {
        Column { name, unit, components: 3, values: Values::F64(values.as_flattened()) }
    }
}

impl<'a> From<&'a [f64]> for Values<'a> {
    fn from(values: &'a [f64]) -> Self {
        Values::F64(values)
    }
}

impl<'a> From<&'a [f32]> for Values<'a> {
    fn from(values: &'a [f32]) -> Self {
        Values::F32(values)
    }
}

impl<'a> From<&'a [u64]> for Values<'a> {
    fn from(values: &'a [u64]) -> Self {
        Values::U64(values)
    }
}

impl<'a> From<&'a [i64]> for Values<'a> {
    fn from(values: &'a [i64]) -> Self {
        Values::I64(values)
    }
}

/// The columns that a body has in every snapshot.
const REQUIRED: [&str; 4] = ["Coordinates", "Velocities", "Masses", "ParticleIDs"];
/// The slot of GADGET's six kinds of particles that holds bodies: its "halo" kind, without gas physics.
const KIND: usize = 1;

/// A billion Julian years, s.
const GYR: f64 = 1e9 * 365.25 * 86_400.0;
/// The axis of bodies.
pub(super) const PARTICLE: &str = "particle";
/// The time, in the root of a labelled file.
pub(super) const TIME: &str = "time";
/// What a file of bodies has in its root beside columns.
const TAKEN: [&str; 8] = [PARTICLE, TIME, "component", "Header", "PartType1", "Units", "VTKHDF", "Names"];

/// A snapshot being written. All ranks make the same calls.
pub struct Snapshot {
    pub(super) file: FileWriter,
    pub(super) stamp: Stamp,
    /// Whether bodies or fields were described.
    pub(super) is_described: bool,
    /// How many bodies were.
    bodies: u64,
}

impl Snapshot {
    /// Begins the snapshot that will be `path`, on all ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be made.
    pub fn create(comm: &Comm, path: &Path, stamp: Stamp, options: &WriteOptions) -> Result<Self> {
        Self::begin(FileWriter::create(comm, path, options)?, stamp)
    }

    /// Begins a snapshot that this process writes by itself, without MPI.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create_alone(path: &Path, stamp: Stamp, compress: u8) -> Result<Self> {
        Self::begin(FileWriter::create_alone(path, compress)?, stamp)
    }

    /// Begins a snapshot whose bytes are counted and that leaves no file, on all ranks.
    pub(crate) fn counting(comm: &Comm, stamp: Stamp) -> Self {
        Snapshot { file: FileWriter::counting(comm), stamp, is_described: false, bodies: 0 }
    }

    fn begin(file: FileWriter, stamp: Stamp) -> Result<Self> {
        Ok(Snapshot { file, stamp, is_described: false, bodies: 0 })
    }

    /// The file that is written.
    pub(crate) fn file(&self) -> &FileWriter {
        &self.file
    }

    /// Whether neither bodies nor fields were described.
    pub fn is_empty(&self) -> bool {
        !self.is_described
    }

    /// Writes the bodies: this rank holds those with global index `first..first + count` of `total`.
    ///
    /// `columns` are the same on all ranks but for their numbers, and have `Coordinates`, `Velocities`, `Masses` and
    /// `ParticleIDs` (u64) among them.
    ///
    /// # Errors
    /// On all ranks, when a required column is missing, lengths disagree, or the file cannot be written.
    pub fn columns(&mut self, total: u64, first: u64, columns: &[Column<'_>]) -> Result<()> {
        for name in REQUIRED {
            if !columns.iter().any(|column| column.name == name) {
                return Err(Error::input("snapshot", format!("the column {name} is missing")));
            }
        }
        self.is_described = true;
        self.bodies = total;
        write_units(&self.file, &self.stamp.units)?;
        for column in columns {
            let name = format!("PartType{KIND}/{}", column.name);
            let rows =
                |numbers: usize| Slab::rows(total, first, (numbers / column.components) as u64, column.components);
            match column.values {
                Values::F64(values) => self.file.dataset(&name, &rows(values.len()), values)?,
                Values::F32(values) => self.file.dataset(&name, &rows(values.len()), values)?,
                Values::U64(values) => self.file.dataset(&name, &rows(values.len()), values)?,
                Values::I64(values) => self.file.dataset(&name, &rows(values.len()), values)?,
            }
            self.file.describe(&name, column.unit, "")?;
            self.gadget_unit(&name, column)?;
        }
        self.header(total)?;
        let count = columns[0].values.len() / columns[0].components;
        self.points(total, first, count as u64, columns)?;
        self.label(total, columns)
    }

    /// Writes the names of all bodies, in the order of their global index, the same on all ranks: for few bodies, after their columns.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn names(&mut self, names: &[String]) -> Result<()> {
        let name = format!("PartType{KIND}/Names");
        self.file.texts(&name, names)?;
        if names.is_empty() || names.len() as u64 != self.bodies {
            return Ok(());
        }
        self.file.link(&format!("/{name}"), "Names")?;
        self.file.text("Names", "coordinates", TIME)?;
        self.file.along("Names", &[PARTICLE])
    }

    /// Gives the snapshot up: it leaves no file.
    ///
    /// # Errors
    /// On all ranks, when what was begun cannot be closed.
    pub fn discard(self) -> Result<()> {
        self.file.discard()
    }

    /// Ends the snapshot: the file gets its name, which is returned.
    ///
    /// # Errors
    /// On all ranks, when anything could not be written.
    pub fn finish(self) -> Result<PathBuf> {
        let path = self.file.path().to_path_buf();
        self.file.finish().map(|()| path)
    }

    /// GADGET's header.
    fn header(&self, total: u64) -> Result<()> {
        let file = &self.file;
        let in_slot = |value: u32| std::array::from_fn::<u32, 6, _>(|slot| if slot == KIND { value } else { 0 });
        let low = total as u32;
        let high = (total >> 32) as u32;
        file.group("Header")?;
        file.attributes("Header", "NumPart_ThisFile", &in_slot(low))?;
        file.attributes("Header", "NumPart_Total", &in_slot(low))?;
        file.attributes("Header", "NumPart_Total_HighWord", &in_slot(high))?;
        file.attributes("Header", "MassTable", &[0.0f64; 6])?;
        file.attribute("Header", "Time", self.stamp.time)?;
        file.attribute("Header", "Time_GYR", self.stamp.time * (self.stamp.units.time_s() / GYR))?;
        file.attribute("Header", "Step", self.stamp.step)?;
        for (name, value) in
            [("Redshift", 0.0), ("BoxSize", 0.0), ("Omega0", 0.0), ("OmegaLambda", 0.0), ("HubbleParam", 1.0)]
        {
            file.attribute::<f64>("Header", name, value)?;
        }
        for name in
            ["Flag_Sfr", "Flag_Cooling", "Flag_StellarAge", "Flag_Metals", "Flag_Feedback", "Flag_DoublePrecision"]
        {
            file.attribute::<i32>("Header", name, i32::from(name == "Flag_DoublePrecision"))?;
        }
        file.attribute::<i32>("Header", "NumFilesPerSnapshot", 1)?;
        file.text("Header", "Software", concat!("divisi ", env!("CARGO_PKG_VERSION")))
    }

    /// What a column's numbers are in, as pynbody reads it of EAGLE's files: powers of the units of length, velocity, mass and time, and
    /// their size in CGS; nothing for a column in other units.
    fn gadget_unit(&self, dataset: &str, column: &Column<'_>) -> Result<()> {
        let units = &self.stamp.units;
        let unit = match (column.name, column.unit) {
            ("Coordinates" | "Radius", _) => Some(("U_L", units.length_cm())),
            ("Velocities", _) => Some(("U_V", units.velocity_cm_per_s())),
            ("Masses", _) => Some(("U_M", units.mass_g())),
            (_, "") => Some(("", 1.0)),
            (_, label) if label == units.length_name() => Some(("U_L", units.length_cm())),
            (_, label) if label == units.velocity_name() => Some(("U_V", units.velocity_cm_per_s())),
            (_, label) if label == units.mass_name() => Some(("U_M", units.mass_g())),
            (_, label) if label == units.time_name() => Some(("U_T", units.time_s())),
            _ => None,
        };
        let Some((powers, size)) = unit else { return Ok(()) };
        self.file.text(dataset, "VarDescription", &format!("{} {powers}", column.name))?;
        self.file.attribute(dataset, "CGSConversionFactor", size)?;
        self.file.attribute(dataset, "aexp-scale-exponent", 0.0)?;
        self.file.attribute(dataset, "h-scale-exponent", 0.0)
    }

    /// The columns in the root, along axes.
    fn label(&self, total: u64, columns: &[Column<'_>]) -> Result<()> {
        let file = &self.file;
        write_time(file, &self.stamp)?;
        if total == 0 {
            return Ok(());
        }
        file.bare_axis(PARTICLE, total, "/VTKHDF/Vertices/Connectivity")?;
        write_component_axes(file, columns.iter().map(|column| column.components))?;
        columns.iter().filter(|column| !TAKEN.contains(&column.name)).try_for_each(|column| self.in_root(total, column))
    }

    /// Shows a column in the root. A second name there would come before its first: tools that go through a file once, as pynbody, would
    /// miss the one in `/PartType1`.
    fn in_root(&self, total: u64, column: &Column<'_>) -> Result<()> {
        let file = &self.file;
        let name = column.name;
        let whole = Slab::whole(&Slab::rows(total, 0, 0, column.components).shape);
        let dataset = format!("/PartType{KIND}/{name}");
        let shown = [Shown { file: ".".to_owned(), dataset, part: whole.clone(), place: whole.clone() }];
        match column.values {
            Values::F64(_) => file.view::<f64>(name, &whole.shape, &shown)?,
            Values::F32(_) => file.view::<f32>(name, &whole.shape, &shown)?,
            Values::U64(_) => file.view::<u64>(name, &whole.shape, &shown)?,
            Values::I64(_) => file.view::<i64>(name, &whole.shape, &shown)?,
        }
        file.describe(name, column.unit, "")?;
        file.text(name, "coordinates", TIME)?;
        let component = component_axis(column.components);
        file.along(name, &[PARTICLE].into_iter().chain(component.as_deref()).collect::<Vec<_>>())
    }

    /// The same datasets as ParaView's points: one cell that holds all of them.
    fn points(&self, total: u64, first: u64, count: u64, columns: &[Column<'_>]) -> Result<()> {
        let file = &self.file;
        file.group("VTKHDF/PointData")?;
        file.attributes("VTKHDF", "Version", &[2i64, 0])?;
        file.text("VTKHDF", "Type", "PolyData")?;
        file.replicated("VTKHDF/NumberOfPoints", &[1], &[total as i64])?;
        for column in columns {
            let target = format!("/PartType{KIND}/{}", column.name);
            let name =
                if column.name == "Coordinates" { "Points".into() } else { format!("PointData/{}", column.name) };
            file.link(&target, &format!("VTKHDF/{name}"))?;
        }
        let indices: Vec<i64> = (first..first + count).map(|index| index as i64).collect();
        file.dataset("VTKHDF/Vertices/Connectivity", &Slab::rows(total, first, count, 1), &indices)?;
        write_topology(file, total)?;
        file.replicated("VTKHDF/FieldData/time", &[1], &[self.stamp.time])?;
        file.replicated("VTKHDF/FieldData/step", &[1], &[self.stamp.step as i64])
    }
}

impl Values<'_> {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        match self {
            Values::F64(values) => values.len(),
            Values::F32(values) => values.len(),
            Values::U64(values) => values.len(),
            Values::I64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The cells of VTKHDF's PolyData, but for the connectivity of the one that holds all points.
pub(super) fn write_topology(file: &FileWriter, total: u64) -> Result<()> {
    file.replicated("VTKHDF/Vertices/NumberOfCells", &[1], &[1i64])?;
    file.replicated("VTKHDF/Vertices/NumberOfConnectivityIds", &[1], &[total as i64])?;
    file.replicated("VTKHDF/Vertices/Offsets", &[2], &[0, total as i64])?;
    for cells in ["Lines", "Polygons", "Strips"] {
        file.replicated(&format!("VTKHDF/{cells}/NumberOfCells"), &[1], &[0i64])?;
        file.replicated(&format!("VTKHDF/{cells}/NumberOfConnectivityIds"), &[1], &[0i64])?;
        file.replicated(&format!("VTKHDF/{cells}/Offsets"), &[1], &[0i64])?;
        file.replicated::<i64>(&format!("VTKHDF/{cells}/Connectivity"), &[0], &[])?;
    }
    Ok(())
}

/// What the numbers of a file are in, under the names that GADGET uses.
pub(super) fn write_units(file: &FileWriter, units: &Units) -> Result<()> {
    file.group("Units")?;
    file.attribute("Units", "UnitLength_in_cm", units.length_cm())?;
    file.attribute("Units", "UnitMass_in_g", units.mass_g())?;
    file.attribute("Units", "UnitTime_in_s", units.time_s())?;
    file.attribute("Units", "UnitVelocity_in_cm_per_s", units.velocity_cm_per_s())?;
    file.text("Units", "Length", units.length_name())?;
    file.text("Units", "Mass", units.mass_name())?;
    file.text("Units", "Time", units.time_name())
}

/// The time of a labelled file, and by which conventions it is labelled.
pub(super) fn write_time(file: &FileWriter, stamp: &Stamp) -> Result<()> {
    file.conventions()?;
    file.scalar(TIME, stamp.time)?;
    file.describe(TIME, stamp.units.time_name(), "time of the state")
}

/// The name of the axis along which columns of so many numbers lie; none for one number.
pub(super) fn component_axis(components: usize) -> Option<String> {
    match components {
        1 => None,
        3 => Some("component".to_owned()),
        other => Some(format!("component_{other}")),
    }
}

/// The axes along which columns of so many numbers each lie.
pub(super) fn write_component_axes(file: &FileWriter, components: impl Iterator<Item = usize>) -> Result<()> {
    let several: BTreeSet<usize> = components.filter(|&components| components > 1).collect();
    several.into_iter().try_for_each(|components| match component_axis(components) {
        Some(name) if components != 3 => {
            file.axis(&Axis::new(&name, "", (0..components).map(|one| one as f64).collect::<Vec<_>>()))
        }
        _ => file.component_axis(),
    })
}

/// The stamp of a file: time, step and software, as attributes of its root.
pub(super) fn write_stamp(file: &FileWriter, format: &str, stamp: &Stamp) -> Result<()> {
    file.text("/", "Format", format)?;
    file.text("/", "Software", concat!("divisi ", env!("CARGO_PKG_VERSION")))?;
    file.attribute::<f64>("/", "Time", stamp.time)?;
    file.attribute::<u64>("/", "Step", stamp.step)?;
    write_units(file, &stamp.units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_describes_nothing_is_given_up_without_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Stamp { time: 0.0, step: 0, units: Units::default() };
        let mut snapshot = Snapshot::create_alone(&folder.path().join("snapshot_000000.hdf5"), stamp, 0).unwrap();
        assert!(snapshot.is_empty());
        let still = [[0.0; 3]];
        let columns = [
            Column::vector("Coordinates", "", &still),
            Column::vector("Velocities", "", &still),
            Column::scalar("Masses", "", &[1.0][..]),
            Column::scalar("ParticleIDs", "", &[0u64][..]),
        ];
        snapshot.columns(1, 0, &columns).unwrap();
        assert!(!snapshot.is_empty());
        snapshot.discard().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
