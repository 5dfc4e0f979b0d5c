//! Reading HDF5 files, by one process, without MPI.

use std::path::{Path, PathBuf};

use hdf5::LocationType;
use hdf5::types::{TypeDescriptor, VarLenAscii, VarLenUnicode};

use super::{Element, Slab, transfer};
use crate::{Error, Result};

/// An HDF5 file opened to be read. Any number of ranks may open the same file, each by itself.
pub struct Reader {
    path: PathBuf,
    file: hdf5::File,
}

/// A dataset in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, with those of the groups it is in.
    pub name: String,
    /// What its elements are: `float64`, `uint64`, ...
    pub kind: String,
    /// Its shape.
    pub shape: Vec<u64>,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read or isn't an HDF5 file.
    pub fn open(path: &Path) -> Result<Self> {
        std::fs::File::open(path).map_err(Error::io("read", path))?;
        let file = hdf5::File::open(path)
            .map_err(|reason| Error::file(path, format!("this is not an HDF5 file, or a damaged one: {reason}")))?;
        Ok(Reader { path: path.to_path_buf(), file })
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All datasets, sorted by name.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn datasets(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        self.collect(&self.file, "", &mut entries).map_err(|reason| self.failed("its contents", reason))?;
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn collect(&self, group: &hdf5::Group, above: &str, entries: &mut Vec<Entry>) -> hdf5::Result<()> {
        for member in group.member_names()? {
            let name = format!("{above}{member}");
            match group.loc_type_by_name(&member)? {
                LocationType::Group => self.collect(&group.group(&member)?, &format!("{name}/"), entries)?,
                LocationType::Dataset => {
                    let dataset = group.dataset(&member)?;
                    let kind = dataset.dtype()?.to_descriptor()?.to_string();
                    entries.push(Entry { name, kind, shape: shape_of(&dataset) });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether there is a group or dataset of this name.
    pub fn has(&self, name: &str) -> bool {
        let mut above = String::new();
        name.split('/').filter(|part| !part.is_empty()).all(|part| {
            above = if above.is_empty() { part.to_owned() } else { format!("{above}/{part}") };
            self.file.link_exists(&above)
        })
    }

    /// The shape of a dataset.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn shape(&self, name: &str) -> Result<Vec<u64>> {
        self.dataset(name).map(|dataset| shape_of(&dataset))
    }

    /// All of a dataset, converted to `T` where it holds other numbers.
    ///
    /// # Errors
    /// When there is none of this name, or it doesn't hold numbers.
    pub fn read<T: Element>(&self, name: &str) -> Result<Vec<T>> {
        self.read_slab(name, &Slab::whole(&self.shape(name)?))
    }

    /// All of a dataset in its shape, converted to `T` where it holds other numbers.
    ///
    /// # Errors
    /// When there is none of this name, or it doesn't hold numbers.
    pub fn array<T: Element>(&self, name: &str) -> Result<ndarray::ArrayD<T>> {
        let shape: Vec<usize> = self.shape(name)?.into_iter().map(|length| length as usize).collect();
        ndarray::ArrayD::from_shape_vec(shape, self.read(name)?)
            .map_err(|error| Error::file(self.path(), error.to_string()))
    }

    /// Part of a dataset, converted to `T` where it holds other numbers.
    ///
    /// # Errors
    /// When there is none of this name and shape, or it doesn't hold numbers.
    pub fn read_slab<T: Element>(&self, name: &str, slab: &Slab) -> Result<Vec<T>> {
        slab.check(name, slab.len() as usize)?;
        transfer::read(&self.dataset(name)?, slab).map_err(|reason| self.failed(name, reason))
    }

    /// Part of a dataset, as the bytes that the file holds, and the number of bytes of an element.
    pub(super) fn read_bytes(&self, name: &str, slab: &Slab) -> Result<(Vec<u8>, usize)> {
        let dataset = self.dataset(name)?;
        let size = dataset.dtype().map_err(|reason| self.failed(name, reason))?.size();
        let bytes = transfer::read_bytes(&dataset, slab).map_err(|reason| self.failed(name, reason))?;
        Ok((bytes, size))
    }

    /// A dataset of texts.
    ///
    /// # Errors
    /// When there is none of this name, or it doesn't hold texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let dataset = self.dataset(name)?;
        let failed = |reason| self.failed(name, reason);
        match dataset.dtype().and_then(|kind| kind.to_descriptor()).map_err(failed)? {
            TypeDescriptor::FixedAscii(_) | TypeDescriptor::FixedUnicode(_) => {
                let slab = Slab::whole(&shape_of(&dataset));
                let (bytes, width) = self.read_bytes(name, &slab)?;
                Ok(bytes.chunks_exact(width).map(trimmed).collect())
            }
            TypeDescriptor::VarLenAscii => {
                Ok(dataset.read_raw::<VarLenAscii>().map_err(failed)?.iter().map(|text| text.to_string()).collect())
            }
            _ => Ok(dataset.read_raw::<VarLenUnicode>().map_err(failed)?.iter().map(|text| text.to_string()).collect()),
        }
    }

    /// The numbers of an attribute of a group or dataset.
    ///
    /// # Errors
    /// When there is none of this name, or it doesn't hold numbers.
    pub fn attributes<T: Element>(&self, object: &str, name: &str) -> Result<Vec<T>> {
        let attribute = self.attribute_of(object, name)?;
        attribute.read_raw().map_err(|reason| self.failed(&format!("{object}.{name}"), reason))
    }

    /// The one number of an attribute of a group or dataset.
    ///
    /// # Errors
    /// When there is none of this name, or it doesn't hold one number.
    pub fn attribute<T: Element>(&self, object: &str, name: &str) -> Result<T> {
        match self.attributes(object, name)?[..] {
            [value] => Ok(value),
            ref values => {
                Err(Error::file(&self.path, format!("{object}.{name} holds {} numbers, not one", values.len())))
            }
        }
    }

    /// The text of an attribute of a group or dataset.
    ///
    /// # Errors
    /// When there is none of this name, or it doesn't hold a text.
    pub fn text(&self, object: &str, name: &str) -> Result<String> {
        let attribute = self.attribute_of(object, name)?;
        let failed = |reason| self.failed(&format!("{object}.{name}"), reason);
        match attribute.dtype().and_then(|kind| kind.to_descriptor()).map_err(failed)? {
            TypeDescriptor::FixedAscii(_) | TypeDescriptor::FixedUnicode(_) => {
                transfer::read_attribute(&attribute).map(|bytes| trimmed(&bytes)).map_err(failed)
            }
            TypeDescriptor::VarLenAscii => {
                attribute.read_scalar::<VarLenAscii>().map(|text| text.to_string()).map_err(failed)
            }
            _ => attribute.read_scalar::<VarLenUnicode>().map(|text| text.to_string()).map_err(failed),
        }
    }

    /// What an attribute holds: its type, its number of elements, and its bytes, or its text where that stands elsewhere.
    pub(super) fn attribute_bytes(&self, object: &str, name: &str) -> Result<(String, usize, Vec<u8>)> {
        let attribute = self.attribute_of(object, name)?;
        let kind = attribute.dtype().and_then(|kind| kind.to_descriptor());
        let kind = kind.map_err(|reason| self.failed(name, reason))?;
        let bytes = match kind {
            TypeDescriptor::VarLenAscii | TypeDescriptor::VarLenUnicode => self.text(object, name)?.into_bytes(),
            _ => transfer::read_attribute(&attribute).map_err(|reason| self.failed(name, reason))?,
        };
        Ok((kind.to_string(), attribute.size(), bytes))
    }

    /// The names of the attributes of a group or dataset, sorted.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn attribute_names(&self, object: &str) -> Result<Vec<String>> {
        let names = super::layout::object(&self.file, object).and_then(|location| location.attr_names());
        let mut names = names.map_err(|reason| self.failed(object, reason))?;
        names.sort();
        Ok(names)
    }

    pub(super) fn dataset(&self, name: &str) -> Result<hdf5::Dataset> {
        self.file.dataset(name).map_err(|_| Error::file(&self.path, format!("there is no dataset {name}")))
    }

    fn attribute_of(&self, object: &str, name: &str) -> Result<hdf5::Attribute> {
        let missing = |_| Error::file(&self.path, format!("{object} has no attribute {name}"));
        super::layout::object(&self.file, object).and_then(|location| location.attr(name)).map_err(missing)
    }

    pub(super) fn failed(&self, name: &str, reason: hdf5::Error) -> Error {
        Error::file(&self.path, format!("cannot read {name}: {reason}"))
    }
}

fn shape_of(dataset: &hdf5::Dataset) -> Vec<u64> {
    dataset.shape().iter().map(|&n| n as u64).collect()
}

/// A fixed-length text without the zeros or blanks that fill it up.
pub(super) fn trimmed(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\0', ' ']).to_owned()
}
/// The step of a snapshot or checkpoint.
///
/// # Errors
/// When the file cannot be read or tells no step.
pub fn step_of(path: &Path) -> Result<u64> {
    let reader = Reader::open(path)?;
    reader.attribute("/", "Step").or_else(|_| reader.attribute("Header", "Step"))
}
