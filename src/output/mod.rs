//! Files: what a run leaves behind, and reading it back. The only place that knows HDF5.
mod checkpoint;
mod compare;
mod conditions;
mod digest;
mod element;
mod ephemeris;
mod file;
mod history;
mod list;
mod place;
mod reader;
mod restore;
mod series;
mod slab;
mod snapshot;
mod trajectory;
mod transfer;

pub use checkpoint::{Checkpoint, path_of, prune};
pub use compare::{Report, Tolerance, compare};
pub use conditions::{Bodies, InitialConditions};
pub use element::Element;
pub use ephemeris::{Distances, compare_ephemeris};
pub use file::{FileWriter, WriteOptions};
pub use history::History;
pub use list::ls;
pub use reader::{Entry, Reader};
pub use restore::{CheckpointReader, newest, newest_alone};
pub use series::{SERIES, snapshots_in, write_series};
pub use slab::Slab;
pub use snapshot::{Column, Snapshot, Stamp, Values};
pub use trajectory::{Frame, Trajectory};

/// The name and version of the HDF5 library, and whether ranks write together through it.
pub fn library_version() -> String {
    let (major, minor, release) = hdf5::library_version();
    let way = if cfg!(feature = "parallel-hdf5") { "parallel" } else { "serial" };
    format!("{major}.{minor}.{release} ({way})")
}
