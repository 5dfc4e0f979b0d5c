//! Thirty kills of N-body, of a flow, of a sweep, at random times, each resumed on another number of ranks: what was lost.

use super::Figure;
use super::common::case::Case;
use super::common::torture::torture;

/// Kills of each kind of run.
const ROUNDS: u32 = 30;

const CASES: [Case; 3] = [
    Case {
        name: "nbody",
        file: "nbody/plummer",
        words: &["run.until=1.0", "checkpoint.every_steps=8", "output.history_steps=3", "output.every_time=0.125"],
    },
    Case {
        name: "fluid",
        file: "fluid/blast",
        words: &[
            "grid.cells=97,61",
            "run.steps=800",
            "checkpoint.every_steps=10",
            "output.every_time=0",
            "output.every_steps=40",
            "output.history_steps=3",
        ],
    },
    Case { name: "sweep", file: "sweep/logistic", words: &["sweep.retries=99", "parameters.values.r.count=501"] },
];

/// Panics where a run that was killed and resumed does not end with the undisturbed run's bytes.
pub(crate) fn rounds() -> Vec<Figure> {
    let seed = std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
    let tallies = CASES.map(|case| (case, torture(&case, &[], ROUNDS, seed)));
    let told: Vec<String> = tallies
        .iter()
        .map(|(case, tally)| {
            format!(
                "{}: {} kills, {} of one rank, {} within a checkpoint, {} that mpirun did not notice, at most {} steps lost",
                case.name, tally.kills, tally.single, tally.in_checkpoint, tally.launcher_left, tally.most_lost
            )
        })
        .collect();
    vec![Figure {
        name: "torture",
        value: tallies.iter().map(|(_, tally)| f64::from(tally.kills)).sum(),
        unit: "kills, all files equal",
        command: "cargo bench --bench bench -- torture".into(),
        peer: String::new(),
        peer_value: None,
        note: format!("{}; seed {seed}", told.join("; ")),
    }]
}
