//! The examples: each runs on 1, 2, 3 and 4 ranks, and prints the same on all of them.

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::{example, finish, mpirun};

/// Seconds after which an example is killed.
const LIMIT: u64 = 60;
const RANKS: [usize; 4] = [1, 2, 3, 4];

/// What an example prints on a number of ranks.
fn printed(name: &str, ranks: usize) -> String {
    finish(&mut mpirun(ranks, example(name)), LIMIT).expect(0).stdout
}

/// What an example prints, the same on any number of ranks, and without mpirun too.
#[track_caller]
fn printed_by_all(name: &str) -> String {
    let alone = finish(&mut Command::new(example(name)), LIMIT).expect(0).stdout;
    for ranks in RANKS {
        assert_eq!(printed(name, ranks), alone, "{name} on {ranks} ranks");
    }
    alone
}

#[test]
fn a_particle_simulation_has_the_same_bits_on_any_number_of_ranks() {
    assert!(printed_by_all("nbody").contains("hash of the state"));
}

#[test]
fn source_blocks_are_the_same_on_any_number_of_ranks() {
    assert!(printed_by_all("source_blocks").starts_with("5000 particles in 3 blocks"));
}

#[test]
fn what_is_scattered_comes_back_in_order() {
    assert_eq!(printed_by_all("scatter_gather"), "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n");
}

#[test]
fn only_the_exact_sum_is_the_same_on_any_number_of_ranks() {
    let lines = |start: &str| -> BTreeSet<String> {
        let line = |ranks| printed("exact_sum", ranks).lines().find(|line| line.starts_with(start)).map(String::from);
        RANKS.iter().map(|&ranks| line(ranks).expect("a line for this sum")).collect()
    };
    assert_eq!(lines("exact").len(), 1);
    assert!(lines("plain").len() > 1, "the plain sums are all the same: the example shows nothing");
}

#[test]
fn the_particle_simulation_stays_short() {
    let source = std::fs::read_to_string(common::root().join("examples/nbody.rs")).expect("the example's source");
    assert!(source.lines().count() < 80, "{} lines", source.lines().count());
}
