//! One run of a study: started as a user would, read from its ledger, and removed; its ledger stays.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::ledger::Ledger;
use super::median;
use crate::run::RunFolder;
use crate::{Error, Result};

/// Lines of a failed run that are worth showing.
const LINES: usize = 3;

/// What all runs on so many ranks have shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub ranks: usize,
    pub runs: Vec<Measurement>,
    /// Why a run failed.
    pub failure: Option<String>,
}

impl Measured {
    pub(super) fn none(ranks: usize) -> Self {
        Measured { ranks, runs: Vec::new(), failure: None }
    }

    /// The median of what its runs have shown.
    pub(super) fn median(&self, of: impl Fn(&Measurement) -> f64) -> Option<f64> {
        median(self.runs.iter().map(of))
    }
}

/// What one run has shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measurement {
    /// Of its steps; of a sweep of all of it.
    pub seconds: f64,
    /// From the start of the launcher to its end.
    pub whole_seconds: f64,
    /// Work per second.
    pub rate: f64,
    pub rate_unit: String,
    /// The share of all ranks' time in steps that they waited for each other; none of a sweep.
    pub waiting: Option<f64>,
    /// The largest of a rank, bytes.
    pub memory: Option<u64>,
}

/// A run to be made.
pub(super) struct Run<'a> {
    /// The words that start ranks, before `-n`.
    pub launcher: Option<&'a str>,
    pub ranks: usize,
    pub file: &'a Path,
    pub overrides: &'a [String],
    /// The study's folder.
    pub folder: &'a Path,
    pub name: &'a str,
}

impl Run<'_> {
    /// Makes the run and reads what it took.
    ///
    /// # Errors
    /// A launcher that can't be started; a run that fails, with its last words; files that can't be read.
    pub(super) fn measure(&self, is_sweep: bool) -> Result<Measurement> {
        let out = self.folder.join(self.name);
        let began = Instant::now();
        self.start(&out)?;
        let whole_seconds = began.elapsed().as_secs_f64();
        let measurement = if is_sweep {
            let rate = 1.0 / whole_seconds;
            let rate_unit = "sweeps/s".to_owned();
            Measurement { seconds: whole_seconds, whole_seconds, rate, rate_unit, waiting: None, memory: None }
        } else {
            let ledger = RunFolder::at(&out).ledger();
            let measurement = read(&ledger, whole_seconds)?;
            let kept = self.folder.join(format!("{}.json", self.name));
            fs::rename(&ledger, &kept).map_err(Error::io("rename", &ledger))?;
            measurement
        };
        // The study's own folder, made by this process, and the run's within it.
        fs::remove_dir_all(&out).map_err(Error::io("remove", &out))?;
        Ok(measurement)
    }

    fn start(&self, out: &Path) -> Result<()> {
        let program = env::current_exe().map_err(Error::io("find", "divisi"))?;
        let default = if env::var_os("SLURM_JOB_ID").is_some() { "srun --mpi=pmix" } else { "mpirun" };
        let words: Vec<&str> = self.launcher.unwrap_or(default).split_whitespace().collect();
        let [name, more @ ..] = &words[..] else {
            return Err(Error::input("--launcher", "give a command, such as mpirun"));
        };
        let mut command = Command::new(name);
        command.args(more).args(["-n", &self.ranks.to_string()]).arg(program).arg("run").arg(self.file);
        command.args(self.overrides).arg("--out").arg(out).stdin(Stdio::null()).stdout(Stdio::null());
        if self.ranks > cores() {
            // What is past the cores belongs to a study; ranks that share cores can't be bound to them.
            command.env("OMPI_MCA_rmaps_base_oversubscribe", "1").env("OMPI_MCA_hwloc_base_binding_policy", "none");
            command.env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
        }
        let ended = command.output().map_err(|error| Error::System(format!("cannot start {name}: {error}")))?;
        if ended.status.success() {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        let own: Vec<&str> = told.lines().filter(|line| line.starts_with("divisi:")).collect();
        let lines: Vec<&str> =
            if own.is_empty() { told.lines().filter(|line| !line.trim().is_empty()).collect() } else { own };
        let last = lines[lines.len().saturating_sub(LINES)..].join(" / ");
        Err(Error::System(format!("the run on {} ranks failed ({}): {last}", self.ranks, ended.status)))
    }
}

fn read(path: &Path, whole_seconds: f64) -> Result<Measurement> {
    let ledger = Ledger::read(path)?;
    let waiting = ledger.waited() / (ledger.loop_seconds * ledger.ranks as f64).max(1e-9);
    let memory = ledger.memory_bytes.iter().copied().max();
    let Ledger { loop_seconds: seconds, rate, rate_unit, .. } = ledger;
    Ok(Measurement { seconds, whole_seconds, rate, rate_unit, waiting: Some(waiting), memory })
}

/// The cores that ranks started here can have: those of the job, or the machine's own, threads of one core counted once.
pub(super) fn cores() -> usize {
    let number = |name: &str| env::var(name).ok()?.parse::<usize>().ok();
    if let (Some(nodes), Some(of_node)) = (number("SLURM_JOB_NUM_NODES"), number("SLURM_CPUS_ON_NODE")) {
        return nodes * of_node;
    }
    let usable = std::thread::available_parallelism().map_or(1, usize::from);
    physical_cores().map_or(usable, |cores| cores.clamp(1, usable))
}

/// The machine's cores as the kernel tells them (sysfs-devices-system-cpu); nothing where it doesn't.
fn physical_cores() -> Option<usize> {
    let mut cores: Vec<String> = Vec::new();
    for entry in fs::read_dir("/sys/devices/system/cpu").ok()?.flatten() {
        let topology = entry.path().join("topology");
        let read = |name: &str| fs::read_to_string(topology.join(name)).ok();
        if let (Some(package), Some(core)) = (read("physical_package_id"), read("core_id")) {
            cores.push(package + &core);
        }
    }
    cores.sort_unstable();
    cores.dedup();
    (!cores.is_empty()).then_some(cores.len())
}
