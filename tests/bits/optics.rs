//! Light through optics: the same bits on any number of ranks, and after a kill and a resume on another number.

use crate::common::case::{Case, kill_and_resume, same_on};

/// One component, and six; odd numbers of pixels, and fewer tiles than ranks.
const CASES: [Case; 3] = [
    Case {
        name: "scalar",
        file: "optics/hubble",
        words: &["beam.across=37", "beam.subrays=4", "detector.pixels=[75,53]", "output.history_steps=1"],
    },
    Case {
        name: "unpolarized",
        file: "optics/cassegrain",
        words: &["beam.across=21", "beam.subrays=3", "detector.pixels=[41,35]"],
    },
    Case { name: "few_tiles", file: "optics/lens", words: &["beam.across=13", "detector.pixels=[17,33]"] },
];

#[test]
fn fields_are_the_same_on_any_number_of_ranks() {
    for case in &CASES {
        same_on(case, &[2, 3, 4], &[]);
    }
}

#[test]
fn a_killed_run_goes_on_to_the_same_files() {
    let words = &["beam.across=160", "detector.pixels=[160,160]", "checkpoint.every_steps=1"];
    kill_and_resume(&Case { name: "killed", file: "optics/hubble", words }, 2, 3, &[]);
}
