//! The input of a simulation at its start, and the instructions on which all ranks agree.

use std::path::PathBuf;

use crate::base::units::Units;
use crate::comm::{Comm, Node};
use crate::simd::{Level, Rsqrt, fingerprint};
use crate::{Error, Result};

/// The parameters of a run, typed, with what the framework settled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup<C> {
    /// The simulation's own sections.
    pub config: C,
    /// Units of all numbers.
    pub units: Units,
    /// Seed of all random numbers.
    pub seed: u64,
    /// The SIMD instructions that all ranks use.
    pub level: Level,
    /// How all ranks make reciprocal square roots.
    pub rsqrt: Rsqrt,
    /// How halos travel between ranks of the same node.
    pub node: Node,
    /// The folder of the parameter file: where relative paths in it start.
    pub folder: PathBuf,
}

impl<C> Setup<C> {
    /// A path from the parameter file: relative ones start at its folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

/// The instructions of a run, the same on all ranks, and the name under which they are kept with it.
pub(super) struct Instructions {
    pub level: Level,
    pub rsqrt: Rsqrt,
    pub name: String,
}

impl Instructions {
    /// The widest level that all ranks have, or `wanted`; the estimate of 1/sqrt where it is the same on all. All ranks.
    pub(super) fn agree(comm: &Comm, wanted: Option<Level>) -> Result<Self> {
        let own = wanted.unwrap_or_else(Level::detect);
        if !own.is_available() {
            let reason = format!("is \"{}\", which this processor lacks; it has {}", own.name(), names());
            return Err(Error::input("run.simd", reason));
        }
        let known = [Level::Portable, Level::Neon, Level::Avx2, Level::Avx512];
        let index = known.iter().position(|&level| level == own).unwrap_or(0) as u64;
        let level = known[comm.all_reduce_min(index) as usize];
        let print = fingerprint(level);
        let same = comm.all_reduce_min(print) == comm.all_reduce_max(print);
        let rsqrt = if same { Rsqrt::Approximate } else { Rsqrt::Exact };
        let print = if same { format!("{print:016x}") } else { "exact".to_owned() };
        Ok(Instructions { level, rsqrt, name: format!("{} rsqrt {print}", level.name()) })
    }
}

/// The levels of this processor, for a message.
fn names() -> String {
    Level::available().iter().map(|level| level.name()).collect::<Vec<_>>().join(", ")
}
