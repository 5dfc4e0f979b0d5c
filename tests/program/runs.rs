//! The runs that come with the program, initial conditions, units, cadences, chaos: from the program's own files.

use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{DIVISI, Ended, assert_same_files, divisi, finish, history, mpirun, root};
use divisi::io::{FileWriter, Reader};
use tempfile::TempDir;

/// Seconds after which a run is killed.
const LIMIT: u64 = 120;
/// Jupiter and Saturn about the Sun, Saturn moved to a = 7.5, e = 0.25 and to a = 7, e = 0.1: a chaotic and a regular
/// point of the map of MEGNO in REBOUND's documentation (Megno.ipynb). Lengths in au, G = 1, a year is 2 pi.
const SUN_AND_JUPITER: &str = "name,mass,x,y,z,vx,vy,vz\nSun,1,0,0,0,0,0,0\n\
     Jupiter,0.000954,3.054102925667227,3.961242110222339,0,-0.3530819594865964,0.2884780825113728,0\n";
const CHAOTIC: &str =
    "Saturn,0.000285,-6.510215076442474,1.2844227034532703,0,-0.1673835075657737,-0.3742555606522705,0\n";
const REGULAR: &str =
    "Saturn,0.000285,-5.818437725616538,3.101497629157101,0,-0.21686638973149108,-0.33699574483197525,0\n";

/// A parameter file, what it reads, and the runs made of it, in a folder of their own.
struct Scene(TempDir);

impl Scene {
    /// `kind` of initial conditions from a file with this content.
    fn new(kind: &str, content: &str, sections: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bodies"), content).unwrap();
        let toml = format!("simulation = 'nbody'\ninitial = {{ kind = '{kind}', file = 'bodies' }}\n{sections}");
        fs::write(folder.path().join("run.toml"), toml).unwrap();
        Scene(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs to the folder `name`.
    fn run(&self, name: &str, words: &[&str]) -> PathBuf {
        run(&self.path("run.toml"), &self.path(name), words).expect(0);
        self.path(name)
    }
}

fn run(file: &Path, out: &Path, words: &[&str]) -> Ended {
    finish(divisi().arg("run").arg(file).args(words).arg("--out").arg(out), LIMIT)
}

fn snapshots(run: &Path) -> Vec<Reader> {
    let mut files = divisi::io::snapshots_in(&run.join("snapshots")).unwrap();
    files.sort();
    files.iter().map(|file| Reader::open(file).unwrap()).collect()
}

fn snapshot_times(run: &Path) -> Vec<f64> {
    snapshots(run).iter().map(|file| file.attribute("Header", "Time").unwrap()).collect()
}

fn column(file: &Reader, name: &str) -> Vec<f64> {
    file.read(&format!("PartType1/{name}")).unwrap()
}

fn last(run: &Path, name: &str) -> Vec<f64> {
    column(snapshots(run).last().expect("a snapshot"), name)
}

fn at_end(run: &Path, column: &str) -> f64 {
    *history(run, column).last().expect("a row")
}

#[track_caller]
fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected} within {tolerance:e}");
}

#[track_caller]
fn all_near(values: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(values.len(), expected.len());
    values.iter().zip(expected).for_each(|(value, expected)| near(*value, *expected, tolerance));
}

#[test]
fn the_runs_that_come_with_the_program_start_and_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let plummer = folder.path().join("plummer");
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("sims/nbody")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    // What gadget.toml reads is the first snapshot of plummer.toml.
    files.sort_by_key(|file| file.ends_with("gadget.toml"));
    assert!(files.len() >= 9);
    for file in files {
        let out = folder.path().join(file.file_stem().unwrap());
        let first = plummer.join("snapshots/snapshot_000000.hdf5");
        let words =
            if file.ends_with("gadget.toml") { vec![format!("initial.file={}", first.display())] } else { vec![] };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let checked = run(&file, &out, &[&words[..], &["--check", "--overwrite"]].concat()).expect(0);
        assert!(checked.stdout.contains("are valid") && checked.stdout.contains("estimate"), "{}", checked.stdout);
        assert!(!out.exists(), "--check wrote something");
        run(&file, &out, &[&words[..], &["--steps", "3"]].concat()).expect(0);
        assert_eq!((at_end(&out, "step"), snapshots(&out).len()), (3.0, 2), "{}", file.display());
    }
}

