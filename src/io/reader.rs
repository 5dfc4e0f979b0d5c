//! Reading HDF5 files, by one process, without MPI.

use std::path::{Path, PathBuf};

use hdf5::types::{TypeDescriptor, VarLenArray, VarLenAscii, VarLenUnicode};
use hdf5::{ObjectReference1, ReferencedObject};

use super::axes::{AXES, USES};
use super::objects::Objects;
use super::patience::{Call, Patience};
use super::transfer::Use;
use super::{Element, Slab, layout, room, transfer};
use crate::{Error, Result};

/// The bytes that every HDF5 file begins with.
const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// An HDF5 file opened to be read. Any number of ranks may open the same file, each by itself.
pub struct Reader {
    path: PathBuf,
    file: hdf5::File,
    patience: Patience,
}

/// A dataset in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
        let patience = Patience::with(path);
        let _watched = patience.call();
        let file = layout::open(path)
            .map_err(|reason| Error::file(path, format!("this is not an HDF5 file, or a damaged one: {reason}")))?;
        Ok(Reader { path: path.to_path_buf(), file, patience })
    }

    /// Whether a file is one of HDF5, by its first bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn can_open(path: &Path) -> Result<bool> {
        let mut first = [0; SIGNATURE.len()];
        let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut first));
        Ok(read.map_err(Error::io("read", path))? == first.len() && first == SIGNATURE)
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A call of HDF5 about this file begins, which may not take for ever.
    fn call(&self) -> Call {
        self.patience.call()
    }

    /// All datasets, sorted by name.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn datasets(&self) -> Result<Vec<Entry>> {
        let _watched = self.call();
        let failed = |reason| self.failed("its contents", reason);
        let entry = |name: String| {
            let dataset = self.file.dataset(&name)?;
            let kind = dataset.dtype().and_then(|kind| Kind::of(&kind))?;
            Ok(Entry { name, kind: kind.text, shape: layout::shape(&dataset)? })
        };
        let names = Objects::of(&self.file).map_err(failed)?.datasets;
        names.into_iter().map(entry).collect::<hdf5::Result<_>>().map_err(failed)
    }

    /// The names of all groups, `/` the first, and the second names of datasets that have two.
    ///
    /// # Errors
    /// When the file is damaged.
    pub(crate) fn groups_and_second_names(&self) -> Result<[Vec<String>; 2]> {
        let _watched = self.call();
        let objects = Objects::of(&self.file).map_err(|reason| self.failed("its contents", reason))?;
        Ok([objects.groups, objects.second_names])
    }

    /// Whether there is a group or dataset of this name.
    pub fn has(&self, name: &str) -> bool {
        let _watched = self.call();
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
        let _watched = self.call();
        layout::shape(&*self.dataset(name)?).map_err(|reason| self.failed(name, reason))
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
        let _watched = self.call();
        slab.check(name, slab.len() as usize)?;
        transfer::read(&self.dataset(name)?, slab).map_err(|reason| self.failed(name, reason))
    }

    /// Part of a dataset, as the bytes that the file holds, and the number of bytes of an element.
    ///
    /// # Errors
    /// When there is none of this name and shape, or its elements hold texts or lists of any length, which lie elsewhere.
    pub(crate) fn read_bytes(&self, name: &str, slab: &Slab) -> Result<(Vec<u8>, usize)> {
        let _watched = self.call();
        let dataset = self.dataset(name)?;
        let kind = dataset.dtype().and_then(|kind| Kind::of(&kind)).map_err(|reason| self.failed(name, reason))?;
        if !kind.is_plain {
            return Err(self.lies_elsewhere(name, &kind));
        }
        let bytes = transfer::read_bytes(&dataset, slab).map_err(|reason| self.failed(name, reason))?;
        Ok((bytes, kind.size))
    }

    fn lies_elsewhere(&self, name: &str, kind: &Kind) -> Error {
        Error::file(&self.path, format!("{name} is {}: what lies elsewhere cannot be read as bytes", kind.text))
    }

    /// A dataset of texts.
    ///
    /// # Errors
    /// When there is none of this name, or it doesn't hold texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let _watched = self.call();
        let dataset = self.dataset(name)?;
        let failed = |reason| self.failed(name, reason);
        match dataset.dtype().and_then(|kind| kind.to_descriptor()).map_err(failed)? {
            TypeDescriptor::FixedAscii(_) | TypeDescriptor::FixedUnicode(_) => {
                let slab = Slab::whole(&self.shape(name)?);
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
        let _watched = self.call();
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
        let _watched = self.call();
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

    /// What an attribute holds: its type, its number of elements, and its bytes, or its texts where they are stored elsewhere.
    ///
    /// # Errors
    /// When there is none of this name, or it holds lists of any length.
    pub(crate) fn attribute_bytes(&self, object: &str, name: &str) -> Result<(String, usize, Vec<u8>)> {
        let _watched = self.call();
        let attribute = self.attribute_of(object, name)?;
        let full = format!("{object}.{name}");
        let failed = |reason| self.failed(&full, reason);
        let kind = attribute.dtype().map_err(failed)?;
        if [AXES, USES].contains(&name) {
            // Where the objects lie in the file says nothing, and what they are called does.
            let names = self.referred(object, name)?;
            return Ok((Kind::of(&kind).map_err(failed)?.text, attribute.size(), joined(&names)));
        }
        let bytes = match kind.to_descriptor() {
            Ok(TypeDescriptor::VarLenAscii) => attribute.read_raw::<VarLenAscii>().map(|texts| joined(&texts)),
            Ok(TypeDescriptor::VarLenUnicode) => attribute.read_raw::<VarLenUnicode>().map(|texts| joined(&texts)),
            _ => match Kind::of(&kind).map_err(failed)? {
                kind if kind.is_plain => transfer::read_attribute(&attribute),
                kind => return Err(self.lies_elsewhere(&full, &kind)),
            },
        };
        let kind = Kind::of(&kind).map_err(failed)?;
        Ok((kind.text, attribute.size(), bytes.map_err(failed)?))
    }

    /// The names of the datasets to which an attribute refers.
    ///
    /// # Errors
    /// When there is none of this name, it doesn't refer to datasets, or to none that is there.
    pub(super) fn referred(&self, object: &str, name: &str) -> Result<Vec<String>> {
        let attribute = self.attribute_of(object, name)?;
        let _watched = self.call();
        let failed = |reason| self.failed(&format!("{object}.{name}"), reason);
        let references: Vec<ObjectReference1> = if name == USES {
            attribute.read_raw::<Use>().map_err(failed)?.iter().map(|used| used.dataset).collect()
        } else {
            let lists = attribute.read_raw::<VarLenArray<ObjectReference1>>().map_err(failed)?;
            lists.iter().flat_map(|list| list.iter().copied()).collect()
        };
        let named = |reference: &ObjectReference1| match self.file.dereference(reference)? {
            ReferencedObject::Dataset(dataset) => Ok(dataset.name()),
            _ => Err("this refers to something that is no dataset".into()),
        };
        references.iter().map(named).collect::<hdf5::Result<_>>().map_err(failed)
    }

    /// The names of the attributes of a group or dataset, sorted.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn attribute_names(&self, object: &str) -> Result<Vec<String>> {
        let _watched = self.call();
        let names = layout::object(&self.file, object).and_then(|location| location.attr_names());
        let mut names = names.map_err(|reason| self.failed(object, reason))?;
        names.sort();
        Ok(names)
    }

    /// The digest of all in the file beside the numbers of its datasets, without the attribute `but` of the file.
    pub(super) fn digest(&self, but: &str) -> Result<u64> {
        let _watched = self.call();
        super::digest::of_description(&self.file, but).map_err(|reason| self.failed("its attributes", reason))
    }

    /// A dataset of this file, no larger than the file can hold.
    pub(super) fn dataset(&self, name: &str) -> Result<hdf5::Dataset> {
        let missing = |_| Error::file(&self.path, format!("there is no dataset {name}"));
        let dataset = self.file.dataset(name).map_err(missing)?;
        let place = dataset.filename();
        if place != self.file.filename() {
            return Err(Error::file(&self.path, format!("{name} is in another file, {place}: it is not read")));
        }
        room::check_dataset(&self.path, name, &dataset)?;
        Ok(dataset)
    }

    fn attribute_of(&self, object: &str, name: &str) -> Result<hdf5::Attribute> {
        let missing = |_| Error::file(&self.path, format!("{object} has no attribute {name}"));
        let attribute = layout::object(&self.file, object).and_then(|location| location.attr(name)).map_err(missing)?;
        room::check_attribute(&self.path, &format!("{object}.{name}"), &attribute)?;
        Ok(attribute)
    }

    pub(super) fn failed(&self, name: &str, reason: hdf5::Error) -> Error {
        Error::file(&self.path, format!("cannot read {name}: {reason}"))
    }
}

