//! Real workers, in the shell and in Python.

use std::process::Command;
use std::time::Instant;

use super::super::value::Value;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// In the shell: answers to the task in `line`.
const REPLY: &str = r#"reply() { t=${line#*:}; printf '{"task": %s, %s}\n' "${t%%,*}" "$1"; }; "#;

/// A worker that is a shell script.
fn shell(script: &str) -> Worker {
    Worker::new(&Programs::new(1), ["sh", "-c", &[REPLY, script].concat()].map(str::to_owned).into(), None)
}

/// Has a task done; its log comes back too.
fn logged(worker: &mut Worker, task: u64, time_limit: Option<Duration>) -> (Result<Outcome, Failure>, Vec<String>) {
    let parameters = [("x".to_owned(), Value::Number(0.5)), ("name".to_owned(), Value::Text("a\n\"b".into()))];
    let request = Request { task, attempt: 1, seed: 42, parameters: &parameters, time_limit };
    let mut log = Vec::new();
    let result = worker.run(&request, &|| false, &mut |line| log.push(line.to_owned()));
    (result, log)
}

fn run(worker: &mut Worker, task: u64) -> Result<Outcome, Failure> {
    logged(worker, task, None).0
}

fn integer(value: i64) -> Result<Outcome, Failure> {
    Ok(vec![("result".to_owned(), Value::Integer(value))])
}

fn wrong(result: Result<Outcome, Failure>) -> (FailureKind, String) {
    let failure = result.unwrap_err();
    (failure.kind, failure.message)
}

