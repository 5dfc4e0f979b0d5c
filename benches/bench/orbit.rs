//! Orbit fits on one core, each beside the Python package of its field in the same run.

use std::hint::black_box;
use std::time::Instant;

use divisi::orbit::kepler::{Anomalies, solve_all};
use divisi::orbit::ofti::{Accepted, Reference};
use divisi::orbit::{Fit, Format, Observations, Ofti};
use divisi::random::Random;
use divisi::simd::Level;

use super::{Figure, RUNS, median, peers, program};

/// Measures in turn with peers: medians of `ours` and of each peer's `orbit_peers.py` words.
fn in_turn(mut ours: impl FnMut() -> f64, words: &[&[&str]]) -> (f64, Vec<Option<f64>>) {
    let mut value = Vec::new();
    let mut theirs = vec![Vec::new(); words.len()];
    for _ in 0..RUNS {
        value.push(ours());
        for (theirs, words) in theirs.iter_mut().zip(words) {
            theirs.extend(peers::measure_with("benches/bench/orbit_peers.py", words));
        }
    }
    (median(value), theirs.into_iter().map(|list| (!list.is_empty()).then(|| median(list))).collect())
}

/// How often `work` is done in a second, from about half a second of it.
fn rate(mut work: impl FnMut() -> usize) -> f64 {
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed().as_secs_f64() < 0.5 {
        done += work();
    }
    done as f64 / start.elapsed().as_secs_f64()
}

/// Kepler's equation, e uniform to 0.95, M uniform.
pub(crate) fn kepler() -> Vec<Figure> {
    const ORBITS: usize = 4096;
    let mut random = Random::new(1, 0, 0);
    let e: Vec<f64> = (0..ORBITS).map(|_| 0.95 * random.uniform()).collect();
    let mean: Vec<f64> = (0..ORBITS).map(|_| std::f64::consts::TAU * random.uniform()).collect();
    let [mut eccentric, mut sin, mut cos] = [0; 3].map(|_| vec![0.0; ORBITS]);
    let level = Level::detect();
    let ours = || {
        rate(|| {
            let mut into = Anomalies { eccentric: &mut eccentric, sin: &mut sin, cos: &mut cos };
            solve_all(level, black_box(&e), black_box(&mean), &mut into).expect("ellipses");
            black_box(&into);
            ORBITS
        })
    };
    let (value, theirs) = in_turn(ours, &[&["kepler_orbitize"], &["kepler_radvel"]]);
    let other = theirs[1].map_or(String::new(), |rate| format!("; radvel, C: {rate:.3e}/s"));
    vec![Figure {
        name: "kepler",
        value,
        unit: "solves/s",
        command: "make bench ONLY=kepler".into(),
        peer: "orbitize, C, tolerance 1e-9".into(),
        peer_value: theirs[0],
        note: format!("error below 6e-16 rad, sine and cosine with it, {}{other}", level.name()),
    }]
}

const GJ504: &str = "plx = { normal = [56.95, 0.26] }\nmtot = { normal = [1.22, 0.08] }";
const BETA_PIC: &str = "plx = { normal = [51.44, 0.12] }\nmtot = { normal = [1.75, 0.05] }";
const HD164922: &str = "per1 = { normal = [1199.0, 5.0] }\ntc1 = { normal = [2456779.0, 10.0] }\n\
    per2 = { normal = [75.73, 0.05] }\ntc2 = { normal = [2456277.6, 2.0] }\nk = { uniform = [0, 20] }";

fn fit(file: &str, model: &str, priors: &str) -> Fit {
    let observations = Observations::read(&[file.into()], Format::Auto).expect("observations");
    let orbit = toml::from_str(model).expect("a model");
    Fit::new(observations, &orbit, &priors.parse().expect("priors"), Level::detect()).expect("a fit")
}

/// Log-posteriors a second, of batches of 32 draws from the prior.
fn log_posteriors(fit: &Fit) -> f64 {
    const BATCH: usize = 32;
    let width = fit.names().len();
    let mut points = vec![0.0; BATCH * width];
    for (index, point) in points.chunks_mut(width).enumerate() {
        let mut random = Random::new(1, 0, index as u64);
        let unit: Vec<f64> = (0..width).map(|_| random.uniform()).collect();
        fit.draw(&unit, point);
    }
    let mut values = [0.0; BATCH];
    rate(|| {
        fit.log_likelihoods(black_box(&points), &mut values);
        for (point, value) in points.chunks(width).zip(&mut values) {
            *value += fit.log_prior(point);
        }
        black_box(&values);
        BATCH
    })
}

