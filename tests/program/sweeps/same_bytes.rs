//! results.csv and results.h5 are the same bytes on any number of ranks, however tasks find them, and whoever dies.

use std::process::Command;
use std::time::Duration;

use super::place::{Place, on, rank_of, surviving, wait_for};
use crate::common::{Signal, kill_process, root, wait};

impl Place {
    /// How many folders of tasks there are.
    fn folders(&self) -> usize {
        std::fs::read_dir(self.path("out/tasks")).into_iter().flatten().count()
    }
}

/// Runs a plan on 1 to 4 ranks, with each schedule; all must leave the bytes of one rank.
#[track_caller]
fn same_on_all_ranks(place: &Place) {
    place.run_to(on(1), "one", &[]).expect(0);
    let one = place.results("one");
    for (start, schedule) in [(on(2), "dynamic"), (on(3), "static"), (on(4), "cyclic"), (surviving(3), "dynamic")] {
        let name = format!("{}-{schedule}-{}", start.ranks, start.recovery);
        place.run_to(start, &name, &[&format!("sweep.schedule={schedule}")]).expect(0);
        assert!(place.results(&name) == one, "{start:?}, {schedule}: other bytes");
    }
}

/// Kills a rank while a plan is at work, with and without a launcher that survives it; the bytes stay those of `one`.
#[track_caller]
fn same_after_a_death(place: &Place) {
    place.run_to(on(1), "one", &[]).expect(0);
    let one = place.results("one");
    for (start, rank) in [(surviving(3), 1), (on(3), 2), (surviving(2), 0)] {
        let before = place.ran();
        let mut job = place.spawn(start, &["sweep.keep=all"]);
        // A task has a folder of its own, or notes that it begins.
        wait_for("tasks", || (place.ran() - before + place.folders() >= 4).then_some(()));
        kill_process(rank_of(&place.out(), rank), Signal::KILL).expect("a rank to kill");
        let status = wait(&mut job, Duration::from_secs(20));
        let survives = start.recovery && rank != 0;
        assert_eq!(status == Some(0), survives, "{start:?}, rank {rank}: {status:?}");
        place.expect_no_processes();
        if survives {
            assert!(place.read("out/run.log").contains("1 ranks died"), "{}", place.read("out/run.log"));
        } else {
            place.resume(on(2), &[]).expect(0);
        }
        assert!(place.results("out") == one, "{start:?}, rank {rank}: other bytes");
        std::fs::remove_dir_all(place.out()).unwrap();
    }
}

/// Programs that take about 20 ms, some of which fail for good, some of which succeed later.
const COMMAND: &str = "simulation = 'sweep'\n[sweep]\nretries = 1\n[parameters.values]\n\
     b = { from = 1e-3, to = 1e3, count = 20, scale = 'log' }\na = [0.5, 1, 'text']\n[task]\noutput = 'json'\n\
     command = ['sh', '-c', 'sleep 0.02; [ $1 -ge 2 ] || [ $(({index} % 13)) -ne 5 ] || exit 0; \
     echo \"{{\\\"a\\\": \\\"$0\\\", \\\"b\\\": [$2, $3]}}\"', '{a}', '{attempt}', '{b:.3}', '{seed}']\n";

#[test]
fn results_of_commands() {
    same_on_all_ranks(&Place::new(&COMMAND.replace("sleep 0.02; ", "")));
}

#[test]
fn results_of_commands_after_a_death() {
    same_after_a_death(&Place::new(COMMAND));
}

/// A worker that takes about 20 ms for a task, or none at all.
fn worker(combine: &str, seconds: &str) -> Option<Place> {
    let there = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: there is no python3");
        return None;
    }
    let place = Place::new(&format!(
        "simulation = 'sweep'\nrun.seed = 5\n[parameters]\ncombine = '{combine}'\nsamples = 50\n\
         [parameters.values]\nx = {{ from = -1.0, to = 1.0 }}\ny = {{ from = 0.1, to = 10.0, scale = 'log' }}\n\
         [task]\nworker = ['python3', 'task.py', '{seconds}']\n"
    ));
    let example = std::fs::read_to_string(root().join("examples/python/task.py")).unwrap();
    let slow = "print(seed, file=open(\"ran\", \"a\"))\n    time.sleep(float(sys.argv[1]))\n    x = parameters[\"x\"] / parameters[\"y\"]";
    place.write(
        "task.py",
        example.replace("import sys", "import sys\nimport time").replace("x = parameters[\"x\"]", slow),
    );
    Some(place)
}

#[test]
fn results_of_workers_over_samples() {
    for combine in ["sobol", "latin_hypercube"] {
        let Some(place) = worker(combine, "0") else { return };
        same_on_all_ranks(&place);
    }
}

#[test]
fn results_of_workers_after_a_death() {
    let Some(place) = worker("latin_hypercube", "0.03") else { return };
    same_after_a_death(&place);
}

/// N-body runs of some milliseconds, with a method, an eccentricity and a seed of their own.
fn simulation(steps: u32, count: u32) -> Place {
    let kepler = root().join("sims/nbody/kepler.toml");
    Place::new(&format!(
        "simulation = 'sweep'\n[parameters.values]\n'integrator.method' = ['leapfrog', 'hermite', 'ias15']\n\
         e = {{ from = 0.0, to = 0.8, count = {count} }}\n[task]\nsimulation = '{}'\nresult = ['step', 'energy_error']\n\
         set = {{ 'initial.e' = '{{e}}', 'run.steps' = {steps}, 'run.seed' = '{{seed}}', 'output.trajectory_steps' = 0 }}\n",
        kepler.display()
    ))
}

#[test]
fn results_of_simulations() {
    same_on_all_ranks(&simulation(50, 10));
}

#[test]
fn results_of_simulations_after_a_death() {
    same_after_a_death(&simulation(20000, 10));
}

#[test]
fn several_ranks_per_task_leave_the_same_bytes() {
    let place = simulation(10, 2);
    place.run_to(on(1), "one", &[]).expect(0);
    let one = place.results("one");
    for (ranks, per_task) in [(2, "2"), (3, "2"), (4, "2")] {
        let name = format!("{ranks}-{per_task}");
        place.run_to(on(ranks), &name, &[&format!("sweep.ranks_per_task={per_task}")]).expect(0);
        assert!(place.results(&name) == one, "{ranks} ranks, {per_task} a task: other bytes");
    }
}

#[test]
fn what_a_task_says_of_itself_is_in_no_order_but_that_of_tasks() {
    let place = Place::new(
        "simulation = 'sweep'\n[parameters.values]\nx = [3, 1, 2]\n[task]\noutput = 'last_line'\n\
         command = ['sh', '-c', 'sleep 0.{x}; echo {index} {seed} {attempt} $DIVISI_TASK $DIVISI_SEED $DIVISI_ATTEMPT']\n",
    );
    place.run(on(3), &[]).expect(0);
    for (index, line) in place.column("result").iter().enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[..3], words[3..], "{line}");
        assert_eq!((words[0], words[2]), (index.to_string().as_str(), "1"));
    }
    assert_eq!(place.table()[0], ["task", "x", "result", "status", "message"]);
    assert_eq!(place.column("x"), ["3", "1", "2"]);
}
