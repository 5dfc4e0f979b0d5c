//! Moving numbers between memory and an open dataset: the calls that the `hdf5` crate lacks, and all of `unsafe` in `io`.
//!
//! The crate's own transfers are independent ones; those of a file that all ranks write must be collective, and every
//! rank takes part in each, even with nothing to write. The HDF5 library is not thread-safe: each call holds its lock.

use std::ffi::CString;
use std::os::raw::c_void;

use hdf5::ObjectReference1;
use hdf5::types::{CompoundField, CompoundType, TypeDescriptor};
use hdf5_sys::h5a::{H5Aclose, H5Acreate2, H5Aread, H5Awrite};
use hdf5_sys::h5d::{H5Dread, H5Dwrite};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::{H5P_DEFAULT, H5Pget_virtual_count, H5Pget_virtual_filename};
use hdf5_sys::h5s::{
    H5S_SELECT_OR, H5S_SELECT_SET, H5S_class_t, H5Sclose, H5Screate, H5Sselect_all, H5Sselect_hyperslab, H5Sselect_none,
};
use hdf5_sys::h5t::{H5T_class_t, H5Tclose, H5Tcopy, H5Tdetect_class, H5Tset_size};

use super::{Element, Slab, layout};

/// Writes `data`, which is in the dataset's order, into the boxes of `dataset` that `slabs` name and of which none
/// meets another; `collective` in a file opened through MPI-IO by all ranks.
pub(super) fn write<T: Element>(
    dataset: &hdf5::Dataset,
    slabs: &[Slab],
    data: &[T],
    collective: bool,
) -> hdf5::Result<()> {
    write_bytes(dataset, slabs, &hdf5::Datatype::from_type::<T>()?, bytemuck::cast_slice(data), collective)
}

/// Writes texts of fixed length or records, each as wide as the dataset's own type, `bytes` being all of the dataset's.
pub(super) fn write_records(dataset: &hdf5::Dataset, slab: &Slab, bytes: &[u8], collective: bool) -> hdf5::Result<()> {
    let kind = dataset.dtype()?;
    let slabs = std::slice::from_ref(slab);
    write_bytes(dataset, slabs, &kind, &bytes[..slab.len() as usize * kind.size()], collective)
}

/// Writes a fixed-length text into an attribute that is as wide.
pub(super) fn write_text(attribute: &hdf5::Attribute, text: &str) -> hdf5::Result<()> {
    let kind = attribute.dtype()?;
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(kind.size(), 0);
    let to = attribute.id();
    let kind = kind.id();
    let from = bytes.as_ptr().cast::<c_void>();
    // SAFETY: both identifiers are open for the length of the call, and `bytes` is as long as the type.
    hdf5::sync::sync(|| hdf5::h5check(unsafe { H5Awrite(to, kind, from) }))?;
    Ok(())
}

/// Adds an attribute of text that a zero ends: the only texts by which HDF5 knows the axes of datasets.
pub(super) fn add_ended_text(object: &hdf5::Location, name: &str, text: &str) -> hdf5::Result<()> {
    let zero = |_| "a zero in a text";
    let [name, text] = [CString::new(name).map_err(zero)?, CString::new(text).map_err(zero)?];
    let bytes = text.as_bytes_with_nul();
    let (to, plain) = (object.id(), *hdf5::globals::H5T_C_S1);
    // SAFETY: `object` is open, each identifier is used while it is open and closed once, and `bytes` is as long as the type.
    hdf5::sync::sync(|| unsafe {
        let kind = hdf5::h5check(H5Tcopy(plain))?;
        let space = hdf5::h5check(H5Screate(H5S_class_t::H5S_SCALAR))?;
        let written = hdf5::h5check(H5Tset_size(kind, bytes.len())).and_then(|_| {
            let attribute = hdf5::h5check(H5Acreate2(to, name.as_ptr(), kind, space, H5P_DEFAULT, H5P_DEFAULT))?;
            let written = hdf5::h5check(H5Awrite(attribute, kind, bytes.as_ptr().cast()));
            H5Aclose(attribute);
            written
        });
        H5Sclose(space);
        H5Tclose(kind);
        written.map(drop)
    })
}

/// That a dataset lies along an axis, as HDF5 notes it with the axis.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Use {
    /// The dataset.
    pub dataset: ObjectReference1,
    /// Which of its axes it is.
    pub axis: u32,
    /// Fills the record up with zeros, so that nothing else gets into the file.
    pub rest: u32,
}

// SAFETY: the fields lie where the description says, in a record of 16 bytes.
unsafe impl hdf5::H5Type for Use {
    fn type_descriptor() -> TypeDescriptor {
        let field = |name: &str, ty, offset, index| CompoundField { name: name.to_owned(), ty, offset, index };
        let fields = vec![
            field("dataset", ObjectReference1::type_descriptor(), 0, 0),
            field("dimension", u32::type_descriptor(), 8, 1),
        ];
        TypeDescriptor::Compound(CompoundType { fields, size: size_of::<Self>() })
    }
}

