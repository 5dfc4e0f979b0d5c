//! What the other commands tell of a sweep, while it is at work and after.

use std::time::Duration;

use super::place::{LIMIT, Place, on, wait_for};
use crate::common::{Ended, Signal, divisi, finish, kill_ranks, root, signal, wait};

const PLAN: &str = "simulation = 'sweep'\n[sweep]\nretries = 0\n[parameters.values]\nx = { from = 1, to = 100, step = 1 }\n[task]\n\
                    command = ['sh', '-c', 'sleep 0.05; echo $(({x} * {x}))']\n";

fn divisi_with(words: &[&str], paths: &[std::path::PathBuf]) -> Ended {
    finish(divisi().args(words).args(paths), LIMIT)
}

/// The first number that `divisi status` tells: tasks that are done.
fn done(told: &str) -> u64 {
    told.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no number in {told}"))
}

#[test]
fn status_tells_how_far_a_sweep_is() {
    let place = Place::new(PLAN);
    let status = || divisi_with(&["status"], &[place.out()]);
    let mut job = place.spawn(on(2), &[]);
    wait_for("results", || (place.recorded().len() > 3).then_some(()));
    let first = status().expect(85).stdout;
    assert!(first.contains("of 100 tasks done, 0 failed") && first.contains("at work: process"), "{first}");
    wait_for("more results", || (done(&status().expect(85).stdout) > done(&first)).then_some(()));
    signal(&job, Signal::USR1);
    assert_eq!(wait(&mut job, Duration::from_secs(20)), Some(85));
    assert!(status().expect(85).stdout.contains("nobody is at work: continue with `divisi resume`"));
    place.resume(on(2), &[]).expect(0);
    let told = status().expect(0).stdout;
    assert!(told.starts_with("100 of 100 tasks done, 0 failed, 0 left\n0 tried again, 0 ranks died"), "{told}");
    assert_eq!(told.lines().count(), 2, "{told}");
    place.change("sleep 0.05", "[ {x} != 7 ]; [ {x} -le 99 ] || exit 1");
    place.run(on(2), &["--overwrite"]).expect(3);
    assert!(status().expect(3).stdout.starts_with("99 of 100 tasks done, 1 failed, 0 left"));
}

#[test]
fn status_of_a_job_that_was_killed() {
    let place = Place::new(PLAN);
    let mut job = place.spawn(on(2), &[]);
    wait_for("results", || (place.recorded().len() > 3).then_some(()));
    kill_ranks(&place.out());
    wait(&mut job, Duration::from_secs(20));
    let told = divisi_with(&["status"], &[place.out()]).expect(85).stdout;
    assert!(told.contains("nobody is at work"), "{told}");
}

#[test]
fn status_of_a_simulation_and_of_nothing() {
    let place = Place::new("");
    let kepler = root().join("sims/nbody/kepler.toml");
    finish(divisi().arg("run").arg(kepler).args(["--steps", "30", "--out"]).arg(place.out()), LIMIT).expect(0);
    let told = divisi_with(&["status"], &[place.out()]).expect(0).stdout;
    assert!(
        told.contains("step 30") && told.contains("checkpoints at steps") && told.contains("nobody is at work"),
        "{told}"
    );
    divisi_with(&["status"], &[place.path("nothing")]).expect(2).says("there is no such file or folder");
    divisi_with(&["status"], &[place.path("")]).expect(2).says("holds no run");
}

#[test]
fn list_shows_the_keys_of_a_sweep() {
    let told = divisi_with(&["list", "sweep"], &[]).expect(0).stdout;
    for text in ["simulation = \"sweep\"", "ranks_per_task", "latin_hypercube", "worker", "[task]"] {
        assert!(told.contains(text), "{text} in {told}");
    }
    assert!(!told.contains("simulation = \"nbody\""), "{told}");
    assert!(divisi_with(&["list"], &[]).expect(0).stdout.contains("# simulation = \"sweep\""));
    divisi_with(&["list", "swep"], &[]).expect(2).says("did you mean `sweep`?");
}

#[test]
fn results_are_listed_and_compared() {
    let place = Place::new(&PLAN.replace("sleep 0.05; ", ""));
    place.run_to(on(1), "a", &[]).expect(0);
    place.run_to(on(3), "b", &[]).expect(0);
    place.change("{x} * {x}", "{x} * {x} + {x} / 100");
    place.run_to(on(2), "c", &[]).expect(0);
    let [a, b, c] = ["a", "b", "c"].map(|name| place.path(name));
    let told = divisi_with(&["ls"], &[a.join("results.h5")]).expect(0).stdout;
    assert!(told.contains("results/result") && told.contains("(100)") && told.contains("results/x"), "{told}");
    let told = divisi_with(&["ls"], std::slice::from_ref(&a)).expect(0).stdout;
    assert!(told.contains("results.csv") && told.contains("100 rows") && told.contains("journal"), "{told}");
    divisi_with(&["ls"], &[a.join("results.csv")]).expect(0);
    for file in ["results.h5", "results.csv", ""] {
        let same = divisi_with(&["compare"], &[a.join(file), b.join(file)]).expect(0).stdout;
        assert!(same.starts_with("the same:") && !same.contains(" 0 values"), "{file}: {same}");
        let other = divisi_with(&["compare"], &[a.join(file), c.join(file)]).expect(1).stdout;
        assert!(other.contains("10000") && other.contains("10001"), "{file}: {other}");
        divisi_with(&["compare", "--relative", "1e-3"], &[a.join(file), c.join(file)]).expect(0);
    }
}

#[test]
fn two_jobs_do_not_work_in_one_folder() {
    let place = Place::new(PLAN);
    let mut job = place.spawn(on(2), &[]);
    wait_for("the journal", || place.path("out/journal").exists().then_some(()));
    place.resume(on(1), &[]).expect(2).says("another job is at work in this folder");
    assert_eq!(wait(&mut job, Duration::from_secs(20)), Some(0));
}
