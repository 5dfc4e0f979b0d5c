use super::*;
use crate::simd::double_double::Twofold;

/// A fixed sequence that fills the unit interval.
fn unit(k: u32, step: f64) -> f64 {
    (f64::from(k) * step).fract()
}

/// Eccentricities and eccentric anomalies: all over, and towards e = 1 and E = 0 and their neighbours.
fn orbits() -> Vec<[f64; 2]> {
    let mut orbits = Vec::new();
    for k in 0..40_000 {
        let a = unit(k, 0.6180339887498949);
        let b = unit(k, 0.7548776662466927);
        let close = 1.0 - libm::exp10(-15.9 * a);
        let small = PI * libm::exp10(-12.0 * b);
        orbits.extend([[a, PI * b], [close, PI * b], [close, small], [a, small], [close, PI - small]]);
    }
    let edges = [0.0, f64::EPSILON, 0.5, 0.95, 1.0 - f64::EPSILON, 1.0 - f64::EPSILON / 2.0];
    for e in edges {
        orbits.extend([1e-200, 1e-100, 1e-20, 1e-8, FRAC_PI_2, 1.0, 3.0].map(|anomaly| [e, anomaly]));
    }
    orbits
}

/// M of an orbit at E as the nearest number, and the exact E of that M.
///
/// M = E - e sin E is taken in double the digits; the root for the rounded M is E less the rounded part over dM/dE, whose square
/// is below 1e-30 of E.
fn exact(e: f64, anomaly: f64) -> (f64, Twofold) {
    let e2 = Twofold::from(e);
    let (sin, _) = Twofold::from(anomaly).sin_cos();
    let mean = excess(anomaly) + (Twofold::from(1.0) - e2) * sin;
    let (half, _) = Twofold::from(anomaly / 2.0).sin_cos();
    let slope = (Twofold::from(1.0) - e2) + e2 * half * half * Twofold::from(2.0);
    (mean.high, Twofold::from(anomaly) - Twofold::from(mean.low) * slope.recip())
}

/// E - sin E, by its series where much would cancel.
fn excess(anomaly: f64) -> Twofold {
    let x = Twofold::from(anomaly);
    if anomaly > 1.0 {
        return x - x.sin_cos().0;
    }
    let square = x * x;
    let mut term = x * square * Twofold::from(6.0).recip();
    let mut sum = term;
    for k in (4..40).step_by(2) {
        term = -(term * square) * Twofold::from(f64::from(k * (k + 1))).recip();
        sum = sum + term;
    }
    sum
}

fn solve_lists(level: Level, e: &[f64], mean: &[f64]) -> Result<[Vec<f64>; 3]> {
    let [mut eccentric, mut sin, mut cos] = [0; 3].map(|_| vec![0.0; e.len()]);
    solve_all(level, e, mean, &mut Anomalies { eccentric: &mut eccentric, sin: &mut sin, cos: &mut cos })?;
    Ok([eccentric, sin, cos])
}

#[test]
fn the_root_is_right_to_its_last_places_everywhere() {
    let orbits = orbits();
    let (e, exact): (Vec<f64>, Vec<(f64, Twofold)>) = orbits.iter().map(|&[e, x]| (e, exact(e, x))).unzip();
    let mean: Vec<f64> = exact.iter().map(|(mean, _)| *mean).collect();
    let [eccentric, sin, cos] = solve_lists(Level::detect(), &e, &mean).unwrap();
    let mut worst = 0.0f64;
    let mut share = 0.0f64;
    let mut worst_sin_cos = 0.0f64;
    for (k, (_, root)) in exact.iter().enumerate() {
        let error = root.distance(eccentric[k]);
        let (s, c) = root.sin_cos();
        assert!(error.is_finite(), "e = {:e}, E = {:e}", e[k], orbits[k][1]);
        worst = worst.max(error);
        share = share.max(if root.high < 1.0 { error / root.high } else { 0.0 });
        worst_sin_cos = worst_sin_cos.max(s.distance(sin[k])).max(c.distance(cos[k]));
    }
    println!("largest error {worst:e} rad, {share:e} of E below 1 rad; sine and cosine {worst_sin_cos:e}");
    assert!(worst < 6e-16 && share < 4e-16, "{worst:e}, {share:e}");
    assert!(worst_sin_cos < 8e-16, "{worst_sin_cos:e}");
}

