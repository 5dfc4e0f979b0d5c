//! What can be told without MPI: the libraries, the launchers of PATH, shared memory, cores.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::command::{Trial, in_path, try_command};
use super::finding::Finding;
use super::memory;
use crate::comm;

/// The longest that a launcher may take to tell its version.
const LIMIT: Duration = Duration::from_secs(10);

/// All that can be told here.
pub(super) fn findings() -> Vec<Finding> {
    let library = comm::library_version();
    let launchers: Vec<(PathBuf, Family)> =
        in_path("mpirun").into_iter().map(|path| (path.clone(), Family::of(&path))).collect();
    vec![
        Finding::fine("MPI library", library.clone()),
        hdf5(&crate::io::library_version(), cfg!(feature = "parallel-hdf5")),
        launcher(&launchers, Family::in_text(&library), env::var_os("CONDA_PREFIX").map(PathBuf::from).as_deref()),
        memory::shared(comm::shared_room(), 1),
    ]
}

/// Whether ranks can write a file together.
fn hdf5(version: &str, is_parallel: bool) -> Finding {
    if is_parallel {
        return Finding::fine("HDF5", version);
    }
    let found = format!("{version}: rank 0 writes for all ranks, with the same bytes");
    let advice = "for large files on many nodes build with the parallel HDF5 of this MPI: docs/install/cluster.md";
    Finding::doubtful("HDF5", found, advice)
}

/// The makes of MPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    OpenMpi,
    /// MPICH and what is made of it.
    Mpich,
    Unknown,
}

impl Family {
    /// By what a library or a launcher says of itself.
    fn in_text(text: &str) -> Self {
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["Open MPI", "OpenRTE", "open-mpi", "PRTE"]) {
            Family::OpenMpi
        } else if says(&["MPICH", "HYDRA", "Hydra", "Intel(R) MPI", "MVAPICH"]) {
            Family::Mpich
        } else {
            Family::Unknown
        }
    }

    fn of(launcher: &Path) -> Self {
        match try_command(Command::new(launcher).arg("--version"), LIMIT) {
            Trial::Ended { stdout, stderr, .. } => Family::in_text(&(stdout + &stderr)),
            Trial::Late | Trial::NotStarted(_) => Family::Unknown,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Family::OpenMpi => "Open MPI",
            Family::Mpich => "MPICH",
            Family::Unknown => "an MPI that doesn't say which",
        }
    }
}

/// Whether the launcher that comes first in PATH is that of the program's MPI.
fn launcher(launchers: &[(PathBuf, Family)], library: Family, conda: Option<&Path>) -> Finding {
    const ABOUT: &str = "launcher";
    let Some((first, family)) = launchers.first() else {
        let advice = "runs go on one rank. For more install the launcher of this MPI (Debian: openmpi-bin), load its module, or \
                      put its folder into PATH";
        return Finding::wrong(ABOUT, "there is no mpirun in PATH", advice);
    };
    let shown = first.display();
    let is_of_conda = conda.is_some_and(|conda| first.starts_with(conda))
        || ["conda", "mamba", "miniforge"].iter().any(|name| shown.to_string().contains(name));
    let fits = |family: Family| family == library || family == Family::Unknown || library == Family::Unknown;
    let other = launchers.iter().skip(1).find(|(_, family)| *family == library);
    let instead = other.map_or_else(
        || "put that of the program's MPI first in PATH".to_owned(),
        |(path, _)| format!("start with {}, or put its folder first in PATH", path.display()),
    );
    let leave = if is_of_conda { "leave the conda environment (conda deactivate), or " } else { "" };
    if !fits(*family) {
        let found = format!(
            "{shown} belongs to {}, the program to {}: it starts every rank as rank 0 of 1",
            family.name(),
            library.name()
        );
        return Finding::wrong(ABOUT, found, format!("{leave}{instead}"));
    }
    if is_of_conda && launchers.len() > 1 {
        let found = format!("{shown} is conda's, and comes before {}", launchers[1].0.display());
        return Finding::doubtful(
            ABOUT,
            found,
            format!("{leave}{instead}: one of another version may not join its ranks"),
        );
    }
    Finding::fine(ABOUT, format!("{shown}, of {}", family.name()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_launcher_of_another_library_is_told_with_the_right_one() {
        let all =
            |list: &[(&str, Family)]| list.iter().map(|(path, family)| (path.into(), *family)).collect::<Vec<_>>();
        let told =
            |list: &[(&str, Family)], conda: Option<&str>| launcher(&all(list), Family::OpenMpi, conda.map(Path::new));
        let system = ("/usr/bin/mpirun", Family::OpenMpi);
        assert_eq!(told(&[system], None).level, Level::Fine);
        let none = told(&[], None);
        assert!(none.level == Level::Wrong && none.advice.contains("openmpi-bin"), "{none}");
        let conda = told(&[("/opt/env/bin/mpirun", Family::Mpich), system], Some("/opt/env"));
        assert!(conda.level == Level::Wrong && conda.advice.contains("conda deactivate"), "{conda}");
        assert!(conda.advice.contains("/usr/bin/mpirun"), "{conda}");
        let same = told(&[("/home/me/miniconda3/bin/mpirun", Family::OpenMpi), system], None);
        assert!(same.level == Level::Doubtful && same.found.contains("conda's"), "{same}");
    }

    #[test]
    fn a_serial_hdf5_is_told_with_what_it_costs() {
        assert_eq!(hdf5("1.14.6 (parallel)", true).level, Level::Fine);
        let serial = hdf5("1.14.6 (serial)", false);
        assert!(serial.level == Level::Doubtful && serial.found.contains("rank 0 writes"), "{serial}");
    }

    #[test]
    fn libraries_are_known_by_their_words() {
        let texts = ["mpirun (Open MPI) 4.1.4", "HYDRA build details:", "Intel(R) MPI Library for Linux* OS", "?"];
        let families = [Family::OpenMpi, Family::Mpich, Family::Mpich, Family::Unknown];
        assert_eq!(texts.map(Family::in_text), families);
    }
}
