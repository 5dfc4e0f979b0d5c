//! `divisi submit` and `cancel` on a real Slurm: a run, a chain, an array, a sweep. Each leaves the bytes of the same run without Slurm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{
    Case, Job, Outcome, PLUMMER, PROGRAM, ROOT, SWEEP, checked, divisi, files, fresh_folder, path, read, run_alone,
    same_bytes,
};

/// Some seconds, with checkpoints often.
const LONG: [&str; 4] = ["initial.n=2000", "--steps", "3000", "checkpoint.every_steps=500"];

pub(crate) const CASES: [(&str, Case); 6] = [
    ("a submitted run that is told to stop goes on by itself", stopped_and_continued),
    ("a chain goes on from link to link, and a link with nothing left ends at once", a_chain),
    ("an array has a run for each number", an_array),
    ("a submitted sweep over two nodes has the results of one process", a_sweep),
    ("scancel leaves a run that can be resumed", cancelled_by_slurm),
    ("a cancelled run is out of the queue and can be resumed", cancelled),
];

/// Submits with these words; the jobs, in the order in which they begin.
fn submit(launcher: &str, name: &str, words: &[&str]) -> Result<(PathBuf, Vec<Job>), String> {
    let folder = fresh_folder(&format!("{launcher}-submit-{name}"))?;
    let cluster = folder.join("cluster.toml");
    fs::write(&cluster, format!("launcher = '{launcher}'\ntime = '4'\n")).map_err(|e| e.to_string())?;
    let out = folder.join("run");
    let mut command = Command::new(PROGRAM);
    command.current_dir(ROOT).arg("submit").args(words).args(["--nodes=2", "--ranks=2", "--out", path(&out)]);
    let told = checked(command.args(["--cluster", path(&cluster)]))?;
    let numbers = told.lines().next().unwrap_or_default();
    let job = |id: &str| {
        let log = out.join(format!("job-{id}.log"));
        Job { id: id.to_owned(), out: out.clone(), log, submitted: Instant::now() }
    };
    Ok((out.clone(), numbers.split(' ').map(job).collect()))
}

/// Tells a job to stop as Slurm does before its limit, in the middle of its work.
fn told_to_stop(job: &Job) -> Outcome {
    job.wait_until("a checkpoint", || files(&job.out.join("checkpoints")).is_ok_and(|found| !found.is_empty()))?;
    job.held_while(|| {
        checked(Command::new("scancel").args(["--batch", "--signal=USR1", &job.id]))?;
        sleep(Duration::from_secs(2));
        Ok(())
    })
}

fn stopped_and_continued(launcher: &'static str) -> Outcome {
    let alone = run_alone("submit", PLUMMER, &LONG)?;
    let (out, jobs) = submit(launcher, "run", &[&[PLUMMER], &LONG[..]].concat())?;
    told_to_stop(&jobs[0])?;
    jobs[0].wait("COMPLETED")?;
    jobs[0].was_put_back()?;
    same_bytes(&alone, &out)
}

fn a_chain(launcher: &'static str) -> Outcome {
    let alone = run_alone("submit", PLUMMER, &LONG)?;
    let (out, jobs) = submit(launcher, "chain", &[&[PLUMMER, "--chain", "3"], &LONG[..]].concat())?;
    told_to_stop(&jobs[0])?;
    jobs[0].wait("FAILED")?;
    jobs[0].was_not_put_back()?;
    jobs[1].wait("COMPLETED")?;
    jobs[2].wait("COMPLETED")?;
    same_bytes(&alone, &out)
}

fn an_array(launcher: &'static str) -> Outcome {
    let words = ["initial.n=200", "--steps", "20"];
    let (out, jobs) =
        submit(launcher, "array", &[&[PLUMMER, "--array", "3-4", "run.seed={array}"], &words[..]].concat())?;
    let ended =
        || Command::new("squeue").args(["-h", "-j", &jobs[0].id]).output().is_ok_and(|told| told.stdout.is_empty());
    jobs[0].wait_until("the end of the array", ended)?;
    for seed in ["3", "4"] {
        let alone = run_alone("submit-array", PLUMMER, &[&[format!("run.seed={seed}").as_str()], &words[..]].concat())?;
        same_bytes(&alone, &out.join(seed))?;
    }
    Ok(())
}

fn a_sweep(launcher: &'static str) -> Outcome {
    let alone = run_alone("sweep", SWEEP, &[])?;
    let (out, jobs) = submit(launcher, "sweep", &[SWEEP])?;
    jobs[0].wait("COMPLETED")?;
    jobs[0].log_shows_ranks_on_two_nodes()?;
    let same = |name: &str| Ok::<_, String>(read(&alone.join(name))? == read(&out.join(name))?);
    if same("results.csv")? && same("results.h5")? { Ok(()) } else { Err(format!("results differ\n{}", jobs[0].log())) }
}

fn cancelled(launcher: &'static str) -> Outcome {
    let alone = run_alone("submit", PLUMMER, &LONG)?;
    let (out, jobs) = submit(launcher, "cancel", &[&[PLUMMER], &LONG[..]].concat())?;
    jobs[0].wait_until("a checkpoint", || files(&out.join("checkpoints")).is_ok_and(|found| !found.is_empty()))?;
    jobs[0].held_while(|| {
        checked(Command::new(PROGRAM).args(["cancel", path(&out)]))?;
        sleep(Duration::from_secs(2));
        Ok(())
    })?;
    let state = jobs[0].ends()?;
    jobs[0].was_not_put_back()?;
    let status = divisi(&["status", path(&out)]).status.code();
    if status != Some(85) {
        return Err(format!("the job is {state}, the run has status {status:?}, not 85\n{}", jobs[0].log()));
    }
    resumed(&out)?;
    same_bytes(&alone, &out)
}

/// Slurm ends the job without asking the script: with srun the ranks have a few seconds for a checkpoint, with mpirun they haven't.
fn cancelled_by_slurm(launcher: &'static str) -> Outcome {
    let alone = run_alone("submit", PLUMMER, &LONG)?;
    let (out, jobs) = submit(launcher, "scancel", &[&[PLUMMER], &LONG[..]].concat())?;
    jobs[0].wait_until("a checkpoint", || files(&out.join("checkpoints")).is_ok_and(|found| !found.is_empty()))?;
    jobs[0].held_while(|| checked(Command::new("scancel").arg(&jobs[0].id)).map(drop))?;
    let state = jobs[0].ends()?;
    jobs[0].was_not_put_back()?;
    let status = divisi(&["status", path(&out)]).status.code();
    if state != "CANCELLED" || status != Some(85) {
        return Err(format!("the job is {state}, the run has status {status:?}, not 85\n{}", jobs[0].log()));
    }
    resumed(&out)?;
    same_bytes(&alone, &out)
}

/// Goes on with a run; the lock of ranks that were killed on another host counts for a minute more.
fn resumed(out: &Path) -> Outcome {
    let began = Instant::now();
    loop {
        match checked(Command::new(PROGRAM).args(["resume", path(out)])) {
            Err(told) if told.contains("another job is at work") && began.elapsed() < Duration::from_secs(100) => {
                sleep(Duration::from_secs(2));
            }
            other => return other.map(drop),
        }
    }
}
