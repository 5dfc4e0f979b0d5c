//! The evidence against what is known: over seeds it is within three of its errors, which are neither too small nor too large, or it isn't known yet.
//!
//! The quick test takes a few seeds of each; all twenty take minutes:
//!
//!     cargo test --release --test physics -- --ignored twenty_seeds --nocapture

use std::fmt::Write;

use divisi::Comm;
use divisi::run::Goal;
use divisi::sampler::{Density, Ensemble, EnsembleSettings, Evidence};

use super::chains::MIXTURE;
use super::known::{ELEVEN, SEVEN, around, broad_and_narrow, by_importance, eggbox, eleven, seven, shells};
use crate::common::rank::{on_one_rank, on_one_rank_within};

/// Steps after which a run ends without its goal.
const MOST_STEPS: u64 = 100_000;
/// Seconds for all seeds.
const LIMIT: u64 = 3000;

fn settings() -> EnsembleSettings {
    EnsembleSettings {
        walkers: 32,
        temperatures: 16,
        burn_in: 4000,
        thin: 5,
        evidence_error: 0.15,
        moves: MIXTURE,
        ..EnsembleSettings::default()
    }
}

/// What a run with this seed ends with, and the steps that it took.
fn found<D: Density>(comm: &Comm, density: D, settings: EnsembleSettings, seed: u64) -> (Goal, Evidence, u64) {
    let mut ensemble = Ensemble::new(comm, density, settings, seed).expect("walkers");
    while ensemble.goal() == Goal::Open && ensemble.steps() < MOST_STEPS {
        ensemble.step().expect("a step");
    }
    (ensemble.goal(), ensemble.evidence().expect("an evidence"), ensemble.steps())
}

/// Panics unless of these seeds all but one in twenty end at their goal within three errors, and the errors of many are as large as the deviations.
#[track_caller]
fn assert_known(comm: &Comm, density: impl Density, settings: &EnsembleSettings, exact: [f64; 2], seeds: u64) {
    let mut right = 0;
    let mut squares = 0.0;
    let mut told = String::new();
    for seed in 0..seeds {
        let (goal, evidence, steps) = found(comm, &density, settings.clone(), seed);
        let stones = evidence.stepping_stones;
        let deviation = (stones.value - exact[0]) / stones.error.hypot(exact[1]);
        right += u64::from(goal == Goal::Reached && deviation.abs() < 3.0);
        squares += deviation * deviation / seeds as f64;
        writeln!(told, "{seed} {goal:?} {steps} {deviation:.2} {evidence:?}").expect("a text grows");
    }
    println!("{exact:?}: {right} of {seeds}, deviations over errors {:.2} in the mean square\n{told}", squares.sqrt());
    assert!(right + seeds.div_ceil(20) >= seeds, "{right} of {seeds} are right: {exact:?}\n{told}");
    assert!(seeds < 20 || (0.5..1.5).contains(&squares.sqrt()), "{}: {exact:?}\n{told}", squares.sqrt());
}

/// Temperatures enough for seven parameters.
fn of_orbit() -> EnsembleSettings {
    EnsembleSettings { temperatures: 20, ..settings() }
}

#[test]
#[ignore = "minutes"]
fn twenty_seeds_of_gaussian_shells() {
    on_one_rank_within(LIMIT, |comm| {
        let (density, exact) = shells();
        assert_known(comm, density, &settings(), exact, 20);
    });
}

#[test]
#[ignore = "minutes"]
fn twenty_seeds_of_the_eggbox() {
    on_one_rank_within(LIMIT, |comm| {
        let (density, exact) = eggbox();
        assert_known(comm, density, &settings(), exact, 20);
    });
}

#[test]
#[ignore = "minutes"]
fn twenty_seeds_of_a_broad_and_a_narrow_density() {
    on_one_rank_within(LIMIT, |comm| {
        let (density, exact) = broad_and_narrow();
        assert_known(comm, density, &settings(), exact, 20);
    });
}

#[test]
#[ignore = "minutes"]
fn twenty_seeds_of_an_orbits_fit() {
    on_one_rank_within(LIMIT, |comm| {
        let fit = seven();
        let exact = by_importance(comm, &fit, around(SEVEN));
        assert!(exact[1] < 0.03, "{exact:?}");
        assert_known(comm, fit, &of_orbit(), exact, 20);
    });
}

/// The goal may be missed, where the evidence isn't known by then.
#[test]
#[ignore = "minutes"]
fn a_fit_of_eleven_parameters_is_right_or_not_known() {
    on_one_rank_within(LIMIT, |comm| {
        let fit = eleven();
        let exact = by_importance(comm, &fit, around(ELEVEN));
        println!("by importance sampling {exact:?}");
        assert!(exact[1] < 0.03, "{exact:?}");
        for temperatures in [16, 30] {
            let (goal, evidence, steps) = found(comm, &fit, EnsembleSettings { temperatures, ..settings() }, 1);
            let stones = evidence.stepping_stones;
            let deviation = (stones.value - exact[0]) / stones.error.hypot(exact[1]);
            println!("{temperatures} {goal:?} {steps} {deviation:.2} {evidence:?}");
            assert!(!evidence.is_known() || deviation.abs() < 3.0, "{temperatures}: {evidence:?}, exactly {exact:?}");
        }
    });
}

#[test]
fn the_evidence_of_known_problems_is_within_its_errors() {
    on_one_rank(|comm| {
        let quick = EnsembleSettings { evidence_error: 0.5, ..settings() };
        let (density, exact) = shells();
        assert_known(comm, density, &quick, exact, 2);
        let (density, exact) = eggbox();
        assert_known(comm, density, &quick, exact, 2);
        let (density, exact) = broad_and_narrow();
        assert_known(comm, density, &quick, exact, 2);
    });
}
