//! The journal as a whole: what is recorded comes back, whatever happens to the file.

mod damage;
mod kills;
mod rewriting;

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::base::error::Cause;

const PLAN: &str = "tasks = 100\nseed = 1\n";

/// A place for a journal, and the folder that goes with its end.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    (folder, path)
}

/// The result of a task in these tests: its number, and as many bytes more as its number modulo 3.
fn result(task: u64, even: bool) -> Vec<u8> {
    let more = if even { 0 } else { task as usize % 3 };
    [&task.to_le_bytes()[..], &vec![7; more]].concat()
}

/// Records tasks as done, with their results of one length or of several.
fn record(journal: &mut Journal, tasks: std::ops::Range<u64>, rank: u32, attempt: u32, even: bool) {
    let results: Vec<Vec<u8>> = tasks.clone().map(|task| result(task, even)).collect();
    let lengths = Lengths::Each(results.iter().map(|result| result.len() as u32).collect());
    let results = results.concat();
    let seconds = 0.5 * (tasks.end - tasks.start) as f64;
    journal.done(&Done { first: tasks.start, rank, attempt, seconds, ended: 0.0, lengths, results: &results }).unwrap();
}

fn reason(message: &str) -> Reason {
    Reason { cause: Cause::TimedOut, message: message.to_owned() }
}

fn attempt(number: u32, former: Option<&str>) -> Attempt {
    Attempt { number, rank: 3, former: former.map(reason) }
}

fn failed(attempts: u32) -> Failed {
    Failed { attempts, rank: 2, ended: 0.0, reason: reason("no convergence") }
}

/// The tasks that are done, with their results, in order.
fn results(recovered: &Recovered) -> Vec<(u64, Vec<u8>)> {
    let runs: Vec<Done<'_>> = recovered.done().collect();
    runs.iter().flat_map(|done| done.each().map(|(task, result)| (task, result.to_vec()))).collect()
}

/// The tasks that are done, whose results must be those that were recorded.
fn tasks(recovered: &Recovered) -> Vec<u64> {
    let results = results(recovered);
    results.iter().for_each(|(task, bytes)| assert!(*bytes == result(*task, true) || *bytes == result(*task, false)));
    results.into_iter().map(|(task, _)| task).collect()
}

#[test]
fn everything_that_is_recorded_comes_back() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    record(&mut journal, 10..20, 1, 1, true);
    record(&mut journal, 0..7, 2, 2, false);
    record(&mut journal, 5..5, 2, 2, false);
    journal.attempt(30, &attempt(1, None)).unwrap();
    journal.attempt(31, &attempt(2, Some("rank 5 died"))).unwrap();
    journal.attempt(31, &attempt(2, None)).unwrap();
    journal.attempt(32, &attempt(2, None)).unwrap();
    journal.attempt(32, &attempt(1, None)).unwrap();
    journal.failed(33, &failed(4)).unwrap();
    journal.death(5).unwrap();
    journal.sync().unwrap();
    for recovered in [Recovered::read(&path).unwrap(), Journal::open(&path, PLAN).unwrap().1] {
        assert_eq!(recovered.plan(), PLAN);
        assert_eq!(tasks(&recovered), (0..7).chain(10..20).collect::<Vec<u64>>());
        let who: Vec<_> = recovered.done().map(|done| (done.rank, done.attempt, done.seconds, done.count())).collect();
        assert_eq!(who, [(2, 2, 3.5, 7), (1, 1, 5.0, 10)]);
        let begun: Vec<_> = recovered.attempts().iter().map(|(&task, attempt)| (task, attempt.clone())).collect();
        assert_eq!(begun, [(30, attempt(1, None)), (31, attempt(2, Some("rank 5 died"))), (32, attempt(2, None))]);
        assert_eq!(recovered.failed().iter().collect::<Vec<_>>(), [(&33, &failed(4))]);
        let counts = Totals { done: 17, rerun: 7, failed: 1, retries: 1, doubled: 0, deaths: 1, seconds: 8.5 };
        assert_eq!(recovered.counts(), counts);
        assert_eq!(recovered.remaining(25).collect::<Vec<_>>(), [7..10, 20..25]);
        assert!(recovered.is_done(6) && !recovered.is_done(7) && recovered.notes().is_empty());
    }
}

