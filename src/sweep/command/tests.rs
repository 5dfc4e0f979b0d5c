//! Real programs: their results, how they end, and that nothing of them stays.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::Instant;

use super::child::LINGER;
use super::*;
use crate::sweep::value::Value;

const SECOND: Duration = Duration::from_secs(1);

/// A shell script as a task.
fn shell(script: &str, output: Output, time_limit: Option<Duration>) -> Report {
    run(&["sh", "-c", script], output, None, time_limit)
}

fn run(argv: &[&str], output: Output, folder: Option<&Path>, time_limit: Option<Duration>) -> Report {
    let argv: Vec<String> = argv.iter().map(|&word| word.to_owned()).collect();
    let command = Command { argv: &argv, output, folder, time_limit, task: 7, attempt: 2, seed: 42 };
    Programs::new(3).run(&command, &|| false)
}

/// What `run` gives, and how many seconds it took.
fn timed(run: impl FnOnce() -> Report) -> (Report, f64) {
    let began = Instant::now();
    let report = run();
    (report, began.elapsed().as_secs_f64())
}

fn text(report: &Report) -> String {
    match &report.result.as_ref().unwrap()[..] {
        [(name, Value::Text(text))] if name == "result" => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn failure(report: &Report) -> Failure {
    report.result.clone().unwrap_err()
}

/// Whether something comes true within three seconds.
fn comes_true(is_true: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_true() {
        if began.elapsed() > 3 * SECOND {
            return false;
        }
        std::thread::sleep(SECOND / 100);
    }
    true
}

/// Whether a process is gone, not merely dead; waits a little for it.
fn is_gone(process: &str) -> bool {
    let stat = || std::fs::read_to_string(format!("/proc/{process}/stat"));
    // One whose parent has died is reaped by another process, maybe late.
    let lives = |stat: String| !stat.contains(") Z ");
    assert!(process.parse::<u32>().is_ok(), "`{process}` is no process");
    comes_true(|| !stat().is_ok_and(lives))
}

#[test]
fn a_program_gives_its_output() {
    let (report, seconds) = timed(|| shell("echo start; echo 2.5; echo careful >&2", Output::Number, None));
    assert_eq!(report.result, Ok(vec![("result".to_owned(), Value::Number(2.5))]));
    assert_eq!((report.stdout.bytes(), report.stderr.bytes()), (&b"start\n2.5\n"[..], &b"careful\n"[..]));
    assert!(seconds > 0.0 && seconds < 60.0);
}

#[test]
fn arguments_reach_the_program_as_they_are() {
    let report = run(&["printf", "%s|", "a b", "$HOME", "'\"*", ""], Output::LastLine, None, None);
    assert_eq!(text(&report), "a b|$HOME|'\"*||");
}

#[test]
fn standard_input_is_empty() {
    assert_eq!(text(&shell("cat; echo end", Output::LastLine, None)), "end");
}

#[test]
fn each_end_has_its_failure() {
    let told = failure(&shell("echo 1; echo no such star >&2; exit 3", Output::Number, None));
    assert_eq!(told.kind, FailureKind::Exit);
    assert_eq!(told.message, "the program ended with exit status: 3; standard error ends with: no such star");
    assert_eq!(told.stderr, "no such star\n");

    let told = failure(&shell("kill -SEGV $$", Output::Number, None));
    assert_eq!(told.kind, FailureKind::Signal);
    assert!(told.message.starts_with("the program ended with signal: 11 (SIGSEGV)"), "{told}");

    let told = failure(&shell("kill -KILL $$", Output::Number, None));
    assert!(told.message.ends_with("signal: 9 (SIGKILL), which the system sends where memory is short"), "{told}");

    let told = failure(&shell("echo x; echo hint >&2", Output::Number, None));
    assert_eq!(told.kind, FailureKind::Output);
    assert_eq!(told.message, "the last line of its output is no number: x; standard error ends with: hint");
}

#[test]
fn a_program_that_cannot_start_says_why() {
    let told = failure(&run(&["no-such-program-here"], Output::Number, None, None));
    assert_eq!(told.kind, FailureKind::Start);
    assert!(told.message.starts_with("cannot start `no-such-program-here`: No such file"), "{told}");
    let told = failure(&run(&["true"], Output::Number, Some(Path::new("/no/such/folder")), None));
    assert_eq!(told.message, "cannot start `true`: its folder /no/such/folder is missing");
    let told = failure(&run(&["/etc/passwd"], Output::Number, None, None));
    assert!(told.message.contains("Permission denied"), "{told}");
    assert_eq!(failure(&run(&[], Output::Number, None, None)).kind, FailureKind::Start);
}

#[test]
fn a_time_limit_ends_the_program_and_its_children() {
    let script = "sleep 1000 & echo $$ $! >&2; wait";
    let (report, seconds) = timed(|| shell(script, Output::Number, Some(SECOND / 5)));
    let told = failure(&report);
    assert_eq!(told.kind, FailureKind::TimeLimit);
    assert!(told.message.starts_with("not done within its time limit of 0.2 s"), "{told}");
    assert!(seconds < 1.0, "TERM is enough: {seconds} s");
    assert!(told.stderr.split_whitespace().filter(|process| is_gone(process)).count() == 2, "{}", told.stderr);
}

#[test]
fn a_program_that_ignores_term_is_killed() {
    let script = "trap '' TERM; echo $$ >&2; while :; do sleep 0.01; done";
    let (report, seconds) = timed(|| shell(script, Output::Number, Some(SECOND / 5)));
    assert_eq!(failure(&report).kind, FailureKind::TimeLimit);
    assert!(seconds > 1.0 && seconds < 5.0, "{seconds} s");
    assert!(is_gone(failure(&report).stderr.trim()));
}

#[test]
fn what_a_program_writes_while_it_is_ended_is_kept() {
    let report =
        shell("trap 'echo saved >&2; exit 1' TERM; while :; do sleep 0.01; done", Output::Number, Some(SECOND / 5));
    assert!(failure(&report).stderr.ends_with("saved\n"), "{:?}", failure(&report));
}

#[test]
fn a_cancelled_task_ends_its_program() {
    let argv: Vec<String> = ["sh", "-c", "echo $$; sleep 1000"].map(str::to_owned).into();
    let command =
        Command { argv: &argv, output: Output::Number, folder: None, time_limit: None, task: 0, attempt: 1, seed: 0 };
    let began = Instant::now();
    let (report, seconds) = timed(|| Programs::new(1).run(&command, &|| began.elapsed() > SECOND / 5));
    assert_eq!((failure(&report).kind, failure(&report).message), (FailureKind::Cancelled, "cancelled".to_owned()));
    assert!(seconds < 1.0, "{seconds} s");
    assert!(is_gone(&report.stdout.last_line().unwrap()));
}

#[test]
fn nothing_of_a_program_stays() {
    let report = shell("echo $$", Output::LastLine, None);
    assert!(!Path::new("/proc").join(text(&report)).exists(), "it is reaped");
}

#[test]
fn a_grandchild_that_keeps_the_pipes_does_not_hold_the_task_and_is_ended() {
    let (report, seconds) = timed(|| shell("sleep 1000 & echo $!", Output::LastLine, None));
    assert!(seconds < 2.0, "{seconds} s");
    assert!(is_gone(&text(&report)));
}

/// The class: processes that a task leaves where ending its group doesn't reach. Its members: a session of its own, an orphan of an
/// orphan, an environment without the mark, one that ignores TERM; after the program's own end, its time limit, a cancel, and a worker's
/// end.
const ESCAPES: [&str; 4] = [
    "setsid sleep 1000 & echo $!",
    "(setsid sh -c 'setsid sleep 1000 & echo $!')",
    "env -i setsid sleep 1000 & echo $!",
    "setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.01; done' &",
];

#[test]
fn what_left_its_group_ends_with_the_program() {
    for escape in ESCAPES {
        let (report, seconds) = timed(|| shell(escape, Output::LastLine, None));
        assert!(seconds < 2.0, "{escape}: {seconds} s");
        assert!(is_gone(&text(&report)), "{escape}");
        let (report, seconds) = timed(|| shell(&format!("{escape}\nsleep 1000"), Output::LastLine, Some(SECOND / 5)));
        assert_eq!(failure(&report).kind, FailureKind::TimeLimit);
        assert!(seconds < 3.0, "{escape}: {seconds} s");
        assert!(is_gone(&report.stdout.last_line().unwrap()), "{escape}");
    }
}

#[test]
fn what_left_its_group_is_known_by_its_mark_where_the_kernel_lists_no_children() {
    let mut escaped = std::process::Command::new("setsid");
    let mut escaped = escaped.args(["sleep", "1000"]).env(leftovers::MARK, "of this test").spawn().unwrap();
    // While a process becomes another program its environment can't be read.
    let command = format!("/proc/{}/cmdline", escaped.id());
    assert!(comes_true(|| std::fs::read_to_string(&command).is_ok_and(|line| line.starts_with("sleep\0"))));
    Leftovers::by_mark_alone("of another test").end();
    assert!(escaped.try_wait().unwrap().is_none());
    Leftovers::by_mark_alone("of this test").end();
    assert!(is_gone(&escaped.id().to_string()));
}

#[test]
fn no_descriptor_of_this_process_reaches_a_program() {
    let inherited = rustix::io::dup(std::fs::File::open("/dev/null").unwrap()).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&inherited);
    let script = format!("[ -e /proc/$$/fd/{number} ] && echo there || echo closed");
    assert_eq!(text(&shell(&script, Output::LastLine, None)), "closed");
}

/// Pipes at their end are awaited no longer.
#[test]
fn a_program_that_ends_is_done_at_once() {
    let fastest = (0..5).map(|_| timed(|| shell("echo 1", Output::Number, None)).1).fold(f64::INFINITY, f64::min);
    assert!(fastest < LINGER.as_secs_f64() / 2.0, "{fastest} s");
}

#[test]
fn a_grandchild_that_writes_without_end_does_not_hold_the_task() {
    let script = "yes >&2 & setsid yes >&2 & echo 1";
    let (report, seconds) = timed(|| shell(script, Output::Number, None));
    assert!(report.result.is_ok() && seconds < 5.0, "{seconds} s");
}

#[test]
fn output_that_comes_through_another_process_is_awaited() {
    let report = shell("(sleep 0.05; echo 2) & echo 1", Output::Number, None);
    assert_eq!(report.result, Ok(vec![("result".to_owned(), Value::Integer(2))]));
}

#[test]
fn closed_pipes_do_not_end_a_task() {
    let began = Instant::now();
    let report = shell("echo 1; exec >&- 2>&-; sleep 0.3", Output::Number, None);
    assert!(report.result.is_ok() && began.elapsed() > SECOND / 4);
}

#[test]
fn both_pipes_may_be_flooded() {
    let script = "head -c 20000000 /dev/zero >&2 & head -c 20000000 /dev/zero; wait; echo; echo 5";
    let report = shell(script, Output::Number, None);
    assert_eq!(report.result, Ok(vec![("result".to_owned(), Value::Integer(5))]));
    assert_eq!((report.stdout.bytes().len(), report.stderr.bytes().len()), (KEPT, KEPT));
    assert_eq!((report.stdout.cut(), report.stderr.cut()), (20_000_003 - KEPT as u64, 20_000_000 - KEPT as u64));
}

#[test]
fn binary_output_is_a_failure_in_words() {
    let told = failure(&shell("head -c 100000 /dev/urandom", Output::Json, None));
    assert_eq!(told.kind, FailureKind::Output);
    assert!(told.message.len() < 3000, "{} bytes", told.message.len());
}

#[test]
fn a_folder_is_where_it_runs_and_where_its_output_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let report = run(&["sh", "-c", "pwd; echo e >&2; exit 1"], Output::LastLine, Some(folder.path()), None);
    report.save(folder.path()).unwrap();
    let real = folder.path().canonicalize().unwrap();
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!((read("stdout"), read("stderr")), (format!("{}\n", real.display()), "e\n".to_owned()));
    let missing = report.save(Path::new("/no/such/folder")).unwrap_err().to_string();
    assert!(missing.starts_with("cannot write /no/such/folder/stdout"), "{missing}");
}

