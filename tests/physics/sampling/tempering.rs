//! Parallel tempering: the evidence, and modes that an ensemble misses.

use std::cell::RefCell;

use divisi::sampler::{Around, Ensemble, EnsembleSettings, Ladder, Start};

use super::chains::{MIXTURE, settings};
use crate::common::densities::{Boxed, Ramp, normal, ramp, two_modes};
use crate::common::rank::on_one_rank;

fn tempering() -> EnsembleSettings {
    EnsembleSettings { walkers: 16, temperatures: 12, burn_in: 1500, ..settings() }
}

/// Panics unless both estimates are right within their errors, over some seeds; their largest errors.
#[track_caller]
fn assert_evidence(exact: f64, sampled: impl Fn(u64) -> divisi::sampler::Evidence) {
    let mut squares = [0.0; 2];
    const SEEDS: u64 = 10;
    for seed in 0..SEEDS {
        let found = sampled(seed);
        for (estimate, squares) in [found.thermodynamic, found.stepping_stones].iter().zip(&mut squares) {
            let deviation = (estimate.value - exact) / estimate.error;
            assert!(deviation.abs() < 4.0 && estimate.error < 0.3, "{found:?}, exactly {exact}");
            *squares += deviation * deviation / SEEDS as f64;
        }
    }
    // The error of the rule, which is a part of the first one's, is a bound.
    assert!(squares[0] < 2.5 && (0.3..2.5).contains(&squares[1]), "mean squares of deviations: {squares:?}");
}

#[test]
fn the_evidence_of_a_normal_density() {
    on_one_rank(|comm| {
        let exact = normal().log_prior;
        let settings = EnsembleSettings { temperatures: 20, ..tempering() };
        assert_evidence(exact, |seed| {
            let mut ensemble = Ensemble::new(comm, normal(), settings.clone(), seed).expect("walkers");
            (0..4500).for_each(|_| ensemble.step().expect("a step"));
            ensemble.evidence().expect("an evidence")
        });
    });
}

#[test]
fn the_evidence_of_two_modes_and_both_modes_in_their_weights() {
    on_one_rank(|comm| {
        let exact = two_modes().log_prior;
        let settings = EnsembleSettings { moves: MIXTURE, ..tempering() };
        let shares = RefCell::new(Vec::new());
        assert_evidence(exact, |seed| {
            let mut ensemble = Ensemble::new(comm, two_modes(), settings.clone(), seed).expect("walkers");
            (0..5500).for_each(|_| ensemble.step().expect("a step"));
            let first: Vec<f64> = ensemble.chain().numbers().chunks_exact(5).map(|row| row[0]).collect();
            shares.borrow_mut().push(first.iter().filter(|x| **x < 0.0).count() as f64 / first.len() as f64);
            ensemble.evidence().expect("an evidence")
        });
        let shares = shares.into_inner();
        let mean = shares.iter().sum::<f64>() / 10.0;
        let error = (shares.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / 90.0).sqrt();
        assert!(error < 0.05 && (mean - 0.7).abs() < 3.0 * error, "{mean} +- {error}: {shares:?}");
    });
}

#[test]
fn an_ensemble_without_tempering_stays_in_the_mode_where_it_started() {
    on_one_rank(|comm| {
        let around = ["x0", "x1", "x2"].map(|name| (name.to_owned(), 5.0)).into_iter().collect();
        let start = Start::Around(Around { around, spread: 0.01 });
        let mut ensemble =
            Ensemble::new(comm, two_modes(), EnsembleSettings { start, ..settings() }, 1).expect("walkers");
        (0..4000).for_each(|_| ensemble.step().expect("a step"));
        assert!(ensemble.chain().numbers().chunks_exact(5).all(|row| row[0] > 0.0));
        assert_eq!(ensemble.evidence(), None);
    });
}

#[test]
fn an_adaptive_ladder_exchanges_equally_often_everywhere() {
    on_one_rank(|comm| {
        let mut ensemble = Ensemble::new(comm, normal(), tempering(), 3).expect("walkers");
        let first = ensemble.betas().to_vec();
        (0..1500).for_each(|_| ensemble.step().expect("a step"));
        let adapted = ensemble.betas().to_vec();
        let mut shares = [0.0; 11];
        for _ in 0..1000 {
            ensemble.step().expect("a step");
            shares.iter_mut().zip(ensemble.exchanges()).for_each(|(sum, share)| *sum += share / 1000.0);
        }
        assert_eq!(ensemble.betas(), adapted, "the ladder moves after the burn-in");
        assert!(adapted != first && adapted[0] == 1.0 && adapted[11] == 0.0 && adapted.is_sorted_by(|a, b| a > b));
        let (least, most) = shares.iter().fold((1.0f64, 0.0f64), |(l, m), &share| (l.min(share), m.max(share)));
        assert!(least > 0.1 && most < 2.0 * least, "{shares:?}");
        assert_eq!(ensemble.uneven(), None);
    });
}

#[test]
fn a_ladder_that_is_given_is_kept() {
    on_one_rank(|comm| {
        let ladder = Ladder::Given(vec![1.0, 0.3, 0.01, 0.0]);
        let settings = EnsembleSettings { ladder, temperatures: 4, ..tempering() };
        let mut ensemble = Ensemble::new(comm, normal(), settings, 3).expect("walkers");
        (0..100).for_each(|_| ensemble.step().expect("a step"));
        assert_eq!(ensemble.betas(), [1.0, 0.3, 0.01, 0.0]);
    });
}

/// A likelihood of zero in a part of the prior.
#[test]
fn a_limit_that_cuts_the_prior_counts_in_the_evidence() {
    on_one_rank(|comm| {
        let half = Boxed::cube(2, 1.0, |x: &[f64]| if x[0] > 0.5 { 0.0 } else { f64::NEG_INFINITY });
        let settings = EnsembleSettings { temperatures: 4, ladder: Ladder::Fixed, ..tempering() };
        let mut ensemble = Ensemble::new(comm, half, settings, 1).expect("walkers");
        (0..4000).for_each(|_| ensemble.step().expect("a step"));
        let found = ensemble.evidence().expect("an evidence");
        for estimate in [found.stepping_stones, found.thermodynamic] {
            assert!((estimate.value - 0.25f64.ln()).abs() < 4.0 * estimate.error && estimate.error < 0.1, "{found:?}");
        }
    });
}

#[test]
fn a_prior_that_is_not_uniform() {
    on_one_rank(|comm| {
        let (evidence, mean) = ramp();
        let settings = EnsembleSettings { temperatures: 4, burn_in: 200, ..tempering() };
        let means = RefCell::new(Vec::new());
        assert_evidence(2.0 * evidence.ln(), |seed| {
            let mut ensemble = Ensemble::new(comm, Ramp, settings.clone(), seed).expect("walkers");
            (0..3000).for_each(|_| ensemble.step().expect("a step"));
            let column: Vec<f64> = ensemble.chain().numbers().chunks_exact(4).map(|row| row[0]).collect();
            means.borrow_mut().push(column.iter().sum::<f64>() / column.len() as f64);
            ensemble.evidence().expect("an evidence")
        });
        let means = means.into_inner();
        let found = means.iter().sum::<f64>() / 10.0;
        let error = (means.iter().map(|m| (m - found) * (m - found)).sum::<f64>() / 90.0).sqrt();
        assert!((found - mean).abs() < 3.0 * error && error < 0.01, "{found} +- {error} instead of {mean}");
    });
}