#[test]
fn a_snapshot_starts_another_run() {
    let first =
        Scene::new("csv", &format!("{SUN_AND_JUPITER}{REGULAR}"), "integrator = { method = 'leapfrog', dt = 0.1 }");
    let from = first.run("from", &["--steps", "7"]);
    let file = from.join("snapshots/snapshot_000001.hdf5");
    let given = format!("initial.file={}", file.display());
    let to = first.run("to", &["initial.kind=gadget", &given, "--steps", "5"]);
    let source = Reader::open(&file).unwrap();
    let start = &snapshots(&to)[0];
    for name in ["Coordinates", "Velocities", "Masses", "ParticleIDs"] {
        assert_eq!(column(&source, name), column(start, name), "{name}");
    }
    assert_eq!(start.texts("PartType1/Names").unwrap(), ["Sun", "Jupiter", "Saturn"]);
    // Seven steps and five are twelve.
    let whole = first.run("whole", &["--steps", "12"]);
    assert_eq!(last(&whole, "Coordinates"), last(&to, "Coordinates"));
}

/// A file as makers of initial conditions write them: single precision, masses in the header, two kinds of particles.
fn single_precision(path: &Path) {
    let file = FileWriter::create_alone(path, 0).unwrap();
    file.group("Header").unwrap();
    file.attributes("Header", "MassTable", &[0.0f64, 0.0, 0.25, 0.0, 0.5, 0.0]).unwrap();
    file.attributes("Header", "NumPart_ThisFile", &[0u32, 0, 2, 0, 1, 0]).unwrap();
    file.replicated("PartType2/Coordinates", &[2, 3], &[1.1f32, 0.0, 0.0, -1.1, 0.0, 0.0]).unwrap();
    file.replicated("PartType2/Velocities", &[2, 3], &[0.0f32, 0.7, 0.0, 0.0, -0.7, 0.0]).unwrap();
    file.replicated("PartType2/ParticleIDs", &[2], &[20u32, 10]).unwrap();
    file.replicated("PartType4/Coordinates", &[1, 3], &[0.0f32, 0.0, 0.3]).unwrap();
    file.replicated("PartType4/Velocities", &[1, 3], &[0.0f32; 3]).unwrap();
    file.replicated("PartType4/ParticleIDs", &[1], &[5u32]).unwrap();
    file.finish().unwrap();
}

#[test]
fn initial_conditions_in_single_precision_with_a_mass_table_are_read() {
    let scene = Scene::new("gadget", "", "integrator = { method = 'hermite', dt = 0.01 }");
    single_precision(&scene.path("bodies"));
    let out = scene.run("out", &["--steps", "3"]);
    let start = &snapshots(&out)[0];
    assert_eq!(column(start, "Masses"), [0.25, 0.25, 0.5]);
    assert_eq!(start.read::<u64>("PartType1/ParticleIDs").unwrap(), [20, 10, 5]);
    let single = |values: [f32; 9]| values.map(f64::from);
    assert_eq!(column(start, "Coordinates"), single([1.1, 0.0, 0.0, -1.1, 0.0, 0.0, 0.0, 0.0, 0.3]));
    assert_eq!(column(start, "Velocities"), single([0.0, 0.7, 0.0, 0.0, -0.7, 0.0, 0.0, 0.0, 0.0]));
    assert!(at_end(&out, "energy_error").abs() < 1e-9);
}

