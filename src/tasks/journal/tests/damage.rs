//! Journals that were cut off, changed, or could not be written.

use std::os::unix::fs::FileExt;
use std::path::Path;

use super::*;

/// A small journal with records of all kinds; the places in its file where each begins, and its end.
fn small(path: &Path) -> Vec<u64> {
    let mut journal = Journal::create(path, PLAN).unwrap();
    let mut ends = vec![journal.outbox.written()];
    let mut step = |write: &dyn Fn(&mut Journal)| {
        write(&mut journal);
        journal.flush().unwrap();
        ends.push(journal.outbox.written());
    };
    step(&|journal| record(journal, 0..1, 0, 1, true));
    step(&|journal| record(journal, 10..15, 0, 1, false));
    step(&|journal| journal.failed(30, &failed(4)).unwrap());
    step(&|journal| journal.attempt(31, &attempt(2, Some("rank 5 died"))).unwrap());
    step(&|journal| record(journal, 5..8, 0, 1, true));
    step(&|journal| journal.attempt(32, &attempt(1, None)).unwrap());
    step(&|journal| journal.death(5).unwrap());
    step(&|journal| record(journal, 20..22, 0, 1, true));
    ends
}

/// What a journal with some of these records gives: tasks done, failed, attempts, deaths.
fn expected(kept: impl Fn(usize) -> bool) -> (Vec<u64>, usize, Vec<u64>, u64) {
    let done = [(0, 0..1), (4, 5..8), (1, 10..15), (7, 20..22)];
    let done = done.into_iter().filter(|(record, _)| kept(*record)).flat_map(|(_, tasks)| tasks).collect();
    let attempts = [(3, 31), (5, 32)].into_iter().filter(|(record, _)| kept(*record)).map(|(_, task)| task).collect();
    (done, usize::from(kept(2)), attempts, u64::from(kept(6)))
}

fn open(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

fn found(recovered: &Recovered) -> (Vec<u64>, usize, Vec<u64>, u64) {
    let attempts = recovered.attempts().keys().copied().collect();
    (tasks(recovered), recovered.failed().len(), attempts, recovered.counts().deaths)
}

#[test]
fn a_journal_cut_anywhere_keeps_its_whole_records_and_grows_on() {
    let (_folder, path) = place();
    let ends = small(&path);
    let bytes = fs::read(&path).unwrap();
    for cut in 0..bytes.len() {
        fs::write(&path, &bytes[..cut]).unwrap();
        if (cut as u64) < ends[0] {
            let message = Journal::open(&path, PLAN).unwrap_err().to_string();
            assert!(message.contains("--overwrite") && message.contains("journal"), "{message}");
            continue;
        }
        let whole = ends.iter().rposition(|&end| end <= cut as u64).unwrap();
        let torn = cut as u64 - ends[whole];
        let read = Recovered::read(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), cut as u64, "reading changes nothing");
        let (mut journal, recovered) = Journal::open(&path, PLAN).unwrap();
        for recovered in [read, recovered] {
            assert_eq!(found(&recovered), expected(|record| record < whole), "cut at {cut}");
            let message = recovered.notes().join("");
            assert!(
                if torn == 0 { message.is_empty() } else { message.contains(&format!("last {torn} bytes")) },
                "{message}"
            );
        }
        assert_eq!(fs::metadata(&path).unwrap().len(), ends[whole]);
        record(&mut journal, 50..60, 0, 1, true);
        drop(journal);
        let recovered = Recovered::read(&path).unwrap();
        assert!(recovered.is_done(50) && recovered.notes().is_empty());
    }
}

#[test]
fn a_changed_byte_harms_its_own_record_alone_and_is_noted() {
    let (_folder, path) = place();
    let ends = small(&path);
    let good = fs::read(&path).unwrap();
    for place in 0..good.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[place] ^= bits;
            fs::write(&path, &bytes).unwrap();
            if (place as u64) < ends[0] {
                assert!(Recovered::read(&path).is_err() && Journal::open(&path, PLAN).is_err(), "byte {place}");
                continue;
            }
            let harmed = ends.iter().rposition(|&end| end <= place as u64).unwrap();
            let recovered = Recovered::read(&path).unwrap();
            assert_eq!(found(&recovered), expected(|record| record != harmed), "byte {place}");
            let start = ends[harmed];
            let end = ends[harmed + 1];
            let message = if harmed + 2 == ends.len() {
                format!("the last {} bytes", end - start)
            } else {
                format!("bytes {start} to {end} ({} bytes) are damaged", end - start)
            };
            assert!(matches!(recovered.notes(), [note] if note.contains(&message)), "{:?}", recovered.notes());
        }
    }
}

