//! What `divisi plot` draws of a grid is what is asked for, and nothing is drawn that isn't there; of light, all that there is.

use std::fs;
use std::path::{Path, PathBuf};

use divisi::io::Reader;

use crate::common::{Ended, divisi, finish, root};

const LIMIT: u64 = 60;

fn run(folder: &Path, name: &str, words: &[&str]) -> PathBuf {
    run_of("fluid", folder, name, &[words, &["--steps", "1"]].concat())
}

fn run_of(simulation: &str, folder: &Path, name: &str, words: &[&str]) -> PathBuf {
    let file = root().join(format!("sims/{simulation}/{name}.toml"));
    let out = folder.join(name);
    finish(divisi().arg("run").arg(file).args(words).arg("--out").arg(&out), LIMIT).expect(0);
    out
}

fn plot(run: &Path, out: &str, words: &[&str]) -> Ended {
    finish(divisi().arg("plot").arg(run).args(words).arg("--out").arg(run.join(out)), LIMIT)
}

/// The pictures in a folder.
fn pictures(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.ends_with(".png"));
    names.sort();
    names
}

/// Obstacles are marked in snapshots, and where there is none nothing is.
#[test]
fn obstacles_are_marked_where_there_are_any() {
    let folder = tempfile::tempdir().unwrap();
    let tunnel = run(folder.path(), "wind_tunnel", &["grid.cells=[30,10]"]);
    let snapshot = Reader::open(&tunnel.join("snapshots/snapshot_000000.vtkhdf")).unwrap();
    // The step: from x = 0.6 on, below y = 0.2, of a box of 3 by 1.
    let solid: Vec<u8> = snapshot.read("VTKHDF/CellData/solid").unwrap();
    assert_eq!((0..300).filter(|cell| solid[*cell] == 1).count(), 24 * 2);
    assert!((0..300).all(|cell| (solid[cell] == 1) == (cell % 30 >= 6 && cell / 30 < 2)), "{solid:?}");
    let tube = run(folder.path(), "sod", &["grid.cells=[30]"]);
    assert!(!Reader::open(&tube.join("snapshots/snapshot_000000.vtkhdf")).unwrap().has("VTKHDF/CellData/solid"));
}

#[test]
fn a_picture_is_what_was_asked_for_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tunnel = run(folder.path(), "wind_tunnel", &["grid.cells=[30,10]"]);
    plot(&tunnel, "all", &[]).expect(0);
    let maps = ["density", "density_times", "mach", "pressure", "speed", "totals"].map(|name| format!("{name}.png"));
    assert_eq!(pictures(&tunnel.join("all")), maps);
    plot(&tunnel, "one", &["--field", "mach", "--time", "0", "--range", "0,4"]).expect(0);
    assert_eq!(pictures(&tunnel.join("one")), ["mach.png"]);
    let refused = [
        (&["--field", "vorticity"][..], "no field `vorticity`; there are density"),
        (&["--time", "9"], "not among the times"),
        (&["--slice", "z=0"], "three axes"),
        (&["--log", "--range", "0,1"], "no logarithmic scale"),
    ];
    for (words, told) in refused {
        plot(&tunnel, "none", words).expect(2).says(told);
    }
    let kepler = folder.path().join("kepler");
    let file = root().join("sims/nbody/kepler.toml");
    finish(divisi().arg("run").arg(file).args(["--steps", "4"]).arg("--out").arg(&kepler), LIMIT).expect(0);
    plot(&kepler, "none", &["--field", "density"]).expect(2).says("are for grids");
    assert!(!tunnel.join("none").exists() && !kepler.join("none").exists(), "what is refused makes no folder");
}

/// Polarized light has maps that other light has not; a picture of many rays is no larger than one of few.
#[test]
fn light_is_drawn_with_its_footprints_and_its_polarization() {
    let folder = tempfile::tempdir().unwrap();
    let small = ["detector.pixels=[20,12]", "beam.subrays=1"];
    let fold = run_of("optics", folder.path(), "fold", &[&small[..], &["beam.across=9"]].concat());
    let hubble = run_of("optics", folder.path(), "hubble", &[&small[..], &["beam.across=200"]].concat());
    [&fold, &hubble].into_iter().for_each(|run| drop(plot(run, "all", &[]).expect(0)));
    let polarized = ["diattenuation", "footprint", "jones", "psf", "pupil", "retardance"];
    assert_eq!(pictures(&fold.join("all")), polarized.map(|name| format!("{name}.png")));
    assert_eq!(pictures(&hubble.join("all")), ["footprint", "psf", "pupil"].map(|name| format!("{name}.png")));
    let size = fs::metadata(hubble.join("all/footprint.svg")).unwrap().len();
    assert!((10_000..2_000_000).contains(&size), "{size} bytes of dots");
}
