//! Real workers, in the shell and in Python.

use std::process::Command;
use std::time::Instant;

use super::super::value::Value;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A worker that is a shell script.
fn shell(script: &str) -> Worker {
    Worker::new(&Programs::new(1), ["sh", "-c", script].map(str::to_owned).into(), None)
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
    let mut worker = shell(r#"while read -r line; do n=$((n + 1)); echo "{\"result\": $n}"; done"#);
    for task in 0..100 {
        assert_eq!(run(&mut worker, task), integer(task as i64 + 1));
    }
}

#[test]
fn a_worker_is_told_all_of_its_task() {
    let mut worker = shell(r#"while read -r line; do printf '{"result": {"told": %s}}\n' "$line"; done"#);
    let told: Vec<String> =
        run(&mut worker, 7).unwrap().iter().map(|(name, value)| format!("{name} {value}")).collect();
    let expected =
        ["told.attempt 1", "told.parameters.name a\n\"b", "told.parameters.x 0.5", "told.seed 42", "told.task 7"];
    assert_eq!(told, expected);
}

#[test]
fn other_lines_are_passed_on() {
    let answer = r#"{"result": 1}"#;
    let mut worker =
        shell(&format!("while read -r line; do echo hello; echo '{{\"step\": 3}}'; echo '{answer}'; done"));
    let expected = vec!["hello".to_owned(), r#"{"step": 3}"#.to_owned()];
    assert_eq!(logged(&mut worker, 0, None), (integer(1), expected.clone()));
    assert_eq!(logged(&mut worker, 1, None), (integer(1), expected));
}

#[test]
fn a_worker_that_tells_an_error_goes_on() {
    let mut worker = shell(r#"while read -r line; do n=$((n + 1)); echo "{\"error\": \"bad star $n\"}"; done"#);
    assert_eq!(wrong(run(&mut worker, 0)), (FailureKind::Error, "bad star 1".to_owned()));
    assert_eq!(wrong(run(&mut worker, 1)), (FailureKind::Error, "bad star 2".to_owned()));
}

#[test]
fn a_death_is_the_failure_of_its_task_alone() {
    let script = r#"while read -r line; do n=$((n + 1)); [ $n = 3 ] && { echo oops >&2; exit 4; }; echo "{\"result\": $n}"; done"#;
    let mut worker = shell(script);
    assert_eq!((run(&mut worker, 0), run(&mut worker, 1)), (integer(1), integer(2)));
    let message = "the worker, without an answer, ended with exit status: 4; standard error ends with: oops";
    assert_eq!(wrong(run(&mut worker, 2)), (FailureKind::Exit, message.to_owned()));
    assert_eq!(run(&mut worker, 2), integer(1));
}

#[test]
fn a_worker_that_answers_and_ends_has_answered_and_the_next_task_starts_another() {
    let mut worker = shell(r#"read -r line; echo "{\"result\": $$}""#);
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
    let mut worker = shell(r#"while read -r line; do echo "{\"result\": $line}"; done"#);
    let long = Value::Text("y".repeat(1 << 20));
    let parameters = [("x".to_owned(), long.clone())];
    let request = Request { task: 0, attempt: 1, seed: 1, parameters: &parameters, time_limit: None };
    let outcome = worker.run(&request, &|| false, &mut |_| ()).unwrap();
    assert!(outcome.contains(&("parameters.x".to_owned(), long)));
}

#[test]
fn a_long_task_is_sent_as_fast_as_it_is_read() {
    let mut worker = shell(r#"head -c 16000000 > /dev/null; echo '{"result": 1}'; cat > /dev/null"#);
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
    let mut worker = shell(r#"while read -r line; do echo '{"result": []}'; done"#);
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
    let mut worker = shell(r#"while read -r line; do printf '{"result": 1}\n{"result": 2}\n'; done"#);
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
        format!(r#"while read -r line; do echo '{{"result": 1}}'; done; sleep 0.2; echo ended > {}"#, file.display());
    let mut worker = shell(&script);
    assert_eq!(run(&mut worker, 0), integer(1));
    drop(worker);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "ended\n");
}

#[test]
fn a_worker_that_does_not_end_is_killed() {
    let mut worker = shell(r#"trap '' TERM; read -r line; echo "{\"result\": $$}"; while :; do sleep 0.01; done"#);
    let outcome = run(&mut worker, 0).unwrap();
    let began = Instant::now();
    drop(worker);
    assert!(began.elapsed() > 2 * SECOND && began.elapsed() < 10 * SECOND);
    assert!(!std::path::Path::new(&format!("/proc/{}", outcome[0].1)).exists());
}

#[test]
fn the_example_in_python_works() {
    if Command::new("python3").arg("-V").output().is_err() {
        return crate::console::say("no python3: skipped");
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