#[test]
fn records_wait_for_a_flush_or_until_very_many_are_on_their_way() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let written = || Recovered::read(&path).unwrap().counts().done;
    record(&mut journal, 0..9, 0, 1, true);
    assert_eq!(written(), 0);
    journal.flush().unwrap();
    assert_eq!(written(), 9);
    let large = Arc::new(vec![7; BACKLOG / 4]);
    let lengths = |results: usize| Lengths::Equal { count: 1, length: results as u32 };
    for task in 9..12 {
        let done = Done {
            first: task,
            rank: 0,
            attempt: 1,
            seconds: 0.0,
            ended: 0.0,
            lengths: lengths(large.len()),
            results: &[],
        };
        journal.done_with(&done, &large, 0).unwrap();
    }
    record(&mut journal, 12..20, 0, 1, true);
    assert_eq!(written(), 9);
    // The last one passes the limit, and its result begins within the body that holds it.
    let done = Done {
        first: 20,
        rank: 0,
        attempt: 1,
        seconds: 0.0,
        ended: 0.0,
        lengths: lengths(large.len()),
        results: &[1; 8],
    };
    journal.done_with(&done, &large, 8).unwrap();
    assert_eq!(written(), 21);
    record(&mut journal, 21..22, 0, 1, true);
    drop(journal);
    let recovered = Recovered::read(&path).unwrap();
    let (tasks, results): (Vec<u64>, Vec<Vec<u8>>) = results(&recovered).into_iter().unzip();
    assert_eq!(tasks, (0..22).collect::<Vec<u64>>());
    assert!(results[11] == *large && results[20][..8] == [1; 8] && results[20][8..] == large[8..]);
}

#[test]
fn another_thread_writes_while_this_one_records() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let outbox = journal.outbox();
    let writing = std::thread::spawn(move || outbox.flush().and_then(|()| outbox.sync()));
    record(&mut journal, 0..9, 0, 1, true);
    writing.join().unwrap().unwrap();
    let moved = std::thread::spawn(move || journal.sync());
    moved.join().unwrap().unwrap();
    assert_eq!(Recovered::read(&path).unwrap().counts().done, 9);
}

#[test]
fn the_first_result_of_a_task_counts() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    record(&mut journal, 10..20, 1, 1, false);
    record(&mut journal, 5..30, 2, 3, true);
    record(&mut journal, 12..14, 4, 1, true);
    drop(journal);
    let recovered = Recovered::read(&path).unwrap();
    let expected: Vec<_> = (5..30).map(|task| (task, result(task, !(10..20).contains(&task)))).collect();
    assert_eq!(results(&recovered), expected);
    let runs: Vec<_> = recovered.done().map(|done| (done.tasks(), done.rank, done.seconds)).collect();
    assert_eq!(runs, [(5..10, 2, 2.5), (10..20, 1, 5.0), (20..30, 2, 5.0)]);
    assert_eq!((recovered.counts().doubled, recovered.counts().rerun), (12, 15));
}

#[test]
fn a_failed_task_is_failed_until_it_is_done_and_a_done_one_never() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    journal.attempt(1, &attempt(4, None)).unwrap();
    for task in [1, 2, 3] {
        journal.failed(task, &failed(4)).unwrap();
    }
    journal.attempt(2, &attempt(1, None)).unwrap();
    record(&mut journal, 3..5, 0, 1, true);
    journal.failed(4, &failed(1)).unwrap();
    journal.attempt(4, &attempt(2, None)).unwrap();
    drop(journal);
    let recovered = Recovered::read(&path).unwrap();
    assert_eq!(recovered.failed().keys().collect::<Vec<_>>(), [&1, &2]);
    assert_eq!(recovered.attempts().keys().collect::<Vec<_>>(), [&2]);
    assert_eq!(tasks(&recovered), [3, 4]);
}

