//! Files: what a run leaves behind, and reading it back. The only place that knows HDF5.
//!
//! Written by all ranks together, from slabs (a global shape and a rank's box in it): [`Snapshot`], the state at one time
//! for the field's tools; [`Checkpoint`], the raw state to go on from; [`Posterior`], the samples of a fit; all on top of
//! [`FileWriter`]. Written by rank 0:
//! [`Trajectory`], few bodies at many times, and the [series](write_series) that opens all snapshots. A file has its name
//! only when it is whole, and its bytes depend on the state alone: not on the number of ranks, nor on the time of day.
//!
//! Read by each process by itself, without MPI: [`Reader`] for any HDF5 file, [`CheckpointReader`], [`InitialConditions`],
//! [`History`] for tables; [`ls`] tells what is in a file, [`compare`] and [`compare_ephemeris`] compare.
//!
//! Left out: growing a file, reading through MPI-IO, filters other than deflate.

mod checkpoint;
mod compare;
mod conditions;
mod digest;
mod element;
mod ephemeris;
mod file;
mod grid;
mod history;
mod layout;
mod list;
mod options;
mod part;
mod parts;
mod place;
mod posterior;
mod reader;
mod records;
mod restore;
mod series;
mod slab;
mod snapshot;
mod trajectory;
mod transfer;

pub use checkpoint::{Checkpoint, checkpoint_steps, hash_of, path_of, prune};
pub use compare::{Report, Tolerance, compare};
pub use conditions::{Bodies, InitialConditions};
pub use element::Element;
pub use ephemeris::{Distances, compare_ephemeris};
pub use file::{FileWriter, Shown};
pub use grid::{CellField, GridGeometry};
pub use history::History;
pub use list::ls;
pub use options::WriteOptions;
pub use part::Part;
pub use place::write_whole;
pub use posterior::{About, Chain, Measured, Observation, Parameter, Posterior, Quantiles, Summary};
pub use reader::{Entry, Reader, step_of};
pub use restore::{CheckpointReader, newest, newest_alone};
pub use series::{SERIES, XDMF, number_of, snapshots_in, write_series};
pub use slab::Slab;
pub use snapshot::{Column, Snapshot, Stamp, Values};
pub use trajectory::{Frame, Trajectory};

/// The name and version of the HDF5 library, and whether ranks write together through it.
pub fn library_version() -> String {
    let (major, minor, release) = hdf5::library_version();
    let way = if cfg!(feature = "parallel-hdf5") { "parallel" } else { "serial" };
    format!("{major}.{minor}.{release} ({way})")
}
