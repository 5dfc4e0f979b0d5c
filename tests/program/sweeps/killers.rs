//! A task that kills its rank never ends or blocks a sweep: job by job its attempts count, until it is given up.

use super::place::{Place, Start, on, surviving};

/// Jobs after which the sweep must be over: three for the deaths, and as many in which something else gets done.
const JOBS: usize = 6;

/// Runs and resumes as a requeued job does, until no task is left.
fn run_to_the_end(place: &Place, start: Start) -> String {
    let mut told = place.run(start, &[]).stderr;
    for _ in 1..JOBS {
        if place.status().status == Some(3) {
            return told;
        }
        told += &place.resume(start, &[]).stderr;
    }
    place.status().expect(3);
    told
}

/// The class: an attempt that ends with the job isn't counted, so that each job begins with it again. Its members: a rank alone, which is
/// rank 0; rank 0 beside others; others, with a launcher that ends the job with them and one that doesn't. By a command here; an attempt
/// that ends with its rank in any other way is no other.
fn is_given_up(start: Start) {
    let place = Place::new(
        "simulation = 'sweep'\n[parameters.values]\nx = { from = 0, to = 9, step = 1 }\n[task]\n\
         command = ['sh', '-c', '[ {x} = 3 ] && kill -9 $PPID; sleep 0.02; echo {x}']\n",
    );
    let told = run_to_the_end(&place, start);
    let done = place.column("result");
    assert_eq!(done.iter().filter(|result| !result.is_empty()).count(), 9, "{start:?}: {done:?}");
    assert_eq!(done[3], "");
    assert_eq!(place.column("message")[3], "its rank died each time");
    assert!(told.contains("task 3"), "{start:?}: nobody says which task: {told}");
}

#[test]
fn a_task_that_kills_the_only_rank_is_given_up_and_the_others_are_done() {
    is_given_up(on(1));
}

#[test]
fn a_task_that_kills_its_rank_is_given_up_where_the_job_ends_with_it() {
    [2, 3, 5].into_iter().for_each(|ranks| is_given_up(on(ranks)));
}

#[test]
fn a_task_that_kills_its_rank_is_given_up_where_the_others_go_on() {
    [2, 3, 5].into_iter().for_each(|ranks| is_given_up(surviving(ranks)));
}
