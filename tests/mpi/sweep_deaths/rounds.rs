//! Sweeps of which all processes are killed at random times, resumed on another number of ranks until they are done.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use divisi::tasks::journal::Recovered;

use super::job::{command, processes, ran, start};
use crate::common::{Signal, finish, kill_process, remove_stale_segments};

/// Tasks of a sweep, and how long each takes, in microseconds.
const TASKS: u64 = 150;
const MICROS: u64 = 6000;
/// After which a job that was killed must have ended.
const END: Duration = Duration::from_secs(20);

/// What was killed, and what that cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Times that everything was killed.
    pub kills: u32,
    /// Attempts that began, in all sweeps.
    pub run: u64,
    /// Of these, attempts after a task's first.
    pub rerun: u64,
    /// Recorded results that were not there later, or whose task ran again.
    pub lost: u64,
    /// Results that were recorded twice.
    pub doubled: u64,
}

/// Numbers that look random, the same for the same seed (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
}

/// Kills sweeps of a kind so many times, and holds the results of each against those of an undisturbed one.
pub(super) fn rounds(kind: &str, kills: u32, seed: u64) -> Tally {
    let words = format!("tasks={TASKS} journal=journal {kind}");
    let whole = tempfile::tempdir().expect("a folder");
    let calm = finish(&mut command(false, 1, whole.path(), &format!("{words} micros=10")), END.as_secs()).expect(0);
    let wanted = fs::read(whole.path().join("results")).unwrap_or_else(|error| panic!("{error}: {}", calm.stderr));
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    while tally.kills < kills {
        let folder = tempfile::tempdir().expect("a folder");
        while !one(folder.path(), &format!("{words} micros={MICROS}"), &mut dice, &mut tally) {}
        assert!(fs::read(folder.path().join("results")).expect("results") == wanted, "{kind}: other results");
        let all = ran(folder.path());
        let tasks: BTreeSet<u64> = all.iter().map(|it| it.task).collect();
        tally.run += all.len() as u64;
        tally.rerun += (all.len() - tasks.len()) as u64;
        tally.doubled += Recovered::read(&folder.path().join("journal")).expect("the journal").counts().doubled;
    }
    remove_stale_segments();
    tally
}

/// One job, anew or resumed, of which everything is killed unless it ends before; whether the sweep is done.
fn one(folder: &Path, words: &str, dice: &mut Dice, tally: &mut Tally) -> bool {
    let before = ran(folder).len();
    let recorded = Recovered::read(&folder.join("journal")).unwrap_or_default();
    let ranks = 1 + dice.below(4) as usize;
    let mut job = start(dice.below(2) == 0, ranks, folder, words);
    let patience = Duration::from_millis(dice.below(2 * TASKS * MICROS / 1000 / ranks as u64 + 600));
    let began = Instant::now();
    let mut done = false;
    while !done && began.elapsed() < patience {
        if let Some(status) = job.try_wait().expect("a child") {
            assert!(status.success(), "{words} on {ranks} ranks ended with {status}");
            done = true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    if !done {
        kill_everything(&mut job, folder, words);
        done = folder.join("counts").exists();
        tally.kills += u32::from(!done);
    }
    job.wait().expect("a child");
    tally.lost += ran(folder)[before..].iter().filter(|it| recorded.is_done(it.task)).count() as u64;
    done
}

/// Kills all processes of a job, and those that are about to begin, until its launcher has ended.
fn kill_everything(job: &mut Child, folder: &Path, words: &str) {
    let began = Instant::now();
    while job.try_wait().expect("a child").is_none() {
        for victim in processes(folder).into_values() {
            // It may have ended in between.
            kill_process(victim, Signal::KILL).ok();
        }
        if began.elapsed() > END {
            job.kill().ok();
            panic!("{words}: the job hung after a kill");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(processes(folder).is_empty(), "{words}: processes are left");
}
