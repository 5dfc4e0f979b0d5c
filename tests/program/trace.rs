//! trace.json: a track for each rank, with its phases or its tasks.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::common::{DIVISI, finish, mpirun, root};

const LIMIT: u64 = 60;

/// A phase or a task, in microseconds.
#[derive(Debug)]
struct Span {
    name: String,
    track: u64,
    start: f64,
    length: f64,
}

/// The tracks' names, and the spans.
fn read(run: &Path) -> (Vec<String>, Vec<Span>) {
    let text = std::fs::read_to_string(run.join("trace.json")).unwrap();
    let trace: Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let named = events.iter().filter(|event| event["name"] == "thread_name");
    let names = named.map(|event| event["args"]["name"].as_str().unwrap().to_owned()).collect();
    let spans = events.iter().filter(|event| event["ph"] == "X").map(|event| {
        let [start, length] = ["ts", "dur"].map(|key| event[key].as_f64().unwrap());
        let name = event["name"].as_str().unwrap().to_owned();
        Span { name, track: event["tid"].as_u64().unwrap(), start, length }
    });
    (names, spans.collect())
}

#[test]
fn a_run_has_a_track_for_each_rank_with_its_phases() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let mut command = mpirun(3, DIVISI);
    command.arg("run").arg(root().join("sims/nbody/plummer.toml")).args(["run.trace=true", "--steps", "20", "--out"]);
    finish(command.arg(&out), LIMIT).expect(0);
    let (tracks, spans) = read(&out);
    assert_eq!(tracks.len(), 3);
    assert!(tracks.iter().enumerate().all(|(rank, name)| name.starts_with(&format!("rank {rank} on "))), "{tracks:?}");
    let phases =
        |track| spans.iter().filter(|span| span.track == track).map(|span| span.name.clone()).collect::<BTreeSet<_>>();
    assert!(
        phases(0).contains("checkpoints") && phases(0).contains("history") && phases(0) == phases(2),
        "{:?}",
        phases(0)
    );
    // Spans of a track follow each other without gaps, to the nanosecond that the file has.
    for track in 0..3 {
        let own: Vec<_> = spans.iter().filter(|span| span.track == track).collect();
        assert!(
            own.windows(2).all(|pair| (pair[0].start + pair[0].length - pair[1].start).abs() < 0.01),
            "track {track}"
        );
    }
}

#[test]
fn a_sweep_has_each_task_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let plan = folder.path().join("plan.toml");
    let text = "simulation = 'sweep'\n[run]\ntrace = true\n[task]\noutput = 'number'\ncommand = ['sh', '-c', 'sleep 0.05; echo {x}']\n\
                [parameters.values]\nx = { from = 1, to = 12, count = 12 }\n";
    std::fs::write(&plan, text).unwrap();
    finish(mpirun(3, DIVISI).arg("run").arg(&plan).arg("--out").arg(&out), LIMIT).expect(0);
    let (tracks, spans) = read(&out);
    assert_eq!(tracks.len(), 3);
    let tasks: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!((tasks.len(), spans.len()), (12, 12), "{spans:?}");
    assert!(tasks.contains("task 0") && tasks.contains("task 11"), "{tasks:?}");
    assert!(spans.iter().all(|span| span.length > 40_000.0), "{spans:?}");
}

#[test]
fn there_is_no_trace_unless_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let mut command = mpirun(2, DIVISI);
    command.arg("run").arg(root().join("sims/nbody/plummer.toml")).args(["--steps", "2", "--out"]).arg(&out);
    finish(&mut command, LIMIT).expect(0);
    assert!(!out.join("trace.json").exists());
}
