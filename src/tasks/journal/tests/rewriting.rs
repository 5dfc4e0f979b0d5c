//! Journals that are rewritten, and large ones.

use std::os::unix::fs::MetadataExt;

use super::*;

/// The state, for comparison.
fn state(recovered: &Recovered) -> String {
    let each: Vec<_> = recovered
        .done()
        .map(|done| (done.tasks(), done.rank, done.attempt))
        .flat_map(|(tasks, rank, attempt)| tasks.map(move |task| (task, rank, attempt)))
        .collect();
    let counts = Totals { seconds: 0.0, ..recovered.counts() };
    format!("{:?} {each:?} {:?} {:?} {counts:?}", results(recovered), recovered.failed(), recovered.attempts())
}

/// A journal with all kinds of records in disorder.
fn disorder(path: &Path) {
    let mut journal = Journal::create(path, PLAN).unwrap();
    for task in 0..3000u64 {
        let task = task * 7 % 3000;
        journal.attempt(task, &attempt(1, None)).unwrap();
        journal.attempt(task, &attempt(2, Some("rank 5 died"))).unwrap();
        match task % 100 {
            0 => journal.failed(task, &failed(2)).unwrap(),
            1 => {}
            _ => record(&mut journal, task..task + 1, (task / 50) as u32, 2, task % 3 == 0),
        }
        if task % 10 == 5 {
            record(&mut journal, task - 1..task + 2, 9, 3, true);
        }
    }
    journal.death(5).unwrap();
}

#[test]
fn a_rewrite_keeps_everything_in_less_space() {
    let (_folder, path) = place();
    disorder(&path);
    let length = || fs::metadata(&path).unwrap().len();
    let before = Recovered::read(&path).unwrap();
    let longer = length();
    let (mut journal, opened) = Journal::open(&path, PLAN).unwrap();
    assert_eq!(state(&opened), state(&before));
    assert!(length() * 2 < longer && opened.notes().is_empty(), "{} of {longer}", length());
    assert!(!part_of(&path).exists());
    assert_eq!(state(&Recovered::read(&path).unwrap()), state(&before));
    record(&mut journal, 5000..5010, 0, 1, true);
    drop(journal);
    let shorter = length();
    let (_, again) = Journal::open(&path, PLAN).unwrap();
    assert_eq!((length(), again.counts().done), (shorter, before.counts().done + 10));
    again.rewrite(&path).unwrap();
    assert_eq!(state(&Recovered::read(&path).unwrap()), state(&again), "a second rewrite");
}

#[test]
fn a_journal_that_is_hardly_longer_than_it_has_to_be_stays() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    (0..200).for_each(|batch| record(&mut journal, batch * 100..batch * 100 + 100, 0, 1, false));
    (0..150).for_each(|batch| record(&mut journal, batch * 100..batch * 100 + 100, 0, 1, false));
    drop(journal);
    let number = || fs::metadata(&path).unwrap().ino();
    let before = number();
    fs::write(part_of(&path), "left by a rewrite that was killed").unwrap();
    drop(Journal::open(&path, PLAN).unwrap());
    assert_eq!(number(), before);
    assert!(!part_of(&path).exists());
}

#[test]
fn a_rewrite_that_fails_leaves_the_journal_and_is_noted() {
    let (_folder, path) = place();
    disorder(&path);
    let before = (state(&Recovered::read(&path).unwrap()), fs::metadata(&path).unwrap().len());
    // A folder in the place of the new file, so that it cannot be made.
    fs::create_dir(part_of(&path)).unwrap();
    let (journal, opened) = Journal::open(&path, PLAN).unwrap();
    assert_eq!((state(&opened), journal.outbox.written()), before);
    assert!(opened.notes()[0].contains("stays longer than it has to be: cannot create"), "{:?}", opened.notes());
}

/// Records tasks one by one, each with 8 bytes, which took so many seconds.
fn one_by_one(path: &Path, seconds: f64, rank: impl Fn(u64) -> u32) -> Recovered {
    let mut journal = Journal::create(path, PLAN).unwrap();
    for task in (0..10_000u64).map(|task| task ^ 1) {
        let lengths = Lengths::Equal { count: 1, length: 8 };
        let results = &task.to_le_bytes();
        journal
            .done(&Done { first: task, rank: rank(task), attempt: 1, seconds, ended: 0.0, lengths, results })
            .unwrap();
    }
    drop(journal);
    Recovered::read(path).unwrap().rewrite(path).unwrap();
    Recovered::read(path).unwrap()
}

