//! The ledger without anything around it: by hand here, by random sequences of events in `random`.

mod random;
mod world;

use std::sync::Arc;

use super::submissions::Submission;
use super::{Event, Finished, Ledger, Rules};
use crate::base::error::{Cause, TaskError};
use crate::tasks::journal::{Attempt, Reason};
use world::{JournalLine, World, check, report};

const RULES: Rules = Rules { retries: 2, stop_after: 0, survives_deaths: true };

/// A ledger of so many ranks on one node, that knows a list of so many tasks, and its world.
fn list(ranks: usize, tasks: u64, rules: Rules) -> (Ledger, World) {
    let (mut ledger, mut world) = World::new(ranks, 0, 1, rules);
    ledger.expect(tasks);
    ledger.apply(Event::Listed(0..tasks), &mut world);
    ledger.apply(Event::Room, &mut world);
    (ledger, world)
}

/// Submits a task that is wanted; its number.
fn submit(ledger: &mut Ledger, world: &mut World, submission: Submission) -> u64 {
    let task = ledger.submissions().next();
    ledger.apply(Event::Submitted(Submission { users: 1, ..submission }), world);
    ledger.apply(Event::Wanted(task), world);
    task
}

/// What came of a submitted task: the cause of its failure, if it has none.
fn failure(ledger: &Ledger, task: u64) -> Option<Cause> {
    let outcome = ledger.submissions().get(task)?.outcome.as_ref()?;
    outcome.as_ref().err().map(|error| error.cause)
}

/// What came of a list's task.
#[track_caller]
fn error(world: &World, task: u64) -> &TaskError {
    world.outcomes[&task].as_ref().expect("of a list").as_ref().expect_err("a failure")
}

#[test]
fn every_task_of_a_list_is_done_once() {
    let (mut ledger, mut world) = list(3, 100, RULES);
    world.finish(&mut ledger);
    check(&ledger, &world);
    assert_eq!(world.outcomes.len(), 100);
    assert_eq!((ledger.counts().done, ledger.counts().running), (100, 0));
    assert!(world.begun.values().all(|&times| times == 1));
}

#[test]
fn a_task_that_fails_is_tried_again_as_often_as_the_rules_say() {
    let (mut ledger, mut world) = list(1, 1, RULES);
    for attempt in 1..=3 {
        ledger.apply(Event::Room, &mut world);
        world.claim(&mut ledger, 0);
        world.begin(&mut ledger, 0);
        assert_eq!(world.begun[&0], attempt);
        world.end(&mut ledger, 0, Some(Cause::Error));
    }
    assert!(ledger.is_over());
    assert_eq!((error(&world, 0).attempt, error(&world, 0).cause), (3, Cause::Error));
    assert_eq!(world.journal, [JournalLine::Attempt(0, 2), JournalLine::Attempt(0, 3), JournalLine::Failed(0)]);
    assert_eq!((ledger.counts().failed, ledger.counts().retries), (1, 2));
}

#[test]
fn a_death_costs_the_task_under_way_alone() {
    let (mut ledger, mut world) = list(2, 6, RULES);
    world.claim(&mut ledger, 1);
    world.begin(&mut ledger, 1);
    world.end(&mut ledger, 1, None);
    world.begin(&mut ledger, 1);
    world.flush(&mut ledger, 1);
    world.kill(&mut ledger, 1);
    check(&ledger, &world);
    // Task 0 was reported, 1 was under way, 2 had not begun.
    assert_eq!(ledger.alone, [1]);
    assert_eq!(ledger.queue.tasks().collect::<Vec<_>>(), [2]);
    assert!(ledger.history.has_killed(1) && !ledger.history.has_killed(2));
    world.finish(&mut ledger);
    assert_eq!(ledger.counts().done, 6);
    assert_eq!(world.begun.values().filter(|&&times| times == 2).count(), 1);
}

#[test]
fn what_a_rank_had_finished_and_not_reported_is_tried_again_without_blame() {
    let (mut ledger, mut world) = list(2, 3, RULES);
    world.claim(&mut ledger, 1);
    for _ in 0..2 {
        world.begin(&mut ledger, 1);
        world.end(&mut ledger, 1, None);
    }
    world.begin(&mut ledger, 1);
    world.kill(&mut ledger, 1);
    assert_eq!(ledger.alone, [2]);
    assert_eq!(ledger.queue.tasks().collect::<Vec<_>>(), [0, 1]);
    assert!(!ledger.history.has_killed(0) && ledger.history.has_killed(2));
}