/// What elements are.
struct Kind {
    /// In words.
    text: String,
    /// The bytes of one.
    size: usize,
    /// Whether these bytes are all of it.
    is_plain: bool,
}

impl Kind {
    fn of(kind: &hdf5::Datatype) -> hdf5::Result<Self> {
        let size = kind.size();
        // Of types that have no description, such as opaque bytes, their size is known.
        Ok(match kind.to_descriptor() {
            Ok(description) => Kind { text: description.to_string(), size, is_plain: is_plain(&description) },
            Err(_) => Kind { text: format!("other ({size} bytes)"), size, is_plain: !transfer::holds_pointers(kind)? },
        })
    }
}

fn is_plain(kind: &TypeDescriptor) -> bool {
    match kind {
        TypeDescriptor::VarLenArray(_) | TypeDescriptor::VarLenAscii | TypeDescriptor::VarLenUnicode => false,
        TypeDescriptor::FixedArray(element, _) => is_plain(element),
        TypeDescriptor::Compound(record) => record.fields.iter().all(|field| is_plain(&field.ty)),
        _ => true,
    }
}

/// Texts one after another, each ended by a zero.
fn joined(texts: &[impl AsRef<str>]) -> Vec<u8> {
    texts.iter().flat_map(|text| [text.as_ref(), "\0"]).flat_map(str::bytes).collect()
}

