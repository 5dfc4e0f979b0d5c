//! What a simulation is given to start from.

use std::path::PathBuf;

use crate::units::Units;

/// The parameters of a run, typed, with what the framework settled.
#[derive(Clone, Debug)]
pub struct Setup<C> {
    /// The simulation's own sections.
    pub config: C,
    /// Units of all numbers.
    pub units: Units,
    /// Seed of all random numbers.
    pub seed: u64,
    /// The instructions that all ranks use.
    pub simd: Simd,
    /// The folder of the parameter file: where relative paths in it start.
    pub folder: PathBuf,
}

impl<C> Setup<C> {
    /// A path from the parameter file: relative ones start at its folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}
