//! `divisi submit`: a run or a sweep as a Slurm job, which stops with a checkpoint before its limit and goes on by itself.
//!
//! In order: the parameters are checked as `run` does it, then the words for Slurm; the [`script`] is written into the run's folder, as
//! job.sbatch; it is submitted, for a chain once per link, each after the one before; the numbers of the jobs are added to the folder's
//! list. `status` and `cancel` ask Slurm ([`queue`]) for the jobs of that list. What a cluster asks of jobs is in its own file
//! ([`cluster`]).
//!
//! The script and the list are there before the run is, and stay when it is replaced.

mod cluster;
mod queue;
mod script;

use std::fs;
use std::path::{Path, PathBuf};

use super::arguments::SubmitArguments;
use crate::base::console::print;
use crate::io::write_whole;
use crate::run::{Cost, RunFolder, duration_text, walltime};
use crate::{Error, Result};
pub(super) use cluster::Cluster;
use cluster::{one_word, option_of_sbatch};
pub(super) use queue::Queued;
use script::Script;

/// The script, in the run's folder.
const SCRIPT: &str = "job.sbatch";
/// The numbers of the jobs that were submitted for the run, a line each, newest last.
const JOBS: &str = "jobs";
/// The most links of a chain.
const LONGEST_CHAIN: u32 = 1000;

/// Writes the script of a job and submits it. `folder` is where the run will be.
///
/// # Errors
/// Whatever is wrong with the words for Slurm, before anything is written; what sbatch refuses, and then nothing is left.
pub(super) fn submit(arguments: &SubmitArguments, cluster: &Cluster, folder: &RunFolder, is_sweep: bool) -> Result<()> {
    let order = Order::new(arguments, cluster)?;
    let out = absolute(folder.root())?;
    refuse_taken(arguments, folder)?;
    let name = arguments.name.clone().unwrap_or_else(|| name_of(&out));
    one_word("--name", &name)?;
    let script = Script {
        cluster,
        name: &name,
        is_sweep,
        nodes: arguments.nodes,
        ranks: order.ranks,
        time: &order.time,
        partition: arguments.partition.as_deref().or(cluster.partition.as_deref()),
        account: arguments.account.as_deref().or(cluster.account.as_deref()),
        options: &arguments.options,
        array: arguments.array.as_deref(),
        requeue: cluster.requeue && arguments.chain == 1,
        program: &program()?,
        file: &absolute(&arguments.file)?,
        out: &out,
        words: &arguments.words_of_run(),
    };
    let text = script.text();
    if arguments.dry_run {
        return print(&text);
    }
    let had_folder = out.exists();
    fs::create_dir_all(&out).map_err(Error::io("create", &out))?;
    let path = out.join(SCRIPT);
    let before = fs::read(&path).ok();
    write_whole(&path, text.as_bytes())?;
    let mut jobs: Vec<String> = Vec::new();
    for _ in 0..arguments.chain {
        match queue::submit(&path, jobs.last().map(String::as_str)) {
            Ok(job) => {
                remember(&out, &job)?;
                jobs.push(job);
            }
            Err(error) => {
                // The links that there are go on: they are a chain too.
                if jobs.is_empty() {
                    take_back(&path, before.as_deref(), had_folder);
                }
                return Err(error);
            }
        }
    }
    print(&format!("{}\n{}\n", jobs.join(" "), out.display()))
}

/// What is asked of Slurm, checked.
pub(super) struct Order {
    ranks: u32,
    /// The limit as Slurm writes it, and in seconds.
    time: String,
    seconds: u64,
}