#[test]
fn of_a_rank_elsewhere_all_that_is_left_is_tried_alone_and_blamed_when_it_is_one_task() {
    let (mut ledger, mut world) = World::new(1, 5, 1, RULES);
    ledger.apply(Event::Listed(0..3), &mut world);
    ledger.apply(Event::Room, &mut world);
    world.claim(&mut ledger, 1);
    world.begin(&mut ledger, 1);
    world.kill(&mut ledger, 1);
    assert_eq!(ledger.alone, [0, 1, 2]);
    assert!(!ledger.history.has_killed(0));
    for deaths in 1..=3 {
        ledger.apply(Event::Room, &mut world);
        let rank = world.ranks.iter().position(|rank| rank.chunks.iter().any(|held| held.has(0))).expect("a rank");
        while world.running(rank) != Some(0) {
            world.end(&mut ledger, rank, None);
            world.begin(&mut ledger, rank);
        }
        world.kill(&mut ledger, rank);
        check(&ledger, &world);
        assert_eq!(world.outcomes.contains_key(&0), deaths == 3);
    }
    assert_eq!((error(&world, 0).cause, error(&world, 0).attempt), (Cause::Died, 4));
}

#[test]
fn a_task_is_given_up_once_three_ranks_died_with_it_and_the_others_go_on() {
    let (mut ledger, mut world) = list(5, 20, RULES);
    let mut deaths = 0;
    while deaths < 3 {
        world.round_but(&mut ledger, 7);
        if let Some(rank) = (1..5).find(|&rank| world.running(rank) == Some(7)) {
            world.kill(&mut ledger, rank);
            deaths += 1;
        } else if world.running(0) == Some(7) {
            panic!("rank 0 runs a task with which a rank has died");
        }
    }
    world.finish(&mut ledger);
    assert_eq!((error(&world, 7).cause, error(&world, 7).attempt), (Cause::Died, 3));
    assert_eq!((ledger.counts().done, ledger.counts().failed, ledger.counts().deaths), (19, 1, 3));
}

/// The class: an attempt that ends with the job isn't counted, or ends a job that could have gone on. Its members: a death of rank 0, once
/// and until the task is given up, after an attempt that failed, of a list and of submitted tasks; a task that has killed all the others.
#[test]
fn rank_0_does_not_try_what_all_the_other_ranks_died_with() {
    let (mut ledger, mut world) = list(3, 20, RULES);
    world.claim(&mut ledger, 1);
    for rank in [1, 2] {
        ledger.apply(Event::Room, &mut world);
        world.begin(&mut ledger, rank);
        assert_eq!(world.running(rank), Some(0));
        world.kill(&mut ledger, rank);
    }
    world.finish(&mut ledger);
    check(&ledger, &world);
    assert_eq!((error(&world, 0).cause, error(&world, 0).attempt), (Cause::Died, 2));
    assert!(error(&world, 0).message.contains("only rank 0, with which the job would end, is left"));
    assert_eq!((ledger.counts().done, ledger.counts().failed), (19, 1));
}

#[test]
fn rank_0_tries_a_killing_task_last_when_it_is_alone() {
    let (mut ledger, mut world) = list(2, 4, RULES);
    world.claim(&mut ledger, 1);
    world.begin(&mut ledger, 1);
    world.kill(&mut ledger, 1);
    world.finish(&mut ledger);
    let done: Vec<&JournalLine> = world.journal.iter().filter(|line| matches!(line, JournalLine::Done(_))).collect();
    assert_eq!(done.last(), Some(&&JournalLine::Done(0)));
    assert_eq!(ledger.counts().done, 4);
}

#[test]
fn a_rank_that_is_alone_tries_what_it_died_with_last_and_gives_it_up_at_the_third_death() {
    let mut last = Attempt { number: 1, rank: 0, former: None };
    for deaths in 1..=3 {
        let (mut ledger, mut world) = World::new(1, 0, 1, RULES);
        ledger.expect(4);
        ledger.apply(Event::Attempted { task: 1, last: last.clone() }, &mut world);
        ledger.apply(Event::Unended { task: 1, attempt: deaths }, &mut world);
        assert_eq!(world.journal, [JournalLine::Attempt(1, deaths + 1)]);
        ledger.apply(Event::Listed(0..4), &mut world);
        world.finish(&mut ledger);
        let done: Vec<&JournalLine> =
            world.journal.iter().filter(|line| matches!(line, JournalLine::Done(_))).collect();
        if deaths == 3 {
            assert_eq!((error(&world, 1).cause, error(&world, 1).attempt, done.len()), (Cause::Died, 3, 3));
        } else {
            assert_eq!(done.last(), Some(&&JournalLine::Done(1)));
        }
        let died = Reason { cause: Cause::Died, message: String::new() };
        last = Attempt { number: deaths + 1, rank: 0, former: Some(died) };
    }
}

