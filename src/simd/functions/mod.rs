//! Functions of lanes of double precision: sine and cosine, logarithm, exponential, cube root, arc tangent.
//!
//! Each is one sequence of correctly rounded operations without branches or tables, so it gives the same bits at every
//! level. The polynomials are of least largest relative error over their interval (Remez 1934), found with sixty digits. Each
//! function says where it may be used and what its error is there: `ulp` is the distance of two neighbouring numbers at the
//! exact result. Outside, results mean nothing; nothing panics.

use super::Double;

/// 1.5 2^52: added and taken away again, it rounds numbers below 2^51 to whole ones.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The nearest whole number, to even where two are as near; for |x| < 2^51.
#[inline(always)]
pub fn round<L: Double>(simd: L::Simd, x: L) -> L {
    let rounder = L::splat(simd, ROUNDER);
    (x + rounder) - rounder
}

/// `c[0] + c[1] x + ...`: neighbouring terms are paired, then neighbouring pairs, so that little waits for what is before it
/// (Estrin 1960).
#[inline(always)]
pub fn polynomial<L: Double, const N: usize>(simd: L::Simd, x: L, c: &[f64; N]) -> L {
    let x2 = x * x;
    let x4 = x2 * x2;
    let last = (N - 1) / 4;
    let mut sum = four(simd, x, x2, &c[4 * last..]);
    for k in (0..last).rev() {
        sum = sum.mul_add(x4, four(simd, x, x2, &c[4 * k..4 * k + 4]));
    }
    sum
}

/// Up to four terms of a polynomial.
#[inline(always)]
fn four<L: Double>(simd: L::Simd, x: L, x2: L, c: &[f64]) -> L {
    match c.len() {
        1 => L::splat(simd, c[0]),
        2 => two(simd, x, c),
        3 => L::splat(simd, c[2]).mul_add(x2, two(simd, x, c)),
        _ => two(simd, x, &c[2..]).mul_add(x2, two(simd, x, c)),
    }
}

/// `c[0] + c[1] x`.
#[inline(always)]
fn two<L: Double>(simd: L::Simd, x: L, c: &[f64]) -> L {
    L::splat(simd, c[1]).mul_add(x, L::splat(simd, c[0]))
}

/// (x - sin x) / x^3 as a polynomial of x^2, for |x| <= pi/4, to 1.3e-16 of itself.
const SINE: [f64; 6] = [
    0.16666666666666666,
    -0.008333333333330922,
    0.00019841269836724185,
    -2.755731608672842e-06,
    2.5051128872737914e-08,
    -1.5917933898419263e-10,
];

/// (cos x - 1 + x^2/2) / x^4 as a polynomial of x^2, for |x| <= pi/4, to 3.1e-17 of itself.
const COSINE: [f64; 6] = [
    0.041666666666666664,
    -0.0013888888888887387,
    2.4801587298750968e-05,
    -2.755731726490728e-07,
    2.0876144978077817e-09,
    -1.1382547040749769e-11,
];

/// pi/2 as the sum of three numbers.
const HALF_PI: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];

/// Sine and cosine of `x` in radians, for |x| <= 1e6: wrong by at most 1.5 ulp where the result is above 1e-10, else by 1e-26.
///
/// `x` is reduced by the nearest multiple of pi/2 (Cody & Waite 1980, with fused multiply-adds).
#[inline(always)]
pub fn sin_cos<L: Double>(simd: L::Simd, x: L) -> (L, L) {
    let quarters = round(simd, x * L::splat(simd, std::f64::consts::FRAC_2_PI));
    let rest = HALF_PI.iter().fold(x, |rest, &part| quarters.neg_mul_add(L::splat(simd, part), rest));
    let square = rest * rest;
    let sine = (square * rest).neg_mul_add(polynomial(simd, square, &SINE), rest);
    let half = square * L::splat(simd, 0.5);
    let one = L::splat(simd, 1.0);
    let near = one - half;
    let lost = (one - near) - half;
    let cosine = near + (square * square).mul_add(polynomial(simd, square, &COSINE), lost);
    turn(simd, quarters, sine, cosine)
}

/// Sine and cosine after so many quarter turns.
#[inline(always)]
fn turn<L: Double>(simd: L::Simd, quarters: L, sine: L, cosine: L) -> (L, L) {
    let zero = L::splat(simd, 0.0);
    let one = L::splat(simd, 1.0);
    let two = L::splat(simd, 2.0);
    // Quarter turns beyond whole ones, -2 to 2.
    let left = round(simd, quarters * L::splat(simd, 0.25)).neg_mul_add(L::splat(simd, 4.0), quarters);
    let odd = left.abs().eq(one);
    let half = left.abs().eq(two);
    let s = L::select(odd, cosine, sine);
    let c = L::select(odd, sine, cosine);
    let below = L::or(left.lt(zero), half);
    let behind = L::or(left.eq(one), half);
    (L::select(below, -s, s), L::select(behind, -c, c))
}

/// (ln((1 + s) / (1 - s)) - 2 s) / s^3 as a polynomial of s^2, for |s| <= 0.1716, to 4.6e-16 of itself.
const LOGARITHM: [f64; 7] = [
    0.666666666666667,
    0.3999999999989856,
    0.28571428626385026,
    0.22222211070340234,
    0.1818289368064501,
    0.15331574024870048,
    0.1461823402770398,
];