#[test]
fn short_tasks_of_a_rank_are_merged_and_long_ones_keep_their_times() {
    let runs = |seconds: f64, rank: &dyn Fn(u64) -> u32| {
        let (_folder, path) = place();
        let recovered = one_by_one(&path, seconds, rank);
        assert_eq!(tasks(&recovered), (0..10_000).collect::<Vec<u64>>());
        assert!((recovered.counts().seconds - 10_000.0 * seconds).abs() < 1e-6 * seconds * 10_000.0);
        recovered.done().count()
    };
    assert_eq!(runs(1e-4, &|_| 0), 3);
    assert_eq!(runs(1e-4, &|task| (task / 1000) as u32), 12);
    assert_eq!(runs(1e-2, &|_| 0), 10_000);
}

/// As ranks report them, and again after a rewrite in the order of tasks; those of an older journal, which has no times, have none.
#[test]
fn when_tasks_ended_comes_back_and_a_rewrite_keeps_it() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let ended = |task: u64| if task < 10 { 0.0 } else { 1e9 + (task * 7 % 50) as f64 };
    for task in (0..50u64).map(|task| task * 13 % 50).filter(|task| *task < 10).chain((10..50).map(|task| 59 - task)) {
        let lengths = Lengths::Equal { count: 1, length: 8 };
        let (results, ended) = (&task.to_le_bytes(), ended(task));
        journal.done(&Done { first: task, rank: 1, attempt: 1, seconds: 1.0, ended, lengths, results }).unwrap();
    }
    journal.failed(60, &Failed { ended: 2e9, ..failed(1) }).unwrap();
    drop(journal);
    for _ in 0..2 {
        let recovered = Recovered::read(&path).unwrap();
        assert!(recovered.done().all(|done| done.ended == ended(done.first)) && recovered.done().count() == 50);
        assert_eq!(recovered.failed()[&60].ended, 2e9);
        let needed = recovered.needed();
        recovered.rewrite(&path).unwrap();
        let records = fs::metadata(&path).unwrap().len() - (super::frame::HEAD + PLAN.len()) as u64;
        assert_eq!(needed, records, "what a rewrite takes is known before");
    }
}

#[test]
fn a_million_records_come_back() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    for place in 0..1_000_000u64 {
        let task = place * 7919 % 1_000_000;
        let lengths = Lengths::Equal { count: 1, length: 8 };
        let results = &task.to_le_bytes();
        let rank = (task % 64) as u32;
        journal.done(&Done { first: task, rank, attempt: 1, seconds: 1.0, ended: 0.0, lengths, results }).unwrap();
    }
    drop(journal);
    let (_, recovered) = Journal::open(&path, PLAN).unwrap();
    assert_eq!(recovered.counts().done, 1_000_000);
    let in_order =
        recovered.done().zip(0u64..).all(|(done, task)| done.first == task && done.results == task.to_le_bytes());
    assert!(in_order && recovered.remaining(1_000_000).next().is_none());
}

/// Of each task how it went, and which attempt of rank 0 has no end.
#[test]
fn an_attempt_of_rank_0_without_an_end_is_known_and_a_rewrite_keeps_it() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let begins = |number| Attempt { rank: 0, ..attempt(number, None) };
    for task in 0..6 {
        journal.attempt(task, &begins(1)).unwrap();
    }
    record(&mut journal, 0..1, 0, 1, true);
    journal.failed(1, &failed(1)).unwrap();
    journal.attempt(2, &attempt(2, Some("an error"))).unwrap();
    for task in [3, 4] {
        journal.attempt(task, &attempt(2, Some("an error"))).unwrap();
        journal.attempt(task, &begins(2)).unwrap();
    }
    journal.failed(4, &failed(2)).unwrap();
    // Rank 3 has seen its own attempt end, or rank 0 its death.
    journal.attempt(6, &attempt(1, None)).unwrap();
    drop(journal);
    let recovered = Recovered::read(&path).unwrap();
    let expected = std::collections::BTreeMap::from([(3, 2), (5, 1)]);
    assert_eq!(recovered.unended(), &expected);
    recovered.rewrite(&path).unwrap();
    assert_eq!(Recovered::read(&path).unwrap().unended(), &expected);
}

#[test]
fn a_job_is_stalled_if_nothing_was_recorded_after_an_attempt_of_rank_0_began() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let mut stalled = |write: &dyn Fn(&mut Journal)| {
        write(&mut journal);
        journal.flush().unwrap();
        Recovered::read(&path).unwrap().is_stalled()
    };
    let begins = Attempt { rank: 0, ..attempt(1, None) };
    assert!(!stalled(&|_| ()));
    assert!(!stalled(&|journal| journal.attempt(1, &attempt(1, None)).unwrap()));
    assert!(stalled(&|journal| journal.attempt(2, &begins).unwrap()));
    assert!(stalled(&|journal| journal.death(1).unwrap()));
    assert!(!stalled(&|journal| record(journal, 2..3, 0, 1, true)));
}
