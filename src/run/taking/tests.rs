//! What taking a folder removes, what it spares, and what it refuses.

use super::*;
use crate::run::folder::RunFile;
use crate::run::folder::tests::{SPECTRUM, full};

const PARAMETERS: &str = "simulation = \"rod\"\n\n[made_by]\nid = \"two\"\n";

fn names_in(root: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn cleaning_removes_what_a_run_leaves_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let run = full(folder.path());
    assert_eq!(names_in(folder.path()).len(), run.files().len() + 1);
    run.clear().unwrap();
    assert_eq!(names_in(folder.path()), ["thoughts.csv"]);
    // Where no run was started nothing is a run's.
    fs::write(run.history(), "").unwrap();
    run.clear().unwrap();
    assert_eq!(names_in(folder.path()), ["history.csv", "thoughts.csv"]);
}

#[test]
fn a_run_takes_the_place_of_another_or_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let run = full(folder.path());
    let parameters: Table = PARAMETERS.parse().unwrap();
    run.hold().unwrap().go_on(&parameters).unwrap();
    assert!(run.history().exists() && run.path(SPECTRUM).exists());
    assert_eq!(fs::read_to_string(run.config()).unwrap(), PARAMETERS);
    let lock = run.hold().unwrap();
    lock.begin(&parameters).unwrap();
    assert!(run.holder().unwrap().is_some());
    drop(lock);
    assert_eq!(names_in(folder.path()), ["config.toml", "thoughts.csv"]);
    assert!(run.holder().unwrap().is_none() && run.existing().is_ok());
    let refused = RunFolder::at(folder.path().join("none")).existing().unwrap_err().to_string();
    assert!(refused.contains("holds no run"), "{refused}");
}

/// What a person may have put into a run's folder, beside names of other simulations and in the folders of the run.
#[test]
fn what_a_person_put_into_a_run_stays() {
    let folder = tempfile::tempdir().unwrap();
    let run = full(folder.path()).with("other", [RunFile::result("results.csv")]);
    let root = folder.path();
    let mine = [
        "results.csv",
        "history.1.csv",
        "figures/thesis.png",
        "figures/thesis.svg",
        "checkpoints/model.pt",
        "snapshots/notes.txt",
        "verify/config.toml",
        "verify/history.csv",
    ];
    mine.iter().for_each(|name| fs::write(root.join(name), "mine").unwrap());
    let theirs = [
        "figures/orbits.svg",
        "figures/orbits.png",
        "snapshots/series.xmf",
        "history.csv.part",
        "snapshots/snapshot_000003.vtkhdf.part",
    ];
    theirs.iter().for_each(|name| fs::write(root.join(name), DRAWN).unwrap());
    run.clear().unwrap();
    for name in mine {
        assert_eq!(fs::read_to_string(root.join(name)).ok().as_deref(), Some("mine"), "{name}");
    }
    theirs.iter().for_each(|name| assert!(!root.join(name).exists(), "{name}"));
    assert_eq!(
        names_in(root),
        ["checkpoints", "figures", "history.1.csv", "results.csv", "snapshots", "thoughts.csv", "verify"]
    );
}

/// A config.toml of another program, a parameter file of a person's, one that is no TOML.
#[test]
fn a_folder_whose_config_no_run_wrote_holds_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = full(folder.path());
    for text in ["[package]\n", "simulation = \"rod\"\n", "made_by = 3\n", "no TOML"] {
        fs::write(run.config(), text).unwrap();
        let before = names_in(folder.path());
        let refused = run.clear().unwrap_err();
        assert!(refused.status() == 2 && refused.to_string().contains("config.toml"), "{refused}");
        assert!(!run.holds_run() && run.clone().existing().is_err());
        assert_eq!(names_in(folder.path()), before);
    }
}

#[test]
fn where_no_run_is_a_name_that_a_run_would_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let run = RunFolder::at(root).with("rod", [SPECTRUM]);
    let names = [
        "history.csv",
        "events.csv",
        "run.log",
        "spectrum.csv",
        "snapshots/snapshot_000000.hdf5",
        "checkpoints/step_0000000200.hdf5",
        "trajectory.hdf5",
        "report.html",
        "ledger.json",
    ];
    run.make_folders().unwrap();
    for name in names {
        fs::write(root.join(name), "mine").unwrap();
        let refused = run.refuse_strangers("rod").unwrap_err();
        assert!(refused.status() == 2 && refused.to_string().contains(name), "{refused}");
        fs::remove_file(root.join(name)).unwrap();
    }
    // Names that a run of this simulation doesn't use.
    for name in ["results.csv", "checkpoints/model.pt", "snapshots/figure.png"] {
        fs::write(root.join(name), "mine").unwrap();
    }
    run.refuse_strangers("rod").unwrap();
}

#[test]
fn a_run_does_not_remove_what_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let run = full(folder.path());
    let parameters = |file: &str| -> Table {
        let beside = folder.path().join("..").display().to_string();
        format!("simulation = \"rod\"\n[initial]\nfiles = [\"{file}\"]\n[made_by]\nfolder = \"{beside}\"")
            .parse()
            .unwrap()
    };
    let root = folder.path().file_name().unwrap().to_str().unwrap();
    let held = run.hold().unwrap();
    let refused = held.begin(&parameters(&format!("{root}/snapshots/snapshot_000000.hdf5"))).unwrap_err();
    assert!(refused.status() == 2 && refused.to_string().contains("would replace"), "{refused}");
    assert!(run.snapshot(0).exists() && run.history().exists());
    held.begin(&parameters(&format!("{root}/thoughts.csv"))).unwrap();
    assert!(!run.snapshot(0).exists() && folder.path().join("thoughts.csv").exists());
}

/// A folder of another run, in place of each folder of this one.
#[test]
fn a_link_in_place_of_a_folder_is_refused() {
    for name in ["snapshots", "checkpoints", "figures", "verify"] {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let theirs = full(other.path());
        let run = full(folder.path());
        let path = folder.path().join(name);
        fs::remove_dir_all(&path).unwrap();
        std::os::unix::fs::symlink(other.path().join(name), &path).unwrap();
        let refused = run.hold().err().expect("refused");
        assert!(refused.status() == 2 && refused.to_string().contains("is a link"), "{refused}");
        run.clear().unwrap();
        assert!(theirs.snapshot(0).exists() && theirs.checkpoints().join("step_0000000012.hdf5").exists());
    }
}