#[test]
fn orbital_elements_come_back() {
    let table = "name,mass,a,e,inc,Omega,omega,M\nStar,1,,,,,,\nNear,1e-3,0.4,0.2,7,48,29,174\n\
                 Far planet,1e-4,5.2,0.0489,1.3,100.5,273.9,20\nProbe,0,9.5,0.7,120,300,340,350\nPasser,1e-9,-3,1.5,60,80,45,-90\n";
    let elements = [
        ("Near", [0.4, 0.2, 7.0, 48.0, 29.0, 174.0]),
        ("Far_planet", [5.2, 0.0489, 1.3, 100.5, 273.9, 20.0]),
        ("Probe", [9.5, 0.7, 120.0, 300.0, 340.0, 350.0]),
        ("Passer", [-3.0, 1.5, 60.0, 80.0, 45.0, -90.0]),
    ];
    let scene =
        Scene::new("elements", table, "history.elements = true\nintegrator = { method = 'leapfrog', dt = 0.001 }");
    for method in ["leapfrog", "ias15", "wisdom_holman"] {
        let out = scene.run(method, &[&format!("integrator.method={method}"), "--steps", "1"]);
        for (name, values) in elements {
            for (element, value) in ["a", "e", "inc", "Omega", "omega", "M"].into_iter().zip(values) {
                near(history(&out, &format!("{name}_{element}"))[0], value, 1e-10 * value.abs().max(1.0));
            }
        }
        ["momentum_x", "momentum_y", "center_x", "center_z"]
            .iter()
            .for_each(|column| near(history(&out, column)[0], 0.0, 1e-16));
    }
}

/// Sections for a pair of 3/4 and 1/4 of the Sun's mass with a = 1 au, in other units each.
const PAIR_UNITS: [(&str, &str); 3] = [
    ("preset = 'si'", "masses = [1.4913e30, 0.4971e30]\na = 1.495978707e11"),
    ("preset = 'au-day-gm'", "masses = [2.2193e-4, 0.7398e-4]\na = 1.0"),
    ("length = 'au'\ntime = 'yr'\nmass = 'Msun'", "masses = [0.75, 0.25]\na = 1.0"),
];

#[test]
fn a_pair_has_the_same_period_in_all_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut turns = Vec::new();
    for (index, (units, pair)) in PAIR_UNITS.iter().enumerate() {
        let toml = format!(
            "simulation = 'nbody'\n[run]\nuntil = '2.25 yr'\n[units]\n{units}\n[initial]\nkind = 'kepler'\ne = 0.3\n{pair}\n\
             [integrator]\nmethod = 'ias15'\n[history]\nelements = true\n"
        );
        let file = folder.path().join("pair.toml");
        let out = folder.path().join(index.to_string());
        fs::write(&file, toml).unwrap();
        run(&file, &out, &[]).expect(0);
        turns.push(at_end(&out, "secondary_M"));
        let unit: f64 = snapshots(&out)[0].attribute("Units", "UnitTime_in_s").unwrap();
        near(at_end(&out, "time") * unit, 2.25 * 365.25 * 86400.0, 1e-3);
    }
    // 2.25 years are 2 turns and 90 degrees less what the Gaussian year is longer; masses above have four digits.
    turns.iter().for_each(|turn| near(*turn, 90.0 - 0.02, 0.03));
}

#[test]
fn an_end_may_be_given_as_a_text_with_a_unit() {
    let scene = Scene::new(
        "csv",
        "gm,x,y,z,vx,vy,vz\n2.96e-4,0,0,0,0,0,0\n1e-7,5,0,0,0,0.0077,0\n",
        "units.preset = 'au-day-gm'\nrun.until = '100 yr'\nintegrator = { method = 'wisdom_holman', dt = '50 day' }\n\
         output = { every_time = '25 yr', history_time = '10 yr', history_steps = 0 }",
    );
    let out = scene.run("file", &[]);
    assert_eq!((at_end(&out, "time"), at_end(&out, "step")), (36550.0, 731.0));
    assert_eq!(snapshot_times(&out), [0.0, 9150.0, 18300.0, 27400.0, 36550.0]);
    assert_eq!(history(&out, "time").len(), 11);
    let out = scene.run("word", &["--until", "2 kyr", "output.history_time=0"]);
    assert_eq!(history(&out, "time"), [0.0, 730_500.0]);
}

