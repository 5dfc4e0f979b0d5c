//! The cost of checkpoints to a run, and how soon a run stops after a signal.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use divisi::io::{checkpoint_steps, path_of};

use super::common::{DIVISI, Signal, mpirun, signal, wait};
use super::program::{command, ledger, run};
use super::{Figure, RUNS, median};

const GAS: &str = "sims/fluid/blast.toml";
/// The corners of a cube of gas.
const LOW: &str = "grid.low=-0.5,-0.5,-0.5";
const HIGH: &str = "grid.high=0.5,0.5,0.5";
/// The gas of the cost: 192^3 cells on two ranks, a checkpoint each three steps.
const CUBE: [&str; 8] = [
    "grid.cells=192,192,192",
    LOW,
    HIGH,
    "run.steps=15",
    "run.until=100",
    "output.every_time=0",
    "output.history_steps=0",
    "checkpoint.every_steps=3",
];
/// Seconds between checkpoints by default.
const INTERVAL: f64 = 600.0;

/// The share of its time, in percent, that a run gives to checkpoints at the default interval.
pub(crate) fn share() -> Vec<Figure> {
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let out = folder.path().join("run");
    let costs = (0..RUNS).map(|_| {
        run(2, GAS, &CUBE, &out);
        ledger(&out, "checkpoint_seconds") / ledger(&out, "checkpoints")
    });
    let cost = median(costs.collect());
    let step = *checkpoint_steps(&out.join("checkpoints")).last().expect("a checkpoint");
    let bytes = path_of(&out.join("checkpoints"), step).metadata().expect("a checkpoint").len() as f64;
    let note = format!("a checkpoint of {:.0} MB takes {cost:.2} s; one each 10 minutes", bytes / 1e6);
    vec![Figure {
        name: "checkpoint_share",
        value: 100.0 * cost / (INTERVAL + cost),
        unit: "% of the time",
        command: command(2, GAS, &CUBE),
        peer: String::new(),
        peer_value: None,
        note,
    }]
}

/// A step of this takes longer than the ranks leave between two agreements.
const SLOW: [&str; 8] = [
    "grid.cells=128,128,128",
    LOW,
    HIGH,
    "run.steps=100000",
    "run.until=100",
    "output.every_time=0",
    "output.history_steps=0",
    "checkpoint.every_minutes=0",
];

/// Seconds from USR1, sent to mpirun within a step of a run of four ranks, to the whole checkpoint; and what a step and a
/// checkpoint take. Panics unless the status is 85.
pub(crate) fn usr1() -> Vec<Figure> {
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let runs: Vec<[f64; 4]> = (0..RUNS).map(|number| stopped(&folder.path().join(number.to_string()))).collect();
    let [until_checkpoint, until_end, step, checkpoint] =
        [0, 1, 2, 3].map(|n| median(runs.iter().map(|r| r[n]).collect()));
    let note = format!(
        "a step takes {step:.3} s, the checkpoint {checkpoint:.3} s; the job has ended after {until_end:.3} s with status 85"
    );
    vec![Figure {
        name: "stop_usr1_s",
        value: until_checkpoint,
        unit: "s",
        command: "cargo bench --bench bench -- stop_usr1_s".into(),
        peer: "a step and a checkpoint".into(),
        peer_value: Some(step + checkpoint),
        note,
    }]
}

/// Seconds from the signal to the checkpoint and to the end; seconds of a step and of the checkpoint.
fn stopped(out: &Path) -> [f64; 4] {
    let mut job = mpirun(4, DIVISI);
    job.args(["run", GAS]).args(SLOW).arg("--out").arg(out).stdout(Stdio::null()).stderr(Stdio::null());
    let mut job = job.spawn().expect("mpirun starts");
    let began = Instant::now();
    while !out.join("snapshots/snapshot_000000.vtkhdf").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "no snapshot of the start");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Some steps, and not at the end of one.
    std::thread::sleep(Duration::from_millis(2345));
    let told = Instant::now();
    let at = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs_f64();
    signal(&job, Signal::USR1);
    assert_eq!(wait(&mut job, Duration::from_secs(60)), Some(85));
    let ended = told.elapsed().as_secs_f64();
    let step = *checkpoint_steps(&out.join("checkpoints")).last().expect("a checkpoint");
    let about = path_of(&out.join("checkpoints"), step).metadata().expect("a checkpoint");
    // A file's time of change is that of its last name.
    let named = about.ctime() as f64 + about.ctime_nsec() as f64 / 1e9;
    [named - at, ended, ledger(out, "loop_seconds") / step as f64, ledger(out, "checkpoint_seconds")]
}
