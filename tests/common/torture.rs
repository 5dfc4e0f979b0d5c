//! Torture: a run is killed at random times, one rank or all, and resumed on another number of ranks, until it is done.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use divisi::output::checkpoint_steps;

use super::case::{Case, parameters, run};
use super::{
    DIVISI, Signal, assert_same_files, kill_process, kill_ranks, mpirun, ranks_of, remove_stale_segments, wait,
};

/// Seconds after which a job that was killed must have ended.
const END: u64 = 20;

/// What a torture did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Kills, and how many of them were of one rank alone.
    pub kills: u32,
    pub single: u32,
    /// Kills that hit while a checkpoint was being written.
    pub in_checkpoint: u32,
    /// The most steps of work that a kill lost.
    pub most_lost: u64,
}

/// Numbers that look random, the same for the same seed (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
}

/// Kills a case `rounds` times, over as many runs of it as that takes, and holds each finished run against the undisturbed one.
pub fn torture(case: &Case, more: &[&str], rounds: u32, seed: u64) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let began = Instant::now();
    run(case, 1, &whole, more);
    let (length, mut dice, mut tally) = (began.elapsed(), Dice(seed), Tally::default());
    for number in 0.. {
        if tally.kills >= rounds {
            break;
        }
        let out = folder.path().join(number.to_string());
        while !job(case, more, &out, length, &mut dice, &mut tally) {}
        assert_same_files(&whole, &out);
    }
    remove_stale_segments();
    tally
}

/// One job, anew or resumed, that is killed unless it ends before; whether the run is done.
fn job(case: &Case, more: &[&str], out: &Path, length: Duration, dice: &mut Dice, tally: &mut Tally) -> bool {
    let ranks = 1 + dice.below(4) as usize;
    let mut command = command(case, more, out, ranks);
    let mut child = command.spawn().expect("mpirun starts");
    let patience = Duration::from_millis(dice.below(2 * length.as_millis() as u64 + 1));
    let started = Instant::now();
    while started.elapsed() < patience {
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "{case:?} on {ranks} ranks ended with {status}");
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let running = ranks_of(out);
    let one = dice.below(2) == 0 && running.len() > 1;
    let checkpoints = out.join("checkpoints");
    let unfinished = std::fs::read_dir(&checkpoints).into_iter().flatten().flatten();
    let writing = unfinished.filter(|entry| entry.path().extension().is_some_and(|part| part == "part")).count() > 0;
    match one {
        true => drop(kill_process(running[dice.below(running.len() as u64) as usize], Signal::KILL)),
        false => kill_ranks(out),
    }
    let status = wait(&mut child, Duration::from_secs(END));
    assert!(status.is_some(), "{case:?}: the job hung after a kill");
    if status == Some(0) {
        return true;
    }
    tally.kills += 1;
    tally.single += u32::from(one);
    tally.in_checkpoint += u32::from(writing);
    tally.most_lost = tally.most_lost.max(lost(out));
    false
}

fn command(case: &Case, more: &[&str], out: &Path, ranks: usize) -> Command {
    let mut command = mpirun(ranks, DIVISI);
    command.arg("run").args(parameters(case)).args(more).arg("--resume").arg("--out").arg(out);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The steps between the newest checkpoint and the last row that history.csv got to hold; 0 for a sweep, which has neither.
fn lost(out: &Path) -> u64 {
    let text = std::fs::read_to_string(out.join("history.csv")).unwrap_or_default();
    let rows = text.rsplit('\n').filter_map(|line| line.split(',').next()?.parse::<u64>().ok());
    let newest = checkpoint_steps(&out.join("checkpoints")).last().copied().unwrap_or(0);
    rows.max().unwrap_or(0).saturating_sub(newest)
}
