use serde::Deserialize;

use super::normal::{quantile_of, share_below};
use super::*;
use crate::simd::{Kernel, Lane, Level, Simd};

const ANY: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

fn made(spread: Spread) -> Distribution {
    Distribution::new(spread, ANY).unwrap()
}

fn all() -> Vec<Distribution> {
    let spreads = [
        Spread::Uniform([-2.0, 3.0]),
        Spread::LogUniform([1e-3, 1e4]),
        Spread::Sine,
        Spread::Normal([1.2, 0.3]),
        Spread::TruncatedNormal([1.0, 0.5, 1.5, 2.0]),
        Spread::TruncatedNormal([0.0, 1.0, 12.0, 30.0]),
        Spread::TruncatedNormal([5.0, 1.0, -2.0, -1.0]),
        Spread::HalfNormal(2.0),
        Spread::Linear([-2.18, 2.01]),
    ];
    spreads.into_iter().map(made).collect()
}

#[test]
fn densities_are_those_of_scipy() {
    // scipy.stats 1.17: uniform, loguniform, norm, truncnorm, halfnorm .logpdf
    let cases = [
        (Spread::LogUniform([1e-3, 1e4]), 46.8, -6.62582579722687),
        (Spread::Normal([56.95, 0.26]), 57.1, 0.2617149964187444),
        (Spread::TruncatedNormal([1.0, 0.5, 1.5, 2.0]), 1.7, 0.7900069165360278),
        (Spread::HalfNormal(2.0), 1.0, -1.0439385332046727),
    ];
    for (spread, x, expected) in cases {
        let found = made(spread).ln_density(x);
        assert!((found / expected - 1.0).abs() < 1e-13, "{spread:?}: {found}");
    }
    assert!((made(Spread::Sine).ln_density(1.0) - (0.5 * libm::sin(1.0)).ln()).abs() < 1e-15);
    assert!((made(Spread::Linear([-2.0, 2.0])).ln_density(0.25) - 1.5f64.ln()).abs() < 1e-15);
}

#[test]
fn densities_integrate_to_their_quantiles() {
    for distribution in all() {
        // The share between two quantiles is their difference: by Simpson's rule over short pieces.
        for k in 0..200 {
            let u = (f64::from(k) + 0.5) / 201.0;
            let v = (f64::from(k) + 1.5) / 201.0;
            let a = distribution.quantile(u);
            let b = distribution.quantile(v);
            let density = |x: f64| libm::exp(distribution.ln_density(x));
            let pieces = 64;
            let width = (b - a) / f64::from(pieces);
            let share: f64 = (0..pieces)
                .map(|i| {
                    let x = a + width * f64::from(i);
                    (density(x) + 4.0 * density(x + 0.5 * width) + density((x + width).min(b))) * width / 6.0
                })
                .sum();
            assert!((share * 201.0 - 1.0).abs() < 1e-6, "{distribution:?} from {a} to {b}: {share}");
        }
        let [low, high] = distribution.ends();
        assert_eq!(distribution.ln_density(low - 1e-3 * low.abs() - 1e-300), f64::NEG_INFINITY, "{distribution:?}");
        assert!(high == f64::INFINITY || distribution.ln_density(1.001 * high.abs()) == f64::NEG_INFINITY);
        assert_eq!(distribution.ln_density(f64::NAN), f64::NEG_INFINITY);
    }
}

#[test]
fn the_normal_quantile_undoes_the_normal_share() {
    for k in 0..4000 {
        let z = -37.0 + 45.0 * f64::from(k) / 4000.0;
        let p = share_below(z);
        let found = quantile_of(p);
        // Above the middle p is near 1 and has lost digits of 1 - p.
        let lost = if z > 0.0 { 1.2e-16 / (libm::exp(-0.5 * z * z) / 2.5) } else { 0.0 };
        assert!((found - z).abs() < 1e-14 * z.abs().max(1.0) + lost, "{z}: {found}");
    }
}

/// Quantiles of a distribution in lanes.
struct Lanes<'a>(&'a Distribution, [f64; 8]);

impl Kernel for Lanes<'_> {
    type Output = [f64; 8];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; 8] {
        let mut found = [0.0; 8];
        self.0.quantiles(simd, S::Eight::load(simd, &self.1)).store(&mut found);
        found
    }
}

