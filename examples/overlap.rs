//! Waiting for many things at once, and computing meanwhile: answers from outside, and messages from all ranks.
//!
//!     mpirun -n 2 target/release/examples/overlap
//!
//! To wait costs no core: a thread for each answer waits, and the rank computes until they come. Messages need no thread: all
//! receives are begun first, and the rank works on whichever message is there while the others travel.
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use divisi::comm::wait_any;
use divisi::partition::balanced_range;
use divisi::prelude::*;

const QUESTIONS: u64 = 12;
/// The places are the numbers below this, each once; two are near each other if they differ by at most `REACH`.
const PLACES: u64 = 4001;
const REACH: u64 = 50;

/// What somebody far away answers after 10 to 32 ms: a disk, a web server, another program.
fn answer(question: u64) -> u64 {
    thread::sleep(Duration::from_millis(10 + 2 * question));
    question * question
}

/// Asks everybody, computes until the answers are there, and takes each as it comes: their sum, and the work done meanwhile.
fn ask_all(questions: impl Iterator<Item = u64>) -> (u64, u64) {
    thread::scope(|scope| {
        let (to, answers) = mpsc::channel();
        for question in questions {
            let to = to.clone();
            scope.spawn(move || to.send(answer(question)).expect("somebody listens"));
        }
        drop(to);
        let mut sum = 0;
        let mut work = 0;
        loop {
            match answers.try_recv() {
                Ok(answer) => sum += answer,
                Err(mpsc::TryRecvError::Empty) => work += (0..1000).map(std::hint::black_box).count() as u64,
                Err(mpsc::TryRecvError::Disconnected) => return (sum, work),
            }
        }
    })
}

/// How many pairs of places are near each other: this rank's with all, in whatever order the others' come.
fn near_pairs(comm: &Comm) -> u64 {
    let share = |rank| balanced_range(PLACES, comm.size(), rank);
    let length = |rank| (share(rank).end - share(rank).start) as usize;
    let mine: Vec<u64> = share(comm.rank()).map(|k| k * 1013 % PLACES).collect();
    let mut coming: Vec<_> = (0..comm.size()).map(|rank| comm.immediate_receive(length(rank), rank, 0)).collect();
    let going: Vec<_> = (0..comm.size()).map(|rank| comm.immediate_send(mine.clone(), rank, 0)).collect();
    let mut pairs = 0;
    while !coming.is_empty() {
        let (_, theirs) = wait_any::<u64>(&mut coming);
        for place in &mine {
            pairs += theirs.iter().filter(|other| (1..=REACH).contains(&place.abs_diff(**other))).count() as u64;
        }
    }
    going.into_iter().for_each(|message| drop(message.wait()));
    comm.all_reduce_sum(pairs)
}

fn show(comm: &Comm) -> Result<u8> {
    let mine = || balanced_range(QUESTIONS, comm.size(), comm.rank());
    let start = Instant::now();
    let one_by_one: u64 = mine().map(answer).sum();
    let alone = start.elapsed();
    let start = Instant::now();
    let (at_once, work) = ask_all(mine());
    let together = start.elapsed();
    assert_eq!(at_once, one_by_one);
    assert!(work > 0 || mine().is_empty(), "nothing was done while {} answers were waited for", mine().count());
    let sum = comm.all_reduce_sum(at_once);
    let pairs = near_pairs(comm);
    // Law: of n places in a row, each pair counted twice, n - d are d apart.
    assert_eq!(pairs, (1..=REACH).map(|apart| 2 * (PLACES - apart)).sum::<u64>());
    if comm.is_root() {
        println!("the answers add up to {sum}; {pairs} pairs are near each other");
        println!("one by one {alone:.1?}, at once {together:.1?}, with {work} steps of work meanwhile");
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
