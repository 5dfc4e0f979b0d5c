//! Tasks that only take time, some much longer than others: how long static and dynamic sharing take, over the ideal.
//!
//!     mpirun -n 2 target/release/examples/time_waster
//!
//! The ideal is the sum of all delays over the number of ranks. Shared statically each rank has a block of tasks, whatever
//! they take; cyclically every n-th one; dynamically it takes the next task when it is done with one. A task spins by the
//! clock: give each rank a core of its own, or the numbers say nothing.
use std::process::ExitCode;
use std::time::{Duration, Instant};

use divisi::comm::launch;
use divisi::random::Random;
use divisi::tasks::{Executor, Schedule};
use divisi::{Comm, Result};

const TASKS: u64 = 200;
const SEED: u64 = 7;

/// Between 0 and 20 ms, the later tasks' being longer on average: many lists of work are sorted like that.
fn delay(index: u64) -> Duration {
    let longest = 0.02 * (index + 1) as f64 / TASKS as f64;
    Duration::from_secs_f64(longest * Random::new(SEED, 0, index).uniform())
}

fn waste(delay: Duration) {
    let start = Instant::now();
    while start.elapsed() < delay {
        std::hint::spin_loop();
    }
}

/// The seconds that all tasks take, from the first rank's start to the last one's end.
fn makespan(comm: &Comm, schedule: Schedule, delays: &[Duration]) -> Result<f64> {
    comm.barrier();
    let start = Instant::now();
    let results = Executor::new(comm).schedule(schedule).map(delays, |task, delay| {
        waste(*delay);
        Ok(task.number())
    })?;
    let numbers: Vec<u64> = results.into_iter().map(|result| result.expect("no task fails")).collect();
    assert_eq!(numbers, (0..TASKS).collect::<Vec<_>>());
    Ok(start.elapsed().as_secs_f64())
}

fn show(comm: &Comm) -> Result<u8> {
    let delays: Vec<Duration> = (0..TASKS).map(delay).collect();
    let ideal = delays.iter().sum::<Duration>().as_secs_f64() / comm.size() as f64;
    if comm.is_root() {
        println!("{TASKS} tasks on {} ranks, ideally {ideal:.3} s", comm.size());
    }
    for (name, schedule) in [("static", Schedule::Static), ("cyclic", Schedule::Cyclic), ("dynamic", Schedule::Dynamic)]
    {
        let seconds = makespan(comm, schedule, &delays)?;
        assert!(seconds >= ideal, "{name}: {seconds} s are less than the ideal {ideal}");
        if comm.is_root() {
            println!("{name:8} {seconds:.3} s, {:.3} of the ideal", seconds / ideal);
        }
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