#[test]
fn a_path_of_a_program_is_meant_from_here() {
    let temporary = tempfile::tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    let up = |from: &Path| from.components().skip(1).map(|_| "..").collect::<PathBuf>();
    // So deep that the same path from there leads elsewhere.
    let folder = temporary.path().join(up(&here).to_string_lossy().replace("..", "deep")).join("deep");
    std::fs::create_dir_all(&folder).unwrap();
    let program = up(&here).join("bin/sh").display().to_string();
    let report = run(&[&program, "-c", "pwd"], Output::LastLine, Some(&folder), None);
    assert_eq!(text(&report), folder.canonicalize().unwrap().display().to_string());
}

#[test]
fn a_task_finds_its_numbers_in_its_environment() {
    let script = "echo $DIVISI_TASK $DIVISI_ATTEMPT $DIVISI_SEED";
    assert_eq!(text(&shell(script, Output::LastLine, None)), "7 2 42");
}

/// Another process of this test program that runs one of the tests below.
fn process(test: &str) -> std::process::Command {
    let path = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &path, "--ignored", "--nocapture"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[test]
#[ignore = "a part of `the_launchers_variables_and_the_ranks_input_do_not_reach_a_program`"]
fn an_environment() {
    let script = "echo told ${OMPI_COMM_WORLD_RANK-none} ${PMIX_RANK-none} ${SLURM_PROCID-none} $SLURM_JOB_ID \
                  $OMPI_ALLOW_RUN_AS_ROOT $OMP_NUM_THREADS $RAYON_NUM_THREADS $MKL_NUM_THREADS \
                  $(readlink /proc/self/fd/0)";
    println!("\n{}", text(&shell(script, Output::LastLine, None)));
}

#[test]
fn the_launchers_variables_and_the_ranks_input_do_not_reach_a_program() {
    let mut rank = process("an_environment");
    for name in ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "SLURM_PROCID", "SLURM_JOB_ID", "OMPI_ALLOW_RUN_AS_ROOT"] {
        rank.env(name, "1");
    }
    rank.env("MKL_NUM_THREADS", "8").env_remove("OMP_NUM_THREADS").env_remove("RAYON_NUM_THREADS");
    rank.stdin(Stdio::piped());
    let output = String::from_utf8(rank.output().unwrap().stdout).unwrap();
    assert!(output.contains("told none none none 1 1 3 3 8 /dev/null"), "{output}");
}

