//! The table of cases: who may take a folder whose lock says what.
//!
//! Where the holder is: this kernel and this namespace of processes; this kernel and another namespace, or one that nobody knows (no
//! `/proc`); another kernel, with another or the same name of its host, its clock right, ahead or behind; an earlier start of the same
//! Slurm job, or another step of this one. What the file system has: locks of the kernel, none, or one that a dead host left. How the
//! holder is: at work, gone, or frozen. The cases with processes of their own are in `tests/program/locks.rs`.

use std::fs::OpenOptions;
use std::os::unix::fs::MetadataExt;

use super::holder::Verdict;
use super::*;

/// What jobs have, made short.
const QUICK: Times = Times {
    renewed: Duration::from_millis(40),
    dying: Duration::from_millis(10),
    forgotten: Duration::from_secs(60),
    settled: Duration::from_millis(400),
};

fn me() -> Holder {
    Holder::this_process()
}

fn line_of(holder: &Holder) -> String {
    holder.line(true)
}

/// This process's line with these words in place of its own.
fn line_with(words: &[(&str, &str)]) -> String {
    let line = line_of(&me());
    let replaced = line.split_whitespace().map(|word| {
        let name = word.split('=').next().unwrap_or_default();
        let other = words.iter().find(|(known, _)| word.contains('=') && *known == name);
        other.map_or_else(|| word.to_owned(), |(name, value)| format!("{name}={value}"))
    });
    replaced.collect::<Vec<_>>().join(" ")
}

/// A folder whose lock says `line`, changed so many seconds from now.
fn folder_with(line: &str, seconds: i64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(LOCK), line).unwrap();
    set_time(folder.path(), seconds);
    folder
}

fn set_time(folder: &Path, seconds: i64) {
    let file = OpenOptions::new().write(true).open(folder.join(LOCK)).unwrap();
    let apart = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    file.set_modified(if seconds < 0 { now - apart } else { now + apart }).unwrap();
}

/// Takes the lock; the refusal, if there is one.
fn taken(folder: &Path, me: &Holder) -> Result<Held> {
    Held::take(folder, me, QUICK)
}

#[track_caller]
fn refused(folder: &Path, me: &Holder) -> String {
    taken(folder, me).expect_err("another job is at work").to_string()
}

/// A job of Slurm: its number and how often it was started before.
fn with_job(line: &str, job: &str, restarts: u64) -> Holder {
    let line = line.replace("job=-", &format!("job={job}")).replace("restarts=0", &format!("restarts={restarts}"));
    Holder::parse(&line).unwrap()
}

#[test]
fn one_holder_at_a_time_and_none_after_it_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let lock = Lock::take(folder.path()).unwrap();
    let told = Lock::take(folder.path()).unwrap_err().to_string();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert!(told.contains(&format!("process {} on {host}", std::process::id())), "{told}");
    assert!(holder(folder.path()).unwrap().is_some());
    drop(lock);
    assert!(!folder.path().join("lock").exists());
    assert!(holder(folder.path()).unwrap().is_none());
    drop(Lock::take(folder.path()).unwrap());
}

#[test]
fn a_name_is_read_as_it_was_written() {
    let me = me();
    assert_eq!(Holder::parse(&me.line(false)), Some(me.clone()));
    assert_ne!(Holder::parse(&line_of(&me)), Some(me.clone()));
    // Two starts of one process in one tick, or without `/proc`, differ too.
    assert_ne!(Holder::this_process(), me);
    for text in ["", "\n", "host 12"] {
        assert_eq!(Holder::parse(text), None, "{text}");
    }
}

/// The verdict by what the kernel of both knows, for each state of its lock.
#[test]
fn any_sign_of_life_counts_and_under_one_kernel_the_lack_of_one_does() {
    use KernelLock::{Free, Held, Unknown};
    use Verdict::{Alive, Dead, Doubt};
    let own = line_of(&me());
    let gone = own.replacen(&format!(" {} ", std::process::id()), " 4194304 ", 1);
    let words: Vec<&str> = own.split_whitespace().collect();
    let later = own.replacen(&format!(" {} ", words[2]), &format!(" 1{} ", words[2]), 1);
    let other_namespace = line_with(&[("pidns", "1")]);
    let no_flock = line_with(&[("pidns", "1"), ("flock", "false")]);
    let other_kernel = line_with(&[("boot", "another"), ("pidns", "1")]);
    let cases = [
        // What the lock says, and the verdict where its file is free, held, or can't be locked.
        ("this process", own.as_str(), [Alive, Alive, Alive]),
        ("a process that is gone", &gone, [Dead, Alive, Dead]),
        ("a number that another process has by now", &later, [Dead, Alive, Dead]),
        ("another namespace of this kernel", &other_namespace, [Dead, Alive, Doubt]),
        ("another namespace, and a holder that could not lock the file", &no_flock, [Doubt, Alive, Doubt]),
        ("another kernel, also under this host's name", &other_kernel, [Doubt, Doubt, Doubt]),
        ("no /proc", &line_with(&[("boot", "-"), ("pidns", "-")]), [Doubt, Doubt, Doubt]),
        ("words of an earlier version", "elsewhere 17 4711", [Doubt, Doubt, Doubt]),
    ];
    for (case, line, verdicts) in cases {
        let holder = Holder::parse(line).unwrap();
        for (lock, verdict) in [Free, Held, Unknown].into_iter().zip(verdicts) {
            assert_eq!(holder.verdict(&me(), lock), verdict, "{case}, {lock:?}");
        }
    }
    let blind = Holder::parse(&line_with(&[("boot", "-"), ("pidns", "-")])).unwrap();
    assert_eq!(me().verdict(&blind, Free), Doubt, "a job without /proc knows nothing of this kernel");
}

