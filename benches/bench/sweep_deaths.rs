//! Fifty times kill -9 of everything, at random times in sweeps of each kind, each resumed on another number of ranks: the accounting.

#[allow(dead_code, reason = "the test uses more of it than this")]
#[path = "../../tests/mpi/sweep_deaths/job.rs"]
pub(crate) mod job;
#[path = "../../tests/mpi/sweep_deaths/rounds.rs"]
mod rounds;

use super::Figure;
use rounds::{Tally, rounds};

/// Kills of each kind of sweep: 52 in all.
const ROUNDS: u32 = 13;

const KINDS: [&str; 4] = ["schedule=dynamic", "schedule=static", "schedule=cyclic", "pool=1"];

/// Panics where a sweep that was killed and resumed does not end with the undisturbed one's results.
pub(crate) fn kills() -> Vec<Figure> {
    let seed = std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
    let tallies = KINDS.map(|kind| (kind, rounds(kind, ROUNDS, seed)));
    let told: Vec<String> = tallies.iter().map(|(kind, tally)| format!("{kind}: {}", tell(tally))).collect();
    vec![Figure {
        name: "sweep_deaths",
        value: tallies.iter().map(|(_, tally)| f64::from(tally.kills)).sum(),
        unit: "kills, all results equal",
        command: "cargo bench --bench bench -- sweep_deaths".into(),
        peer: String::new(),
        peer_value: None,
        note: format!("{}; seed {seed}", told.join("; ")),
    }]
}

fn tell(tally: &Tally) -> String {
    let Tally { kills, run, rerun, lost, doubled } = tally;
    format!("{kills} kills, {run} run, {rerun} of them re-run, lost = {lost}, doubled = {doubled}")
}
