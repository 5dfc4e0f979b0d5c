//! Sweeps on two ranks: how many tasks, how soon, and what they cost beside the work.
//!
//! This program launches itself under mpirun; every sweep keeps a journal. Tasks spin. In rates and round trips only tasks
//! count that rank 1 ran while rank 0 handed them out. The other systems do the same tasks in
//! benches/bench/sweep_peers.py, with two workers each, in the same run.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use divisi::comm::{Comm, launch};
use divisi::tasks::{Array, Executor, Future, Pool, Task};
use divisi::{Error, Result};

use super::{Figure, RUNS, median, program};

/// Tells a launched process what to measure, after this.
pub(crate) const ROLE: &str = "sweep:";
/// Numbers of 8 bytes in a megabyte, as the peers count it.
const MEGABYTE: usize = 1_000_000 / 8;

/// Systems that start a process for each task.
const OF_PROCESSES: [&str; 2] = ["hyperqueue", "parallel"];

type Measure = fn(&Comm, &Path) -> Result<f64>;

const MEASURES: [(&str, Measure); 8] = [
    ("noop", noop),
    ("chunked", chunked),
    ("roundtrip", round_trip),
    ("share_10ms", |comm, folder| share(comm, folder, Duration::from_millis(10), 200)),
    ("share_100us", |comm, folder| share(comm, folder, Duration::from_micros(100), 20_000)),
    ("skew", skew),
    ("payload", |comm, folder| payload(comm, sweep(comm, folder))),
    ("payload_bare", |comm, _| payload(comm, Executor::new(comm))),
];

/// On both ranks: measures, and prints the value.
pub(crate) fn measure(role: &str) -> ExitCode {
    let (name, folder) = role.split_once(':').expect("a figure and a folder");
    let (_, measure) = MEASURES.iter().find(|(known, _)| *known == name).expect("a known figure");
    launch(|comm| {
        let value = measure(comm, Path::new(folder))?;
        if comm.is_root() {
            println!("{value}");
        }
        Ok(0)
    })
}

/// A sweep with a journal of its own.
fn sweep<'a>(comm: &'a Comm, folder: &Path) -> Executor<'a> {
    Executor::new(comm).journal(&folder.join("journal"), "bench")
}

/// Tasks per second of rank 1, handed out one by one.
fn noop(comm: &Comm, folder: &Path) -> Result<f64> {
    rate(comm, sweep(comm, folder).chunk(1), 2_000_000)
}

/// Tasks per second of rank 1, in chunks.
fn chunked(comm: &Comm, folder: &Path) -> Result<f64> {
    rate(comm, sweep(comm, folder), 20_000_000)
}

fn rate(comm: &Comm, sweep: Executor, count: u64) -> Result<f64> {
    let rank = comm.rank() as f64;
    let mut others = 0u64;
    let began = Instant::now();
    sweep.root_computes(false).for_each(
        count,
        |_| Ok(rank),
        |_, ran| {
            others += u64::from(ran? != 0.0);
            Ok(())
        },
    )?;
    Ok(others as f64 / began.elapsed().as_secs_f64())
}

/// Microseconds from submission to result of one task at a time, median.
fn round_trip(comm: &Comm, folder: &Path) -> Result<f64> {
    let rank = comm.rank() as u64;
    let main = |pool: &Pool<u64, u64>| {
        let time = |number| {
            let began = Instant::now();
            let result = pool.submit(number)?.result()?;
            assert_eq!(result, number + 1, "a task that rank 1 did not run");
            Ok(began.elapsed().as_secs_f64() * 1e6)
        };
        Ok(median((0..50_000).map(time).collect::<Result<_>>()?))
    };
    let sweep = sweep(comm, folder).root_computes(false);
    Ok(sweep.pool(|_: &Task, number: u64| Ok(number + rank), main)?.unwrap_or_default())
}

