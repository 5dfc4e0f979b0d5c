//! Files: what a run leaves behind, and reading it back. The only place that calls HDF5.
//!
//! Written by all ranks together, from slabs (a global shape and a rank's box in it): [`Snapshot`], the state at one time
//! for the field's tools; [`Checkpoint`], the raw state to go on from; both on top of [`FileWriter`]. Written by rank 0:
//! [`Trajectory`], few bodies at many times, the [series](write_series) that opens all snapshots, and [arrays with labels](LabelledArray). A file has its name
//! only when it is whole, and its bytes depend on the state alone: not on the number of ranks, nor on the time of day.
//!
//! Read by each process by itself, without MPI: [`Reader`] for any HDF5 file, [`CheckpointReader`],
//! [`History`] for tables.
//!
//! Left out: formats of one domain (they are written through [`FileWriter`] where that domain is), growing a file, reading through MPI-IO, filters other than deflate.

mod axes;
pub(crate) mod checkpoint;
mod digest;
mod element;
pub(crate) mod file;
pub(crate) mod grid;
pub(crate) mod history;
mod labels;
mod layout;
mod objects;
mod options;
mod part;
mod parts;
mod patience;
pub(crate) mod place;
mod reader;
pub(crate) mod records;
mod restore;
mod room;
mod series;
mod slab;
mod snapshot;
pub(crate) mod trajectory;
mod transfer;

pub use crate::base::whole::write_whole;
pub use axes::Axis;
pub use checkpoint::{Checkpoint, checkpoint_steps, hash_of, path_of, prune};
pub(crate) use checkpoint::{is_checkpoint, of_others};
pub(crate) use digest::chained;
pub use element::Element;
pub use file::{FileWriter, Shown};
pub use grid::{CellField, GridGeometry};
pub use history::History;
pub use labels::{LabelledArray, write_labelled};
pub use options::WriteOptions;
pub use part::Part;
pub use reader::{Entry, Reader, step_of};
pub use restore::{CheckpointReader, newest, newest_alone};
pub(crate) use series::is_snapshot;
pub use series::{SERIES, XDMF, number_of, snapshots_in, write_series};
pub use slab::Slab;
pub use snapshot::{Column, Snapshot, Stamp, Values};
pub use trajectory::{Frame, Trajectory};

// HDF5_DIR would put the HDF5 that it names, perhaps another MPI's, in the place of the one that is built from source.
#[cfg(feature = "bundled-hdf5")]
const _: () = assert!(
    option_env!("HDF5_DIR").is_none(),
    "the feature bundled-hdf5 builds HDF5 from source, but HDF5_DIR names another one: `unset HDF5_DIR`, then build again"
);

/// The name and version of the HDF5 library, and whether ranks write together through it.
pub fn library_version() -> String {
    let (major, minor, release) = hdf5::library_version();
    let way = if cfg!(feature = "parallel-hdf5") { "parallel" } else { "serial" };
    format!("{major}.{minor}.{release} ({way})")
}
