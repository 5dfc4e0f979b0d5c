//! Few bodies for long times, through the run loop.

use super::{Figure, RUNS, median, peers, program};

const OUTER: &str = "sims/nbody/outer_solar_system.toml";

/// Runs a case in turn with its peer: medians of the ledger's rate and of the peer's, and the largest energy error.
fn in_turn(file: &str, words: &[&str], key: &str, peer: &[&str]) -> (f64, Option<f64>, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut error = 0.0f64;
    for _ in 0..RUNS {
        program::run(1, file, words, folder.path());
        ours.push(program::ledger(folder.path(), key));
        error = error.max(program::energy_error(folder.path()));
        theirs.extend(peers::measure(peer));
    }
    (median(ours), (!theirs.is_empty()).then(|| median(theirs)), error)
}

/// The Wisdom-Holman map with a corrector of order 11 on the outer Solar System, 1e6 years in steps of 40 days.
pub(crate) fn wisdom_holman() -> Vec<Figure> {
    let words = ["output.history_steps=1000", "output.trajectory_steps=0", "checkpoint.every_steps=0"];
    let (value, peer_value, error) = in_turn(OUTER, &words, "rate", &["wisdom_holman", "2e5"]);
    vec![Figure {
        name: "wisdom_holman",
        value,
        unit: "steps/s",
        command: program::command(1, OUTER, &words),
        peer: "REBOUND, WHFast".into(),
        peer_value,
        note: format!("largest relative energy error over 1e6 years {error:.2e}"),
    }]
}

/// IAS15 on the outer Solar System, 1e5 years.
pub(crate) fn ias15() -> Vec<Figure> {
    let words = [
        "integrator.method=ias15",
        "integrator.corrector=0",
        "run.until=\"1e5 yr\"",
        "output.history_steps=100",
        "output.trajectory_steps=0",
        "checkpoint.every_steps=0",
    ];
    let (value, peer_value, error) = in_turn(OUTER, &words, "rate", &["ias15", "2e4"]);
    vec![Figure {
        name: "ias15",
        value,
        unit: "steps/s",
        command: program::command(1, OUTER, &words),
        peer: "REBOUND, IAS15".into(),
        peer_value,
        note: format!("largest relative energy error over 1e5 years {error:.2e}"),
    }]
}

/// The Solar System for 100 years with first post-Newtonian forces, all output included.
pub(crate) fn solar_system() -> Vec<Figure> {
    let file = "sims/nbody/solar_system.toml";
    let (value, tenth, error) = in_turn(file, &[], "loop_seconds", &["solar_system", "10"]);
    vec![Figure {
        name: "solar_system_100yr_s",
        value,
        unit: "s",
        command: program::command(1, file, &[]),
        peer: "REBOUND + REBOUNDx gr_full, IAS15, ten times 10 years".into(),
        peer_value: tenth.map(|seconds| 10.0 * seconds),
        note: format!("largest relative energy error {error:.2e}"),
    }]
}
