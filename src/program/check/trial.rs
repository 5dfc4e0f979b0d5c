//! Starting ranks of this program with the launchers that are there, and hearing what they found.

use std::env;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use super::super::arguments::CheckArguments;
use super::command::{Trial, in_path, try_command};
use super::finding::{Finding, Level};
use crate::Error;

/// The longest that ranks may take to start, look and end.
const LIMIT: Duration = Duration::from_secs(120);
/// Lines of a launcher that failed that are worth showing.
const LINES: usize = 4;

/// Ranks by each launcher that is here; of what they found only what isn't known yet.
pub(super) fn findings(arguments: &CheckArguments, known: &[Finding]) -> Vec<Finding> {
    let is_in_job = env::var_os("SLURM_JOB_ID").is_some();
    let mut launchers: Vec<Vec<String>> = Vec::new();
    if is_in_job && !in_path("srun").is_empty() {
        launchers.push(vec!["srun".to_owned(), format!("--mpi={}", arguments.mpi)]);
    }
    if !in_path("mpirun").is_empty() {
        launchers.push(vec!["mpirun".to_owned()]);
    }
    let ranks = arguments.ranks.unwrap_or_else(default_ranks);
    let mut found: Vec<Finding> = Vec::new();
    for launcher in launchers {
        let more = by(&launcher, ranks, arguments);
        // What the ranks of one launcher have told, those of another needn't.
        let is_new = |finding: &Finding| known.iter().chain(&found).all(|other| other.about != finding.about);
        let more: Vec<Finding> = more.into_iter().filter(is_new).collect();
        found.extend(more);
    }
    found
}

/// As many ranks as a job has, or as there are cores, two at least.
fn default_ranks() -> u32 {
    let of_job = env::var("SLURM_NTASKS").ok().and_then(|text| text.parse().ok());
    of_job.unwrap_or_else(|| thread::available_parallelism().map_or(2, |cores| (cores.get() as u32).max(2)))
}

/// What ranks tell as JSON.
#[derive(Deserialize)]
struct Report {
    findings: Vec<Finding>,
}

fn by(launcher: &[String], ranks: u32, arguments: &CheckArguments) -> Vec<Finding> {
    let name = &launcher[0];
    let shown = format!("{} -n {ranks}", launcher.join(" "));
    let Ok(program) = env::current_exe() else { return Vec::new() };
    let mut command = Command::new(name);
    command.args(&launcher[1..]).args(["-n", &ranks.to_string()]).arg(program);
    command.args(["check", "--json", "--folder"]).arg(&arguments.folder);
    match try_command(&mut command, LIMIT) {
        Trial::Ended { is_done, stdout, stderr } => match reports(&stdout) {
            Some(mut found) => {
                // Ranks that each take themselves for the only one have nothing more to tell.
                if !found.iter().any(|finding| finding.about == ABOUT) {
                    found.push(Finding::fine(name, format!("{shown} starts ranks that find each other")));
                }
                found
                    .iter_mut()
                    .filter(|finding| finding.about == ABOUT)
                    .for_each(|finding| finding.about.clone_from(name));
                found
            }
            None => vec![failed(name, &shown, is_done, &stderr)],
        },
        Trial::Late => {
            let found = format!("{shown} doesn't end within {} s", LIMIT.as_secs());
            vec![Finding::wrong(
                name,
                found,
                "MPI hangs as it starts: look for its network (OMPI_MCA_btl=self,vader tries this machine alone)",
            )]
        }
        Trial::NotStarted(reason) => {
            vec![Finding::wrong(name, format!("{name} can't be started: {reason}"), "put a whole MPI into PATH")]
        }
    }
}

/// What ranks told: one report, or as many as there were ranks that took themselves for the only one.
fn reports(stdout: &str) -> Option<Vec<Finding>> {
    let mut reports = serde_json::Deserializer::from_str(stdout).into_iter::<Report>();
    reports.next()?.ok().map(|report| report.findings)
}

/// A launcher that didn't start ranks, with its own words and what they mean.
fn failed(name: &str, shown: &str, is_done: bool, stderr: &str) -> Finding {
    let is_line = |line: &&str| !line.trim().is_empty() && !line.chars().all(|letter| letter == '-');
    let lines: Vec<&str> = stderr.lines().filter(is_line).take(LINES).map(str::trim).collect();
    let words = lines.join(" / ");
    let known = [
        ("slots available", "more ranks than cores: ask for fewer by --ranks, or allow it: mpirun --oversubscribe"),
        ("root", "Open MPI doesn't run as root: set OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"),
        (
            "PMI",
            "srun needs the plugin of this MPI: --mpi pmix (Open MPI) or pmi2 (MPICH); `srun --mpi=list` tells what there is",
        ),
        ("bind", "more ranks than cores can't be bound: mpirun --bind-to none, or fewer ranks"),
        ("shared libraries", "MPI's libraries aren't found: load the modules that the program was built with"),
    ];
    let advice = known
        .iter()
        .find(|(sign, _)| stderr.contains(sign))
        .map_or("see docs/howto/troubleshooting.md", |(_, advice)| advice);
    let found = match (is_done, &words[..]) {
        (true, "") => format!("{shown} tells nothing"),
        (false, "") => format!("{shown} fails without a word"),
        _ => format!("{shown} fails: {words}"),
    };
    Finding::wrong(name, found, advice)
}

/// What findings of ranks say that didn't find each other.
const ABOUT: &str = "joining";

/// A launcher that starts every rank as rank 0 of 1.
pub(super) fn not_joined(error: &Error) -> Finding {
    let advice = "start with the mpirun of the program's MPI, or srun --mpi=pmix (Open MPI), --mpi=pmi2 (MPICH, Intel MPI): docs/howto/slurm.md";
    Finding { level: Level::Wrong, ..Finding::doubtful(ABOUT, format!("each is rank 0 of 1. {error}"), advice) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_launchers_say_is_told_with_what_it_means() {
        let told = |words: &str| failed("mpirun", "mpirun -n 4", false, words);
        let slots = told("-----\nThere are not enough slots available in the system\n");
        assert!(slots.advice.contains("--oversubscribe") && slots.found.contains("not enough slots"), "{slots}");
        assert!(told("").found.contains("without a word"));
        assert!(told("srun: error: PMI plugin").advice.contains("pmix"));
    }
}
