//! Snapshots of grids: numbers on the cells of one box, which ParaView and yt open directly.
//!
//! Each field is one dataset of the whole grid, whatever the blocks it was computed in, shape (nz, ny, nx). It is at
//! `/VTKHDF/CellData` (ParaView: VTKHDF 2.0, ImageData) and, through a hard link, at `/data/grid_0000000000` (yt: Grid Data
//! Format 1.0). In the root it lies along the axes x, y and z ([labels](super::labels)): xarray opens the file. The name of such a file ends in `.vtkhdf`, by which ParaView recognises it.

use super::Entry;
use super::snapshot::{TIME, write_stamp, write_time};
use super::{Axis, Element, FileWriter, Part, Reader, Shown, Slab, Snapshot};
use crate::{Error, Result};

/// The attribute `Format` of a grid's snapshot.
pub(crate) const FORMAT: &str = "divisi grid 1";
/// The group of the fields.
pub(crate) const FIELDS: &str = "VTKHDF/CellData";
/// How the names of such files end.
pub(crate) const EXTENSION: &str = "vtkhdf";
/// The group in which yt looks for the fields.
pub(crate) const YT_FIELDS: &str = "data/grid_0000000000";

/// The axes along which fields lie, the slowest first.
pub(crate) const SPACE: [&str; 3] = ["z", "y", "x"];
/// What a file of a grid has in its root beside fields.
const TAKEN: [&str; 17] = [
    "x",
    "y",
    "z",
    TIME,
    "Units",
    "VTKHDF",
    "data",
    "dataset_units",
    "field_types",
    "grid_dimensions",
    "grid_left_index",
    "grid_level",
    "grid_parent_id",
    "grid_particle_count",
    "gridded_data_format",
    "particle_types",
    PARAMETERS,
];

/// The group of what yt needs to know of the grid.
pub(crate) const PARAMETERS: &str = "simulation_parameters";
/// The fields that ParaView is also shown as one vector.
pub(crate) const VELOCITY: [&str; 3] = ["velocity_x", "velocity_y", "velocity_z"];
/// The name of that vector.
pub(crate) const VECTOR: &str = "velocity";

/// A uniform Cartesian grid, axes in the order x, y, z. Missing axes have one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GridGeometry {
    /// Cells along each axis.
    pub cells: [u64; 3],
    /// The lower corner of the box, in the run's unit of length.
    pub low: [f64; 3],
    /// The upper corner of the box, in the run's unit of length.
    pub high: [f64; 3],
    /// Whether the box repeats itself along each axis.
    pub periodic: [bool; 3],
}

/// One quantity on all cells, of which this rank holds some: numbers of any type that a file can hold.
pub struct CellField<'a> {
    name: String,
    unit: String,
    /// This rank's cells.
    cells: u64,
    /// Writes this rank's blocks as the dataset of this name and shape. All ranks.
    write: Box<Write<'a>>,
}

type Write<'a> = dyn Fn(&FileWriter, &str, &[u64]) -> Result<()> + 'a;

impl<'a> CellField<'a> {
    /// A quantity on this rank's blocks, any number of them, also none: where each lies in (nz, ny, nx), and its numbers, x fastest.
    ///
    /// `name` is the dataset's. What `density`, `velocity_x`, `velocity_y`, `velocity_z` and `pressure` are, yt knows. `unit` is a label,
    /// `Msun/au^3` for instance; empty where there is none.
    pub fn new<T: Element>(name: &str, unit: &str, parts: &[Part<'a, T>]) -> Self {
        let parts = parts.to_vec();
        let cells = parts.iter().map(|part| part.slab().len()).sum();
        let write = move |file: &FileWriter, name: &str, shape: &[u64]| file.dataset_parts(name, shape, &parts);
        CellField { name: name.to_owned(), unit: unit.to_owned(), cells, write: Box::new(write) }
    }

    /// The same on one block, of numbers that were made for it.
    pub(crate) fn made<T: Element>(name: &str, slab: Slab, numbers: Vec<T>) -> Self {
        let cells = slab.len();
        let write = move |file: &FileWriter, name: &str, shape: &[u64]| {
            file.dataset_parts(name, shape, &[Part::new(slab.clone(), &numbers)])
        };
        CellField { name: name.to_owned(), unit: String::new(), cells, write: Box::new(write) }
    }

    /// The same with this unit.
    pub(crate) fn in_unit(&mut self, unit: &str) {
        unit.clone_into(&mut self.unit);
    }
}

impl GridGeometry {
    /// So many cells in the box from `low` to `high`, periodic along these axes.
    pub fn new(cells: [u64; 3], low: [f64; 3], high: [f64; 3], periodic: [bool; 3]) -> Self {
        GridGeometry { cells, low, high, periodic }
    }