fn spin(duration: Duration) {
    let began = Instant::now();
    while began.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// The seconds that both ranks need to run tasks of these durations, from the first submission to the last result.
fn makespan(comm: &Comm, folder: &Path, durations: &[f64]) -> Result<f64> {
    let main = |pool: &Pool<f64, ()>| {
        let began = Instant::now();
        pool.map(durations.iter().copied())?;
        Ok(began.elapsed().as_secs_f64())
    };
    let worker = |_: &Task, seconds: f64| {
        spin(Duration::from_secs_f64(seconds));
        Ok(())
    };
    Ok(sweep(comm, folder).pool(worker, main)?.unwrap_or_default())
}

/// The share of both cores that equal tasks get.
fn share(comm: &Comm, folder: &Path, each: Duration, count: usize) -> Result<f64> {
    let seconds = each.as_secs_f64();
    let took = makespan(comm, folder, &vec![seconds; count])?;
    Ok(seconds * count as f64 / comm.size() as f64 / took)
}

/// The makespan of 100 tasks of 1 to 50 ms over the ideal.
fn skew(comm: &Comm, folder: &Path) -> Result<f64> {
    let durations: Vec<f64> = (0..100).map(|i| 1e-3 * (1.0 + 49.0 * f64::from(i) / 99.0)).collect();
    let ideal = durations.iter().sum::<f64>() / comm.size() as f64;
    Ok(makespan(comm, folder, &durations)? / ideal)
}

/// Megabytes per second of arguments and results of 1 MB.
fn payload(comm: &Comm, sweep: Executor) -> Result<f64> {
    assert_eq!(comm.size(), 2);
    let count = 500;
    let main = |pool: &Pool<Array<f64>, Array<f64>>| {
        let began = Instant::now();
        let mut open: VecDeque<Future<Array<f64>>> = VecDeque::new();
        for _ in 0..count {
            // Four under way; each argument is an earlier result, so nothing is copied but by the sweep.
            let oldest = if open.len() < 4 { None } else { open.pop_front() };
            let next = oldest.map_or_else(|| Ok(Array(vec![1.0f64; MEGABYTE])), |future| future.result())?;
            open.push_back(pool.submit(next)?);
        }
        open.into_iter().try_for_each(|future| future.result().map(drop))?;
        Ok(2.0 * f64::from(count) / began.elapsed().as_secs_f64())
    };
    let sweep = sweep.root_computes(false);
    Ok(sweep.pool(|_: &Task, array: Array<f64>| Ok(array), main)?.unwrap_or_default())
}

/// Runs a measure on two ranks, several times; the median.
fn on_two_ranks(name: &str) -> f64 {
    let me = std::env::current_exe().expect("this program");
    let run = |_| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = mpirun(2);
        command.arg(&me).env(super::halo::ROLE, format!("{ROLE}{name}:{}", folder.path().display()));
        let output = command.output().expect("mpirun starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().unwrap_or_else(|_| panic!("a number in {text}"))
    };
    median((0..RUNS).map(run).collect())
}

fn mpirun(ranks: usize) -> Command {
    let mut command = Command::new("mpirun");
    command.args(["-n", &ranks.to_string()]);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command
}

/// Other systems' figures: by figure, then by system. Measured once.
fn peers() -> &'static BTreeMap<String, BTreeMap<String, f64>> {
    static PEERS: OnceLock<BTreeMap<String, BTreeMap<String, f64>>> = OnceLock::new();
    PEERS.get_or_init(|| {
        let mut figures: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        let script = Command::new("target/peers/bin/python").arg("benches/bench/sweep_peers.py").output();
        let text = script.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        for line in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
            if let (Some(system), Some(figure), Some(value)) =
                (line["system"].as_str(), line["figure"].as_str(), line["value"].as_f64())
            {
                figures.entry(figure.to_owned()).or_default().insert(system.to_owned(), value);
            }
        }
        figures
    })
}

/// What the systems that run Python functions reach, this one among them.
pub(super) fn others(theirs: &str) -> BTreeMap<String, f64> {
    peers().get(theirs).cloned().unwrap_or_default()
}

