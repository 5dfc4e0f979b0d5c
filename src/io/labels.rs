//! Labels: the names, coordinates and units of a dataset's axes, by which xarray and all that reads NetCDF-4 open a file as what it is.
//!
//! An axis is a dataset of its own with a coordinate for each index, and datasets refer to the axes along which they lie (HDF5
//! Dimension Scale Specification; NetCDF-4 knows dimensions by the same attributes). Units and names are those of the Climate and
//! Forecast Conventions (CF-1.11): `units`, `long_name`, `axis`, `coordinates`. In order: datasets are written, those that are axes
//! are said to be, the others are laid along them; what each axis is used by is noted when the file is ended.
//!
//! [`LabelledArray`] is such an array in memory, [`write_labelled`] a file of them.
//! Left out: groups with axes of their own, axes that grow, NetCDF-3.

use std::path::Path;

use hdf5::ObjectReference1;
use hdf5::types::VarLenArray;
use ndarray::ArrayD;

use super::axes::{AXES, Axis, USES};
use super::transfer::{Use, add_ended_text};
use super::{FileWriter, Reader, Shown, Slab, layout};
use crate::{Error, Result};

/// What `Conventions` of a labelled file says.
const CONVENTIONS: &str = "CF-1.11";
/// What NetCDF-4 calls an axis without coordinates: this, and its length in ten places.
const BARE: &str = "This is a netCDF dimension but not a netCDF variable.";
/// Numbers with the names and coordinates of their axes, and a unit: what xarray calls a data array.
///
/// ```
/// use divisi::io::{Axis, LabelledArray, Reader, write_labelled};
/// # let folder = std::env::temp_dir().join(format!("divisi-labelled-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("field.nc");
/// let axes = [Axis::new("time", "day", [0.0, 0.5]), Axis::new("x", "km", [1.0, 2.0, 3.0]).long_name("distance")];
/// let temperature = LabelledArray::new("temperature", "K", axes, vec![280.0, 281.0, 282.0, 280.5, 281.5, 282.5])?;
/// write_labelled(&path, &[temperature.clone()])?;
/// assert_eq!(Reader::open(&path)?.labelled("temperature")?, temperature);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # divisi::Result::Ok(())
/// ```
///
/// In Python, `xarray.open_dataset("field.nc").temperature.sel(x=2.0)`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LabelledArray {
    /// Its name.
    pub name: String,
    /// The unit's label of its numbers; empty where there is none.
    pub unit: String,
    /// What it is, in words; may be empty.
    pub long_name: String,
    /// Its axes, the slowest first.
    pub axes: Vec<Axis>,
    /// The numbers, in the shape that the axes give.
    pub numbers: ArrayD<f64>,
}

impl LabelledArray {
    /// An array of this name and unit along these axes, its numbers with the last axis fastest.
    ///
    /// # Errors
    /// When there are not as many numbers as the axes have places, or two axes have the same name.
    pub fn new(name: &str, unit: &str, axes: impl Into<Vec<Axis>>, numbers: Vec<f64>) -> Result<Self> {
        let axes: Vec<Axis> = axes.into();
        let shape: Vec<usize> = axes.iter().map(|axis| axis.coordinates.len()).collect();
        let count = numbers.len();
        if let Some(twice) = (1..axes.len()).find(|&one| axes[..one].iter().any(|other| other.name == axes[one].name)) {
            return Err(Error::input(name, format!("two of its axes are called {}", axes[twice].name)));
        }
        let other = |_| Error::input(name, format!("{count} numbers for axes of the lengths {shape:?}"));
        let numbers = ArrayD::from_shape_vec(shape.clone(), numbers).map_err(other)?;
        Ok(LabelledArray { name: name.to_owned(), unit: unit.to_owned(), long_name: String::new(), axes, numbers })
    }

    /// The same with a name in words.
    pub fn long_name(mut self, words: &str) -> Self {
        words.clone_into(&mut self.long_name);
        self
    }
}