/// A fixed-length text without the zeros or blanks that fill it up.
pub(super) fn trimmed(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\0', ' ']).to_owned()
}
/// The step of a snapshot or checkpoint.
///
/// # Errors
/// When the file cannot be read or has no step.
pub fn step_of(path: &Path) -> Result<u64> {
    let reader = Reader::open(path)?;
    reader.attribute("/", "Step").or_else(|_| reader.attribute("Header", "Step"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As by a process that another thread of the writer started, or one at work on the file.
    #[test]
    fn a_file_that_another_process_has_locked_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.h5");
        layout::create(None, &path, &Default::default()).unwrap();
        let held = std::fs::File::open(&path).unwrap();
        rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
        assert_eq!(Reader::open(&path).unwrap().datasets().unwrap(), []);
    }

    /// A file made by HDF5 alone, as other programs make them.
    fn made(fill: impl FnOnce(&hdf5::File) -> hdf5::Result<()>) -> (tempfile::TempDir, Reader) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.h5");
        let file = hdf5::File::create(&path).unwrap();
        fill(&file).unwrap();
        file.close().unwrap();
        let reader = Reader::open(&path).unwrap();
        (folder, reader)
    }

    fn names(reader: &Reader) -> Vec<String> {
        reader.datasets().unwrap().into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn a_scalar_is_one_element_and_a_dataset_without_elements_none() {
        let (_folder, reader) = made(|file| {
            file.new_dataset::<f64>().create("scalar")?.write_scalar(&2.5)?;
            file.new_dataset::<f64>().shape(hdf5::Extents::Null).create("none")?;
            file.new_attr::<f64>().shape(hdf5::Extents::Null).create("nothing").map(drop)
        });
        assert_eq!(reader.shape("scalar").unwrap(), [0; 0]);
        assert_eq!(reader.read::<f64>("scalar").unwrap(), [2.5]);
        assert_eq!(reader.array::<f64>("scalar").unwrap().ndim(), 0);
        assert_eq!(reader.read_bytes("scalar", &Slab::whole(&[])).unwrap(), (2.5f64.to_ne_bytes().to_vec(), 8));
        assert_eq!(Slab::whole(&[]).pieces(1).collect::<Vec<_>>(), [Slab::whole(&[])]);
        assert_eq!((reader.shape("none").unwrap(), reader.read::<f64>("none").unwrap()), (vec![0], vec![]));
        assert_eq!(reader.attribute_bytes("/", "nothing").unwrap().2, [0u8; 0]);
    }

    /// What isn't in the file, or is there already: soft links to the group above and to nothing, a link to another file, a group in
    /// itself by a hard link.
    #[test]
    fn each_object_is_listed_once_and_links_that_lead_elsewhere_are_not() {
        let (folder, reader) = made(|file| {
            let group = file.create_group("group")?;
            group.new_dataset::<u64>().shape(2).create("x")?;
            file.link_soft("/", "group/above")?;
            file.link_soft("/nowhere", "dangling")?;
            file.link_hard("/group", "group/itself")?;
            file.link_hard("/group/x", "second")?;
            let other = file.filename().replace("file.h5", "other.h5");
            let beside = hdf5::File::create(&other)?;
            beside.new_dataset::<u64>().shape(2).create("secret")?;
            file.link_external(&other, "secret", "stolen")
        });
        assert_eq!(names(&reader), ["group/x", "second"]);
        let [groups, second_names] = reader.groups_and_second_names().unwrap();
        assert_eq!((groups, second_names), (vec!["/".to_owned(), "group".to_owned()], vec!["second".to_owned()]));
        let told = reader.read::<u64>("stolen").unwrap_err().to_string();
        assert!(told.contains("is in another file"), "{told}");
        drop(folder);
    }

    #[test]
    fn groups_deeper_than_anybody_s_are_refused() {
        let deep = |count: usize| vec!["g"; count].join("/");
        let (_folder, reader) = made(|file| file.create_group(&deep(60)).map(drop));
        assert_eq!(names(&reader), [""; 0]);
        let (_folder, reader) = made(|file| file.create_group(&deep(2000)).map(drop));
        let told = reader.datasets().unwrap_err().to_string();
        assert!(told.contains("deep in each other"), "{told}");
    }

    /// Stored as they are and in chunks.
    #[test]
    fn a_shape_that_the_file_cannot_hold_is_refused_before_memory_is_asked_for() {
        let shapes: [&[usize]; 3] = [&[1 << 40, 3], &[1 << 45], &[1 << 20, 1 << 20, 1 << 10]];
        for shape in shapes {
            let (_folder, reader) = made(|file| {
                let chunk = vec![1; shape.len()];
                file.new_dataset::<f64>().chunk(chunk).shape(shape.to_vec()).create("chunked")?;
                file.new_dataset::<f64>().shape(shape.to_vec()).create("plain").map(drop)
            });
            for name in reader.datasets().unwrap().into_iter().map(|entry| entry.name) {
                let told = reader.read::<f64>(&name).unwrap_err().to_string();
                assert!(told.contains("more than the file can hold"), "{shape:?}: {told}");
                assert!(
                    reader.array::<f64>(&name).is_err() && reader.texts(&name).is_err() && reader.shape(&name).is_err()
                );
            }
        }
        let (_folder, reader) = made(|file| file.new_dataset::<f64>().shape([1 << 40, 0]).create("empty").map(drop));
        assert_eq!(reader.read::<f64>("empty").unwrap(), [0.0; 0]);
    }

    #[test]
    fn numbers_in_a_file_that_is_not_hdf5_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, [7u8; 64]).unwrap();
        let name = secret.to_str().unwrap();
        let (_folder, reader) =
            made(|file| file.new_dataset_builder().external(name, 0, 64).empty::<f64>().shape(8).create("x").map(drop));
        let told = reader.read::<f64>("x").unwrap_err().to_string();
        assert!(told.contains("in another file") && told.contains("secret"), "{told}");
    }

    #[test]
    fn elements_of_any_length_are_not_taken_for_their_bytes() {
        let (_folder, reader) = made(|file| {
            let lists = file.new_dataset::<hdf5::types::VarLenArray<u64>>().shape(2).create("lists")?;
            let list = hdf5::types::VarLenArray::from_slice(&[1, 2]);
            lists.write_raw(&[list.clone(), list])?;
            let text: VarLenUnicode = "Sun".parse().map_err(|_| "a text")?;
            file.new_attr::<VarLenUnicode>().shape(2).create("names")?.write_raw(&[text.clone(), text])
        });
        assert!(reader.read_bytes("lists", &Slab::whole(&[2])).unwrap_err().to_string().contains("elsewhere"));
        assert_eq!(reader.attribute_bytes("/", "names").unwrap().2, b"Sun\0Sun\0");
    }
}
