use super::*;
use crate::simd::double_double::Twofold;
use crate::simd::{Kernel, Lane, Level, Simd};

/// What a test asks of lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Sine,
    Cosine,
    Ln,
    Exp,
    Cbrt,
    Atan2,
    Round,
    Exponent,
    Significand,
    Scale,
    CbrtEstimate,
}

use Function::*;

const ALL: [Function; 11] = [Sine, Cosine, Ln, Exp, Cbrt, Atan2, Round, Exponent, Significand, Scale, CbrtEstimate];

/// A function of each pair of arguments.
struct Of<'a>(Function, &'a [[f64; 2]]);

impl Kernel for Of<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let mut results = Vec::new();
        let mut lanes = [0.0; 8];
        for pair in self.1 {
            let [x, y] = pair.map(|x| S::F64::splat(simd, x));
            let result = match self.0 {
                Sine => sin_cos(simd, x).0,
                Cosine => sin_cos(simd, x).1,
                Ln => ln(simd, x),
                Exp => exp(simd, x),
                Cbrt => cbrt(simd, x),
                Atan2 => atan2(simd, x, y),
                Round => round(simd, x),
                Exponent => x.exponent(),
                Significand => x.significand(),
                Scale => x.scale(y),
                CbrtEstimate => x.cbrt_estimate(),
            };
            result.store(&mut lanes);
            results.push(lanes[0]);
        }
        results
    }
}

/// Numbers between `low` and `high`, spread by a golden section: `n` of them, the same in every run.
fn spread(n: u32, low: f64, high: f64) -> impl Iterator<Item = f64> {
    (0..n).map(move |k| low + (high - low) * (f64::from(k) * 0.6180339887498949).fract())
}

/// Positive numbers over `decades` powers of ten on either side of 1.
fn wide(n: u32, decades: f64) -> impl Iterator<Item = f64> {
    spread(n, -decades, decades).map(libm::exp10)
}

/// Arguments that each function may have.
fn arguments(function: Function) -> Vec<[f64; 2]> {
    let alone = |x: f64| [x, 0.0];
    match function {
        Sine | Cosine => {
            let near = (-40..40).map(|k| f64::from(k) * std::f64::consts::FRAC_PI_4);
            spread(20_000, -7.0, 7.0)
                .chain(spread(3000, -1e6, 1e6))
                .chain(near)
                .chain([0.0, 1e-9, 1e-300])
                .map(alone)
                .collect()
        }
        Ln => wide(20_000, 300.0)
            .chain(spread(20_000, 0.4, 2.2))
            .chain([1.0, f64::MIN_POSITIVE, f64::MAX])
            .map(alone)
            .collect(),
        Exp => spread(20_000, -708.0, 709.0)
            .chain(spread(5000, -1.0, 1.0))
            .chain([0.0, 709.0, -708.0])
            .map(alone)
            .collect(),
        Cbrt => wide(20_000, 200.0).flat_map(|x| [x, -x]).chain([0.0, -0.0, 1.0, 8.0, -27.0]).map(alone).collect(),
        Atan2 => {
            let turn = spread(20_000, -3.2, 3.2).map(|a| [1.7 * libm::sin(a), 1.7 * libm::cos(a)]);
            let far = wide(2000, 100.0).zip(wide(2000, 99.0)).map(|(y, x)| [y, -x]);
            turn.chain(far).chain([[0.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0], [1.0, 1.0]]).collect()
        }
        Round => spread(1000, -1e6, 1e6).chain((-8..8).map(|k| f64::from(k) / 2.0)).map(alone).collect(),
        Exponent | Significand | CbrtEstimate => {
            wide(10_000, 300.0).chain([1.0, 2.0, 0.5, f64::MAX]).map(alone).collect()
        }
        Scale => wide(500, 150.0).zip((-500..500).step_by(2)).map(|(x, n)| [-x, f64::from(n)]).collect(),
    }
}

/// The largest of an error over all arguments of a function, on the machine's widest level.
fn worst(function: Function, error: impl Fn([f64; 2], f64) -> f64) -> f64 {
    let arguments = arguments(function);
    let results = Level::detect().run(Of(function, &arguments));
    arguments.iter().zip(results).map(|(&x, result)| error(x, result)).fold(0.0, f64::max)
}

