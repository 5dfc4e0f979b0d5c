//! Programs as tasks: what they are told, what they leave, how they are ended.

use std::fs;
use std::time::{Duration, Instant};

use super::place::{Place, on, surviving};

/// A sweep of one program over `x`, with settings.
fn of(settings: &str, values: &str, task: &str) -> Place {
    Place::new(&format!(
        "simulation = 'sweep'\n[sweep]\n{settings}\n[parameters.values]\nx = {values}\n[task]\n{task}\n"
    ))
}

#[test]
fn what_a_program_prints_becomes_columns() {
    let number = of("", "[1, 2]", "command = ['sh', '-c', 'echo about; echo 1{x}e-1; echo']");
    number.run(on(2), &[]).expect(0);
    assert_eq!(number.column("result"), ["11e-1", "12e-1"]);
    let json = of(
        "",
        "[1, 2, 3]",
        "output = 'json'\ncommand = ['sh', '-c', 'echo \"{{\\\"a\\\": {x}, \\\"deep\\\": {{\\\"list\\\": [NaN, true]}}, \\\"t{x}\\\": \\\"a, b\\\"}}\"']",
    );
    json.run(on(2), &[]).expect(0);
    let names = ["task", "x", "a", "deep.list_0", "deep.list_1", "t1", "t2", "t3", "status", "message"];
    assert_eq!(json.table()[0], names);
    assert_eq!(json.table()[2], ["1", "2", "2", "NaN", "true", "", "a, b", "", "done", ""]);
    let line = of("", "['two words', 'ü']", "output = 'last_line'\ncommand = ['echo', 'said: {x}']");
    line.run(on(2), &[]).expect(0);
    assert_eq!(line.column("result"), ["said: two words", "said: ü"]);
    let none = of("", "[1, 2]", "output = 'none'\ncommand = ['sh', '-c', 'echo no number; echo {x} > made-{index}']");
    none.run(on(2), &[]).expect(0);
    assert_eq!(none.table()[0], ["task", "x", "status", "message"]);
    assert_eq!(none.read("made-1"), "2\n");
}

#[test]
fn output_that_is_no_result_fails_the_task() {
    for (output, printed, told) in [
        ("number", "three", "the last line of its output is no number: three"),
        ("json", "{{", "no JSON"),
        ("json", "[]", "holds no value"),
        ("last_line", "", "wrote nothing to standard output"),
    ] {
        let place =
            of("retries = 0", "[1]", &format!("output = '{output}'\ncommand = ['printf', '%s', '{printed}', '{{x}}']"));
        place.change(", '{x}'", "");
        place.run(on(1), &[]).expect(3);
        assert!(place.column("message")[0].contains(told), "{:?}", place.column("message"));
    }
}

#[test]
fn a_failed_attempt_is_tried_again_and_knows_which_it_is() {
    let task = "command = ['sh', '-c', '[ $DIVISI_ATTEMPT = {attempt} ] && [ {attempt} -ge {x} ] && echo {attempt}']";
    for start in [on(1), on(3), surviving(2)] {
        let place = of("retries = 2", "[1, 2, 3, 4]", task);
        let ended = place.ends(start, &[], 3);
        assert_eq!(place.column("result"), ["1", "2", "3", ""]);
        assert!(ended.stderr.contains("5 tried again"), "{}", ended.stderr);
        assert_eq!(place.column("message")[3], "the program ended with exit status: 1");
        assert!(place.read("out/tasks.csv").lines().nth(3).unwrap().contains(",3,"), "{}", place.read("out/tasks.csv"));
    }
}

#[test]
fn a_program_beyond_its_time_is_ended_with_all_that_it_started() {
    let task = "output = 'none'\ncommand = ['sh', '-c', 'sleep 40 & (trap \"\" TERM; sleep 41; sleep 42) & sleep 43; : FOLDER {x}']";
    for start in [on(1), surviving(2)] {
        let place = of("retries = 0\ntime_limit = 0.3", "[1, 2]", task);
        place.change("FOLDER", &place.path("").display().to_string());
        let ended = place.ends(start, &[], 3);
        assert!(ended.seconds < 8.0, "{} s", ended.seconds);
        assert!(place.column("message").iter().all(|it| it == "not done within its time limit of 0.3 s, and ended"));
        place.expect_no_processes();
    }
}

/// The class: what holds up who reads the program's output after its end. Its members: a child in a session of its own that keeps the
/// pipes, alone and beside a time limit; on one rank without a launcher, where MPI's helper has the output too, and under mpirun.
#[test]
fn pipes_close_with_the_run_and_nothing_of_its_tasks_stays() {
    for (limit, then) in [("", "echo {x}"), ("time_limit = 0.3", "sleep 44")] {
        let task = format!("command = ['sh', '-c', 'setsid sh -c \"sleep 45; : FOLDER\" & {then}']");
        for start in [on(1), on(2), surviving(2)] {
            let place = of(&format!("retries = 0\n{limit}"), "[1]", &task);
            place.change("FOLDER", &place.path("").display().to_string());
            let began = Instant::now();
            place.command(start, "out", &[]).output().expect("it is read to the end of its pipes");
            assert!(began.elapsed() < Duration::from_secs(8), "{start:?}, {then}: {:?}", began.elapsed());
            place.status().expect(if limit.is_empty() { 0 } else { 3 });
            place.expect_no_processes();
        }
    }
}

