//! Collisions, close encounters and escapes: what is recorded, when the run stops, what becomes of the bodies.

use std::cell::Cell;
use std::f64::consts::PI;
use std::fs;
use std::path::PathBuf;

use crate::common::{DIVISI, Ended, assert_same_files, divisi, finish, history, mpirun};
use divisi::io::Reader;
use tempfile::TempDir;

/// Seconds after which a run is killed.
const LIMIT: u64 = 120;
/// The fixed step of all runs here but those of IAS15.
const DT: f64 = 0.005;
const METHODS: [&str; 4] = ["leapfrog", "hermite", "wisdom_holman", "ias15"];
/// All that `[events]` can be asked for.
const ASKED: &str = "collision=stop collision=merge collision=record close_encounter=stop close_encounter=record \
                     escape=stop escape=record escape=remove";
const STOPS: [(&str, &str); 2] = [("collision", "collision=stop"), ("close encounter", "close_encounter=stop")];

/// Inner falls from 1.8 to 0.2 from the centre of Star, which is wide enough to touch it; Outer is far away.
const FALL: &str = "Star,1,0.4,0,0,0,0,0,0\n\
                    Inner,1e-3,0.1,1.8,0,0,0,0.33349995835415,0\n\
                    Outer,1e-3,0,0,20,0,-0.2238302928559939,0,0\n";
/// Runner leaves Star at more than the escape speed; Outer is as far out as it gets, but bound.
const FLIGHT: &str = "Star,1,0.01,0,0,0,0,0,0\n\
                      Runner,1e-3,0,1,0,0,2,0,0\n\
                      Outer,2e-3,0,0,20,0,-0.2238302928559939,0,0\n";

/// When Inner comes nearer to Star than `distance`, is nearest, and leaves, for the `turn`-th time (from 0): by Kepler's
/// equation on its orbit of a = 1 and e = 0.8, from apoapsis.
fn passage(turn: u32, distance: f64) -> [f64; 3] {
    let motion = 1.001f64.sqrt();
    let e = 0.8;
    let eccentric = ((1.0 - distance) / e).acos();
    let mean = eccentric - e * eccentric.sin();
    let half_turns = PI * (1.0 + 2.0 * f64::from(turn));
    [half_turns - mean, half_turns, half_turns + mean].map(|anomaly| anomaly / motion)
}

/// When Runner is `distance` from Star: radial motion with v² = 2 mu/r + 2 (mu = 1 but for a thousandth).
fn flight_time(distance: f64) -> f64 {
    let along = |r: f64| ((r * (r + 1.0)).sqrt() - r.sqrt().asinh()) / 2f64.sqrt();
    along(distance) - along(1.0)
}

/// A line of events.csv.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    step: u64,
    time: f64,
    kind: String,
    subjects: String,
    value: f64,
}

/// Bodies and a parameter file in a folder of their own, and the runs made of them.
struct Scene(TempDir, Cell<u32>);

impl Scene {
    fn new(bodies: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bodies.csv"), format!("name,mass,radius,x,y,z,vx,vy,vz\n{bodies}")).unwrap();
        let toml = "simulation = 'nbody'\nrun.until = 10.0\ninitial = { kind = 'csv', file = 'bodies.csv' }\n\
                    events = { close_encounter_distance = 0.5, escape_radius = 5.0 }\n\
                    output = { every_steps = 150, trajectory_steps = 1 }\n";
        fs::write(folder.path().join("run.toml"), toml).unwrap();
        Scene(folder, Cell::new(0))
    }

    /// Runs with `method`, which asks for `asked` of the events, on so many ranks.
    fn run(&self, method: &str, asked: &str, ranks: usize, words: &[&str]) -> Run {
        self.1.set(self.1.get() + 1);
        let path = self.0.path().join(self.1.get().to_string());
        let mut command = if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        command.arg("run").arg(self.0.path().join("run.toml")).arg("--out").arg(&path);
        command.arg(format!("integrator.method={method}")).args(asked.split(' ').map(|word| format!("events.{word}")));
        if method != "ias15" {
            command.arg(format!("integrator.dt={DT}"));
        }
        let ended = finish(command.args(words), LIMIT).expect(0);
        Run { path, ended }
    }
}

struct Run {
    path: PathBuf,
    ended: Ended,
}

