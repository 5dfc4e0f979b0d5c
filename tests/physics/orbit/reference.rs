//! Numbers that other codes made (tests/physics/orbit/reference.py), and fits to compare with them.

use divisi::orbit::{Fit, Format, Observations, OrbitSection, PriorsSection};
use divisi::simd::Level;
use serde_json::Value;

/// The numbers of the other codes.
pub(super) fn numbers() -> Value {
    serde_json::from_str(include_str!("reference.json")).expect("reference.json")
}

/// Priors wide enough for every point of the tests.
pub(super) const WIDE: &str = "plx = { uniform = [1, 1000] }\n mtot = { uniform = [0.1, 10] }\n m0 = { uniform = [0.1, 10] }\n \
    per = { uniform = [1, 1e5] }\n tc = { uniform = [2.4e6, 2.5e6] }\n k = { uniform = [0, 100] }\n \
    dvdt = { uniform = [-1, 1] }\n curv = { uniform = [-1, 1] }";

/// A fit of a file's text with a model in TOML; of the wide priors those that it has a use for.
pub(super) fn fit(text: &str, model: &str, level: Level) -> divisi::Result<Fit> {
    let observations = Observations::from_texts([("data.csv", text)], Format::Auto)?;
    let orbit: OrbitSection = toml::from_str(model).expect("a model");
    let all: toml::Table = WIDE.parse().expect("priors");
    let needed = |name: &str, orbit: &OrbitSection| match name {
        "per" | "tc" | "k" => orbit.basis == divisi::orbit::Basis::Period,
        "plx" => orbit.basis == divisi::orbit::Basis::Sma,
        "mtot" => orbit.basis == divisi::orbit::Basis::Sma && !orbit.companion_masses,
        "m0" => orbit.companion_masses,
        "dvdt" => orbit.trend != divisi::orbit::Trend::None,
        _ => orbit.trend == divisi::orbit::Trend::Quadratic,
    };
    let priors: toml::Table = all.into_iter().filter(|(name, _)| needed(name, &orbit)).collect();
    let priors: PriorsSection = priors.try_into().expect("priors");
    Fit::new(observations, &orbit, &priors, level)
}

/// The values of a point by name, in the order of the fit.
pub(super) fn point(fit: &Fit, named: &Value) -> Vec<f64> {
    fit.names().iter().map(|name| named[name].as_f64().unwrap_or_else(|| panic!("{name} in {named}"))).collect()
}

pub(super) fn list(numbers: &Value) -> Vec<f64> {
    numbers.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

/// The ln-likelihood of one point.
pub(super) fn ln_likelihood(fit: &Fit, point: &[f64]) -> f64 {
    let mut into = [f64::NAN];
    fit.log_likelihoods(point, &mut into);
    into[0]
}

/// Panics unless all numbers are equal to `tolerance` of the largest.
#[track_caller]
pub(super) fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    for (k, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what}, number {k}: {a:e} is not {b:e}");
    }
}