#[test]
fn a_worker_stays_for_many_tasks() {
    let mut worker = shell(r#"while read -r line; do n=$((n + 1)); reply "\"result\": $n"; done"#);
    for task in 0..100 {
        assert_eq!(run(&mut worker, task), integer(task as i64 + 1));
    }
}

#[test]
fn a_worker_is_told_all_of_its_task() {
    let mut worker = shell(r#"while read -r line; do reply "\"result\": {\"told\": $line}"; done"#);
    let told: Vec<String> =
        run(&mut worker, 7).unwrap().iter().map(|(name, value)| format!("{name} {value}")).collect();
    let expected =
        ["told.attempt 1", "told.parameters.name a\n\"b", "told.parameters.x 0.5", "told.seed 42", "told.task 7"];
    assert_eq!(told, expected);
}

/// Texts that are names of numbers, whole numbers beyond floats and beyond 64 bits, numbers too large, bytes that are no text.
#[test]
fn an_answer_is_what_the_worker_wrote_or_a_failure() {
    let answer = |result: &str| {
        let script = format!("while read -r line; do printf '{{\"task\": 0, \"result\": {result}}}\\n'; done");
        run(&mut shell(&script), 0).map(|outcome| outcome.into_iter().map(|(_, value)| value).collect::<Vec<_>>())
    };
    let values = answer("[\"Infinity\", Infinity, 9007199254740993, 12345678901234567890]").unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let large = Value::Integer(9_007_199_254_740_993);
    assert_eq!(values, [text("Infinity"), Value::Number(f64::INFINITY), large, text("12345678901234567890")]);
    for (result, told) in [("1e400", "is too large for a number"), ("\"\\351\"", "is not UTF-8 text")] {
        let failure = answer(result).unwrap_err();
        assert!(failure.kind == FailureKind::Output && failure.message.contains(told), "{failure}");
    }
}

#[test]
fn other_lines_are_passed_on() {
    let mut worker = shell(r#"while read -r line; do echo hello; echo '{"step": 3}'; reply '"result": 1'; done"#);
    let expected = vec!["hello".to_owned(), r#"{"step": 3}"#.to_owned()];
    assert_eq!(logged(&mut worker, 0, None), (integer(1), expected.clone()));
    assert_eq!(logged(&mut worker, 1, None), (integer(1), expected));
}

#[test]
fn a_worker_that_tells_an_error_goes_on() {
    let mut worker = shell(r#"while read -r line; do n=$((n + 1)); reply "\"error\": \"bad star $n\""; done"#);
    assert_eq!(wrong(run(&mut worker, 0)), (FailureKind::Error, "bad star 1".to_owned()));
    assert_eq!(wrong(run(&mut worker, 1)), (FailureKind::Error, "bad star 2".to_owned()));
}

#[test]
fn a_death_is_the_failure_of_its_task_alone() {
    let script = r#"while read -r line; do n=$((n + 1)); [ $n = 3 ] && { echo oops >&2; exit 4; }; reply "\"result\": $n"; done"#;
    let mut worker = shell(script);
    assert_eq!((run(&mut worker, 0), run(&mut worker, 1)), (integer(1), integer(2)));
    let message = "the worker, without an answer, ended with exit status: 4; standard error ends with: oops";
    assert_eq!(wrong(run(&mut worker, 2)), (FailureKind::Exit, message.to_owned()));
    assert_eq!(run(&mut worker, 2), integer(1));
}

#[test]
fn a_worker_that_answers_and_ends_has_answered_and_the_next_task_starts_another() {
    let mut worker = shell(r#"read -r line; reply "\"result\": $$""#);
    let mut earlier: Option<Value> = None;
    for task in 0..5 {
        let process = run(&mut worker, task).unwrap().remove(0).1;
        let is_there = |process: Value| std::path::Path::new(&format!("/proc/{process}")).exists();
        assert!(!earlier.replace(process).is_some_and(is_there), "the one before is reaped");
        std::thread::sleep(SECOND / 10);
    }
}

#[test]
fn a_line_without_end_is_a_failure() {
    let mut worker = shell("read -r line; head -c 40000000 /dev/zero; sleep 1000");
    assert_eq!(wrong(run(&mut worker, 0)).1, "the worker wrote a line of more than 16 MiB");
}

#[test]
fn a_worker_that_never_reads_is_ended_in_time() {
    let long = vec![("x".to_owned(), Value::Text("y".repeat(1 << 20)))];
    let mut worker = shell("sleep 1000");
    let began = Instant::now();
    let request = Request { task: 0, attempt: 1, seed: 1, parameters: &long, time_limit: Some(SECOND / 5) };
    assert_eq!(worker.run(&request, &|| false, &mut |_| ()).unwrap_err().kind, FailureKind::TimeLimit);
    let cancelled = worker.run(&Request { time_limit: None, ..request }, &|| began.elapsed() > SECOND / 2, &mut |_| ());
    assert_eq!(cancelled.unwrap_err().kind, FailureKind::Cancelled);
    assert!(began.elapsed() < 3 * SECOND);
}

#[test]
fn a_long_task_and_a_long_answer_get_through() {
    let mut worker = shell(r#"while read -r line; do reply "\"result\": $line"; done"#);
    let long = Value::Text("y".repeat(1 << 20));
    let parameters = [("x".to_owned(), long.clone())];
    let request = Request { task: 0, attempt: 1, seed: 1, parameters: &parameters, time_limit: None };
    let outcome = worker.run(&request, &|| false, &mut |_| ()).unwrap();
    assert!(outcome.contains(&("parameters.x".to_owned(), long)));
}

#[test]
fn a_long_task_is_sent_as_fast_as_it_is_read() {
    let mut worker = shell(r#"head -c 16000000 > /dev/null; echo '{"task": 0, "result": 1}'; cat > /dev/null"#);
    let parameters = [("x".to_owned(), Value::Text("y".repeat(16_000_000)))];
    let request = Request { task: 0, attempt: 1, seed: 1, parameters: &parameters, time_limit: Some(4 * SECOND) };
    assert_eq!(worker.run(&request, &|| false, &mut |_| ()), integer(1), "at 64 KiB per look it took 12 s");
}

#[test]
fn a_broken_answer_is_a_failure_and_not_a_log() {
    let mut worker = shell(r#"while read -r line; do echo '{"task": 0, "result": 1.2.3}'; done"#);
    let (kind, message) = wrong(run(&mut worker, 0));
    assert_eq!(kind, FailureKind::Output);
    assert!(
        message.starts_with("the worker's answer is no JSON") && message.ends_with(r#"{"task": 0, "result": 1.2.3}"#),
        "{message}"
    );
    let mut worker = shell(r#"while read -r line; do reply '"result": []'; done"#);
    assert_eq!(wrong(run(&mut worker, 0)).1, "the worker's answer cannot be used: `[]` holds no value");
}

#[test]
fn an_answer_to_another_task_is_refused() {
    let mut worker = shell(r#"while read -r line; do echo '{"result": 1, "task": 6}'; done"#);
    assert_eq!(run(&mut worker, 6), integer(1));
    assert_eq!(wrong(run(&mut worker, 7)).1, "the worker answered to task 6, not to task 7");
}

#[test]
fn a_second_answer_is_not_taken_for_that_of_the_next_task() {
    let mut worker =
        shell(r#"while read -r line; do answers=$(reply '"result": 1'; reply '"result": 2'); echo "$answers"; done"#);
    assert_eq!(run(&mut worker, 0), integer(1));
    assert_eq!(wrong(run(&mut worker, 1)).1, "the worker answered twice to an earlier task");
    assert_eq!(run(&mut worker, 1), integer(1), "by a new worker");
}

#[test]
fn a_worker_that_cannot_start_says_why() {
    let mut worker = Worker::new(&Programs::new(1), vec!["no-such-worker".to_owned()], None);
    let (kind, message) = wrong(run(&mut worker, 0));
    assert_eq!(kind, FailureKind::Start);
    assert!(message.starts_with("cannot start `no-such-worker`"), "{message}");
}

#[test]
fn a_worker_has_time_to_end_after_its_last_task() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("end");
    let script =
        format!(r#"while read -r line; do reply '"result": 1'; done; sleep 0.2; echo ended > {}"#, file.display());
    let mut worker = shell(&script);
    assert_eq!(run(&mut worker, 0), integer(1));
    drop(worker);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "ended\n");
}

#[test]
fn a_worker_that_does_not_end_is_killed() {
    let mut worker = shell(r#"trap '' TERM; read -r line; reply "\"result\": $$"; while :; do sleep 0.01; done"#);
    let outcome = run(&mut worker, 0).unwrap();
    let began = Instant::now();
    drop(worker);
    assert!(began.elapsed() > 2 * SECOND && began.elapsed() < 10 * SECOND);
    assert!(!std::path::Path::new(&format!("/proc/{}", outcome[0].1)).exists());
}

#[test]
fn the_example_in_python_works() {
    if Command::new("python3").arg("-V").output().is_err() {
        return crate::base::console::say("no python3: skipped");
    }
    let argv = vec!["python3".to_owned(), "examples/python/task.py".to_owned()];
    let mut worker = Worker::new(&Programs::new(1), argv, None);
    let expected = vec![("x2".to_owned(), Value::Number(0.25)), ("x3".to_owned(), Value::Number(0.125))];
    assert_eq!(run(&mut worker, 0), Ok(expected.clone()));
    let request = Request { task: 1, attempt: 1, seed: 42, parameters: &[], time_limit: None };
    let told = worker.run(&request, &|| false, &mut |_| ());
    assert_eq!(wrong(told), (FailureKind::Error, "KeyError: 'x'".to_owned()));
    assert_eq!(run(&mut worker, 2), Ok(expected));
}

/// The class: an answer that something else than its number gives to a task. Its members, each below: an answer without a number, a
/// second answer that comes while the next task is at work, one in the same write, an error in place of a result, another attempt at the
/// same task (whose number is no other).
#[test]
fn an_answer_that_comes_late_is_never_that_of_another_task() {
    for late in [r#""result": -1"#, r#""error": "late""#] {
        let mut worker = shell(&format!(
            r#"while read -r line; do reply '"result": 1'; case $line in *'"task":2,'*) sleep 0.05; reply '{late}' ;; esac; done"#
        ));
        assert_eq!((run(&mut worker, 1), run(&mut worker, 2)), (integer(1), integer(1)));
        assert_eq!(wrong(run(&mut worker, 3)).1, "the worker answered to task 2, not to task 3");
        assert_eq!(run(&mut worker, 3), integer(1), "by a new worker");
    }
}

#[test]
fn an_answer_without_the_number_of_its_task_is_refused() {
    for answer in [r#"{"result": 1}"#, r#"{"error": "no"}"#] {
        let mut worker = shell(&format!("while read -r line; do echo '{answer}'; done"));
        let told = r#"the worker's answer doesn't say to what: it must have the number of its task, "task": 7"#;
        assert_eq!(wrong(run(&mut worker, 7)), (FailureKind::Output, told.to_owned()));
    }
}

#[test]
fn another_attempt_at_a_task_is_another_workers() {
    let mut worker = shell(
        r#"while read -r line; do n=$((n + 1)); [ $n = 1 ] && { reply '"error": "bad"'; sleep 0.05; }; reply "\"result\": $n"; done"#,
    );
    assert_eq!(wrong(run(&mut worker, 3)), (FailureKind::Error, "bad".to_owned()));
    std::thread::sleep(SECOND / 10);
    // The late result is of the first attempt: the process that wrote it isn't asked again about this task.
    assert_eq!(wrong(run(&mut worker, 3)), (FailureKind::Error, "bad".to_owned()));
}

/// The class: a worker that ends between two tasks, seen only once the next one is sent.
#[test]
fn a_worker_that_ends_after_its_answer_costs_the_next_task_nothing() {
    for end in ["exit 0", "exit 9", "kill -9 $$", "exec sleep 0.02"] {
        let mut worker = shell(&format!(r#"read -r line; reply "\"result\": 1"; {end}"#));
        for task in 0..20 {
            assert_eq!(run(&mut worker, task), integer(1), "{end}");
        }
    }
    let mut worker = shell("exit 3");
    assert_eq!(wrong(run(&mut worker, 0)).1, "the worker, without an answer, ended with exit status: 3");
}

/// The class: answers whose end is no LF. Each was waited for until the time limit, or for ever.
#[test]
fn an_answer_is_whole_with_its_last_brace() {
    let ends = ["", "\\r", "\\r\\n", "\\n", "   "];
    for (end, then) in ends.into_iter().flat_map(|end| [(end, ""), (end, "sleep 1000"), (end, "exit 1")]) {
        let script = format!(r#"while read -r line; do printf '%s{end}' "$(reply '"result": 1')"; {then}; done"#);
        let mut worker = shell(&script.replace("; ;", ";"));
        assert_eq!(logged(&mut worker, 0, Some(SECOND)), (integer(1), vec![]), "{end:?} {then:?}");
    }
    let mut worker =
        shell(r#"while read -r line; do printf '50 %%\r'; printf '\357\273\277%s\r' "$(reply '"result": 1')"; done"#);
    for task in 0..3 {
        assert_eq!(logged(&mut worker, task, Some(SECOND)), (integer(1), vec!["50 %".to_owned()]));
    }
}

#[test]
fn what_a_worker_wrote_in_place_of_an_answer_is_said() {
    let mut worker = shell(r#"while read -r line; do printf '{\n  "task": 0,\n  "result": 1\n}\n'; done"#);
    let told = r#"the worker's answer is spread over several lines; it must be one line: "result": 1"#;
    assert_eq!(wrong(run(&mut worker, 0)), (FailureKind::Output, told.to_owned()));
    for (writes, shown) in [("echo 1.5", "1.5"), (r#"printf '{"task": 0,'"#, r#"{"task": 0,"#)] {
        let mut worker = shell(&format!("read -r line; {writes}; sleep 1000"));
        let (kind, message) = wrong(logged(&mut worker, 0, Some(SECOND / 5)).0);
        assert_eq!(kind, FailureKind::TimeLimit);
        assert!(message.ends_with(&format!("the last that it wrote is no answer: {shown}")), "{message}");
    }
}

#[test]
fn what_a_worker_left_elsewhere_ends_with_it() {
    let mut worker = shell(r#"read -r line; setsid sleep 1000 > /dev/null & reply "\"result\": $!"; cat > /dev/null"#);
    let left = run(&mut worker, 0).unwrap().remove(0).1;
    let stat = std::path::PathBuf::from(format!("/proc/{left}/stat"));
    assert!(stat.exists());
    drop(worker);
    assert!(!std::fs::read_to_string(stat).is_ok_and(|stat| !stat.contains(") Z ")), "{left} lives on");
}