#[test]
fn a_worker_is_one_process_for_all_tasks_of_a_rank_and_comes_anew_when_it_dies() {
    let script = "while read -r line; do n=$((n + 1)); t=${line#*:}; echo \"word $n\"; case $line in *'\"x\":3,'*|*'\"x\":3}'*) \
                  [ -e gone ] || { : > gone; exit 9; };; *'\"x\":4}'*) echo '{\"task\": 3, \"error\": \"never\"}'; continue;; esac; \
                  echo \"{\\\"task\\\": ${t%%,*}, \\\"result\\\": [$$, $n]}\"; done\n";
    let place = of("retries = 1", "[1, 2, 3, 4, 5]", "worker = ['sh', 'worker.sh']");
    place.write("worker.sh", script);
    let ended = place.run(on(1), &[]).expect(3);
    let ids = place.column("result_0");
    let counts = place.column("result_1");
    assert!(ids[0] == ids[1] && ids[4] != ids[0], "{ids:?}");
    assert_eq!([&*counts[0], &*counts[1]], ["1", "2"]);
    assert_eq!(place.column("message")[3], "never");
    assert!(ended.stderr.contains("word 2"), "{}", ended.stderr);
    place.expect_no_processes();
}

/// The class: what an attempt finds depends on what came before it. Its members: a second attempt in the same job, one in a later job,
/// each with folders that are kept and with ones that aren't.
#[test]
fn every_attempt_begins_in_an_empty_folder() {
    let task = "command = ['sh', '-c', 'echo row >> {folder}/table; [ {x} = 0 ] || [ -e gone ] || {{ : > gone; exit 1; }}; wc -l < {folder}/table']";
    for keep in ["none", "failed", "all"] {
        let place = of(&format!("retries = 0\nkeep = '{keep}'"), "[0, 1]", task);
        place.run(on(1), &[]).expect(3);
        place.resume(on(1), &["--retry-failed"]).expect(0);
        assert_eq!(place.column("result"), ["1", "1"], "keep = {keep}, in a later job");
        let place = of(&format!("retries = 1\nkeep = '{keep}'"), "[0, 1]", task);
        place.run(on(1), &[]).expect(0);
        assert_eq!(place.column("result"), ["1", "1"], "keep = {keep}");
    }
}

#[test]
fn folders_of_tasks_are_kept_as_asked() {
    let task = "command = ['sh', '-c', 'echo {x} > {folder}/made; echo told >&2; echo {x}; [ {x} != 2 ]']";
    let kept = |keep: &str| {
        let place = of(&format!("retries = 0\nkeep = '{keep}'"), "[1, 2, 3]", task);
        place.run(on(2), &[]).expect(3);
        let entries = fs::read_dir(place.path("out/tasks")).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        (place, names)
    };
    assert!(kept("none").1.is_empty());
    let (place, names) = kept("failed");
    assert_eq!(names, ["000001"]);
    assert_eq!(place.read("out/tasks/000001/made"), "2\n");
    assert_eq!([place.read("out/tasks/000001/stdout"), place.read("out/tasks/000001/stderr")], ["2\n", "told\n"]);
    assert_eq!(kept("all").1, ["000000", "000001", "000002"]);
}

#[test]
fn a_simulations_folder_is_kept_as_asked() {
    let kepler = crate::common::root().join("sims/nbody/kepler.toml");
    let task = format!("simulation = '{}'\nset = {{ 'run.steps' = 20, 'initial.e' = '{{x}}' }}", kepler.display());
    let place = of("keep = 'all'", "[0.1, 0.2]", &task);
    place.run(on(2), &[]).expect(0);
    assert!(place.path("out/tasks/000001/history.csv").exists());
    let config = place.read("out/tasks/000001/config.toml");
    assert!(config.contains("e = 0.2") && config.contains("command = \"task 1 of a sweep\""), "{config}");
    assert!(place.table()[0].contains(&"energy_error".to_owned()), "{:?}", place.table()[0]);
}

#[test]
fn a_program_sees_no_launcher_and_its_own_seed_and_folder() {
    let place = of("keep = 'all'", "[1, 2]", "output = 'none'\ncommand = ['sh', '-c', 'env; echo IN $PWD; cat']");
    let mut command = place.command(on(2), "out", &[]);
    command.env("SLURM_JOB_ID", "17").env("SLURM_PROCID", "1").env("OMP_NUM_THREADS", "5");
    crate::common::finish(&mut command, 30).expect(0);
    for task in ["0", "1"] {
        let told = place.read(&format!("out/tasks/00000{task}/stdout"));
        let has = |line: &str| told.lines().any(|told| told == line);
        assert!(
            has(&format!("DIVISI_TASK={task}")) && has("DIVISI_ATTEMPT=1") && told.contains("DIVISI_SEED="),
            "{told}"
        );
        assert!(has("SLURM_JOB_ID=17") && has("OMP_NUM_THREADS=5") && has("MKL_NUM_THREADS=1"), "{told}");
        assert!(has("OMPI_ALLOW_RUN_AS_ROOT=1"), "{told}");
        let rank = ["OMPI_COMM", "OMPI_MCA", "OMPI_UNIVERSE", "PMIX", "PMI_", "ORTE", "SLURM_PROCID"];
        let left: Vec<&str> = told.lines().filter(|line| rank.iter().any(|name| line.starts_with(name))).collect();
        assert!(left.is_empty(), "{left:?}");
        let beside = place.path("").display().to_string();
        assert!(has(&format!("IN {}", beside.trim_end_matches('/'))), "{told}");
    }
}