#[test]
#[ignore = "a part of `in_a_step_of_slurm_a_program_is_not_hit_by_the_jobs_warnings`"]
fn a_program_that_is_warned() {
    let script = "sleep 0.1 & kill -USR1 $!; wait $!; one=$?; kill -USR2 $$; echo told $one \"$0\" \"$1\"";
    let argv = ["sh", "-c", script, "a b", "c'd"];
    println!("\n{}", text(&run(&argv, Output::LastLine, None, None)));
    println!("told {}", failure(&run(&["no-such-program-here"], Output::Number, None, None)));
    println!(
        "told {}",
        failure(&run(&["./no/such/program"], Output::Number, None, None)).message.contains("No such file")
    );
}

#[test]
fn in_a_step_of_slurm_a_program_is_not_hit_by_the_jobs_warnings() {
    let output = process("a_program_that_is_warned").env("SLURM_STEP_ID", "0").output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("told 0 a b c'd"), "{output}");
    assert!(output.contains("told cannot start `no-such-program-here`: No such file"), "{output}");
    assert!(output.contains("told true"), "{output}");
}

#[test]
#[ignore = "a part of `programs_die_with_their_rank`"]
fn a_rank_that_will_be_killed() {
    // The setsid'd one is in another group; the shell reports all three through another pipe.
    let script = "sleep 1000 & one=$!; setsid sleep 1000 & echo $$ $one $! > $DIVISI_TEST_FIFO; wait";
    shell(script, Output::Number, None);
}

