//! Lines in order: what locks are for, and the way without.
//!
//!     mpirun -n 3 target/release/examples/ordered_print
//!
//! Threads that share a counter, or ranks that share a file, must take turns: a lock gives each its turn, and everyone else waits.
//! Who has something of its own, to be put together at the end, waits for nobody. Printing is such a file: what ranks print by
//! themselves comes in any order, barriers or not, so they hand their lines to one rank.
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use divisi::prelude::*;

const ITEMS: usize = 12;
const THREADS: u64 = 4;
const COUNTS: u64 = 10_000;

/// Threads count together, a lock around the number that they share.
fn count_with_a_lock() -> u64 {
    let total = Mutex::new(0);
    let count = || (0..COUNTS).for_each(|_| *total.lock().unwrap_or_else(PoisonError::into_inner) += 1);
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(count))));
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Each thread counts for itself; the counts are added when all have ended.
fn count_without() -> u64 {
    let count = || (0..COUNTS).fold(0, |own, _| own + 1);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
    })
}

/// Ranks append to one file in the order of the items: who has the token may write, then sends it to the owner of the next item.
fn write_in_turns(comm: &Comm, path: &Path) -> Result<()> {
    for item in (comm.rank()..ITEMS).step_by(comm.size()) {
        if item > 0 && comm.size() > 1 {
            comm.receive::<u8>((item - 1) % comm.size(), 0);
        }
        let open = if item == 0 { File::create(path) } else { OpenOptions::new().append(true).open(path) };
        let mut file = open.map_err(Error::io("open", path))?;
        writeln!(file, "{}", line(item)).map_err(Error::io("write", path))?;
        if item + 1 < ITEMS && comm.size() > 1 {
            comm.send(&[1u8], (item + 1) % comm.size(), 0);
        }
    }
    comm.barrier();
    Ok(())
}

fn line(item: usize) -> String {
    format!("item {item}: {} squared is {}", item + 1, (item + 1).pow(2))
}

fn show(comm: &Comm) -> Result<u8> {
    assert_eq!([count_with_a_lock(), count_without()], [THREADS * COUNTS; 2]);

    let path = Path::new("runs/ordered_print.txt");
    std::fs::create_dir_all("runs").map_err(Error::io("create", "runs"))?;
    write_in_turns(comm, path)?;

    // The way without: each rank makes its lines whenever it can, and rank 0 puts them in order and prints them at once.
    let mine: String = (comm.rank()..ITEMS).step_by(comm.size()).map(|item| line(item) + "\n").collect();
    if let Some(by_rank) = comm.gather(mine.as_bytes(), 0) {
        let texts: Vec<_> = by_rank.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
        let of = |item: usize| texts[item % comm.size()].lines().nth(item / comm.size()).expect("a line");
        let ordered = (0..ITEMS).map(of).collect::<Vec<_>>().join("\n");
        assert_eq!(std::fs::read_to_string(path).map_err(Error::io("read", path))?.trim_end(), ordered);
        println!("{ordered}");
    }
    Ok(0)
}

fn main() -> ExitCode {
    launch(show)
}
