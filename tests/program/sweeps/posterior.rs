//! From a posterior to stability: samples as tasks, and those with results within bounds as a posterior of their own.

use std::f64::consts::TAU;
use std::time::Duration;

use divisi::orbit::posterior::{About, Parameter, Posterior};
use divisi::random::Random;

use super::place::{Place, Start, on, surviving, wait_for};
use crate::common::{Signal, kill_ranks, root, wait};

/// sims/orbit/stability.toml over so many samples for so long.
fn shorter(samples: usize, until: &str) -> Place {
    let folder = root().join("sims/orbit");
    let plan = std::fs::read_to_string(folder.join("stability.toml")).expect("a plan");
    let absolute = |plan: String, name: &str| plan.replace(&format!("\"{name}\""), &format!("{:?}", folder.join(name)));
    let plan = absolute(absolute(plan, "two_planets.hdf5"), "two_planets.toml");
    let plan = plan.replace("samples = 200", &format!("samples = {samples}"));
    Place::new(&plan.replace("[select]", &format!("set = {{ \"run.until\" = \"{until}\" }}\n\n[select]")))
}

fn numbers(place: &Place, column: &str) -> Vec<f64> {
    place.column(column).iter().map(|text| text.parse().expect("a number")).collect()
}

/// The selected samples.
fn selected(place: &Place, name: &str) -> Posterior {
    Posterior::read(&place.path(name).join("posterior.hdf5")).expect("a posterior")
}

/// What promise 1 speaks of, of a sweep over samples.
fn files(place: &Place, name: &str) -> Vec<Vec<u8>> {
    ["results.csv", "results.h5", "posterior.hdf5", "summary.csv"]
        .map(|file| std::fs::read(place.path(name).join(file)).unwrap_or_else(|error| panic!("{file}: {error}")))
        .to_vec()
}

#[test]
fn twenty_samples_fare_as_in_rebound() {
    let place = shorter(20, "1e5 yr");
    place.run(on(2), &["select.megno.to=1e9"]).expect(0).says("13 of 20 samples (65.0 %) are within [select]");
    let table =
        std::fs::read_to_string(root().join("tests/program/sweeps/rebound/rebound.csv")).expect("REBOUND's numbers");
    let rebound: Vec<Vec<f64>> =
        table.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let columns = ["survived", "closest_hill", "axis_drift", "megno"].map(|name| numbers(&place, name));
    let whole = Posterior::read(&root().join("sims/orbit/two_planets.hdf5")).expect("a posterior");
    let mut stable = Vec::new();
    for (task, line) in rebound.iter().enumerate() {
        let [row, survived, _, closest, drift, megno] = line[..] else { panic!("{line:?}") };
        let ours = columns.each_ref().map(|column| column[task]);
        let is_stable = |survived: f64, closest: f64, drift: f64| survived == 1.0 && closest >= 1.0 && drift <= 0.1;
        assert_eq!(is_stable(ours[0], ours[1], ours[2]), is_stable(survived, closest, drift), "row {row}: {ours:?}");
        if !is_stable(survived, closest, drift) {
            continue;
        }
        stable.push(row as usize);
        assert!((ours[1] / closest - 1.0).abs() < 0.01, "row {row}: nearest {} and {closest}", ours[1]);
        assert!((ours[2] / drift - 1.0).abs() < 0.01, "row {row}: drift {} and {drift}", ours[2]);
        // Each begins with another deviation: where motion is regular both are near 2, else both grow.
        let regular = |megno: f64| (1.5..2.5).contains(&megno);
        assert_eq!(regular(ours[3]), regular(megno), "row {row}: MEGNO {} and {megno}", ours[3]);
    }
    let chosen = selected(&place, "out");
    assert_eq!(chosen.samples, whole.select(&stable).samples);
    assert_eq!((chosen.observations.rows.len(), chosen.about.tau_ref_epoch), (4, 58849.0));
}

/// Circles whose axes differ by this part of the distance beyond which they never meet, 2 √3 mutual Hill radii (Gladman 1993,
/// eq. 21); two planets of 1e-3 solar masses, the star of one.
fn circles(part: f64) -> Vec<[f64; 4]> {
    let step = part * 3f64.sqrt() * (2e-3f64 / 3.0).cbrt();
    let outer = 10.0 * (1.0 + step) / (1.0 - step);
    let sample = |index| {
        let mut random = Random::new(3, 0, index);
        [10.0, outer, random.uniform(), random.uniform()]
    };
    (0..12).map(sample).collect()
}

