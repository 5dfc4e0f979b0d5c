//! Plans that cannot be: one message, status 2, and nothing written.

use super::place::{LIMIT, Place, on};
use crate::common::{divisi, finish, root};

const PLAN: &str = "simulation = 'sweep'\n[sweep]\nretries = 0\n[parameters]\ncombine = 'grid'\n\
                    [parameters.values]\nspeed = [1, 2]\nangle = [3, 4]\n[task]\ncommand = ['echo', '{speed}', '{angle}']\n";

fn place() -> Place {
    Place::new(PLAN)
}

impl Place {
    /// With a part of its plan replaced.
    #[track_caller]
    fn with(self, from: &str, to: &str) -> Self {
        self.change(from, to);
        self
    }

    /// Runs, expects status 2, one message that says all of `texts`, and no folder.
    #[track_caller]
    fn is_refused(&self, words: &[&str], texts: &[&str]) {
        let ended = self.run(on(1), words).expect(2);
        assert_eq!(ended.stderr.trim().lines().count(), 1, "one message, not:\n{}", ended.stderr);
        for text in texts {
            assert!(ended.stderr.contains(text), "expected `{text}` in: {}", ended.stderr);
        }
        assert!(!self.out().exists(), "something was written");
    }
}

#[test]
fn names_that_are_unknown() {
    place().with("{speed}", "{spee}").is_refused(&[], &["task.command", "`spee`", "did you mean `speed`?"]);
    place().with("retries", "retrys").is_refused(&[], &["sweep.retrys", "line 3", "did you mean `retries`?"]);
    place().with("[sweep]", "[swep]").is_refused(&[], &["swep", "did you mean `sweep`?"]);
    place().with("'sweep'", "'sweeps'").is_refused(&[], &["did you mean `sweep`?"]);
    place().is_refused(&["run.stebs=3"], &["run.stebs"]);
    place().is_refused(&["sweep.schedule=dynamical"], &["sweep.schedule", "did you mean `dynamic`?"]);
    place().is_refused(&["task.output=nunber"], &["task.output", "did you mean `number`?"]);
}

#[test]
fn parameters_that_cannot_be_combined() {
    place().with("speed = [1, 2]", "speed = []").is_refused(&[], &["parameters.values.speed", "line 7"]);
    place().with("'grid'", "'zip'").with("[3, 4]", "[3, 4, 5]").is_refused(&[], &["parameters.values", "angle", "3"]);
    place().with("'grid'", "'sobol'").is_refused(&[], &["parameters.samples", "sobol"]);
    place().with("'grid'", "'latin_hypercube'\nsamples = 0").is_refused(&[], &["parameters.samples"]);
    place().with("speed =", "seed =").with("{speed}", "{seed}").is_refused(&[], &["seed"]);
    let values = "[parameters.values]\nspeed = [1, 2]\nangle = [3, 4]\n";
    place().with(values, "").is_refused(&[], &["parameters.values", "is missing or empty"]);
    let table = || place().with("'grid'", "'csv'\nfile = 'points.csv'").with(values, "");
    table().is_refused(&[], &["points.csv"]);
    let ragged = table();
    ragged.write("points.csv", "speed,angle\n1,2\n3\n5,6\n");
    ragged.is_refused(&[], &["points.csv, line 3", "has 1 fields"]);
    let empty = table();
    empty.write("points.csv", "speed,angle\n");
    empty.is_refused(&[], &["points.csv"]);
}

#[test]
fn programs_that_cannot_be_run() {
    place().with("'echo'", "'no-such-program'").is_refused(&[], &["task.command", "`no-such-program`", "PATH"]);
    place().with("'echo'", "'./model'").is_refused(&[], &["task.command", "model"]);
    let plain = place().with("'echo'", "'./model'");
    plain.write("model", "#!/bin/sh\necho 1\n");
    plain.is_refused(&[], &["not executable", "chmod +x"]);
    place().with("[task]", "[task]\nworker = ['cat']").is_refused(&[], &["task", "only one of"]);
    place().with("command", "worker").is_refused(&[], &["task.worker"]);
    place().with("command = ['echo', '{speed}', '{angle}']", "").is_refused(&[], &["task", "give one of"]);
}