/// Methods with the parameters of a run about a star.
const METHODS: [(&str, &str); 6] = [
    ("leapfrog", "integrator.dt=0.002"),
    ("leapfrog_dkd", "integrator.dt=0.002"),
    ("hermite", "integrator.dt=0.002"),
    ("hermite", "integrator.eta=0.01"),
    ("wisdom_holman", "integrator.corrector=11"),
    ("ias15", "integrator.epsilon=1e-9"),
];

#[test]
fn a_test_particle_moves_as_a_body_of_hardly_any_mass() {
    let scene = |mass: &str| {
        let bodies = format!("mass,x,y,z,vx,vy,vz\n1,0,0,0,0,0,0\n1e-3,1,0,0,0,1,0\n{mass},2,0,0.1,0,0.7,0\n");
        Scene::new(
            "csv",
            &bodies,
            "run.until = 20\nintegrator = { method = 'leapfrog', dt = 0.002 }\noutput.history_steps = 0",
        )
    };
    let [none, little] = ["0", "1e-16"].map(scene);
    for (index, (method, word)) in METHODS.into_iter().enumerate() {
        let places = |scene: &Scene| {
            let method = format!("integrator.method={method}");
            last(&scene.run(&index.to_string(), &[&method, word]), "Coordinates")
        };
        let none = places(&none);
        let little = places(&little);
        assert!(none[6..].iter().any(|x| x.abs() > 0.5));
        all_near(&none, &little, 1e-10);
    }
}

#[test]
fn a_test_particle_leaves_the_bodies_as_they_are() {
    let star = "mass,x,y,z,vx,vy,vz\n1,0,0,0,0,0,0\n1e-3,1,0,0,0,1,0\n";
    let sections = "run.steps = 500\nintegrator = { method = 'leapfrog', dt = 0.002 }\noutput.history_steps = 0";
    let without = Scene::new("csv", star, sections);
    let with = Scene::new("csv", &format!("{star}0,1.1,0,0,0,0.9,0\n"), sections);
    for method in ["leapfrog", "leapfrog_dkd", "hermite", "wisdom_holman"] {
        let word = format!("integrator.method={method}");
        let without = without.run(method, &[&word]);
        let with = with.run(method, &[&word]);
        assert_eq!(last(&without, "Coordinates"), last(&with, "Coordinates")[..6], "{method}");
        assert_eq!(at_end(&without, "energy"), at_end(&with, "energy"), "{method}");
    }
}

/// MEGNO and the Lyapunov exponent after 1000 years.
fn chaos(saturn: &str, words: &[&str]) -> (f64, f64) {
    let sections = format!(
        "run.until = {}\nintegrator = {{ method = 'ias15', megno = true }}\noutput.history_steps = 50",
        1e3 * TAU
    );
    let scene = Scene::new("csv", &format!("{SUN_AND_JUPITER}{saturn}"), &sections);
    let out = scene.run("out", words);
    // A run that was cut and resumed carries the variational equations on.
    let cut = scene.run("cut", &[words, &["--steps", "400"]].concat());
    finish(divisi().arg("resume").arg(&cut).args(["--steps", "100000000"]), LIMIT).expect(0);
    assert_eq!(at_end(&out, "megno"), at_end(&cut, "megno"));
    (at_end(&out, "megno"), at_end(&out, "lyapunov"))
}

/// REBOUND has after 1000 years, over 30 seeds, 9.9 to 12.1 with IAS15 and, over 5, 13.6 to 14.4 with this map and step.
#[test]
fn megno_tells_a_regular_orbit_from_a_chaotic_one() {
    let map = ["integrator.method=wisdom_holman", "integrator.dt=5.0"];
    for (words, published) in [(&[][..], 9.0..12.5), (&map[..], 13.0..15.0)] {
        let (megno, lyapunov) = chaos(REGULAR, words);
        assert!((1.9..2.1).contains(&megno) && lyapunov.abs() < 3e-4, "regular, {words:?}: {megno}, {lyapunov}");
        let (megno, lyapunov) = chaos(CHAOTIC, words);
        assert!(published.contains(&megno), "chaotic, {words:?}: {megno}");
        near(lyapunov, 2.0 * megno / (1e3 * TAU), 0.35 * lyapunov);
    }
}

