//! Processes that stand still: the job ends, with the host's name, and goes on where its newest checkpoint is; a sweep whose launcher
//! lets ranks die goes on without them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{DIVISI, Pid, Signal, divisi, finish, is_mpich, kill_process, mpirun, ranks_of, root, wait};

/// Seconds after which a command is killed.
const LIMIT: u64 = 90;

/// Starts a command, stops `victim` (a rank by the order in which ranks were started) as soon as `begun` is there, and waits for the end:
/// its status and what it said.
fn stopped(command: &mut Command, folder: &Path, begun: &str, victim: usize) -> (Option<i32>, String) {
    let said = folder.with_extension("said");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&said).unwrap());
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    while !folder.join(begun).exists() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(50));
    }
    // Some words must have been heard before the silence.
    std::thread::sleep(Duration::from_millis(600));
    let mut ranks: Vec<Pid> = ranks_of(folder);
    ranks.sort_by_key(|rank| rank.as_raw_nonzero());
    kill_process(ranks[victim], Signal::STOP).unwrap();
    let status = wait(&mut child, Duration::from_secs(LIMIT));
    (status, std::fs::read_to_string(said).unwrap())
}

#[test]
fn a_rank_that_stands_still_ends_the_job_which_goes_on_from_its_checkpoint() {
    for victim in [2, 0] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let file = root().join("sims/nbody/plummer.toml");
        let mut command = mpirun(3, DIVISI);
        command.arg("run").arg(file).args(["run.silence_seconds=2", "run.until=1000", "checkpoint.every_steps=5"]);
        command.args(["output.every_time=0"]).arg("--out").arg(&out);
        let (status, said) = stopped(&mut command, &out, "checkpoints", victim);
        assert!(status.is_some_and(|status| status != 0), "{status:?} {said}");
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let told = said.contains("nothing was heard of rank") && said.contains(&format!(" on host {host} for 2 s"));
        assert!(told && said.matches("nothing was heard").count() == 1, "{said}");
        assert!(ranks_of(&out).is_empty(), "ranks were left behind");
        // The lock of a job that was killed on this host counts no longer.
        finish(divisi().arg("resume").arg(&out).args(["--steps", "30"]), LIMIT).expect(0);
    }
}

#[test]
fn a_sweep_goes_on_without_a_rank_that_stands_still() {
    if is_mpich() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.toml");
    let out = folder.path().join("run");
    let text = "simulation = 'sweep'\n[run]\nsilence_seconds = 2\n[task]\noutput = 'number'\n\
                command = ['sh', '-c', 'sleep 0.4; echo {x}']\n[parameters.values]\nx = { from = 1, to = 24, count = 24 }\n";
    std::fs::write(&plan, text).unwrap();
    let mut command = mpirun(3, "--enable-recovery");
    command.arg(DIVISI).arg("run").arg(&plan).arg("--out").arg(&out);
    let (_, said) = stopped(&mut command, &out, "journal", 2);
    assert!(said.contains("nothing was heard of rank"), "{said}");
    finish(divisi().arg("status").arg(&out), LIMIT).expect(0);
    assert!(ranks_of(&out).is_empty(), "ranks were left behind");
}

#[test]
fn limits_that_would_take_late_ranks_for_lost_ones_are_refused() {
    for wrong in ["0.5", "-1"] {
        let word = format!("run.silence_seconds={wrong}");
        let file = root().join("sims/nbody/plummer.toml");
        finish(divisi().arg("run").arg(file).arg(word), LIMIT).expect(2).says("run.silence_seconds");
    }
}