impl Run {
    fn events(&self) -> Vec<Line> {
        let text = fs::read_to_string(self.path.join("events.csv")).unwrap();
        let line = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            let [step, time, kind, subjects, value] = cells[..] else { panic!("{line}") };
            let number = |cell: &str| cell.parse::<f64>().unwrap();
            let kind = kind.to_owned();
            let subjects = subjects.to_owned();
            Line { step: step.parse().unwrap(), time: number(time), kind, subjects, value: number(value) }
        };
        assert!(text.starts_with("step,time,event,subjects,value\n"));
        text.lines().skip(1).map(line).collect()
    }

    /// The only event.
    #[track_caller]
    fn event(&self) -> Line {
        let events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events[0].clone()
    }

    fn history(&self, column: &str) -> Vec<f64> {
        history(&self.path, column)
    }

    /// The row of the step of `event`.
    fn row(&self, event: &Line) -> usize {
        let at = |step: &f64| *step == event.step as f64;
        self.history("step").iter().position(at).expect("a row of each step")
    }

    /// The length of the step of `event`.
    fn last_step(&self, event: &Line) -> f64 {
        let times = self.history("time");
        let row = self.row(event);
        times[row] - times[row - 1]
    }

    fn last_snapshot(&self) -> Reader {
        let mut files = divisi::io::snapshots_in(&self.path.join("snapshots")).unwrap();
        files.sort();
        Reader::open(files.last().expect("a snapshot")).unwrap()
    }

    fn last_names(&self) -> Vec<String> {
        self.last_snapshot().texts("PartType1/Names").unwrap()
    }

    /// Whether the run ended at the step of `event`, wrote that state, and said so.
    #[track_caller]
    fn stopped_at(&self, event: &Line) {
        let step = self.history("step").pop().unwrap();
        let time = self.history("time").pop().unwrap();
        assert_eq!(step, event.step as f64);
        assert!(time < 9.0, "it ran to the end");
        assert_eq!(self.last_snapshot().attribute::<u64>("Header", "Step").unwrap(), event.step);
        assert!(self.path.join(format!("checkpoints/step_{:010}.hdf5", event.step)).exists());
        let said = format!("stopped by an event at step {}, t = {time}", event.step);
        assert!(self.ended.stderr.contains(&said), "{}", self.ended.stderr);
    }

    /// Whether trajectory.hdf5 knows `body` by name, with numbers up to `until` and NaN after.
    #[track_caller]
    fn trajectory_ends(&self, body: &str, until: f64) {
        let file = Reader::open(&self.path.join("trajectory.hdf5")).unwrap();
        let names = file.texts("Names").unwrap();
        let index = names.iter().position(|name| name == body).expect("the body's name");
        let times: Vec<f64> = file.read("Time").unwrap();
        for column in ["Coordinates", "Velocities", "Masses"] {
            let numbers: Vec<f64> = file.read(column).unwrap();
            let width = numbers.len() / times.len();
            let components = width / names.len();
            for (time, frame) in times.iter().zip(numbers.chunks(width)) {
                for (i, numbers) in frame.chunks(components).enumerate() {
                    let gone = i == index && *time >= until;
                    assert!(numbers.iter().all(|x| x.is_nan() == gone), "{column} of {} at {time}", names[i]);
                }
            }
        }
        assert!(times.iter().any(|time| *time < until) && times.iter().any(|time| *time > until));
    }

    /// What `event` adds to a column.
    fn jump(&self, column: &str, event: &Line) -> f64 {
        let values = self.history(column);
        let row = self.row(event);
        values[row] - values[row - 1]
    }
}

#[track_caller]
fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected} within {tolerance}");
}

/// An event that is seen in the step after it came about.
#[track_caller]
fn seen_after(event: &Line, expected: f64, step: f64) {
    assert!(event.time >= expected - 1e-3 && event.time <= expected + step + 1e-3, "{event:?}, {expected} + {step}");
}

#[test]
fn a_collision_or_a_close_encounter_stops_the_run() {
    let scene = Scene::new(FALL);
    for (method, (kind, asked)) in METHODS.iter().flat_map(|method| STOPS.map(|stop| (method, stop))) {
        let run = scene.run(method, asked, 1, &[]);
        let event = run.event();
        assert_eq!((&event.kind[..], &event.subjects[..]), (kind, "Star + Inner"), "{method}");
        seen_after(&event, passage(0, 0.5)[0], run.last_step(&event));
        assert!(event.value < 0.5 && event.value > 0.45, "{method}: {event:?}");
        run.stopped_at(&event);
        assert_eq!(run.last_names(), ["Star", "Inner", "Outer"]);
    }
}

