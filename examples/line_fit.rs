//! A density of one's own, sampled by all ranks: a straight line through points of which some are no part of it.
//!
//!     mpirun -n 2 target/release/examples/line_fit
//!
//! Each point is one of the line with its error, or an outlier from a broad normal distribution; how many are outliers is a parameter
//! like the line's own (Hogg, Bovy & Lang 2010, arXiv:1008.4686, section 3). The points are made up, so the truth is known: the
//! samples must contain it, and a plain least-squares line must not.
use std::process::ExitCode;

use divisi::comm::launch;
use divisi::random::Random;
use divisi::run::Goal;
use divisi::sampler::{Density, Ensemble, EnsembleSettings, Start};
use divisi::{Comm, Result};

const SEED: u64 = 2;
const POINTS: u64 = 40;
/// Slope and intercept, the error of a point of the line, and the points from which on all are outliers.
const TRUTH: [f64; 2] = [0.7, -1.0];
const ERROR: f64 = 0.3;
const OUTLIERS: u64 = 32;
/// The parameters, and the ends of their uniform priors.
const PARAMETERS: [(&str, [f64; 2]); 5] = [
    ("slope", [-5.0, 5.0]),
    ("intercept", [-20.0, 20.0]),
    ("outliers", [0.0, 1.0]),
    ("mean", [-20.0, 20.0]),
    ("ln_spread", [-3.0, 4.0]),
];

/// The points.
struct Line {
    points: Vec<[f64; 2]>,
}

impl Line {
    fn made_up() -> Self {
        let point = |index| {
            let mut random = Random::new(SEED, 0, index);
            let x = 10.0 * random.uniform();
            let on_line = TRUTH[0] * x + TRUTH[1] + ERROR * random.normal();
            // Outliers lie below the line, where x is large.
            [x, if index < OUTLIERS { on_line } else { on_line - 1.2 * x + 2.0 * random.normal() }]
        };
        Line { points: (0..POINTS).map(point).collect() }
    }

    /// Law: p(y) = (1 - f) N(y; slope x + intercept, error) + f N(y; mean, spread).
    fn log_likelihood(&self, point: &[f64]) -> f64 {
        let &[slope, intercept, outliers, mean, ln_spread] = point else { return f64::NAN };
        let spread = (libm::exp(2.0 * ln_spread) + ERROR * ERROR).sqrt();
        let normal = |away: f64, error: f64| libm::exp(-0.5 * (away / error) * (away / error)) / error;
        let term = |&[x, y]: &[f64; 2]| {
            let line = normal(y - slope * x - intercept, ERROR);
            let other = normal(y - mean, spread);
            libm::log((1.0 - outliers) * line + outliers * other)
        };
        self.points.iter().map(term).sum()
    }

    /// The slope of the least-squares line, and its standard error.
    fn least_squares(&self) -> [f64; 2] {
        let n = POINTS as f64;
        let mean = |axis: usize| self.points.iter().map(|point| point[axis]).sum::<f64>() / n;
        let x = mean(0);
        let y = mean(1);
        let sum = |term: &dyn Fn(&[f64; 2]) -> f64| self.points.iter().map(term).sum::<f64>();
        let squares = sum(&|point| (point[0] - x) * (point[0] - x));
        [sum(&|point| (point[0] - x) * (point[1] - y)) / squares, ERROR / squares.sqrt()]
    }
}

impl Density for Line {
    fn names(&self) -> Vec<String> {
        PARAMETERS.map(|(name, _)| name.to_owned()).into()
    }

    fn log_prior(&self, point: &[f64]) -> f64 {
        let is_inside = |(x, (_, [low, high])): (&f64, &(_, [f64; 2]))| low <= x && x <= high;
        if point.iter().zip(&PARAMETERS).all(is_inside) { 0.0 } else { f64::NEG_INFINITY }
    }

    fn log_likelihoods(&self, points: &[f64], into: &mut [f64]) {
        for (point, value) in points.chunks_exact(PARAMETERS.len()).zip(into) {
            *value = self.log_likelihood(point);
        }
    }

    fn draw(&self, unit: &[f64], point: &mut [f64]) {
        for ((x, u), (_, [low, high])) in point.iter_mut().zip(unit).zip(PARAMETERS) {
            *x = low + u * (high - low);
        }
    }
}

/// Median and 16 and 84 % of each parameter. All ranks.
fn quantiles(comm: &Comm, ensemble: &Ensemble<Line>) -> Vec<[f64; 3]> {
    let rows = comm.all_gather(&ensemble.samples().numbers);
    let width = ensemble.chain().columns().len();
    let of = |parameter: usize| {
        let mut column: Vec<f64> = rows.chunks_exact(width).map(|row| row[parameter]).collect();
        column.sort_by(f64::total_cmp);
        [0.5, 0.16, 0.84].map(|share| column[(share * column.len() as f64) as usize])
    };
    (0..PARAMETERS.len()).map(of).collect()
}

fn run(comm: &Comm) -> Result<u8> {
    // Started from the prior, some walkers would stay at lines through the outliers for ever.
    let start = Start::Maximum;
    let settings = EnsembleSettings { walkers: 32, effective_samples: 4000.0, start, ..EnsembleSettings::default() };
    let mut ensemble = Ensemble::new(comm, Line::made_up(), settings, SEED)?;
    while ensemble.goal() == Goal::Open && ensemble.steps() < 100_000 {
        ensemble.step()?;
    }
    assert_eq!(ensemble.goal(), Goal::Reached, "after {} steps {:?}", ensemble.steps(), ensemble.seen());
    let found = quantiles(comm, &ensemble);
    let look = ensemble.look();
    if comm.is_root() {
        println!("{} steps, {:.0} effective samples", ensemble.steps(), look.least_effective());
        for ((name, _), [median, low, high]) in PARAMETERS.iter().zip(&found) {
            println!("{name:<10} {median:8.4} +{:.4} -{:.4}", high - median, median - low);
        }
    }
    for (truth, [median, low, high]) in TRUTH.iter().zip(&found) {
        assert!((median - truth).abs() < 1.5 * (high - low), "{median} instead of {truth}");
    }
    let [plain, error] = ensemble.density().least_squares();
    assert!((plain - TRUTH[0]).abs() > 5.0 * error, "least squares would do: {plain} +- {error}");
    assert!(look.largest_r_hat() < 1.05, "{look:?}");
    Ok(0)
}

fn main() -> ExitCode {
    launch(run)
}
