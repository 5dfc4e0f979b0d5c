//! What the job scripts promise when things break: a node, a rank, the controller.
//!
//! Only where `DIVISI_SLURM_FAULTS` names a pipe whose reader breaks things, a line for each: `crash NODE`, `revive NODE`, `ctld stop`,
//! `ctld start`. Each job ends with the bytes of an undisturbed run.

use std::{env, fs::OpenOptions, io::Write, path::PathBuf, thread::sleep, time::Duration};

use super::common::{Signal, kill_process, processes, ranks_of};
use super::{Case, Job, Outcome, PLUMMER, files, run_alone, same_bytes};

/// Some seconds, with checkpoints often.
const ARGUMENTS: [&str; 5] =
    ["initial.n=2000", "--steps", "6000", "checkpoint.every_steps=100", "output.every_steps=500"];

pub(crate) const CASES: [(&str, Case); 3] = [
    ("after the loss of a node the job goes on with another", a_node_is_lost),
    ("after the death of a rank the job is put back", a_rank_is_killed),
    ("a controller that is away when the run stops puts the job back later", the_controller_is_away),
];

/// Where faults are ordered.
pub(crate) fn pipe() -> Option<PathBuf> {
    env::var_os("DIVISI_SLURM_FAULTS").map(PathBuf::from)
}

fn order(fault: &str) -> Outcome {
    let pipe = pipe().ok_or("no pipe for faults")?;
    let mut pipe = OpenOptions::new().append(true).open(pipe).map_err(|e| e.to_string())?;
    writeln!(pipe, "{fault}").map_err(|e| e.to_string())
}

fn submit(launcher: &str, name: &str, options: &[&str]) -> Result<Job, String> {
    let job = Job::submit_with(options, "run.sbatch", launcher, name, &[&[PLUMMER], &ARGUMENTS[..]].concat())?;
    job.wait_until("a checkpoint", || files(&job.out.join("checkpoints")).is_ok_and(|found| !found.is_empty()))?;
    Ok(job)
}

/// The lock that the dead node leaves is of an earlier start of the same job.
fn a_node_is_lost(launcher: &'static str) -> Outcome {
    let alone = run_alone("plummer_faults", PLUMMER, &ARGUMENTS)?;
    let job = submit(launcher, "node_lost", &["--nodes=1", "--ntasks-per-node=2", "--time=4"])?;
    let node = job.show("BatchHost");
    order(&format!("crash {node}"))?;
    let ended = job.wait("COMPLETED");
    order(&format!("revive {node}"))?;
    sleep(Duration::from_secs(5));
    ended?;
    job.was_put_back()?;
    same_bytes(&alone, &job.out)
}

fn a_rank_is_killed(launcher: &'static str) -> Outcome {
    let alone = run_alone("plummer_faults", PLUMMER, &ARGUMENTS)?;
    let job = submit(launcher, "rank_killed", &["--time=4"])?;
    let ranks = ranks_of(&job.out);
    let rank = *ranks.last().ok_or("no rank is at work")?;
    kill_process(rank, Signal::KILL).map_err(|e| e.to_string())?;
    job.wait("COMPLETED")?;
    job.was_put_back()?;
    same_bytes(&alone, &job.out)
}

/// The run is told to stop while nobody answers.
fn the_controller_is_away(launcher: &'static str) -> Outcome {
    let alone = run_alone("plummer_faults", PLUMMER, &ARGUMENTS)?;
    let job = submit(launcher, "controller", &["--time=4"])?;
    job.held_while(|| {
        order("ctld stop")?;
        sleep(Duration::from_secs(2));
        let scripts =
            processes(|words| words.iter().any(|word| word.ends_with(&format!("job{:0>5}/slurm_script", job.id))));
        scripts.iter().try_for_each(|&script| kill_process(script, Signal::USR1)).map_err(|e| e.to_string())?;
        sleep(Duration::from_secs(2));
        Ok(())
    })?;
    let stopped = job.wait_until("the end of the run", || job.log().contains("the job goes back into the queue"));
    sleep(Duration::from_secs(15));
    order("ctld start")?;
    stopped?;
    job.wait("COMPLETED")?;
    job.was_put_back()?;
    same_bytes(&alone, &job.out)
}