/// The bytes of an attribute that holds no texts or lists of any length, and whose size was checked.
pub(super) fn read_attribute(attribute: &hdf5::Attribute) -> hdf5::Result<Vec<u8>> {
    let kind = attribute.dtype()?;
    let elements: u64 = layout::shape(attribute)?.iter().product();
    let mut bytes: Vec<u8> = zeros(kind.size() * elements as usize)?;
    if bytes.is_empty() {
        return Ok(bytes);
    }
    let from = attribute.id();
    let kind = kind.id();
    let to = bytes.as_mut_ptr().cast::<c_void>();
    // SAFETY: both identifiers are open for the length of the call, and `bytes` is as long as all elements.
    hdf5::sync::sync(|| hdf5::h5check(unsafe { H5Aread(from, kind, to) }))?;
    Ok(bytes)
}

fn write_bytes(
    dataset: &hdf5::Dataset,
    slabs: &[Slab],
    kind: &hdf5::Datatype,
    bytes: &[u8],
    collective: bool,
) -> hdf5::Result<()> {
    assert_eq!(len(slabs) * kind.size(), bytes.len(), "data does not fill its slabs");
    let (memory, file) = spaces(dataset, slabs)?;
    let properties = Properties::new(collective)?;
    let to = dataset.id();
    let kind = kind.id();
    let memory = memory.id();
    let file = file.id();
    let from = bytes.as_ptr().cast::<c_void>();
    // SAFETY: all identifiers are open for the length of the call, and `bytes` holds as many elements as are selected.
    hdf5::sync::sync(|| hdf5::h5check(unsafe { H5Dwrite(to, kind, memory, file, properties.0, from) }))?;
    Ok(())
}