impl Order {
    /// # Errors
    /// Whatever is wrong with the words for Slurm.
    pub(super) fn new(arguments: &SubmitArguments, cluster: &Cluster) -> Result<Self> {
        let SubmitArguments { nodes, chain, .. } = *arguments;
        let refuse = |place: &str, reason: String| Err(Error::input(place, reason));
        if nodes == 0 {
            return refuse("--nodes", "a job has a node at least".to_owned());
        }
        let of_nodes = cluster.cores_per_node.map(|cores| nodes.saturating_mul(cores));
        let Some(ranks) = arguments.ranks.or(of_nodes) else {
            let reason = "give the ranks of all nodes together, or cores_per_node in the cluster's file";
            return refuse("--ranks", reason.to_owned());
        };
        if ranks < nodes {
            return refuse("--ranks", format!("{ranks} ranks on {nodes} nodes: a node has a rank at least"));
        }
        if let Some(cores) = of_nodes.filter(|&cores| ranks > cores) {
            return refuse("--ranks", format!("{ranks} ranks on {nodes} nodes, which have {cores} cores together"));
        }
        let Some(time) = arguments.time.clone().or_else(|| cluster.time.clone()) else {
            return refuse(
                "--time",
                "give the limit of the job, such as 1:00:00, or time in the cluster's file".to_owned(),
            );
        };
        let seconds = walltime("--time", &time)?.as_secs();
        if seconds <= u64::from(cluster.stop_before) {
            let reason =
                format!("{time} is no longer than the {} s in which a job stops before its limit", cluster.stop_before);
            return refuse("--time", reason);
        }
        if !(1..=LONGEST_CHAIN).contains(&chain) {
            return refuse("--chain", format!("{chain} links: give 1 to {LONGEST_CHAIN}"));
        }
        match &arguments.array {
            Some(array) if !is_array(array) => {
                return refuse(
                    "--array",
                    format!("\"{array}\" is no list of numbers: give such as 0-9, 1,3,5 or 0-99%4"),
                );
            }
            Some(_) if chain > 1 => return refuse("--chain", "an array's jobs go on by themselves".to_owned()),
            _ => {}
        }
        let named = [("--partition", &arguments.partition), ("--account", &arguments.account)];
        named.iter().try_for_each(|(place, text)| text.iter().try_for_each(|text| one_word(place, text)))?;
        arguments.options.iter().try_for_each(|option| option_of_sbatch("--option", option))?;
        Ok(Order { ranks, time: of_slurm(seconds), seconds })
    }

    /// What the job will take, by what one rank has shown here.
    pub(super) fn estimate(&self, cost: &Cost, cluster: &Cluster) -> String {
        let Order { ranks, seconds: limit, .. } = *self;
        let each = cost.memory_of_each(ranks);
        let together = each * u64::from(ranks);
        let mut lines: Vec<(&str, String)> =
            vec![("memory", format!("{} MiB for each of {ranks} ranks, {} MiB together", each >> 20, together >> 20))];
        if let Some(seconds) = cost.seconds() {
            let on_ranks = seconds / f64::from(ranks);
            let usable = (limit - u64::from(cluster.stop_before)) as f64;
            let jobs = (on_ranks / usable).ceil().max(1.0);
            let starts = if jobs > 1.0 { format!("; {jobs:.0} starts of {}", self.time) } else { String::new() };
            lines.push(("core hours", format!("{:.3}", seconds / 3600.0)));
            lines.push(("time", format!("{} on {ranks} ranks{starts}", duration_text(on_ranks))));
        }
        lines.extend(cost.lines());
        let taken = "cores are as fast as here, and the work is shared out without loss: `divisi scaling` tells how much is lost";
        lines.push(("taken that", taken.to_owned()));
        lines.iter().map(|(what, value)| format!("{what:<11} {value}\n")).collect()
    }
}

/// A length of time in Slurm's own words: whole minutes, as it counts them.
fn of_slurm(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    format!("{}-{:02}:{:02}:00", minutes / 1440, minutes / 60 % 24, minutes % 60)
}

/// Whether a text names the jobs of an array, as sbatch reads it.
fn is_array(text: &str) -> bool {
    let (numbers, most) = text.split_once('%').map_or((text, None), |(numbers, most)| (numbers, Some(most)));
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let is_part = |part: &str| {
        let (range, step) = part.split_once(':').map_or((part, None), |(range, step)| (range, Some(step)));
        match range.split_once('-') {
            Some((from, to)) => {
                let ends = from.parse::<u32>().ok().zip(to.parse::<u32>().ok());
                ends.is_some_and(|(from, to)| from <= to) && step.is_none_or(|step| is_number(step) && step != "0")
            }
            None => step.is_none() && is_number(range),
        }
    };
    numbers.split(',').all(is_part) && most.is_none_or(|most| is_number(most) && most != "0")
}

/// Refuses a folder in which a run is, unless it is to go on, or for which a job is in the queue.
fn refuse_taken(arguments: &SubmitArguments, folder: &RunFolder) -> Result<()> {
    let place = folder.root().display().to_string();
    if folder.holds_run() && !arguments.resume {
        return Err(Error::input(place, "holds a run: go on with it by --resume, or choose another folder with --out"));
    }
    if arguments.dry_run {
        return Ok(());
    }
    match queued(folder.root())?.first() {
        Some(job) => Err(Error::input(place, format!("has a job already: {job}; `divisi cancel` takes it back"))),
        None => Ok(()),
    }
}

