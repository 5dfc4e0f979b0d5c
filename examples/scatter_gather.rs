//! Shows how rank 0 hands parts of its data to all ranks, and how the results come back to it in order.
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::partition::balanced_range;
use divisi::{Comm, Result};

const COUNT: u64 = 10;

fn show(comm: &Comm) -> Result<u8> {
    // Rank 0 has all numbers and cuts them into one part for each rank; the others pass an empty list.
    let numbers: Vec<u64> = (0..COUNT).collect();
    let part = |rank| {
        let range = balanced_range(COUNT, comm.size(), rank);
        numbers[range.start as usize..range.end as usize].to_vec()
    };
    let parts = if comm.is_root() { (0..comm.size()).map(part).collect() } else { Vec::new() };
    let mine = comm.scatter(parts, 0);

    // Each rank works on its part; parts may differ in length, and may be empty.
    let mut squares = Vec::new();
    for number in mine {
        squares.push(number * number);
    }

    // Rank 0 gets a list by rank; the other ranks get nothing.
    let gathered = comm.gather(&squares, 0);
    assert_eq!(gathered.is_some(), comm.is_root());
    if let Some(by_rank) = gathered {
        let all: Vec<u64> = by_rank.concat();
        assert_eq!(all, (0..COUNT).map(|number| number * number).collect::<Vec<_>>());
        println!("{all:?}");
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
