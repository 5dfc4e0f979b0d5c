//! Kepler's equation E - e sin E = M, for every e in [0, 1), several at once.
//!
//! One sequence of operations for all e and M, without branches or iterations, so each instruction set gives the same bits:
//!
//! 1. E is guessed to 2.7e-4 of itself from the cubic equation that a Padé approximation of the sine leaves (Markley 1995,
//!    Celestial Mechanics and Dynamical Astronomy 63, 101, its alpha fitted anew, linear in e);
//! 2. sine and versine (1 - cos) of the guess come from polynomials; what is left of the equation is put together from
//!    E - sin E and (1 - e) sin E, which lose nothing where e is near 1 and E near 0;
//! 3. the root of the Taylor series of fourth degree around the guess, as a series in the step of Newton's method: the error
//!    goes with the fifth power;
//! 4. sine and cosine are turned by that little angle.
//!
//! E is right to a few units of its last place, also where e is near 1 and M near 0; see [`solve`]. Hyperbolic and parabolic
//! orbits are refused: companions that stay are what is fitted.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::simd::functions::{polynomial, round};
use crate::simd::{Double, Kernel, Lane, Level, Simd};
use crate::{Error, Result};

#[cfg(test)]
mod tests;

/// What a mean anomaly leads to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Anomaly<L> {
    /// The eccentric anomaly E, radians, of the sign of M.
    pub eccentric: L,
    /// sin E.
    pub sin: L,
    /// cos E.
    pub cos: L,
    /// 1 - e cos E, the distance from the focus over the semi-major axis, good to its last digits also near zero.
    pub radius: L,
}

/// 2 pi less its nearest number.
const TAU_LOW: f64 = 2.4492935982947064e-16;

/// alpha of the cubic equation, at M = pi, its slope in pi - |M|, and how that falls with e.
const ALPHA: [f64; 3] = [7.6427, 1.08325, 0.39587];

/// (x - sin x) / x^3 as a polynomial of x^2, for |x| <= pi/2, to 2.2e-18 of itself.
const SINE: [f64; 8] = [
    0.16666666666666666,
    -0.008333333333333314,
    0.00019841269841254364,
    -2.7557319219013182e-06,
    2.5052107599413035e-08,
    -1.6058976254347324e-10,
    7.643938714282055e-13,
    -2.7310743777132315e-15,
];

/// (1 - cos x) / x^2 as a polynomial of x^2, for |x| <= pi/2, to 1.4e-17 of itself.
const VERSINE: [f64; 8] = [
    0.5,
    -0.041666666666666304,
    0.001388888888885882,
    -2.4801587291985692e-05,
    2.755731771379641e-07,
    -2.0876627671005474e-09,
    1.1464595165207937e-11,
    -4.6265727158541094e-14,
];

