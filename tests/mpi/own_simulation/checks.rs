//! What a user's own simulation may count on, each claim a function that panics where it doesn't hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use divisi::io::Reader;
use tempfile::TempDir;

use super::ROLE;
use crate::common::{
    Ended, Signal, assert_same_files, finish, history, is_mpich, ledger, mpirun, signal, wait, without_mpirun,
};

/// Seconds after which a launch is killed.
pub(crate) const LIMIT: u64 = 240;

pub(crate) const CHECKS: &[(&str, fn())] = &[
    ("files are equal on any number of ranks", equal_on_all_ranks),
    ("stopped by --steps and resumed on other ranks", resumed_after_steps),
    ("told by USR1 and resumed on other ranks", resumed_after_signal),
    ("USR1 within a step ends the run after that step", usr1_within_a_step),
    ("a second INT ends a run at once", second_int),
    ("a chosen step meets the times of snapshots", chosen_steps_meet_times),
    ("a fixed step is written at or past the times of snapshots", fixed_steps_pass_times),
    ("history and trajectory have their own cadences", own_cadences),
    ("output does not change a fixed-step run", output_changes_nothing),
    ("the parameters as used run again to the same files", config_runs_again),
    ("list shows the parameters", list_shows_parameters),
    ("--check writes nothing", check_writes_nothing),
    ("bad input is told once and writes nothing", bad_input),
    ("a resumed run is not another run", resume_refuses_changes),
    ("NaN stops the run and names its place", nan_stops),
    ("an error on one rank ends all", error_ends_all),
    ("checkpoints by time do not change steps", checkpoints_by_time),
    ("a run ends before its time is over and goes on", walltime_ends_with_a_checkpoint),
    ("one job per folder", one_job_per_folder),
    ("verify finds the same bits again", verify_finds_the_same),
    ("verify finds a flipped bit", verify_finds_a_flipped_bit),
];

/// A parameter file in a folder of its own, and the runs of it.
pub(crate) struct Runs {
    folder: TempDir,
}

/// Some 150 chosen steps, or 160 fixed ones.
const PARAMETERS: &str = "simulation = \"rod\"\n[run]\nuntil = 0.008\n[rod]\ncells = 60\n";
const FIXED: &str = "rod.dt=0.00005";

/// This test as the program: without mpirun for 0 ranks.
pub(crate) fn program(ranks: usize) -> Command {
    let me = std::env::current_exe().expect("this program");
    let mut command = if ranks == 0 { without_mpirun(&me) } else { mpirun(ranks, &me) };
    command.env(crate::ROLE, ROLE);
    command
}

impl Runs {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("rod.toml"), PARAMETERS).expect("a parameter file");
        Runs { folder }
    }

    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, ranks: usize, name: &str, words: &[&str]) -> Command {
        let mut command = program(ranks);
        command.arg("run").arg(self.out("rod.toml")).args(words).arg("--out").arg(self.out(name));
        command
    }

    pub(crate) fn run(&self, ranks: usize, name: &str, words: &[&str]) -> Ended {
        finish(&mut self.command(ranks, name, words), LIMIT)
    }

    /// A run that ends well; its folder.
    pub(crate) fn whole(&self, ranks: usize, name: &str, words: &[&str]) -> PathBuf {
        self.run(ranks, name, words).expect(0);
        self.out(name)
    }

    pub(crate) fn resume(&self, ranks: usize, name: &str, words: &[&str]) -> Ended {
        finish(program(ranks).arg("resume").arg(self.out(name)).args(words), LIMIT)
    }
}

fn equal_on_all_ranks() {
    let runs = Runs::new();
    let output =
        ["output.every_time=0.003", "output.history_steps=4", "output.trajectory_steps=20", "output.compress=2"];
    for (way, more) in [("chosen", "rod.dt=0"), ("fixed", FIXED)] {
        let words = [&output[..], &[more]].concat();
        let alone = runs.whole(0, &format!("{way}_0"), &words);
        for ranks in [1, 2, 3, 4] {
            assert_same_files(&alone, &runs.whole(ranks, &format!("{way}_{ranks}"), &words));
        }
        let heat = history(&alone, "heat");
        assert!(heat.len() > 30 && heat.iter().all(|h| (h / heat[0] - 1.0).abs() < 1e-13), "{heat:?}");
        assert!(history(&alone, "hottest").is_sorted_by(|a, b| a > b));
    }
}

