//! Densities whose evidence is known: by formula, by a sum over a grid, or by importance sampling over a chain of its own.
//!
//! They are those that samplers of evidence are tried on: Gaussian shells and the eggbox (Feroz, Hobson & Bridges 2009, MNRAS 398, 1601), a
//! broad density with a narrow one in it, a fit to velocities with seven parameters, and one to positions and velocities with eleven.

use std::f64::consts::{PI, TAU};
use std::fmt::Write;

use divisi::Comm;
use divisi::orbit::{Basis, Fit, Format, Observations, OrbitSection};
use divisi::random::Random;
use divisi::sampler::{Around, Density, Ensemble, EnsembleSettings, Start};
use divisi::simd::Level;
use nalgebra::{DMatrix, DVector};

use super::chains::MIXTURE;
use crate::common::densities::Boxed;

/// Two shells of radius 2 and width 0.1 in five dimensions, in a cube of [-6, 6].
pub(super) fn shells() -> (impl Density, [f64; 2]) {
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
pub(super) fn eggbox() -> (impl Density, [f64; 2]) {
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
pub(super) fn broad_and_narrow() -> (impl Density, [f64; 2]) {
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

/// Values by the names of parameters.
type Values = &'static [(&'static str, f64)];

/// A planet's orbit by velocities of its star: days, Julian dates, m/s.
pub(super) const SEVEN: Values = &[
    ("per1", 105.0),
    ("tc1", 2_455_030.0),
    ("secosw1", 0.3),
    ("sesinw1", 0.4),
    ("k1", 12.0),
    ("gamma_tower", 1.5),
    ("sigma_tower", 2.0),
];
const PRIORS_OF_SEVEN: &str = "per = { uniform = [60.0, 160.0] }\ntc = { uniform = [2455000.0, 2455060.0] }\nk = { uniform = [0.0, 50.0] }\n\
    gamma = { uniform = [-50.0, 50.0] }\nsigma = { uniform = [0.0, 20.0] }";

/// A companion's orbit by its places and its star's velocities: au, radians, mas, km/s, solar masses.
pub(super) const ELEVEN: Values = &[
    ("sma1", 5.0),
    ("ecc1", 0.3),
    ("inc1", 1.0),
    ("aop1", 0.8),
    ("pan1", 2.0),
    ("tau1", 0.3),
    ("plx", 50.0),
    ("gamma_defrv", 0.5),
    ("sigma_defrv", 0.02),
    ("m1", 0.02),
    ("m0", 1.2),
];
const PRIORS_OF_ELEVEN: &str = "sma = { log_uniform = [1.0, 50.0] }\nplx = { normal = [50.0, 0.1] }\nm0 = { normal = [1.2, 0.05] }\n\
    m1 = { log_uniform = [1e-3, 0.2] }\ngamma = { uniform = [-5.0, 5.0] }\nsigma = { log_uniform = [1e-3, 1.0] }";

/// The value of this name.
fn value(values: Values, name: &str) -> f64 {
    values.iter().find(|(one, _)| *one == name).expect("a value").1
}

/// A start about values.
pub(super) fn around(values: Values) -> Start {
    let around = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Start::Around(Around { around, spread: 1e-6 })
}

fn point(fit: &Fit, values: Values) -> Vec<f64> {
    fit.names().iter().map(|name| value(values, name)).collect()
}

fn fit_of_seven(text: &str) -> Fit {
    let observations = Observations::from_texts([("made up", text)], Format::Radvel).expect("data");
    let model = OrbitSection { basis: Basis::Period, ..OrbitSection::default() };
    Fit::new(observations, &model, &PRIORS_OF_SEVEN.parse().expect("priors"), Level::detect()).expect("a fit")
}

/// The fit to made-up velocities of seven parameters.
pub(super) fn seven() -> Fit {
    let head = "time,mnvel,errvel,tel\n";
    let model = fit_of_seven(&format!("{head}2455000,0,1,tower\n"));
    let mut text = head.to_owned();
    let mut random = Random::new(5, 0, 0);
    let dates: Vec<f64> = (0..30).map(|k| 2_455_000.0 + 13.7 * f64::from(k)).collect();
    for (date, velocity) in dates.iter().zip(model.velocities(&point(&model, SEVEN), 0, &dates).expect("velocities")) {
        let velocity =
            velocity + value(SEVEN, "gamma_tower") + 1f64.hypot(value(SEVEN, "sigma_tower")) * random.normal();
        writeln!(text, "{date},{velocity},1,tower").expect("a text grows");
    }
    fit_of_seven(&text)
}

fn fit_of_eleven(text: &str) -> Fit {
    let observations = Observations::from_texts([("made up", text)], Format::Orbitize).expect("data");
    let model = OrbitSection { companion_masses: true, ..OrbitSection::default() };
    Fit::new(observations, &model, &PRIORS_OF_ELEVEN.parse().expect("priors"), Level::detect()).expect("a fit")
}

/// The fit to made-up places and velocities of eleven parameters.
pub(super) fn eleven() -> Fit {
    let head = "epoch,object,sep,sep_err,pa,pa_err,rv,rv_err\n";
    let model = fit_of_eleven(&format!("{head}55000,1,250,4,30,1,,\n55000,0,,,,,0,0.02\n"));
    let truth = point(&model, ELEVEN);
    let mut text = head.to_owned();
    let mut random = Random::new(6, 0, 0);
    let dates: Vec<f64> = (0..18).map(|k| 55_000.0 + 190.0 * f64::from(k)).collect();
    for (date, [east, north]) in dates.iter().zip(model.positions(&truth, 1, &dates).expect("places")) {
        let separation = libm::hypot(east, north) + 3.0 * random.normal();
        let angle = libm::atan2(east, north).to_degrees().rem_euclid(360.0) + 0.8 * random.normal();
        writeln!(text, "{date},1,{separation},3,{angle},0.8,,").expect("a text grows");
    }
    let dates: Vec<f64> = (0..30).map(|k| 55_030.0 + 111.0 * f64::from(k)).collect();
    for (date, velocity) in dates.iter().zip(model.velocities(&truth, 0, &dates).expect("velocities")) {
        let scatter = 0.02f64.hypot(value(ELEVEN, "sigma_defrv")) * random.normal();
        writeln!(text, "{date},0,,,,,{},0.02", velocity + value(ELEVEN, "gamma_defrv") + scatter)
            .expect("a text grows");
    }
    fit_of_eleven(&text)
}

/// ln of the evidence of a density with one hill, and its error, by importance sampling: from Student's distribution of five degrees of freedom with
/// the moments of a chain that starts at `around` (Robert & Casella 2004, section 3.3).
pub(super) fn by_importance(comm: &Comm, density: &impl Density, around: Start) -> [f64; 2] {
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