#[test]
fn quantiles_in_lanes_are_those_of_one() {
    let shares = [1e-12, 1e-5, 0.03, 0.2, 0.5, 0.7, 0.999, 1.0 - 1e-9];
    for distribution in all() {
        let expected = Level::Portable.run(Lanes(&distribution, shares));
        for level in Level::available() {
            let found = level.run(Lanes(&distribution, shares));
            assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{level:?} {distribution:?}");
        }
        for (u, found) in shares.into_iter().zip(expected) {
            let one = distribution.quantile(u);
            assert!((found - one).abs() <= 4e-15 * one.abs().max(1e-3), "{distribution:?} at {u}: {found} and {one}");
        }
    }
}

#[derive(Debug, Deserialize)]
struct Section {
    x: Prior,
}

fn parsed(text: &str) -> Result<Prior, String> {
    toml::from_str::<Section>(text).map(|section| section.x).map_err(|error| error.message().to_owned())
}

#[test]
fn priors_are_read_as_they_are_written() {
    let cases = [
        ("x = 1.5", Prior::Fixed(1.5)),
        ("x = 2", Prior::Fixed(2.0)),
        ("x = \"sine\"", Prior::sine()),
        ("x = { uniform = [0, 1] }", Prior::uniform(0.0, 1.0)),
        ("x = { log_uniform = [1e-3, 1e4] }", Prior::log_uniform(1e-3, 1e4)),
        ("x = { normal = [56.95, 0.26] }", Prior::Spread(Spread::Normal([56.95, 0.26]))),
        ("x = { truncated_normal = [1, 2, 0, 3] }", Prior::Spread(Spread::TruncatedNormal([1.0, 2.0, 0.0, 3.0]))),
        ("x = { half_normal = 2.0 }", Prior::Spread(Spread::HalfNormal(2.0))),
        ("x = { linear = [-1.0, 1.0] }", Prior::Spread(Spread::Linear([-1.0, 1.0]))),
    ];
    for (text, expected) in cases {
        assert_eq!(parsed(text), Ok(expected), "{text}");
        let written = toml::Table::from_iter([("x".to_owned(), toml::Value::try_from(expected).unwrap())]);
        assert_eq!(parsed(&written.to_string()), Ok(expected), "{written}");
    }
}

#[test]
fn what_is_no_prior_is_told() {
    for (text, message) in [
        ("x = \"sin\"", "unknown variant `sin`"),
        ("x = { unifrom = [0, 1] }", "unknown variant `unifrom`"),
        ("x = { uniform = [0, 1, 2] }", "invalid length 3, expected 2 numbers"),
        ("x = { truncated_normal = [0, 1] }", "expected 4 numbers"),
        ("x = { normal = 3.0 }", "sequence"),
        ("x = true", "a prior: a number"),
    ] {
        let error = parsed(text).unwrap_err();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn what_is_no_density_is_told() {
    let positive = [0.0, f64::INFINITY];
    for (spread, domain, message) in [
        (Spread::Uniform([1.0, 1.0]), ANY, "in this order"),
        (Spread::Uniform([f64::NAN, 1.0]), ANY, "finite"),
        (Spread::Uniform([-1.0, 1.0]), positive, "beyond what can be"),
        (Spread::Uniform([0.5, 1.5]), [0.0, 1.0], "beyond what can be"),
        (Spread::LogUniform([0.0, 1.0]), positive, "above zero"),
        (Spread::Normal([1.0, 0.0]), ANY, "positive deviation"),
        (Spread::Normal([1.0, -2.0]), ANY, "positive deviation"),
        (Spread::Normal([-100.0, 1.0]), positive, "nothing between"),
        (Spread::TruncatedNormal([0.0, 1.0, 2.0, 1.0]), ANY, "in this order"),
        (Spread::HalfNormal(-1.0), ANY, "positive deviation"),
        (Spread::Linear([1.0, 1.0]), ANY, "below"),
        (Spread::Linear([-1.0, 2.0]), [0.0, 1.0], "beyond what can be"),
    ] {
        let error = Distribution::new(spread, domain).unwrap_err();
        assert!(error.contains(message), "{spread:?}: {error}");
    }
    // A normal density is cut where its parameter ends.
    assert_eq!(Distribution::new(Spread::Normal([0.5, 1.0]), positive).unwrap().ln_density(-0.1), f64::NEG_INFINITY);
}
