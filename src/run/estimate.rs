//! What a run would take: a few steps of it and a row of its history are tried, and nothing is written.
//!
//! Left out: snapshots, trajectories and checkpoints, whose time is that of the disk.

use std::time::Instant;

use super::Simulation;
use super::progress::duration_text;
use super::row::Row;
use super::sections::Cadence;
use crate::Result;
use crate::base::clock::Clock;
use crate::comm::Comm;

/// Steps that are tried.
const TRIAL_STEPS: u64 = 3;

/// How many steps and rows of history.csv a run has, and the seconds that each takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    steps: f64,
    step_seconds: f64,
    rows: f64,
    row_seconds: f64,
}

impl Estimate {
    /// Tries the simulation at its start. All ranks.
    pub(super) fn of<S: Simulation>(
        simulation: &mut S,
        cadence: &Cadence,
        history_steps: u64,
        comm: &Comm,
    ) -> Result<Self> {
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
        let rows = rows(steps, end, history_steps, cadence.history_time);
        Ok(Estimate { steps, step_seconds, rows, row_seconds })
    }

    /// As `--check` prints it of a run that has an end of its own or not.
    pub(super) fn text(&self, has_end: bool) -> String {
        let Estimate { steps, step_seconds, rows, row_seconds } = *self;
        if !has_end {
            return format!(
                "steps of {step_seconds:.3e} s, until the goal is reached; rows of history.csv of {row_seconds:.3e} s"
            );
        }
        let whole = duration_text(steps * step_seconds + rows * row_seconds);
        format!(
            "{steps:.0} steps of {step_seconds:.3e} s, {rows:.0} rows of history.csv of {row_seconds:.3e} s: {whole}"
        )
    }
}

/// The rows of a history with the first and the last.
fn rows(steps: f64, end: f64, every_steps: u64, every_time: f64) -> f64 {
    let by_steps = if every_steps > 0 { steps / every_steps as f64 } else { 0.0 };
    let by_time = if every_time > 0.0 { (end / every_time).min(steps) } else { 0.0 };
    (by_steps.floor() + by_time.floor()).max(1.0) + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows at each step, at some, by time, by both, at the ends alone.
    #[test]
    fn rows_of_history_count() {
        let counts = [(1, 0.0), (10, 0.0), (0, 0.25), (10, 0.25), (0, 0.0), (0, 1e-9)];
        let found = counts.map(|(steps, time)| rows(100.0, 1.0, steps, time));
        assert_eq!(found, [101.0, 11.0, 5.0, 15.0, 2.0, 101.0]);
        let estimate = Estimate { steps: 1e6, step_seconds: 1e-6, rows: 1e6, row_seconds: 0.01 };
        let text = estimate.text(true);
        assert!(
            text.ends_with(&duration_text(10_001.0)) && text.contains("1000000 rows of history.csv of 1.000e-2 s"),
            "{text}"
        );
        assert!(estimate.text(false).contains("until the goal"));
    }
}
