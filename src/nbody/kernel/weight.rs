//! The factors G m / r³ and 1 / r² of the sums, from r² alone, without square root or division.
//!
//! With the estimate y of 1/r and e = 1 - r² y², G m / r³ is G m y³ (1 - e)^(-3/2): a series in e whose coefficients,
//! times G m, stand ready in the source's row. The error of the estimate says how many terms the precision takes: three
//! beyond the first for AVX-512 in double precision, one in single.

use crate::simd::Lane;

/// A source as the kernels read it: x, y, z, then G m times the coefficients of the series in e.
pub(super) type Row<T> = [T; 8];

/// The coefficients of (1 - e)^(-3/2): c_n = c_(n-1) (n + 1/2) / n.
pub(super) const SERIES: [f64; 5] = [1.0, 1.5, 1.875, 2.1875, 2.460_937_5];

/// The coefficients of (1 - e)^(-1/2): c_n = c_(n-1) (n - 1/2) / n.
const ROOT_SERIES: [f32; 5] = [1.0, 0.5, 0.375, 0.3125, 0.273_437_5];

/// The largest error that the series may leave in double precision.
const TOLERANCE_F64: f64 = 1e-15;
/// The largest error that the series may leave in single precision.
const TOLERANCE_F32: f64 = 2e-6;

/// The last power of e that a number of `bytes` bytes needs where the estimate of 1/r is good to `error`.
///
/// |e| is at most 2 `error`; the first term left out, whose coefficient is below 3, must be within the tolerance.
const fn degree(error: f64, bytes: usize) -> usize {
    let tolerance = if bytes == 8 { TOLERANCE_F64 } else { TOLERANCE_F32 };
    let mut degree = 0;
    let mut rest = 3.0 * 2.0 * error;
    while rest > tolerance {
        degree += 1;
        rest *= 2.0 * error;
    }
    assert!(degree < SERIES.len(), "the estimate is too rough for this series");
    degree
}

/// G m / r³ of the source in `row` from r².
#[inline(always)]
pub(super) fn weight<L: Lane, const EXACT: bool>(simd: L::Simd, r2: L, row: &Row<L::Scalar>) -> L {
    if EXACT {
        return L::splat(simd, row[3]) / (r2 * r2.sqrt());
    }
    let y = r2.rsqrt();
    let y2 = y * y;
    let e = r2.neg_mul_add(y2, L::splat(simd, 1.0.into()));
    let degree = const { degree(L::RSQRT_ERROR, size_of::<L::Scalar>()) };
    let mut sum = L::splat(simd, row[3 + degree]);
    for n in (0..degree).rev() {
        sum = sum.mul_add(e, L::splat(simd, row[3 + n]));
    }
    y * y2 * sum
}

/// 1 / r² from r²: y² / (1 - e), a geometric series; what it shares with [`weight`] is computed once.
#[inline(always)]
pub(super) fn inverse_square<L: Lane, const EXACT: bool>(simd: L::Simd, r2: L) -> L {
    let one = L::splat(simd, 1.0.into());
    if EXACT {
        return one / r2;
    }
    let y = r2.rsqrt();
    let y2 = y * y;
    let e = r2.neg_mul_add(y2, one);
    let mut sum = one;
    for _ in 0..const { degree(L::RSQRT_ERROR, size_of::<L::Scalar>()) } {
        sum = sum.mul_add(e, one);
    }
    y2 * sum
}

/// 1 / r from r²: y (1 - e)^(-1/2), to rounding.
#[inline(always)]
pub(super) fn inverse_root<L: Lane, const EXACT: bool>(simd: L::Simd, r2: L) -> L {
    let one = L::splat(simd, 1.0.into());
    if EXACT {
        return one / r2.sqrt();
    }
    let y = r2.rsqrt();
    let e = r2.neg_mul_add(y * y, one);
    let degree = const { degree(L::RSQRT_ERROR, size_of::<L::Scalar>()) };
    let mut sum = L::splat(simd, ROOT_SERIES[degree].into());
    for n in (0..degree).rev() {
        sum = sum.mul_add(e, L::splat(simd, ROOT_SERIES[n].into()));
    }
    y * sum
}
