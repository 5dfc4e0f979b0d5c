//! The examples: each runs on 1, 2, 3 and 4 ranks, and prints the same on all of them.
//!
//! `cargo test` builds the examples before it runs this; for `cargo test --test program` alone say `cargo build --examples`
//! first.

use std::collections::BTreeSet;
use std::f64::consts::PI;
use std::path::{Path, PathBuf};

use super::lectures::on_page;
use crate::common::{assert_same_files, example, finish, history, mpirun, root, without_mpirun};

/// Seconds after which an example is killed.
const LIMIT: u64 = 60;
const RANKS: [usize; 4] = [1, 2, 3, 4];

/// What an example prints on a number of ranks.
#[track_caller]
pub(crate) fn printed(name: &str, words: &[String], ranks: usize) -> String {
    finish(mpirun(ranks, example(name)).args(words), LIMIT).expect(0).stdout
}

/// What an example prints, the same on any number of ranks, and without mpirun too.
#[track_caller]
pub(crate) fn printed_by_all(name: &str, words: &[String]) -> String {
    let alone = finish(without_mpirun(example(name)).args(words), LIMIT).expect(0).stdout;
    for ranks in RANKS {
        assert_eq!(printed(name, words, ranks), alone, "{name} on {ranks} ranks");
    }
    alone
}

#[test]
fn a_particle_simulation_has_the_same_bits_on_any_number_of_ranks() {
    assert!(printed_by_all("nbody", &[]).contains("hash of the state"));
}

#[test]
fn neighbours_are_counted_on_any_number_of_ranks() {
    assert!(printed_by_all("neighbours", &[]).contains("neighbours on average"));
}

#[test]
fn smoothed_particles_have_the_same_bits_on_any_number_of_ranks() {
    assert!(printed_by_all("sph", &[]).starts_with("mean error of the density"));
}

#[test]
fn source_blocks_are_the_same_on_any_number_of_ranks() {
    assert!(printed_by_all("source_blocks", &[]).starts_with("5000 particles in 3 blocks"));
}

#[test]
fn what_is_scattered_comes_back_in_order() {
    assert_eq!(printed_by_all("scatter_gather", &on_page("scatter_gather")), "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n");
}

#[test]
fn only_the_exact_sum_is_the_same_on_any_number_of_ranks() {
    let lines = |start: &str| -> BTreeSet<String> {
        let line =
            |ranks| printed("exact_sum", &[], ranks).lines().find(|line| line.starts_with(start)).map(String::from);
        RANKS.iter().map(|&ranks| line(ranks).expect("a line for this sum")).collect()
    };
    assert_eq!(lines("exact").len(), 1);
    assert!(lines("plain").len() > 1, "the plain sums are all the same: the example shows nothing");
}

#[test]
fn a_simulation_of_ones_own_gets_the_whole_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let parameters = root().join("examples/springs.toml");
    let run = |ranks: usize, words: &[&str]| {
        let out = folder.path().join(ranks.to_string());
        finish(mpirun(ranks, example("springs")).arg("run").arg(&parameters).args(words).arg("--out").arg(&out), LIMIT)
            .expect(0);
        out
    };
    let whole = run(1, &[]);
    let energy = history(&whole, "energy");
    assert!(energy.iter().all(|e| (e / energy[0] - 1.0).abs() < 1e-4), "{energy:?}");
    let parts = run(3, &["--steps", "333"]);
    finish(mpirun(2, example("springs")).arg("resume").arg(&parts).args(["--steps", "2000"]), LIMIT).expect(0);
    assert_same_files(&whole, &parts);
}

/// Runs an example with its own parameter file on a number of ranks, into a folder named after them.
fn run_example(name: &str, folder: &Path, ranks: usize, words: &[&str]) -> PathBuf {
    let parameters = root().join(format!("examples/{name}.toml"));
    let out = folder.join(ranks.to_string());
    finish(mpirun(ranks, example(name)).arg("run").arg(&parameters).args(words).arg("--out").arg(&out), LIMIT)
        .expect(0);
    out
}

