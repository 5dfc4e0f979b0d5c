//! How files are written.

use std::collections::BTreeMap;

use crate::comm::check_hint;

/// How files are written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Whether all ranks write together through MPI-IO, where the program was built with parallel HDF5; otherwise rank 0 writes.
    pub mpiio: bool,
    /// The deflate level of the datasets, 1 to 9; 0 stores them as they are.
    pub compress: u8,
    /// The bytes that a rank holds at most in a buffer of its own, beside what the simulation hands over.
    pub buffer: u64,
    /// Hints to MPI-IO and the file system beneath (MPI 4.0, 14.2.8): `striping_factor`, `cb_nodes` and so on.
    pub hints: BTreeMap<String, String>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions { mpiio: true, compress: 0, buffer: 1 << 22, hints: BTreeMap::new() }
    }
}

impl WriteOptions {
    /// Whether all ranks write together.
    pub fn mpiio(mut self, together: bool) -> Self {
        self.mpiio = together;
        self
    }

    /// At this deflate level, 1 to 9; 0 for none.
    pub fn compress(mut self, level: u8) -> Self {
        self.compress = level;
        self
    }

    /// With at most so many bytes in a buffer of a rank's own.
    pub fn buffer(mut self, bytes: u64) -> Self {
        self.buffer = bytes;
        self
    }

    /// With these hints to MPI-IO and the file system.
    pub fn hints(mut self, hints: BTreeMap<String, String>) -> Self {
        self.hints = hints;
        self
    }

    /// # Errors
    /// Says what is wrong with a hint that MPI would not take.
    pub fn check_hint(name: &str, value: &str) -> std::result::Result<(), String> {
        check_hint(name, value)
    }
}
