//! One job per folder, with processes of their own: containers of one host name, no `/proc`, no locks of the kernel, a frozen holder.
//!
//! The table of all cases is in `src/run/lock/tests.rs`.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{DIVISI, Ended, Signal, finish, root, signal, wait};

const LIMIT: u64 = 60;
/// A run of minutes.
const LONG: [&str; 5] = ["--steps", "1000000000", "--until", "1e9", "output.history_steps=1000"];

/// The program with these words before it, on sims/nbody/kepler.toml.
fn run(before: &[&str], out: &Path, words: &[&str]) -> Command {
    let all = [before, &[DIVISI]].concat();
    let mut command = Command::new(all[0]);
    command.args(&all[1..]).arg("run").arg(root().join("sims/nbody/kepler.toml")).args(words).arg("--out").arg(out);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command
}

/// A run at work, killed when this goes away.
struct Work {
    child: Child,
    out: PathBuf,
    _folder: TempDir,
}

impl Work {
    fn begin(before: &[&str], setting: Option<(&str, &Path)>) -> Work {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let mut command = run(before, &out, &LONG);
        command.envs(setting).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().expect("a run");
        let work = Work { child, out, _folder: folder };
        let began = Instant::now();
        while !work.out.join("history.csv").exists() {
            assert!(began.elapsed().as_secs() < LIMIT, "the run did not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        work
    }

    /// Another run in the folder.
    fn another(&self, before: &[&str], setting: Option<(&str, &Path)>) -> Ended {
        finish(run(before, &self.out, &["--steps", "3", "--overwrite"]).envs(setting), LIMIT)
    }

    fn kill(&mut self) {
        self.child.kill().expect("a run to kill");
        self.child.wait().expect("a run that ended");
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this machine lets us have namespaces; says so if not.
fn allowed(before: &[&str]) -> bool {
    let tried = Command::new(before[0]).args(&before[1..]).arg("true").stderr(Stdio::null()).status();
    let allowed = tried.is_ok_and(|status| status.success());
    if !allowed {
        eprintln!("left out: `{}` is not allowed here", before.join(" "));
    }
    allowed
}

const BUSY: &str = "another job is at work in this folder: process";

#[test]
fn containers_that_share_a_host_name_keep_apart_and_a_dead_ones_folder_is_free_at_once() {
    let container = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    if !allowed(&container) {
        return;
    }
    let mut work = Work::begin(&container, None);
    work.another(&container, None).expect(2).says(BUSY);
    work.another(&["env"], None).expect(2).says(BUSY);
    work.kill();
    work.another(&container, None).expect(0);
}

/// Where `/proc` is empty nothing tells the kernel or the process: a fresh time counts.
#[test]
fn without_proc_a_job_at_work_keeps_its_folder() {
    let blind = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"];
    if !allowed(&blind) {
        return;
    }
    let work = Work::begin(&blind, None);
    work.another(&blind, None).expect(2).says(BUSY);
    work.another(&["env"], None).expect(2).says(BUSY);
    let seeing = Work::begin(&["env"], None);
    seeing.another(&blind, None).expect(2).says(BUSY);
}

/// As on Lustre without the option `flock`.
#[test]
fn file_systems_without_locks_of_the_kernel_serve_too_and_say_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("noflock.c");
    let library = folder.path().join("noflock.so");
    fs::write(&source, "#include <errno.h>\nint flock(int file, int what) { errno = ENOSYS; return -1; }\n").unwrap();
    finish(Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]), LIMIT).expect(0);
    let setting = Some(("LD_PRELOAD", library.as_path()));
    let mut work = Work::begin(&["env"], setting);
    work.another(&["env"], setting).expect(2).says(BUSY);
    work.kill();
    let ended = work.another(&["env"], setting).expect(0).says("no locks of the kernel (flock)");
    assert!(!work.out.join("lock").exists(), "{}", ended.stderr);
}

/// Stopped for so long that a job on another host took its folder: it writes nothing when it goes on.
#[test]
fn a_frozen_job_whose_folder_was_taken_ends_without_writing() {
    let mut work = Work::begin(&["env"], None);
    signal(&work.child, Signal::STOP);
    // Under one kernel a stopped process is one that lives.
    work.another(&["env"], None).expect(2).says(BUSY);
    fs::write(work.out.join("lock"), "elsewhere 17 4711\n").unwrap();
    // Longer than it goes without a look at its lock.
    std::thread::sleep(Duration::from_millis(6500));
    let before = fs::read(work.out.join("history.csv")).unwrap();
    signal(&work.child, Signal::CONT);
    assert_eq!(wait(&mut work.child, Duration::from_secs(10)), Some(1));
    assert_eq!(fs::read_to_string(work.out.join("lock")).unwrap(), "elsewhere 17 4711\n");
    assert_eq!(fs::read(work.out.join("history.csv")).unwrap(), before, "it wrote a row");
}
