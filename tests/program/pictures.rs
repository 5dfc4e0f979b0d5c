//! What `divisi plot` draws of a grid is what is asked for, and nothing is drawn that isn't there; of light, all that there is.

use std::fs;
use std::path::{Path, PathBuf};

use divisi::io::Reader;

use crate::common::{DIVISI, Ended, divisi, finish, mpirun, root};

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
    plot(&kepler, "none", &["--field", "density"]).expect(2).says("is for grids");
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

/// Grids with one, two and three axes, few and many bodies, a sweep: each option draws what it says, or is refused.
#[test]
fn each_option_draws_what_it_says_on_each_kind_of_run() {
    let folder = tempfile::tempdir().unwrap();
    let tube = run_of("fluid", folder.path(), "sod", &["grid.cells=[31]", "output.every_time=0.05"]);
    let low = "grid.low=[-0.5,-0.5,-0.5]";
    let cube = ["grid.cells=[8,9,10]", low, "grid.high=[0.5,0.5,0.5]", "boundary.z=periodic"];
    let ball = run(folder.path(), "blast", &cube);
    let planets = run_of("nbody", folder.path(), "solar_system", &["--steps", "40"]);
    let cluster = run_of("nbody", folder.path(), "plummer", &["--steps", "4", "initial.n=200"]);
    let sweep = run_of("sweep", folder.path(), "logistic", &["parameters.values.r={from=2.8,to=4.0,count=5}"]);
    let drawn: [(&Path, &[&str], &[&str]); 10] = [
        (&tube, &["--history", "mass", "--history", "energy"], &["history"]),
        (&tube, &["--spectrum", "density", "--phase", "density,pressure"], &["phase", "spectrum_density"]),
        (&ball, &["--project", "z", "--field", "density", "--colours", "magma"], &["density", "density_times"]),
        (&ball, &["--spectrum", "velocity"], &["spectrum_velocity"]),
        (&ball, &["--phase", "density,mach"], &["phase"]),
        (&ball, &["--slice", "y=0.1", "--field", "pressure"], &["pressure", "pressure_times"]),
        (&planets, &["--units", "km", "--units", "yr"], &["energy_error", "orbits"]),
        (&planets, &["--history", "energy_error"], &["history"]),
        (&cluster, &["--width", "one"], &["density", "energy_error"]),
        (&sweep, &[], &["sweep_over_r", "sweep_over_start"]),
    ];
    for (place, (run, words, expected)) in drawn.into_iter().enumerate() {
        let out = format!("out{place}");
        plot(run, &out, words).expect(0);
        let expected: Vec<String> = expected.iter().map(|name| format!("{name}.png")).collect();
        assert_eq!(pictures(&run.join(&out)), expected, "{words:?}");
    }
    let refused: [(&Path, &[&str], &str); 8] = [
        (&tube, &["--project", "x"], "three axes"),
        (&tube, &["--units", "kpc"], "no physical scale"),
        (&tube, &["--history", "nothing"], "no column `nothing`; there are step, time"),
        (&tube, &["--spectrum", "nothing"], "no field `nothing`"),
        (&tube, &["--phase", "density,nothing"], "no field `nothing`"),
        (&planets, &["--units", "furlong"], "\"furlong\" is no unit: known are m, cm"),
        (&planets, &["--project", "z"], "is for grids"),
        (&planets, &["--spectrum", "density"], "no snapshot of a grid"),
    ];
    for (run, words, told) in refused {
        let ended = plot(run, "none", words).says(told);
        assert!(ended.status.is_some_and(|status| status == 1 || status == 2), "{words:?}: {ended:?}");
    }
}

#[test]
fn for_print_pictures_are_pdf_as_wide_as_columns() {
    let folder = tempfile::tempdir().unwrap();
    let ball = run(folder.path(), "blast", &["grid.cells=[16,12]"]);
    for (columns, points) in [("one", "243."), ("two", "504.")] {
        plot(&ball, columns, &["--field", "density", "--width", columns, "--pdf"]).expect(0);
        let pdf = fs::read(ball.join(columns).join("density.pdf")).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.starts_with("%PDF-") && text.trim_end().ends_with("%%EOF"), "{columns}");
        let page = text.split("/MediaBox [0 0 ").nth(1).expect("the size of a page");
        assert!(page.starts_with(points), "{columns}: {}", &page[..20]);
    }
}

/// Two runs in one figure; what they can't be drawn in together is refused.
#[test]
fn several_runs_are_drawn_in_one_figure() {
    let folder = tempfile::tempdir().unwrap();
    let one = run(folder.path(), "sod", &["grid.cells=[30]"]);
    let two = folder.path().join("finer");
    fs::create_dir(&two).unwrap();
    let two = run(&two, "sod", &["grid.cells=[61]"]);
    let plane = run(folder.path(), "blast", &["grid.cells=[16,12]"]);
    let compare = |runs: &[&Path], words: &[&str]| {
        finish(divisi().arg("plot").args(runs).args(words).arg("--out").arg(folder.path().join("both")), LIMIT)
    };
    compare(&[&one, &two], &[]).expect(0);
    assert_eq!(pictures(&folder.path().join("both")), ["history.png", "profiles.png"]);
    compare(&[&one, &plane], &["--history", "mass"]).expect(0);
    compare(&[&one, &plane], &[]).expect(2).says("different numbers of axes");
}

/// A film has the same bytes on any number of ranks, more ranks than frames included.
#[test]
fn films_are_made_by_all_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let gas = run_of("fluid", folder.path(), "blast", &["grid.cells=[16,12]", "--steps", "3", "output.every_steps=1"]);
    let mut films = Vec::new();
    for ranks in [1, 2, 3, 7] {
        let out = gas.join(format!("film{ranks}"));
        let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        command.arg("plot").arg(&gas).args(["--film", "--field", "density"]).arg("--out").arg(&out);
        finish(&mut command, LIMIT).expect(0);
        films.push(fs::read(out.join("density_film.apng")).unwrap());
        assert_eq!(pictures(&out.join("film")).len(), 4, "{ranks}");
    }
    assert!(films[0].windows(4).filter(|bytes| bytes == b"fcTL").count() == 4, "a frame for each snapshot");
    assert!(films.iter().all(|film| *film == films[0]));
    finish(divisi().arg("plot").arg(&gas).arg(&gas).arg("--film"), LIMIT).expect(2).says("is of one run");
}
