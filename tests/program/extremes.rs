//! Sizes, places, forms and words that can't be: refused before anything runs, with what they belong to, or served.
//!
//! More cells or bodies than any memory holds, alone and as a product that would wrap; places outside the box and dates beyond all days;
//! intervals longer and times shorter than numbers go; sections as lists; a name that is no UTF-8; a file that is missing; and numbers that no
//! axis of a picture can show.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::common::{Ended, divisi, finish, root};

/// Seconds after which a run is killed: none of these takes more than a few.
const LIMIT: u64 = 30;

fn run(file: &str, words: &[&str]) -> (Ended, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = divisi();
    command.arg("run").arg(root().join("sims").join(file)).args(words);
    (finish(command.arg("--out").arg(folder.path().join("out")), LIMIT), folder)
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let cases: [(&str, &[&str], &[&str]); 17] = [
        (
            "fluid/sod.toml",
            &["--check", "grid.cells=4294967296"],
            &["grid.cells", "cells on a rank take", "this machine has"],
        ),
        (
            "fluid/blast.toml",
            &["--check", "grid.cells=4294967296,4294967296"],
            &["grid.cells", "more cells than can be counted"],
        ),
        ("nbody/plummer.toml", &["--check", "initial.n=1000000000000"], &["initial.n", "bodies on a rank take"]),
        (
            "nbody/cold_sphere.toml",
            &["--check", "initial.n=18446744073709551"],
            &["initial.n", "bodies on a rank take"],
        ),
        ("nbody/kepler.toml", &["run=[5]"], &["run", "is a list"]),
        ("nbody/kepler.toml", &["output=[0.0, 1]"], &["output", "is a list"]),
        ("nbody/kepler.toml", &["integrator=['leapfrog']"], &["integrator", "is a list"]),
        ("sweep/eccentricity.toml", &["run=[5]"], &["run", "is a list"]),
        ("fluid/sod.toml", &["problem.interface=1e308"], &["problem.interface", "outside the box"]),
        ("fluid/shu_osher.toml", &["problem.front=-6"], &["problem.front", "outside the box"]),
        ("fluid/double_mach.toml", &["problem.corner=-1e308"], &["problem.corner", "outside the box"]),
        ("fluid/blast.toml", &["problem.center=0,1e308,0"], &["problem.center", "outside the box"]),
        ("orbit/hd164922.toml", &["orbit.time_base=1e308"], &["orbit.time_base", "is no date"]),
        ("nbody/kepler.toml", &["output.history_time=1e-25"], &["output.history_time", "too short"]),
        ("nbody/kepler.toml", &["output.every_time=1e-300"], &["output.every_time", "too short"]),
        ("nbody/kepler.toml", &["checkpoint.every_time=5e-324"], &["checkpoint.every_time", "too short"]),
        ("nbody/gadget.toml", &["initial.file=none.hdf5"], &["none.hdf5", "cannot read"]),
    ];
    for (file, words, parts) in cases {
        let (ended, folder) = run(file, words);
        let ended = ended.expect(2);
        for part in parts {
            assert!(ended.stderr.contains(part), "{file} {words:?}: expected `{part}` in {}", ended.stderr);
        }
        assert!(!folder.path().join("out").exists(), "{file} {words:?} wrote something");
    }
}

#[test]
fn intervals_beyond_numbers_are_never() {
    for word in ["checkpoint.every_minutes=1e18", "checkpoint.mean_hours_between_failures=1e300"] {
        let (ended, _folder) = run("nbody/kepler.toml", &[word, "--steps", "5"]);
        ended.expect(0);
    }
}

#[test]
fn a_folder_whose_name_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join(OsStr::from_bytes(b"\xff\xfe"));
    let file = root().join("sims/nbody/kepler.toml");
    finish(divisi().arg("run").arg(file).arg("--out").arg(&out), LIMIT).expect(2).says("--out");
    assert!(!out.exists());
}

/// A wave of which nothing is seen, bodies as far apart as numbers go.
#[test]
fn a_run_that_no_picture_can_show_ends_and_says_so() {
    let (ended, folder) =
        run("fluid/linear_wave.toml", &["grid.cells=16,1,1", "--steps", "3", "problem.amplitude=1e-300"]);
    ended.expect(0);
    assert!(folder.path().join("out/report.html").exists());
    let table = folder.path().join("bodies.csv");
    let far = "name,mass,x,y,z,vx,vy,vz\nA,1,1e307,1e307,0,0,0,0\nB,1,-1e307,-1e307,0,0,0,0\nC,0,0,0,0,1,0,0\n";
    std::fs::write(&table, far).unwrap();
    let from = format!("initial={{ kind = 'csv', file = '{}' }}", table.display());
    let words =
        [&from[..], "integrator.method=leapfrog", "integrator.dt=0.01", "--steps", "3", "output.trajectory_steps=1"];
    let (ended, folder) = run("nbody/kepler.toml", &words);
    assert!(ended.status.is_some_and(|status| status <= 1), "{ended:?}");
    if ended.status == Some(0) {
        let out = folder.path().join("out");
        let drawn = finish(divisi().arg("plot").arg(&out), LIMIT);
        assert!(drawn.status.is_some_and(|status| status <= 1) && !drawn.stderr.contains("panicked"), "{drawn:?}");
    }
}