#[test]
fn every_level_gives_the_same_bits() {
    for function in ALL {
        let arguments = arguments(function);
        let expected = Level::Portable.run(Of(function, &arguments));
        for level in Level::available() {
            for ((x, a), b) in arguments.iter().zip(level.run(Of(function, &arguments))).zip(&expected) {
                assert_eq!(a.to_bits(), b.to_bits(), "{function:?} of {x:?} at {level:?}: {a:e}, {b:e}");
            }
        }
    }
}

#[test]
fn sine_and_cosine_are_right_to_the_last_bit_or_so() {
    let error =
        |exact: Twofold, y: f64| if exact.high.abs() > 1e-10 { exact.ulps(y) } else { exact.distance(y) / 1e-26 };
    let sine = worst(Sine, |[x, _], y| error(Twofold::from(x).sin_cos().0, y));
    let cosine = worst(Cosine, |[x, _], y| error(Twofold::from(x).sin_cos().1, y));
    assert!(sine < 1.5 && cosine < 1.5, "{sine} and {cosine} ulp");
}

#[test]
fn the_logarithm_is_right_to_the_last_bit() {
    // e^(y + c) = x with c = x / e^y - 1, to second order.
    let worst = worst(Ln, |[x, _], y| {
        let c = Twofold::from(x) * Twofold::from(y).exp().recip() - Twofold::from(1.0);
        let exact = Twofold::from(y) + c - c * c * Twofold::from(0.5);
        if exact.high == 0.0 { y.abs() * 1e300 } else { exact.ulps(y) }
    });
    assert!(worst < 1.0, "{worst} ulp");
}

#[test]
fn the_exponential_is_right_to_the_last_bit_or_so() {
    let worst = worst(Exp, |[x, _], y| Twofold::from(x).exp().ulps(y));
    assert!(worst < 1.1, "{worst} ulp");
}

#[test]
fn the_cube_root_is_right_to_the_last_bit() {
    let worst = worst(Cbrt, |[x, _], y| {
        if x == 0.0 {
            return if y.to_bits() == x.to_bits() { 0.0 } else { f64::INFINITY };
        }
        // (y + c)^3 = x.
        let y2 = Twofold::from(y);
        let c = (Twofold::from(x) - y2 * y2 * y2) * (y2 * y2 * Twofold::from(3.0)).recip();
        (y2 + c).ulps(y)
    });
    assert!(worst < 0.6, "{worst} ulp");
}

#[test]
fn the_arc_tangent_is_right_to_a_few_bits() {
    let exact = |[y, x]: [f64; 2], angle: f64| {
        // The rest of the angle after turning the point back by it.
        let (s, c) = Twofold::from(angle).sin_cos();
        let x = Twofold::from(x);
        let y = Twofold::from(y);
        let along = x * c + y * s;
        let across = y * c - x * s;
        Twofold::from(angle) + across * along.recip()
    };
    let ahead = worst(Atan2, |[y, x], angle| if x > 0.0 && y != 0.0 { exact([y, x], angle).ulps(angle) } else { 0.0 });
    let all = worst(
        Atan2,
        |[y, x], angle| if x == 0.0 && y == 0.0 { angle.abs() } else { exact([y, x], angle).distance(angle) },
    );
    assert!(ahead < 2.0 && all < 5e-16, "{ahead} ulp, {all}");
}

#[test]
fn parts_of_numbers_are_exact() {
    assert_eq!(worst(Round, |[x, _], y| (libm::rint(x) - y).abs()), 0.0);
    assert_eq!(worst(Exponent, |[x, _], n| (f64::from(libm::ilogb(x)) - n).abs()), 0.0);
    assert_eq!(worst(Significand, |[x, _], s| (libm::scalbn(x, -libm::ilogb(x)) - s).abs()), 0.0);
    assert_eq!(worst(Scale, |[x, n], y| (libm::scalbn(x, n as i32) / y - 1.0).abs()), 0.0);
    let estimate = worst(CbrtEstimate, |[x, _], y| (y / libm::cbrt(x) - 1.0).abs());
    assert!(estimate < 0.035, "{estimate}");
}
