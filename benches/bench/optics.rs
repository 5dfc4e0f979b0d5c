//! The sum of beamlets on a detector: on one core beside Numba, and whole runs on two ranks beside one.

use std::hint::black_box;
use std::time::Instant;

use divisi::optics::{COLUMNS, ROWS, Spot, Tile};
use divisi::simd::Level;

use super::{Figure, RUNS, median, peers, program};

const BEAMLETS: usize = 1000;
const SIDE: usize = 256;
/// The rates that are measured: fields of one component, of three, and each row by exponentials.
const WAYS: [(usize, f64); 3] = [(1, -1e-5), (3, -1e-5), (1, -0.02)];

/// Spots as optics_peers.py has them; how they fade is `bend`.
fn spots(bend: f64) -> Vec<Spot> {
    let spot = |index: usize| {
        let k = index as f64 / BEAMLETS as f64;
        let exponent = [
            [-0.1, 100.0 * k],
            [1e-3 * k, 0.3 + 0.2 * k],
            [-1e-3 * k, 0.2 - 0.3 * k],
            [bend, 1e-5],
            [0.1 * bend, 2e-6],
            [bend, 2e-5],
        ];
        Spot::new(exponent, [[1.0, 0.0]; 6], [SIDE; 2])
    };
    (0..BEAMLETS).map(spot).collect()
}

/// Beamlet-pixels in a second.
fn rate(spots: &[Spot], components: usize) -> f64 {
    let mut field = vec![0.0; 2 * ROWS * COLUMNS * components];
    let start = Instant::now();
    for y in (0..SIDE).step_by(ROWS) {
        for x in (0..SIDE).step_by(COLUMNS) {
            Tile { spots: black_box(spots), corner: [x, y], components, field: &mut field }.add(Level::detect());
        }
    }
    black_box(&field);
    (BEAMLETS * SIDE * SIDE) as f64 / start.elapsed().as_secs_f64()
}

/// Beamlet-pixels per second and core, beside Numba's.
pub(crate) fn beamlets() -> Vec<Figure> {
    let all = WAYS.map(|(components, bend)| (spots(bend), components));
    let mut values = [const { Vec::new() }; WAYS.len()];
    let mut theirs = Vec::new();
    for _ in 0..RUNS {
        for (value, (spots, components)) in values.iter_mut().zip(&all) {
            value.push(rate(spots, *components));
        }
        theirs.extend(peers::measure_with("benches/bench/optics_peers.py", &["200", "256"]));
    }
    let [value, three, steep] = values.map(median);
    vec![Figure {
        name: "optics_beamlets",
        value,
        unit: "beamlet-pixels/s",
        command: "make bench ONLY=optics_beamlets".into(),
        peer: "Numba, fastmath".into(),
        peer_value: (!theirs.is_empty()).then(|| median(theirs)),
        note: format!("one core; three components {three:.3e}, beamlets that fade on the detector {steep:.3e}"),
    }]
}

/// One rank's time over two ranks', of the steps of a whole run.
pub(crate) fn two_ranks() -> Vec<Figure> {
    let file = "sims/optics/hubble.toml";
    let words = ["beam.across=256", "detector.pixels=[512,512]", "detector.pitch=1.5e-6"];
    let folder = tempfile::tempdir().expect("a folder");
    let seconds = |ranks: usize| {
        let out = folder.path().join(ranks.to_string());
        program::run(ranks, file, &words, &out);
        program::ledger(&out, "loop_seconds")
    };
    let speedups = (0..RUNS).map(|_| seconds(1) / seconds(2)).collect();
    vec![Figure {
        name: "optics_2rank",
        value: median(speedups),
        unit: "times one rank",
        command: program::command(2, file, &words),
        peer: String::new(),
        peer_value: None,
        note: "256 beamlets across, 512^2 pixels".into(),
    }]
}