/// ln 2 as a sum; the first part times a whole number of at most 2^11 is exact.
const LN_2: [f64; 2] = [0.6931471805598903, 5.497923018708371e-14];

/// The natural logarithm of positive normal numbers: wrong by at most 1 ulp.
#[inline(always)]
pub fn ln<L: Double>(simd: L::Simd, x: L) -> L {
    let one = L::splat(simd, 1.0);
    let half = L::splat(simd, 0.5);
    let significand = x.significand();
    let above = L::splat(simd, std::f64::consts::SQRT_2).lt(significand);
    let exponent = L::select(above, x.exponent() + one, x.exponent());
    let f = L::select(above, significand * half, significand) - one;
    // ln(1 + f) = f - f^2/2 + s (f^2/2 + R) with s = f / (2 + f).
    let s = f / (f + L::splat(simd, 2.0));
    let square = s * s;
    let r = square * polynomial(simd, square, &LOGARITHM);
    let halved = f * f * half;
    let low = s.mul_add(halved + r, exponent * L::splat(simd, LN_2[1]));
    exponent.mul_add(L::splat(simd, LN_2[0]), f - (halved - low))
}

/// (exp(x) - 1 - x) / x^2 as a polynomial, for |x| <= ln(2)/2, to 2.1e-16 of itself.
const EXPONENTIAL: [f64; 10] = [
    0.5000000000000001,
    0.16666666666666644,
    0.04166666666662417,
    0.008333333333356263,
    0.001388888891720628,
    0.00019841269784552523,
    2.480152129056979e-05,
    2.755735554539019e-06,
    2.762009702530336e-07,
    2.506818791100181e-08,
];

/// e^x for -708 <= x <= 709: wrong by at most 1.1 ulp.
#[inline(always)]
pub fn exp<L: Double>(simd: L::Simd, x: L) -> L {
    let n = round(simd, x * L::splat(simd, std::f64::consts::LOG2_E));
    let high = n.neg_mul_add(L::splat(simd, LN_2[0]), x);
    let r = n.neg_mul_add(L::splat(simd, LN_2[1]), high);
    let series = (r * r).mul_add(polynomial(simd, r, &EXPONENTIAL), r);
    // In two halves, since 2^n may be above the largest number where e^x is not.
    let part = round(simd, n * L::splat(simd, 0.5));
    (L::splat(simd, 1.0) + series).scale(part).scale(n - part)
}

/// The cube root of zero and of normal numbers of either sign above 1e-200 and below 1e200 in size: wrong by at most 0.6 ulp.
///
/// From an estimate, by two steps of third order (Halley 1694) and one of second order whose residue is exact.
#[inline(always)]
pub fn cbrt<L: Double>(simd: L::Simd, x: L) -> L {
    let zero = L::splat(simd, 0.0);
    let two = L::splat(simd, 2.0);
    let is_zero = x.eq(zero);
    let size = L::select(is_zero, L::splat(simd, 1.0), x.abs());
    let mut y = size.cbrt_estimate();
    for _ in 0..2 {
        let cube = y * y * y;
        y = y * (two.mul_add(size, cube) / two.mul_add(cube, size));
    }
    let square = y * y;
    let square_low = y.mul_add(y, -square);
    let residue = square_low.neg_mul_add(y, square.neg_mul_add(y, size));
    let root = y + residue / (square * L::splat(simd, 3.0));
    L::select(is_zero, x, L::select(x.lt(zero), -root, root))
}

/// (t - atan t) / t^3 as a polynomial of t^2, for |t| <= tan(pi/8), to 9.3e-17 of itself.
const ARC_TANGENT: [f64; 11] = [
    0.3333333333333333,
    -0.19999999999995602,
    0.14285714284682044,
    -0.11111111016393911,
    0.09090904620565098,
    -0.0769218410101964,
    0.06664523337457477,
    -0.05858245084204313,
    0.05085919956346793,
    -0.039244389872112456,
    0.01919154035174806,
];

/// The angle of the point (`x`, `y`) in radians, from -pi to pi, for numbers below 1e300 in size of which one is above 1e-300:
/// wrong by at most 2 ulp where `x` is positive, and by 5e-16 elsewhere.
///
/// The angle of (0, 0) is 0; the sign of a zero does not count.
#[inline(always)]
pub fn atan2<L: Double>(simd: L::Simd, y: L, x: L) -> L {
    let zero = L::splat(simd, 0.0);
    let rise = y.abs();
    let run = x.abs();
    let steep = run.lt(rise);
    let small = rise.min(run);
    let large = rise.max(run).max(L::splat(simd, f64::MIN_POSITIVE));
    // atan t = pi/4 + atan((t - 1) / (t + 1)), for t above tan(pi/8).
    let beyond = (large * L::splat(simd, std::f64::consts::SQRT_2 - 1.0)).lt(small);
    let t = L::select(beyond, small - large, small) / L::select(beyond, small + large, large);
    let square = t * t;
    let arc = (square * t).neg_mul_add(polynomial(simd, square, &ARC_TANGENT), t);
    let arc = L::select(beyond, arc + L::splat(simd, std::f64::consts::FRAC_PI_4), arc);
    let arc = L::select(steep, L::splat(simd, std::f64::consts::FRAC_PI_2) - arc, arc);
    let arc = L::select(x.lt(zero), L::splat(simd, std::f64::consts::PI) - arc, arc);
    L::select(y.lt(zero), -arc, arc)
}

#[cfg(test)]
mod tests;
