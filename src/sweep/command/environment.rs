//! The environment of a task's program: that of this process, without the variables that would make it join this job.
//!
//! An MPI program that finds the variables of this rank's launcher joins this rank's job and waits for ever. So the launcher's
//! variables are removed: those of Open MPI, MPICH, Intel MPI, MVAPICH, Cray's PALS and PMI, and Slurm's about this step and this rank. Slurm's
//! about the job stay, and so does the permission to run `mpirun` as root. Settings of Open MPI by `OMPI_MCA_*` are removed too,
//! since they can't be distinguished from the launcher's own: give them to an inner `mpirun` as arguments.
//!
//! Libraries that start threads get the number of cores of a rank, unless the user has set it.

use std::ffi::OsString;
use std::process::Command;

/// Beginnings of names that launchers set.
const LAUNCHERS: &[&str] = &[
    "OMPI_",
    "PMI_",
    "PMI2_",
    "PMIX_",
    "ORTE_",
    "PRTE_",
    "OPAL_",
    "HYDRA_",
    "HYDI_",
    "MPI_LOCAL",
    "MPIR_",
    "MPIEXEC_",
    "I_MPI_HYDRA_",
    "MV2_COMM_WORLD_",
    "PALS_",
    "SLURM_STEP",
    "SLURM_SRUN_",
    "SLURM_LAUNCH_",
    "SLURM_CPU_BIND",
    "SLURM_PMI",
    "SLURM_MPI_TYPE",
    "SLURM_GTIDS",
    "SLURM_PROCID",
    "SLURM_LOCALID",
    "SLURM_NODEID",
    "SLURM_TASK_PID",
];
/// Names that stay although they begin so.
const KEPT: &[&str] = &["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"];
/// The variables that set libraries' numbers of threads.
const THREADS: &[&str] = &["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"];

/// What to change in this process's environment.
#[derive(Debug)]
pub(super) struct Environment {
    removed: Vec<OsString>,
    threads: Vec<(&'static str, String)>,
}

impl Environment {
    /// From this process's environment as it is now, for programs on so many cores.
    pub(super) fn new(cores: usize) -> Self {
        let names = std::env::vars_os().map(|(name, _)| name);
        Environment {
            removed: names.filter(|name| is_of_launcher(&name.to_string_lossy())).collect(),
            threads: THREADS
                .iter()
                .filter(|name| std::env::var_os(name).is_none())
                .map(|&name| (name, cores.max(1).to_string()))
                .collect(),
        }
    }

    /// Makes the changes for a program that is to be started.
    pub(super) fn apply(&self, command: &mut Command) {
        for name in &self.removed {
            command.env_remove(name);
        }
        command.envs(self.threads.iter().map(|(name, cores)| (name, cores)));
    }
}

fn is_of_launcher(name: &str) -> bool {
    LAUNCHERS.iter().any(|start| name.starts_with(start)) && !KEPT.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_this_rank_go_and_those_of_the_job_stay() {
        for gone in [
            "OMPI_COMM_WORLD_RANK",
            "OMPI_MCA_ess_base_jobid",
            "PMIX_RANK",
            "PMI_FD",
            "PRTE_MCA_x",
            "MPI_LOCALRANKID",
            "SLURM_PROCID",
            "SLURM_STEP_ID",
            "SLURM_STEPID",
        ] {
            assert!(is_of_launcher(gone), "{gone}");
        }
        for kept in
            ["SLURM_JOB_ID", "SLURM_JOB_NODELIST", "OMPI_ALLOW_RUN_AS_ROOT", "MPI_HOME", "I_MPI_ROOT", "PATH", "HOME"]
        {
            assert!(!is_of_launcher(kept), "{kept}");
        }
    }
}
