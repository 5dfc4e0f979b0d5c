//! Killed, damaged, or on a full disk: nothing that was finished is lost, and nothing wrong is taken for good.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::case::{Case, run};
use crate::common::torture::torture;
use crate::common::{DIVISI, assert_same_files, divisi, finish, mpirun, root};
use divisi::io::{checkpoint_steps, newest_alone, path_of};

const BODIES: Case = Case {
    name: "bodies",
    file: "nbody/plummer",
    words: &["run.until=0.5", "checkpoint.every_steps=8", "output.history_steps=3", "output.every_time=0.125"],
};
const GAS: Case = Case {
    name: "gas",
    file: "fluid/blast",
    words: &[
        "grid.cells=67,41",
        "run.steps=300",
        "checkpoint.every_steps=10",
        "output.every_time=0",
        "output.every_steps=40",
        "output.history_steps=3",
    ],
};

/// Some 500 tasks, each a program of its own.
const SWEEP: Case =
    Case { name: "sweep", file: "sweep/logistic", words: &["sweep.retries=9", "parameters.values.r.count=251"] };

#[test]
fn killed_at_random_times_a_run_ends_with_the_bytes_of_the_undisturbed_one() {
    for (case, interval) in [(BODIES, 8), (GAS, 10)] {
        let tally = torture(&case, &[], 4, 1);
        assert!(tally.kills >= 4 && tally.most_lost <= interval + 3, "{}: {tally:?}", case.name);
    }
    // What a sweep loses is told in tests/program/sweeps/killed.rs and tests/mpi/sweep_deaths.
    assert!(torture(&SWEEP, &[], 4, 1).kills >= 4);
}

/// A copy of a run's folder of checkpoints, whose newest file can be damaged.
struct Copy {
    folder: tempfile::TempDir,
    newest: PathBuf,
    bytes: Vec<u8>,
    steps: Vec<u64>,
}

impl Copy {
    fn of(run: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(run.join("checkpoints")).unwrap().map(|entry| entry.unwrap().path()) {
            fs::copy(&entry, folder.path().join(entry.file_name().unwrap())).unwrap();
        }
        let steps = checkpoint_steps(folder.path());
        let newest = path_of(folder.path(), *steps.last().unwrap());
        let bytes = fs::read(&newest).unwrap();
        Copy { folder, newest, bytes, steps }
    }

    /// The checkpoint before must be taken, with a warning that names the damaged one.
    #[track_caller]
    fn assert_refused(&self, bytes: &[u8], what: &str) {
        fs::write(&self.newest, bytes).unwrap();
        let (taken, warnings) = newest_alone(self.folder.path()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let before = self.steps[self.steps.len() - 2];
        assert_eq!(taken.map(|checkpoint| checkpoint.step()), Some(before), "{what}");
        let name = self.newest.file_name().unwrap().to_string_lossy();
        assert!(warnings.len() == 1 && warnings[0].contains(&*name), "{what}: {warnings:?}");
    }
}

/// Places spread over a file without a pattern.
fn places(count: usize, length: usize) -> impl Iterator<Item = usize> {
    (1..=count).map(move |n| (n * 0x9e37_79b9_7f4a_7c15_usize) >> 11).map(move |n| n % length)
}

#[test]
fn a_checkpoint_cut_short_or_with_a_flipped_byte_is_never_taken() {
    let folder = tempfile::tempdir().unwrap();
    for (case, flips) in [(BODIES, 50), (GAS, 200)] {
        let out = folder.path().join(case.name);
        run(&case, 1, &out, &[]);
        let copy = Copy::of(&out);
        for length in places(20, copy.bytes.len()) {
            copy.assert_refused(&copy.bytes[..length], &format!("cut to {length} bytes"));
        }
        for place in places(flips, copy.bytes.len()) {
            let mut bytes = copy.bytes.clone();
            bytes[place] ^= 1 << (place % 8);
            copy.assert_refused(&bytes, &format!("byte {place} flipped"));
        }
        fs::write(&copy.newest, &copy.bytes).unwrap();
        let (taken, warnings) = newest_alone(copy.folder.path()).unwrap();
        assert_eq!((taken.map(|checkpoint| checkpoint.step()), warnings.len()), (copy.steps.last().copied(), 0));
    }
}

#[test]
fn a_run_with_a_damaged_checkpoint_goes_on_from_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let damaged = folder.path().join("damaged");
    run(&GAS, 1, &whole, &[]);
    run(&GAS, 2, &damaged, &["run.steps=151"]);
    let newest = path_of(&damaged.join("checkpoints"), 151);
    let mut bytes = fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 16;
    fs::write(&newest, bytes).unwrap();
    let ended = finish(divisi().arg("resume").arg(&damaged).args(["--steps", "300"]), 60).expect(0);
    assert!(ended.stderr.contains("trying the checkpoint before it"), "{}", ended.stderr);
    assert!(ended.stderr.contains("resumed at step 150"), "{}", ended.stderr);
    assert_same_files(&whole, &damaged);
}

/// A small disk of its own, if this user may have one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a disk of its own needs root and mount");
        }
        mounted.then_some(Disk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg(self.path()).status().ok();
    }
}

#[test]
fn on_a_full_disk_a_run_ends_with_a_message_and_keeps_its_last_checkpoint() {
    let Some(disk) = Disk::new("2m") else { return };
    for (case, name) in [(BODIES, "bodies"), (GAS, "gas")] {
        for ranks in [1, 3] {
            let out = disk.path().join(name);
            let file = root().join(format!("sims/{}.toml", case.file));
            let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
            command.arg("run").arg(file).args(case.words).args(["checkpoint.keep=1000", "output.every_steps=5"]);
            let ended = finish(command.arg("--out").arg(&out), 60).expect(1);
            assert!(ended.stderr.contains("cannot write"), "{}", ended.stderr);
            let (checkpoint, warnings) = newest_alone(&out.join("checkpoints")).unwrap();
            assert!(checkpoint.is_some_and(|checkpoint| checkpoint.step() > 0) && warnings.is_empty(), "{warnings:?}");
            fs::remove_dir_all(&out).unwrap();
        }
    }
}

#[test]
fn a_read_only_folder_is_told_before_anything_runs() {
    let Some(disk) = Disk::new("1m") else { return };
    let remount = ["-o", "remount,ro"];
    assert!(Command::new("mount").args(remount).arg(disk.path()).status().unwrap().success());
    let file = root().join("sims/fluid/sod.toml");
    for ranks in [1, 2] {
        let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        let ended = finish(command.arg("run").arg(&file).arg("--out").arg(disk.path().join("run")), 60).expect(2);
        assert!(ended.stderr.contains("cannot make this folder"), "{}", ended.stderr);
    }
}
