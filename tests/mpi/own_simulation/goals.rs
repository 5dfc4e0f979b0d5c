//! Runs with a goal beyond their end, and files that a simulation writes by itself.

use std::fs;
use std::path::Path;

use super::checks::{LIMIT, Runs, last_state, program, snapshot_times, stop_by_signal, verify};
use crate::common::{assert_same_files, finish, history};

pub(crate) const CHECKS: &[(&str, fn())] = &[
    ("a goal ends a run like its end", goal_reached),
    ("an open goal leaves a run to be resumed", goal_open),
    ("results are written at the end and at each stop", results_of_ones_own),
    ("a task of a sweep whose goal stays open has failed", goal_of_a_task),
];

/// Reached after some 120 of 240 steps.
const GOAL: &str = "rod.cool_to=0.66";

fn goal_reached() {
    let runs = Runs::new();
    let words = [GOAL, "output.every_time=0.001"];
    let whole = runs.whole(1, "run_1", &words);
    let hottest = history(&whole, "hottest");
    let (last, before) = hottest.split_last().expect("rows");
    assert!(*last <= 0.66 && before.iter().all(|&hottest| hottest > 0.66), "{hottest:?}");
    assert!(history(&whole, "time").last().is_some_and(|&time| time < 0.008), "the goal was never reached");
    for ranks in [2, 3, 4] {
        assert_same_files(&whole, &runs.whole(ranks, &format!("run_{ranks}"), &words));
    }
    runs.resume(3, "run_2", &[]).expect(0);
    assert_same_files(&whole, &runs.out("run_2"));
}

fn goal_open() {
    let runs = Runs::new();
    let whole = runs.whole(1, "whole", &[GOAL, "output.history_steps=3"]);
    for (ranks, end) in [(3, ["--steps", "40"]), (1, ["--steps", "41"])] {
        let ended = runs.run(ranks, "short", &[&end[..], &[GOAL, "output.history_steps=3", "--overwrite"]].concat());
        ended.expect(4).says("not the goal: continue with `resume`");
        let last = end[1].parse().ok();
        assert_eq!(history(&runs.out("short"), "step").last().copied(), last, "the last state is written");
        assert_eq!(snapshot_times(&runs.out("short")).len(), 2);
        // It can be computed again, and resumed with the same end: then it is as far as before.
        assert!(verify(&runs, 2, "short", &["--from", "0"]).expect(0).stdout.contains("the same bits"));
        runs.resume(2, "short", &[]).expect(4).says("not the goal");
        let status = || finish(program(1).arg("status").arg(runs.out("short")), LIMIT);
        assert!(status().expect(4).stdout.contains("nobody is at work: it ended without its goal"));
        runs.resume(4 - ranks, "short", &["--steps", "100000"]).expect(0).says("resumed at step 4");
        assert_same_files(&whole, &runs.out("short"));
        status().expect(0);
    }
}

fn profile(run: &Path) -> String {
    fs::read_to_string(run.join("profile.txt")).expect("a profile")
}

fn results_of_ones_own() {
    let runs = Runs::new();
    let words = ["output.every_time=0.001"];
    let whole = runs.whole(1, "whole", &words);
    let (last, _) = last_state(&whole);
    assert_eq!(profile(&whole), last.iter().map(|temperature| format!("{temperature:?}\n")).collect::<String>());
    stop_by_signal(&runs, runs.command(2, "stopped", &[words[0], "trouble.pause_ms=10"]), "stopped");
    let (stopped, _) = last_state(&runs.out("stopped"));
    assert_eq!(profile(&runs.out("stopped")).lines().count(), stopped.len());
    assert_ne!(profile(&runs.out("stopped")), profile(&whole));
    runs.resume(3, "stopped", &[]).expect(0);
    assert_eq!(profile(&runs.out("stopped")), profile(&whole));
    // A run that replaces another doesn't keep the other's results.
    runs.run(2, "whole", &["--overwrite", "trouble.error_at=5"]).expect(1);
    assert!(!whole.join("profile.txt").exists());
}

fn goal_of_a_task() {
    let runs = Runs::new();
    let plan = runs.out("plan.toml");
    let text = "simulation = \"sweep\"\n[parameters.values]\n\"rod.cool_to\" = [0.9, 0.66, 0.2]\n\
                [task]\nsimulation = \"rod.toml\"\nresult = [\"step\"]\n";
    fs::write(&plan, text).expect("a plan");
    let out = runs.out("sweep");
    finish(program(2).arg("run").arg(&plan).arg("--out").arg(&out), LIMIT).expect(3);
    let results = fs::read_to_string(out.join("results.csv")).expect("results");
    let lines: Vec<&str> = results.lines().collect();
    assert!(lines[1].contains(",done") && lines[2].contains(",done"), "{results}");
    assert!(lines[3].contains("goal open"), "{results}");
}
