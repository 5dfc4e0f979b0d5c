//! `divisi check` where something is wrong: each finding as a new user meets it, with what to do.
//!
//! A serial HDF5 is a case of the unit tests in src/program/check/machine.rs: it takes a build of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::{DIVISI, Ended, allow_here, divisi, finish, mpirun};

const LIMIT: u64 = 100;

/// The findings of a check by what they are about.
fn findings(ended: &Ended) -> Vec<(String, String, String)> {
    let told: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    assert_eq!(told["status"].as_i64(), ended.status.map(i64::from), "{ended:?}");
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let findings = told["findings"].as_array().expect("findings").iter();
    findings
        .map(|one| {
            (text(one, "about"), text(one, "level"), format!("{} -> {}", text(one, "found"), text(one, "advice")))
        })
        .collect()
}

#[track_caller]
fn told<'a>(findings: &'a [(String, String, String)], about: &str) -> (&'a str, &'a str) {
    let found = findings.iter().find(|finding| finding.0 == about);
    let (_, level, text) = found.unwrap_or_else(|| panic!("no {about} in {findings:?}"));
    (level, text)
}

/// A folder of programs that comes first in PATH.
fn with_program(name: &str, body: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let paths = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    (folder, paths)
}

fn check(command: &mut Command, folder: &Path) -> Ended {
    finish(command.args(["check", "--json", "--folder"]).arg(folder), LIMIT)
}

#[test]
fn ranks_that_find_each_other_are_fit() {
    let folder = tempfile::tempdir().unwrap();
    let ended = finish(divisi().args(["check", "--ranks", "2", "--folder"]).arg(folder.path()), LIMIT);
    for text in ["MPI library", "HDF5", "mpirun -n 2 starts ranks that find each other", "2 on 1 host: ", "folder, all"]
    {
        assert!(ended.stdout.contains(text), "{text}: {ended:?}");
    }
    assert!(!ended.stdout.contains("WRONG"), "{ended:?}");
    ended.expect(0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "what was written is removed");
    for ranks in [1, 3] {
        let found = findings(&check(&mut mpirun(ranks, DIVISI), folder.path()).expect(0));
        assert!(told(&found, "ranks").1.starts_with(&format!("{ranks} on 1 host: ")), "{found:?}");
    }
}

#[test]
fn without_an_mpi_to_launch_with_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let found = findings(&check(divisi().env("PATH", "/nowhere"), folder.path()).expect(1));
    let (level, text) = told(&found, "launcher");
    assert!(level == "wrong" && text.contains("no mpirun in PATH") && text.contains("install"), "{text}");
    assert_eq!(told(&found, "folder, 1 rank").0, "fine");
}

/// A launcher of another MPI, as srun with another --mpi is: by hand, and as the check starts it.
#[test]
fn ranks_that_are_each_rank_0_of_1_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let body = "[ \"$1\" != --version ] || { echo 'mpirun (Open MPI) 4'; exit; }\nshift 2\nPMI_RANK=1 PMI_SIZE=2 \"$@\"\nPMI_RANK=0 PMI_SIZE=2 exec \"$@\"";
    let (_programs, path) = with_program("mpirun", body);
    let found = findings(&check(divisi().env("PATH", path), folder.path()).expect(1));
    let (level, text) = told(&found, "mpirun");
    assert!(level == "wrong" && text.contains("each is rank 0 of 1") && text.contains("--mpi=pmix"), "{text}");
    let found = findings(&check(divisi().env("PMI_RANK", "0").env("PMI_SIZE", "4"), folder.path()).expect(1));
    assert!(told(&found, "joining").1.contains("4 processes were started together"), "{found:?}");
}

#[test]
fn launchers_that_fail_are_told_in_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let (_programs, path) =
        with_program("mpirun", "echo 'There are not enough slots available in the system' >&2; exit 1");
    let found = findings(&check(divisi().env("PATH", path), folder.path()).expect(1));
    let (level, text) = told(&found, "mpirun");
    assert!(level == "wrong" && text.contains("not enough slots") && text.contains("--oversubscribe"), "{text}");
    // conda's, of another MPI, before the system's.
    let (conda, path) = with_program("mpirun", "echo 'HYDRA build details'");
    let mut command = divisi();
    command.env("PATH", path).env("CONDA_PREFIX", conda.path());
    let found = findings(&check(&mut command, folder.path()).expect(1));
    let (level, text) = told(&found, "launcher");
    assert!(crate::common::is_mpich() || level == "wrong" && text.contains("conda deactivate"), "{text}");
}

#[test]
fn more_ranks_than_the_cores_that_they_are_bound_to_are_told() {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        println!("skipped: one core");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("taskset");
    command.args(["-c", "0", "mpirun", "-n", "2", DIVISI]);
    allow_here(&mut command);
    let found = findings(&check(&mut command, folder.path()).expect(1));
    let (level, text) = told(&found, "cores");
    assert!(level == "wrong" && text.contains("2 ranks of") && text.contains("--cpus-per-task"), "{text}");
}

#[test]
fn a_folder_that_is_not_ones_own_is_told() {
    // Not even root writes there.
    let found = findings(&check(&mut mpirun(2, DIVISI), Path::new("/sys")).expect(1));
    let (level, text) = told(&found, "folder");
    assert!(level == "wrong" && text.contains("/sys can't be written") && text.contains("--out"), "{text}");
}

#[test]
fn little_shared_memory_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let own_mounts = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, DIVISI]);
        allow_here(&mut command);
        command
    };
    let mount = "mount -t tmpfs -o size=64m tmpfs /dev/shm";
    if finish(&mut own_mounts(mount), LIMIT).status != Some(0) {
        println!("skipped: no mounts of one's own here");
        return;
    }
    let ended = check(&mut own_mounts(&format!("{mount} && exec mpirun -n 2 \"$0\" \"$@\"")), folder.path()).expect(0);
    let found = findings(&ended);
    let (level, text) = told(&found, "/dev/shm");
    assert!(level == "doubtful" && text.contains("--shm-size"), "{text}");
}
