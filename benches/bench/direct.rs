//! Direct sums: pairs per second on one core, and two ranks against one.

use std::time::Instant;

use divisi::nbody::initial::Plummer;
use divisi::nbody::kernel::{Direct, Frame, Precision, Sources};
use divisi::simd::{Level, Rsqrt};

use super::peak::peak_flops;
use super::{Figure, RUNS, median, peers, program};

/// Bodies, as targets and as sources.
const BODIES: u64 = 16384;
/// Targets and sources that one call takes, as in a run.
const TILE: usize = 512;
const BLOCK: usize = 2048;
/// Operations that one pair counts for, by custom.
const OPERATIONS: f64 = 20.0;

/// x, y, z and G m of a Plummer sphere's bodies.
fn bodies() -> Vec<[f64; 4]> {
    let sphere = Plummer { n: BODIES, seed: 1, gravity: 1.0, mass: 1.0, virial_radius: 1.0, truncation: None };
    let bodies = sphere.bodies(0..BODIES);
    bodies.iter().map(|body| [body.position[0], body.position[1], body.position[2], body.mass]).collect()
}

/// Pairs per second of one evaluation, packing included.
fn rate(direct: &Direct, bodies: &[[f64; 4]]) -> f64 {
    let mut targets = direct.targets(bodies.iter().map(|&[x, y, z, _]| [x, y, z]));
    let mut packed = Sources::default();
    let start = Instant::now();
    for block in bodies.chunks(BLOCK) {
        direct.pack(block, &mut packed);
        for tile in targets.tiles(TILE) {
            direct.accelerate(&mut targets, tile.clone(), &packed);
            direct.flush(&mut targets, tile);
        }
    }
    (bodies.len() as f64).powi(2) / start.elapsed().as_secs_f64()
}

/// The figure of one precision, for the widest level and (in the note) for AVX2.
fn measure(name: &'static str, precision: Precision, which: usize) -> Vec<Figure> {
    let bodies = bodies();
    let [low, high] =
        [f64::min, f64::max].map(|pick| [0, 1, 2].map(|k| bodies.iter().map(|body| body[k]).fold(bodies[0][k], pick)));
    let direct = |level| Direct {
        level,
        rsqrt: Rsqrt::Approximate,
        precision,
        softening: 0.01,
        potential: false,
        frame: Frame::around(low, high, bodies[0][3]),
    };
    let share = |level: Level| {
        let mut rates = Vec::new();
        let mut shares = Vec::new();
        for _ in 0..3 * RUNS {
            let before = peak_flops(level)[which];
            let rate = rate(&direct(level), &bodies);
            shares.push(OPERATIONS * rate / before.max(peak_flops(level)[which]));
            rates.push(rate);
        }
        (median(rates), median(shares))
    };
    let levels = Level::available();
    let (value, _) = share(Level::detect());
    let shares: Vec<String> = levels
        .iter()
        .rev()
        .filter(|level| **level != Level::Portable)
        .map(|&level| {
            let (rate, share) = share(level);
            format!("{} {rate:.3e}/s, {:.1} % of the core's peak", level.name(), 100.0 * share)
        })
        .collect();
    let peer = (0..RUNS).map_while(|_| peers::measure(&["direct", "2048"])).collect::<Vec<_>>();
    vec![Figure {
        name,
        value,
        unit: "interactions/s",
        command: format!("cargo bench --bench bench -- {name}"),
        peer: "REBOUND, f64".into(),
        peer_value: (!peer.is_empty()).then(|| median(peer)),
        note: shares.join("; "),
    }]
}

/// Single precision.
pub(crate) fn single() -> Vec<Figure> {
    measure("direct_f32", Precision::Single, 1)
}

/// Double precision.
pub(crate) fn double() -> Vec<Figure> {
    measure("direct_f64", Precision::Double, 0)
}

/// A leapfrog run of 32768 bodies on two ranks against one, through the real message path.
pub(crate) fn two_ranks() -> Vec<Figure> {
    let file = "sims/nbody/plummer.toml";
    let words = ["initial.n=32768", "run.steps=10", "output.history_steps=0", "output.every_time=0"];
    vec![program::two_ranks_speedup("direct_2rank_speedup", file, &words)]
}