#[test]
fn results_may_be_of_any_length_and_tasks_have_any_number() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, "").unwrap();
    let last = u64::MAX - 3;
    let mut done = |first: u64, lengths: Lengths<'_>, results: &[u8]| {
        journal.done(&Done { first, rank: 0, attempt: 1, seconds: 0.0, ended: 0.0, lengths, results }).unwrap();
    };
    done(last, Lengths::Equal { count: 3, length: 0 }, &[]);
    done(7, Lengths::Each((&[0, 2, 0][..]).into()), &[1, 2]);
    done(20, Lengths::Each((&[2, 2][..]).into()), &[1, 2, 3, 4]);
    drop(journal);
    let recovered = Journal::open(&path, "").unwrap().1;
    let expected: [(u64, &[u8]); 8] =
        [(7, &[]), (8, &[1, 2]), (9, &[]), (20, &[1, 2]), (21, &[3, 4]), (last, &[]), (last + 1, &[]), (last + 2, &[])];
    assert_eq!(results(&recovered), expected.map(|(task, result)| (task, result.to_vec())));
    assert_eq!(recovered.done().nth(1).unwrap().lengths, Lengths::Equal { count: 2, length: 2 });
}

#[test]
#[should_panic(expected = "lengths of 3 bytes for results of 2")]
fn lengths_that_do_not_fit_their_results_are_a_bug() {
    let (_folder, path) = place();
    let lengths = Lengths::Equal { count: 1, length: 3 };
    let done = Done { first: 0, rank: 0, attempt: 1, seconds: 0.0, ended: 0.0, lengths, results: &[1, 2] };
    let _ = Journal::create(&path, PLAN).unwrap().done(&done);
}

#[test]
fn a_journal_is_replaced_by_no_other_and_continued_by_its_own_plan_alone() {
    let (_folder, path) = place();
    assert!(Journal::open(&path, PLAN).unwrap_err().to_string().contains("cannot open"));
    let mut journal = Journal::create(&path, PLAN).unwrap();
    record(&mut journal, 0..9, 0, 1, true);
    drop(journal);
    let before = fs::read(&path).unwrap();
    let message = Journal::create(&path, PLAN).unwrap_err().to_string();
    assert!(message.contains("--overwrite") && message.contains(&path.display().to_string()), "{message}");
    let message = Journal::open(&path, "tasks = 200\nseed = 1\n").unwrap_err().to_string();
    assert!(message.contains("tasks: 100 -> 200."), "{message}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!part_of(&path).exists());
}

/// While it grows, after its end, and where a killed job has left it: its length is that of its records, and no room stays.
#[test]
fn a_large_journal_takes_room_ahead_and_gives_it_back() {
    use std::os::unix::fs::MetadataExt;
    let (_folder, path) = place();
    let results = vec![5; 3 << 20];
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let unused = || fs::metadata(&path).map(|about| (512 * about.blocks()).saturating_sub(about.len())).unwrap();
    for first in 0..4 {
        let lengths = Lengths::Equal { count: 1, length: 3 << 20 };
        journal
            .done(&Done { first, rank: 0, attempt: 1, seconds: 0.1, ended: 0.0, lengths, results: &results })
            .unwrap();
        journal.flush().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), journal.outbox.written());
    }
    let takes_room = unused() > 1 << 20;
    // As after kill -9: nothing is dropped.
    std::mem::forget(journal.outbox.clone());
    drop(journal);
    assert_eq!(unused() > 1 << 20, takes_room);
    let (journal, recovered) = Journal::open(&path, PLAN).unwrap();
    assert_eq!(recovered.counts().done, 4);
    assert!(unused() < 1 << 20, "{} bytes", unused());
    drop(journal);
    let mut journal = Journal::open(&path, PLAN).unwrap().0;
    let lengths = Lengths::Equal { count: 1, length: 3 << 20 };
    journal
        .done(&Done { first: 4, rank: 0, attempt: 1, seconds: 0.1, ended: 0.0, lengths, results: &results })
        .unwrap();
    drop(journal);
    assert!(unused() < 1 << 20, "{} bytes", unused());
    assert_eq!(Recovered::read(&path).unwrap().counts().done, 5);
}
