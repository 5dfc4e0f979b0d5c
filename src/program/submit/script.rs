//! The script of a job: its requests to Slurm, what the cluster asks for, then jobscripts/job.sh, which starts the ranks, turns signals into
//! checkpoints and puts the job back into the queue.

use std::fmt::Write;
use std::path::Path;

use super::cluster::{Cluster, Launcher};

/// What the job does on its node.
const JOB: &str = include_str!("../../../jobscripts/job.sh");
/// What stands for a job's number in an array.
const INDEX: &str = "{array}";

/// What a job is to do.
#[derive(Clone, Debug)]
pub(super) struct Script<'a> {
    pub cluster: &'a Cluster,
    /// The name of the job.
    pub name: &'a str,
    pub is_sweep: bool,
    pub nodes: u32,
    pub ranks: u32,
    pub time: &'a str,
    pub partition: Option<&'a str>,
    pub account: Option<&'a str>,
    /// Further options of sbatch.
    pub options: &'a [String],
    /// The numbers of an array's jobs.
    pub array: Option<&'a str>,
    /// Whether it goes back into the queue at its limit; links of a chain don't.
    pub requeue: bool,
    pub program: &'a Path,
    pub file: &'a Path,
    /// The run's folder.
    pub out: &'a Path,
    /// Further words for `divisi run`.
    pub words: &'a [String],
}

impl Script<'_> {
    /// The whole script.
    pub(super) fn text(&self) -> String {
        format!("#!/bin/bash\n{}\n{}\n{JOB}", self.requests(), self.settings())
    }

    /// The lines that Slurm reads.
    fn requests(&self) -> String {
        let Cluster { qos, constraint, stop_before, options, .. } = self.cluster;
        let log = self.out.join(if self.array.is_some() { "job-%A_%a.log" } else { "job-%j.log" });
        let mut lines = vec![
            format!("--job-name={}", self.name),
            format!("--nodes={}", self.nodes),
            format!("--ntasks={}", self.ranks),
            format!("--ntasks-per-node={}", self.ranks.div_ceil(self.nodes)),
            format!("--time={}", self.time),
            // What comes before a blank is a name of its own to Slurm, unless it is quoted.
            format!("--output=\"{}\"", log.display()),
            "--open-mode=append".to_owned(),
            format!("--signal=B:USR1@{stop_before}"),
            if self.requeue { "--requeue" } else { "--no-requeue" }.to_owned(),
        ];
        let named = [
            ("partition", self.partition),
            ("account", self.account),
            ("qos", qos.as_deref()),
            ("constraint", constraint.as_deref()),
            ("array", self.array),
        ];
        lines.extend(named.iter().filter_map(|(name, value)| Some(format!("--{name}={}", (*value)?))));
        lines.extend(options.iter().chain(self.options).cloned());
        lines.iter().fold(String::new(), |text, line| text + "#SBATCH " + line + "\n")
    }

    /// What job.sh reads, and its words.
    fn settings(&self) -> String {
        let Cluster { launcher, mpi, binding, modules, setup, .. } = self.cluster;
        let launcher = launcher.unwrap_or(if self.is_sweep { Launcher::Mpirun } else { Launcher::Srun });
        let mut text = String::new();
        for module in modules {
            let _ = writeln!(text, "module load {module}");
        }
        for line in setup {
            let _ = writeln!(text, "{line}");
        }
        let set = [
            ("DIVISI_PROGRAM", quoted(&self.program.to_string_lossy())),
            ("DIVISI_LAUNCHER", launcher.name().to_owned()),
            ("DIVISI_SRUN_MPI", mpi.clone()),
            ("DIVISI_BINDING", binding.clone()),
            ("DIVISI_OUT", self.out_of_job()),
            // What the folder holds is this job's, from an earlier start or an earlier link of its chain.
            ("DIVISI_RESUME", "yes".to_owned()),
        ];
        for (name, value) in set {
            let _ = writeln!(text, "export {name}={value}");
        }
        if !self.requeue {
            text += "export DIVISI_RESTARTS=0\n";
        }
        if self.is_sweep {
            text += "# The same as mpirun --enable-recovery: the ranks that are left go on. Open MPI 4 reads it from here.\n";
            text += "export OMPI_MCA_orte_enable_recovery=1\n";
        }
        let words: Vec<String> = self.words.iter().map(|word| self.word(word)).collect();
        let _ = writeln!(text, "set -- {} {}", quoted(&self.file.to_string_lossy()), words.join(" "));
        text
    }

    /// The folder of the run, or of each run of an array.
    fn out_of_job(&self) -> String {
        let out = quoted(&self.out.to_string_lossy());
        if self.array.is_some() { out + "/$SLURM_ARRAY_TASK_ID" } else { out }
    }

    /// A word for bash; in an array with the job's number where it asks for that.
    fn word(&self, word: &str) -> String {
        if self.array.is_none() {
            return quoted(word);
        }
        word.split(INDEX).map(quoted).collect::<Vec<_>>().join("\"$SLURM_ARRAY_TASK_ID\"")
    }
}

/// One word of bash with this text.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=,:+@%".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
