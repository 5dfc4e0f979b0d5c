//! Coffee for thirty students: one machine is the bottleneck, and more machines help until the students are.
//!
//!     mpirun -n 2 target/release/examples/coffee     writes runs/coffee
//!
//! In a break thirty students come one by one. A cup takes a minute or two at a machine; who finds all machines taken waits in one
//! queue. A task is a break with some number of machines; its students and cups are the same for every number. The pictures show
//! one break with one machine and with three: a row for each student, who waits (0) and then stands at a machine (1, 2, 3).
use std::path::Path;

use divisi::plot::Map;
use divisi::prelude::*;
use divisi::tasks;

const FOLDER: &str = "runs/coffee";
const STUDENTS: usize = 30;
const MACHINES: usize = 8;
const BREAKS: u64 = 100;
/// Seconds in which all students come, and of the shortest cup; the longest takes twice as long.
const COMING: f64 = 300.0;
const SHORTEST: f64 = 60.0;

/// A student's cup: when the student came, when it was begun and ended, in seconds, and at which machine.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cup {
    came: u32,
    began: u32,
    ended: u32,
    machine: usize,
}

/// A break: who is first in the queue goes to the machine that is free first.
fn queue(machines: usize, number: u64) -> Vec<Cup> {
    let mut random = Random::new(1, 0, number);
    let mut coming: Vec<u32> = (0..STUDENTS).map(|_| (COMING * random.uniform()) as u32).collect();
    coming.sort_unstable();
    let mut free = vec![0; machines];
    let mut cup = |came: u32| {
        let machine = (0..machines).min_by_key(|&machine| free[machine]).expect("a machine");
        let began = came.max(free[machine]);
        let ended = began + (SHORTEST * (1.0 + random.uniform())) as u32;
        free[machine] = ended;
        Cup { came, began, ended, machine }
    };
    coming.into_iter().map(&mut cup).collect()
}

/// When the last cup is ended.
fn last(cups: &[Cup]) -> u32 {
    cups.iter().map(|cup| cup.ended).max().unwrap_or(0)
}

/// What no queue can beat: with one machine, any student and all cups from then on; with a machine each, any student with a cup.
fn check(machines: usize, cups: &[Cup]) {
    let taken = |cup: &Cup| cup.ended - cup.began;
    let one = (0..STUDENTS).map(|first| cups[first].came + cups[first..].iter().map(taken).sum::<u32>()).max();
    let each = cups.iter().map(|cup| cup.came + taken(cup)).max();
    assert!(Some(last(cups)) >= each && Some(last(cups)) <= one);
    assert!(machines > 1 || Some(last(cups)) == one);
}

/// A row for each student, the first at the bottom, a cell for each ten seconds.
fn draw(cups: &[Cup], title: &str, until: u32) -> Result<()> {
    let cell = |cup: &Cup, time: u32| match time {
        time if time < cup.came || time >= cup.ended => f64::NAN,
        time if time < cup.began => 0.0,
        _ => (cup.machine + 1) as f64,
    };
    let times: Vec<u32> = (0..until).step_by(10).collect();
    let values: Vec<f64> = cups.iter().flat_map(|cup| times.iter().map(|&time| cell(cup, time))).collect();
    let picture = Map {
        title,
        labels: ["minutes", "student"],
        ranges: [0.0..f64::from(until) / 60.0, 0.0..STUDENTS as f64],
        values: &values,
        width: times.len(),
        label: "0: waits, else: at this machine",
    };
    picture.save(&Path::new(FOLDER).join(title.replace(' ', "_"))).map(drop)
}

fn show(comm: &Comm) -> Result<u8> {
    let breaks: Vec<(usize, u64)> =
        (1..=MACHINES).flat_map(|machines| (0..BREAKS).map(move |number| (machines, number))).collect();
    let all = tasks::map(comm, &breaks, |&(machines, number)| queue(machines, number))?;
    breaks.iter().zip(&all).for_each(|((machines, _), cups)| check(*machines, cups));
    if comm.is_root() {
        let by_machines: Vec<&[Vec<Cup>]> = all.chunks(BREAKS as usize).collect();
        let minutes = |seconds: u32, count: u64| f64::from(seconds) / 60.0 / count as f64;
        let ends: Vec<f64> =
            by_machines.iter().map(|of| minutes(of.iter().map(|cups| last(cups)).sum(), BREAKS)).collect();
        for (machines, (of, end)) in (1..).zip(by_machines.iter().zip(&ends)) {
            let waiting = of.iter().flatten().map(|cup| cup.began - cup.came).sum();
            let waiting = minutes(waiting, BREAKS * STUDENTS as u64);
            let faster = ends[0] / end;
            println!(
                "{machines} machines: the last cup after {end:4.1} min, {faster:.2} times as fast; {waiting:4.1} min in the queue"
            );
        }
        assert!(ends.windows(2).all(|pair| pair[1] <= pair[0]), "a machine more makes nobody later");
        std::fs::create_dir_all(FOLDER).map_err(Error::io("create", FOLDER))?;
        let until = last(&by_machines[0][0]);
        draw(&by_machines[0][0], "one machine", until)?;
        draw(&by_machines[2][0], "three machines", until)?;
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