#[test]
fn heat_decays_as_it_must_and_has_the_same_bits_on_any_number_of_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = run_example("heat", folder.path(), 1, &[]);
    let heat = history(&whole, "heat");
    let hottest = history(&whole, "hottest");
    let time = history(&whole, "time");
    let first = hottest[0] - 1.0;
    for (hottest, time) in hottest[1..].iter().zip(&time[1..]) {
        let exact = (-8.0 * PI * PI * 0.01 * time).exp();
        let found = (hottest - 1.0) / first;
        assert!((found / exact - 1.0).abs() < 3e-3, "{found} instead of {exact} at {time}");
    }
    assert!(heat.iter().all(|heat| (heat / (64.0 * 48.0) - 1.0).abs() < 1e-12), "{heat:?}");
    for ranks in [2, 3] {
        assert_same_files(&whole, &run_example("heat", folder.path(), ranks, &[]));
    }
    let parts = run_example("heat", folder.path(), 4, &["--steps", "33"]);
    finish(mpirun(2, example("heat")).arg("resume").arg(&parts).args(["--steps", "1000"]), LIMIT).expect(0);
    assert_same_files(&whole, &parts);
}

#[test]
fn shallow_water_is_conserved_balanced_and_the_same_on_any_number_of_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = ["shallow_water.cells=64,32", "run.until=\"1 day\""];
    let whole = run_example("shallow_water", folder.path(), 1, &words);
    let mass = history(&whole, "mass");
    assert!(mass.iter().all(|m| (m / mass[0] - 1.0).abs() < 1e-12), "{mass:?}");
    let energy = history(&whole, "energy");
    assert!(energy.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-6)), "{energy:?}");
    assert!(history(&whole, "speed_y").iter().any(|&speed| speed > 1.0), "the hill sets off no waves");
    assert_same_files(&whole, &run_example("shallow_water", folder.path(), 2, &words));
    let calm = run_example("shallow_water", folder.path(), 3, &[&words[..], &["shallow_water.hill=0"]].concat());
    let speed = history(&calm, "speed_y");
    assert!(speed.iter().all(|&speed| speed < 0.3), "a jet in balance stays as it is: {speed:?}");
}

#[test]
fn a_problem_of_ones_own_gets_the_whole_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = run_example("own_problem", folder.path(), 1, &[]);
    // The jet's head moves where its pressure balances that of the gas ahead: at half its speed for equal densities.
    let reach = history(&whole, "reach");
    let time = history(&whole, "time");
    let reach = reach.last().unwrap();
    let expected = 3.0 * time.last().unwrap();
    assert!((reach / expected - 1.0).abs() < 0.1, "{reach} instead of {expected}");
    for ranks in [2, 3] {
        assert_same_files(&whole, &run_example("own_problem", folder.path(), ranks, &[]));
    }
    let parts = run_example("own_problem", folder.path(), 4, &["--steps", "100"]);
    finish(mpirun(2, example("own_problem")).arg("resume").arg(&parts).args(["--steps", "100000"]), LIMIT).expect(0);
    assert_same_files(&whole, &parts);
}

/// Bodies at rest in a trap are back where they were after a period, and the energy of the trap is counted.
#[test]
fn a_potential_of_ones_own_gets_the_whole_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = run_example("own_potential", folder.path(), 1, &[]);
    let [external, error] = ["external_energy", "energy_error"].map(|name| history(&whole, name));
    let ends = [external[0], *external.last().unwrap()];
    assert!(external[0] > 0.0 && (ends[1] / ends[0] - 1.0).abs() < 1e-4, "{ends:?}");
    assert!(error.iter().all(|error| error.abs() < 1e-5), "{error:?}");
    for ranks in [2, 3] {
        assert_same_files(&whole, &run_example("own_potential", folder.path(), ranks, &[]));
    }
    let listed = finish(without_mpirun(example("own_potential")).args(["list", "trapped"]), LIMIT).expect(0).stdout;
    assert!(listed.contains("trap") && listed.contains("miyamoto_nagai"), "{listed}");
}