/// The figure of eight, in which a step of chosen length seldom ends at a round time.
fn figure_eight(out: &Path, words: &[&str]) {
    let file = root().join("sims/nbody/figure_eight.toml");
    run(&file, out, &[words, &["--until", "6", "output.trajectory_steps=0", "output.history_steps=0"]].concat())
        .expect(0);
}

#[test]
fn chosen_steps_hit_the_times_of_output() {
    let folder = tempfile::tempdir().unwrap();
    let cadences = ["output.times=[0.1, 2.7172818, 5.999]", "output.every_time=1.1"];
    let others = ["output.history_time=0.7", "output.trajectory_time=0.3"];
    for (name, eta) in [("ias15", "0"), ("hermite", "0.01")] {
        let out = folder.path().join(name);
        let method = [&format!("integrator.method={name}")[..], &format!("integrator.eta={eta}")];
        figure_eight(&out, &[method, cadences, others].concat());
        let expected = [0.0, 0.1, 1.1, 2.2, 2.7172818, 3.3, 4.4, 5.5, 5.999, 6.0];
        snapshot_times(&out).iter().zip(expected).for_each(|(time, expected)| near(*time, expected, 1e-12 * expected));
        assert_eq!(snapshot_times(&out).len(), expected.len());
        all_near(&history(&out, "time"), &[0.0, 0.7, 1.4, 2.1, 2.8, 3.5, 4.2, 4.9, 5.6, 6.0], 1e-11);
        let frames: Vec<f64> = Reader::open(&out.join("trajectory.hdf5")).unwrap().read("Time").unwrap();
        all_near(&frames, &(0..=20).map(|k| 0.3 * f64::from(k)).collect::<Vec<_>>(), 1e-11);
    }
}

#[test]
fn fixed_steps_write_the_first_state_at_or_past_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let fixed = ["integrator.method=hermite", "integrator.eta=0", "integrator.dt=0.0625"];
    let cadences = ["output.times=[0.1, 0.125, 2.7172818, 5.999]", "output.every_time=2.5", "output.history_time=0.9"];
    figure_eight(&out, &[&fixed[..], &cadences].concat());
    assert_eq!(snapshot_times(&out), [0.0, 0.125, 2.5, 2.75, 5.0, 6.0]);
    assert_eq!(history(&out, "time"), [0.0, 0.9375, 1.8125, 2.75, 3.625, 4.5, 5.4375, 6.0]);
}

#[test]
fn a_chosen_step_without_forces_needs_an_end() {
    // Once both bodies are one there is nothing left to choose a step by.
    let bodies = "mass,radius,x,y,z,vx,vy,vz\n1,1,0,0,0,0,0,0\n1,1,1,0,0,0,1,0\n";
    let sections = "events.collision = 'merge'\nrun.steps = 9\nintegrator.method = 'ias15'";
    let scene = Scene::new("csv", bodies, sections);
    for (method, word) in [("ias15", "integrator.eta=0"), ("hermite", "integrator.eta=0.02")] {
        let words = [&format!("integrator.method={method}")[..], word];
        let ended = run(&scene.path("run.toml"), &scene.path(method), &words).expect(1);
        ended.says("no body is accelerated and no largest step is given");
        let out = scene.run(&format!("{method} to an end"), &[&words[..], &["run.until=3"]].concat());
        assert_eq!((at_end(&out, "time"), at_end(&out, "bodies")), (3.0, 1.0));
    }
}