/// Writes arrays into a file that NetCDF-4 and HDF5 open; arrays whose axes have the same name share it. One process.
///
/// # Errors
/// When two axes of one name differ, a name is taken twice, or the file cannot be written.
pub fn write_labelled(path: &Path, arrays: &[LabelledArray]) -> Result<()> {
    let file = FileWriter::create_alone(path, 0)?;
    file.conventions()?;
    arrays.iter().try_for_each(|array| file.labelled(array))?;
    file.finish()
}

/// The label of a unit as units alone: what stands behind it in brackets is left out.
fn units(label: &str) -> &str {
    label.split(" (").next().unwrap_or(label)
}

impl FileWriter {
    /// Says by which conventions the file is labelled.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn conventions(&self) -> Result<()> {
        self.text("/", "Conventions", CONVENTIONS)
    }

    /// Adds an array of which every rank holds the whole, with those of its axes that the file doesn't have yet.
    ///
    /// # Errors
    /// On all ranks, when the file has another axis of one of the names, or HDF5 refuses.
    pub fn labelled(&self, array: &LabelledArray) -> Result<()> {
        array.axes.iter().try_for_each(|axis| self.axis(axis))?;
        let shape: Vec<u64> = array.numbers.shape().iter().map(|&length| length as u64).collect();
        let standard = array.numbers.as_standard_layout();
        let numbers = standard.as_slice().unwrap_or_default();
        match numbers {
            [number] if shape.is_empty() => self.scalar(&array.name, *number)?,
            numbers => self.replicated(&array.name, &shape, numbers)?,
        }
        self.describe(&array.name, &array.unit, &array.long_name)?;
        self.along(&array.name, &array.axes.iter().map(|axis| &axis.name[..]).collect::<Vec<_>>())
    }

    /// Adds an axis with its coordinates, once: where the file has the same one already, nothing.
    ///
    /// # Errors
    /// On all ranks, when the file has another axis of this name, or HDF5 refuses.
    pub fn axis(&self, axis: &Axis) -> Result<()> {
        if let Some(known) = self.labels.borrow().axes.iter().find(|known| known.name == axis.name) {
            let same = known == axis;
            return if same { Ok(()) } else { Err(Error::input(&axis.name[..], "two axes of this name differ")) };
        }
        self.replicated(&axis.name, &[axis.coordinates.len() as u64], &axis.coordinates)?;
        self.describe(&axis.name, &axis.unit, &axis.long_name)?;
        self.labels.borrow_mut().axes.push(axis.clone());
        self.as_axis(&axis.name)
    }

    /// Says that the dataset `name`, which has one axis, has the coordinates of an axis that is called as it is.
    ///
    /// # Errors
    /// On all ranks, when there is no such dataset or HDF5 refuses.
    pub fn as_axis(&self, name: &str) -> Result<()> {
        let own = name.rsplit('/').next().unwrap_or(name);
        self.scale(name, own)
    }

    /// Adds an axis of the components of vectors, called `component`: x, y, z.
    pub(crate) fn component_axis(&self) -> Result<()> {
        self.texts("component", &["x", "y", "z"].map(str::to_owned))?;
        // What readers take for texts and not for bytes.
        self.text("component", "_Encoding", "utf-8")?;
        self.as_axis("component")
    }

    /// Adds an axis without coordinates, as long as the dataset `counted` of whole numbers. Nothing is stored for it.
    pub(crate) fn bare_axis(&self, name: &str, length: u64, counted: &str) -> Result<()> {
        let whole = Slab::whole(&[length]);
        let shown = Shown { file: ".".into(), dataset: counted.into(), part: whole.clone(), place: whole };
        self.view::<i64>(name, &[length], &[shown])?;
        self.scale(name, &format!("{BARE}{length:10}"))
    }

    fn scale(&self, dataset: &str, name: &str) -> Result<()> {
        self.description(dataset, |file| {
            let object = layout::object(file, dataset)?;
            add_ended_text(&object, "CLASS", "DIMENSION_SCALE")?;
            add_ended_text(&object, "NAME", name)
        })
    }

    /// Lays a dataset along axes that are in the file, one for each of its own.
    ///
    /// # Errors
    /// On all ranks, when the file lacks an axis or HDF5 refuses.
    pub fn along(&self, dataset: &str, axes: &[&str]) -> Result<()> {
        if axes.is_empty() {
            return Ok(());
        }
        self.description(dataset, |file| {
            let refer = |name: &&str| Ok(VarLenArray::from_slice(&[file.reference::<ObjectReference1>(name)?]));
            let references = axes.iter().map(refer).collect::<hdf5::Result<Vec<_>>>()?;
            let attribute = layout::object(file, dataset)?.new_attr::<VarLenArray<ObjectReference1>>();
            attribute.shape(references.len()).create(AXES)?.write_raw(&references)
        })?;
        let uses = axes.iter().zip(0..).map(|(axis, place)| ((*axis).to_owned(), dataset.to_owned(), place));
        self.labels.borrow_mut().uses.extend(uses);
        Ok(())
    }

    /// Says in which unit a dataset's numbers are, by its label, and what they are, in words; both may be empty.
    ///
    /// # Errors
    /// On all ranks, when HDF5 refuses.
    pub fn describe(&self, dataset: &str, unit: &str, long_name: &str) -> Result<()> {
        self.text(dataset, "unit", unit)?;
        for (name, text) in [("units", units(unit)), ("long_name", long_name)] {
            if !text.is_empty() {
                self.text(dataset, name, text)?;
            }
        }
        Ok(())
    }

    /// Notes with each axis what lies along it.
    pub(super) fn end_labels(&self) -> Result<()> {
        let uses = std::mem::take(&mut self.labels.borrow_mut().uses);
        let mut axes: Vec<&String> = uses.iter().map(|(axis, ..)| axis).collect();
        axes.sort();
        axes.dedup();
        axes.into_iter().try_for_each(|axis| {
            self.description(axis, |file| {
                let used = uses.iter().filter(|(name, ..)| name == axis);
                let used =
                    used.map(|(_, dataset, axis)| Ok(Use { dataset: file.reference(dataset)?, axis: *axis, rest: 0 }));
                let used = used.collect::<hdf5::Result<Vec<Use>>>()?;
                layout::object(file, axis)?.new_attr::<Use>().shape(used.len()).create(USES)?.write_raw(&used)
            })
        })
    }
}