#[test]
fn a_collision_is_recorded_once_in_each_passage() {
    for method in METHODS {
        let events = Scene::new(FALL).run(method, "collision=record", 1, &[]).events();
        assert_eq!(events.len(), 2, "{method}: {events:?}");
        for (turn, event) in (0..).zip(&events) {
            assert_eq!((&event.kind[..], &event.subjects[..]), ("collision", "Star + Inner"));
            seen_after(event, passage(turn, 0.5)[0], if method == "ias15" { 0.05 } else { DT });
        }
    }
}

#[test]
fn a_merger_keeps_mass_momentum_and_the_name_of_the_heaviest() {
    let scene = Scene::new(FALL);
    for method in METHODS {
        let run = scene.run(method, "collision=merge", 1, &[]);
        let event = run.event();
        assert_eq!((&event.kind[..], &event.subjects[..]), ("merger", "Star + Inner"), "{method}");
        assert_eq!((event.value, run.history("time")[run.row(&event)]), (1.001, event.time));
        seen_after(&event, passage(0, 0.5)[0], run.last_step(&event));
        assert_eq!(run.jump("bodies", &event), -1.0);
        near(run.jump("mass", &event), 0.0, 1e-15);
        for axis in ["x", "y", "z"] {
            near(run.jump(&format!("momentum_{axis}"), &event), 0.0, 1e-15);
        }
        assert!(run.jump("kinetic_energy", &event) < 0.0, "{method}");
        // The barycentre goes on straight, as before.
        let times = run.history("time");
        let centres = run.history("center_y");
        let speed = run.history("momentum_y")[0] / 1.002;
        times.iter().zip(&centres).for_each(|(t, y)| near(*y, centres[0] + speed * t, 1e-13));
        after_the_merger(&run, &event);
    }
}

fn after_the_merger(run: &Run, event: &Line) {
    let last = run.last_snapshot();
    assert_eq!(run.last_names(), ["Star", "Outer"]);
    assert_eq!(last.read::<u64>("PartType1/ParticleIDs").unwrap(), [0, 2]);
    assert_eq!(last.read::<f64>("PartType1/Masses").unwrap(), [1.001, 1e-3]);
    let radii: Vec<f64> = last.read("PartType1/Radius").unwrap();
    near(radii[0], (0.4f64.powi(3) + 0.1f64.powi(3)).cbrt(), 1e-15);
    run.trajectory_ends("Inner", event.time);
}

#[test]
fn a_close_encounter_is_recorded_with_its_least_distance() {
    let scene = Scene::new(FALL);
    for method in METHODS {
        let events = scene.run(method, "close_encounter=record", 1, &[]).events();
        assert_eq!(events.len(), 2, "{method}: {events:?}");
        for (turn, event) in (0..).zip(&events) {
            let [_, nearest, leaves] = passage(turn, 0.5);
            assert_eq!((&event.kind[..], &event.subjects[..]), ("close encounter", "Star + Inner"));
            near(event.time, nearest, 2e-3);
            near(event.value, 0.2, 2e-4);
            // Told when the passage is over.
            if method != "ias15" {
                near(event.step as f64 * DT, leaves + 0.5 * DT, 1.5 * DT);
            }
        }
    }
}

/// Cut short by the end, by an event that stops the run, by a merger and a removal; bodies that are near all the time.
#[test]
fn a_close_encounter_that_has_not_ended_is_recorded_when_the_run_ends() {
    let scene = Scene::new(FALL);
    let [enters, nearest, _] = passage(0, 0.5);
    let amid = format!("run.until={}", 0.5 * (enters + nearest));
    for method in METHODS {
        let run = scene.run(method, "close_encounter=record", 1, &[&amid]);
        let event = run.event();
        assert_eq!((&event.kind[..], &event.subjects[..]), ("close encounter", "Star + Inner"), "{method}");
        near(event.time, 0.5 * (enters + nearest), 2.0 * DT);
        assert!(event.value > 0.21 && event.value < 0.5, "{method}: {event:?}");
        // With a later end it is told once, with its least distance.
        finish(divisi().arg("resume").arg(&run.path).args(["--until", "5"]), LIMIT).expect(0);
        near(run.event().value, 0.2, 2e-4);
    }
    let stopped = scene.run("leapfrog", "collision=stop close_encounter=record", 1, &[]).events();
    assert_eq!(stopped.iter().map(|event| &event.kind[..]).collect::<Vec<_>>(), ["collision", "close encounter"]);
    let merged = scene.run("leapfrog", "collision=merge close_encounter=record", 1, &["run.until=5"]).events();
    assert_eq!(merged.iter().map(|event| &event.kind[..]).collect::<Vec<_>>(), ["merger", "close encounter"]);
    let pair = Scene::new("Star,1,0,0,0,0,0,0,0\nMoon,0,0,0.3,0,0,0,1.8257418583505538,0\n");
    let bound = pair.run("ias15", "close_encounter=record", 1, &["run.until=2"]).event();
    near(bound.value, 0.3, 1e-3);
}

