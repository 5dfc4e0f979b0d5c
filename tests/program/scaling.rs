//! `divisi scaling`: what a study leaves and says, and what it refuses before the first run. How fast anything is, isn't tested.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{Ended, divisi, finish, root};

const LIMIT: u64 = 120;
const GAS: &str = "sims/fluid/kelvin_helmholtz.toml";
const SMALL: [&str; 3] = ["grid.cells=16,32", "--steps", "4"];

fn scaling(file: &str, out: &Path, words: &[&str]) -> Ended {
    finish(divisi().arg("scaling").arg(root().join(file)).args(words).arg("--out").arg(out), LIMIT)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The rows of scaling.csv: ranks first.
fn rows(out: &Path) -> Vec<Vec<f64>> {
    let table = fs::read_to_string(out.join("scaling.csv")).unwrap();
    let row = |line: &str| line.split(',').map(|word| word.parse().unwrap_or(f64::NAN)).collect();
    table.lines().skip(1).map(row).collect()
}

fn ledger(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_study_leaves_table_picture_words_and_ledgers() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study");
    let ended = scaling(GAS, &out, &[&SMALL[..], &["--ranks", "3,1", "--repeats", "2"]].concat()).expect(0);
    let ledgers = ["1-ranks-1.json", "1-ranks-2.json", "3-ranks-1.json", "3-ranks-2.json"];
    let own = ["scaling.csv", "scaling.png", "scaling.svg", "scaling.txt"];
    assert_eq!(names(&out), [ledgers, own].concat(), "the runs' own files are gone");
    let rows = rows(&out);
    assert_eq!((rows.len(), rows[0][0], rows[1][0], rows[0][6]), (2, 1.0, 3.0, 1.0), "{rows:?}");
    // The median of two is their mean.
    let seconds = ledgers.map(|name| ledger(out.join(name))["loop_seconds"].as_f64().unwrap());
    assert!((rows[1][1] - 0.5 * (seconds[2] + seconds[3])).abs() < 1e-12, "{rows:?} {seconds:?}");
    assert_eq!(ledger(out.join(ledgers[3]))["ranks"], 3);
    let words = fs::read_to_string(out.join("scaling.txt")).unwrap();
    assert!(words.contains("held to one rank") && ended.stdout.starts_with(&words), "{}", ended.stdout);
}

#[test]
fn what_grows_with_the_ranks_is_held_to_its_work() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study");
    let words = ["--ranks", "1,2", "--repeats", "1", "--weak", "grid.cells"];
    let told = scaling(GAS, &out, &[&SMALL[..], &words].concat()).expect(0).stdout;
    // Twice the cells on two ranks: the work of a step is the rate times the time.
    let work = [1, 2].map(|ranks| {
        let ledger = ledger(out.join(format!("{ranks}-ranks-1.json")));
        ledger["rate"].as_f64().unwrap() * ledger["loop_seconds"].as_f64().unwrap()
    });
    assert!((work[1] / work[0] - 2.0).abs() < 1e-9, "{work:?}");
    assert!(told.contains("as much work for each rank") && told.contains("Gustafson"), "{told}");
}

#[test]
fn a_sweep_is_studied_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.toml");
    let text = "simulation = 'sweep'\n[parameters.values]\nx = [1, 2, 3]\n[task]\ncommand = ['echo', '{x}']\n";
    fs::write(&plan, text).unwrap();
    let out = folder.path().join("study");
    let told = scaling(plan.to_str().unwrap(), &out, &["--ranks", "1,2", "--repeats", "1"]).expect(0).stdout;
    assert!(told.contains("whole sweeps") && rows(&out).len() == 2, "{told}");
}