/// Solves for eccentricities 0 <= `e` < 1 and mean anomalies -pi <= `mean` <= pi.
///
/// The error of E is below 6e-16 rad, and below 4e-16 of E where |E| < 1: measured against the exact root for the given
/// numbers `e` and `mean`. Near e = 1 and M = 0, where E goes with the cube root of M, a relative change of M makes a third of
/// that in E, so nothing is lost there either. Sine and cosine are within 8e-16. Other arguments give numbers without meaning.
#[inline(always)]
pub fn solve<L: Double>(simd: L::Simd, e: L, mean: L) -> Anomaly<L> {
    let zero = L::splat(simd, 0.0);
    let one = L::splat(simd, 1.0);
    let m = mean.abs();
    let rest = one - e;
    let guess = guess(simd, e, rest, m);
    let near = guess.le(L::splat(simd, FRAC_PI_2));
    let x = guess.min(L::splat(simd, PI) - guess);
    let square = x * x;
    let excess = square * x * polynomial(simd, square, &SINE);
    let sin = x - excess;
    let versine = square * polynomial(simd, square, &VERSINE);
    let versine = L::select(near, versine, L::splat(simd, 2.0) - versine);
    let cos = one - versine;
    // f = (E - sin E) + (1 - e) sin E - M and f' = (1 - e) + e (1 - cos E).
    let f = rest.mul_add(sin, L::select(near, excess, guess - sin) - m);
    let slope = e.mul_add(versine, rest);
    let step = step(simd, f, slope, e * sin, e * cos);
    // sin d = d - d^3/6 and 1 - cos d = d^2/2 - d^4/24, for |d| < 1e-3.
    let step2 = step * step;
    let sin_step = (step * step2).neg_mul_add(L::splat(simd, 1.0 / 6.0), step);
    let versine_step = step2 * step2.neg_mul_add(L::splat(simd, 1.0 / 24.0), L::splat(simd, 0.5));
    let fall = sin.mul_add(sin_step, cos * versine_step);
    let sine = sin + cos.mul_add(sin_step, -(sin * versine_step));
    let backward = mean.lt(zero);
    let eccentric = guess + step;
    Anomaly {
        eccentric: L::select(backward, -eccentric, eccentric),
        sin: L::select(backward, -sine, sine),
        cos: cos - fall,
        radius: e.mul_add(fall, slope),
    }
}

/// The root of Markley's cubic equation, for 0 <= `m` <= pi; `rest` is 1 - e.
///
/// With s the cube of the cube root c in Cardano's formula, E = (2 r c^2 / (c^4 + c^2 q + q^2) + M) / d. c is an estimate y,
/// improved once: c = y u / v (Halley 1694). Its division is put off into the last one.
#[inline(always)]
fn guess<L: Double>(simd: L::Simd, e: L, rest: L, m: L) -> L {
    let two = L::splat(simd, 2.0);
    let three = L::splat(simd, 3.0);
    let fall = e.neg_mul_add(L::splat(simd, ALPHA[1] * ALPHA[2]), L::splat(simd, ALPHA[1]));
    let alpha = (L::splat(simd, PI) - m).mul_add(fall, L::splat(simd, ALPHA[0]));
    let d = alpha.mul_add(e, three * rest);
    let m2 = m * m;
    let ad = alpha * d;
    let r = m * (ad * three).mul_add(d - rest, m2);
    let q = (ad * two).mul_add(rest, -m2);
    let s = r + (q * q).mul_add(q, r * r).sqrt();
    let y = s.cbrt_estimate();
    let cube = y * y * y;
    let u = two.mul_add(s, cube) * y;
    let v = two.mul_add(cube, s);
    let u2 = u * u;
    let v2 = v * v;
    let qv2 = q * v2;
    let below = u2.mul_add(u2 + qv2, qv2 * qv2);
    let above = m.mul_add(below, two * r * u2 * v2);
    above / (below * d)
}

/// The step to the root from a value and the derivatives f', f'' and f''' (with f'''' = -f''), to fourth order of f / f'.
#[inline(always)]
fn step<L: Double>(simd: L::Simd, f: L, slope: L, second: L, third: L) -> L {
    let inverse = L::splat(simd, 1.0) / slope;
    let newton = -(f * inverse);
    let a = second * inverse * L::splat(simd, 0.5);
    let b = third * inverse * L::splat(simd, 1.0 / 6.0);
    // d + a d^2 + b d^3 - (a/12) d^4 = newton, turned around.
    let cubic = (a * a).mul_add(L::splat(simd, 2.0), -b);
    let quartic = a * (a * a - b).neg_mul_add(L::splat(simd, 5.0), L::splat(simd, 1.0 / 12.0));
    let series = newton.mul_add(newton.mul_add(quartic, cubic), -a);
    (newton * newton).mul_add(series, newton)
}

/// The mean anomaly, -pi to pi, after so many turns since periastron; for fewer than 2^51.
#[inline(always)]
pub fn mean_of_turns<L: Double>(simd: L::Simd, turns: L) -> L {
    (turns - round(simd, turns)) * L::splat(simd, TAU)
}

