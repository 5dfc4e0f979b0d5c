//! How files, datasets and attributes are laid out: format version, types, chunks.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::dataset::{AllocTime, FillTime};
use hdf5::types::TypeDescriptor;

use super::Slab;
use crate::Comm;

/// Bytes in one chunk of a compressed dataset, before compression.
pub(super) const CHUNK_BYTES: u64 = 1 << 20;

/// Creates a file in the oldest format, which all readers know and which holds no times; with ranks, on all of them, and
/// with hints to MPI-IO.
///
/// Small datasets are not gathered in blocks: what such a block leaves unused would hold whatever was in memory.
pub(super) fn create(
    together: Option<&Comm>,
    path: &Path,
    hints: &BTreeMap<String, String>,
) -> hdf5::Result<hdf5::File> {
    let mut options = without_locks();
    options.with_fapl(|access| access.libver_earliest().small_data_block_size(0));
    if let Some(comm) = together {
        open_together(&mut options, comm, hints);
    }
    options.create(path)
}

/// Opens a file to read it.
pub(super) fn open(path: &Path) -> hdf5::Result<hdf5::File> {
    without_locks().open(path)
}

/// HDF5 doesn't lock files: a run's folder has a lock of its own, and what is written has its name only when it is whole.
/// A process that another thread starts while a file is written would inherit HDF5's lock and keep it from readers; file
/// systems without locks would refuse every file.
fn without_locks() -> hdf5::FileBuilder {
    let mut options = hdf5::File::with_options();
    options.with_fapl(|access| access.file_locking(false));
    options
}

/// Metadata is written piece by piece, not collectively: in a collective write of pieces with gaps between them MPI-IO
/// may fill the gaps with whatever was in memory, and files would differ.
#[cfg(feature = "parallel-hdf5")]
fn open_together(options: &mut hdf5::FileBuilder, comm: &Comm, hints: &BTreeMap<String, String>) {
    let info = crate::comm::Info::new(hints.iter().map(|(name, value)| (&name[..], &value[..])));
    // The driver keeps a copy of them.
    options.with_fapl(|access| access.mpio(comm.raw(), Some(info.raw())));
}

#[cfg(not(feature = "parallel-hdf5"))]
fn open_together(_options: &mut hdf5::FileBuilder, _comm: &Comm, _hints: &BTreeMap<String, String>) {}

/// A dataset builder that puts no times into the file.
pub(super) fn dataset(file: &hdf5::File) -> hdf5::DatasetBuilder {
    file.new_dataset_builder().obj_track_times(false)
}

/// As [`dataset`], with all space reserved when it is created, so that both ways of writing lay files out alike.
pub(super) fn contiguous(file: &hdf5::File) -> hdf5::DatasetBuilder {
    dataset(file).alloc_time(Some(AllocTime::Early)).fill_time(FillTime::Never)
}

/// The group or dataset of this name.
pub(super) fn object(file: &hdf5::File, name: &str) -> hdf5::Result<hdf5::Location> {
    if file.loc_type_by_name(name)? == hdf5::LocationType::Dataset {
        return Ok((**file.dataset(name)?).clone());
    }
    Ok((*file.group(name)?).clone())
}

/// The shape of a dataset or attribute: of a scalar, which has one element, `()`; of one without elements (0).
pub(super) fn shape(of: &hdf5::Container) -> hdf5::Result<Vec<u64>> {
    let space = of.space()?;
    if space.is_null() {
        return Ok(vec![0]);
    }
    Ok(space.shape().iter().map(|&n| n as u64).collect())
}

/// The type of a fixed-length text.
pub(super) fn text(width: usize, ascii: bool) -> TypeDescriptor {
    if ascii { TypeDescriptor::FixedAscii(width.max(1)) } else { TypeDescriptor::FixedUnicode(width.max(1)) }
}

/// A shape, as HDF5 takes it.
pub(super) fn extents(shape: &[u64]) -> Vec<usize> {
    shape.iter().map(|&n| n as usize).collect()
}

/// A slab, as HDF5 takes it.
pub(super) fn selection(slab: &Slab) -> hdf5::Selection {
    let range = |axis: usize| (slab.offset[axis] as usize..(slab.offset[axis] + slab.count[axis]) as usize).into();
    hdf5::Hyperslab::new((0..slab.shape.len()).map(range).collect::<Vec<hdf5::SliceOrIndex>>()).into()
}

/// Chunks of about [`CHUNK_BYTES`], each a contiguous box of the dataset, for elements of this many bytes.
pub(super) fn chunk(shape: &[u64], bytes: u64) -> Vec<usize> {
    let first = Slab::whole(shape).pieces(CHUNK_BYTES / bytes).next();
    extents(&first.map_or(shape.to_vec(), |first| first.count))
}

/// The elements of such a chunk.
pub(super) fn chunk_len(shape: &[u64], bytes: u64) -> u64 {
    chunk(shape, bytes).iter().map(|&n| n as u64).product()
}
