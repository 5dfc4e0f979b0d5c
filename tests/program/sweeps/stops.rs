//! Jobs that are told to end: by signals, by the clock, by tasks that fail.

use std::time::{Duration, Instant};

use super::place::{Place, Start, on, rank_of, surviving, wait_for};
use crate::common::{Pid, Signal, kill_process, ranks_of, signal, wait};

const UNFINISHED: i32 = 85;
/// 60 tasks of 50 ms.
const PLAN: &str = "simulation = 'sweep'\n[parameters.values]\nx = { from = 1, to = 60, step = 1 }\n[task]\n\
                    command = ['sh', '-c', 'echo {index} >> ran; sleep 0.05; echo $(({x} * {x}))']\n";

/// Starts a job and asks it to stop once it has results.
#[track_caller]
fn stopped(place: &Place, start: Start, ask: impl FnOnce(&std::process::Child)) {
    let before = place.ran();
    let mut job = place.spawn(start, &[]);
    place.wait_for_attempts(before + 8);
    let asked = Instant::now();
    ask(&job);
    let status = if start.recovery { 1 } else { UNFINISHED };
    assert_eq!(wait(&mut job, Duration::from_secs(20)), Some(status));
    place.status().expect(UNFINISHED);
    assert!(asked.elapsed() < Duration::from_secs(3), "it took {:?} to stop", asked.elapsed());
    place.expect_no_processes();
    let table = place.column("status");
    let done = table.iter().filter(|status| *status == "done").count();
    assert!((1..60).contains(&done) && table.iter().all(|status| ["done", "cancelled"].contains(&&**status)));
    assert!(place.read("out/run.log").contains("continue with `divisi resume`"), "{}", place.read("out/run.log"));
}

#[test]
fn a_job_that_is_asked_to_stop_ends_with_85_and_goes_on_later() {
    let place = Place::new(PLAN);
    place.run_to(on(2), "whole", &[]).expect(0);
    let to_ranks = |signal: Signal| {
        move |place: &Place| {
            ranks_of(&place.out()).into_iter().for_each(|rank| kill_process(rank, signal).expect("a rank to ask"))
        }
    };
    stopped(&place, on(2), |job| signal(job, Signal::USR1));
    place.resume(on(3), &[]).expect(0);
    assert!(place.results("out") == place.results("whole"));
    for (start, asked) in [(on(1), Signal::TERM), (surviving(3), Signal::TERM), (on(2), Signal::USR2)] {
        std::fs::remove_dir_all(place.out()).unwrap();
        stopped(&place, start, |_| to_ranks(asked)(&place));
        place.resume(on(2), &[]).expect(0);
        assert!(place.results("out") == place.results("whole"), "{start:?} {asked:?}");
    }
    // Four runs from the beginning and one whole one, none of which did a task twice.
    assert_eq!(place.ran(), 5 * 60);
}

#[test]
fn a_job_ends_before_its_time_is_over() {
    let place = Place::new(PLAN);
    // Five seconds are kept for the end of the job.
    let ended = place.run(on(1), &["--walltime", "0:06"]).expect(UNFINISHED);
    assert!(ended.seconds < 4.0, "{} s", ended.seconds);
    let done = place.recorded().len();
    assert!((2..40).contains(&done), "{done} tasks in a second");
    let ended = place.resume(on(2), &["--walltime", "1:00"]).expect(0);
    assert!(ended.stderr.contains("60 of 60 done"), "{}", ended.stderr);
    let own = Place::new(&format!("run.walltime = '0:06'\n{PLAN}"));
    own.run(on(2), &[]).expect(UNFINISHED);
}

/// Tasks of which each third fails.
const FAILING: &str = "simulation = 'sweep'\n[sweep]\nretries = 0\n[parameters.values]\n\
     x = { from = 0, to = 59, step = 1 }\n[task]\ncommand = ['sh', '-c', 'echo {index} >> ran; \
     [ $(({x} % 3)) = 0 ] && [ ! -e good ] && { echo wrong >&2; exit 4; }; sleep 0.01; echo 1']\n";

