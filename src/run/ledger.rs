//! ledger.json: how the time of a run was spent, per phase and rank.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::sent::SentTable;
use crate::base::whole::write_whole;
use crate::comm::{Comm, Counts, Sent};
use crate::{Error, Result};

/// The account of one run (or of its last part, after a resume).
#[derive(Debug, Serialize)]
pub(super) struct Ledger {
    /// Ranks that took part.
    pub ranks: usize,
    /// Steps taken.
    pub steps: u64,
    /// Steps that stood in the checkpoint from which this part began.
    pub resumed_from_step: Option<u64>,
    /// Seconds from launch to the end.
    pub seconds: f64,
    /// Seconds spent in steps, without output.
    pub loop_seconds: f64,
    /// Seconds of processor time that each rank spent in steps.
    pub loop_cpu_seconds: Vec<f64>,
    /// Work done per second of the loop, in `rate_unit`.
    pub rate: f64,
    /// What the rate counts.
    pub rate_unit: String,
    /// Checkpoints written, and the seconds they took.
    pub checkpoints: u64,
    /// Seconds spent in checkpoints.
    pub checkpoint_seconds: f64,
    /// Largest resident memory of each rank, bytes.
    pub memory_bytes: Vec<u64>,
    /// What each phase cost each rank.
    pub phases: Vec<Phase>,
    /// Who sent how much to whom.
    pub sent: SentTable,
}

/// What was counted before a run began.
pub(super) struct Before {
    phases: Vec<(&'static str, Counts)>,
    pub(super) sent: Vec<Sent>,
}

impl Before {
    pub(super) fn now(comm: &Comm) -> Self {
        Before { phases: comm.traffic().phases(), sent: comm.traffic().sent_by_rank() }
    }
}

/// One phase: a number per rank.
#[derive(Debug, Serialize)]
pub(super) struct Phase {
    name: String,
    seconds: Vec<f64>,
    waited_seconds: Vec<f64>,
    /// Collectives included.
    messages: Vec<u64>,
    collectives: Vec<u64>,
    bytes: Vec<u64>,
}

/// The counts of all phases since `before`, gathered on rank 0. All ranks, which must have entered the same phases.
pub(super) fn gather_phases(comm: &Comm, before: &Before) -> Vec<Phase> {
    let seconds = |d: Duration, e: Duration| d.saturating_sub(e).as_secs_f64();
    let phases = comm.traffic().phases();
    let columns = phases.into_iter().map(|(name, now)| {
        let then =
            before.phases.iter().find(|(known, _)| *known == name).map_or(Counts::default(), |(_, counts)| *counts);
        let times = comm.all_gather(&[[seconds(now.elapsed, then.elapsed), seconds(now.waited, then.waited)]]);
        let collectives = now.collectives - then.collectives;
        let counts = comm.all_gather(&[[now.messages - then.messages, collectives, now.bytes - then.bytes]]);
        Phase {
            name: name.to_owned(),
            seconds: times.iter().map(|t| t[0]).collect(),
            waited_seconds: times.iter().map(|t| t[1]).collect(),
            messages: counts.iter().map(|c| c[0]).collect(),
            collectives: counts.iter().map(|c| c[1]).collect(),
            bytes: counts.iter().map(|c| c[2]).collect(),
        }
    });
    columns.collect()
}

/// The seconds that a phase took on rank 0; 0 for one that never was.
pub(super) fn seconds_of(phases: &[Phase], name: &str) -> f64 {
    phases.iter().find(|phase| phase.name == name).map_or(0.0, |phase| phase.seconds[0])
}

/// The largest resident memory of this process so far, bytes; 0 where the system doesn't report it.
pub(super) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.unwrap_or(0) * 1024
}

impl Ledger {
    /// Writes the account.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::file(path, error.to_string()))?;
        write_whole(path, (text + "\n").as_bytes())
    }
}
