//! What a run would take: a few steps of it, a row of its history and the size of a snapshot are tried, and nothing is written.
//!
//! Left out: the time that snapshots take, which is that of the disk, and trajectories and checkpoints.

use std::time::Instant;

use super::Simulation;
use super::progress::duration_text;
use super::row::Row;
use super::sections::{Cadence, OutputSection};
use crate::Result;
use crate::base::clock::Clock;
use crate::base::console::bytes_text;
use crate::base::units::Units;
use crate::comm::Comm;
use crate::io::{Snapshot, Stamp};

/// Steps that are tried.
const TRIAL_STEPS: u64 = 3;

/// How many steps, rows of history.csv and snapshots a run has, the seconds that each step and row takes, and a snapshot's bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    steps: f64,
    step_seconds: f64,
    rows: f64,
    row_seconds: f64,
    snapshots: f64,
    /// Of the datasets, before compression.
    snapshot_bytes: u64,
}

impl Estimate {
    /// Tries the simulation at its start. All ranks.
    pub(super) fn of<S: Simulation>(
        simulation: &mut S,
        cadence: &Cadence,
        output: &OutputSection,
        units: &Units,
        comm: &Comm,
    ) -> Result<Self> {
        let snapshot_bytes = snapshot_bytes(simulation, units, comm)?;
        let mut clock = Clock::default();
        let began = Instant::now();
        while clock.step() < TRIAL_STEPS && !simulation.goal().ends_the_run() {
            clock.advance(simulation.step(&clock, cadence.until)?);
        }
        let step_seconds = comm.all_reduce_max(began.elapsed().as_secs_f64()) / clock.step().max(1) as f64;
        let began = Instant::now();
        let mut row = Row::default();
        simulation.history(&mut row)?;
        row.merge(&clock, comm);
        let row_seconds = comm.all_reduce_max(began.elapsed().as_secs_f64());
        let steps = (cadence.steps as f64).min((cadence.until / clock.dt()).ceil());
        let end = cadence.until.min(steps * clock.dt());
        // At doublings rows are so few that they cost nothing.
        let rows = times_of(steps, end, output.history_steps.unwrap_or(0), cadence.history_time, &[]);
        let snapshots = match snapshot_bytes {
            0 => 0.0,
            _ => times_of(steps, end, output.every_steps, cadence.every_time, &cadence.times),
        };
        Ok(Estimate { steps, step_seconds, rows, row_seconds, snapshots, snapshot_bytes })
    }

    /// As `--check` prints it of a run that has an end of its own or not: what it takes, and what its snapshots do.
    pub(super) fn texts(&self, has_end: bool) -> (String, Option<String>) {
        let Estimate { steps, step_seconds, rows, row_seconds, snapshots, snapshot_bytes } = *self;
        let size = bytes_text(snapshot_bytes as f64, 1, "bytes");
        if !has_end {
            let time = format!(
                "steps of {step_seconds:.3e} s, until the goal is reached; rows of history.csv of {row_seconds:.3e} s"
            );
            return (time, (snapshot_bytes > 0).then(|| format!("of {size} each")));
        }
        let whole = duration_text(steps * step_seconds + rows * row_seconds);
        let time = format!(
            "{steps:.0} steps of {step_seconds:.3e} s, {rows:.0} rows of history.csv of {row_seconds:.3e} s: {whole}"
        );
        let all = bytes_text(snapshots * snapshot_bytes as f64, 1, "bytes");
        (time, (snapshot_bytes > 0).then(|| format!("{snapshots:.0} of {size}: {all}, before compression")))
    }
}

/// What a run would cost, by a trial on one rank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(super) estimate: Estimate,
    pub(super) has_end: bool,
    /// The memory of the rank after the trial, and before the simulation was made, bytes.
    pub(super) memory: u64,
    pub(super) memory_before: u64,
}

impl Cost {
    /// The seconds of the whole run on the rank that was tried, but for snapshots and checkpoints; none where it has no end but its goal.
    pub(crate) fn seconds(&self) -> Option<f64> {
        let Estimate { steps, step_seconds, rows, row_seconds, .. } = self.estimate;
        self.has_end.then_some(steps * step_seconds + rows * row_seconds)
    }

    /// The bytes that each of so many ranks takes, if all that the simulation holds is shared out.
    pub(crate) fn memory_of_each(&self, ranks: u32) -> u64 {
        self.memory_before + self.memory.saturating_sub(self.memory_before) / u64::from(ranks.max(1))
    }

    /// In lines: the steps, and the snapshots.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let (time, snapshots) = self.estimate.texts(self.has_end);
        let time = ("one rank", format!("{time}; {} MiB", self.memory >> 20));
        [Some(time), snapshots.map(|text| ("snapshots", text))].into_iter().flatten().collect()
    }
}

/// The bytes of a snapshot, before compression; none of a simulation that has no snapshots. All ranks.
fn snapshot_bytes(simulation: &impl Simulation, units: &Units, comm: &Comm) -> Result<u64> {
    let mut snapshot = Snapshot::counting(comm, Stamp::new(0.0, 0, units.clone()));
    simulation.snapshot(&mut snapshot)?;
    let bytes = snapshot.file().counted();
    snapshot.discard().map(|()| bytes)
}

/// How often something is written with the first and the last time.
fn times_of(steps: f64, end: f64, every_steps: u64, every_time: f64, times: &[f64]) -> f64 {
    let by_steps = if every_steps > 0 { steps / every_steps as f64 } else { 0.0 };
    let by_time = if every_time > 0.0 { (end / every_time).min(steps) } else { 0.0 };
    let given = times.iter().filter(|&&time| time > 0.0 && time < end).count();
    (by_steps.floor() + by_time.floor()).max(1.0) + 1.0 + given as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows at each step, at some, by time, by both, at the ends alone.
    #[test]
    fn rows_of_history_count() {
        let counts = [(1, 0.0), (10, 0.0), (0, 0.25), (10, 0.25), (0, 0.0), (0, 1e-9)];
        let found = counts.map(|(steps, time)| times_of(100.0, 1.0, steps, time, &[]));
        assert_eq!(found, [101.0, 11.0, 5.0, 15.0, 2.0, 101.0]);
        assert_eq!(times_of(100.0, 1.0, 0, 0.5, &[0.1, 0.9, 1.0, 2.0]), 5.0);
        let mut estimate = Estimate {
            steps: 1e6,
            step_seconds: 1e-6,
            rows: 1e6,
            row_seconds: 0.01,
            snapshots: 11.0,
            snapshot_bytes: 2_500_000_000,
        };
        let (text, snapshots) = estimate.texts(true);
        assert_eq!(snapshots.unwrap(), "11 of 2.5 GB: 27.5 GB, before compression");
        assert!(
            text.ends_with(&duration_text(10_001.0)) && text.contains("1000000 rows of history.csv of 1.000e-2 s"),
            "{text}"
        );
        let (text, snapshots) = estimate.texts(false);
        assert!(text.contains("until the goal") && snapshots.unwrap() == "of 2.5 GB each", "{text}");
        let cost = |has_end| Cost { estimate, has_end, memory: 110 << 20, memory_before: 10 << 20 };
        assert_eq!((cost(true).seconds(), cost(false).seconds()), (Some(10_001.0), None));
        assert_eq!([1, 4].map(|ranks| cost(true).memory_of_each(ranks) >> 20), [110, 35]);
        estimate.snapshot_bytes = 0;
        assert_eq!((estimate.texts(true).1, estimate.texts(false).1), (None, None));
    }
}