/// The names of the files whose datasets a view shows.
pub(super) fn shown_files(made: &hdf5::plist::DatasetCreate) -> hdf5::Result<Vec<String>> {
    let list = made.id();
    let mut count = 0;
    // SAFETY: the list is open for the length of the call.
    hdf5::sync::sync(|| hdf5::h5check(unsafe { H5Pget_virtual_count(list, &raw mut count) }))?;
    let name = |index: usize| {
        // SAFETY: the list is open; without room for a name its length alone is told.
        let length = hdf5::sync::sync(|| unsafe { H5Pget_virtual_filename(list, index, std::ptr::null_mut(), 0) });
        let length = usize::try_from(length).map_err(|_| "a view without the name of a file")?;
        let mut bytes = vec![0u8; length + 1];
        let to = bytes.as_mut_ptr().cast();
        // SAFETY: the list is open, and `bytes` has room for the name and the zero behind it.
        hdf5::sync::sync(|| unsafe { H5Pget_virtual_filename(list, index, to, bytes.len()) });
        bytes.truncate(length);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    (0..count).map(name).collect()
}

/// Whether elements of this type are more than their bytes: texts or lists that lie elsewhere.
pub(super) fn holds_pointers(kind: &hdf5::Datatype) -> hdf5::Result<bool> {
    let id = kind.id();
    // SAFETY: the identifier is open for the length of both calls.
    let found = |class| hdf5::sync::sync(|| hdf5::h5check(unsafe { H5Tdetect_class(id, class) }));
    Ok(found(H5T_class_t::H5T_VLEN)? > 0 || found(H5T_class_t::H5T_STRING)? > 0)
}

/// The elements of the part of `dataset` that `slab` names, as the bytes that the file holds.
pub(super) fn read_bytes(dataset: &hdf5::Dataset, slab: &Slab) -> hdf5::Result<Vec<u8>> {
    let kind = dataset.dtype()?;
    let mut bytes: Vec<u8> = zeros(slab.len() as usize * kind.size())?;
    read_into(dataset, slab, &kind, &mut bytes)?;
    Ok(bytes)
}

/// Reads the part of `dataset` that `slab` names, its numbers converted to `T` where they are of another kind.
pub(super) fn read<T: Element>(dataset: &hdf5::Dataset, slab: &Slab) -> hdf5::Result<Vec<T>> {
    let mut data: Vec<T> = zeros(slab.len() as usize)?;
    read_into(dataset, slab, &hdf5::Datatype::from_type::<T>()?, bytemuck::cast_slice_mut(&mut data))?;
    Ok(data)
}

/// Reads the elements of the part of `dataset` that `slab` names as those of type `kind`.
pub(super) fn read_into(
    dataset: &hdf5::Dataset,
    slab: &Slab,
    kind: &hdf5::Datatype,
    bytes: &mut [u8],
) -> hdf5::Result<()> {
    assert_eq!(slab.len() as usize * kind.size(), bytes.len(), "memory does not fit its slab");
    if bytes.is_empty() {
        return Ok(());
    }
    let (memory, file) = spaces(dataset, std::slice::from_ref(slab))?;
    let from = dataset.id();
    let kind = kind.id();
    let memory = memory.id();
    let file = file.id();
    let to = bytes.as_mut_ptr().cast::<c_void>();
    // SAFETY: all identifiers are open for the length of the call, and `bytes` has room for the elements selected.
    hdf5::sync::sync(|| hdf5::h5check(unsafe { H5Dread(from, kind, memory, file, H5P_DEFAULT, to) }))?;
    Ok(())
}

/// The hints that MPI-IO keeps with a file that all ranks have open through it.
#[cfg(feature = "parallel-hdf5")]
pub(super) fn hints(file: &hdf5::File) -> hdf5::Result<Vec<(String, String)>> {
    let id = file.id();
    let mut handle = std::ptr::null_mut::<c_void>();
    // SAFETY: the file is open through MPI-IO, so what the driver points to is MPI's handle of it, open as long as the file.
    let raw = hdf5::sync::sync(|| unsafe {
        hdf5::h5check(hdf5_sys::h5f::H5Fget_vfd_handle(id, H5P_DEFAULT, &mut handle))?;
        Ok::<_, hdf5::Error>(*handle.cast::<crate::comm::RawFile>())
    })?;
    Ok(crate::comm::Info::of_file(raw).pairs())
}

#[cfg(not(feature = "parallel-hdf5"))]
pub(super) fn hints(_file: &hdf5::File) -> hdf5::Result<Vec<(String, String)>> {
    Ok(Vec::new())
}

/// A list of so many elements that are all zero.
///
/// # Errors
/// When there isn't as much memory.
pub(super) fn zeros<T: bytemuck::Zeroable>(count: usize) -> hdf5::Result<Vec<T>> {
    bytemuck::try_zeroed_vec(count).map_err(|()| format!("there is no memory for {count} elements").into())
}

/// The number of elements in all of these boxes.
fn len(slabs: &[Slab]) -> usize {
    slabs.iter().map(Slab::len).sum::<u64>() as usize
}

/// The selections of a transfer: what it touches in memory and in the file.
fn spaces(dataset: &hdf5::Dataset, slabs: &[Slab]) -> hdf5::Result<(hdf5::Dataspace, hdf5::Dataspace)> {
    let file = dataset.space()?;
    let shape = layout::shape(dataset)?;
    if let Some(other) = slabs.iter().find(|slab| slab.shape != shape) {
        return Err(hdf5::Error::Internal(format!("shape {shape:?}, not {:?}", other.shape)));
    }
    let memory = hdf5::Dataspace::try_new(vec![len(slabs)])?;
    let inside = memory.id();
    let outside = file.id();
    // SAFETY: both identifiers are open dataspaces; `offset` and `count` have one entry for each of the file's axes.
    hdf5::sync::sync(|| unsafe {
        hdf5::h5check(H5Sselect_none(outside))?;
        if len(slabs) == 0 {
            return hdf5::h5check(H5Sselect_none(inside)).map(drop);
        }
        if shape.is_empty() {
            // A scalar has no boxes: its one element is all of it.
            return hdf5::h5check(H5Sselect_all(outside)).map(drop);
        }
        slabs.iter().filter(|slab| !slab.is_empty()).enumerate().try_for_each(|(index, slab)| {
            let start = slab.offset.as_ptr();
            let count = slab.count.as_ptr();
            let every = std::ptr::null();
            let how = if index == 0 { H5S_SELECT_SET } else { H5S_SELECT_OR };
            hdf5::h5check(H5Sselect_hyperslab(outside, how, start, every, count, every)).map(drop)
        })
    })?;
    Ok((memory, file))
}

/// The property list of a transfer, closed on drop.
struct Properties(hid_t);

impl Properties {
    #[cfg(feature = "parallel-hdf5")]
    fn new(collective: bool) -> hdf5::Result<Self> {
        use hdf5_sys::h5p::{H5FD_mpio_xfer_t::H5FD_MPIO_COLLECTIVE, H5Pcreate, H5Pset_dxpl_mpio};
        if !collective {
            return Ok(Properties(H5P_DEFAULT));
        }
        let class = *hdf5::globals::H5P_DATASET_XFER;
        // SAFETY: `class` is the library's own, and the new list is open while its mode is set.
        hdf5::sync::sync(|| unsafe {
            let list = Properties(hdf5::h5check(H5Pcreate(class))?);
            hdf5::h5check(H5Pset_dxpl_mpio(list.0, H5FD_MPIO_COLLECTIVE))?;
            Ok(list)
        })
    }

    #[cfg(not(feature = "parallel-hdf5"))]
    fn new(_collective: bool) -> hdf5::Result<Self> {
        Ok(Properties(H5P_DEFAULT))
    }
}

impl Drop for Properties {
    fn drop(&mut self) {
        if self.0 != H5P_DEFAULT {
            // SAFETY: the list was made in `new` and is closed once.
            hdf5::sync::sync(|| unsafe { hdf5_sys::h5p::H5Pclose(self.0) });
        }
    }
}
