//! Cases: a parameter file of sims and what is changed in it; run on some ranks, killed and resumed.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{DIVISI, assert_same_files, divisi, finish, kill_ranks, mpirun, remove_stale_segments, root, wait};

/// Seconds after which a run is killed.
const LIMIT: u64 = 120;

/// A case: a parameter file of sims, such as `nbody/plummer`, and what is changed in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub name: &'static str,
    pub file: &'static str,
    pub words: &'static [&'static str],
}

/// The words of a case's command line.
pub(crate) fn parameters(case: &Case) -> Vec<String> {
    let file = root().join(format!("sims/{}.toml", case.file)).display().to_string();
    std::iter::once(file).chain(case.words.iter().map(|word| (*word).to_owned())).collect()
}

/// Runs a case on so many ranks, with more words after its own.
#[track_caller]
pub(crate) fn run(case: &Case, ranks: usize, out: &Path, more: &[&str]) {
    let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
    command.arg("run").args(parameters(case)).args(more).arg("--out").arg(out);
    finish(&mut command, LIMIT).expect(0);
}

/// Holds the files of a case on each of `ranks` against those of one rank.
#[track_caller]
pub(crate) fn same_on(case: &Case, ranks: &[usize], more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let out = |ranks: usize| folder.path().join(ranks.to_string());
    run(case, 1, &out(1), more);
    for &ranks in ranks {
        run(case, ranks, &out(ranks), more);
        assert_same_files(&out(1), &out(ranks));
    }
}

/// Kills a run of `before` ranks with -9 in its midst and resumes it on `after`.
pub(crate) fn kill_and_resume(case: &Case, before: usize, after: usize, more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let killed = folder.path().join("killed");
    run(case, 1, &whole, more);
    let mut command = mpirun(before, DIVISI);
    command.arg("run").args(parameters(case)).args(more).arg("--out").arg(&killed);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let first = || {
        let checkpoints = std::fs::read_dir(killed.join("checkpoints")).into_iter().flatten().flatten();
        checkpoints.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "hash")).count() > 0
    };
    let started = Instant::now();
    while !first() && started.elapsed() < Duration::from_secs(LIMIT) {
        std::thread::sleep(Duration::from_millis(2));
    }
    // The ranks, not mpirun: as when a node dies.
    kill_ranks(&killed);
    let status = wait(&mut child, Duration::from_secs(20));
    assert_ne!(status, Some(0), "the run ended before it was killed: make it longer");
    finish(mpirun(after, DIVISI).arg("resume").arg(&killed), LIMIT).expect(0).says("resumed at step");
    assert_same_files(&whole, &killed);
    remove_stale_segments();
}