    /// The shape of a field's dataset.
    pub fn shape(&self) -> [u64; 3] {
        let [x, y, z] = self.cells;
        [z, y, x]
    }

    /// The width of a cell along each axis, in the run's unit of length.
    pub fn spacing(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| (self.high[axis] - self.low[axis]) / self.cells[axis] as f64)
    }

    /// The number of axes along which there is more than one cell, or which come before such an axis: 1 to 3.
    pub fn dimensions(&self) -> usize {
        self.cells.iter().rposition(|cells| *cells > 1).map_or(1, |last| last + 1)
    }

    /// The grid of a snapshot; none where the file is another.
    ///
    /// # Errors
    /// When the file is marked as a grid's snapshot and lacks a part of one.
    pub fn read(reader: &Reader) -> Result<Option<Self>> {
        if reader.text("/", "Format").ok().as_deref() != Some(FORMAT) {
            return Ok(None);
        }
        let damaged = |_| Error::file(reader.path(), format!("{PARAMETERS} does not tell of three axes"));
        let edge = |name| reader.attributes::<f64>(PARAMETERS, name)?.try_into().map_err(damaged);
        let whole = |name| reader.attributes::<u64>(PARAMETERS, name);
        let sides = whole("boundary_conditions")?;
        Ok(Some(GridGeometry {
            cells: whole("domain_dimensions")?.try_into().map_err(|_| damaged(Vec::new()))?,
            low: edge("domain_left_edge")?,
            high: edge("domain_right_edge")?,
            periodic: [0, 2, 4].map(|side| sides.get(side) == Some(&0)),
        }))
    }
}

