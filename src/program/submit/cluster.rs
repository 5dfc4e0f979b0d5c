//! What a cluster asks of its jobs: a file that is written once for a cluster, and read by every `divisi submit` there.
//!
//! The file is the one that `--cluster` names, or else `$DIVISI_CLUSTER`, or else `divisi-cluster.toml` in the current folder or in one
//! above it, or else `divisi/cluster.toml` in the home folder's `.config`. Without any, Slurm's defaults hold.

use std::env;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::base::config::{ParameterFile, positive};
use crate::run::walltime;
use crate::{Error, Result};

/// The variable that names a cluster's file.
const VARIABLE: &str = "DIVISI_CLUSTER";
/// The file of a project.
const OF_PROJECT: &str = "divisi-cluster.toml";
/// The file of a person, below the folder of settings.
const OF_PERSON: &str = "divisi/cluster.toml";

/// What starts ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::program) enum Launcher {
    /// Slurm's own.
    Srun,
    /// That of the MPI library.
    Mpirun,
}

impl Launcher {
    /// Its command.
    pub(super) fn name(self) -> &'static str {
        match self {
            Launcher::Srun => "srun",
            Launcher::Mpirun => "mpirun",
        }
    }
}

/// What a cluster asks of its jobs.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::program) struct Cluster {
    /// What starts ranks, "srun" or "mpirun"; left out: srun for a run, mpirun for a sweep, whose ranks may die alone there.
    pub launcher: Option<Launcher>,
    /// What srun gives its ranks to find each other by, as `srun --mpi=list` names it: "pmix" for Open MPI, "pmi2" for MPICH and Intel MPI.
    #[default("pmix".into())]
    pub mpi: String,
    /// What srun binds a rank to: "cores", "sockets", "none" ...
    #[default("cores".into())]
    pub binding: String,
    /// Modules that are loaded first.
    pub modules: Vec<String>,
    /// Lines of bash that come next: variables, paths.
    pub setup: Vec<String>,
    /// The partition; left out: Slurm's default.
    pub partition: Option<String>,
    /// The account that pays.
    pub account: Option<String>,
    /// The quality of service.
    pub qos: Option<String>,
    /// What nodes must have.
    pub constraint: Option<String>,
    /// Further options of sbatch, such as "--exclusive".
    pub options: Vec<String>,
    /// The cores of a node, which as many ranks use where `--ranks` isn't given.
    pub cores_per_node: Option<u32>,
    /// The memory of a node, bytes: what a forecast is held against.
    pub memory_per_node: Option<f64>,
    /// The network between nodes, by which `divisi scaling --predict` forecasts.
    pub network: Option<Network>,
    /// The time limit of jobs without `--time`.
    pub time: Option<String>,
    /// How long before its limit a job begins to stop, s: time enough for a checkpoint.
    #[default = 60]
    pub stop_before: u32,
    /// Whether jobs may go back into the queue.
    #[default = true]
    pub requeue: bool,
    /// The folder for the folders of runs; variables such as $USER are those of the person who submits. Left out: `runs` in the current folder.
    pub scratch: Option<String>,
}

/// A network, as each rank meets it when all are at work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::program) struct Network {
    /// The time of a short message, s.
    pub latency: f64,
    /// Bytes per second: that of a node over its ranks.
    pub bandwidth: f64,
}

impl Cluster {
    /// The file that counts, read and checked.
    ///
    /// # Errors
    /// Whatever is wrong with it, with its place.
    pub(in crate::program) fn find(named: Option<&Path>) -> Result<Self> {
        let Some(path) = named.map(Path::to_path_buf).or_else(path) else { return Ok(Cluster::default()) };
        let file = ParameterFile::read(&path, &[])?;
        let cluster: Cluster = file.typed(|_| true, &[])?;
        cluster.check().map_err(|error| file.locate(error))?;
        Ok(cluster)
    }

    fn check(&self) -> Result<()> {
        if self.cores_per_node == Some(0) {
            return Err(Error::input("cores_per_node", "a node has cores"));
        }
        if let Some(Network { latency, bandwidth }) = self.network {
            positive("network.latency", latency, false)?;
            positive("network.bandwidth", bandwidth, false)?;
        }
        self.memory_per_node.iter().try_for_each(|bytes| positive("memory_per_node", *bytes, false))?;
        self.time.iter().try_for_each(|time| walltime("time", time).map(drop))?;
        let words =
            [("mpi", Some(&self.mpi)), ("binding", Some(&self.binding)), ("partition", self.partition.as_ref())];
        let more =
            [("account", self.account.as_ref()), ("qos", self.qos.as_ref()), ("constraint", self.constraint.as_ref())];
        words.iter().chain(&more).try_for_each(|(name, text)| text.map_or(Ok(()), |text| one_word(name, text)))?;
        self.modules.iter().try_for_each(|module| one_word("modules", module))?;
        self.options.iter().try_for_each(|option| option_of_sbatch("options", option))
    }