/// The mean anomaly less its whole turns: -pi to pi, for |`mean`| below 1e6.
#[inline(always)]
fn within_a_turn<L: Double>(simd: L::Simd, mean: L) -> L {
    let turns = round(simd, mean * L::splat(simd, 1.0 / TAU));
    let rest = turns.neg_mul_add(L::splat(simd, TAU_LOW), turns.neg_mul_add(L::splat(simd, TAU), mean));
    rest.max(L::splat(simd, -PI)).min(L::splat(simd, PI))
}

/// Where [`solve_all`] puts its results, each as long as the arguments.
#[derive(Debug)]
pub struct Anomalies<'a> {
    /// E, radians, from -pi to pi.
    pub eccentric: &'a mut [f64],
    /// sin E.
    pub sin: &'a mut [f64],
    /// cos E.
    pub cos: &'a mut [f64],
}

/// Solves for each eccentricity and mean anomaly (radians, any turn) of two lists, with the instructions of `level`.
///
/// # Errors
/// An eccentricity outside [0, 1), with its place: hyperbolic and parabolic orbits are not solved. A mean anomaly that is not
/// finite or above 1e6 in size.
///
/// # Panics
/// If the lists differ in length, or this processor lacks the level.
pub fn solve_all(level: Level, e: &[f64], mean: &[f64], into: &mut Anomalies<'_>) -> Result<()> {
    let lengths = [mean.len(), into.eccentric.len(), into.sin.len(), into.cos.len()];
    assert!(lengths.iter().all(|&length| length == e.len()), "lists of {} and {lengths:?} numbers", e.len());
    if let Some(at) = e.iter().position(|e| !(0.0..1.0).contains(e)) {
        let reason = format!("e = {} of orbit {at} must be in [0, 1): only ellipses are solved", e[at]);
        return Err(Error::input("eccentricity", reason));
    }
    if let Some(at) = mean.iter().position(|m| m.is_nan() || m.abs() > 1e6) {
        let reason = format!("M = {} of orbit {at} must be at most 1e6 in size", mean[at]);
        return Err(Error::input("mean anomaly", reason));
    }
    level.run(All { e, mean, into });
    Ok(())
}

/// [`solve_all`] for lanes of any width.
struct All<'a, 'b> {
    e: &'a [f64],
    mean: &'a [f64],
    into: &'a mut Anomalies<'b>,
}

impl Kernel for All<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let whole = self.e.len() / WIDTH * WIDTH;
        let Anomalies { eccentric, sin, cos } = self.into;
        for at in (0..whole).step_by(WIDTH) {
            let mean = within_a_turn(simd, S::Eight::load(simd, &self.mean[at..]));
            let anomaly = solve(simd, S::Eight::load(simd, &self.e[at..]), mean);
            anomaly.eccentric.store(&mut eccentric[at..]);
            anomaly.sin.store(&mut sin[at..]);
            anomaly.cos.store(&mut cos[at..]);
        }
        // The rest in lanes of their own, filled up with circles.
        let left = self.e.len() - whole;
        if left > 0 {
            let [mut e, mut mean, mut sine, mut cosine] = [[0.0; WIDTH]; 4];
            e[..left].copy_from_slice(&self.e[whole..]);
            mean[..left].copy_from_slice(&self.mean[whole..]);
            let anomaly = solve(simd, S::Eight::load(simd, &e), within_a_turn(simd, S::Eight::load(simd, &mean)));
            anomaly.eccentric.store(&mut mean);
            anomaly.sin.store(&mut sine);
            anomaly.cos.store(&mut cosine);
            eccentric[whole..].copy_from_slice(&mean[..left]);
            sin[whole..].copy_from_slice(&sine[..left]);
            cos[whole..].copy_from_slice(&cosine[..left]);
        }
    }
}

/// The numbers in a lane.
const WIDTH: usize = 8;