/// A figure beside the best other system's; `larger` is better, or smaller.
pub(super) fn figure(name: &'static str, unit: &'static str, value: f64, theirs: &str, larger: bool) -> Vec<Figure> {
    let mut others = others(theirs);
    others.retain(|system, _| !system.starts_with("divisi"));
    others.retain(|system, _| OF_PROCESSES.contains(&system.as_str()) == (name == "sweep_command"));
    let order = |a: &f64, b: &f64| if larger { a.total_cmp(b) } else { b.total_cmp(a) };
    let best = others.iter().max_by(|(_, a), (_, b)| order(a, b));
    let note = others.iter().map(|(system, value)| format!("{system} {value:.4}")).collect::<Vec<_>>().join(", ");
    vec![Figure {
        name,
        value,
        unit,
        command: format!("cargo bench --bench bench -- {name}"),
        peer: best.map(|(system, _)| format!("best of the others, {system}")).unwrap_or_default(),
        peer_value: best.map(|(_, value)| *value),
        note: if note.is_empty() { "no other system is installed".to_owned() } else { note },
    }]
}

pub(crate) fn sweep_noop() -> Vec<Figure> {
    figure("sweep_noop", "tasks/s", on_two_ranks("noop"), "noop_per_s", true)
}

pub(crate) fn sweep_chunked() -> Vec<Figure> {
    figure("sweep_chunked", "tasks/s", on_two_ranks("chunked"), "chunked_per_s", true)
}

pub(crate) fn sweep_roundtrip() -> Vec<Figure> {
    figure("sweep_roundtrip_us", "us", on_two_ranks("roundtrip"), "round_trip_us", false)
}

pub(crate) fn sweep_share_10ms() -> Vec<Figure> {
    figure("sweep_share_10ms", "of both cores", on_two_ranks("share_10ms"), "share_10ms", true)
}

pub(crate) fn sweep_share_100us() -> Vec<Figure> {
    figure("sweep_share_100us", "of both cores", on_two_ranks("share_100us"), "share_100us", true)
}

pub(crate) fn sweep_skew() -> Vec<Figure> {
    figure("sweep_skew", "of the ideal time", on_two_ranks("skew"), "ramp", false)
}

pub(crate) fn sweep_payload() -> Vec<Figure> {
    let mut figures = figure("sweep_1mb_mbs", "MB/s", on_two_ranks("payload"), "payload_MB_per_s", true);
    let bare = on_two_ranks("payload_bare");
    figures[0].note += &format!("; without a journal, as the others, {bare:.4}");
    figures
}

/// Seconds from the start of mpirun to the first result, a row of the program's own journal being flushed after it.
pub(crate) fn sweep_first() -> Vec<Figure> {
    let seconds = (0..RUNS).map(|_| seconds_of_plan(1)).collect();
    figure("sweep_first_s", "s", median(seconds), "first_result_s", false)
}

/// Programs per second that do nothing, started by a plan on two ranks.
pub(crate) fn sweep_command() -> Vec<Figure> {
    let count = 4000;
    let start = median((0..RUNS).map(|_| seconds_of_plan(1)).collect());
    let rates = (0..RUNS).map(|_| f64::from(count) / (seconds_of_plan(count) - start)).collect();
    figure("sweep_command", "programs/s", median(rates), "noop_per_s", true)
}

/// Seconds that a plan of so many tasks `true` takes on two ranks, from mpirun's start to its end.
fn seconds_of_plan(tasks: u32) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let plan: PathBuf = folder.path().join("plan.toml");
    let text = format!(
        "simulation = \"sweep\"\n[parameters.values]\ni = {{ from = 1, to = {tasks}, count = {tasks} }}\n\
         [task]\ncommand = [\"true\"]\noutput = \"none\"\n"
    );
    let written = std::fs::write(&plan, text).map_err(Error::io("write", &plan));
    written.expect("a plan");
    let began = Instant::now();
    let mut command = mpirun(2);
    command.args([program::DIVISI, "run"]).arg(&plan).arg("--out").arg(folder.path().join("run"));
    let output = command.output().expect("mpirun starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    began.elapsed().as_secs_f64()
}