#[test]
fn a_lock_whose_holder_is_gone_is_taken_at_once() {
    let own = line_of(&me());
    let words: Vec<&str> = own.split_whitespace().collect();
    for left in [
        own.replacen(&format!(" {} ", std::process::id()), " 4194304 ", 1),
        own.replacen(&format!(" {} ", words[2]), &format!(" 1{} ", words[2]), 1),
        // As a container leaves it: its number may be that of another process here.
        line_with(&[("pidns", "1")]),
        String::new(),
    ] {
        let folder = folder_with(&left, 0);
        drop(taken(folder.path(), &me()).unwrap());
    }
}

#[test]
fn a_holder_in_another_namespace_lives_as_long_as_the_kernel_locks_its_file() {
    let folder = folder_with(&line_with(&[("pidns", "1")]), -7200);
    let held = OpenOptions::new().write(true).open(folder.path().join(LOCK)).unwrap();
    held.lock().unwrap();
    assert!(refused(folder.path(), &me()).contains("another job is at work"));
    assert!(holder(folder.path()).unwrap().is_some());
    drop(held);
    assert!(holder(folder.path()).unwrap().is_none());
    taken(folder.path(), &me()).unwrap();
}

#[test]
fn a_lock_of_another_host_counts_for_a_minute_after_its_last_renewal_by_any_clock() {
    for line in ["elsewhere 17 4711\n".to_owned(), line_with(&[("boot", "another")]), line_with(&[("boot", "-")])] {
        for seconds in [0, 3, -3, 50, -50] {
            let folder = folder_with(&line, seconds);
            let told = refused(folder.path(), &me());
            assert!(told.contains(" on ") && told.contains("a minute after its last sign of life"), "{told}");
            assert!(holder(folder.path()).unwrap().is_some());
        }
        for seconds in [-120, 120] {
            let folder = folder_with(&line, seconds);
            assert!(holder(folder.path()).unwrap().is_none());
            let began = std::time::Instant::now();
            drop(taken(folder.path(), &me()).unwrap());
            assert!(began.elapsed() >= QUICK.watched(), "{line}: not watched");
        }
    }
    assert!(refused(folder_with("elsewhere 17 4711", 0).path(), &me()).contains("process 17 on elsewhere"));
}

/// Clocks that are more than a minute apart: the time that moves tells, not what it is.
#[test]
fn a_time_that_moves_is_a_sign_of_life_whatever_the_clocks_say() {
    for seconds in [-7200, 7200] {
        let folder = folder_with(&line_with(&[("boot", "another")]), seconds);
        let path = folder.path().to_owned();
        let renewal = std::thread::spawn(move || {
            std::thread::sleep(2 * BETWEEN_LOOKS);
            set_time(&path, seconds + seconds.signum());
        });
        let patient = Times { renewed: Duration::from_secs(4), ..QUICK };
        let told = Held::take(folder.path(), &me(), patient).unwrap_err().to_string();
        assert!(told.contains("another job is at work"), "{told}");
        renewal.join().unwrap();
    }
}