#[test]
fn an_escape_stops_the_run() {
    let scene = Scene::new(FLIGHT);
    for method in METHODS {
        let run = scene.run(method, "escape=stop", 1, &[]);
        let event = run.event();
        assert_eq!((&event.kind[..], &event.subjects[..]), ("escape", "Runner"), "{method}");
        let step = run.last_step(&event);
        near(event.time, flight_time(5.0) + 0.5 * step, 0.5 * step + 0.02);
        assert!(event.value > -0.201 && event.value < -1.0 / (5.1 + 2.0 * step), "{method}: {event:?}");
        run.stopped_at(&event);
    }
}

#[test]
fn an_escape_is_recorded_once_and_the_body_stays_or_goes() {
    let scene = Scene::new(FLIGHT);
    for method in METHODS {
        let stays = scene.run(method, "escape=record", 1, &[]);
        let goes = scene.run(method, "escape=remove", 1, &[]);
        let event = goes.event();
        assert_eq!(stays.event(), event, "{method}");
        assert_eq!(stays.last_names(), ["Star", "Runner", "Outer"]);
        assert_eq!(goes.last_names(), ["Star", "Outer"]);
        assert_eq!(goes.jump("bodies", &event), -1.0);
        near(goes.jump("mass", &event), -1e-3, 1e-15);
        near(goes.jump("momentum_x", &event), -1e-3 * (2.0f64 + 2.0 / 5.0).sqrt(), 3e-5);
        goes.trajectory_ends("Runner", event.time);
        assert!(stays.history("bodies").iter().all(|count| *count == 3.0));
    }
}

/// Words that end a run soon after the first passage, with few outputs.
const SOON: [&str; 3] = ["run.until=4", "output.history_steps=20", "output.trajectory_steps=20"];

/// Whether one rank and three write the same.
fn same_on_three_ranks(scene: &Scene, method: &str, asked: &str) {
    let one = scene.run(method, asked, 1, &SOON);
    let three = scene.run(method, asked, 3, &SOON);
    assert!(!one.events().is_empty(), "{method}, {asked}");
    assert_same_files(&one.path, &three.path);
}

#[test]
fn three_ranks_write_the_bytes_of_one() {
    for asked in ASKED.split(' ') {
        same_on_three_ranks(&Scene::new(if asked.starts_with("escape") { FLIGHT } else { FALL }), "leapfrog", asked);
    }
    let all = "collision=merge close_encounter=record close_encounter_distance=1 escape=remove escape_radius=1.5";
    for (bodies, method) in [(FALL, "hermite"), (FALL, "wisdom_holman"), (FLIGHT, "hermite"), (FLIGHT, "ias15")] {
        same_on_three_ranks(&Scene::new(bodies), method, all);
    }
}

/// Ends a run after `steps`, or with its first event, resumes it to the end, and compares it with one that was left alone.
fn cut_and_resume(scene: &Scene, method: &str, asked: &str, steps: Option<u64>, ranks: [usize; 2]) {
    let with_steps =
        |steps: u64, ranks| scene.run(method, asked, ranks, &[&SOON[..], &[&format!("run.steps={steps}")]].concat());
    let whole = with_steps(1_000_000, 1);
    let cut = with_steps(steps.unwrap_or_else(|| whole.events()[0].step), ranks[0]);
    assert!(cut.history("time").pop().unwrap() < 3.99);
    let mut command = if ranks[1] == 1 { divisi() } else { mpirun(ranks[1], DIVISI) };
    finish(command.arg("resume").arg(&cut.path).args(["--steps", "1000000"]), LIMIT).expect(0).says("resumed at step");
    assert_same_files(&whole.path, &cut.path);
}