/// The lines of all blocks of Rust on a page, but for empty ones.
fn rust_of(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_rust = false;
    for line in page.lines() {
        match line {
            "```rust" => is_rust = true,
            "```" => is_rust = false,
            _ if is_rust && !line.is_empty() => lines.push(line.to_owned()),
            _ => {}
        }
    }
    lines
}

#[test]
fn tutorials_show_the_code_that_divisi_new_makes_line_by_line() {
    for (page, name) in [("own-grid-simulation", "heat"), ("own-particles", "springs"), ("own-sweep", "pendulum")] {
        let page = std::fs::read_to_string(root().join(format!("docs/tutorials/{page}.md"))).expect("a tutorial");
        let source = std::fs::read_to_string(root().join(format!("examples/{name}.rs"))).expect("an example");
        // A crate has its program and its parameters in other places than the checkout.
        let source = source.replace("release/examples/", "release/").replace("examples/pendulum.toml", "pendulum.toml");
        let source: Vec<&str> = source.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(rust_of(&page), source, "{name}");
    }
}

#[test]
fn a_sweep_of_ones_own_gives_the_same_results_on_any_number_of_ranks_and_does_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let parameters = root().join("examples/pendulum.toml");
    let run = |ranks: usize, dt: &str| {
        let out = folder.path().join(ranks.to_string());
        let ended = finish(mpirun(ranks, example("pendulum")).arg(&parameters).arg(&out).arg(dt), LIMIT);
        (ended, std::fs::read_to_string(out.join("results.csv")).unwrap_or_default())
    };
    let (ended, whole) = run(1, "pendulum.dt=1e-3");
    ended.expect(0);
    let row: Vec<f64> = whole.lines().nth(1).expect("a row").split(',').map(|word| word.parse().unwrap()).collect();
    // The period of a small swing is 2 pi sqrt(l / g), and a sixteenth of the amplitude squared more.
    let small = 2.0 * PI * (1.0f64 / 9.81).sqrt() * (1.0 + row[0] * row[0] / 16.0);
    assert!((row[1] / small - 1.0).abs() < 3e-3, "{row:?} instead of {small}");
    for ranks in [2, 3] {
        let (ended, results) = run(ranks, "pendulum.dt=1e-3");
        ended.expect(0);
        assert_eq!(results, whole, "{ranks} ranks");
    }
    let (ended, again) = run(3, "pendulum.dt=1e-3");
    ended.expect(0);
    assert_eq!(again, whole, "by the journal");
    run(3, "pendulum.dt=2e-3").0.expect(2).says("journal");
    run(2, "pendulum.dt=-1").0.expect(2).says("pendulum.dt");
}

/// All files in a folder and those in it, by their paths from it, with their bytes.
fn all_files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(here) = folders.pop() {
        for path in std::fs::read_dir(&here).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("a file");
                found.push((path.strip_prefix(folder).expect("a path in the folder").to_path_buf(), bytes));
            }
        }
    }
    found.sort();
    found
}

/// What an example prints and the files that it leaves, which must be the same on 1 to 4 ranks.
#[track_caller]
pub(crate) fn made_by_all(name: &str, words: &[String]) -> (String, Vec<(PathBuf, Vec<u8>)>) {
    let made = |ranks: usize| {
        let folder = tempfile::tempdir().expect("a folder");
        let printed =
            finish(mpirun(ranks, example(name)).args(words).current_dir(folder.path()), LIMIT).expect(0).stdout;
        (printed, all_files(folder.path()))
    };
    let (printed, files) = made(1);
    for ranks in [2, 3, 4] {
        let others = made(ranks);
        assert_eq!(others.0, printed, "{name} on {ranks} ranks");
        let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        assert_eq!(names(&others.1), names(&files), "{name} on {ranks} ranks");
        let differs = files.iter().zip(&others.1).find(|(one, other)| one != other);
        assert!(differs.is_none(), "{name} on {ranks} ranks: {:?} differs", differs.map(|(one, _)| &one.0));
    }
    (printed, files)
}