impl Reader {
    /// The names of the axes along which a dataset lies; none where they have none.
    ///
    /// # Errors
    /// When there is no such dataset, or what it says of its axes can't be read.
    pub fn axes(&self, dataset: &str) -> Result<Vec<String>> {
        if !self.attribute_names(dataset)?.iter().any(|name| name == AXES) {
            return Ok(Vec::new());
        }
        let names = self.referred(dataset, AXES)?;
        Ok(names.into_iter().map(|name| name.rsplit('/').next().unwrap_or_default().to_owned()).collect())
    }

    /// A dataset with its axes, their coordinates and units; its numbers converted where they are of another kind.
    ///
    /// # Errors
    /// When there is no such dataset, one of its axes has no name, or it doesn't hold numbers.
    pub fn labelled(&self, dataset: &str) -> Result<LabelledArray> {
        let words = |name: &str, of: &str| self.text(of, name).unwrap_or_default();
        let unit = |of: &str| if self.text(of, "unit").is_ok() { words("unit", of) } else { words("units", of) };
        let numbers = self.array::<f64>(dataset)?;
        let names = if numbers.ndim() == 0 { Vec::new() } else { self.referred(dataset, AXES)? };
        let own = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let axis = |name: &String| -> Result<Axis> {
            let coordinates = self.read(name)?;
            Ok(Axis { name: own(name), unit: unit(name), long_name: words("long_name", name), coordinates })
        };
        let axes = names.iter().map(axis).collect::<Result<Vec<_>>>()?;
        let lengths: Vec<usize> = axes.iter().map(|axis| axis.coordinates.len()).collect();
        if lengths != numbers.shape() {
            let reason = format!("{dataset} has the shape {:?} and axes of the lengths {lengths:?}", numbers.shape());
            return Err(Error::file(self.path(), reason));
        }
        let long_name = words("long_name", dataset);
        Ok(LabelledArray { name: own(dataset), unit: unit(dataset), long_name, axes, numbers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Vec<Axis> {
        vec![Axis::new("time", "day", [0.0, 0.5]), Axis::new("x", "km", [1.0, 2.0, 3.0]).long_name("distance")]
    }

    fn array(name: &str) -> LabelledArray {
        LabelledArray::new(name, "K (kelvin)", axes(), (0..6).map(f64::from).collect())
            .unwrap()
            .long_name("how hot it is")
    }

    /// Of two axes that arrays share, of one, of none.
    #[test]
    fn what_is_written_is_read_and_axes_of_one_name_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.nc");
        let along = LabelledArray::new("along", "", axes().split_off(1), vec![1.0, 2.0, 3.0]).unwrap();
        let number = LabelledArray::new("number", "s", [], vec![7.0]).unwrap();
        let arrays = [array("a"), array("b"), along, number];
        write_labelled(&path, &arrays).unwrap();
        let reader = Reader::open(&path).unwrap();
        assert!(arrays.iter().all(|array| reader.labelled(&array.name).unwrap() == *array));
        assert_eq!(reader.axes("b").unwrap(), ["time", "x"]);
        assert_eq!(reader.axes("x").unwrap(), [""; 0]);
        assert_eq!(reader.text("a", "units").unwrap(), "K");
        assert_eq!(reader.referred("x", USES).unwrap(), ["/a", "/b", "/along"]);
        assert_eq!(reader.datasets().unwrap().len(), 4 + 2);
    }

    #[test]
    fn axes_that_differ_or_do_not_fit_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.nc");
        let mut other = array("b");
        other.axes[1].coordinates[2] = 4.0;
        let told = write_labelled(&path, &[array("a"), other]).unwrap_err().to_string();
        assert!(told.contains("x: two axes of this name differ"), "{told}");
        assert!(!path.exists());
        let told = LabelledArray::new("a", "", axes(), vec![0.0; 5]).unwrap_err().to_string();
        assert!(told.contains("5 numbers for axes of the lengths [2, 3]"), "{told}");
        let twice = [Axis::new("x", "", [0.0]), Axis::new("x", "", [0.0])];
        assert!(LabelledArray::new("a", "", twice, vec![0.0]).unwrap_err().to_string().contains("two of its axes"));
    }

    /// One on which two datasets refer to places that differ from file to file.
    #[test]
    fn axes_are_compared_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, before: &str| {
            let path = folder.path().join(name);
            let file = FileWriter::create_alone(&path, 0).unwrap();
            file.text("/", "note", before).unwrap();
            file.labelled(&array("a")).unwrap();
            file.finish().unwrap();
            let reader = Reader::open(&path).unwrap();
            (reader.attribute_bytes("a", AXES).unwrap(), reader.attribute_bytes("x", USES).unwrap())
        };
        assert_eq!(write("one", "short"), write("two", &"long".repeat(3000)));
    }

    #[test]
    fn a_file_without_axes_has_none_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.h5");
        let file = FileWriter::create_alone(&path, 0).unwrap();
        file.replicated("plain", &[2], &[1.0, 2.0]).unwrap();
        file.finish().unwrap();
        let reader = Reader::open(&path).unwrap();
        assert_eq!(reader.axes("plain").unwrap(), [""; 0]);
        assert!(reader.labelled("plain").is_err() && reader.labelled("nothing").is_err());
    }
}
