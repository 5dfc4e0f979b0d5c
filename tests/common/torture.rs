//! Torture: a run is killed at random times, one rank or all, and resumed on another number of ranks, until it is done.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use divisi::io::checkpoint_steps;

use super::case::{Case, parameters, run};
use super::{DIVISI, Pid, Signal, assert_same_files, kill_process, mpirun, ranks_of, remove_stale_segments};

/// A job must have ranks after this.
const START: Duration = Duration::from_secs(60);
/// So long after a kill mpirun may still be there without ranks.
const ALONE: Duration = Duration::from_secs(5);
/// After a kill the rest of a job must have ended within this.
const END: Duration = Duration::from_secs(20);

/// What a torture did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Kills, and how many of them were of one rank alone.
    pub kills: u32,
    pub single: u32,
    /// Kills that hit while a checkpoint was being written.
    pub in_checkpoint: u32,
    /// Kills after which all ranks had ended and mpirun had not: it was killed too.
    pub launcher_left: u32,
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
pub(crate) fn torture(case: &Case, more: &[&str], rounds: u32, seed: u64) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let began = Instant::now();
    run(case, 1, &whole, more);
    let length = began.elapsed();
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
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
    let mut child = command(case, more, out, ranks).spawn().expect("mpirun starts");
    let patience = Duration::from_millis(dice.below(2 * length.as_millis() as u64 + 1));
    let Some(running) = ranks_after(case, &mut child, out, patience) else { return true };
    let writing = is_writing(out);
    let one = strike(&running, dice);
    let status = end(case, &mut child, out);
    if status.is_some_and(|status| status.success()) {
        return true;
    }
    tally.kills += 1;
    tally.single += u32::from(one);
    tally.in_checkpoint += u32::from(writing);
    tally.launcher_left += u32::from(status.is_none());
    tally.most_lost = tally.most_lost.max(lost(out));
    false
}

/// The ranks of a job after so long, or as soon as there are any: a kill before that would hit nobody. Nothing if it is done.
fn ranks_after(case: &Case, child: &mut Child, out: &Path, patience: Duration) -> Option<Vec<Pid>> {
    let started = Instant::now();
    while started.elapsed() < patience + START {
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "{case:?} ended with {status}");
            return None;
        }
        let running = if started.elapsed() < patience { Vec::new() } else { ranks_of(out) };
        if !running.is_empty() {
            return Some(running);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("mpirun can be killed");
    panic!("{case:?}: no rank {START:?} after the start of mpirun");
}

/// Kills one of the ranks or all of them; whether it was one of several.
fn strike(running: &[Pid], dice: &mut Dice) -> bool {
    let one = dice.below(2) == 0 && running.len() > 1;
    let first = dice.below(running.len() as u64) as usize;
    let struck = if one { &running[first..=first] } else { running };
    // It may have ended in between.
    struck.iter().for_each(|&rank| kill_process(rank, Signal::KILL).unwrap_or_default());
    one
}

/// Whether a checkpoint is being written.
fn is_writing(out: &Path) -> bool {
    let files = fs::read_dir(out.join("checkpoints")).into_iter().flatten().flatten();
    files.filter(|entry| entry.path().extension().is_some_and(|part| part == "part")).count() > 0
}

/// The end of a job that was killed: how mpirun ended, or nothing if all ranks have ended but it has not, so that it is killed.
///
/// Open MPI 4.1 with PMIx 4.2 stays behind like that where a rank dies while it connects to mpirun: mpirun says `PMIX ERROR:
/// UNREACHABLE` and waits for ever for a lock in PMIx_server_finalize. Panics if a rank outlives the others, and tells what it does.
fn end(case: &Case, child: &mut Child, out: &Path) -> Option<ExitStatus> {
    let killed = Instant::now();
    let mut left = Vec::new();
    while killed.elapsed() < END {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
        if killed.elapsed() > ALONE {
            left = ranks_of(out);
            if left.is_empty() {
                break;
            }
        }
    }
    let told: Vec<_> = left.iter().map(|&rank| state_of(rank)).collect();
    child.kill().expect("mpirun can be killed");
    child.wait().expect("a child");
    left.iter().for_each(|&rank| kill_process(rank, Signal::KILL).unwrap_or_default());
    assert!(left.is_empty(), "{case:?}: ranks outlive the one that was killed:\n{}", told.join("\n"));
    None
}

/// What the kernel tells of a process: its state, its signals, and where it sleeps.
fn state_of(process: Pid) -> String {
    let folder = Path::new("/proc").join(process.as_raw_nonzero().to_string());
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let status = read("status");
    let wanted = ["State:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigCgt:"];
    let lines = status.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name)));
    let lines: Vec<_> = lines.map(|line| line.replace('\t', " ")).collect();
    format!("process {}: {}; sleeps in {}", process.as_raw_nonzero(), lines.join(", "), read("wchan"))
}

fn command(case: &Case, more: &[&str], out: &Path, ranks: usize) -> Command {
    let mut command = mpirun(ranks, DIVISI);
    command.arg("run").args(parameters(case)).args(more).arg("--resume").arg("--out").arg(out);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The steps between the newest checkpoint and the last row that history.csv got to hold; 0 for a sweep, which has neither.
fn lost(out: &Path) -> u64 {
    let text = fs::read_to_string(out.join("history.csv")).unwrap_or_default();
    let rows = text.rsplit('\n').filter_map(|line| line.split(',').next()?.parse::<u64>().ok());
    let newest = checkpoint_steps(&out.join("checkpoints")).last().copied().unwrap_or(0);
    rows.max().unwrap_or(0).saturating_sub(newest)
}