#[test]
fn a_submitted_task_with_which_rank_0_died_waits_to_be_tried_alone() {
    for (attempt, waits) in [(1, 1), (3, 0)] {
        let (mut ledger, mut world) = World::new(2, 0, 1, RULES);
        let died = (attempt > 1).then(|| Reason { cause: Cause::Died, message: String::new() });
        let last = Attempt { number: attempt, rank: 0, former: died };
        ledger.apply(Event::Attempted { task: 1, last }, &mut world);
        ledger.apply(Event::Unended { task: 1, attempt }, &mut world);
        for _ in 0..3 {
            submit(&mut ledger, &mut world, Submission::default());
        }
        assert_eq!(ledger.alone.len(), waits);
        world.finish(&mut ledger);
        assert_eq!(failure(&ledger, 1), (attempt == 3).then_some(Cause::Died));
        assert_eq!(ledger.counts().done, 2 + waits as u64);
    }
}

#[test]
fn what_a_rank_died_with_stays_alone_though_it_fails_or_comes_back_unbegun() {
    let (mut ledger, mut world) = World::new(2, 0, 1, RULES);
    ledger.apply(Event::Unended { task: 1, attempt: 1 }, &mut world);
    ledger.apply(Event::Listed(0..2), &mut world);
    let error = TaskError { task: 1, rank: 1, attempt: 2, cause: Cause::Error, message: String::new() };
    ledger.apply(Event::Room, &mut world);
    let posting = *ledger.postings.iter().find(|(_, posting)| posting.has(1)).expect("it is assigned").0;
    ledger.apply(Event::Failed { posting, error }, &mut world);
    assert_eq!(ledger.alone, [1]);
    ledger.apply(Event::Room, &mut world);
    let posting = *ledger.postings.iter().find(|(_, posting)| posting.has(1)).expect("it is assigned").0;
    ledger.apply(Event::Returned { posting }, &mut world);
    assert_eq!(ledger.alone, [1]);
}

#[test]
fn without_recovery_a_death_aborts_and_the_journal_knows_whose_it_was() {
    let (mut ledger, mut world) = list(2, 6, Rules { survives_deaths: false, ..RULES });
    world.claim(&mut ledger, 1);
    world.begin(&mut ledger, 1);
    world.kill(&mut ledger, 1);
    assert!(world.aborted.as_ref().is_some_and(|reason| reason.contains("rank 1 died while it ran task 0: ")));
    assert_eq!(world.journal, [JournalLine::Death(1), JournalLine::Attempt(0, 2)]);
}

#[test]
fn a_group_ends_with_its_member_and_the_job_with_that_of_rank_0() {
    for (member, aborts) in [(3, false), (1, true)] {
        let (mut ledger, mut world) = World::new(4, 0, 2, RULES);
        ledger.apply(Event::Listed(0..6), &mut world);
        ledger.apply(Event::Room, &mut world);
        assert_eq!(ledger.takers().collect::<Vec<_>>(), [0, 2]);
        world.claim(&mut ledger, 2);
        world.begin(&mut ledger, 2);
        world.kill(&mut ledger, member);
        assert_eq!((world.aborted.is_some(), world.ranks[2].must_end), (aborts, !aborts));
        if !aborts {
            world.finish(&mut ledger);
            assert_eq!((ledger.counts().done, ledger.counts().deaths), (6, 2));
        }
    }
}

#[test]
fn a_late_task_is_asked_to_end_and_its_rank_ended_if_it_does_not() {
    let (mut ledger, mut world) = list(2, 3, RULES);
    world.claim(&mut ledger, 1);
    world.begin(&mut ledger, 1);
    world.late(&mut ledger, 1, false);
    assert_eq!(world.ranks[1].asked, Some((0, true)));
    world.late(&mut ledger, 1, true);
    assert!(world.ranks[1].must_end);
    world.kill(&mut ledger, 1);
    // The time limit is to blame, not the task for the death of its rank.
    assert!(!ledger.history.has_killed(0));
    assert_eq!(ledger.queue.tasks().collect::<Vec<_>>(), [1, 2, 0]);
}

