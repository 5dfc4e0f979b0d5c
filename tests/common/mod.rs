//! What the tests share: launching ranks with a time limit, folders of their own, reading what a run wrote.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod case;
pub(crate) mod densities;
pub(crate) mod rank;
pub(crate) mod runner;
pub(crate) mod torture;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) use rustix::process::Signal;
pub(crate) use rustix::process::{Pid, kill_process};

/// The program under test.
pub(crate) const DIVISI: &str = env!("CARGO_BIN_EXE_divisi");

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit status; `None` if a signal or the time limit ended it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub seconds: f64,
}

impl Ended {
    /// Panics with all that was printed unless the status is `status`.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Self {
        assert!(self.is(status), "status {:?}\nstdout:\n{}\nstderr:\n{}", self.status, self.stdout, self.stderr);
        self
    }

    /// Whether the status is `status`. MPICH's mpiexec joins the statuses of all ranks, so that KILL, by which it ends the others
    /// after an error, may stand in the place of the first.
    pub(crate) fn is(&self, status: i32) -> bool {
        let killed = status != 0 && self.status == Some(9) && self.stderr.contains("MPI_Abort");
        self.status == Some(status) || killed && is_mpich()
    }

    /// Panics unless standard error says `text`.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected `{text}` in:\n{}", self.stderr);
        self
    }
}

/// Whether the MPI library is MPICH.
pub(crate) fn is_mpich() -> bool {
    divisi::comm::library_version().starts_with("MPICH")
}

/// `program` on `ranks` ranks, more than cores if need be.
pub(crate) fn mpirun(ranks: usize, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("mpirun");
    command.args(["-n", &ranks.to_string()]).arg(program.as_ref());
    allow_here(&mut command);
    command
}

/// The program on one rank, without mpirun.
pub(crate) fn divisi() -> Command {
    without_mpirun(DIVISI)
}

/// `program` on one rank, without mpirun.
pub(crate) fn without_mpirun(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    allow_here(&mut command);
    command
}

/// Lets MPI run as root and with more ranks than cores, for Open MPI 4 and 5, and start soon.
pub(crate) fn allow_here(command: &mut Command) {
    start_soon(command);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
    command.env("OMPI_MCA_hwloc_base_binding_policy", "none");
    command.env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
}

/// Spares Open MPI most of what a start takes: looking for networks, which ranks of one host don't use, and for graphics cards, to which
/// ranks are not bound. What carries messages stays the same. Left out: a process without a launcher could do without its daemon
/// (`ess_singleton_isolated`), but all such processes share one folder, and the first that ends removes the files of the others.
pub(crate) fn start_soon(command: &mut Command) {
    command.env("OMPI_MCA_pml", "ob1").env("OMPI_MCA_btl", "self,vader").env("HWLOC_PLUGINS_PATH", "/nowhere");
}

/// Runs a command to its end, or kills it after `limit` seconds.
pub(crate) fn finish(command: &mut Command, limit: u64) -> Ended {
    let folder = tempfile::tempdir().expect("a folder for output");
    let capture = |name: &str| folder.path().join(name);
    let out = capture("out");
    let err = capture("err");
    command.stdin(Stdio::null());
    command.stdout(File::create(&out).expect("a file for stdout"));
    command.stderr(File::create(&err).expect("a file for stderr"));
    let start = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let status = wait(&mut child, Duration::from_secs(limit));
    let seconds = start.elapsed().as_secs_f64();
    let read = |path: &Path| {
        let mut text = Vec::new();
        File::open(path).and_then(|mut file| file.read_to_end(&mut text)).expect("captured output");
        String::from_utf8_lossy(&text).into_owned()
    };
    Ended { status, stdout: read(&out), stderr: read(&err), seconds }
}

/// Waits at most `limit`; TERM makes mpirun end its ranks, KILL what is left.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            return status.code();
        }
        if start.elapsed() > limit {
            signal(child, Signal::TERM);
            std::thread::sleep(Duration::from_secs(3));
            child.kill().ok();
            child.wait().ok();
            eprintln!("killed after {limit:?}");
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal to a child.
pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a child to signal");
}

/// Kills with -9 every process of the program whose command line names `folder`: the ranks, not their launcher.
pub(crate) fn kill_ranks(folder: &Path) {
    for rank in ranks_of(folder) {
        // It may have ended in between.
        kill_process(rank, Signal::KILL).ok();
    }
}

/// The processes of the program whose command line names `folder`.
pub(crate) fn ranks_of(folder: &Path) -> Vec<Pid> {
    let folder = folder.display().to_string();
    processes(|words| words[0] == DIVISI && words.contains(&folder))
}