#[test]
fn how_companions_fare_is_the_same_after_a_resume_and_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name);
    let file = root().join("sims/orbit/two_planets.toml");
    // So near each other that they meet after some thousand years.
    let near = ["initial.orbits.sma2=26.5", "run.until=\"1e5 yr\"", "integrator.steps_per_orbit=30"];
    for method in ["wisdom_holman", "ias15"] {
        let steps = if method == "ias15" { "integrator.steps_per_orbit=0" } else { near[2] };
        let words = [near[0], near[1], steps, &format!("integrator.method={method}")];
        let [whole, parts] = ["whole", "parts"].map(|name| out(&format!("{name}-{method}")));
        let told = run(&file, &whole, &words).expect(0);
        assert!(told.stderr.contains("stopped by an event"), "{}", told.stderr);
        let events = fs::read_to_string(whole.join("events.csv")).unwrap();
        assert!(events.contains("close encounter,companion1 + companion2,"), "{events}");
        let [survived, closest, time] = ["survived", "closest_hill", "time"].map(|column| at_end(&whole, column));
        assert!(survived == 0.0 && closest < 1.0 && time < 1e5, "{survived} {closest} {time}");
        run(&file, &parts, &[&words[..], &["--steps", "57"]].concat()).expect(0);
        finish(divisi().arg("resume").arg(&parts).args(["--steps", "1000000000"]), LIMIT).expect(0);
        assert_same_files(&whole, &parts);
    }
    let apart =
        ["initial.orbits.sma2=40", "run.until=\"1e4 yr\"", "stability.escape_radius=0", "stability.hill_radii=0"];
    let watched = out("watched");
    run(&file, &watched, &[&apart[..], &["stability.watch=true"]].concat()).expect(0);
    assert!(at_end(&watched, "survived") == 1.0 && at_end(&watched, "closest_hill") > 4.0);
    // With a fixed step or a part of the orbit: P = 2 π √(a³ / G M) of the inner planet, at its periapsis.
    let period = (20f64.powi(3) / 1.505).sqrt() * (0.95f64.powi(3) / 1.05).sqrt();
    near_share(at_end(&watched, "time") / at_end(&watched, "step"), period / 25.0, 1e-4);
}

#[track_caller]
fn near_share(value: f64, expected: f64, share: f64) {
    near(value, expected, share * expected);
}

/// Hermite steps of a star between two planets whose pulls on it cancel exactly, to 1e-12 and to 1e-9, and of the figure of eight, whose
/// third body begins where the pulls of the others cancel; on three ranks as on one.
#[test]
fn forces_that_cancel_do_not_shorten_steps_of_many_bodies() {
    let sections = "run.until = 10.0\nintegrator = { method = 'hermite', eta = 0.01 }\n";
    for (place, most) in [("-1", 200), ("-1.000000000001", 700), ("-1.000000001", 700)] {
        let bodies =
            format!("name,mass,x,y,z,vx,vy,vz\nS,1,0,0,0,0,0,0\na,1e-3,1,0,0,0,1,0\nb,1e-3,{place},0,0,0,-1,0\n");
        let scene = Scene::new("csv", &bodies, sections);
        let one = scene.run("one", &[]);
        let steps = history(&one, "step").pop().unwrap();
        let error = history(&one, "energy_error").pop().unwrap();
        assert!(steps < f64::from(most) && error.abs() < 1e-5, "{place}: {steps} steps, {error:e}");
        let three = scene.path("three");
        finish(mpirun(3, DIVISI).arg("run").arg(scene.path("run.toml")).arg("--out").arg(&three), LIMIT).expect(0);
        assert_same_files(&one, &three);
    }
    let scene = Scene::new("csv", "", "");
    let eight = scene.path("eight");
    run(&root().join("sims/nbody/figure_eight.toml"), &eight, &["run.until=1.0"]).expect(0);
    assert!(history(&eight, "step").pop().unwrap() < 100.0);
}

