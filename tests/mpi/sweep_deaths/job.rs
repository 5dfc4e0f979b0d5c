//! Sweeps to be disturbed: what a launched process does, and how it is launched, watched and killed.
//!
//! A job is told by words like `tasks=100 kill=7`. Each task notes in the file `ran` when it begins, so that what ran how often, where and
//! when can be held against the journal. Rank 0 leaves the outcomes in the file `results`, what was counted in `counts`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use divisi::comm::Comm;
use divisi::tasks::{Counts, Executor, Future, Outcome, Schedule, Task};
use divisi::{Error, Result};

use crate::common::{Pid, mpirun};

/// Tells a launched process that it is such a job: its words.
pub(crate) const JOB: &str = "DIVISI_TEST_SWEEP";

/// The words of a job.
struct Words(Vec<String>);

impl Words {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.text(key).map(|value| value.parse().unwrap_or_else(|_| panic!("{key}={value}")))
    }

    fn millis(&self, key: &str) -> Option<Duration> {
        self.number(key).map(Duration::from_millis)
    }
}

/// On every rank: does what the words say, in the folder that is the program's argument.
pub(crate) fn run(words: &str) -> ExitCode {
    let words = Words(words.split_whitespace().map(str::to_owned).collect());
    let folder = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    // As programs do that end well when asked to: mpirun asks all ranks when one has died, and rank 0 is to tell of that first.
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::default()).expect("a signal");
    divisi::comm::launch(|comm| {
        note(&folder, &format!("process {} {}", std::process::id(), comm.rank()));
        let sweep = sweep(comm, &words, &folder);
        let counts =
            if words.text("pool").is_some() { pool(&sweep, &words, &folder) } else { list(&sweep, &words, &folder) };
        Ok(if counts?.is_some_and(|counts| counts.failed > 0) { 3 } else { 0 })
    })
}

fn sweep<'a>(comm: &'a Comm, words: &Words, folder: &Path) -> Executor<'a> {
    let schedule = match words.text("schedule") {
        Some("static") => Schedule::Static,
        Some("cyclic") => Schedule::Cyclic,
        _ => Schedule::Dynamic,
    };
    let mut sweep = Executor::new(comm).schedule(schedule).retry_failed(words.number("retry_failed") == Some(1));
    if let Some(name) = words.text("journal") {
        sweep = sweep.journal(&folder.join(name), words.text("plan").unwrap_or("a test"));
    }
    if let Some(limit) = words.millis("limit") {
        sweep = sweep.time_limit(limit);
    }
    if let Some(chunk) = words.number("chunk") {
        sweep = sweep.chunk(chunk as u32);
    }
    if let Some(failures) = words.number("stop_after") {
        sweep = sweep.stop_after(failures);
    }
    let retries = words.number("retries").unwrap_or(3);
    let group = words.number("group").unwrap_or(1);
    sweep.retries(retries as u32).ranks_per_task(group as usize).root_computes(words.number("root") != Some(0))
}

/// The sweep over a list.
fn list(sweep: &Executor, words: &Words, folder: &Path) -> Result<Option<Counts>> {
    let mut outcomes = BTreeMap::new();
    let count = words.number("tasks").unwrap_or(100);
    let counts = sweep.for_each(
        count,
        |task| work(task, words, folder),
        |task, outcome| {
            if words.number("main_panic") == Some(task) {
                panic!("on purpose");
            }
            if words.number("main_error") == Some(task) {
                return Err(Error::input("main", "has had enough"));
            }
            assert!(outcomes.insert(task, outcome).is_none(), "task {task} has two outcomes");
            Ok(())
        },
    )?;
    finish(folder, &outcomes, counts);
    Ok(counts)
}

/// The same tasks, submitted: each third one after the two before it.
fn pool(sweep: &Executor, words: &Words, folder: &Path) -> Result<Option<Counts>> {
    let count = words.number("tasks").unwrap_or(100);
    let outcomes = RefCell::new(BTreeMap::new());
    let counts = sweep.pool(
        |task, argument: u64| {
            assert_eq!(task.inputs::<u64>()?.len(), if argument % 3 == 2 { 2 } else { 0 });
            Ok(work(task, words, folder)? ^ task.inputs::<u64>()?.iter().fold(argument, |sum, input| sum ^ input))
        },
        |pool| {
            let mut futures: Vec<Future<u64>> = Vec::new();
            for number in 0..count {
                let task = pool.task(number);
                let inputs = if number % 3 == 2 { futures.iter().rev().take(2).collect() } else { Vec::new() };
                futures.push(task.after(&inputs).submit()?);
            }
            for future in futures {
                let outcome = match future.result() {
                    Ok(value) => Ok(value),
                    Err(Error::Task(error)) => Err(error),
                    Err(error) => return Err(error),
                };
                assert!(outcomes.borrow_mut().insert(future.number(), outcome).is_none());
            }
            Ok(pool.counts())
        },
    )?;
    finish(folder, &outcomes.into_inner(), counts);
    Ok(counts)
}