fn resumed_after_steps() {
    let runs = Runs::new();
    for (more, before, after) in [("rod.dt=0", 2, 3), (FIXED, 4, 1)] {
        let words = [
            "output.every_time=0.0014",
            "output.history_steps=3",
            "output.trajectory_time=0.0009",
            more,
            "--overwrite",
        ];
        let whole = runs.whole(1, "whole", &words);
        runs.whole(before, "parts", &[&words[..], &["--steps", "37"]].concat());
        assert_eq!(history(&runs.out("parts"), "step").last(), Some(&37.0));
        runs.resume(after, "parts", &["--steps", "71"]).expect(0).says("resumed at step 37");
        runs.resume(before, "parts", &["--steps", "1000000"]).expect(0).says("resumed at step 71");
        assert_same_files(&whole, &runs.out("parts"));
        // A run that is done already stays as it is.
        runs.resume(2, "whole", &[]).expect(0);
        assert_same_files(&whole, &runs.out("parts"));
    }
}

/// Starts a run and sends it USR1 once it has written the second snapshot.
pub(crate) fn stop_by_signal(runs: &Runs, mut command: Command, name: &str) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
    let started = Instant::now();
    while !runs.out(name).join("snapshots/snapshot_000001.hdf5").exists() && started.elapsed().as_secs() < LIMIT {
        std::thread::sleep(Duration::from_millis(2));
    }
    signal(&child, Signal::USR1);
    expect_stopped(runs, &mut child, name);
}

/// Waits for a run that was told to stop. MPICH's mpiexec loses the status of its ranks now and then when a signal passed through it:
/// the run's folder has it.
fn expect_stopped(runs: &Runs, child: &mut std::process::Child, name: &str) {
    let mut status = wait(child, Duration::from_secs(LIMIT));
    if status == Some(0) && is_mpich() {
        status = finish(program(1).arg("status").arg(runs.out(name)), LIMIT).status;
    }
    assert_eq!(status, Some(85), "{name}");
}

fn resumed_after_signal() {
    let runs = Runs::new();
    let words = ["output.every_time=0.001", "output.history_steps=5"];
    let whole = runs.whole(1, "whole", &words);
    for (name, before, after) in [("alone", 0, 2), ("spread", 3, 2)] {
        let command = runs.command(before, name, &[&words[..], &["trouble.pause_ms=10"]].concat());
        stop_by_signal(&runs, command, name);
        let ended = runs.resume(after, name, &[]).expect(0).says("resumed at step");
        assert!(!ended.stderr.contains("resumed at step 0,"), "{}", ended.stderr);
        assert_same_files(&whole, &runs.out(name));
    }
}

/// Starts a run with long steps and a snapshot after each, and waits until it is within step `within`.
fn start_slowly(runs: &Runs, ranks: usize, name: &str, pause: Duration, within: u64) -> std::process::Child {
    let pause_ms = format!("trouble.pause_ms={}", pause.as_millis());
    let mut command = runs.command(ranks, name, &["output.every_steps=1", FIXED, &pause_ms]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
    let started = Instant::now();
    let before = format!("snapshots/snapshot_{:06}.hdf5", within - 1);
    while !runs.out(name).join(&before).exists() {
        assert!(started.elapsed().as_secs() < LIMIT, "no {before}");
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(300));
    child
}

fn usr1_within_a_step() {
    let runs = Runs::new();
    let whole = runs.whole(1, "whole", &["output.every_steps=1", FIXED]);
    let mut child = start_slowly(&runs, 4, "told", Duration::from_millis(900), 3);
    signal(&child, Signal::USR1);
    expect_stopped(&runs, &mut child, "told");
    assert_eq!(divisi::io::checkpoint_steps(&runs.out("told").join("checkpoints")), [3]);
    runs.resume(3, "told", &["trouble.pause_ms=0"]).expect(0).says("resumed at step 3,");
    assert_same_files(&whole, &runs.out("told"));
}

fn second_int() {
    let runs = Runs::new();
    let mut child = start_slowly(&runs, 0, "once", Duration::from_millis(600), 2);
    signal(&child, Signal::INT);
    assert_eq!(wait(&mut child, Duration::from_secs(LIMIT)), Some(85));
    let mut child = start_slowly(&runs, 0, "twice", Duration::from_secs(60), 1);
    let told = Instant::now();
    signal(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(100));
    signal(&child, Signal::INT);
    assert_eq!(wait(&mut child, Duration::from_secs(LIMIT)), Some(130));
    assert!(told.elapsed() < Duration::from_secs(10), "it ended after {:?}", told.elapsed());
    let parts = fs::read_dir(runs.out("twice").join("checkpoints")).expect("checkpoints").count();
    assert_eq!(parts, 0, "something half written is left");
}

/// The times of all snapshots of a run.
pub(crate) fn snapshot_times(run: &Path) -> Vec<f64> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(run.join("snapshots")).expect("snapshots").map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "hdf5"));
    files.sort();
    let time = |path: &PathBuf| Reader::open(path).and_then(|file| file.attribute("Header", "Time")).expect("a time");
    files.iter().map(time).collect()
}

