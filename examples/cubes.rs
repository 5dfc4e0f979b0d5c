//! Cubes of numbers, three ways: a share of the list for each rank, `map` over all ranks, and a pool to which rank 0 submits.
//!
//!     mpirun -n 4 target/release/examples/cubes
//!
//! A share is quickest where all items cost the same. `map` hands an item to whichever rank is free. A pool is for items that are
//! not known at the start: what is submitted next may depend on what came back.
use divisi::partition::balanced_range;
use divisi::prelude::*;
use divisi::tasks::{self, Executor};

const COUNT: u64 = 20;

fn cube(number: u64) -> u64 {
    number * number * number
}

fn show(comm: &Comm) -> Result<u8> {
    // Each rank has a share of the numbers; their cubes, rank after rank, go to all.
    let share: Vec<u64> = balanced_range(COUNT, comm.size(), comm.rank()).map(cube).collect();
    let by_shares = comm.all_gather(&share);

    // Every rank names the same items and gets all results, in order.
    let numbers: Vec<u64> = (0..COUNT).collect();
    let by_map = tasks::map(comm, &numbers, |&number| cube(number))?;

    // Rank 0 submits and asks; all ranks, rank 0 too, do the tasks.
    let by_pool = Executor::new(comm).pool(
        |_task, number| Ok(cube(number)),
        |pool| {
            let mut cubes = pool.map(0..COUNT)?;
            // Taxicab: which cubes of these make 1729? Whatever is looked at next depends on what is known.
            let one = pool.submit(12)?;
            let rest = 1729 - one.result()?;
            assert!(cubes.contains(&rest), "{rest} is no cube");
            cubes.sort_unstable();
            Ok(cubes)
        },
    )?;

    assert_eq!(by_shares, by_map);
    let sum: u64 = by_map.iter().sum();
    // Law: the sum of the first n cubes is the square of the sum of the first n numbers.
    assert_eq!(sum, ((COUNT - 1) * COUNT / 2).pow(2));
    if let Some(by_pool) = by_pool {
        assert_eq!(by_pool, by_map);
        println!("{by_map:?}, their sum {sum}");
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
