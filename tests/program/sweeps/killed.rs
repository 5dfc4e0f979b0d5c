//! Everything is killed with -9 at random times, and the sweep resumed on another number of ranks, until it is done.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use super::place::{Place, Start, on, surviving, wait_for};
use crate::common::{Pid, Signal, kill_process, ranks_of, remove_stale_segments, signal, wait};

/// Tasks of about 20 ms that note their beginning, each with a program of its own within.
const PLAN: &str = "simulation = 'sweep'\n[parameters.values]\nx = { from = 1, to = 80, step = 1 }\n[task]\n\
                    command = ['sh', '-c', 'echo {index} >> ran; sh -c \"sleep 0.03; : $0\"; echo $(({x} * {x}))', 'FOLDER']\n";

/// Numbers that look random, the same each time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
}

impl Place {
    /// How often each task began.
    fn times(&self) -> BTreeMap<u64, usize> {
        let mut times = BTreeMap::new();
        self.read("ran").lines().for_each(|line| *times.entry(line.parse().expect("a task")).or_default() += 1);
        times
    }
}

#[test]
fn no_recorded_task_runs_again_and_nothing_stays_behind() {
    let place = Place::new(PLAN);
    place.change("FOLDER", &place.path("").display().to_string());
    place.run_to(on(1), "one", &[]).expect(0);
    let one = place.results("one");
    let mut dice = Dice(3);
    let mut kills = 0;
    while kills < 5 {
        fs::remove_file(place.path("ran")).unwrap();
        while !job(&place, &mut dice) {
            kills += 1;
        }
        assert!(place.results("out") == one, "other bytes after {kills} kills");
        fs::remove_dir_all(place.out()).unwrap();
    }
    remove_stale_segments();
}

/// One job that is killed, ranks and launcher, unless it ends before; whether the sweep is done.
fn job(place: &Place, dice: &mut Dice) -> bool {
    let start = Start { ranks: 1 + dice.below(4) as usize, recovery: dice.below(2) == 0 };
    let recorded = place.recorded();
    let before = place.times();
    let mut job = place.spawn(start, &[]);
    let folder = place.out();
    // Results reach the journal once a second.
    let patience = Duration::from_millis(300 + dice.below(2000));
    let ended = wait_for_end(&mut job, patience);
    let status = ended.unwrap_or_else(|| {
        let ranks = ranks_of(&folder);
        kill_process(Pid::from_child(&job), Signal::KILL).ok();
        end(&ranks);
        wait(&mut job, Duration::from_secs(20))
    });
    place.expect_no_processes();
    let after = place.times();
    let again: Vec<_> = recorded.iter().filter(|task| before.get(task) != after.get(task)).collect();
    assert!(again.is_empty(), "tasks {again:?} had results and ran again");
    match (status, ended) {
        (Some(0), _) => true,
        (_, Some(status)) => panic!("{start:?} ended with {status:?} by itself"),
        _ => false,
    }
}

/// Kills processes that may have ended in between.
fn end(processes: &[Pid]) {
    processes.iter().for_each(|&process| {
        kill_process(process, Signal::KILL).ok();
    });
}

fn wait_for_end(job: &mut std::process::Child, patience: Duration) -> Option<Option<i32>> {
    let began = std::time::Instant::now();
    while began.elapsed() < patience {
        if let Some(status) = job.try_wait().expect("a job") {
            return Some(status.code());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// Dead processes that nobody has waited for, by the process that started them.
fn zombies(parents: &[Pid]) -> Vec<String> {
    let stats = fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let mut fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
            let state = fields.next();
            let parent = fields.next().and_then(|id| Pid::from_raw(id.parse().ok()?));
            state == Some("Z") && parent.is_some_and(|parent| parents.contains(&parent))
        })
        .map(|stat| stat.split_whitespace().next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn programs_that_have_ended_leave_no_zombies() {
    let place = Place::new(
        "simulation = 'sweep'\n[parameters.values]\nx = { from = 1, to = 500, step = 1 }\n[task]\n\
         command = ['true', '{x}']\noutput = 'none'\n",
    );
    let mut job = place.spawn(on(2), &[]);
    let mut seen: Vec<String> = Vec::new();
    let mut looks = 0;
    let mut kept = 0;
    while job.try_wait().expect("a job").is_none() {
        let now = zombies(&ranks_of(&place.out()));
        looks += 1;
        // One that has just ended may be seen once.
        kept += now.iter().filter(|id| seen.contains(id)).count();
        assert!(now.len() <= 2 && kept == 0, "{now:?} after {seen:?}");
        seen = now;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(wait(&mut job, Duration::from_secs(5)), Some(0));
    assert!(looks > 5 && place.column("status").iter().all(|status| status == "done"), "{looks} looks");
}

#[test]
fn programs_end_with_their_rank() {
    let long = "simulation = 'sweep'\n[sweep]\nretries = 0\n[parameters.values]\nx = [1, 2, 3]\n[task]\n\
                command = ['sh', '-c', 'sleep 30 & setsid sleep 31 & sleep 32; : $0', 'FOLDER']\noutput = 'none'\n";
    for start in [on(1), on(2), surviving(3)] {
        let place = Place::new(long);
        place.change("FOLDER", &place.path("").display().to_string());
        let mut job = place.spawn(start, &[]);
        let mark = |id: Pid| format!("DIVISI_GUARD={}.", id.as_raw_nonzero());
        let ranks = wait_for("the programs of each rank", || {
            let ranks = ranks_of(&place.out());
            let all = ranks.len() == start.ranks && ranks.iter().all(|&rank| marked(&mark(rank)) >= 4);
            all.then_some(ranks)
        });
        kill_process(Pid::from_child(&job), Signal::KILL).ok();
        end(&ranks);
        wait(&mut job, Duration::from_secs(5));
        wait_for("the end of the programs", || ranks.iter().all(|&rank| marked(&mark(rank)) == 0).then_some(()));
    }
    remove_stale_segments();
}

/// How many processes have an environment with a variable that begins so.
fn marked(mark: &str) -> usize {
    let environments =
        fs::read_dir("/proc").expect("/proc").flatten().map(|entry| fs::read(entry.path().join("environ")));
    let has =
        |variables: Vec<u8>| variables.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes()));
    environments.filter(|variables| variables.as_ref().is_ok_and(|variables| has(variables.clone()))).count()
}

#[test]
fn a_launcher_that_is_told_to_end_ends_all() {
    let place = Place::new(&PLAN.replace("0.03", "0.1"));
    place.change("FOLDER", &place.path("").display().to_string());
    let mut job = place.spawn(on(3), &[]);
    place.wait_for_attempts(5);
    signal(&job, Signal::INT);
    wait(&mut job, Duration::from_secs(20)).filter(|&status| status != 0).expect("mpirun says that it was told to");
    place.expect_no_processes();
    place.run(on(2), &["--resume"]).expect(0);
}
