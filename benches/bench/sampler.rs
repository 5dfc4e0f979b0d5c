//! Ensembles: what a proposal costs beside the density, and what a second rank gains.
//!
//! This program launches itself under mpirun. Densities that take a time spin that long at each point.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use divisi::Comm;
use divisi::comm::launch;
use divisi::sampler::{Density, Ensemble, EnsembleSettings};

use super::{Figure, RUNS, median, peers};

/// Tells a launched process what to measure, after this.
pub(crate) const ROLE: &str = "sampler:";
const WALKERS: usize = 64;
const PARAMETERS: usize = 5;
/// How long a launch measures.
const SECONDS: f64 = 1.0;

/// A normal density in a box that takes so long at each point.
struct Normal(Duration);

impl Density for Normal {
    fn names(&self) -> Vec<String> {
        (0..PARAMETERS).map(|k| format!("x{k}")).collect()
    }

    fn log_prior(&self, point: &[f64]) -> f64 {
        if point.iter().all(|x| x.abs() < 10.0) { 0.0 } else { f64::NEG_INFINITY }
    }

    fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
        for (point, value) in points.chunks_exact(PARAMETERS).zip(into) {
            let began = (!self.0.is_zero()).then(Instant::now);
            *value = -0.5 * point.iter().map(|x| x * x).sum::<f64>();
            while began.is_some_and(|began| began.elapsed() < self.0) {
                std::hint::spin_loop();
            }
        }
    }

    fn draw(&self, unit: &[f64], point: &mut [f64]) {
        point.iter_mut().zip(unit).for_each(|(x, u)| *x = 20.0 * u - 10.0);
    }
}

/// On each rank: proposals per second of an ensemble whose density takes so many nanoseconds.
pub(crate) fn measure(nanoseconds: &str) -> ExitCode {
    let time = Duration::from_nanos(nanoseconds.parse().expect("nanoseconds"));
    launch(|comm| {
        let rate = rate(comm, time)?;
        if comm.is_root() {
            println!("{rate}");
        }
        Ok(0)
    })
}

fn rate(comm: &Comm, time: Duration) -> divisi::Result<f64> {
    let settings = EnsembleSettings { walkers: WALKERS, burn_in: 0, ..EnsembleSettings::default() };
    let mut ensemble = Ensemble::new(comm, Normal(time), settings, 1)?;
    let mut steps = 8u64;
    // As many steps as take the time; rank 0 decides.
    loop {
        comm.barrier();
        let began = Instant::now();
        for _ in 0..steps {
            ensemble.step()?;
        }
        let took = comm.broadcast(&[began.elapsed().as_secs_f64()], 0)[0];
        if took > 0.5 * SECONDS {
            return Ok((steps * WALKERS as u64) as f64 / took);
        }
        steps = (steps as f64 * (SECONDS / took.max(1e-6)).min(8.0)) as u64;
    }
}

/// Proposals per second on some ranks.
fn proposals(ranks: usize, nanoseconds: u64) -> f64 {
    let me = std::env::current_exe().expect("this program");
    let mut command = Command::new("mpirun");
    command.args(["-n", &ranks.to_string()]).arg(me).env(super::halo::ROLE, format!("{ROLE}{nanoseconds}"));
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let output = command.output().expect("mpirun starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("a number in {text}"))
}

/// Proposals per second of 64 walkers in five parameters, the density being next to nothing.
pub(crate) fn ensemble() -> Vec<Figure> {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..RUNS {
        ours.push(proposals(1, 0));
        theirs.extend(peers::measure(&["emcee", "2000"]));
    }
    vec![Figure {
        name: "sampler_ensemble",
        value: median(ours),
        unit: "proposals/s",
        command: "cargo bench --bench bench -- sampler_ensemble".into(),
        peer: "emcee, vectorised with numpy".into(),
        peer_value: (!theirs.is_empty()).then(|| median(theirs)),
        note: format!("{WALKERS} walkers, {PARAMETERS} parameters, one core"),
    }]
}

/// How many times as fast two ranks are, for densities of 100 us and of 1 us.
pub(crate) fn two_ranks() -> Vec<Figure> {
    let figure = |name, nanoseconds: u64, note: &str| {
        let ratios = (0..RUNS).map(|_| proposals(2, nanoseconds) / proposals(1, nanoseconds)).collect::<Vec<_>>();
        let each = ratios.iter().map(|ratio| format!("{ratio:.3}")).collect::<Vec<_>>().join(" ");
        Figure {
            name,
            value: median(ratios),
            unit: "times as fast",
            command: "cargo bench --bench bench -- sampler_2rank".into(),
            peer: String::new(),
            peer_value: None,
            note: format!("{WALKERS} walkers, a density of {note}: {each}"),
        }
    };
    vec![figure("sampler_2rank", 100_000, "100 us"), figure("sampler_2rank_1us", 1000, "1 us")]
}
