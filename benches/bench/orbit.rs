//! Orbit fits on one core, each beside the Python package of its field in the same run.

use std::hint::black_box;
use std::time::Instant;

use divisi::lane::Level;
use divisi::orbit::kepler::{Anomalies, solve_all};
use divisi::random::Random;

use super::{Figure, RUNS, median, peers};

/// Measures in turn with peers: medians of `ours` and of each peer's `orbit_peers.py` words.
fn in_turn(mut ours: impl FnMut() -> f64, words: &[&[&str]]) -> (f64, Vec<Option<f64>>) {
    let (mut value, mut theirs) = (Vec::new(), vec![Vec::new(); words.len()]);
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
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < 0.5 {
        done += work();
    }
    done as f64 / start.elapsed().as_secs_f64()
}

/// Kepler's equation, e uniform to 0.95, M uniform.
pub fn kepler() -> Vec<Figure> {
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
