//! What a simulation notes of its input (`Simulation::notes`) is said once, whatever the number of ranks: by `--check`, where a run
//! begins and where it goes on.

use std::path::Path;
use std::process::Command;

use crate::common::{DIVISI, Ended, divisi, finish, mpirun};

/// A column that nobody reads, and a conjunction that counts from another day than the measurements.
const TABLE: &str = "time,mnvel,errvel,svalue\n\
    2457783,2,1,0\n2457790,-1,1,0\n2457803,1,1,0\n2457851,0,1,0\n2457900,-2,1,0\n2457983,2,1,0\n";
const FIT: &str = r#"
simulation = "orbit"
[run]
steps = 2
[data]
files = ["velocities.csv"]
[orbit]
basis = "period"
[priors]
per = { uniform = [20.0, 30.0] }
tc = { uniform = [7700.0, 7720.0] }
k = { uniform = [0.0, 9.0] }
[method]
kind = "maximum"
[output]
history_steps = 1
"#;

fn ended(mut command: Command, file: &Path, words: &[&str]) -> Ended {
    finish(command.arg("run").arg(file).args(words).arg("--out").arg(file.with_file_name("run")), 120)
}

#[test]
fn what_looks_odd_in_the_input_is_said_by_check_and_where_a_run_begins_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fit.toml");
    std::fs::write(&file, FIT).unwrap();
    std::fs::write(folder.path().join("velocities.csv"), TABLE).unwrap();
    let said = |text: &str, start: &str, word: &str| {
        let lines = text.lines().filter(|line| line.starts_with(start) && line.contains(word));
        assert_eq!(lines.count(), 1, "{word}: {text}");
    };
    for ranks in [1, 2] {
        let command = || if ranks == 1 { divisi() } else { mpirun(ranks, DIVISI) };
        let checked = ended(command(), &file, &["--check", "--overwrite"]).expect(0);
        // Two steps are not enough for the goal: status 4.
        let run = ended(command(), &file, &["--overwrite"]).expect(4);
        for word in ["svalue", "priors.tc"] {
            said(&checked.stdout, "note ", word);
            said(&run.stderr, "note: ", word);
        }
        assert!(std::fs::read_to_string(folder.path().join("run/run.log")).unwrap().contains("note: "));
    }
}
