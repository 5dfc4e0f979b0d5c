//! Files: what a run leaves behind, and reading it back. The only place that knows HDF5.
mod checkpoint;
mod digest;
mod element;
mod file;
mod place;
mod reader;
mod restore;
mod slab;
mod snapshot;
mod transfer;

pub use checkpoint::{Checkpoint, path_of, prune};
pub use element::Element;
pub use file::{FileWriter, WriteOptions};
pub use reader::{Entry, Reader};
pub use restore::{CheckpointReader, newest, newest_alone};
pub use slab::Slab;
pub use snapshot::{Column, Snapshot, Stamp, Values};
