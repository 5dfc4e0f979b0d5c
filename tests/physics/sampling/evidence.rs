//! The evidence against what is known: over seeds it is within three of its errors, or says that it isn't known.
//!
//! The problems are those that samplers of evidence are tried on: Gaussian shells and the eggbox (Feroz, Hobson & Bridges 2009, MNRAS 398, 1601), a
//! broad density with a narrow one in it, and an orbit's fit of seven parameters whose evidence is known by importance sampling.
//! The quick test takes a few seeds of each; all twenty take minutes:
//!
//!     cargo test --release --test physics -- --ignored twenty_seeds --nocapture

use std::f64::consts::{PI, TAU};
use std::fmt::Write;

use divisi::Comm;
use divisi::orbit::{Basis, Fit, Format, Observations, OrbitSection};
use divisi::random::Random;
use divisi::run::Goal;
use divisi::sampler::{Around, Density, Ensemble, EnsembleSettings, Evidence, Start};
use divisi::simd::Level;
use nalgebra::{DMatrix, DVector};

use super::chains::MIXTURE;
use crate::common::densities::Boxed;
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

/// Panics unless of these seeds all but one in twenty end at their goal within three errors.
#[track_caller]
fn assert_known(comm: &Comm, density: impl Density, settings: &EnsembleSettings, exact: [f64; 2], seeds: u64) {
    let mut right = 0;
    let mut told = String::new();
    for seed in 0..seeds {
        let (goal, evidence, steps) = found(comm, &density, settings.clone(), seed);
        let stones = evidence.stepping_stones;
        let deviation = (stones.value - exact[0]) / stones.error.hypot(exact[1]);
        right += u64::from(goal == Goal::Reached && deviation.abs() < 3.0);
        writeln!(told, "{seed} {goal:?} {steps} {deviation:.2} {evidence:?}").expect("a text grows");
    }
    println!("{exact:?}: {right} of {seeds}\n{told}");
    assert!(right + seeds.div_ceil(20) >= seeds, "{right} of {seeds} are right: {exact:?}\n{told}");
}

/// Two shells of radius 2 and width 0.1 in five dimensions, in a cube of [-6, 6].
fn shells() -> (impl Density, [f64; 2]) {
    const RADIUS: f64 = 2.0;
    const WIDTH: f64 = 0.1;
    const DIMENSIONS: usize = 5;
    let norm = libm::log(TAU.sqrt() * WIDTH);
    let density = Boxed::cube(DIMENSIONS, 6.0, move |x: &[f64]| {
        let shell = |centre: f64| {
            let rest: f64 = x[1..].iter().map(|x| x * x).sum();
            let way = (((x[0] - centre) * (x[0] - centre) + rest).sqrt() - RADIUS) / WIDTH;
            -0.5 * way * way - norm
        };
        sum_of_powers(shell(-3.5), shell(3.5))
    });
    // Each holds the surface of a unit sphere, 8 pi^2 / 3, times the mean of r^4 of a normal distribution.
    let (r, w) = (RADIUS * RADIUS, WIDTH * WIDTH);
    let mean = r * r + 6.0 * r * w + 3.0 * w * w;
    let exact = libm::log(2.0 * 8.0 * PI * PI / 3.0 * mean) + density.log_prior;
    (density, [exact, 0.0])
}

/// ln of the sum of two exponentials.
fn sum_of_powers(a: f64, b: f64) -> f64 {
    let most = a.max(b);
    most + libm::log(libm::exp(a - most) + libm::exp(b - most))
}

/// Eighteen tops like those of an eggbox.
fn eggbox() -> (impl Density, [f64; 2]) {
    let value = |u: f64, v: f64| (2.0 + libm::cos(u) * libm::cos(v)).powi(5);
    let mut density = Boxed::cube(2, 5.0 * PI, move |x: &[f64]| value(0.5 * x[0] + 2.5 * PI, 0.5 * x[1] + 2.5 * PI));
    density.log_prior = -2.0 * libm::log(10.0 * PI);
    // The mean over half a turn of both angles, by the midpoints of squares.
    const COUNT: u32 = 600;
    let angle = |k: u32| PI * (f64::from(k) + 0.5) / f64::from(COUNT);
    let values = (0..COUNT).flat_map(|i| (0..COUNT).map(move |j| (i, j)));
    let sum: f64 = values.map(|(i, j)| libm::exp(value(angle(i), angle(j)) - 243.0)).sum();
    (density, [243.0 + libm::log(sum / f64::from(COUNT * COUNT)), 0.0])
}

/// A broad normal density of weight 0.3 and, away from its middle, one of weight 0.7 that is ten times as narrow.
fn broad_and_narrow() -> (impl Density, [f64; 2]) {
    const DIMENSIONS: usize = 4;
    let density = Boxed::cube(DIMENSIONS, 10.0, |x: &[f64]| {
        let normal = |weight: f64, centre: f64, width: f64| {
            let square: f64 = x.iter().map(|x| (x - centre) * (x - centre)).sum();
            libm::log(weight)
                - 0.5 * square / (width * width)
                - 0.5 * DIMENSIONS as f64 * libm::log(TAU * width * width)
        };
        sum_of_powers(normal(0.3, 0.0, 1.0), normal(0.7, 1.0, 0.1))
    });
    let exact = density.log_prior;
    (density, [exact, 0.0])
}