#[test]
fn programs_die_with_their_rank() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut rank = process("a_rank_that_will_be_killed").env("DIVISI_TEST_FIFO", &fifo).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(std::fs::File::open(&fifo).unwrap()).read_line(&mut line).unwrap();
    rank.kill().unwrap();
    rank.wait().unwrap();
    let left: Vec<&str> = line.split_whitespace().filter(|process| !is_gone(process)).collect();
    assert_eq!((line.split_whitespace().count(), left), (3, vec![]));
}

#[test]
#[ignore = "a part of `children_that_are_no_programs_are_left_alone`"]
fn a_process_with_children_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let programs = Programs::new(1);
    let run = |script: &str| {
        let argv = ["sh", "-c", script].map(str::to_owned);
        let output = Output::LastLine;
        let command = Command { argv: &argv, output, folder: None, time_limit: None, task: 0, attempt: 1, seed: 1 };
        text(&programs.run(&command, &|| false))
    };
    let own = |script: &str| {
        let output = std::process::Command::new("setsid").args(["sh", "-c", script]).current_dir(&folder).output();
        String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
    };
    assert_eq!(run("echo 1"), "1");
    let daemon = own("setsid sleep 1000 > /dev/null 2>&1 & echo $!");
    own("setsid sh -c 'sleep 0.3; setsid sleep 1000 & echo $! > late' > /dev/null 2>&1 &");
    run("sleep 0.8; echo 1");
    let late = std::fs::read_to_string(folder.path().join("late")).unwrap().trim().to_owned();
    let lives =
        |process: &str| std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|it| !it.contains(") Z "));
    assert!(lives(&daemon) && lives(&late), "what was nobody's program was ended");
    assert!(is_gone(&run(ESCAPES[0])), "what a program left was not");
    for process in [daemon, late] {
        std::process::Command::new("kill").args(["-9", &process]).status().unwrap();
    }
    println!("all is well");
}

/// In a program that uses the library: daemons of its own, also one that is orphaned while a task's program runs.
#[test]
fn children_that_are_no_programs_are_left_alone() {
    let output = process("a_process_with_children_of_its_own").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("all is well"), "{told}");
}
