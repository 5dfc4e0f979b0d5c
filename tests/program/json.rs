//! `--json`: the shapes of docs/reference/json.md. Those of `status` and `results` are in submit.rs and sweeps.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{DIVISI, divisi, finish, mpirun, root};

const LIMIT: u64 = 60;

/// What a command prints, which must be one value, and its status.
#[track_caller]
fn told(words: &[&str], status: i32) -> Value {
    let ended = finish(divisi().args(words).arg("--json"), LIMIT).expect(status);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

/// The keys of an object, in the order of letters.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn run(out: &Path, words: &[&str]) {
    let file = root().join("sims/nbody/kepler.toml");
    finish(divisi().arg("run").arg(file).args(words).args(["--steps", "4", "--out"]).arg(out), LIMIT).expect(0);
}

#[test]
fn runs_and_files_are_told_as_values() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    let [one, other] = [a.to_str().unwrap(), b.to_str().unwrap()];
    run(&a, &["output.every_steps=2"]);
    run(&b, &["output.every_steps=2", "integrator.dt=0.0123"]);

    let listed = told(&["ls", one], 0);
    assert_eq!((listed["kind"].as_str(), listed["path"].as_str()), (Some("run"), Some(one)));
    let file = |name: &str| listed["files"].as_array().unwrap().iter().find(|file| file["name"] == name).cloned();
    assert!(file("history.csv").unwrap()["about"][0].as_str().unwrap().contains("rows"), "{listed}");
    let table = told(&["ls", a.join("history.csv").to_str().unwrap()], 0);
    assert_eq!((table["kind"].as_str(), table["columns"][0]["name"].as_str()), (Some("table"), Some("step")));
    assert_eq!(table["columns"][0]["last"].as_f64(), Some(4.0));
    let snapshot = fs::read_dir(a.join("snapshots")).unwrap().flatten().map(|entry| entry.path());
    let snapshot = snapshot.filter(|path| path.extension().is_some_and(|kind| kind == "hdf5")).min().unwrap();
    let snapshot = told(&["ls", snapshot.to_str().unwrap()], 0);
    let positions = snapshot["datasets"].as_array().unwrap().iter().find(|one| one["name"] == "PartType1/Coordinates");
    let positions = positions.unwrap_or_else(|| panic!("{snapshot}"));
    assert_eq!(keys(positions), ["name", "shape", "type", "unit"]);
    assert_eq!(positions["shape"][1], 3);

    let same = told(&["compare", one, one], 0);
    assert_eq!(keys(&same), ["a", "b", "differences", "differing", "files", "status", "values"]);
    assert!(same["status"] == 0 && same["differing"] == 0 && same["values"].as_u64() > Some(10), "{same}");
    let differ = told(&["compare", one, other], 1);
    assert!(differ["status"] == 1 && !differ["differences"].as_array().unwrap().is_empty(), "{differ}");
}

#[test]
fn a_verification_is_told_once_by_all_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    run(&out, &["output.history_steps=1"]);
    let verify = |status| {
        let mut command = mpirun(2, DIVISI);
        let ended = finish(command.arg("verify").arg(&out).args(["--from", "0", "--json"]), LIMIT).expect(status);
        serde_json::from_str::<Value>(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
    };
    let same = verify(0);
    assert_eq!(keys(&same), ["compared", "differences", "status", "steps"]);
    assert_eq!((&same["steps"], &same["status"]), (&serde_json::json!([0, 4]), &0.into()));
    let table = out.join("history.csv");
    let text = fs::read_to_string(&table).unwrap();
    let last = text.rfind(|letter: char| letter.is_ascii_digit()).unwrap();
    let digit = if &text[last..=last] == "7" { "8" } else { "7" };
    fs::write(&table, format!("{}{digit}{}", &text[..last], &text[last + 1..])).unwrap();
    let differ = verify(1);
    assert!(differ["differences"][0]["step"] == 4 && differ["status"] == 1, "{differ}");
}

#[test]
fn parameters_are_told_with_what_happens_where_they_are_left_out() {
    let all = told(&["list", "nbody"], 0);
    assert!(all[0]["simulation"].is_null() && all[1]["simulation"] == "nbody", "{all}");
    let section =
        |name: &str| all[1]["sections"].as_array().unwrap().iter().find(|section| section["name"] == name).cloned();
    let integrator = section("integrator").unwrap_or_else(|| panic!("{all}"));
    let method =
        integrator["parameters"].as_array().unwrap().iter().find(|one| one["key"] == "method").cloned().unwrap();
    assert_eq!(keys(&method), ["about", "choices", "key", "presence", "value"]);
    assert!(method["choices"].as_array().unwrap().iter().any(|choice| choice["value"] == "\"ias15\""), "{method}");
    finish(divisi().args(["list", "--json", "--markdown"]), LIMIT).expect(2);
}