#[track_caller]
fn assert_times(run: &Path, expected: &[f64]) {
    let times = snapshot_times(run);
    let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-15;
    assert!(times.len() == expected.len() && times.iter().zip(expected).all(near), "{times:?}, expected {expected:?}");
}

fn chosen_steps_meet_times() {
    let runs = Runs::new();
    let words = ["output.every_time=0.003", "output.times=[0.005,0.001]"];
    assert_times(&runs.whole(2, "times", &words), &[0.0, 0.001, 0.003, 0.005, 0.006, 0.008]);
    assert_times(&runs.whole(2, "ends", &[]), &[0.0, 0.008]);
    let steps = history(&runs.whole(2, "steps", &["output.every_steps=50"]), "step").last().copied().expect("a row");
    assert_eq!(snapshot_times(&runs.out("steps")).len() as u64, 2 + (steps as u64 - 1) / 50);
}

fn fixed_steps_pass_times() {
    let runs = Runs::new();
    let dt = 0.0003;
    let words = ["rod.dt=0.0003", "rod.cells=20", "output.every_time=0.003", "output.times=0.00124,0.005"];
    assert_times(&runs.whole(3, "times", &words), &[0.0, 5.0, 10.0, 17.0, 20.0, 27.0].map(|steps| steps * dt));
    let words = ["rod.dt=0.0003", "rod.cells=20", "output.every_steps=10", "--steps", "25"];
    assert_times(&runs.whole(3, "steps", &words), &[0.0, 10.0, 20.0, 25.0].map(|steps| steps * dt));
}

fn own_cadences() {
    let runs = Runs::new();
    let steps = |name: &str, words: &[&str]| {
        history(&runs.whole(2, name, &[&[FIXED, "--steps", "20"], words].concat()), "step")
    };
    assert_eq!(steps("each", &[]), (0..=20).map(f64::from).collect::<Vec<_>>());
    assert_eq!(steps("seventh", &["output.history_steps=7", "output.every_steps=3"]), [0.0, 7.0, 14.0, 20.0]);
    assert_eq!(steps("ends", &["output.history_steps=0"]), [0.0, 20.0]);
    assert_eq!(steps("time", &["output.history_steps=0", "output.history_time=0.0004"]), [0.0, 8.0, 16.0, 20.0]);
    let trajectory = |name: &str| runs.out(name).join("trajectory.hdf5");
    assert!(!trajectory("each").exists(), "a trajectory that nobody asked for");
    steps("frames", &["output.trajectory_steps=8", "output.history_steps=0"]);
    let frames = Reader::open(&trajectory("frames")).expect("a trajectory");
    assert_eq!(frames.read::<u64>("Step").expect("steps"), [0, 8, 16]);
    assert_eq!(frames.shape("Temperature").expect("temperatures"), [3, 60]);
}

/// The raw state and clock of the newest checkpoint.
pub(crate) fn last_state(run: &Path) -> (Vec<f64>, Vec<f64>) {
    let mut files: Vec<PathBuf> =
        fs::read_dir(run.join("checkpoints")).expect("checkpoints").map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "hdf5"));
    files.sort();
    let file = Reader::open(files.last().expect("a checkpoint")).expect("a checkpoint");
    (file.read("State/temperature").expect("a state"), file.attributes("Values", "run.clock").expect("a clock"))
}

fn output_changes_nothing() {
    let runs = Runs::new();
    // With chosen steps too, as long as nothing is due by time.
    for (way, time) in [(FIXED, "output.every_time=0.0031"), ("rod.dt=0", "output.every_time=0")] {
        let often = [way, time, "output.every_steps=29", "checkpoint.every_steps=37", "--overwrite"];
        let rarely = [way, "output.history_steps=0", "checkpoint.every_minutes=0", "--overwrite"];
        assert_eq!(last_state(&runs.whole(2, "often", &often)), last_state(&runs.whole(3, "rarely", &rarely)));
    }
}