/// There and back again by each method: back from where a run ended to where it began.
#[test]
fn bodies_go_back_in_time_to_where_they_were() {
    let bodies = "name,mass,x,y,z,vx,vy,vz\nS,1,0,0,0,0,0,0\na,1e-3,1,0,0,0,1,0.1\nb,1e-4,0,2,0,-0.7,0,0\n";
    let run_of = "run.until = 3.0\nhistory.elements = true\nintegrator = { method = 'ias15' }\n";
    let there = Scene::new("csv", bodies, run_of);
    for method in ["leapfrog", "leapfrog_dkd", "hermite", "wisdom_holman", "ias15"] {
        let step = if method == "ias15" { "run.seed=1" } else { "integrator.dt=0.01" };
        let method_word = format!("integrator.method={method}");
        let end = there.run(&format!("there_{method}"), &[&method_word, step]);
        let last = snapshots(&end).pop().unwrap();
        let back = there.path(&format!("back_{method}"));
        let file = divisi::io::snapshots_in(&end.join("snapshots")).unwrap().into_iter().max().unwrap();
        let words = ["initial.kind=gadget", &format!("initial.file={}", file.display()), "integrator.backwards=true"];
        run(&there.path("run.toml"), &back, &[&words[..], &[&method_word, step]].concat())
            .expect(0)
            .says("go back in time");
        let times = snapshot_times(&back);
        assert!(times[0] == 0.0 && times.last() == Some(&-3.0), "{method}: {times:?}");
        let begun = snapshots(&back).remove(0);
        assert_eq!(column(&begun, "Velocities"), column(&last, "Velocities"), "{method}");
        let found = snapshots(&back).pop().unwrap();
        let start = snapshots(&end).remove(0);
        for name in ["Coordinates", "Velocities"] {
            for (a, b) in column(&found, name).iter().zip(column(&start, name)) {
                assert!((a - b).abs() < 1e-6, "{method}, {name}: {a} and {b}");
            }
        }
    }
}

/// Steps of the map that are long for a circle and for the periapsis of an ellipse; a body at 0.97 of the speed of light: told
/// where the run begins and by `--check`, which counts rows of history too.
#[test]
fn long_steps_of_the_map_and_fast_bodies_are_told() {
    let told = |scene: &Scene, words: &[&str], text: &str| {
        let checked = run(&scene.path("run.toml"), &scene.path("out"), &[words, &["--check", "--overwrite"]].concat())
            .expect(0)
            .stdout;
        assert!(checked.contains("rows of history.csv"), "{checked}");
        let ran =
            run(&scene.path("run.toml"), &scene.path("out"), &[words, &["--overwrite"]].concat()).expect(0).stderr;
        [checked.contains(text), ran.contains(text)]
    };
    let map = "run.until = 2.0\nintegrator = { method = 'wisdom_holman', dt = 0.6 }\n";
    let circle = Scene::new("csv", "name,mass,x,y,z,vx,vy,vz\nS,1,0,0,0,0,0,0\na,0,1,0,0,0,1,0\n", map);
    assert_eq!(told(&circle, &[], "of the passage of"), [false; 2]);
    assert_eq!(told(&circle, &["integrator.dt=0.7"], "the step is 0.11 of the passage of a"), [true; 2]);
    let ellipse =
        Scene::new("csv", "name,mass,x,y,z,vx,vy,vz\nS,1,0,0,0,0,0,0\nb,0,1.9,0,0,0,0.22941573387056174,0\n", map);
    assert_eq!(told(&ellipse, &["integrator.dt=0.05"], "the step is 0.35 of the passage of b"), [true; 2]);
    let light =
        "run.until = 0.001\nunits.preset = 'au-day-gm'\ngravity.post_newtonian = true\nintegrator.method = 'ias15'\n";
    let fast = "name,gm,x,y,z,vx,vy,vz\nS,2.96e-4,0,0,0,0,0,0\nc,0,1,0,0,168,0,0\n";
    assert_eq!(told(&Scene::new("csv", fast, light), &[], "c moves at 0.97 of the speed of light"), [true; 2]);
}
