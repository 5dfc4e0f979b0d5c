//! The measured figures: `cargo bench --bench bench -- [NAME ..]`, or `make bench ONLY=name`.
//!
//! Each figure is the median of at least five runs, measured in turn with what it is compared with: another code where one
//! installs from PyPI (target/peers), or the most that the core can do. Prints a line each and writes target/bench.json.

#[path = "../../tests/common/mod.rs"]
mod common;
mod compress;
mod direct;
mod domain;
mod few_bodies;
mod files;
mod fluid;
mod halo;
mod optics;
mod orbit;
mod peak;
mod peers;
mod plummer;
mod program;
mod python;
mod sampler;
mod stop;
mod sweep;
mod sweep_deaths;
mod torture;
mod tree;

use std::process::ExitCode;

use serde::Serialize;

/// Runs of which the median is quoted.
const RUNS: usize = 5;

/// One measured figure.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    /// What anyone can run to see it.
    command: String,
    /// What it is compared with; empty for none.
    peer: String,
    peer_value: Option<f64>,
    /// What else was seen: errors, shares, settings.
    note: String,
}

/// A name and how it is measured; a measurement may give further figures.
type Bench = (&'static str, fn() -> Vec<Figure>);

const BENCHES: [Bench; 59] = [
    ("direct_f32", direct::single),
    ("direct_f64", direct::double),
    ("direct_2rank_speedup", direct::two_ranks),
    ("tree_plummer_1e6", tree::plummer_1e6),
    ("tree_uniform_1e6", tree::uniform_1e6),
    ("tree_plummer_1e5", tree::plummer_1e5),
    ("tree_accurate_1e6", tree::accurate_1e6),
    ("tree_fast_1e6", tree::fast_1e6),
    ("tree_2rank_speedup", tree::two_ranks),
    ("wisdom_holman", few_bodies::wisdom_holman),
    ("ias15", few_bodies::ias15),
    ("solar_system_100yr_s", few_bodies::solar_system),
    ("plummer_10000", plummer::plummer),
    ("fluid_plm_64", fluid::plm_64),
    ("fluid_plm_128", fluid::plm_128),
    ("fluid_ppm_64", fluid::ppm_64),
    ("fluid_2d_512", fluid::sheet),
    ("fluid_1d_4096", fluid::tube),
    ("fluid_2rank_64", fluid::two_ranks_64),
    ("fluid_2rank_128", fluid::two_ranks_128),
    ("halo_64_us", halo::exchanges),
    ("domain_heat", domain::heat),
    ("write_grid", files::write_grid),
    ("write_bodies", files::write_bodies),
    ("write_checkpoint", files::write_checkpoint),
    ("write_rank0", files::write_rank0),
    ("write_mpiio", files::write_mpiio),
    ("write_beyond_2gib", files::beyond),
    ("read_grid", files::read_grid),
    ("checkpoint_share", stop::share),
    ("stop_usr1_s", stop::usr1),
    ("torture", torture::rounds),
    ("sweep_deaths", sweep_deaths::kills),
    ("optics_beamlets", optics::beamlets),
    ("optics_2rank", optics::two_ranks),
    ("kepler", orbit::kepler),
    ("ofti_gj504", orbit::ofti_gj504),
    ("logp_gj504", orbit::logp_gj504),
    ("logp_hd164922", orbit::logp_hd164922),
    ("orbit_2rank_speedup", orbit::two_ranks),
    ("sweep_noop", sweep::sweep_noop),
    ("sweep_chunked", sweep::sweep_chunked),
    ("sweep_roundtrip_us", sweep::sweep_roundtrip),
    ("sweep_share_10ms", sweep::sweep_share_10ms),
    ("sweep_share_100us", sweep::sweep_share_100us),
    ("sweep_skew", sweep::sweep_skew),
    ("sweep_1mb_mbs", sweep::sweep_payload),
    ("sweep_first_s", sweep::sweep_first),
    ("sweep_command", sweep::sweep_command),
    ("python_noop", python::noop),
    ("python_chunked", python::chunked),
    ("python_roundtrip_us", python::round_trip),
    ("python_share_10ms", python::share_10ms),
    ("python_1mb_mbs", python::arrays),
    ("python_first_s", python::first),
    ("compress_zst", compress::zst),
    ("compress_gz", compress::gz),
    ("sampler_ensemble", sampler::ensemble),
    ("sampler_2rank", sampler::two_ranks),
];

/// The median of measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> ExitCode {
    if let Ok(words) = std::env::var(sweep_deaths::job::JOB) {
        return sweep_deaths::job::run(&words);
    }
    if let Ok(role) = std::env::var(halo::ROLE) {
        return match role.split_at_checked(role.find(':').map_or(role.len(), |colon| colon + 1)) {
            Some((sweep::ROLE, what)) => sweep::measure(what),
            Some((sampler::ROLE, what)) => sampler::measure(what),
            Some((tree::ROLE, what)) => tree::measure(what),
            Some((files::ROLE, what)) => files::measure(what),
            Some((domain::ROLE, _)) => domain::measure(),
            _ => halo::measure(),
        };
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let known = |name: &String| BENCHES.iter().any(|(known, _)| known == name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        eprintln!("bench: there is no figure {unknown}; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let mut figures = Vec::new();
    for (_, measure) in BENCHES.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|w| w == name)) {
        for figure in measure() {
            tell(&figure);
            figures.push(figure);
        }
    }
    let text = serde_json::to_string_pretty(&figures).expect("figures are plain data");
    std::fs::create_dir_all("target")
        .and_then(|()| std::fs::write("target/bench.json", text))
        .expect("target/bench.json");
    println!("-> target/bench.json");
    ExitCode::SUCCESS
}

fn tell(figure: &Figure) {
    let peer = match figure.peer_value {
        Some(value) => format!("; {}: {value:.4e} {}, {:.2} times it", figure.peer, figure.unit, figure.value / value),
        None => String::new(),
    };
    println!("{:<22} {:.4e} {}{peer}; {}", figure.name, figure.value, figure.unit, figure.note);
}