fn log_posterior_figure(name: &'static str, fit: &Fit, peer: &str, words: &[&str]) -> Figure {
    let (value, theirs) = in_turn(|| log_posteriors(fit), &[words]);
    let count = fit.observations().rows.len();
    Figure {
        name,
        value,
        unit: "log-posteriors/s",
        command: format!("make bench ONLY={name}"),
        peer: peer.into(),
        peer_value: theirs[0],
        note: format!("{count} measurements, {} parameters, {}", fit.names().len(), Level::detect().name()),
    }
}

/// One orbit with 7 places, and one with 43 places and a velocity.
pub(crate) fn logp_gj504() -> Vec<Figure> {
    let first = fit("sims/orbit/GJ504.csv", "", GJ504);
    let second = fit("sims/orbit/betaPic.csv", "", BETA_PIC);
    vec![
        log_posterior_figure("logp_gj504", &first, "orbitize", &["logp_gj504"]),
        log_posterior_figure("logp_betapic", &second, "orbitize", &["logp_betapic"]),
    ]
}

/// Two orbits, 401 velocities.
pub(crate) fn logp_hd164922() -> Vec<Figure> {
    let fit = fit("sims/orbit/HD164922.txt", "companions = 2\nbasis = \"period\"", HD164922);
    vec![log_posterior_figure("logp_hd164922", &fit, "radvel", &["logp_hd164922"])]
}

/// Accepted orbits of GJ 504 b, by the same rule as orbitize.
pub(crate) fn ofti_gj504() -> Vec<Figure> {
    let fit = fit("sims/orbit/GJ504.csv", "", GJ504);
    let ofti = Ofti::new(&fit, Level::detect(), 1, Reference::Twice).expect("a fit for OFTI");
    let mut next = 0;
    let mut trials = 0;
    let mut seconds = 0.0;
    let mut accepted = Accepted::default();
    let ours = || {
        let start = Instant::now();
        let before = accepted.trials.len();
        let first = next;
        while start.elapsed().as_secs_f64() < 0.5 {
            ofti.trials(next..next + 100_000, &mut accepted);
            next += 100_000;
        }
        let elapsed = start.elapsed().as_secs_f64();
        (trials, seconds) = (trials + next - first, seconds + elapsed);
        (accepted.trials.len() - before) as f64 / elapsed
    };
    let (value, theirs) = in_turn(ours, &[&["ofti_gj504"]]);
    vec![Figure {
        name: "ofti_gj504",
        value,
        unit: "accepted orbits/s",
        command: "make bench ONLY=ofti_gj504".into(),
        peer: "orbitize".into(),
        peer_value: theirs[0],
        note: format!("{:.3e} trials/s, {}", trials as f64 / seconds, Level::detect().name()),
    }]
}

/// Two ranks against one: rejection sampling, and walkers at several temperatures.
pub(crate) fn two_ranks() -> Vec<Figure> {
    let ofti = ("orbit_2rank_speedup", "sims/orbit/gj504_ofti.toml", &["method.orbits=100000"][..]);
    let words = ["method.start=prior", "method.effective_samples=0", "run.steps=15000", "output.history_steps=1000000"];
    let walkers = ("orbit_2rank_walkers", "sims/orbit/betapic.toml", &words[..]);
    let folder = tempfile::tempdir().expect("a folder");
    let figure = |(name, file, words): (&'static str, &str, &[&str])| {
        let loop_seconds = |ranks: usize| {
            let out = folder.path().join(ranks.to_string());
            program::run(ranks, file, words, &out);
            program::ledger(&out, "loop_seconds")
        };
        let ratios: Vec<f64> = (0..RUNS).map(|_| loop_seconds(1) / loop_seconds(2)).collect();
        Figure {
            name,
            value: median(ratios.clone()),
            unit: "times one rank",
            command: program::command(2, file, words),
            peer: String::new(),
            peer_value: None,
            note: format!("pairs of runs: {ratios:.2?}"),
        }
    };
    vec![figure(ofti), figure(walkers)]
}
