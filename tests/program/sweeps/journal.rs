//! What a journal keeps when the plan changes, or its bytes do.

use std::fs;

use divisi::tasks::journal::Recovered;

use super::place::{Place, on};

/// Tasks that note each of their runs in a file beside the plan.
const PLAN: &str = "simulation = 'sweep'\n[parameters.values]\nx = { from = 0, to = 39, step = 1 }\n[task]\n\
                    command = ['sh', '-c', 'echo {index} >> ran; echo $(({x} * {x}))']\n";

/// A finished sweep, its results and the bytes of its journal.
fn finished() -> (Place, [Vec<u8>; 2], Vec<u8>) {
    let place = Place::new(PLAN);
    place.run(on(1), &[]).expect(0);
    let results = place.results("out");
    let journal = fs::read(place.path("out/journal")).unwrap();
    (place, results, journal)
}

#[test]
fn a_plan_that_has_changed_is_refused_and_nothing_is_touched() {
    let (place, ..) = finished();
    let before = ["config.toml", "journal", "results.csv", "run.log"].map(|name| place.read(&format!("out/{name}")));
    for (from, to, told) in [
        ("to = 39", "to = 38", &["x", "tasks: 40 -> 39"][..]),
        ("$(({x} * {x}))", "$(({x} + {x}))", &["task.command.2", "+"][..]),
        ("[task]", "[task]\noutput = 'json'", &["task.output: number -> json"][..]),
        ("[parameters.values]", "[run]\nseed = 2\n[parameters.values]", &["run.seed: 1 -> 2"][..]),
    ] {
        place.change(from, to);
        for ranks in [1, 2] {
            let ended = place.run(on(ranks), &["--resume"]).expect(2);
            assert!(told.iter().all(|text| ended.stderr.contains(text)), "{told:?} in {}", ended.stderr);
            assert!(ended.stderr.contains("another plan began this sweep"), "{}", ended.stderr);
        }
        place.change(to, from);
    }
    assert!(place.resume(on(1), &["run.seed=3"]).expect(2).stderr.contains("run.seed: 1 -> 3"));
    let after = ["config.toml", "journal", "results.csv", "run.log"].map(|name| place.read(&format!("out/{name}")));
    assert!(before == after, "a refused plan has changed a file");
    place.run(on(1), &["--resume", "sweep.retries=7", "sweep.schedule=static"]).expect(0);
    assert_eq!(place.ran(), 40, "how tasks are done is no part of what they are");
}

#[test]
fn a_folder_with_a_sweep_is_not_overwritten_unless_asked() {
    let (place, results, _) = finished();
    assert!(place.run(on(1), &[]).expect(2).stderr.contains("--overwrite"));
    assert_eq!(place.ran(), 40);
    place.run(on(1), &["--overwrite"]).expect(0);
    assert_eq!((place.ran(), place.results("out")), (80, results));
}

/// Cuts the journal in the midst of a record: how many there are depends on how long tasks took.
fn tear(place: &Place, journal: &[u8], length: usize) {
    place.write("out/journal", &journal[..length]);
    if Recovered::read(&place.path("out/journal")).unwrap().notes().is_empty() {
        place.write("out/journal", &journal[..length - 1]);
    }
}

#[test]
fn a_journal_cut_anywhere_goes_on_and_gives_the_same_bytes() {
    let (place, results, journal) = finished();
    for part in [1, 10, 25] {
        let length = journal.len() - part * journal.len() / 40;
        tear(&place, &journal, length);
        let before = place.ran();
        let kept = place.recorded().len();
        assert!((1..40).contains(&kept), "{kept} tasks are left");
        let ended = place.resume(on(2), &[]).expect(0);
        assert_eq!(ended.stderr.matches("no whole record").count(), 1, "{}", ended.stderr);
        assert_eq!(place.ran() - before, 40 - kept);
        assert_eq!(place.results("out"), results);
    }
}

#[test]
fn damage_within_a_journal_costs_only_what_it_hits_and_is_told() {
    let (place, results, journal) = finished();
    for place_of in [5, 6, 7] {
        let mut damaged = journal.clone();
        let start = journal.len() * place_of / 9;
        damaged[start..start + 60].iter_mut().for_each(|byte| *byte ^= 0x55);
        place.write("out/journal", &damaged);
        let before = place.ran();
        let kept = place.recorded().len();
        assert!((20..40).contains(&kept), "{kept} tasks are left");
        let ended = place.resume(on(2), &[]).expect(0);
        assert_eq!(ended.stderr.matches("are damaged: what they recorded is lost").count(), 1, "{}", ended.stderr);
        assert_eq!(place.ran() - before, 40 - kept);
        assert_eq!(place.results("out"), results);
    }
}

#[test]
fn without_its_head_a_journal_is_refused_and_kept() {
    let (place, _, journal) = finished();
    let config = place.read("out/config.toml");
    for (at, told) in [(0, "no journal of a sweep"), (100, "its plan, is damaged")] {
        let mut damaged = journal.clone();
        damaged[at] ^= 1;
        place.write("out/journal", &damaged);
        let ended = place.resume(on(2), &[]).expect(1);
        assert!(ended.stderr.contains(told) && ended.stderr.contains("--overwrite"), "{}", ended.stderr);
        assert!(fs::read(place.path("out/journal")).unwrap() == damaged, "the journal has changed");
        assert_eq!(place.read("out/config.toml"), config);
    }
    assert_eq!(place.ran(), 40);
    place.run(on(1), &["--overwrite"]).expect(0);
}
