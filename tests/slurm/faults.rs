//! What the job scripts promise when things break: a node, a rank, the controller.
//!
//! Only where `DIVISI_SLURM_FAULTS` names a pipe whose reader breaks things, a line for each: `crash NODE`, `revive NODE`, `ctld stop`,
//! `ctld start`. Each job ends with the bytes of an undisturbed run.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::Duration,
};

use super::common::{Signal, kill_process, processes, ranks_of};
use super::{Case, Job, Outcome, PLUMMER, checked, divisi, files, fresh_folder, path, run_alone, same_bytes};

/// Some seconds, with checkpoints often.
const ARGUMENTS: [&str; 5] =
    ["initial.n=2000", "--steps", "6000", "checkpoint.every_steps=100", "output.every_steps=500"];

pub(crate) const CASES: [(&str, Case); 5] = [
    ("after the loss of a node the job goes on with another", a_node_is_lost),
    ("after the death of a rank the job is put back", a_rank_is_killed),
    ("a sweep that loses a node loses no task that it has recorded", a_sweep_loses_a_node),
    ("a job that a more urgent one takes the place of goes on after it", preempted),
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

/// Each task writes down that it runs: those that were recorded when the node was lost ran once.
fn a_sweep_loses_a_node(launcher: &'static str) -> Outcome {
    let folder = fresh_folder(&format!("{launcher}-sweep_node"))?;
    let ran = folder.join("ran");
    let plan = folder.join("plan.toml");
    let task = format!("echo {{x}} >>{}; sleep 1; echo {{x}}", ran.display());
    let text = format!(
        "simulation = 'sweep'\n[parameters.values]\nx = {{ from = 1, to = 60, step = 1 }}\n[task]\ncommand = ['sh', '-c', '{task}']\n"
    );
    fs::write(&plan, text).map_err(|e| e.to_string())?;
    let job = Job::submit_with(&["--time=4"], "sweep.sbatch", launcher, "sweep_node_lost", &[path(&plan)])?;
    job.wait_until("some results", || done(&job).len() >= 8)?;
    let node = job.show("NodeList");
    let last = node
        .trim_end_matches(']')
        .rsplit(['-', ',', '['])
        .next()
        .unwrap_or_default()
        .trim_start_matches('n')
        .to_owned();
    let recorded = done(&job);
    order(&format!("crash n{last}"))?;
    // Slurm needs its time to see that; whatever the job does until then, it ends with all tasks.
    let seen =
        job.wait_until("the loss of the node", || job.show("Restarts") != "0" || job.show("JobState") != "RUNNING");
    order(&format!("revive n{last}"))?;
    seen?;
    job.wait("COMPLETED")?;
    let all = done(&job);
    if all.len() != 60 {
        return Err(format!("{} tasks done, not 60\n{}", all.len(), job.log()));
    }
    let ran = fs::read_to_string(&ran).map_err(|e| e.to_string())?;
    let again: Vec<&String> = recorded.iter().filter(|x| ran.lines().filter(|line| line == x).count() != 1).collect();
    if again.is_empty() { Ok(()) } else { Err(format!("{again:?} were recorded and ran again\n{}", job.log())) }
}

/// The parameters of the tasks that a sweep has recorded as done.
fn done(job: &Job) -> Vec<String> {
    let told = divisi(&["results", path(&job.out)]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut lines = told.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let Some(column) = names.iter().position(|name| *name == "x") else { return Vec::new() };
    let done = lines.filter(|line| line.contains("done"));
    done.filter_map(|line| line.split(',').nth(column).map(str::to_owned)).collect()
}

/// A job of the partition `urgent` takes both nodes, and Slurm puts ours back.
fn preempted(launcher: &'static str) -> Outcome {
    let alone = run_alone("plummer_faults", PLUMMER, &ARGUMENTS)?;
    let job = submit(launcher, "preempted", &["--time=4"])?;
    let urgent =
        ["--parsable", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 5"];
    let mut number = String::new();
    job.held_while(|| {
        number = checked(Command::new("sbatch").args(urgent))?;
        sleep(Duration::from_secs(2));
        Ok(())
    })?;
    let ended = job.wait("COMPLETED");
    checked(Command::new("scancel").args(["--quiet", number.trim()]))?;
    ended?;
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
