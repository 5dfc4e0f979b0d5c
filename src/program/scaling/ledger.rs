//! The part of a run's ledger that a study looks at.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::{Error, Result};

/// Phases of a ledger that aren't of steps: the start and what nothing else counts, and output.
const BESIDE_STEPS: [&str; 5] = [crate::comm::FIRST_PHASE, "history", "snapshots", "checkpoints", "results"];

/// A run's ledger.
#[derive(Deserialize)]
pub(super) struct Ledger {
    pub ranks: usize,
    pub steps: u64,
    pub loop_seconds: f64,
    pub rate: f64,
    pub rate_unit: String,
    pub memory_bytes: Vec<u64>,
    phases: Vec<Phase>,
}

/// What a phase took and counted, on each rank.
#[derive(Deserialize)]
pub(super) struct Phase {
    pub name: String,
    waited_seconds: Vec<f64>,
    pub messages: Vec<u64>,
    pub collectives: Vec<u64>,
    pub bytes: Vec<u64>,
}

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    /// A file that can't be read, or is no ledger.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        serde_json::from_str(&text).map_err(|error| Error::file(path, error.to_string()))
    }

    /// The phases of steps.
    pub(super) fn phases_of_steps(&self) -> impl Iterator<Item = &Phase> {
        self.phases.iter().filter(|phase| !BESIDE_STEPS.contains(&phase.name.as_str()))
    }

    /// Seconds that all ranks together waited in steps.
    pub(super) fn waited(&self) -> f64 {
        self.phases_of_steps().flat_map(|phase| &phase.waited_seconds).sum()
    }
}