/// A posterior of these parameters in a folder of its own, and the plan that tells which of its samples are stable.
fn plan(names: &[(&str, &str)], samples: Vec<f64>, fixed: &str) -> Place {
    let place = Place::new(&format!(
        "simulation = 'sweep'\n[parameters]\ncombine = 'posterior'\nfile = 'fit.hdf5'\n[task]\nsimulation = 'task.toml'\n\
         section = 'initial.orbits'\nresult = ['survived', 'closest_hill']\nset = {{ {fixed} }}\n\
         [select]\nsurvived = {{ from = 1 }}\nclosest_hill = {{ from = 1.0 }}\n"
    ));
    place.write(
        "task.toml",
        "simulation = 'nbody'\nrun.until = '5e4 yr'\nunits = { length = 'au', time = 'day', mass = 'Msun' }\n\
         initial.kind = 'orbits'\nintegrator = { method = 'wisdom_holman', steps_per_orbit = 25 }\n\
         stability.hill_radii = 1.0\noutput.history_steps = 100000000\noutput.trajectory_steps = 0\n",
    );
    let rows = samples.len() / names.len();
    let posterior = Posterior {
        parameters: names.iter().map(|(name, unit)| Parameter::new(*name, *unit)).collect(),
        samples,
        ln_likelihood: vec![-1.0; rows],
        about: About { companions: 2, ..About::default() },
        ..Posterior::default()
    };
    posterior.write_alone(&place.path("fit.hdf5")).expect("a posterior");
    place
}

#[test]
fn a_stable_and_an_unstable_posterior_are_told_apart() {
    // Of axes and the mass of all, the planets' masses being given.
    let names = [
        ("sma1", "au"),
        ("ecc1", ""),
        ("inc1", "rad"),
        ("aop1", "rad"),
        ("pan1", "rad"),
        ("tau1", ""),
        ("sma2", "au"),
        ("ecc2", ""),
        ("inc2", "rad"),
        ("aop2", "rad"),
        ("pan2", "rad"),
        ("tau2", ""),
        ("plx", "mas"),
        ("mtot", "Msun"),
    ];
    let row = |[inner, outer, tau1, tau2]: [f64; 4]| {
        [inner, 0.0, 0.2, 0.0, 0.3, tau1, outer, 0.0, 0.2, 0.0, 0.3, tau2, 20.0, 1.002]
    };
    let fixed = "'initial.orbits.m1' = 1e-3, 'initial.orbits.m2' = 1e-3";
    for (part, stable) in [(1.3, 12), (0.5, 0)] {
        let place = plan(&names, circles(part).into_iter().flat_map(row).collect(), fixed);
        place.run(on(2), &[]).expect(0).says(&format!("{stable} of 12 samples"));
        assert_eq!(selected(&place, "out").len(), stable, "{part}: {:?}", place.column("closest_hill"));
    }
}

#[test]
fn a_posterior_of_velocities_needs_inclination_and_star_alone() {
    let names = [
        ("per1", "day"),
        ("tc1", "day"),
        ("secosw1", ""),
        ("sesinw1", ""),
        ("k1", "m/s"),
        ("per2", "day"),
        ("tc2", "day"),
        ("secosw2", ""),
        ("sesinw2", ""),
        ("k2", "m/s"),
        ("gamma_HIRES", "m/s"),
        ("dvdt", "m/s/day"),
    ];
    // The pull of 1e-3 solar masses on one, on a circle seen edge-on: 2 π a / P m / M.
    let period = |a: f64| 365.25 * (a * a * a).sqrt();
    let pull = |a: f64| 1e-3 * TAU * a * 149_597_870_700.0 / (period(a) * 86_400.0);
    let row = |[inner, outer, turn1, turn2]: [f64; 4]| {
        let orbit = |a: f64, turn: f64| [period(a), 2_450_000.0 + turn * period(a), 0.0, 0.0, pull(a)];
        [&orbit(inner, turn1)[..], &orbit(outer, turn2), &[3.0, 1e-4]].concat()
    };
    let fixed = "'initial.orbits.m0' = 1.0, 'initial.orbits.inc1' = 1.5707963267948966, 'initial.orbits.pan1' = 0, \
                 'initial.orbits.inc2' = 1.5707963267948966, 'initial.orbits.pan2' = 0";
    for (part, stable) in [(1.3, 12), (0.5, 0)] {
        let place = plan(&names, circles(part).into_iter().flat_map(row).collect(), fixed);
        place.run(on(2), &[]).expect(0).says(&format!("{stable} of 12 samples"));
        let chosen = selected(&place, "out");
        assert_eq!((chosen.len(), &chosen.parameters[4].name[..]), (stable, "k1"));
    }
}

#[test]
fn tau_counts_from_the_epoch_that_the_posterior_names() {
    let place = Place::new(
        "simulation = 'sweep'\n[parameters]\ncombine = 'posterior'\nfile = 'fit.hdf5'\n[task]\nsimulation = 'task.toml'\n\
         section = 'initial.orbits'\nresult = ['companion1_M']\n",
    );
    place.write(
        "task.toml",
        "simulation = 'nbody'\nrun.until = '0.001 day'\nunits = { length = 'au', time = 'day', mass = 'Msun' }\n\
         initial = { kind = 'orbits', epoch = 58849.0, orbits = { m1 = 1e-3 } }\nintegrator.method = 'ias15'\n\
         history.elements = true\n",
    );
    let names = [
        ("sma1", "au"),
        ("ecc1", ""),
        ("inc1", "rad"),
        ("aop1", "rad"),
        ("pan1", "rad"),
        ("tau1", ""),
        ("mtot", "Msun"),
    ];
    // Turns of a period of 10^(3/2) years (of the Gaussian constant) from each epoch to 58849, less tau.
    let period = 365.256_898_3 * 1000f64.sqrt();
    for epoch in [58849.0, 50000.0, 0.0] {
        let posterior = Posterior {
            parameters: names.iter().map(|(name, unit)| Parameter::new(*name, *unit)).collect(),
            samples: vec![10.0, 0.1, 0.0, 0.0, 0.0, 0.25, 1.0],
            ln_likelihood: vec![0.0],
            about: About { tau_ref_epoch: epoch, ..About::default() },
            ..Posterior::default()
        };
        posterior.write_alone(&place.path("fit.hdf5")).expect("a posterior");
        place.run(on(1), &["--overwrite"]).expect(0);
        let found = numbers(&place, "companion1_M")[0];
        let expected = 360.0 * ((58849.0 - epoch) / period - 0.25).rem_euclid(1.0);
        assert!((found - expected).abs() < 0.01, "{epoch}: {found}, not {expected}");
    }
}