#[test]
fn a_run_resumed_after_or_amid_an_event_is_the_undisturbed_one() {
    let fall = Scene::new(FALL);
    let flight = Scene::new(FLIGHT);
    // The first passage takes the steps 574 to 682 of fixed length.
    cut_and_resume(&fall, "leapfrog", "close_encounter=record", Some(600), [1, 3]);
    cut_and_resume(&fall, "hermite", "collision=record", Some(640), [1, 1]);
    cut_and_resume(&fall, "wisdom_holman", "collision=merge", Some(700), [1, 1]);
    cut_and_resume(&fall, "leapfrog", "collision=merge", None, [3, 1]);
    cut_and_resume(&fall, "ias15", "collision=merge", None, [1, 1]);
    cut_and_resume(&fall, "ias15", "close_encounter=record", Some(40), [1, 1]);
    cut_and_resume(&flight, "hermite", "escape=remove", None, [1, 3]);
    cut_and_resume(&flight, "leapfrog", "escape=record", Some(500), [1, 1]);
}

#[test]
fn a_run_stopped_by_an_event_goes_on_when_resumed() {
    let scene = Scene::new(FALL);
    assert_eq!(scene.run("leapfrog", "collision=none", 1, &[]).events(), []);
    let run = scene.run("leapfrog", "collision=stop", 1, &[]);
    let first = run.event();
    finish(divisi().arg("resume").arg(&run.path), LIMIT).expect(0).says("stopped by an event");
    let events = run.events();
    assert_eq!((events.len(), &events[0]), (2, &first));
    seen_after(&events[1], passage(1, 0.5)[0], DT);
}

#[test]
fn bodies_that_touch_in_a_row_become_one() {
    // Light, the first in the list, touches Heavy, and Heavy touches Middle; Lone goes on alone.
    let bodies = "Light,1,0.6,-1,0,0,0.5,0,0\nHeavy,4,0.6,0,0,0,0,0.25,0\nMiddle,2,0.6,1,0,0,0,0,-0.5\nLone,1,0.6,30,0,0,0,0,0\n";
    let scene = Scene::new(bodies);
    for method in ["leapfrog", "hermite", "ias15"] {
        let run = scene.run(method, "collision=merge", 1, &["run.until=1.0", "integrator.dt=0.001"]);
        let event = run.event();
        assert_eq!((&event.subjects[..], event.value, event.step), ("Heavy + Light + Middle", 7.0, 1), "{method}");
        assert_eq!(run.last_names(), ["Heavy", "Lone"]);
        near(run.jump("momentum_x", &event), 0.0, 1e-14);
        let momentum = ["x", "y", "z"].map(|axis| run.history(&format!("momentum_{axis}")).pop().unwrap());
        [0.5, 1.0, -1.0].into_iter().zip(momentum).for_each(|(expected, momentum)| near(momentum, expected, 1e-13));
    }
}

#[test]
fn a_body_left_alone_moves_straight() {
    let two = Scene::new(FALL.split_inclusive('\n').take(2).collect::<String>().as_str());
    for method in METHODS {
        let run = two.run(method, "collision=merge", 1, &[]);
        assert_eq!(run.last_names(), ["Star"], "{method}");
        let y: Vec<f64> = run.last_snapshot().read("PartType1/Coordinates").unwrap();
        near(y[1], 1e-3 * 0.33349995835415 / 1.001 * 10.0, 1e-12);
    }
}

#[test]
fn test_particles_do_not_meet_each_other() {
    // They cross at x = 3 at t = 1; Probe then falls into Star, which it leaves as it is.
    let scene = Scene::new("Star,1,0.5,0,0,0,0,0,0\nProbe,0,0.2,4,0,0,-1,0,0\nOther,0,0.2,2,0,0,1,0,0\n");
    for method in ["leapfrog", "hermite", "ias15"] {
        let run = scene.run(method, "collision=merge close_encounter=record", 1, &["run.until=4"]);
        let mergers: Vec<Line> = run.events().into_iter().filter(|event| event.kind == "merger").collect();
        assert!(mergers.iter().all(|event| event.value == 1.0), "{mergers:?}");
        assert!(run.events().iter().all(|event| event.subjects.starts_with("Star + ")), "{:?}", run.events());
        assert!(mergers.iter().any(|event| event.subjects == "Star + Probe"), "{method}: {:?}", run.events());
        let places: Vec<f64> = run.last_snapshot().read("PartType1/Coordinates").unwrap();
        assert_eq!(places[..3], [0.0; 3]);
    }
}