#[test]
fn an_earlier_start_of_the_same_slurm_job_is_dead_and_another_step_of_this_start_is_not() {
    let elsewhere = line_with(&[("boot", "another"), ("pidns", "1"), ("job", "-"), ("restarts", "0")]);
    let here = line_with(&[("job", "-"), ("restarts", "0")]);
    let line = |job: &str, restarts| line_of(&with_job(&elsewhere, job, restarts));
    let second = with_job(&here, "c/7", 1);
    drop(taken(folder_with(&line("c/7", 0), 0).path(), &second).unwrap());
    for (job, restarts) in [("c/7", 1), ("c/8", 0), ("d/7", 0), ("-", 0)] {
        let folder = folder_with(&line(job, restarts), 0);
        assert!(refused(folder.path(), &second).contains("at work"), "{job}, start {restarts}");
    }
    // On this kernel too, where its end can be seen: it is waited for, longer than for others.
    let first = line_of(&with_job(&here, "c/7", 0));
    let folder = folder_with(&first, 0);
    let held = OpenOptions::new().write(true).open(folder.path().join(LOCK)).unwrap();
    held.lock().unwrap();
    let mut watch = Watch::new(QUICK);
    let look = Look::to_read(&folder.path().join(LOCK)).unwrap().unwrap();
    let Sight::Busy { patience, .. } = watch.judge(&look, &second) else { panic!("it is at work") };
    assert_eq!(patience, QUICK.forgotten);
}

/// The server of the files keeps the lock of a host that died: nobody has to remove it.
#[test]
fn a_lock_that_a_dead_host_left_at_the_server_is_overcome() {
    let folder = folder_with(&line_with(&[("boot", "another")]), -7200);
    let path = folder.path().join(LOCK);
    let left = OpenOptions::new().write(true).open(&path).unwrap();
    left.lock().unwrap();
    let held = taken(folder.path(), &me()).unwrap();
    assert_ne!(fs::metadata(&path).unwrap().ino(), left.metadata().unwrap().ino());
    assert!(held.is_own().unwrap());
}

/// A holder that stood still finds another's name, or no file at all where that job has ended already.
#[test]
fn a_holder_that_was_frozen_sees_that_its_folder_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOCK);
    let frozen = Held::take(folder.path(), &me(), Times::OF_JOBS).unwrap();
    assert!(frozen.is_late() && frozen.renew() && !frozen.is_late());
    frozen.seen.fetch_sub(7000, Ordering::Relaxed);
    assert!(frozen.is_late(), "it must look before it writes");
    assert!(frozen.renew() && !frozen.is_late());
    fs::write(&path, "elsewhere 17 4711\n").unwrap();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    assert!(!frozen.renew());
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before, "it renewed the other's lock");
    fs::remove_file(&path).unwrap();
    assert!(!frozen.renew());
}

/// Without locks of the kernel two jobs may see a free folder at once: the one that wrote its name last has it.
#[test]
fn of_jobs_that_take_a_folder_at_once_one_gets_it() {
    // A held file that counts as left behind, so that each removes it and makes another.
    let folder = folder_with(&line_with(&[("boot", "another")]), -7200);
    let left = OpenOptions::new().write(true).open(folder.path().join(LOCK)).unwrap();
    left.lock().unwrap();
    let take = || taken(folder.path(), &me());
    let all: Vec<_> = std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    });
    let holders: Vec<_> = all.iter().flatten().collect();
    assert_eq!(holders.len(), 1);
    assert!(holders[0].is_own().unwrap());
}

/// In a folder copied by `cp -rs` while its lock was there, or where somebody made the link; also one that leads nowhere.
#[test]
fn a_lock_is_not_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    for there in [true, false] {
        if there {
            fs::write(&precious, "precious\n").unwrap();
        }
        std::os::unix::fs::symlink(&precious, folder.path().join(LOCK)).unwrap();
        let held = taken(folder.path(), &me()).unwrap();
        assert!(held.is_own().unwrap());
        assert_eq!(fs::read_to_string(&precious).ok().as_deref(), there.then_some("precious\n"));
        fs::remove_file(folder.path().join(LOCK)).unwrap();
        let _ = fs::remove_file(&precious);
    }
}

/// A second name of the same file, as `cp -al` makes it: of a lock that a job left, or of an empty file.
#[test]
fn a_lock_with_a_second_name_is_written_anew() {
    for said in [line_with(&[("pidns", "1")]), String::new()] {
        let folder = folder_with(&said, 0);
        let other = folder.path().join("other");
        fs::hard_link(folder.path().join(LOCK), &other).unwrap();
        let held = taken(folder.path(), &me()).unwrap();
        assert!(held.is_own().unwrap());
        assert_eq!(fs::read_to_string(&other).unwrap(), said);
        assert_eq!(held.file.metadata().unwrap().nlink(), 1);
    }
}

#[test]
fn a_file_of_somebody_elses_is_neither_written_nor_removed() {
    for said in ["precious\n", "packages:\n  - a 1.0\n"] {
        let folder = folder_with(said, 0);
        let told = refused(folder.path(), &me());
        assert!(told.contains("lock: is not a lock of this program's") && told.contains("--out"), "{told}");
        assert_eq!(fs::read_to_string(folder.path().join(LOCK)).unwrap(), said);
    }
}