#[test]
fn settings_that_cannot_be() {
    place().is_refused(&["sweep.time_limit=-1"], &["sweep.time_limit"]);
    place().is_refused(&["sweep.ranks_per_task=2"], &["sweep.ranks_per_task", "task.simulation"]);
    place().is_refused(&["--walltime", "soon"], &["run.walltime", "soon"]);
    place().is_refused(&["--until", "3"], &["run.until"]);
}

/// A sweep over a simulation, with keys of it as parameters.
fn of_simulation(key: &str, values: &str) -> Place {
    let kepler = root().join("sims/nbody/kepler.toml");
    Place::new(&format!(
        "simulation = 'sweep'\n[parameters.values]\n'{key}' = {values}\n[task]\nsimulation = '{}'\n\
         set = {{ 'run.until' = 0.1 }}\n",
        kepler.display()
    ))
}

#[test]
fn a_simulation_of_a_task_is_checked_before_anything_runs() {
    of_simulation("initial.ee", "[0.1]").is_refused(&[], &["initial", "`ee`"]);
    of_simulation("integrator.dt", "[0.1, -0.1]").is_refused(&[], &["integrator.dt", "-0.1"]);
    // Neither the first nor the last task.
    of_simulation("integrator.dt", "[0.1, -0.1, 0.2]").is_refused(&[], &["integrator.dt", "-0.1"]);
    of_simulation("integrator.method", "['leapfrog', 'leapfrg']").is_refused(&[], &["did you mean `leapfrog`?"]);
    let unknown = of_simulation("initial.e", "[0.1, 0.2]").with("[task]", "[task]\nresult = ['enrgy']");
    assert!(unknown.run(on(1), &["sweep.retries=0"]).expect(3).stderr.contains("no column \"enrgy\""));
    of_simulation("initial.e", "[0.1]").run(on(1), &[]).expect(0);
    of_simulation("initial.e", "[0.1]")
        .is_refused(&["sweep.ranks_per_task=2"], &["sweep.ranks_per_task", "a task needs 2 ranks"]);
}

#[test]
fn options_that_go_with_sweeps_alone() {
    let place = place();
    let kepler = root().join("sims/nbody/kepler.toml");
    let ended = finish(divisi().arg("run").arg(kepler).args(["--retry-failed", "--out"]).arg(place.out()), LIMIT);
    ended.expect(2).says("--retry-failed: goes with sweeps");
    assert!(!place.out().exists());
    let ended = finish(divisi().arg("verify").arg(place.out()), LIMIT);
    ended.expect(2).says("holds no run");
    place.run(on(1), &["task.output=last_line"]).expect(0);
    finish(divisi().arg("verify").arg(place.out()), LIMIT).expect(2).says("holds a sweep");
}

#[test]
fn under_mpirun_a_mistake_is_told_once() {
    let place = place().with("{speed}", "{sped}");
    let ended = place.run(on(3), &[]).expect(2);
    assert_eq!(ended.stderr.matches("did you mean").count(), 1, "{}", ended.stderr);
    assert!(!place.out().exists());
}

#[test]
fn check_says_what_would_be_done_and_writes_nothing() {
    let place = place();
    for ranks in [1, 2] {
        let ended = place.run(on(ranks), &["--check"]).expect(0);
        for text in ["are valid", "4 over speed, angle", "echo 1 3"] {
            assert_eq!(ended.stdout.matches(text).count(), 1, "`{text}` in:\n{}", ended.stdout);
        }
    }
    assert!(!place.out().exists());
    place.with("'{angle}'", "'x'").run(on(1), &["--check"]).expect(0).stdout.contains("`angle` has no place");
}
