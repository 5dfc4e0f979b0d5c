//! The plans of sims/sweep and sims/orbit: each is checked, and runs on two ranks with what its comment promises.

use super::place::{Place, on};
use crate::common::{DIVISI, Ended, divisi, finish, mpirun, root};
use std::path::PathBuf;

/// Seconds after which a plan is killed.
const LIMIT: u64 = 60;

fn plans() -> Vec<PathBuf> {
    let entries = |folder| std::fs::read_dir(root().join(folder)).expect("a folder of plans").flatten();
    let all = entries("sims/sweep").chain(entries("sims/orbit"));
    let mut plans: Vec<PathBuf> = all.map(|entry| entry.path()).collect();
    plans.retain(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains("simulation = \"sweep\"")));
    plans.sort();
    plans
}

#[test]
fn all_plans_are_checked() {
    assert!(plans().len() >= 6, "{:?}", plans());
    for plan in plans() {
        let ended = finish(divisi().arg("run").arg(&plan).arg("--check"), LIMIT).expect(0);
        assert!(ended.stdout.contains("are valid") && !ended.stdout.contains("note"), "{}", ended.stdout);
    }
}

/// Runs a plan on two ranks; its folder.
fn run(name: &str, words: &[&str]) -> (Place, Ended) {
    let place = Place::new("");
    let plan = root().join(format!("sims/sweep/{name}.toml"));
    let mut command = mpirun(2, DIVISI);
    command.arg("run").arg(plan).args(words).arg("--out").arg(place.out());
    let ended = finish(&mut command, LIMIT).expect(0);
    (place, ended)
}

fn numbers(place: &Place, column: &str) -> Vec<f64> {
    place.column(column).iter().map(|cell| cell.parse().unwrap_or_else(|_| panic!("`{cell}` in {column}"))).collect()
}

#[test]
fn the_pressure_on_a_cylinder_follows_its_mach_number() {
    let (place, _) = run("mach", &[]);
    // Rayleigh's formula for gamma = 1.4, with the pressure 1 ahead of the shock (Anderson, Modern Compressible Flow, eq. 3.66).
    let pitot = |mach: f64| {
        let square = mach * mach;
        (5.76 * square / (5.6 * square - 0.8)).powf(3.5) * (2.8 * square - 0.4) / 2.4
    };
    let mach = numbers(&place, "mach");
    let pressure = numbers(&place, "pressure_max");
    assert_eq!(mach, [1.5, 2.0, 2.5, 3.0, 3.5, 4.0]);
    for (mach, found) in mach.iter().zip(pressure) {
        assert!((found / pitot(*mach) - 1.0).abs() < 0.2, "Mach {mach}: {found} instead of {}", pitot(*mach));
    }
}

#[test]
fn the_logistic_map_settles_where_it_must() {
    let (place, _) = run("logistic", &[]);
    let r = numbers(&place, "r");
    let x = numbers(&place, "result");
    assert_eq!(r.len(), 482);
    let fixed = r.iter().zip(&x).filter(|(r, _)| **r < 2.99);
    // The fixed point 1 - 1/r draws all others to it for 1 < r < 3.
    fixed.for_each(|(r, x)| assert!((x - (1.0 - 1.0 / r)).abs() < 1e-4, "r = {r}: {x}"));
    assert!(x.iter().all(|x| (0.0..=1.0).contains(x)));
}

#[test]
fn the_python_worker_computes_its_function() {
    if !std::process::Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3");
        return;
    }
    let (place, _) = run("worker", &[]);
    let [x, y, value] = ["x", "y", "value"].map(|name| numbers(&place, name));
    assert_eq!(value.len(), 256);
    for ((x, y), value) in x.iter().zip(&y).zip(value) {
        let exact = (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        assert!((value - exact).abs() < 1e-9 * exact.max(1.0), "{value} at {x}, {y} instead of {exact}");
    }
    // A quarter of the points of a Sobol sequence lies in each quarter of the square.
    assert_eq!(x.iter().zip(&y).filter(|(x, y)| **x > 0.0 && **y > 1.0).count(), 64);
}

#[test]
fn a_python_function_gets_its_parameters_by_name() {
    if !std::process::Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3");
        return;
    }
    let place = Place::new(
        "simulation = 'sweep'\n[sweep]\nretries = 1\n[parameters.values]\nx = [1, 2, 3, 4]\nname = ['a']\n[task]\nworker = 'model:solve'\n",
    );
    let code = "def solve(x, name, seed, attempt):\n    print('said', x)\n    if x == 2 and attempt == 1: raise ValueError('not yet')\n    \
                if x == 3: raise LookupError('never')\n    return {'square': x * x, 'name2': name * 2, 'seeded': seed > 0, 'attempt': attempt}\n";
    place.write("model.py", code);
    let ended = place.run(on(2), &[]).expect(3);
    assert_eq!(place.column("square"), ["1", "4", "", "16"]);
    assert_eq!(place.column("name2")[3], "aa");
    assert_eq!(place.column("attempt"), ["1", "2", "", "1"]);
    assert_eq!(place.column("message")[2], "LookupError: never");
    assert!(ended.stderr.contains("said 4") || ended.stdout.is_empty(), "{}", ended.stderr);
    place.change("model:solve", "no_module:solve");
    let ended = place.run(on(1), &["--overwrite"]).expect(3);
    assert!(
        place.column("message")[0].contains("ModuleNotFoundError"),
        "{:?} {}",
        place.column("message"),
        ended.stderr
    );
}

#[test]
fn planets_far_apart_on_circles_are_regular_and_those_that_meet_are_not() {
    let (place, _) = run("stability", &["run.seed=2"]);
    let [period, eccentricity, megno] = ["per2", "ecc2", "megno"].map(|name| numbers(&place, name));
    let ratio: Vec<f64> = period.iter().map(|period| period / 365.25).collect();
    assert_eq!(megno.len(), 30);
    for ((ratio, e), megno) in ratio.iter().zip(&eccentricity).zip(megno) {
        if *ratio > 1.4 && *e < 0.05 {
            assert!((megno - 2.0).abs() < 0.2, "{megno} at {ratio}, {e}");
        }
        // The outer orbit's periapsis lies within the inner orbit, away from the strong resonance 2:1.
        if *ratio < 1.9 && ratio.powf(2.0 / 3.0) * (1.0 - e) < 1.0 {
            assert!(megno > 5.0, "{megno} at {ratio}, {e}");
        }
    }
}

#[test]
fn energy_is_kept_better_by_ias15_than_by_leapfrog() {
    let (place, _) = run("eccentricity", &[]);
    let method = place.column("integrator.method");
    let error = numbers(&place, "energy_error");
    let worst = |wanted: &str| {
        method
            .iter()
            .zip(&error)
            .filter(|(method, _)| *method == wanted)
            .map(|(_, error)| error.abs())
            .fold(0.0, f64::max)
    };
    assert!(worst("ias15") < 1e-13 && worst("leapfrog") > 1e-9, "{:e}, {:e}", worst("ias15"), worst("leapfrog"));
}
