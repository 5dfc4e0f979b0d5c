//! Writers that are killed, and disks that are full: what had been written before is there after.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::*;
use crate::base::random::Random;

/// Where a test that runs in a process of its own finds its journal.
const PLACE: &str = "DIVISI_TEST_JOURNAL";

/// Starts one of these tests in a process of its own.
fn start(test: &str, path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--include-ignored", "--nocapture", "--test-threads=1"]).env(PLACE, path);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn no_record_is_lost_that_reached_the_file_before_a_kill() {
    let (_folder, path) = place();
    drop(Journal::create(&path, PLAN).unwrap());
    let mut known = 0;
    for kill in 0..8 {
        let mut child = start("a_writer_until_it_is_killed", &path);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(std::io::Result::ok);
        let mut flushed = lines.filter_map(|line| line.strip_prefix("flushed ")?.parse::<u64>().ok());
        known = flushed.nth(1 + 7 * kill).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        known = flushed.last().unwrap_or(known);
        let recovered = Recovered::read(&path).unwrap();
        let done = tasks(&recovered);
        assert!(done.len() as u64 >= known, "{} of {known} tasks", done.len());
        assert_eq!(done, (0..done.len() as u64).collect::<Vec<u64>>());
        assert_eq!(recovered.counts().doubled, 0, "a task ran again whose record was there");
    }
    assert!(known > 1000);
}

#[test]
#[ignore = "is killed by another test"]
fn a_writer_until_it_is_killed() {
    let Some(path) = std::env::var_os(PLACE).map(PathBuf::from) else { return };
    let (mut journal, recovered) = Journal::open(&path, PLAN).unwrap();
    let mut next = recovered.counts().done;
    for batch in 1.. {
        let end = next + 1 + batch % 50;
        record(&mut journal, next..end, 0, 1, batch % 2 == 0);
        next = end;
        if batch % 3 == 0 {
            journal.flush().unwrap();
            println!("flushed {next}");
        }
    }
}

/// Records, kills that leave any part of the last write, and resumes, by chance; beside them what must be there.
#[test]
fn any_number_of_kills_and_resumes_loses_nothing() {
    let (_folder, path) = place();
    drop(Journal::create(&path, PLAN).unwrap());
    let mut random = Random::new(1, 0, 0);
    let mut below = |bound: u64| random.bits() % bound;
    let mut known: Vec<u64> = Vec::new();
    for _ in 0..200 {
        let (mut journal, recovered) = Journal::open(&path, PLAN).unwrap();
        let found = tasks(&recovered);
        assert!(known.iter().all(|task| recovered.is_done(*task)), "{known:?} in {found:?}");
        known = found;
        let mut flushed = journal.outbox.written();
        for _ in 0..below(8) {
            let first = below(2000);
            let range = first..first + 1 + below(20);
            record(&mut journal, range.clone(), 0, 1, below(2) == 0);
            if below(3) == 0 {
                journal.flush().unwrap();
                flushed = journal.outbox.written();
                known.extend(range);
            }
        }
        journal.flush().unwrap();
        let length = flushed + below(journal.outbox.written() - flushed + 1);
        drop(journal);
        File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
    }
    assert!(known.len() > 1500, "{}", known.len());
}

#[test]
fn a_full_disk_leaves_whole_records_and_the_rest_waits_for_room() {
    let (_folder, path) = place();
    let mut child = start("a_writer_on_a_full_disk", &path);
    assert!(child.wait().unwrap().success());
    let recovered = Journal::open(&path, PLAN).unwrap().1;
    assert_eq!(tasks(&recovered), (0..2000).collect::<Vec<u64>>());
    assert!(recovered.notes().is_empty());
}

#[test]
#[ignore = "is started by another test"]
fn a_writer_on_a_full_disk() {
    let Some(path) = std::env::var_os(PLACE).map(PathBuf::from) else { return };
    let limit = |bytes| setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    // Otherwise the signal that comes with the error ends the process.
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false))).unwrap();
    let mut journal = Journal::create(&path, PLAN).unwrap();
    (0..2000).for_each(|task| record(&mut journal, task..task + 1, 0, 1, true));
    limit(Some(50_000));
    let message = journal.flush().unwrap_err().to_string();
    assert!(message.contains("cannot write") && message.contains(&path.display().to_string()), "{message}");
    let recovered = Recovered::read(&path).unwrap();
    let fit = (50_000 - frame::HEAD - PLAN.len()) / 57;
    assert_eq!(tasks(&recovered), (0..fit as u64).collect::<Vec<u64>>());
    assert!(recovered.notes().is_empty(), "{:?}", recovered.notes());
    limit(None);
    journal.flush().unwrap();
}
