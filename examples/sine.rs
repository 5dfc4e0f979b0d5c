//! Threads against ranks: the sines of an array, filled by ranks of which each may have several threads.
//!
//!     target/release/examples/sine 2                two threads of one process
//!     mpirun -n 2 target/release/examples/sine 1    two ranks of one thread
//!
//! Threads fill parts of one array in place. Ranks have an array each, on this machine or on another, and what all of them must
//! know travels: here one sum. No pool of threads is needed: a thread is begun for each part of each pass, which is measured too.
use std::thread;
use std::time::Instant;

use divisi::partition::balanced_range;
use divisi::prelude::*;

const COUNT: u64 = 2_000_003;
const STEP: f64 = 1e-3;
/// The array is filled so often; the fastest pass counts.
const PASSES: usize = 5;

/// Fills a part of the array, which begins at element `first` of the whole.
fn fill(part: &mut [f64], first: u64) {
    for (k, value) in (first..).zip(part) {
        *value = libm::sin(STEP * k as f64);
    }
}

/// Fills a rank's array, a part by each thread. The scope ends when all of its threads have.
fn pass(array: &mut [f64], first: u64, threads: usize) {
    let length = array.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        for (number, part) in array.chunks_mut(length).enumerate() {
            scope.spawn(move || fill(part, first + (number * length) as u64));
        }
    });
}

/// The fastest pass on all ranks, in seconds.
fn seconds(comm: &Comm, mut work: impl FnMut()) -> f64 {
    let time = |_| {
        comm.barrier();
        let start = Instant::now();
        work();
        comm.all_reduce_max(start.elapsed().as_secs_f64())
    };
    (0..PASSES).map(time).fold(f64::INFINITY, f64::min)
}

fn show(comm: &Comm) -> Result<u8> {
    let threads: usize = match std::env::args().nth(1).map_or(Ok(1), |word| word.parse()) {
        Ok(threads @ 1..=1000) => threads,
        _ => return Err(Error::input("arguments", "a number of threads for each rank, 1 to 1000")),
    };
    let mine = balanced_range(COUNT, comm.size(), comm.rank());
    let mut array = vec![0.0; (mine.end - mine.start) as usize];
    let filling = seconds(comm, || pass(&mut array, mine.start, threads));
    let beginning = seconds(comm, || pass(&mut vec![0.0; threads], 0, threads)) / threads as f64;

    // Law: the sum of sin(k h) over k from 0 to n - 1 is sin(n h / 2) sin((n - 1) h / 2) / sin(h / 2).
    let sum = comm.sum_exact(array);
    let half = |n: u64| libm::sin(n as f64 * STEP / 2.0);
    let exact = half(COUNT) * half(COUNT - 1) / half(1);
    assert!((sum - exact).abs() < 1e-7, "the sum is {sum} instead of {exact}");
    if comm.is_root() {
        println!("{COUNT} sines, their sum {sum:.9}");
        let cores = thread::available_parallelism().map_or(0, usize::from);
        println!("{} ranks of {threads} threads, each rank on {cores} cores: {filling:.4} s", comm.size());
        println!("to begin and end a thread takes {:.1} microseconds", 1e6 * beginning);
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
