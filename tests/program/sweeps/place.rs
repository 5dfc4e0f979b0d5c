//! A folder with a plan, and the jobs that run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use divisi::tasks::journal::Recovered;
use tempfile::TempDir;

use crate::common::{DIVISI, Ended, divisi, finish, mpirun, ranks_of};

/// Seconds after which a job is killed.
pub(super) const LIMIT: u64 = 60;
/// From the end of a job to the end of all that it started.
const GONE: Duration = Duration::from_secs(3);

/// A plan in a folder of its own, and what its jobs leave there.
pub(super) struct Place(TempDir);

/// How a job is started.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub ranks: usize,
    /// Whether the launcher lets the others go on when a rank dies.
    pub recovery: bool,
}

/// On so many ranks, with a launcher that ends all when one dies.
pub(super) const fn on(ranks: usize) -> Start {
    Start { ranks, recovery: false }
}

/// On so many ranks, of which some may die.
pub(super) const fn surviving(ranks: usize) -> Start {
    Start { ranks, recovery: true }
}

impl Place {
    /// A folder with `plan` in it.
    pub(super) fn new(plan: &str) -> Self {
        let place = Place(tempfile::tempdir().expect("a folder"));
        place.write("plan.toml", plan);
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file");
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Replaces a part of the plan.
    #[track_caller]
    pub(super) fn change(&self, from: &str, to: &str) {
        let plan = self.read("plan.toml");
        assert!(plan.contains(from), "`{from}` is not in the plan");
        self.write("plan.toml", plan.replace(from, to));
    }

    /// `divisi run plan.toml --out NAME`, or with more words.
    pub(super) fn command(&self, start: Start, name: &str, words: &[&str]) -> Command {
        let mut command = launched(start);
        command.arg("run").arg(self.path("plan.toml")).args(words).arg("--out").arg(self.path(name));
        command
    }

    pub(super) fn run_to(&self, start: Start, name: &str, words: &[&str]) -> Ended {
        finish(&mut self.command(start, name, words), LIMIT)
    }

    pub(super) fn run(&self, start: Start, words: &[&str]) -> Ended {
        self.run_to(start, "out", words)
    }

    pub(super) fn resume(&self, start: Start, words: &[&str]) -> Ended {
        finish(launched(start).arg("resume").arg(self.out()).args(words), LIMIT)
    }

    /// Starts a job into `out` whose output nobody reads, anew or as the continuation of one.
    pub(super) fn spawn(&self, start: Start, words: &[&str]) -> Child {
        let mut command = self.command(start, "out", &[words, &["--resume"]].concat());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a job starts")
    }

    /// The bytes of results.csv and results.h5.
    #[track_caller]
    pub(super) fn results(&self, name: &str) -> [Vec<u8>; 2] {
        ["results.csv", "results.h5"].map(|file| {
            let path = self.path(name).join(file);
            fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
    }

    /// results.csv, a line for each task and one for the names.
    #[track_caller]
    pub(super) fn table(&self) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(self.out().join("results.csv"));
        let reader = reader.as_mut().expect("results.csv");
        reader.records().map(|line| line.expect("a line").iter().map(str::to_owned).collect()).collect()
    }

    /// A column of results.csv.
    #[track_caller]
    pub(super) fn column(&self, name: &str) -> Vec<String> {
        let table = self.table();
        let place = table[0].iter().position(|known| known == name);
        let place = place.unwrap_or_else(|| panic!("no column {name} in {:?}", table[0]));
        table[1..].iter().map(|line| line[place].clone()).collect()
    }

    /// What `divisi status` tells and ends with.
    pub(super) fn status(&self) -> Ended {
        finish(divisi().arg("status").arg(self.out()), LIMIT)
    }

    /// Runs, and expects that the sweep ends with `status`; a launcher that survives deaths ends with 1 in place of it.
    #[track_caller]
    pub(super) fn ends(&self, start: Start, words: &[&str], status: i32) -> Ended {
        let ended = self.run(start, words).expect(if start.recovery && status != 0 { 1 } else { status });
        self.status().expect(status);
        ended
    }

    /// How many attempts have noted their beginning in the file `ran`.
    pub(super) fn ran(&self) -> usize {
        self.read("ran").lines().count()
    }

    /// Waits until attempts have begun.
    #[track_caller]
    pub(super) fn wait_for_attempts(&self, count: usize) {
        wait_for("attempts", || (self.ran() >= count).then_some(()));
    }

    /// The tasks that the journal has results of.
    pub(super) fn recorded(&self) -> Vec<u64> {
        let Ok(recovered) = Recovered::read(&self.out().join("journal")) else { return Vec::new() };
        recovered.done().flat_map(|run| run.tasks().collect::<Vec<_>>()).collect()
    }

    /// Processes whose command line names this folder, this one's apart: command lines.
    pub(super) fn processes(&self) -> Vec<String> {
        let folder = self.0.path().as_os_str().as_encoded_bytes();
        let own = std::process::id().to_string();
        let entries = fs::read_dir("/proc").expect("/proc").flatten();
        let others = entries.filter(|entry| entry.file_name() != own.as_str());
        let lines = others.map(|entry| fs::read(entry.path().join("cmdline")).unwrap_or_default());
        let ours = lines.filter(|line| line.windows(folder.len()).any(|part| part == folder));
        ours.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).collect()
    }

    /// Waits until nothing of this folder's jobs runs any more.
    #[track_caller]
    pub(super) fn expect_no_processes(&self) {
        let began = Instant::now();
        while !self.processes().is_empty() {
            assert!(began.elapsed() < GONE, "still running: {:#?}", self.processes());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn launched(start: Start) -> Command {
    match start {
        Start { ranks: 1, recovery: false } => divisi(),
        Start { ranks, recovery: false } => mpirun(ranks, DIVISI),
        // mpirun's own option stands where its program would.
        Start { ranks, recovery: true } => {
            let mut command = mpirun(ranks, "--enable-recovery");
            command.arg(DIVISI);
            command
        }
    }
}

/// Waits until something is there; panics after 20 s.
#[track_caller]
pub(super) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The process of a rank of the job in `folder`, once it has started.
#[track_caller]
pub(super) fn rank_of(folder: &Path, rank: usize) -> crate::common::Pid {
    let marks = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].map(|name| format!("{name}={rank}").into_bytes());
    wait_for("a rank", || {
        ranks_of(folder).into_iter().find(|id| {
            let variables = fs::read(format!("/proc/{}/environ", id.as_raw_nonzero())).unwrap_or_default();
            variables.split(|byte| *byte == 0).any(|variable| marks.iter().any(|mark| mark == variable))
        })
    })
}