fn config_runs_again() {
    let runs = Runs::new();
    let start: String = (0..60).map(|cell| format!("{}\n", (cell % 7) as f64 / 7.0)).collect();
    fs::write(runs.out("start.txt"), start).expect("a file");
    let first = runs.whole(2, "first", &["output.times=0.001,0.002", "rod.safety=0.3", "rod.start=start.txt"]);
    // Relative paths in it start where they did.
    finish(program(3).arg("run").arg(first.join("config.toml")).arg("--out").arg(runs.out("again")), LIMIT).expect(0);
    assert_same_files(&first, &runs.out("again"));
    // A run that was killed before its first checkpoint starts anew.
    fs::remove_dir_all(runs.out("again").join("checkpoints")).expect("checkpoints to remove");
    runs.resume(2, "again", &[]).expect(0);
    assert_same_files(&first, &runs.out("again"));
}

fn list_shows_parameters() {
    let ended = finish(program(0).arg("list"), LIMIT).expect(0);
    for text in ["simulation = \"rod\"", "Number of cells", "[output]", "every_minutes"] {
        assert!(ended.stdout.contains(text), "no `{text}` in:\n{}", ended.stdout);
    }
}

fn check_writes_nothing() {
    let runs = Runs::new();
    let ended = runs.run(2, "none", &["--check"]).expect(0);
    assert!(ended.stdout.contains("are valid") && ended.stdout.contains("estimate"), "{}", ended.stdout);
    assert!(!runs.out("none").exists());
}

fn bad_input() {
    let runs = Runs::new();
    let cases: [(&[&str], &str); 7] = [
        (&["rod.cels=3"], "there is no parameter `cels` here; did you mean `cells`?"),
        (&["rodd.cells=3"], "did you mean `rod`?"),
        (&["rod.cells=many"], "rod.cells (from `rod.cells=many`)"),
        (&["--steps", "0"], "run.steps (from `run.steps=0`): is 0"),
        (&["rod.safety=0.7"], "rod.safety (from `rod.safety=0.7`): 0.7 is not allowed"),
        (&["simulation=rood"], "did you mean `rod`?"),
        (&["rod.cells=1"], "1 cells are too few for 3 ranks"),
    ];
    for (words, says) in cases {
        let ended = runs.run(3, "none", words).expect(2).says(says);
        assert_eq!(ended.stderr.matches(says).count(), 1, "told more than once:\n{}", ended.stderr);
        assert!(!runs.out("none").exists(), "{words:?} wrote something");
    }
    runs.run(0, "none", &["rod.cels=3"]).expect(2).says("did you mean `cells`?");
}

fn resume_refuses_changes() {
    let runs = Runs::new();
    runs.whole(2, "run", &["--steps", "10", "output.every_time=0.001"]);
    runs.resume(2, "run", &["rod.safety=0.2", "--steps", "20"]).expect(2).says("rod.safety (run in");
    runs.run(2, "run", &["--steps", "10"]).expect(2).says("holds a run already");
    let changed = runs.resume(2, "run", &["output.every_time=0.002", "--steps", "20"]).expect(0);
    changed.says("warning: output.every_time changed from 0.001 to 0.002");
    finish(program(0).arg("resume").arg(runs.out("none")), LIMIT).expect(2).says("holds no run");
}

fn nan_stops() {
    let runs = Runs::new();
    for ranks in [1, 3] {
        let name = format!("nan_{ranks}");
        let ended = runs.run(ranks, &name, &["trouble.nan_at=9", "checkpoint.every_steps=4"]);
        assert!(ended.seconds < 20.0, "{} s", ended.seconds);
        ended.expect(1).says("step 9: the temperature of cell 16 is NaN");
        assert!(runs.out(&name).join("checkpoints/step_0000000008.hdf5").exists());
    }
}

fn error_ends_all() {
    let runs = Runs::new();
    for ranks in [1, 3] {
        let ended = runs.run(ranks, &format!("error_{ranks}"), &["trouble.error_at=5"]);
        assert!(ended.seconds < 20.0, "{} s", ended.seconds);
        ended.expect(1).says("the rod broke");
    }
}

fn checkpoints_by_time() {
    let runs = Runs::new();
    let without = runs.whole(2, "without", &["output.history_steps=3"]);
    let with = runs.whole(2, "with", &["output.history_steps=3", "checkpoint.every_time=0.0017", "checkpoint.keep=9"]);
    assert_same_files(&without, &with);
    // Four times on the way, and the end.
    assert_eq!(divisi::io::checkpoint_steps(&with.join("checkpoints")).len(), 5);
    let words = ["checkpoint.mean_hours_between_failures=24", "checkpoint.every_steps=50", "--overwrite"];
    runs.run(2, "with", &words).expect(0).says("loses least with 24 h between failures");
}

