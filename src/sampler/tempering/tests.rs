//! Tests of the evidence on samples that are drawn exactly.

use super::estimates::Sums;
use super::evidence::Likelihoods;
use super::histories::Histories;
use crate::base::random::Random;

/// Exact samples of a normal likelihood in five dimensions under a wide prior: at beta the distance has a gamma distribution.
fn filled(betas: &[f64], steps: u64, walkers: usize, seed: u64) -> Likelihoods {
    let mut likelihoods = Likelihoods::new(betas.len(), walkers);
    for step in 0..steps {
        let value = |k: usize, walker: usize| {
            let mut random = Random::new(seed, k as u32, step * walkers as u64 + walker as u64);
            let square: f64 = (0..5).map(|_| random.normal().powi(2)).sum();
            -0.5 * square / betas[k].max(1e-2)
        };
        likelihoods.add(betas, |k, walker| (k * walkers + walker, value(k, walker)));
    }
    likelihoods
}

/// From 1 to 0.01 the integral of -(d / 2) / beta is d / 2 ln 0.01.
const LADDER: [f64; 13] = [1.0, 0.7, 0.47, 0.32, 0.22, 0.15, 0.1, 0.068, 0.047, 0.032, 0.022, 0.015, 0.01];

#[test]
fn both_estimates_agree_with_the_exact_ratio_within_their_errors() {
    let exact = 2.5 * 0.01f64.ln();
    let mut deviations = [Vec::new(), Vec::new()];
    for seed in 0..20 {
        let evidence = filled(&LADDER, 400, 20, seed).evidence(&LADDER).unwrap();
        for (estimate, deviations) in [evidence.thermodynamic, evidence.stepping_stones].iter().zip(&mut deviations) {
            assert!(estimate.error < 0.2, "{estimate:?}");
            deviations.push((estimate.value - exact) / estimate.error);
        }
    }
    for deviations in deviations {
        let mean_square = deviations.iter().map(|z| z * z).sum::<f64>() / 20.0;
        assert!((0.3..2.2).contains(&mean_square), "{deviations:?}");
        assert!(deviations.iter().all(|z| z.abs() < 3.5), "{deviations:?}");
    }
}

/// As [`filled`], with `drift` added to the ln likelihoods of one temperature, by the share of the steps.
fn drifting(drift: impl Fn(f64) -> f64, seed: u64) -> Likelihoods {
    const STEPS: u64 = 800;
    let mut likelihoods = Likelihoods::new(LADDER.len(), 20);
    for step in 0..STEPS {
        let value = |k: usize, walker: usize| {
            let mut random = Random::new(seed, k as u32, step * 20 + walker as u64);
            let square: f64 = (0..5).map(|_| random.normal().powi(2)).sum();
            let added = if k == 7 { drift(step as f64 / STEPS as f64) } else { 0.0 };
            -0.5 * square / LADDER[k] + added
        };
        likelihoods.add(&LADDER, |k, walker| (k * 20 + walker, value(k, walker)));
    }
    likelihoods
}

/// A slow passage at one temperature alone, of which the coldest see nothing.
#[test]
fn a_temperature_that_drifts_is_left_out_while_it_does_or_leaves_no_error() {
    let exact = 2.5 * 0.01f64.ln();
    for seed in 0..5 {
        let settled = drifting(|share| if share < 0.2 { -300.0 } else { 0.0 }, seed).evidence(&LADDER).unwrap();
        assert!(settled.drifting.is_none() && (0.2..=0.5).contains(&settled.left_out), "{settled:?}");
        let stones = settled.stepping_stones;
        assert!((stones.value - exact).abs() < 4.0 * stones.error && stones.error < 0.2, "{settled:?}");
        for drift in [|share: f64| -300.0 * (1.0 - share), |share: f64| if share < 0.75 { -100.0 } else { 0.0 }] {
            let drifts = drifting(drift, seed).evidence(&LADDER).unwrap();
            assert_eq!(drifts.drifting, Some([LADDER[7]; 2]), "{drifts:?}");
            assert!(drifts.stepping_stones.error == f64::INFINITY, "{drifts:?}");
        }
        let quiet = drifting(|_| 0.0, seed).evidence(&LADDER).unwrap();
        assert!(quiet.drifting.is_none() && quiet.left_out == 0.0, "{quiet:?}");
    }
}

/// Slower than a stretch is long: the scatter of single stretches would give an error that is too small by half.
#[test]
fn the_error_covers_what_moves_more_slowly_than_a_stretch() {
    let mut squares = 0.0;
    const SEEDS: u64 = 40;
    for seed in 0..SEEDS {
        let mut random = Random::new(seed, 1, 0);
        let mut slow = 0.0;
        let levels: Vec<f64> = (0..100)
            .map(|_| {
                slow = 0.9 * slow + random.normal();
                slow
            })
            .collect();
        let evidence = drifting(|share| 3.0 * levels[(share * 100.0) as usize], seed).evidence(&LADDER).unwrap();
        let deviation = (evidence.stepping_stones.value - 2.5 * 0.01f64.ln()) / evidence.stepping_stones.error;
        squares += deviation * deviation / SEEDS as f64;
    }
    assert!(squares < 2.5, "the mean square of deviations over errors is {squares}");
}