#[test]
fn what_is_good_after_damage_stays_when_the_journal_grows_on() {
    let (_folder, path) = place();
    let ends = small(&path);
    let mut bytes = fs::read(&path).unwrap();
    let start = ends[1] as usize;
    let end = ends[3] as usize + 5;
    bytes[start..end].fill(0);
    fs::write(&path, &bytes).unwrap();
    let (mut journal, recovered) = Journal::open(&path, PLAN).unwrap();
    assert_eq!(found(&recovered), expected(|record| ![1, 2, 3].contains(&record)));
    assert!(recovered.notes()[0].contains(&format!("bytes {start} to {}", ends[4])), "{:?}", recovered.notes());
    record(&mut journal, 10..15, 0, 1, false);
    drop(journal);
    let recovered = Recovered::read(&path).unwrap();
    assert_eq!(found(&recovered), expected(|record| ![2, 3].contains(&record)));
}

#[test]
fn a_result_that_looks_like_a_record_is_none() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, "another plan").unwrap();
    record(&mut journal, 70..80, 0, 1, true);
    let inner = journal.buffer.clone();
    drop(journal);
    fs::remove_file(&path).unwrap();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let lengths = Lengths::Equal { count: 1, length: inner.len() as u32 };
    journal.done(&Done { first: 0, rank: 0, attempt: 1, seconds: 0.0, ended: 0.0, lengths, results: &inner }).unwrap();
    journal.flush().unwrap();
    record(&mut journal, 1..2, 0, 1, true);
    let start = frame::HEAD as u64 + PLAN.len() as u64;
    journal.flush().unwrap();
    open(&path).write_at(&[0], start).unwrap();
    assert_eq!(tasks(&Recovered::read(&path).unwrap()), [1]);
}

#[test]
fn a_record_is_found_wherever_it_begins() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    let head = journal.outbox.written();
    record(&mut journal, 1..2, 0, 1, true);
    let whole = journal.buffer.clone();
    for gap in (0..40).chain([(1 << 20) - 3, 3 << 20]) {
        open(&path).write_at(&vec![frame::MARKER[0]; gap as usize], head).unwrap();
        open(&path).write_at(&whole, head + gap).unwrap();
        let recovered = Recovered::read(&path).unwrap();
        assert_eq!((tasks(&recovered), recovered.notes().len()), (vec![1], usize::from(gap > 0)), "after {gap} bytes");
        open(&path).set_len(head).unwrap();
    }
}

#[test]
fn damage_at_many_places_is_noted_in_few_lines() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    for task in 0..50 {
        record(&mut journal, task..task + 1, 0, 1, true);
        journal.flush().unwrap();
        if task % 2 == 0 {
            open(&path).write_at(&[1; 4], journal.outbox.written() - 4).unwrap();
        }
    }
    drop(journal);
    let recovered = Recovered::read(&path).unwrap();
    assert_eq!(tasks(&recovered), (0..50).filter(|task| task % 2 == 1).collect::<Vec<u64>>());
    assert_eq!(recovered.notes().len(), 9);
    assert!(recovered.notes()[8].starts_with("17 more places are damaged, with 969 bytes"), "{:?}", recovered.notes());
}

#[test]
fn another_format_and_other_files_are_refused() {
    let (_folder, path) = place();
    drop(Journal::create(&path, PLAN).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 9;
    for (bytes, expected) in [
        (bytes, "a journal of format 9; this program reads format 1"),
        (b"step,time,energy\n0,1,2\n".to_vec(), "is no journal of a sweep"),
        (Vec::new(), "is no journal of a sweep"),
    ] {
        fs::write(&path, bytes).unwrap();
        let message = Recovered::read(&path).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains(&path.display().to_string()), "{message}");
    }
}

#[test]
fn a_write_that_fails_names_the_file_and_is_tried_again() {
    let (_folder, path) = place();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    record(&mut journal, 0..9, 0, 1, true);
    journal.flush().unwrap();
    let good = journal.outbox.swap_file(File::open(&path).unwrap());
    record(&mut journal, 9..20, 0, 1, true);
    let message = journal.flush().unwrap_err().to_string();
    assert!(message.contains("cannot write") && message.contains(&path.display().to_string()), "{message}");
    assert_eq!(tasks(&Recovered::read(&path).unwrap()), (0..9).collect::<Vec<u64>>());
    journal.outbox.swap_file(good);
    journal.flush().unwrap();
    assert_eq!(tasks(&Recovered::read(&path).unwrap()), (0..20).collect::<Vec<u64>>());
}
