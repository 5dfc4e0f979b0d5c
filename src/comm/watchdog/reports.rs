//! What is said of ranks that are silent, and of files that don't answer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::comm::Comm;

/// Ranks that are named one by one, at most.
const NAMED: usize = 8;

/// By rank: the name of its host.
#[derive(Debug)]
pub(super) struct Hosts {
    names: Vec<String>,
    /// Its process, and when that was started, by which it is known from one that has its number later.
    processes: Vec<[u64; 2]>,
}

impl Hosts {
    /// Of these ranks. All ranks.
    pub(super) fn of(comm: &Comm) -> Self {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let lengths = comm.all_gather(&[name.len() as u64]);
        let bytes = comm.all_gather(name.as_bytes());
        let mut rest = &bytes[..];
        let names = lengths.into_iter().map(|length| {
            let (name, after) = rest.split_at(length as usize);
            rest = after;
            String::from_utf8_lossy(name).into_owned()
        });
        let own = getpid();
        let process = [own.as_raw_nonzero().get() as u64, started(own).unwrap_or(0)];
        Hosts { names: names.collect(), processes: comm.all_gather(&[process]) }
    }

    /// Ends those of these ranks that are on the host of rank `own`: a process that stands still would stay behind.
    pub(super) fn kill_near(&self, own: usize, ranks: &[usize]) {
        let near = ranks.iter().filter(|&&rank| self.names[rank] == self.names[own]);
        for [process, since] in near.map(|&rank| self.processes[rank]) {
            if let Some(process) = Pid::from_raw(process as i32)
                && started(process) == Some(since)
            {
                let _ = kill_process(process, Signal::KILL);
            }
        }
    }

    /// Whether all ranks are on one host.
    pub(super) fn are_one(&self) -> bool {
        self.names.iter().all(|host| *host == self.names[0])
    }

    /// The rank that tells the end of rank 0: the first on another host, or else rank 1.
    pub(super) fn reporter(&self) -> usize {
        self.names.iter().position(|host| *host != self.names[0]).unwrap_or(1)
    }

    /// What is said of ranks that are silent: hosts of which all ranks are, or else ranks.
    pub(super) fn silent(&self, ranks: &[usize], limit: Duration) -> String {
        let mut by_host: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &rank in ranks {
            by_host.entry(&self.names[rank]).or_default().push(rank);
        }
        let whole = |host: &str, silent: &[usize]| {
            !self.are_one() && self.names.iter().filter(|other| *other == host).count() == silent.len()
        };
        let told = by_host.iter().map(|(host, silent)| {
            let ranks = ranks_text(silent);
            if whole(host, silent) { format!("host {host} ({ranks})") } else { format!("{ranks} on host {host}") }
        });
        let told: Vec<String> = told.collect();
        let reason = if ranks.iter().all(|&rank| whole(&self.names[rank], &by_host[self.names[rank].as_str()])) {
            "it is off, cut off or stands still"
        } else {
            "the process is stopped or stands still"
        };
        format!("nothing was heard of {} for {} s: {reason}", told.join(", "), seconds_text(limit))
    }
}

/// When a process was started, in ticks since the machine was, where the kernel tells.
fn started(process: Pid) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // After the name in brackets: the state is field 3, the start 22 (proc(5)).
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn ranks_text(ranks: &[usize]) -> String {
    let named: Vec<String> = ranks.iter().take(NAMED).map(usize::to_string).collect();
    let word = if ranks.len() == 1 { "rank" } else { "ranks" };
    let more = if ranks.len() > NAMED { format!(" and {} more", ranks.len() - NAMED) } else { String::new() };
    format!("{word} {}{more}", named.join(", "))
}

/// Seconds without decimals that say nothing.
fn seconds_text(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64()).trim_end_matches(".0").to_owned()
}

/// Files at which ranks have been beyond the limit.
#[derive(Debug)]
pub(super) struct Slow {
    limit: Duration,
    /// By rank: the file that was told and has not answered since.
    told: Vec<Option<PathBuf>>,
}

impl Slow {
    /// None yet, of so many ranks. Who writes a file together with a rank that is silent waits too: that is told first, after the limit.
    pub(super) fn new(ranks: usize, limit: Duration) -> Self {
        Slow { limit: 2 * limit, told: vec![None; ranks] }
    }

    /// What is to be said after a rank has told for how long it has been at a file. Of all that wait for the same file, the first is named.
    pub(super) fn look(&mut self, rank: usize, file: Option<&(Duration, PathBuf)>, hosts: &Hosts) -> Option<String> {
        let late = file.filter(|(elapsed, _)| *elapsed > self.limit);
        match (late, &self.told[rank]) {
            (Some((elapsed, path)), None) => {
                let is_known = self.told.iter().flatten().any(|told| told == path);
                self.told[rank] = Some(path.clone());
                let line = || {
                    let (host, path) = (&hosts.names[rank], path.display());
                    format!(
                        "divisi: {path}: rank {rank} on host {host} has waited for {} s for this file's system, which does not answer; the job waits on",
                        elapsed.as_secs()
                    )
                };
                (!is_known).then(line)
            }
            (None, Some(path)) => {
                let path = path.clone();
                self.told[rank] = None;
                let is_left = self.told.iter().flatten().any(|told| *told == path);
                (!is_left).then(|| format!("divisi: {}: the file system answers again", path.display()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn hosts() -> Hosts {
        Hosts { names: ["h1", "h1", "h2", "h2"].map(str::to_owned).to_vec(), processes: vec![[0; 2]; 4] }
    }

    #[test]
    fn a_host_is_named_where_all_its_ranks_are_silent_and_else_ranks_are() {
        let told = hosts().silent(&[2, 3], LIMIT);
        assert_eq!(told, "nothing was heard of host h2 (ranks 2, 3) for 60 s: it is off, cut off or stands still");
        let told = hosts().silent(&[3], Duration::from_millis(1500));
        assert_eq!(told, "nothing was heard of rank 3 on host h2 for 1.5 s: the process is stopped or stands still");
        let one = Hosts { names: vec!["h1".to_owned(); 2], processes: vec![[0; 2]; 2] };
        assert!(one.silent(&[1], LIMIT).contains("of rank 1 on host h1 for"));
        assert_eq!((hosts().reporter(), one.reporter()), (2, 1));
        assert_eq!(ranks_text(&Vec::from_iter(0..10)), "ranks 0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }

    #[test]
    fn a_file_that_does_not_answer_is_told_once_and_once_when_it_answers() {
        let mut slow = Slow::new(4, LIMIT);
        let at = |seconds| Some((Duration::from_secs(seconds), PathBuf::from("out/history.csv")));
        assert_eq!(slow.look(0, at(119).as_ref(), &hosts()), None);
        let told = slow.look(2, at(121).as_ref(), &hosts()).expect("told");
        assert!(told.contains("out/history.csv: rank 2 on host h2 has waited for 121 s"), "{told}");
        assert_eq!(slow.look(0, at(122).as_ref(), &hosts()), None);
        assert_eq!(slow.look(2, at(123).as_ref(), &hosts()), None);
        assert_eq!(slow.look(2, None, &hosts()), None);
        assert_eq!(
            slow.look(0, None, &hosts()).expect("told"),
            "divisi: out/history.csv: the file system answers again"
        );
    }
}
