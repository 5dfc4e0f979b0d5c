//! Runs of the program, and what their files say.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Figure, RUNS, median};

/// The program, in its release build.
pub(crate) const DIVISI: &str = env!("CARGO_BIN_EXE_divisi");

/// Runs `divisi run` on `ranks` ranks into `out`.
pub(crate) fn run(ranks: usize, file: &str, words: &[&str], out: &Path) {
    let mut command = if ranks == 1 { Command::new(DIVISI) } else { Command::new("mpirun") };
    if ranks > 1 {
        command.args(["-n", &ranks.to_string(), DIVISI]);
    }
    command.args(["run", file]).args(words).arg("--overwrite").arg("--out").arg(out);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let output = command.stdout(Stdio::null()).output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The command that does the same by hand.
pub(crate) fn command(ranks: usize, file: &str, words: &[&str]) -> String {
    let words: Vec<String> =
        words.iter().map(|word| if word.contains('"') { format!("'{word}'") } else { (*word).to_owned() }).collect();
    let launcher = if ranks > 1 { format!("mpirun -n {ranks} ") } else { String::new() };
    format!("{launcher}target/release/divisi run {file} {}", words.join(" ")).trim_end().to_owned()
}

/// A number of ledger.json.
pub(crate) fn ledger(out: &Path, key: &str) -> f64 {
    let text = std::fs::read_to_string(out.join("ledger.json")).expect("ledger.json");
    let ledger: serde_json::Value = serde_json::from_str(&text).expect("ledger.json is JSON");
    ledger[key].as_f64().unwrap_or_else(|| panic!("no number {key} in ledger.json"))
}

/// How many times as fast as one rank two are, through the real message path: pairs of runs in turn.
pub(crate) fn two_ranks_speedup(name: &'static str, file: &str, words: &[&str]) -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let loop_seconds = |ranks: usize| {
        let out = folder.path().join(ranks.to_string());
        run(ranks, file, words, &out);
        ledger(&out, "loop_seconds")
    };
    let ratios: Vec<f64> = (0..RUNS).map(|_| loop_seconds(1) / loop_seconds(2)).collect();
    Figure {
        name,
        value: median(ratios.clone()),
        unit: "times one rank",
        command: command(2, file, words),
        peer: String::new(),
        peer_value: None,
        note: format!("pairs of runs: {ratios:.2?}"),
    }
}

/// A list of numbers of ledger.json.
pub(crate) fn ledger_list(out: &Path, key: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(out.join("ledger.json")).expect("ledger.json");
    let ledger: serde_json::Value = serde_json::from_str(&text).expect("ledger.json is JSON");
    let list = ledger[key].as_array().unwrap_or_else(|| panic!("no list {key} in ledger.json"));
    list.iter().map(|number| number.as_f64().expect("a number")).collect()
}

/// The largest relative error of the energy in history.csv.
pub(crate) fn energy_error(out: &Path) -> f64 {
    let history = divisi::io::History::read(&out.join("history.csv")).expect("history.csv");
    let errors = history.column("energy_error").expect("energy_error");
    errors.iter().fold(0.0, |most, error| most.max(error.abs()))
}