fn failing() -> Place {
    Place::new(&FAILING.replace("{ echo", "{{ echo").replace("exit 4; }", "exit 4; }}"))
}

#[test]
fn tasks_that_fail_for_good_are_told_counted_and_run_again_when_asked() {
    let place = failing();
    for ranks in [1, 3] {
        let ended = place.run(on(ranks), &["--overwrite"]).expect(3);
        assert!(ended.stderr.contains("40 of 60 done, 20 failed, 0 left"), "{}", ended.stderr);
        assert_eq!(ended.stderr.matches("failed for good").count(), 10, "{}", ended.stderr);
        assert!(ended.stderr.contains("--retry-failed"), "{}", ended.stderr);
        let status = place.column("status");
        let message = place.column("message");
        assert_eq!([&*status[3], &*status[4]], ["failed", "done"]);
        assert!(message[3].contains("exit status: 4; standard error ends with: wrong"), "{}", message[3]);
        assert!(!message.iter().any(|message| message.contains("rank")), "{message:?}");
    }
    assert_eq!(place.ran(), 2 * 60);
    place.resume(on(2), &[]).expect(3);
    assert_eq!(place.ran(), 2 * 60, "failed tasks ran again though nobody asked for it");
    place.write("good", "");
    place.resume(on(2), &["--retry-failed"]).expect(0);
    assert_eq!(place.ran(), 2 * 60 + 20);
    assert!(place.column("status").iter().all(|status| status == "done"));
}

#[test]
fn after_so_many_failures_no_more_tasks_are_begun() {
    let place = failing();
    let ended = place.run(on(2), &["sweep.stop_after=3"]).expect(3);
    let status = place.column("status");
    let count = |wanted: &str| status.iter().filter(|status| *status == wanted).count();
    assert!((3..=5).contains(&count("failed")), "{status:?}");
    assert!(count("cancelled") > 30, "{status:?}\n{}", ended.stderr);
    place.resume(on(2), &["sweep.stop_after=0"]).expect(3);
    assert_eq!(place.column("status").iter().filter(|status| *status == "failed").count(), 20);
    assert_eq!(place.ran(), 60);
}

#[test]
fn a_sweep_that_is_stopped_with_failures_behind_it_is_not_finished() {
    let place = failing();
    place.change("sleep 0.01", "sleep 0.1");
    let mut job = place.spawn(on(2), &[]);
    place.wait_for_attempts(8);
    signal(&job, Signal::USR1);
    assert_eq!(wait(&mut job, Duration::from_secs(20)), Some(UNFINISHED));
    assert!(place.column("status").contains(&"failed".to_owned()));
    place.resume(on(2), &[]).expect(3);
}

/// The class: a process that waits for something long, and can't be ended but by KILL. Its members: TERM and INT, each twice and one after
/// the other; alone and under a launcher, where the others end with the rank.
#[test]
fn a_second_signal_ends_a_process_that_waits_and_keeps_what_is_recorded() {
    let (term, int) = (Signal::TERM, Signal::INT);
    for (start, [first, second], status) in
        [(on(1), [term, term], 143), (on(1), [int, int], 130), (on(1), [int, term], 143), (on(2), [term, term], 143)]
    {
        let place = Place::new(&PLAN.replace("sleep 0.05", "[ {x} -lt 20 ] || sleep 600"));
        let mut job = place.spawn(start, &[]);
        wait_for("the records of the short tasks", || (place.recorded().len() == 19).then_some(()));
        let rank = if start.ranks == 1 { Pid::from_child(&job) } else { rank_of(&place.out(), 0) };
        kill_process(rank, first).expect("rank 0");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(job.try_wait().expect("a job"), None, "{start:?}: the first {first:?} ended it");
        let asked = Instant::now();
        kill_process(rank, second).expect("rank 0");
        assert_eq!(wait(&mut job, Duration::from_secs(20)), Some(status), "{start:?} {first:?} {second:?}");
        assert!(asked.elapsed() < Duration::from_secs(3), "{start:?}: it took {:?} to end", asked.elapsed());
        place.expect_no_processes();
        assert_eq!(place.recorded().len(), 19);
    }
}