/// The jobs of the queue that were submitted for the run in a folder.
///
/// # Errors
/// If the list can't be read, or Slurm doesn't answer.
pub(super) fn queued(folder: &Path) -> Result<Vec<Queued>> {
    queue::of(&jobs_of(folder)?)
}

/// Whether jobs were submitted for the run in a folder.
pub(super) fn was_submitted(folder: &Path) -> bool {
    jobs_of(folder).is_ok_and(|jobs| !jobs.is_empty())
}

/// Takes the run's jobs out of the queue: those that wait, last first; those at work stop with a checkpoint and stay out. Returns them.
///
/// # Errors
/// What Slurm refuses.
pub(super) fn cancel(folder: &Path) -> Result<Vec<Queued>> {
    let jobs = queued(folder)?;
    let (running, waiting): (Vec<_>, Vec<_>) = jobs.iter().partition(|job| job.is_running());
    // The next link would begin as soon as the one before has ended.
    waiting.iter().rev().try_for_each(|job| queue::cancel(&job.job, None))?;
    // At this one job.sh stops the run and doesn't put the job back.
    running.iter().try_for_each(|job| queue::cancel(&job.job, Some("USR2")))?;
    Ok(jobs)
}

fn jobs_of(folder: &Path) -> Result<Vec<String>> {
    let path = folder.join(JOBS);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter(|line| line.parse::<u64>().is_ok()).map(str::to_owned).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

fn remember(folder: &Path, job: &str) -> Result<()> {
    let all = [jobs_of(folder)?, vec![job.to_owned()]].concat();
    write_whole(&folder.join(JOBS), (all.join("\n") + "\n").as_bytes())
}

/// Leaves the folder as it was before a job that Slurm refused.
fn take_back(script: &Path, before: Option<&[u8]>, had_folder: bool) {
    let _ = match before {
        Some(bytes) => write_whole(script, bytes),
        None => fs::remove_file(script).map_err(Error::io("remove", script)),
    };
    if !had_folder && let Some(folder) = script.parent() {
        let _ = fs::remove_dir(folder);
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(Error::io("find", path))
}

/// This program, where the job finds it.
fn program() -> Result<PathBuf> {
    std::env::current_exe().map_err(Error::io("find", "divisi"))
}

/// The name of a job: that of the run's folder, in letters that Slurm takes.
fn name_of(out: &Path) -> String {
    let name = out.file_name().map_or_else(|| "divisi".into(), |name| name.to_string_lossy());
    name.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' })
        .collect()
}

/// The folder of the run: `--out`, or one named like the file, below the cluster's folder for runs.
///
/// # Errors
/// A variable in the cluster's file that isn't set.
pub(super) fn folder(arguments: &SubmitArguments, cluster: &Cluster) -> Result<PathBuf> {
    if let Some(out) = &arguments.out {
        return Ok(out.clone());
    }
    Ok(cluster.runs()?.join(arguments.file.file_stem().unwrap_or(arguments.file.as_os_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_as_sbatch_reads_them() {
        let right = ["0", "0-9", "1,3,5", "0-99:2%4", "1-2,7", "3%1"];
        let wrong = ["", "a", "9-0", "1-", "1;2", "0-9:0", "0-9%0", "3:2", "1,,2", "0-9 "];
        assert!(right.iter().all(|text| is_array(text)));
        assert!(!wrong.iter().any(|text| is_array(text)));
    }

    #[test]
    fn times_become_slurms_whole_minutes() {
        let told = [61, 60, 3600, 90061].map(of_slurm);
        assert_eq!(told, ["0-00:02:00", "0-00:01:00", "0-01:00:00", "1-01:02:00"]);
    }

    #[test]
    fn the_list_of_jobs_grows_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!was_submitted(folder.path()));
        ["3", "4", "9"].iter().for_each(|job| remember(folder.path(), job).unwrap());
        assert_eq!(jobs_of(folder.path()).unwrap(), ["3", "4", "9"]);
        assert!(was_submitted(folder.path()));
    }

    #[test]
    fn names_of_jobs_are_of_plain_letters() {
        assert_eq!(name_of(Path::new("/a/two planets (b)")), "two_planets__b_");
    }
}
