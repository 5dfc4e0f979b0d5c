//! The same bits on any number of ranks: runs on one rank and on three leave the same files.
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_crate_name");
const NAME: &str = env!("CARGO_PKG_NAME");
const PARAMETERS: &str = concat!(env!("CARGO_PKG_NAME"), ".toml");

/// Runs the parameter file on so many ranks, and returns the folder of the run.
fn run(ranks: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{NAME}-{ranks}"));
    let mut command = Command::new("mpirun");
    command.args(["-n", &ranks.to_string(), PROGRAM, "run", PARAMETERS, "--overwrite", "--out"]).arg(&folder);
    // Open MPI 4 and 5: more ranks than cores, and root in a container, are fine for a test.
    command.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
    command.env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let status = command.status().expect("mpirun starts");
    assert!(status.success(), "{ranks} ranks: {status}");
    folder
}

#[test]
fn one_rank_and_three_leave_the_same_files() {
    let one = run(1);
    let three = run(3);
    let compared = Command::new(PROGRAM).arg("compare").arg(one).arg(three).status().expect("the program starts");
    assert!(compared.success(), "the files differ");
}