#[test]
fn what_is_wrong_is_refused_before_the_first_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study");
    let wrong: [(&[&str], &str); 7] = [
        (&["--ranks", "0,1"], "--ranks"),
        (&["--ranks", "1,x"], "--ranks"),
        (&["--repeats", "0"], "--repeats"),
        (&["--weak", "fluid.gamma"], "can't grow"),
        (&["--weak", "grid.cels"], "isn't in the file"),
        (&["grid.cels=3"], "cells"),
        (&["--retry-failed"], "--retry-failed"),
    ];
    for (words, told) in wrong {
        scaling(GAS, &out, words).expect(2).says(told);
        assert!(!out.exists(), "{words:?}");
    }
    fs::create_dir(&out).unwrap();
    scaling(GAS, &out, &SMALL).expect(2).says("--out");
}

/// In both stages of a step a message goes to the neighbours along each axis that is shared out, which is one where two ranks share a periodic
/// axis; one cell deep and then two, with six numbers of eight bytes for each cell. How ranks share the grid depends on their number and its size.
#[test]
fn a_forecast_counts_messages_and_bytes_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("study");
    let cluster = folder.path().join("cluster.toml");
    let text = "cores_per_node = 4\nmemory_per_node = 4e6\n[network]\nlatency = 1e-6\nbandwidth = 1e9\n";
    fs::write(&cluster, text).unwrap();
    let gas = ["grid.cells=64,64", "--steps", "4", "--ranks", "1", "--repeats", "1", "--weak", "grid.cells"];
    let words =
        [&gas[..], &["--predict", cluster.to_str().unwrap(), "--count", "3,9,16", "--forecast", "64,4096"]].concat();
    let told = scaling(GAS, &out, &words).expect(0).stdout;
    // The part of the problem, the ranks, the neighbours of each, and the cells of its share's faces on one side.
    let shares = [
        (4, 3, 2, 16),
        (8, 3, 2, 8),
        (16, 3, 2, 4),
        (4, 9, 2, 48),
        (8, 9, 2, 24),
        (16, 9, 4, 4 + 4),
        (4, 16, 3, 32 + 8),
        (8, 16, 3, 16 + 4),
        (16, 16, 3, 8 + 2),
    ];
    for (part, ranks, neighbours, faces) in shares {
        let ledger = ledger(out.join(format!("{ranks}-ranks-counted-{part}.json")));
        let halo = ledger["phases"].as_array().unwrap().iter().find(|phase| phase["name"] == "halo").unwrap().clone();
        let numbers =
            |key: &str| halo[key].as_array().unwrap().iter().map(|one| one.as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(numbers("messages"), vec![4 * 2 * neighbours; ranks], "{ranks} ranks, part {part}: {halo}");
        assert_eq!(numbers("collectives"), vec![0; ranks]);
        assert_eq!(
            numbers("bytes"),
            vec![4 * 2 * (1 + 2) * faces * 6 * 8; ranks],
            "{ranks} ranks, part {part}: {halo}"
        );
    }
    for text in ["4096 ranks: ", "core hours for 1000 steps", "halo, of a rank and a step: ", "MORE than the 1 MB"] {
        assert!(told.contains(text), "{text} in {told}");
    }
    assert_eq!(fs::read_to_string(out.join("forecast.csv")).unwrap().lines().count(), 3);
    fs::write(&cluster, "cores_per_node = 4\n").unwrap();
    let again = folder.path().join("again");
    scaling(GAS, &again, &words).expect(2).says("[network]");
    assert!(!again.exists());
}

#[test]
fn where_more_ranks_fail_the_study_says_so_and_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let launcher = folder.path().join("launcher");
    let script = "#!/bin/sh\n[ $2 != 2 ] || { echo 'divisi: no room' >&2; exit 1; }\nshift 2\nexec \"$@\"\n";
    fs::write(&launcher, script).unwrap();
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).unwrap();
    let out = folder.path().join("study");
    let words = ["--ranks", "1,2,4", "--repeats", "2", "--launcher", launcher.to_str().unwrap()];
    let told = scaling(GAS, &out, &[&SMALL[..], &words].concat()).expect(0).stdout;
    assert!(told.contains("it breaks at 2 ranks") && told.contains("no room"), "{told}");
    assert_eq!(rows(&out).len(), 1);
}
