//! `divisi verify` sees a changed number in every file of a run that it computes again.
//!
//! Of bodies: a row of the history, an event, a frame of the trajectory, a snapshot, a checkpoint; of a fit its posterior and its summary. Of
//! each the first and the last number of its kind; and where nothing can be compared it says so.

use std::fs;
use std::path::{Path, PathBuf};

use divisi::io::Reader;
use tempfile::TempDir;

use crate::common::{Ended, divisi, finish, root};

const LIMIT: u64 = 60;

struct Made(TempDir);

impl Made {
    fn run(file: &str, words: &[&str]) -> Self {
        let made = Made(tempfile::tempdir().unwrap());
        let file = root().join("sims").join(file);
        finish(divisi().arg("run").arg(file).args(words).arg("--out").arg(made.out()), LIMIT).expect(0);
        made
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("run")
    }

    fn verify(&self, words: &[&str]) -> Ended {
        finish(divisi().arg("verify").arg(self.out()).args(words), LIMIT)
    }

    /// Verifies with a bit of `bytes`, where they are in a file, changed.
    fn with_changed(&self, name: &str, bytes: &[u8], words: &[&str]) -> Ended {
        let path = self.out().join(name);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        let place = changed.windows(bytes.len()).rposition(|found| found == bytes).expect("the bytes are in the file");
        changed[place] ^= 1;
        fs::write(&path, changed).unwrap();
        let ended = self.verify(words);
        fs::write(&path, whole).unwrap();
        ended
    }
}

/// The bytes of the last number of a dataset that isn't zero.
fn last_of(path: &Path, dataset: &str) -> [u8; 8] {
    let numbers: Vec<f64> = Reader::open(path).unwrap().read(dataset).unwrap();
    numbers.iter().rev().find(|number| **number != 0.0).unwrap().to_le_bytes()
}

/// The last digit of the first row of a table, and the row after it.
fn first_row(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).take(2).collect();
    format!("{}\n{}", &rows[0][rows[0].len() - 1..], rows[1]).into_bytes()
}

/// The last digit of the last line of a table, with the newline after it.
fn last_digit(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).unwrap();
    text.as_bytes()[text.len() - 2..].to_vec()
}

#[test]
fn a_changed_number_is_found_in_each_file_of_bodies() {
    let cadence =
        ["output.trajectory_steps=1", "output.every_steps=50", "checkpoint.every_steps=50", "checkpoint.keep=9"];
    let integrator = ["integrator.method=leapfrog", "integrator.dt=0.02", "--steps", "150"];
    let events = ["events.close_encounter=record", "events.close_encounter_distance=1.5"];
    let made = Made::run("nbody/pythagorean.toml", &[&cadence[..], &integrator, &events].concat());
    let out = made.out();
    assert!(fs::read_to_string(out.join("events.csv")).unwrap().lines().count() > 1, "no event to change");
    made.verify(&["--from", "0"]).expect(0);
    let snapshot = "snapshots/snapshot_000002.hdf5";
    let checkpoint = "checkpoints/step_0000000100.hdf5";
    let cases = [
        ("history.csv", last_digit(&out.join("history.csv"))),
        ("events.csv", last_digit(&out.join("events.csv"))),
        ("trajectory.hdf5", last_of(&out.join("trajectory.hdf5"), "Velocities").to_vec()),
        (snapshot, last_of(&out.join(snapshot), "PartType1/Coordinates").to_vec()),
        (checkpoint, last_of(&out.join(snapshot), "PartType1/Coordinates").to_vec()),
    ];
    for (name, bytes) in cases {
        let ended = made.with_changed(name, &bytes, &["--from", "0"]).expect(1);
        assert!(ended.stdout.contains(name) && ended.stdout.contains(" differ"), "{name}: {}", ended.stdout);
    }
    // The start is looked at where it is computed again, and nowhere else: the first row, the first frame, the first snapshot.
    let start = "snapshots/snapshot_000000.hdf5";
    let places: Vec<f64> = Reader::open(&out.join("trajectory.hdf5")).unwrap().read("Coordinates").unwrap();
    let cases = [
        ("history.csv", first_row(&out.join("history.csv"))),
        ("trajectory.hdf5", places[..9].iter().flat_map(|number| number.to_le_bytes()).collect()),
        (start, last_of(&out.join(start), "PartType1/Coordinates").to_vec()),
    ];
    for (name, bytes) in cases {
        let ended = made.with_changed(name, &bytes, &["--from", "0"]).expect(1);
        assert!(ended.stdout.contains(name) && ended.stdout.contains("step 0"), "{name}: {}", ended.stdout);
    }
    let bytes = last_of(&out.join(start), "PartType1/Coordinates");
    made.with_changed(start, &bytes, &["--from", "50"]).expect(0);
}

#[test]
fn a_changed_number_is_found_in_each_file_of_a_fit() {
    let method =
        ["method.start=prior", "method.walkers=34", "method.burn_in=5", "method.thin=1", "method.effective_samples=0"];
    let words = [&method[..], &["--steps", "40", "checkpoint.every_steps=20", "checkpoint.keep=9"]].concat();
    let made = Made::run("orbit/hd164922_mcmc.toml", &words);
    let out = made.out();
    made.verify(&["--from", "20"]).expect(0);
    let posterior = last_of(&out.join("posterior.hdf5"), "post").to_vec();
    for (name, bytes) in [("posterior.hdf5", posterior), ("summary.csv", last_digit(&out.join("summary.csv")))] {
        let ended = made.with_changed(name, &bytes, &["--from", "20"]).expect(1);
        assert!(ended.stdout.contains(name), "{}", ended.stdout);
    }
    fs::remove_file(out.join("summary.csv")).unwrap();
    let ended = made.verify(&["--from", "20"]).expect(1);
    assert!(ended.stdout.contains("summary.csv: is missing"), "{}", ended.stdout);
}

#[test]
fn nothing_compared_is_no_success() {
    let cadence =
        ["output.history_steps=0", "output.trajectory_steps=0", "output.trajectory_time=0", "output.every_time=0"];
    let words = [&cadence[..], &["checkpoint.every_steps=10", "checkpoint.keep=9", "--steps", "20"]].concat();
    let made = Made::run("nbody/pythagorean.toml", &words);
    made.verify(&["--from", "10", "--to", "15"])
        .expect(2)
        .says("has nothing of the steps 10 to 15 that could be compared");
    assert!(!made.out().join("verify").exists());
    made.verify(&["--from", "10", "--to", "20"]).expect(0);
}
