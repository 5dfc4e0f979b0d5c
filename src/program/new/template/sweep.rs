//! The same bits on any number of ranks: sweeps on one rank and on three give the same results.
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_crate_name");
const NAME: &str = env!("CARGO_PKG_NAME");
const PARAMETERS: &str = concat!(env!("CARGO_PKG_NAME"), ".toml");

/// Runs the parameter file on so many ranks, with longer steps, and returns the results.
fn results(ranks: usize) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{NAME}-{ranks}"));
    // The journal of an earlier test would save this one the work.
    let _ = std::fs::remove_dir_all(&folder);
    let mut command = Command::new("mpirun");
    command.args(["-n", &ranks.to_string(), PROGRAM, PARAMETERS]).arg(&folder).arg("pendulum.dt=1e-3");
    // Open MPI 4 and 5: more ranks than cores, and root in a container, are fine for a test.
    command.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
    command.env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let status = command.status().expect("mpirun starts");
    assert!(status.success(), "{ranks} ranks: {status}");
    std::fs::read_to_string(folder.join("results.csv")).expect("the results")
}

#[test]
fn one_rank_and_three_give_the_same_results() {
    let one = results(1);
    assert!(one.lines().count() > 2, "{one}");
    assert_eq!(one, results(3));
}