/// Rank 0 leaves what came of it all.
fn finish(folder: &Path, outcomes: &BTreeMap<u64, Outcome<u64>>, counts: Option<Counts>) {
    let Some(counts) = counts else { return };
    let line = |(task, outcome): (&u64, &Outcome<u64>)| match outcome {
        Ok(value) => format!("{task} {value:016x}\n"),
        Err(error) => format!("{task} {:?} {}\n", error.cause, error.attempt),
    };
    fs::write(folder.join("results"), outcomes.iter().map(line).collect::<String>()).expect("results");
    fs::write(folder.join("counts"), format!("{counts:?}\n")).expect("counts");
}

/// A task: takes about as long as `micros` says, and does what else the words say of it.
fn work(task: &Task, words: &Words, folder: &Path) -> Result<u64> {
    let number = task.number();
    let attempt = task.attempt();
    if words.text("quiet").is_none() && task.comm().rank() == 0 {
        note(folder, &format!("task {number} {attempt} {} {}", divisi::comm::launcher_rank(), now().as_micros()));
    }
    let mut random = task.random();
    let value = random.bits();
    let this = |key| words.number(key) == Some(number);
    if this("kill") || (this("kill_once") && attempt == 1) {
        end_this_process();
    }
    if this("kill_member") && attempt == 1 && task.comm().rank() == 1 {
        end_this_process();
    }
    if this("exit") {
        std::process::exit(0);
    }
    if this("hang") || (this("hang_once") && attempt == 1) {
        std::thread::sleep(Duration::from_secs(60));
    }
    if words.number("fail").is_some_and(|of| number % of == 0) {
        return Err(Error::input("task", "fails"));
    }
    if this("panic") {
        panic!("task {number} panics");
    }
    let micros = words.number("micros").unwrap_or(1000) * (512 + value % 1024) / 1024;
    std::thread::sleep(Duration::from_micros(micros));
    if task.comm().size() > 1 {
        task.comm().barrier();
    }
    Ok(value)
}

fn end_this_process() -> ! {
    crate::common::kill_process(rustix::process::getpid(), crate::common::Signal::KILL).expect("this process");
    unreachable!("killed")
}

/// Appends a line to the file `ran`, whole, whoever else does.
fn note(folder: &Path, line: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(folder.join("ran")).expect("the file `ran`");
    file.write_all(format!("{line}\n").as_bytes()).expect("a line in `ran`");
}

/// The time, comparable between processes.
pub(crate) fn now() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().expect("a clock after 1970")
}

/// A line of the file `ran`: an attempt that began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    pub task: u64,
    pub attempt: u64,
    pub rank: u64,
    pub at: Duration,
}

/// All attempts that began in a folder, in the order in which they did.
pub(crate) fn ran(folder: &Path) -> Vec<Ran> {
    let text = fs::read_to_string(folder.join("ran")).unwrap_or_default();
    let read = |line: &str| {
        let words: Vec<u64> =
            line.strip_prefix("task ")?.split(' ').map(|word| word.parse().expect("a number")).collect();
        Some(Ran { task: words[0], attempt: words[1], rank: words[2], at: Duration::from_micros(words[3]) })
    };
    text.lines().filter_map(read).collect()
}

/// A command that runs a job in a folder.
pub(crate) fn command(recovery: bool, ranks: usize, folder: &Path, words: &str) -> Command {
    let me = std::env::current_exe().expect("this program");
    // mpirun's own option stands where its program would.
    let mut command = if recovery { mpirun(ranks, "--enable-recovery") } else { mpirun(ranks, &me) };
    if recovery {
        command.arg(&me);
    }
    command.arg(folder).env(JOB, words);
    command
}

/// Starts a job whose output nobody reads.
pub(crate) fn start(recovery: bool, ranks: usize, folder: &Path, words: &str) -> Child {
    let mut command = command(recovery, ranks, folder, words);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("mpirun starts")
}

/// The processes of a job, by rank, that are alive.
pub(crate) fn processes(folder: &Path) -> BTreeMap<u64, Pid> {
    let text = fs::read_to_string(folder.join("ran")).unwrap_or_default();
    let mut found = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("process ")) {
        let (id, rank) = line.split_once(' ').expect("two words");
        if is_alive(id, folder) {
            found.extend(id.parse().ok().and_then(Pid::from_raw).map(|id| (rank.parse().expect("a rank"), id)));
        }
    }
    found
}

/// Whether a process of that number runs in the folder; a dead one that nobody has waited for does not.
fn is_alive(id: &str, folder: &Path) -> bool {
    let words = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    words.split(|byte| *byte == 0).any(|word| word == folder.as_os_str().as_encoded_bytes())
}

/// Waits until something is there; panics after 20 s.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
