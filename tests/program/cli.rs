//! The command line: bad input gives one clear message, exit status 2, and nothing is written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{DIVISI, Ended, assert_same_files, divisi, finish, mpirun, root};
use tempfile::TempDir;

const LIMIT: u64 = 60;

fn sims(name: &str) -> String {
    root().join("sims/nbody").join(name).display().to_string()
}

/// A folder with a parameter file and a table, either of which a test spoils.
struct Input {
    folder: TempDir,
    toml: String,
    csv: String,
}

impl Input {
    fn new() -> Self {
        let toml = "simulation = \"nbody\"\n[run]\nsteps = 3\n[initial]\nkind = \"csv\"\nfile = \"bodies.csv\"\n\
                    [integrator]\nmethod = \"leapfrog\"\ndt = 0.01\n";
        let csv = "name,mass,x,y,z,vx,vy,vz\nA,1.0,0,0,0,0,0,0\nB,0.5,1,0,0,0,1,0\n";
        Input { folder: tempfile::tempdir().unwrap(), toml: toml.to_owned(), csv: csv.to_owned() }
    }

    fn toml(mut self, from: &str, to: &str) -> Self {
        assert!(self.toml.contains(from));
        self.toml = self.toml.replace(from, to);
        self
    }

    fn csv(mut self, from: &str, to: &str) -> Self {
        assert!(self.csv.contains(from));
        self.csv = self.csv.replace(from, to);
        self
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn run(&self, words: &[&str]) -> Ended {
        self.run_on(1, words)
    }

    fn run_on(&self, ranks: usize, words: &[&str]) -> Ended {
        let file = self.folder.path().join("run.toml");
        fs::write(&file, &self.toml).unwrap();
        fs::write(self.folder.path().join("bodies.csv"), &self.csv).unwrap();
        let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        finish(command.arg("run").arg(file).args(words).arg("--out").arg(self.out()), LIMIT)
    }

    /// Runs, expects status 2, one message that says all of `texts`, and no folder.
    #[track_caller]
    fn is_refused(&self, words: &[&str], texts: &[&str]) {
        let ended = self.run(words).expect(2);
        assert_eq!(ended.stderr.trim().lines().count(), 1, "one message, not:\n{}", ended.stderr);
        for text in texts {
            assert!(ended.stderr.contains(text), "expected `{text}` in: {}", ended.stderr);
        }
        assert!(!self.out().exists(), "something was written");
    }
}

#[test]
fn good_input_runs() {
    let input = Input::new();
    input.run(&[]).expect(0);
    assert!(input.out().join("history.csv").exists());
}

#[test]
fn a_missing_file() {
    let ended = finish(divisi().args(["run", "no/such/file.toml"]), LIMIT).expect(2).says("no/such/file.toml");
    assert!(ended.stderr.contains("cannot read this parameter file"));
    let input = Input::new().toml("bodies.csv", "other.csv");
    input.is_refused(&[], &["other.csv"]);
}

#[test]
fn a_syntax_error_with_line_and_column() {
    Input::new().toml("steps = 3", "steps = = 3").is_refused(&[], &["run.toml:3:9", "not valid TOML"]);
}

#[test]
fn an_unknown_key_with_the_nearest_one() {
    Input::new().toml("dt = ", "dtt = ").is_refused(&[], &["integrator.dtt", "line 9", "did you mean `dt`?"]);
    Input::new().toml("[run]", "[rum]").is_refused(&[], &["rum", "did you mean `run`?"]);
    Input::new().is_refused(&["run.stebs=4"], &["run.stebs", "did you mean `steps`?"]);
    Input::new().toml("\"nbody\"", "\"nbdy\"").is_refused(&[], &["did you mean `nbody`?"]);
    Input::new().toml("leapfrog", "leapfrg").is_refused(&[], &["did you mean `leapfrog`?", "line 8"]);
}

#[test]
fn a_wrong_type() {
    Input::new().toml("steps = 3", "steps = \"three\"").is_refused(&[], &["run.steps", "line 3"]);
    Input::new().is_refused(&["gravity.softening=soft"], &["gravity.softening", "from `gravity.softening=soft`"]);
}

#[test]
fn values_that_cannot_be() {
    Input::new().toml("steps = 3", "steps = 0").is_refused(&[], &["run.steps", "line 3", "nothing would run"]);
    Input::new().toml("steps = 3", "seed = 3").is_refused(&[], &["needs an end"]);
    Input::new().toml("dt = 0.01", "dt = -0.01").is_refused(&[], &["integrator.dt", "line 9", "-0.01"]);
    Input::new().is_refused(&["gravity.softening=-1"], &["gravity.softening", "-1"]);
    Input::new().is_refused(&["--until", "5 parsec"], &["run.until", "5 parsec"]);
    Input::new().is_refused(&["output.compress=10"], &["output.compress", "0 to 9"]);
    Input::new().is_refused(&["run.simd=mmx"], &["run.simd"]);
}

#[test]
fn bodies_that_cannot_be() {
    Input::new().csv("B,0.5", "B,-0.5").is_refused(&[], &["bodies.csv:3", "mass", "-0.5"]);
    Input::new().csv("B,0.5,1", "B,0.5,NaN").is_refused(&[], &["bodies.csv:3", "x", "NaN"]);
    Input::new().csv("B,0.5,1", "B,0.5,one").is_refused(&[], &["bodies.csv:3", "one"]);
    let without = Input::new().csv(",vz", "").csv(",0,0\nB", ",0\nB").csv(",1,0\n", ",1\n");
    without.is_refused(&[], &["vz", "bodies.csv"]);
    Input::new().csv("B,0.5,1", "B,0.5,0").is_refused(&[], &["A and B", "one place", "gravity.softening"]);
    Input::new()
        .csv("name,mass", "name,gm,mass")
        .csv("A,1.0", "A,1.0,1.0")
        .csv("B,0.5", "B,0.5,0.5")
        .is_refused(&[], &["gm", "mass"]);
}

#[test]
fn two_bodies_at_one_place_are_fine_with_softening() {
    Input::new().csv("B,0.5,1", "B,0.5,0").run(&["gravity.softening=0.1"]).expect(0);
}

#[test]
fn mixed_units() {
    let mixed = "[units]\npreset = \"si\"\nlength = \"au\"\n[run]";
    Input::new().toml("[run]", mixed).is_refused(&[], &["units", "preset", "length"]);
    Input::new().toml("[run]", "[units]\nlength = \"au\"\n[run]").is_refused(&[], &["units", "time"]);
}

#[test]
fn options_that_do_not_go_together() {
    Input::new().is_refused(&["integrator.corrector=11"], &["integrator.corrector", "wisdom_holman"]);
    Input::new().is_refused(&["gravity.post_newtonian=true"], &["gravity.post_newtonian", "ias15"]);
    Input::new().is_refused(&["events.escape=stop"], &["events.escape_radius"]);
    Input::new().is_refused(&["integrator.method=wisdom_holman", "integrator.corrector=4"], &["corrector"]);
}

#[test]
fn a_folder_that_holds_another_run() {
    let input = Input::new();
    input.run(&[]).expect(0);
    let before = fs::read(input.out().join("run.log")).unwrap();
    let ended = input.run(&[]).expect(2);
    for text in ["--resume", "--overwrite", "--out"] {
        assert!(ended.stderr.contains(text), "{}", ended.stderr);
    }
    assert_eq!(fs::read(input.out().join("run.log")).unwrap(), before, "the earlier run was touched");
    input.run(&["--overwrite"]).expect(0);
}

#[test]
fn a_folder_that_cannot_be_made() {
    // Where a file stands no folder can be made; root may write wherever permissions say no.
    let input = Input::new();
    fs::write(input.out(), "a file").unwrap();
    let ended = input.run(&[]).expect(2);
    assert!(ended.stderr.contains("cannot make this folder"), "{}", ended.stderr);
    let read_only = Path::new("/proc/divisi");
    let ended = finish(divisi().args(["run", &sims("kepler.toml"), "--steps", "1", "--out"]).arg(read_only), LIMIT);
    ended.expect(2).says("cannot make this folder");
}

#[test]
fn resume_starts_a_run_where_there_is_none_and_continues_one_where_there_is() {
    let input = Input::new();
    let started = input.run_on(3, &["--resume"]).expect(0);
    assert!(!started.stderr.contains("resumed"), "{}", started.stderr);
    input.run_on(2, &["--resume", "--steps", "5"]).expect(0).says("resumed at step 3");
    let whole = Input::new();
    whole.run(&["--steps", "5"]).expect(0);
    assert_same_files(&whole.out(), &input.out());
}

#[test]
fn a_folder_with_a_very_long_name() {
    let input = Input::new();
    let file = input.folder.path().join("run.toml");
    fs::write(&file, &input.toml).unwrap();
    fs::write(input.folder.path().join("bodies.csv"), &input.csv).unwrap();
    let out = input.folder.path().join("x".repeat(120)).join("y".repeat(120));
    finish(mpirun(2, DIVISI).arg("run").arg(file).arg("--out").arg(&out), LIMIT).expect(0);
    assert!(out.join("snapshots/snapshot_000001.hdf5").exists());
}

#[test]
fn an_hdf5_file_of_another_kind() {
    let made = Input::new();
    made.run(&[]).expect(0);
    let checkpoint = fs::read_dir(made.out().join("checkpoints")).unwrap().flatten().map(|entry| entry.path());
    let checkpoint = checkpoint.into_iter().find(|path| path.extension().is_some_and(|e| e == "hdf5")).unwrap();
    let input = Input::new().toml("\"csv\"", "\"gadget\"").toml("bodies.csv", &checkpoint.display().to_string());
    input.is_refused(&[], &["another kind"]);
    let input = Input::new().toml("\"csv\"", "\"gadget\"");
    input.is_refused(&[], &["bodies.csv"]);
}

#[test]
fn under_mpirun_a_mistake_is_told_once() {
    let ended = Input::new().csv("B,0.5", "B,-0.5").run_on(3, &[]).expect(2);
    assert_eq!(ended.stderr.matches("bodies.csv:3").count(), 1, "{}", ended.stderr);
    let ended = Input::new().toml("dt = ", "dtt = ").run_on(3, &[]).expect(2);
    assert_eq!(ended.stderr.matches("did you mean").count(), 1, "{}", ended.stderr);
    let ended = finish(mpirun(2, DIVISI).args(["run", "--nonsense"]), LIMIT).expect(2);
    assert_eq!(ended.stderr.matches("unexpected argument").count(), 1, "{}", ended.stderr);
}

#[test]
fn check_validates_estimates_and_writes_nothing() {
    let input = Input::new();
    let ended = input.run(&["--check"]).expect(0);
    for text in ["bodies", "memory", "estimate", "ranks"] {
        assert!(ended.stdout.contains(text), "{}", ended.stdout);
    }
    assert!(!input.out().exists());
}

#[test]
fn files_are_looked_at_without_mpi() {
    let input = Input::new();
    input.run(&[]).expect(0);
    let out = input.out().display().to_string();
    // A library path without MPI's plugins would not matter; MPI_Init would fail with these settings: Open MPI's, MPICH's.
    let settings = [("OMPI_MCA_pml", "none such"), ("PMI_FD", "99"), ("PMI_RANK", "0"), ("PMI_SIZE", "1")];
    let blocked = |words: &[&str]| finish(divisi().args(words).envs(settings), LIMIT);
    blocked(&["run", &sims("kepler.toml"), "--steps", "1", "--out", "/proc/x"])
        .status
        .filter(|&s| s != 0)
        .expect("MPI");
    for words in [vec!["--help"], vec!["list"], vec!["ls", &out], vec!["compare", &out, &out], vec!["plot", &out]] {
        blocked(&words).expect(0);
    }
}

#[test]
fn list_shows_parameters_that_are_valid() {
    let ended = finish(divisi().arg("list"), LIMIT).expect(0);
    for text in ["simulation = \"nbody\"", "softening", "every_time", "keep"] {
        assert!(ended.stdout.contains(text), "{text}");
    }
    finish(divisi().args(["list", "nbdy"]), LIMIT).expect(2).says("did you mean `nbody`?");
}

#[test]
fn a_resumed_run_may_go_on_for_longer_but_not_become_another() {
    let input = Input::new();
    input.run(&["run.steps=4"]).expect(0);
    let out = input.out().display().to_string();
    let whole = input.folder.path().join("whole");
    finish(divisi().args(["resume", &out, "integrator.dt=0.02"]), LIMIT).expect(2).says("integrator.dt");
    finish(divisi().args(["resume", &out, "--steps", "9"]), LIMIT).expect(0);
    finish(
        divisi()
            .args(["run", &format!("{}/run.toml", input.folder.path().display()), "--steps", "9", "--out"])
            .arg(&whole),
        LIMIT,
    )
    .expect(0);
    assert_same_files(&whole, &input.out());
    finish(divisi().args(["resume", "no/such/run"]), LIMIT).expect(2).says("holds no run");
}
