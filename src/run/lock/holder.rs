//! Who holds a lock: where a process runs, and what another can know of it.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// What stands for something unknown.
const UNKNOWN: &str = "-";

/// A process, as a lock names it: by words of one line, the first three host, process and its start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Holder {
    host: String,
    process: String,
    /// When it started, in the kernel's ticks.
    started: String,
    /// The start of its kernel: containers share their host's, machines never do.
    boot: Option<String>,
    /// The namespace in which the number of the process counts.
    namespace: Option<String>,
    /// Cluster and number of its Slurm job.
    job: Option<String>,
    /// How often Slurm has started that job before.
    restarts: u64,
    /// Whether it keeps the file locked by the kernel until it ends.
    is_locked: bool,
    /// A number of its own, by chance.
    token: String,
}

/// The kernel's lock of a lock's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KernelLock {
    /// Nobody has it; or this job, since it looked.
    Free,
    /// Somebody has it.
    Held,
    /// The file system has no such locks.
    Unknown,
}

/// Whether the holder of a lock lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Alive,
    Dead,
    /// Nothing that can be seen from here tells.
    Doubt,
}

impl Holder {
    /// This process.
    pub(super) fn this_process() -> Self {
        let process = std::process::id().to_string();
        let job = word_of("SLURM_JOB_ID").map(|id| {
            let cluster = word_of("SLURM_CLUSTER_NAME");
            format!("{}/{id}", cluster.as_deref().unwrap_or(UNKNOWN))
        });
        Holder {
            host: word(&rustix::system::uname().nodename().to_string_lossy()),
            started: stat_of(&process).map_or_else(|| UNKNOWN.to_owned(), |stat| stat.started),
            namespace: own_namespace(&process),
            process,
            boot: fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| word(text.trim())),
            job,
            restarts: word_of("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0),
            is_locked: false,
            token: getrandom::u64().map_or_else(|_| UNKNOWN.to_owned(), |token| format!("{token:016x}")),
        }
    }

    /// The line that names it; `is_locked` tells whether the kernel locks the file.
    pub(super) fn line(&self, is_locked: bool) -> String {
        let Holder { host, process, started, boot, namespace, job, restarts, token, .. } = self;
        let [boot, namespace, job] = [boot, namespace, job].map(|text| text.as_deref().unwrap_or(UNKNOWN));
        format!(
            "{host} {process} {started} boot={boot} pidns={namespace} job={job} restarts={restarts} flock={is_locked} token={token}\n"
        )
    }

    /// The process that a line names. What it doesn't say is unknown.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let [host, process, started] = [words.next()?, words.next()?, words.next()?].map(str::to_owned);
        let named: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
        let get = |name: &str| {
            let (_, value) = named.iter().find(|(known, value)| *known == name && *value != UNKNOWN)?;
            Some((*value).to_owned())
        };
        Some(Holder {
            host,
            process,
            started,
            boot: get("boot"),
            namespace: get("pidns"),
            job: get("job"),
            restarts: get("restarts").and_then(|count| count.parse().ok()).unwrap_or(0),
            is_locked: get("flock").is_some_and(|is| is == "true"),
            token: get("token").unwrap_or_default(),
        })
    }

    /// Its number, if it counts where `me` is.
    pub(super) fn process_beside(&self, me: &Holder) -> Option<u32> {
        let is_beside = is_one(&self.boot, &me.boot) && is_one(&self.namespace, &me.namespace);
        self.process.parse().ok().filter(|_| is_beside)
    }

    /// Whether it lives, as `me` can know without its time: any sign of life counts, and under one kernel the lack of one does.
    pub(super) fn verdict(&self, me: &Holder, lock: KernelLock) -> Verdict {
        if is_one(&self.boot, &me.boot) {
            let process = if is_one(&self.namespace, &me.namespace) { self.process() } else { Verdict::Doubt };
            match (lock, process) {
                (KernelLock::Held, _) | (_, Verdict::Alive) => return Verdict::Alive,
                (_, Verdict::Dead) => return Verdict::Dead,
                (KernelLock::Free, Verdict::Doubt) if self.is_locked => return Verdict::Dead,
                (KernelLock::Free | KernelLock::Unknown, Verdict::Doubt) => {}
            }
        }
        if self.is_earlier_start_of(me) { Verdict::Dead } else { Verdict::Doubt }
    }

    /// Whether Slurm has started its job again since, as that of `me`.
    pub(super) fn is_earlier_start_of(&self, me: &Holder) -> bool {
        is_one(&self.job, &me.job) && self.restarts < me.restarts
    }

    /// Whether its process is one of this namespace.
    fn process(&self) -> Verdict {
        let Some(id) = self.process.parse().ok().and_then(Pid::from_raw) else { return Verdict::Doubt };
        if test_kill_process(id) == Err(Errno::SRCH) {
            return Verdict::Dead;
        }
        // Another user's process may be hidden.
        stat_of(&self.process).map_or(Verdict::Doubt, |stat| {
            if stat.has_ended || stat.started != self.started { Verdict::Dead } else { Verdict::Alive }
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.process, self.host)
    }
}

/// Whether both are known, and one.
fn is_one(a: &Option<String>, b: &Option<String>) -> bool {
    a.is_some() && a == b
}

/// A text as one word.
fn word(text: &str) -> String {
    if text.is_empty() { UNKNOWN.to_owned() } else { text.split_whitespace().collect::<Vec<_>>().join("_") }
}

/// A variable of the environment as one word, if it is there.
fn word_of(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty()).map(|text| word(&text))
}

/// What the kernel says of a process (man 5 proc, stat, fields 3 and 22).
struct Stat {
    has_ended: bool,
    started: String,
}

fn stat_of(process: &str) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace();
    let has_ended = ["Z", "X"].contains(&fields.next()?);
    Some(Stat { has_ended, started: fields.nth(18)?.to_owned() })
}

/// The namespace of this process's number, if `/proc` shows that one and not an outer one: then the kernel names the number in each
/// (man 5 proc, status, NSpid).
fn own_namespace(process: &str) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    let is_own = numbers.split_whitespace().eq([process]);
    let namespace = fs::metadata("/proc/self/ns/pid").ok()?;
    is_own.then(|| namespace.ino().to_string())
}