#[test]
fn a_late_task_of_rank_0_that_does_not_end_aborts() {
    let (mut ledger, mut world) = list(1, 3, RULES);
    world.claim(&mut ledger, 0);
    world.begin(&mut ledger, 0);
    world.late(&mut ledger, 0, false);
    world.late(&mut ledger, 0, true);
    assert!(world.aborted.is_some_and(|reason| reason.contains("task 0 on rank 0")));
}

#[test]
fn a_long_attempt_is_recorded_once() {
    let (mut ledger, mut world) = list(1, 3, RULES);
    world.claim(&mut ledger, 0);
    world.begin(&mut ledger, 0);
    for _ in 0..3 {
        let at = ledger.under_way(0, &world).expect("a task");
        ledger.apply(Event::Noted { rank: 0, at }, &mut world);
    }
    assert_eq!(world.journal, [JournalLine::Attempt(0, 1)]);
}

#[test]
fn after_so_many_failures_no_more_begin() {
    let (mut ledger, mut world) = list(1, 50, Rules { retries: 0, stop_after: 2, ..RULES });
    world.claim(&mut ledger, 0);
    for _ in 0..2 {
        world.begin(&mut ledger, 0);
        world.end(&mut ledger, 0, Some(Cause::Panic));
    }
    assert!(ledger.is_paused() && world.is_paused);
    world.finish(&mut ledger);
    assert_eq!((ledger.counts().failed, world.outcomes.len()), (2, 2));
}

#[test]
fn a_higher_priority_goes_first_and_takes_back_what_is_posted() {
    let (mut ledger, mut world) = World::new(1, 0, 1, RULES);
    for priority in [0, 0, -1] {
        submit(&mut ledger, &mut world, Submission { priority, ..Submission::default() });
    }
    ledger.apply(Event::Room, &mut world);
    submit(&mut ledger, &mut world, Submission { priority: 5, ..Submission::default() });
    check(&ledger, &world);
    assert_eq!(ledger.queue.tasks().collect::<Vec<_>>(), [3, 0, 1, 2]);
    world.finish(&mut ledger);
    let order: Vec<JournalLine> = [3, 0, 1, 2].map(JournalLine::Done).into();
    assert_eq!(world.journal, order);
}

#[test]
fn a_task_runs_after_its_inputs_and_is_cancelled_if_one_fails() {
    let (mut ledger, mut world) = World::new(1, 0, 1, Rules { retries: 0, ..RULES });
    let good = submit(&mut ledger, &mut world, Submission::default());
    let bad = submit(&mut ledger, &mut world, Submission::default());
    let of_good = submit(&mut ledger, &mut world, Submission { inputs: vec![good, good], ..Submission::default() });
    let of_both = submit(&mut ledger, &mut world, Submission { inputs: vec![good, bad], ..Submission::default() });
    let last = submit(&mut ledger, &mut world, Submission { inputs: vec![of_both], ..Submission::default() });
    ledger.apply(Event::Room, &mut world);
    world.claim(&mut ledger, 0);
    world.begin(&mut ledger, 0);
    world.end(&mut ledger, 0, None);
    world.begin(&mut ledger, 0);
    world.end(&mut ledger, 0, Some(Cause::Error));
    world.finish(&mut ledger);
    assert_eq!(
        [good, bad, of_good, of_both, last].map(|task| failure(&ledger, task)),
        [None, Some(Cause::Error), None, Some(Cause::Cancelled), Some(Cause::Cancelled)]
    );
    let late = submit(&mut ledger, &mut world, Submission { inputs: vec![bad], ..Submission::default() });
    assert_eq!(failure(&ledger, late), Some(Cause::Cancelled));
}

#[test]
fn a_chain_of_many_tasks_is_cancelled_without_recursion() {
    let (mut ledger, mut world) = World::new(1, 0, 1, RULES);
    let first = submit(&mut ledger, &mut world, Submission::default());
    for input in 0..200_000 {
        submit(&mut ledger, &mut world, Submission { inputs: vec![first + input], ..Submission::default() });
    }
    ledger.apply(Event::Cancelled(first), &mut world);
    assert!(ledger.is_over());
    assert_eq!(ledger.counts().cancelled, 200_001);
}