#[test]
fn stretches_are_joined_and_nothing_is_lost() {
    let betas = [1.0, 0.3, 0.01];
    let all = filled(&betas, 1000, 4, 1).stretches.parts(0);
    assert_eq!((all.length, all.sums.len() / 3), (32, 32));
    let merged = all.merged(&(0..31), 0..0, 4);
    let mut direct = Sums::empty();
    for step in 0..31 * 32u64 {
        for walker in 0..4 {
            let mut random = Random::new(1, 1, step * 4 + walker);
            let square: f64 = (0..5).map(|_| random.normal().powi(2)).sum();
            direct.add(-0.5 * square / 0.3, 0.7);
        }
    }
    let same = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
    let sums = merged.sums[1];
    assert!(same(sums.first, direct.first) && same(sums.squares, direct.squares));
    assert!(same(sums.powers, direct.powers) && sums.highest == direct.highest, "{sums:?} {direct:?}");
    assert_eq!(merged.samples, 31.0 * 32.0 * 4.0);
}

#[test]
fn a_likelihood_of_zero_in_the_prior_counts() {
    let betas = [1.0, 0.5, 0.0];
    let mut likelihoods = Likelihoods::new(3, 2);
    for step in 0..64 {
        // At beta = 0 half of the prior has a likelihood of 1, half of 0: ln Z = ln 1/2.
        let value = |k, walker| if k == 2 && (walker + step) % 2 == 0 { f64::NEG_INFINITY } else { 0.0 };
        likelihoods.add(&betas, |k, walker| (2 * k + walker, value(k, walker)));
    }
    let evidence = likelihoods.evidence(&betas).unwrap();
    for estimate in [evidence.stepping_stones, evidence.thermodynamic] {
        assert!((estimate.value - 0.5f64.ln()).abs() < 1e-14 && estimate.error < 1e-14, "{evidence:?}");
    }
}

#[test]
fn too_few_steps_give_no_evidence() {
    assert_eq!(filled(&LADDER, 3, 4, 1).evidence(&LADDER), None);
    assert!(filled(&LADDER, 4, 4, 1).evidence(&LADDER).is_some());
}

/// Of 32 walkers at each of two temperatures some are in a mode with a likelihood `higher` in ln, and stay there: each with a probability `share`.
fn two_phases(share: f64, higher: f64, steps: u64, seed: u64) -> (Likelihoods, [f64; 2]) {
    let betas = [1.0, 0.5];
    let mut likelihoods = Likelihoods::new(2, 32);
    for step in 0..steps {
        let value = |k: usize, walker: usize| {
            let history = (k * 32 + walker) as u64;
            let level = if Random::new(seed, 1, history).uniform() < share { higher } else { 0.0 };
            let mut fast = Random::new(seed, 2, history);
            fast.skip_to(2 * step);
            level + 0.2 * fast.normal()
        };
        likelihoods.add(&betas, |k, walker| (k * 32 + walker, value(k, walker)));
    }
    (likelihoods, betas)
}

/// Nothing that could be seen over time tells that another run has other walkers in the narrow mode: the scatter of walkers alone does.
#[test]
fn the_error_covers_a_mode_into_which_walkers_hardly_ever_go() {
    const SEEDS: u64 = 40;
    // <L^0.5>, with the fast part's exp(0.5 (0.5 * 0.2)^2).
    let exact = (0.5 + 0.5 * libm::exp(1.0)).ln() + 0.005;
    let squares = (0..SEEDS).map(|seed| {
        let (likelihoods, betas) = two_phases(0.5, 2.0, 200, seed);
        let evidence = likelihoods.evidence(&betas).unwrap();
        assert!(evidence.is_known() && evidence.histories > 10.0, "{evidence:?}");
        ((evidence.stepping_stones.value - exact) / evidence.stepping_stones.error).powi(2)
    });
    let mean = squares.sum::<f64>() / SEEDS as f64;
    assert!((0.5..1.7).contains(&mean), "the mean square of deviations over errors is {mean}");
}

#[test]
fn an_evidence_that_rests_on_few_walkers_is_not_known() {
    let few = (0..20).map(|seed| two_phases(0.03, 12.0, 200, seed)).find_map(|(likelihoods, betas)| {
        let evidence = likelihoods.evidence(&betas).unwrap();
        (evidence.histories < 6.0).then_some(evidence)
    });
    let few = few.expect("of some seeds one walker or two are in the mode");
    assert!(few.drifting.is_none() && !few.is_known(), "{few:?}");
    assert!(few.thermodynamic.error == f64::INFINITY, "{few:?}");
}

/// Walkers change places, powers rise by hundreds in ln, blocks are joined: the scatter is that of all samples at once.
#[test]
fn histories_add_up_over_blocks_of_time() {
    const STEPS: u64 = 300;
    let betas = [1.0, 0.2];
    let value = |step: u64, walker: usize| {
        400.0 * (step as f64 / 100.0).min(1.0) + libm::sin((7 * walker) as f64 + step as f64)
    };
    let owner = |step: u64, walker: usize| (walker + step as usize) % 8;
    let mut histories = Histories::new(2, 4);
    let mut sums = [[0.0; 2]; 8];
    for step in 0..STEPS {
        histories.add(&betas, |k, walker| (owner(step, 4 * k + walker), value(step, walker)));
        for walker in 0..4 {
            let [count, power] = &mut sums[owner(step, 4 + walker)];
            *count += 1.0;
            *power += libm::exp(0.8 * (value(step, walker) - 401.0));
        }
    }
    let total = 4.0 * STEPS as f64;
    let mean = sums.iter().map(|[_, power]| power).sum::<f64>() / total;
    let squares: f64 = sums.iter().map(|[count, power]| ((power / mean - count) / total).powi(2)).sum();
    let found = histories.scatter(0);
    assert!((found.error / (squares * 8.0 / 7.0).sqrt() - 1.0).abs() < 1e-12, "{found:?} {squares}");
    // What is left out ends with its block.
    assert!(histories.scatter(STEPS / 2) != found);
}