#[test]
fn a_picture_in_parts_is_the_same_in_any_number_of_parts_and_on_any_number_of_ranks() {
    let (printed, two) = made_by_all("gaussian", &["2".to_owned()]);
    assert!(printed.starts_with("integral 3.112270"), "{printed}");
    let (_, four) = made_by_all("gaussian", &on_page("gaussian"));
    assert_eq!((two.len(), four.len()), (3, 5));
    let whole = |files: &[(PathBuf, Vec<u8>)]| {
        files.iter().find(|(path, _)| path.ends_with("whole.png")).expect("the whole picture").1.clone()
    };
    assert!(whole(&two) == whole(&four), "the picture depends on the number of its parts");
    let folder = tempfile::tempdir().expect("a folder");
    let alone = |words: &[&str]| {
        finish(without_mpirun(example("gaussian")).args(words).current_dir(folder.path()), LIMIT).expect(0);
    };
    ["0", "1", "2"].iter().for_each(|part| alone(&["--part", part, "--of", "3"]));
    alone(&["--stitch", "3"]);
    assert!(whole(&all_files(folder.path())) == whole(&two), "parts made by jobs of their own give another picture");
}

#[test]
fn eigenvalues_are_those_known_and_the_same_on_any_number_of_ranks() {
    assert_eq!(printed_by_all("eigenvalues", &on_page("eigenvalues")).lines().count(), 18);
}

#[test]
fn a_map_of_stability_is_the_same_on_any_number_of_ranks() {
    let (printed, files) = made_by_all("stability_map", &["16", "200"].map(str::to_owned));
    assert!(printed.starts_with("chaotic: 0.00 of the circles far apart"), "{printed}");
    assert!(files.iter().any(|(path, _)| path.ends_with("stability_map.png")), "no picture");
}

#[test]
fn planets_at_the_limit_of_contrast_are_found_as_they_are() {
    let (printed, files) = made_by_all("contrast_curve", &on_page("contrast_curve"));
    // Mawet et al. 2014, by scipy.stats: t.isf(norm.sf(5), n - 1) sqrt(1 + 1/n) for n = 13 and 50 other apertures.
    for (separation, sigmas) in [(" 9 pixels", "(9.93 sigma"), ("33 pixels", "(5.80 sigma")] {
        assert!(printed.lines().any(|line| line.contains(separation) && line.contains(sigmas)), "{printed}");
    }
    assert!(printed.contains("planets at the limit: found with 0.99"), "{printed}");
    assert!(files.iter().any(|(path, _)| path.ends_with("contrast_curve.png")), "no picture");
}

#[test]
fn calibrated_images_are_the_same_on_any_number_of_ranks() {
    let (_, files) = made_by_all("calibration", &on_page("calibration"));
    let fits = files.iter().filter(|(path, _)| path.extension().is_some_and(|extension| extension == "fits")).count();
    // 48 frames, 3 masters, 12 images, raw and calibrated.
    assert_eq!(fits, 48 + 3 + 2 * 12);
}

#[test]
fn a_line_through_points_with_outliers_is_found_and_the_same_on_any_number_of_ranks() {
    let printed = printed_by_all("line_fit", &on_page("line_fit"));
    assert!(printed.contains("effective samples\nslope "), "{printed}");
}

#[test]
fn an_orbit_fit_finds_the_truth_and_is_the_same_on_any_number_of_ranks() {
    let (printed, files) = made_by_all("orbit_fit", &on_page("orbit_fit"));
    assert!(printed.contains("m1 ") && printed.ends_with(" samples\n"), "{printed}");
    for name in ["posterior.hdf5", "corner.png", "corner.svg", "orbits.png", "orbits.svg"] {
        assert!(files.iter().any(|(path, _)| path.ends_with(name)), "no {name}");
    }
}

#[test]
fn wasted_time_is_measured_for_each_schedule() {
    let lines = printed("time_waster", &on_page("time_waster"), 2);
    for schedule in ["static", "cyclic", "dynamic"] {
        assert!(lines.lines().any(|line| line.starts_with(schedule) && line.ends_with("of the ideal")), "{lines}");
    }
}