fn walltime_ends_with_a_checkpoint() {
    let runs = Runs::new();
    let whole = runs.whole(1, "whole", &["output.history_steps=5"]);
    // About 150 steps of 40 ms: six seconds, of which one is given beyond the five that are kept spare.
    let words = ["output.history_steps=5", "trouble.pause_ms=40", "--walltime", "0:06"];
    runs.run(2, "short", &words).expect(85).says("the time given is nearly over");
    // By the run's own clock, which is that of the time limit: a loaded machine takes its time to start and end ranks.
    let seconds = ledger(&runs.out("short"))["seconds"].as_f64().expect("seconds");
    assert!(seconds < 6.0, "{seconds} s");
    let step = history(&runs.out("short"), "step").last().copied().expect("a row");
    assert!(step < 100.0, "{step} steps");
    runs.resume(3, "short", &["--walltime", "1:00:00"]).expect(0).says("resumed at step");
    assert_same_files(&whole, &runs.out("short"));
    runs.run(1, "wrong", &["--walltime", "soon"]).expect(2).says("run.walltime");
}

fn one_job_per_folder() {
    let runs = Runs::new();
    let mut command = runs.command(2, "taken", &["trouble.pause_ms=20"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
    let started = Instant::now();
    while !runs.out("taken").join("history.csv").exists() && started.elapsed().as_secs() < LIMIT {
        std::thread::sleep(Duration::from_millis(2));
    }
    let refused = runs.resume(1, "taken", &[]).expect(2).says("another job is at work in this folder: process");
    assert!(!refused.stderr.contains("resumed"), "{}", refused.stderr);
    assert_eq!(wait(&mut child, Duration::from_secs(LIMIT)), Some(0));
    runs.resume(1, "taken", &[]).expect(0);
    assert!(!runs.out("taken").join("lock").exists());
}

pub(crate) fn verify(runs: &Runs, ranks: usize, name: &str, words: &[&str]) -> Ended {
    let ended = finish(program(ranks).arg("verify").arg(runs.out(name)).args(words), LIMIT);
    assert!(!runs.out(name).join("verify").exists(), "the scratch folder is still there");
    ended
}

/// Rows at each step, snapshots every 20, checkpoints every 25.
const OFTEN: [&str; 4] =
    ["output.history_steps=1", "output.every_steps=20", "checkpoint.every_steps=25", "checkpoint.keep=9"];

fn verify_finds_the_same() {
    let runs = Runs::new();
    let run = runs.whole(3, "run", &OFTEN);
    let before = crate::common::promised_files(&run);
    for (ranks, words) in [(2, &[][..]), (1, &["--from", "0", "--to", "60"]), (4, &["--from", "50", "--to", "75"])] {
        let ended = verify(&runs, ranks, "run", words).expect(0);
        assert!(ended.stdout.contains("the same bits"), "{}", ended.stdout);
    }
    assert!(before == crate::common::promised_files(&run), "verify changed the run");
    let ended = verify(&runs, 1, "run", &["--from", "26"]).expect(2);
    assert!(ended.stderr.contains("no checkpoint of step 26"), "{}", ended.stderr);
}

fn verify_finds_a_flipped_bit() {
    let runs = Runs::new();
    finish(runs.command(3, "run", &OFTEN).env(super::rod::FLIP, "63"), LIMIT).expect(0);
    let ended = verify(&runs, 2, "run", &["--from", "0"]).expect(1);
    let first = ended.stdout.lines().find(|line| line.starts_with("step ")).expect("a difference");
    assert!(first.starts_with("step 63: ") && first.contains("heat is"), "{}", ended.stdout);
    let in_snapshot = ended.stdout.lines().find(|line| line.contains("Temperature")).expect("a snapshot that differs");
    // Cell 40 is the first of the last of three ranks; in the 17 steps to the snapshot it has spread to cell 23.
    assert!(in_snapshot.starts_with("step 80: "), "{in_snapshot}");
    let ended = verify(&runs, 1, "run", &["--from", "50", "--to", "60"]).expect(0);
    assert!(ended.stdout.contains("the same bits"), "{}", ended.stdout);
    // From a checkpoint after the fault nothing shows: it is in what both start from.
    verify(&runs, 1, "run", &["--from", "75"]).expect(0);
}