impl Snapshot {
    /// Writes fields on the cells of a grid, each rank giving its blocks; the name of the file will end in `.vtkhdf`.
    ///
    /// Called once, by all ranks, with the same geometry and the same names in the same order.
    ///
    /// # Errors
    /// On all ranks, when blocks do not fit the grid or leave cells out, or the file cannot be written.
    pub fn grid(&mut self, geometry: &GridGeometry, fields: &[CellField<'_>]) -> Result<()> {
        for field in fields {
            check_name(&field.name)?;
            self.check_cells(geometry, field)?;
        }
        self.is_described = true;
        self.file.end_name_in(EXTENSION);
        write_stamp(&self.file, FORMAT, &self.stamp)?;
        self.image(geometry)?;
        write_time(&self.file, &self.stamp)?;
        write_space(&self.file, geometry, self.stamp.units.length_name())?;
        self.file.group(YT_FIELDS)?;
        for field in fields {
            self.field(geometry, field)?;
        }
        if has_velocity(&fields.iter().map(|field| &field.name[..]).collect::<Vec<_>>()) {
            let vectors = Slab::whole(&[&geometry.shape()[..], &[3]].concat());
            self.file.view::<f64>(
                &format!("{FIELDS}/{VECTOR}"),
                &vectors.shape,
                &components(geometry, ".", &vectors),
            )?;
        }
        self.grid_data_format(geometry, fields)
    }

    /// # Errors
    /// On all ranks, when the blocks of all ranks have not as many cells as the grid.
    fn check_cells(&self, geometry: &GridGeometry, field: &CellField<'_>) -> Result<()> {
        let held = self.file.comm().map_or(field.cells, |comm| comm.all_reduce_sum(field.cells));
        let cells: u64 = geometry.cells.iter().product();
        if held == cells {
            return Ok(());
        }
        Err(Error::input(&field.name[..], format!("blocks of {held} cells in all, for a grid of {cells}")))
    }

    fn field(&self, geometry: &GridGeometry, field: &CellField<'_>) -> Result<()> {
        let name = format!("{FIELDS}/{}", field.name);
        (field.write)(&self.file, &name, &geometry.shape())?;
        self.file.describe(&name, &field.unit, "")?;
        self.file.text(&name, "coordinates", TIME)?;
        self.file.link(&format!("/{name}"), &format!("{YT_FIELDS}/{}", field.name))?;
        link_in_root(&self.file, &field.name)?;
        self.file.along(&name, &SPACE)
    }

    /// What ParaView needs to know of the grid.
    fn image(&self, geometry: &GridGeometry) -> Result<()> {
        let file = &self.file;
        file.group(FIELDS)?;
        write_image(file, geometry)?;
        file.replicated("VTKHDF/FieldData/time", &[1], &[self.stamp.time])?;
        file.replicated("VTKHDF/FieldData/step", &[1], &[self.stamp.step as i64])
    }

    /// What yt needs to know of the grid, beside the fields.
    fn grid_data_format(&self, geometry: &GridGeometry, fields: &[CellField<'_>]) -> Result<()> {
        let file = &self.file;
        file.group("gridded_data_format")?;
        file.text("gridded_data_format", "data_software", "divisi")?;
        file.text("gridded_data_format", "data_software_version", env!("CARGO_PKG_VERSION"))?;
        self.simulation_parameters(geometry)?;
        file.replicated("grid_dimensions", &[1, 3], &geometry.cells.map(|cells| cells as i64))?;
        file.replicated("grid_left_index", &[1, 3], &[0i64; 3])?;
        file.replicated("grid_level", &[1], &[0i64])?;
        file.replicated("grid_parent_id", &[1], &[-1i64])?;
        file.replicated("grid_particle_count", &[1, 1], &[0i64])?;
        file.group("particle_types")?;
        for field in fields {
            let object = format!("field_types/{}", field.name);
            file.group(&object)?;
            file.text(&object, "field_name", &field.name)?;
            file.text(&object, "field_units", yt_unit(&field.name))?;
        }
        self.dataset_units()
    }

    fn simulation_parameters(&self, geometry: &GridGeometry) -> Result<()> {
        let file = &self.file;
        let group = PARAMETERS;
        let sides = geometry.periodic.map(|periodic| if periodic { [0i64; 2] } else { [1; 2] });
        file.group(group)?;
        for (name, value) in [
            ("refine_by", 2),
            ("dimensionality", geometry.dimensions() as i64),
            ("field_ordering", 1),
            ("cosmological_simulation", 0),
            ("num_ghost_zones", 0),
            ("geometry", 0),
        ] {
            file.attribute(group, name, value)?;
        }
        file.attributes(group, "domain_dimensions", &geometry.cells.map(|cells| cells as i64))?;
        file.attributes(group, "domain_left_edge", &geometry.low)?;
        file.attributes(group, "domain_right_edge", &geometry.high)?;
        file.attributes(group, "boundary_conditions", sides.as_flattened())?;
        file.attribute(group, "current_time", self.stamp.time)?;
        file.text(group, "unique_identifier", &format!("divisi step {}", self.stamp.step))
    }

    /// The run's units in CGS.
    fn dataset_units(&self) -> Result<()> {
        let units = &self.stamp.units;
        for (name, value, unit) in [
            ("length_unit", units.length_cm(), "cm"),
            ("mass_unit", units.mass_g(), "g"),
            ("time_unit", units.time_s(), "s"),
            ("velocity_unit", units.velocity_cm_per_s(), "cm/s"),
            ("magnetic_unit", 1.0, "gauss"),
        ] {
            let name = format!("dataset_units/{name}");
            self.file.scalar(&name, value)?;
            self.file.text(&name, "unit", unit)?;
        }
        Ok(())
    }
}

/// # Errors
/// When a name is impossible in one of the files that name the field.
fn check_name(name: &str) -> Result<()> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !name.is_empty() && name.chars().all(plain) && name != VECTOR {
        return Ok(());
    }
    Err(Error::input(name, "a field's name has letters, digits and underscores, and is not `velocity`"))
}

/// The axes x, y and z: the places of the cells' centres.
pub(crate) fn write_space(file: &FileWriter, geometry: &GridGeometry, unit: &str) -> Result<()> {
    let width = geometry.spacing();
    for (axis, name) in SPACE.iter().rev().enumerate() {
        let centre = |cell: u64| geometry.low[axis] + (cell as f64 + 0.5) * width[axis];
        let centres: Vec<f64> = (0..geometry.cells[axis]).map(centre).collect();
        file.axis(&Axis::new(name, unit, centres).long_name(&format!("{name} of the cell's centre")))?;
        file.text(name, "axis", &name.to_uppercase())?;
    }
    Ok(())
}

/// Gives a field its own name in the root, unless something else has it there.
pub(crate) fn link_in_root(file: &FileWriter, field: &str) -> Result<()> {
    if TAKEN.contains(&field) { Ok(()) } else { file.link(&format!("/{FIELDS}/{field}"), field) }
}

/// What ParaView needs to know of an image: its cells, where they begin, and how wide they are.
pub(crate) fn write_image(file: &FileWriter, geometry: &GridGeometry) -> Result<()> {
    let extent = geometry.cells.map(|cells| [0, cells as i64]);
    file.attributes("VTKHDF", "Version", &[2i64, 0])?;
    file.text("VTKHDF", "Type", "ImageData")?;
    file.attributes("VTKHDF", "WholeExtent", extent.as_flattened())?;
    file.attributes("VTKHDF", "Origin", &geometry.low)?;
    file.attributes("VTKHDF", "Spacing", &geometry.spacing())?;
    file.attributes("VTKHDF", "Direction", &[1.0f64, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0])
}

/// Whether there are all components of a velocity among these fields.
pub(crate) fn has_velocity(names: &[&str]) -> bool {
    VELOCITY.iter().all(|name| names.contains(name))
}

/// The components of the velocity in `file`, each shown at its index of the last axis of a box of vectors.
pub(crate) fn components(geometry: &GridGeometry, file: &str, vectors: &Slab) -> [Shown; 3] {
    [0, 1, 2].map(|component| {
        let mut place = vectors.clone();
        let last = vectors.shape.len() - 1;
        (place.offset[last], place.count[last]) = (component as u64, 1);
        let dataset = format!("/{FIELDS}/{}", VELOCITY[component]);
        Shown { file: file.to_owned(), dataset, part: Slab::whole(&geometry.shape()), place }
    })
}

/// What yt calls the unit of a field that it knows, in the units of the file.
fn yt_unit(name: &str) -> &'static str {
    match name {
        "density" => "code_mass / code_length**3",
        "velocity_x" | "velocity_y" | "velocity_z" => "code_length / code_time",
        "pressure" => "code_mass / (code_length * code_time**2)",
        _ => "",
    }
}

/// Whether a dataset only shows another, or only serves to show it.
pub(crate) fn is_view(entry: &Entry, all: &[Entry]) -> bool {
    let has = |start: &str| all.iter().any(|other| other.name.starts_with(start));
    let field = |entry: &Entry| Some(format!("{YT_FIELDS}{}", entry.name.strip_prefix(FIELDS)?));
    let is_field = |entry: &Entry| field(entry).is_some_and(|twin| all.iter().any(|other| other.name == twin));
    if has("PartType") {
        return !entry.name.starts_with("PartType");
    }
    if has("results/") {
        return !entry.name.contains('/');
    }
    if all.iter().any(is_field) {
        return !is_field(entry);
    }
    entry.name == "component" || entry.name.starts_with("posterior/") || entry.name.starts_with("sample_stats/")
}
