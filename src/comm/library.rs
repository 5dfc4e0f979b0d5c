//! What differs between MPI libraries, their versions and their launchers: all of it is here, but for what sets up a build (scripts/).
//!
//! How a rank knows its number without MPI, whether MPI's blocking calls give their core up, whether the launcher lets the other ranks go on
//! when one dies, and how a job ends whose launcher waits for a host that is gone.

use std::env;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, getpid, getppid, kill_process};

use super::Comm;

/// Variables of Open MPI (4 and 5), of MPICH and what is made of it, of PMIx, of srun: this process's rank.
const RANK: [&str; 4] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"];
/// The number of ranks. Of srun only its steps' counts: daemons and batch scripts carry SLURM_* of the job too.
const SIZE: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"];
/// Names of the processes that start ranks on their own host and order daemons to do so on others.
const LAUNCHERS: [&str; 5] = ["mpirun", "orterun", "prterun", "mpiexec", "mpiexec.hydra"];
/// Names of those daemons, and of what hydra puts between itself and ranks on its own host too.
const DAEMONS: [&str; 3] = ["orted", "prted", "hydra_pmi_proxy"];
/// Words on the command line of Open MPI 5's launcher that let the other ranks go on; of them only the last shows in the environment.
const RECOVERY: [&str; 4] = ["recoverable", "--enable-recovery", "--continuous", "--with-ft"];
/// Seconds that a launcher may take to end after its ranks have.
const PATIENCE: u32 = 5;

/// Whether all ranks go on after a death, as they agreed when the job started.
static SURVIVES: OnceLock<bool> = OnceLock::new();

/// Whether MPI's blocking calls give up the core where ranks outnumber cores.
pub(super) fn yields_by_itself() -> bool {
    super::library_version().starts_with("Open MPI")
}

/// This process's rank from the launcher's variables, without MPI; 0 without a launcher.
pub fn launcher_rank() -> usize {
    RANK.iter().find_map(|name| number(name)).unwrap_or(0)
}

/// Whether a launcher started this process, by its variables, without MPI.
pub(crate) fn is_rank() -> bool {
    SIZE.iter().chain(&["PMIX_RANK"]).any(|name| number(name).is_some())
}

/// The number of this process's ranks from the launcher's variables, without MPI; 1 without a launcher.
#[cfg(feature = "compress")]
pub(crate) fn launcher_size() -> usize {
    claimed_size().map_or(1, |(_, size)| size)
}

/// The number of ranks by the launcher's variables, and which of them says so.
pub(super) fn claimed_size() -> Option<(&'static str, usize)> {
    SIZE.iter().find_map(|name| Some((*name, number(name)?)))
}

fn number(name: &str) -> Option<usize> {
    env::var(name).ok()?.parse().ok()
}

/// Whether this job's launcher lets the other ranks go on when one dies: `mpirun --enable-recovery` of Open MPI 4; of Open MPI 5 that,
/// `--with-ft ulfm` or `--runtime-options recoverable`.
///
/// Such a launcher ends with status 0 whatever its ranks say; where that would be wrong, [`launch`](super::launch) ends it.
pub fn survives_deaths() -> bool {
    SURVIVES.get().copied().unwrap_or_else(seems_to_survive)
}

/// All ranks agree whether the launcher lets the others go on: not all see its command line. All ranks.
pub(super) fn agree_on_deaths(comm: &Comm) {
    let seen = comm.all_reduce_max(u64::from(seems_to_survive()));
    let _ = SURVIVES.set(seen == 1);
}

fn seems_to_survive() -> bool {
    let is_set = |name| env::var(name).is_ok_and(|value| ["1", "true", "yes"].contains(&value.as_str()));
    is_set("OMPI_MCA_orte_enable_recovery") || is_set("OMPI_MCA_mpi_ft_enable") || command_line_recovers()
}

/// Whether the launcher of this host was told so by words before the program's.
fn command_line_recovers() -> bool {
    let Some((launcher, _)) = launchers().pop() else { return false };
    let line = fs::read(format!("/proc/{}/cmdline", launcher.as_raw_nonzero())).unwrap_or_default();
    let own = env::current_exe().unwrap_or_default();
    let words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let words = words.take_while(|word| own.file_name() != std::path::Path::new(word.as_ref()).file_name());
    words
        .flat_map(|word| word.split(',').map(str::to_owned).collect::<Vec<_>>())
        .any(|word| RECOVERY.contains(&word.as_str()))
}

/// The launcher's processes that this one descends from, its parent first, with their names.
fn launchers() -> Vec<(Pid, String)> {
    let mut found = Vec::new();
    let mut next = getppid();
    while let Some(process) = next
        && let Some(name) = name_of(process)
        && (LAUNCHERS.contains(&name.as_str()) || DAEMONS.contains(&name.as_str()))
    {
        found.push((process, name));
        next = parent_of(process);
    }
    found
}

fn name_of(process: Pid) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{}/comm", process.as_raw_nonzero())).ok()?;
    Some(name.trim_end().to_owned())
}

fn parent_of(process: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // After the name in brackets come the state and the parent (proc(5)).
    let parent = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Pid::from_raw(parent)
}

/// Ends this process without MPI, and where the launcher survives deaths sees to it that it ends too.
///
/// Such a launcher forgets statuses, and waits for ever if a rank has died on another host than its own: then it is ended by a signal,
/// and its status is not 0 even if `status` is.
pub(crate) fn leave(status: u8) -> ! {
    let [all, here] = ["OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"].map(number);
    let waits = survives_deaths() && (status != 0 || all != here);
    if waits {
        let parent = launchers().into_iter().next();
        // A daemon would ignore TERM. If the parent is gone, so is the job.
        let _ = match (parent, getppid()) {
            (Some((process, name)), _) if DAEMONS.contains(&name.as_str()) => kill_process(process, Signal::KILL),
            (Some((process, _)), _) | (None, Some(process)) => kill_process(process, Signal::TERM),
            (None, None) => Ok(()),
        };
    }
    if waits || status != 0 {
        end_launcher_that_hangs();
    }
    signal_hook::low_level::exit(i32::from(status))
}

/// Ends this process by a signal, which launchers pass on as 137, so that the job counts as one whose ranks were killed: it may go on.
/// Sees to it that the launcher ends too.
pub(super) fn end_by_signal() -> ! {
    end_launcher_that_hangs();
    let _ = kill_process(getpid(), Signal::KILL);
    // Not reached, unless a process may not end itself.
    signal_hook::low_level::exit(1)
}

/// Ends the launcher, or its daemon on this host, if it hangs: it waits for daemons on hosts that are gone. This process doesn't outlive its
/// own end, so a shell does it, which waits for as long as an end takes that goes well.
fn end_launcher_that_hangs() {
    let Some((launcher, name)) = launchers().pop() else { return };
    let process = launcher.as_raw_nonzero();
    let script =
        format!("sleep {PATIENCE}; read name </proc/{process}/comm && [ \"$name\" = {name} ] && kill -KILL {process}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Nothing by which it would be taken for a part of the job.
    shell.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
    // A group of its own: the launcher ends its ranks' groups.
    let _ = std::os::unix::process::CommandExt::process_group(&mut shell, 0).spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_a_name_and_a_parent() {
        let parent = getppid().expect("a parent");
        assert_eq!(parent_of(getpid()), Some(parent));
        assert!(name_of(parent).is_some_and(|name| !name.is_empty()));
        assert_eq!(name_of(Pid::from_raw(i32::MAX).expect("a number")), None);
    }

    #[test]
    fn a_test_has_no_launcher() {
        assert!(launchers().is_empty() && !command_line_recovers());
    }
}