    /// The folder for the folders of runs.
    ///
    /// # Errors
    /// A variable that isn't set.
    pub(super) fn runs(&self) -> Result<PathBuf> {
        self.scratch.as_deref().map_or_else(|| Ok("runs".into()), |text| expanded(text).map(PathBuf::from))
    }
}

/// The file that counts where none is named.
fn path() -> Option<PathBuf> {
    let by_variable = env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    let of_project = || {
        let here = env::current_dir().ok()?;
        here.ancestors().map(|folder| folder.join(OF_PROJECT)).find(|path| path.is_file())
    };
    let of_person = || {
        let settings = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let settings = settings.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".config")))?;
        Some(settings.join(OF_PERSON)).filter(|path| path.is_file())
    };
    by_variable.or_else(of_project).or_else(of_person)
}

/// A text with the values of its variables.
fn expanded(text: &str) -> Result<String> {
    let mut parts = text.split('$');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let inner = part.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let end = part.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(part.len());
        let (name, rest) = inner.unwrap_or_else(|| part.split_at(end));
        let value = env::var(name).map_err(|_| Error::input("scratch", format!("the variable {name} isn't set")))?;
        whole = whole + &value + rest;
    }
    Ok(whole)
}

/// Refuses what would not be one word of a line of a script.
pub(super) fn one_word(place: &str, text: &str) -> Result<()> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.,:/+=@%&|*[]()!".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        Ok(())
    } else {
        Err(Error::input(place, format!("\"{text}\" is no name that Slurm takes: give one word")))
    }
}

/// Refuses what is no option of sbatch.
pub(super) fn option_of_sbatch(place: &str, text: &str) -> Result<()> {
    if text.starts_with('-') && !text.contains(['\n', '\r']) && !text.contains('#') {
        Ok(())
    } else {
        Err(Error::input(place, format!("\"{text}\" is no option of sbatch: give one such as --exclusive")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Cluster> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.toml");
        std::fs::write(&path, text).unwrap();
        Cluster::find(Some(&path))
    }

    #[test]
    fn a_file_gives_what_it_has_and_slurms_defaults_else() {
        let cluster = read("launcher = 'mpirun'\nmodules = ['gcc/12', 'openmpi']\ntime = '2:00:00'\n").unwrap();
        assert_eq!(cluster.launcher, Some(Launcher::Mpirun));
        assert_eq!(cluster.modules, ["gcc/12", "openmpi"]);
        assert_eq!((cluster.mpi.as_str(), cluster.requeue, cluster.stop_before), ("pmix", true, 60));
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_name() {
        let wrong = [
            ("lancher = 'srun'", "launcher"),
            ("launcher = 'ssh'", "launcher"),
            ("time = 'soon'", "time"),
            ("partition = 'a b'", "partition"),
            ("partition = ''", "partition"),
            ("account = \"x\\n#SBATCH --nodes=9\"", "account"),
            ("options = ['exclusive']", "options"),
            ("options = [\"--exclusive\\nrm -r x\"]", "options"),
            ("cores_per_node = 0", "cores_per_node"),
            ("modules = ['a; rm b']", "modules"),
            ("network = { latency = 0.0, bandwidth = 1e9 }", "network.latency"),
            ("network = { latency = 1e-6 }", "bandwidth"),
            ("memory_per_node = -1.0", "memory_per_node"),
        ];
        for (text, name) in wrong {
            let told = read(text).unwrap_err().to_string();
            assert!(told.contains(name) && told.contains("cluster.toml"), "{text}: {told}");
        }
    }

    #[test]
    fn variables_are_those_of_who_submits() {
        let home = env::var("HOME").unwrap();
        assert_eq!(expanded("/scratch/x").unwrap(), "/scratch/x");
        assert_eq!(expanded("$HOME/runs").unwrap(), format!("{home}/runs"));
        assert_eq!(expanded("a${HOME}b").unwrap(), format!("a{home}b"));
        assert!(expanded("$DIVISI_NEVER_SET/x").unwrap_err().to_string().contains("DIVISI_NEVER_SET"));
    }
}