#[test]
fn selections_have_the_same_bytes_on_any_number_of_ranks() {
    let place = shorter(12, "3000 yr");
    place.run_to(on(1), "one", &[]).expect(0);
    let one = files(&place, "one");
    assert!((1..12).contains(&selected(&place, "one").len()));
    let starts = [(on(2), "dynamic", "even"), (on(3), "static", "even"), (surviving(4), "cyclic", "even")];
    for (start, schedule, choose) in starts {
        let words = [format!("sweep.schedule={schedule}"), format!("parameters.choose={choose}")];
        let name = format!("{}-{schedule}", start.ranks);
        place.run_to(start, &name, &words.each_ref().map(String::as_str)).expect(0);
        assert!(files(&place, &name) == one, "{start:?}, {schedule}: other bytes");
    }
    place.run_to(on(2), "random", &["parameters.choose=random", "run.seed=5"]).expect(0);
    assert!(files(&place, "random") != one);
}

#[test]
fn killed_and_resumed_it_selects_the_same() {
    let place = shorter(40, "2e4 yr");
    place.run_to(on(2), "undisturbed", &[]).expect(0);
    let mut job = place.spawn(on(2), &[]);
    let before = wait_for("results", || Some(place.recorded().len()).filter(|&count| count > 3));
    kill_ranks(&place.out());
    assert_ne!(wait(&mut job, Duration::from_secs(20)), Some(0));
    assert!(!place.out().join("posterior.hdf5").exists());
    let ended = place.resume(on(3), &[]).expect(0);
    assert!(!ended.stderr.contains("40 now"), "all tasks ran again, though {before} were done: {}", ended.stderr);
    assert!(files(&place, "out") == files(&place, "undisturbed"));
}

#[test]
fn a_sweep_that_is_stopped_selects_nothing_yet() {
    let place = shorter(40, "1e5 yr");
    let mut job = place.spawn(on(1), &[]);
    wait_for("a result", || (!place.recorded().is_empty()).then_some(()));
    crate::common::signal(&job, Signal::USR1);
    assert_eq!(wait(&mut job, Duration::from_secs(20)), Some(85));
    assert!(!place.out().join("posterior.hdf5").exists());
}

#[test]
fn other_bounds_select_others_without_a_task_run_again() {
    let place = shorter(12, "3000 yr");
    place.run(on(2), &[]).expect(0);
    let count = selected(&place, "out").len();
    let closest = numbers(&place, "closest_hill");
    let resumed = place.resume(on(1), &["select.closest_hill.from=3.2"]).expect(0).says("; 0 now in");
    let expected = closest.iter().filter(|&&closest| closest >= 3.2).count();
    resumed.says(&format!("{expected} of 12 samples"));
    let chosen = selected(&place, "out");
    assert!(chosen.len() == expected && expected < count, "{expected} of {count}");
    let note = "samples of two_planets.hdf5: axis_drift to 0.1, closest_hill from 3.2, megno to 4.0, survived from 1.0";
    assert!(chosen.about.note.contains(&note[note.find("two").unwrap()..]), "{}", chosen.about.note);
}

#[test]
fn wrong_plans_are_refused_before_anything_runs() {
    let place = shorter(3, "100 yr");
    let refused = |words: &[&str], text: &str| {
        place.run(Start { ranks: 1, recovery: false }, words).expect(2).says(text);
        assert!(!place.out().exists(), "{words:?} left a folder");
    };
    refused(&["parameters.samples=301"], "parameters.samples");
    refused(&["parameters.file=none.hdf5"], "cannot read");
    refused(&["parameters.file=plan.toml"], "not an HDF5 file");
    refused(&["parameters.choose=best"], "parameters.choose");
    refused(&["parameters.centred=true"], "goes with combine = \"latin_hypercube\"");
    refused(&["select.megno.above=3"], "there is no parameter `above` here");
    refused(&["select.megno={}"], "has no bound");
    refused(&["select.energy.to=3"], "select.energy");
    refused(&["task.section=initial"], "initial.sma1");
    refused(&["parameters.combine=csv"], "goes with combine = \"latin_hypercube\", \"sobol\" or \"posterior\"");
}
