//! Flows: cell updates per second of processor time on one core, and two ranks against one.
//!
//! The program's own runs, through the run loop, the next step's length computed at each step.

use std::path::Path;

use super::{Figure, RUNS, median, program};

/// A flow to be timed.
struct Flow {
    name: &'static str,
    file: &'static str,
    words: &'static [&'static str],
    cells: f64,
    steps: f64,
}

/// A sound wave in a periodic box.
const WAVE: &str = "sims/fluid/linear_wave.toml";
/// No output but the first and the last state.
const QUIET: [&str; 5] =
    ["run.until=1e9", "output.every_time=0", "output.history_time=0", "output.history_steps=0", "output.times=[]"];

const PLM_64: Flow = Flow {
    name: "fluid_plm_64",
    file: WAVE,
    words: &["grid.cells=64,64,64", "run.steps=40"],
    cells: 64.0 * 64.0 * 64.0,
    steps: 40.0,
};
const PLM_128: Flow = Flow {
    name: "fluid_plm_128",
    file: WAVE,
    words: &["grid.cells=128,128,128", "run.steps=8"],
    cells: 128.0 * 128.0 * 128.0,
    steps: 8.0,
};
const PPM_64: Flow = Flow {
    name: "fluid_ppm_64",
    file: WAVE,
    words: &["grid.cells=64,64,64", "run.steps=15", "fluid.reconstruction=ppm", "fluid.time=rk3"],
    cells: 64.0 * 64.0 * 64.0,
    steps: 15.0,
};
const SHEET: Flow = Flow {
    name: "fluid_2d_512",
    file: "sims/fluid/blast.toml",
    words: &["grid.cells=512,512", "run.steps=40", "problem.dye=false"],
    cells: 512.0 * 512.0,
    steps: 40.0,
};
const TUBE: Flow = Flow {
    name: "fluid_1d_4096",
    file: "sims/fluid/sod.toml",
    words: &["grid.cells=4096", "run.steps=3000"],
    cells: 4096.0,
    steps: 3000.0,
};

/// One run on so many ranks: the ledger's seconds of the loop, of the processor on rank 0 and of the clock.
fn seconds(flow: &Flow, ranks: usize, more: &[&str], out: &Path) -> [f64; 2] {
    let words = [flow.words, &QUIET[..], more].concat();
    program::run(ranks, flow.file, &words, out);
    [program::ledger_list(out, "loop_cpu_seconds")[0], program::ledger(out, "loop_seconds")]
}

fn rate(flow: &Flow) -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let rates = (0..RUNS).map(|_| flow.cells * flow.steps / seconds(flow, 1, &[], folder.path())[0]);
    let rates: Vec<f64> = rates.collect();
    vec![Figure {
        name: flow.name,
        value: median(rates.clone()),
        unit: "cell updates/s",
        command: program::command(1, flow.file, flow.words),
        peer: String::new(),
        peer_value: None,
        note: format!(
            "per second of processor time; runs in 10^6: {:.2?}",
            rates.iter().map(|rate| rate / 1e6).collect::<Vec<_>>()
        ),
    }]
}

/// The share of twice one core's rate that two ranks reach on a box twice as long.
fn two_ranks(name: &'static str, flow: &Flow, doubled: &str) -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let wall = |ranks, more: &[&str]| seconds(flow, ranks, more, folder.path())[1];
    let shares: Vec<f64> = (0..RUNS).map(|_| wall(1, &[]) / wall(2, &[doubled, "grid.high=3,1.5,3"])).collect();
    let words = [flow.words, &[doubled][..]].concat();
    vec![Figure {
        name,
        value: 100.0 * median(shares.clone()),
        unit: "% of twice one core",
        command: program::command(2, flow.file, &words),
        peer: String::new(),
        peer_value: None,
        note: format!("the same cells per rank; pairs of runs: {shares:.3?}"),
    }]
}

/// VL2, PLM, HLLC on 64^3 cells.
pub(crate) fn plm_64() -> Vec<Figure> {
    rate(&PLM_64)
}

/// VL2, PLM, HLLC on 128^3 cells.
pub(crate) fn plm_128() -> Vec<Figure> {
    rate(&PLM_128)
}

/// RK3, PPM, HLLC on 64^3 cells.
pub(crate) fn ppm_64() -> Vec<Figure> {
    rate(&PPM_64)
}

/// Two dimensions.
pub(crate) fn sheet() -> Vec<Figure> {
    rate(&SHEET)
}

/// One dimension.
pub(crate) fn tube() -> Vec<Figure> {
    rate(&TUBE)
}

/// Two ranks with 64^3 cells each.
pub(crate) fn two_ranks_64() -> Vec<Figure> {
    two_ranks("fluid_2rank_64", &PLM_64, "grid.cells=64,64,128")
}

/// Two ranks with 128^3 cells each.
pub(crate) fn two_ranks_128() -> Vec<Figure> {
    two_ranks("fluid_2rank_128", &PLM_128, "grid.cells=128,128,256")
}