/// The processes whose command line is one of these.
pub(crate) fn processes(is_one: impl Fn(&[String]) -> bool) -> Vec<Pid> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<_> = words.split(|byte| *byte == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let id = entry.file_name().to_string_lossy().parse().ok().and_then(Pid::from_raw);
        if let Some(id) = id
            && is_one(&words)
        {
            found.push(id);
        }
    }
    found
}

/// The project's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An example's program, built beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(DIVISI).parent().expect("a build folder").join("examples").join(name)
}

/// The files that a run leaves in place of snapshots: those of an orbit fit, and of light through optics.
const RESULTS: [&str; 4] = ["posterior.hdf5", "optics.hdf5", "psf.fits", "pupil.fits"];

/// The bytes of every file that promise 1 speaks of: snapshots, history, events, trajectory, results, the newest checkpoint; of a
/// sweep its results.
pub(crate) fn promised_files(run: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = |name: String| {
        let content = fs::read(run.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, content)
    };
    if run.join("journal").exists() {
        return ["results.csv", "results.h5"].map(|name| bytes(name.to_owned())).into();
    }
    let mut names = vec!["history.csv".to_owned()];
    let others = ["events.csv", "trajectory.hdf5", "summary.csv"].into_iter().chain(RESULTS);
    names.extend(others.filter(|name| run.join(name).exists()).map(String::from));
    for (folder, newest) in [("snapshots", false), ("checkpoints", true)] {
        let mut files: Vec<String> = fs::read_dir(run.join(folder))
            .unwrap_or_else(|error| panic!("{}: {error}", run.join(folder).display()))
            .map(|entry| format!("{folder}/{}", entry.expect("an entry").file_name().to_string_lossy()))
            .filter(|name| [".hdf5", ".vtkhdf", ".xmf"].iter().any(|extension| name.ends_with(extension)))
            .collect();
        files.sort();
        let needed = newest || !RESULTS.iter().any(|name| run.join(name).exists());
        assert!(!needed || !files.is_empty(), "no {folder} in {}", run.display());
        names.extend(if newest { files.split_off(files.len() - 1) } else { files });
    }
    names.into_iter().map(bytes).collect()
}

/// Panics with the name of the first file in which two runs differ.
#[track_caller]
pub(crate) fn assert_same_files(a: &Path, b: &Path) {
    let left = promised_files(a);
    let right = promised_files(b);
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&left), names(&right), "{} and {} hold other files", a.display(), b.display());
    for ((name, left), (_, right)) in left.iter().zip(&right) {
        let first = left.iter().zip(right).position(|(l, r)| l != r);
        let same = first.is_none() && left.len() == right.len();
        assert!(same, "{name} differs between {} and {} (first at byte {first:?})", a.display(), b.display());
    }
}

/// A column of history.csv.
pub(crate) fn history(run: &Path, column: &str) -> Vec<f64> {
    let text = fs::read_to_string(run.join("history.csv")).expect("history.csv");
    let mut lines = text.lines();
    let place = lines.next().and_then(|names| names.split(',').position(|name| name == column));
    let place = place.unwrap_or_else(|| panic!("no column {column} in {text:.200}"));
    lines.map(|line| line.split(',').nth(place).and_then(|cell| cell.parse().ok()).expect("a number")).collect()
}

/// What ledger.json tells of a run.
pub(crate) fn ledger(run: &Path) -> serde_json::Value {
    let text = fs::read_to_string(run.join("ledger.json")).expect("ledger.json");
    serde_json::from_str(&text).expect("JSON")
}

/// Removes shared-memory segments that killed ranks leave behind; those that a process uses, or is about to use, stay.
pub(crate) fn remove_stale_segments() {
    let is_old = |entry: &fs::DirEntry| {
        let changed = entry.metadata().and_then(|about| about.modified());
        changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > Duration::from_secs(2)))
    };
    let segments: Vec<_> = fs::read_dir("/dev/shm").into_iter().flatten().flatten().filter(is_old).collect();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let used: String = processes.filter_map(|entry| fs::read_to_string(entry.path().join("maps")).ok()).collect();
    for entry in segments {
        let name = entry.file_name().to_string_lossy().into_owned();
        if ["vader_segment", "osc_sm", "sm_segment", "mpich_sh", "ucx_shm_posix"]
            .iter()
            .any(|kind| name.starts_with(kind))
            && !used.contains(&name)
        {
            fs::remove_file(entry.path()).ok();
        }
    }
}