#[test]
fn lazy_tasks_run_when_asked_for_and_are_gone_when_nobody_can_ask() {
    let (mut ledger, mut world) = World::new(1, 0, 1, RULES);
    let lazy = |inputs: Vec<u64>| Event::Submitted(Submission { inputs, users: 1, ..Submission::default() });
    for inputs in [vec![], vec![0], vec![]] {
        ledger.apply(lazy(inputs), &mut world);
    }
    assert!(ledger.is_over());
    ledger.apply(Event::Wanted(1), &mut world);
    ledger.apply(Event::Released(2), &mut world);
    world.finish(&mut ledger);
    assert_eq!((ledger.counts().tasks, ledger.counts().done), (2, 2));
    assert_eq!(world.begun.keys().copied().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_task_that_waits_is_cancelled_at_once_and_one_under_way_is_asked_to_end() {
    let (mut ledger, mut world) = World::new(2, 0, 1, RULES);
    let tasks: Vec<u64> = (0..20).map(|_| submit(&mut ledger, &mut world, Submission::default())).collect();
    ledger.apply(Event::Room, &mut world);
    world.claim(&mut ledger, 1);
    world.begin(&mut ledger, 1);
    tasks.iter().rev().for_each(|&task| ledger.apply(Event::Cancelled(task), &mut world));
    check(&ledger, &world);
    assert_eq!(world.ranks[1].asked, Some((0, false)));
    // Its rank dies before it ends: it is not tried again. Nor are those that its rank had and had not begun.
    world.kill(&mut ledger, 1);
    assert!(ledger.is_over());
    assert!(tasks.iter().all(|&task| failure(&ledger, task) == Some(Cause::Cancelled)));
    assert_eq!(ledger.counts().cancelled, 20);
}

#[test]
fn a_task_for_one_rank_fails_with_it() {
    let (mut ledger, mut world) = World::new(3, 0, 1, RULES);
    let bound = |rank| Submission { rank: Some(rank), ..Submission::default() };
    let under_way = submit(&mut ledger, &mut world, bound(1));
    world.begin(&mut ledger, 1);
    let waiting = submit(&mut ledger, &mut world, bound(1));
    let elsewhere = submit(&mut ledger, &mut world, bound(2));
    world.kill(&mut ledger, 1);
    let too_late = submit(&mut ledger, &mut world, bound(1));
    world.finish(&mut ledger);
    let failures = [under_way, waiting, too_late, elsewhere].map(|task| failure(&ledger, task));
    assert_eq!(failures, [Some(Cause::Died), Some(Cause::Died), Some(Cause::Died), None]);
}

#[test]
fn what_an_earlier_job_has_done_is_handed_over_and_what_has_killed_is_tried_alone() {
    let (mut ledger, mut world) = World::new(3, 0, 1, RULES);
    ledger.expect(10);
    let died = Some(Reason { cause: Cause::Died, message: String::new() });
    ledger.apply(Event::Attempted { task: 4, last: Attempt { number: 2, rank: 1, former: died } }, &mut world);
    world.journal.extend([0, 1].map(JournalLine::Done));
    ledger.apply(Event::Recovered(Finished::Results(report(0, 0, 2, 1))), &mut world);
    ledger.apply(Event::Listed(2..10), &mut world);
    assert_eq!(ledger.alone, [4]);
    assert_eq!((ledger.counts().done, ledger.counts().recovered), (2, 2));
    world.finish(&mut ledger);
    assert_eq!((ledger.counts().done, world.outcomes.len()), (10, 10));
    assert!(!world.begun.contains_key(&0));
}

#[test]
fn a_submission_that_the_journal_has_a_result_of_does_not_run() {
    let (mut ledger, mut world) = World::new(1, 0, 1, RULES);
    let known = Submission { outcome: Some(Ok(Arc::new(vec![1]))), ..Submission::default() };
    let first = submit(&mut ledger, &mut world, known);
    submit(&mut ledger, &mut world, Submission { inputs: vec![first], ..Submission::default() });
    world.finish(&mut ledger);
    assert_eq!(world.begun.keys().copied().collect::<Vec<_>>(), [1]);
    assert_eq!((ledger.counts().done, ledger.counts().recovered), (2, 1));
}

#[test]
fn main_that_fails_drops_what_waits_and_asks_the_others_to_end() {
    let (mut ledger, mut world) = list(2, 50, RULES);
    world.claim(&mut ledger, 1);
    world.begin(&mut ledger, 1);
    ledger.apply(Event::Dropped, &mut world);
    check(&ledger, &world);
    assert!(world.ranks[1].asked.is_some() && ledger.waiting() == 0);
    world.finish(&mut ledger);
}
