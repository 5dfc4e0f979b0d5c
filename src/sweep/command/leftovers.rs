//! What a program leaves behind when it ends: processes that left its group, whatever session or environment they gave themselves.
//!
//! On Linux this process is the subreaper of its programs: who loses its parent becomes this process's child, so nothing can hide.
//! What is found so is killed and reaped, until nothing comes any more. It is a child and not reaped yet, so no signal can hit a stranger.
//! Where the kernel has no subreaper or lists no children, processes are known by the mark in their environment.
//!
//! Left alone: children that were there before a program began, those of this process's own group (programs get groups of their own), and
//! those with the mark of other programs. This process may be somebody's program that uses the library and has children of its own. Once
//! there are such, an orphan without a mark may be theirs, and only what carries the mark is ended. Left out: who starts children in groups
//! of their own, without a mark, while a program runs: they are taken for what it left.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgid, getpgrp, getpid, kill_process, set_child_subreaper, waitid,
};

/// The variable that carries the mark.
pub(super) const MARK: &str = "DIVISI_GUARD";
/// How long processes may take to be gone after they are killed.
const GONE: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// Finds what programs leave behind.
#[derive(Debug)]
pub(super) struct Leftovers {
    /// What programs carry in their environment: a variable and its value.
    mark: String,
    /// Children of this process that are no programs; nothing if children can't be told.
    others: Option<Vec<Pid>>,
    /// Children without a mark that were there when the last program began, and still are.
    strangers: Mutex<Vec<Pid>>,
}

impl Leftovers {
    /// Of programs with this mark, from here on: other children that this process starts must be in a list by now, or in its group.
    pub(super) fn new(mark: &str) -> Self {
        let adopts = set_child_subreaper(Some(getpid())).is_ok();
        let others = if adopts { children() } else { None };
        Leftovers { mark: format!("{MARK}={mark}"), others, strangers: Mutex::default() }
    }

    /// A program is about to begin: children that are here by now are not of its making.
    pub(super) fn begin(&self) {
        let Some(children) = self.others.as_ref().and_then(|others| Some(without(children()?, others))) else { return };
        let unmarked = children.into_iter().filter(|&child| marks(child).is_empty() && !is_dead(child));
        *self.strangers.lock().unwrap_or_else(PoisonError::into_inner) = unmarked.collect();
    }

    /// Ends all that is left of programs that have ended. None may be at work.
    pub(super) fn end(&self) {
        let until = Instant::now() + GONE;
        loop {
            let left = self.find();
            left.iter().for_each(|&process| end(process));
            if left.is_empty() || Instant::now() > until {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }

    fn find(&self) -> Vec<Pid> {
        let Some(children) = self.others.as_ref().and_then(|others| Some(without(children()?, others))) else {
            return processes().filter(|&process| marks(process).contains(&self.mark)).collect();
        };
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.retain(|stranger| children.contains(stranger));
        without(children, &strangers).into_iter().filter(|&child| self.is_left(child, !strangers.is_empty())).collect()
    }

    /// Whether a child that is no program was left by one. One without a mark may be a stranger's where there are `strangers`.
    fn is_left(&self, child: Pid, strangers: bool) -> bool {
        let is_apart = getpgid(Some(child)).is_ok_and(|group| group != getpgrp());
        let marks = marks(child);
        is_apart && marks.iter().all(|mark| *mark == self.mark) && !(strangers && marks.is_empty())
    }
}

impl Drop for Leftovers {
    /// What was left by a program whose end nobody saw, as that of a process of its own which was killed. What has no mark stays.
    fn drop(&mut self) {
        if self.others.is_some() {
            let marked = children().unwrap_or_default().into_iter().filter(|&child| marks(child).contains(&self.mark));
            marked.for_each(end);
        }
    }
}

/// Kills a process and reaps it. It fails only if the process is gone, or was given to another user.
fn end(process: Pid) {
    let _ = kill_process(process, Signal::KILL);
    let _ = waitid(WaitId::Pid(process), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
}

/// Whether a child has ended, and nobody has waited for it.
fn is_dead(child: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(child), look), Ok(Some(_)))
}

/// Those that are not among `others`.
fn without(mut processes: Vec<Pid>, others: &[Pid]) -> Vec<Pid> {
    processes.retain(|process| !others.contains(process));
    processes
}

/// The children of this process's first thread, which starts programs and gets the orphans. Nothing if the kernel doesn't tell.
fn children() -> Option<Vec<Pid>> {
    let own = getpid().as_raw_nonzero();
    let listed = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).ok()?;
    Some(listed.split_ascii_whitespace().filter_map(pid).collect())
}

/// All processes that can be seen.
fn processes() -> impl Iterator<Item = Pid> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| pid(entry.file_name().to_str()?))
}

fn pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse().ok()?)
}

/// The marks in a process's environment; none where it can't be read, or the process is dead.
fn marks(process: Pid) -> Vec<String> {
    let environment = fs::read(format!("/proc/{}/environ", process.as_raw_nonzero())).unwrap_or_default();
    let variables = environment.split(|&byte| byte == 0).map(String::from_utf8_lossy);
    variables.filter(|variable| variable.starts_with(MARK)).map(String::from).collect()
}

#[cfg(test)]
impl Leftovers {
    /// As where the kernel has no subreaper.
    pub(super) fn by_mark_alone(mark: &str) -> Self {
        Leftovers { mark: format!("{MARK}={mark}"), others: None, strangers: Mutex::default() }
    }
}