/// A planet's orbit by velocities of its star: the truth in days, Julian dates, m/s.
const TRUTH: [(&str, f64); 7] = [
    ("per1", 105.0),
    ("tc1", 2_455_030.0),
    ("secosw1", 0.3),
    ("sesinw1", 0.4),
    ("k1", 12.0),
    ("gamma_tower", 1.5),
    ("sigma_tower", 2.0),
];
const PRIORS: &str = "per = { uniform = [60.0, 160.0] }\ntc = { uniform = [2455000.0, 2455060.0] }\nk = { uniform = [0.0, 50.0] }\n\
    gamma = { uniform = [-50.0, 50.0] }\nsigma = { uniform = [0.0, 20.0] }";

fn fit_to(text: &str) -> Fit {
    let observations = Observations::from_texts([("made up", text)], Format::Radvel).expect("data");
    let model = OrbitSection { basis: Basis::Period, ..OrbitSection::default() };
    Fit::new(observations, &model, &PRIORS.parse().expect("priors"), Level::detect()).expect("a fit")
}

/// The fit to made-up measurements: the truth and an error.
fn orbit() -> Fit {
    let head = "time,mnvel,errvel,tel\n";
    let model = fit_to(&format!("{head}2455000,0,1,tower\n"));
    let truth = |name: &str| TRUTH.iter().find(|(one, _)| *one == name).expect("a truth").1;
    let point: Vec<f64> = model.names().iter().map(|name| truth(name)).collect();
    let mut text = head.to_owned();
    let mut random = Random::new(5, 0, 0);
    let dates: Vec<f64> = (0..30).map(|k| 2_455_000.0 + 13.7 * f64::from(k)).collect();
    for (date, velocity) in dates.iter().zip(model.velocities(&point, 0, &dates).expect("velocities")) {
        let velocity = velocity + truth("gamma_tower") + 1f64.hypot(truth("sigma_tower")) * random.normal();
        writeln!(text, "{date},{velocity},1,tower").expect("a text grows");
    }
    fit_to(&text)
}

/// ln of the evidence of a density with one hill, and its error, by importance sampling: from Student's distribution of five degrees of freedom with
/// the moments of a chain that starts at `around` (Robert & Casella 2004, section 3.3).
fn by_importance(comm: &Comm, density: &impl Density, around: Start) -> [f64; 2] {
    const DRAWS: u64 = 200_000;
    const FREEDOM: f64 = 5.0;
    let chain = EnsembleSettings {
        walkers: 64,
        burn_in: 3000,
        thin: 10,
        start: around,
        moves: MIXTURE,
        ..EnsembleSettings::default()
    };
    let mut ensemble = Ensemble::new(comm, density, chain, 77).expect("walkers");
    (0..13_000).for_each(|_| ensemble.step().expect("a step"));
    let n = density.names().len();
    let rows: Vec<DVector<f64>> =
        ensemble.samples().numbers.chunks_exact(n + 2).map(|row| DVector::from_column_slice(&row[..n])).collect();
    let mean = rows.iter().sum::<DVector<f64>>() / rows.len() as f64;
    let square = |row: &DVector<f64>| (row - &mean) * (row - &mean).transpose();
    let covariance = rows.iter().map(square).sum::<DMatrix<f64>>() / rows.len() as f64;
    let root = covariance.cholesky().expect("a covariance").l();
    let ln_root: f64 = (0..n).map(|k| libm::log(root[(k, k)])).sum();
    let half = 0.5 * (FREEDOM + n as f64);
    let norm = libm::lgamma(half) - libm::lgamma(0.5 * FREEDOM) - 0.5 * n as f64 * libm::log(FREEDOM * PI) - ln_root;
    let weight = |draw: u64| {
        let mut random = Random::new(78, 0, draw);
        let normal = DVector::from_fn(n, |_, _| random.normal());
        let chi: f64 = (0..FREEDOM as u32).map(|_| random.normal().powi(2)).sum();
        let away = normal * (FREEDOM / chi).sqrt();
        let ln_proposal = norm - half * libm::log(1.0 + away.norm_squared() / FREEDOM);
        let point = &mean + &root * away;
        let prior = density.log_prior(point.as_slice());
        let mut likelihood = [f64::NEG_INFINITY];
        if prior > f64::NEG_INFINITY {
            density.log_likelihoods(point.as_slice(), &mut likelihood);
        }
        prior + likelihood[0] - ln_proposal
    };
    let weights: Vec<f64> = (0..DRAWS).map(weight).collect();
    let most = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let [first, second] = [1.0, 2.0].map(|power| weights.iter().map(|w| libm::exp(power * (w - most))).sum::<f64>());
    [most + libm::log(first / DRAWS as f64), (second / first / first).sqrt()]
}

fn at_truth() -> Start {
    Start::Around(Around {
        around: TRUTH.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
        spread: 1e-6,
    })
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
        let fit = orbit();
        let exact = by_importance(comm, &fit, at_truth());
        assert!(exact[1] < 0.03, "{exact:?}");
        assert_known(comm, fit, &of_orbit(), exact, 20);
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