/// 1 - e cos E of each orbit, through `solve` itself.
struct Radii<'a>(&'a [f64], &'a [f64]);

impl Kernel for Radii<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let mut lanes = [0.0; WIDTH];
        let mut radii = Vec::new();
        for (&e, &mean) in self.0.iter().zip(self.1) {
            solve(simd, S::F64::splat(simd, e), S::F64::splat(simd, mean)).radius.store(&mut lanes);
            radii.push(lanes[0]);
        }
        radii
    }
}

#[test]
fn the_radius_keeps_its_digits_at_periastron() {
    let orbits = orbits();
    let (e, exact): (Vec<f64>, Vec<(f64, Twofold)>) = orbits.iter().map(|&[e, x]| (e, exact(e, x))).unzip();
    let mean: Vec<f64> = exact.iter().map(|(mean, _)| *mean).collect();
    let radii = Level::detect().run(Radii(&e, &mean));
    let mut worst = 0.0f64;
    for (k, (_, root)) in exact.iter().enumerate() {
        let (half, _) = (*root * Twofold::from(0.5)).sin_cos();
        let e2 = Twofold::from(e[k]);
        let radius = (Twofold::from(1.0) - e2) + e2 * half * half * Twofold::from(2.0);
        worst = worst.max(radius.distance(radii[k]) / radius.high);
    }
    assert!(worst < 2e-15, "{worst:e}");
}

#[test]
fn every_level_gives_the_same_bits_in_every_place() {
    let orbits: Vec<[f64; 2]> = orbits().into_iter().step_by(7).collect();
    let e: Vec<f64> = orbits.iter().map(|orbit| orbit[0]).collect();
    let mean: Vec<f64> = orbits.iter().enumerate().map(|(k, &[_, m])| if k % 2 == 0 { m } else { -20.0 * m }).collect();
    let expected = solve_lists(Level::Portable, &e, &mean).unwrap();
    for level in Level::available() {
        for first in [0, 1, 2, 3, 5] {
            let found = solve_lists(level, &e[first..], &mean[first..]).unwrap();
            for (found, expected) in found.iter().zip(&expected) {
                let same = found.iter().zip(&expected[first..]).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{level:?} from {first}");
            }
        }
    }
}

#[test]
fn signs_and_turns_carry_over() {
    let e = [0.3; 5];
    let mean = [0.7, -0.7, 0.7 + 3.0 * TAU, -0.7 - TAU, 0.0];
    let [eccentric, sin, cos] = solve_lists(Level::detect(), &e, &mean).unwrap();
    assert_eq!(eccentric[1], -eccentric[0]);
    assert_eq!(sin[1], -sin[0]);
    assert!((eccentric[2] - eccentric[0]).abs() < 1e-14 && (eccentric[3] - eccentric[1]).abs() < 1e-14);
    assert_eq!([eccentric[4], sin[4], cos[4]], [0.0, 0.0, 1.0]);
}

#[test]
fn open_orbits_and_wild_anomalies_are_refused() {
    for (e, mean, message) in [
        (1.0, 0.1, "e = 1 of orbit 1"),
        (1.7, 0.1, "only ellipses"),
        (-0.1, 0.1, "[0, 1)"),
        (f64::NAN, 0.1, "NaN"),
        (0.5, f64::NAN, "M = NaN of orbit 1"),
        (0.5, 2e6, "1e6"),
    ] {
        let error = solve_lists(Level::detect(), &[0.0, e], &[0.0, mean]).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
