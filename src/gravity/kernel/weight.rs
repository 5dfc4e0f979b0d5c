//! The factor G m / r³ of the acceleration, from r² alone.
//!
//! With the estimate y of 1/r and e = 1 - r² y², it is G m y³ (1 - e)^(-3/2): a series in e whose coefficients, times
//! G m, stand ready in the source's row. The error of the estimate says how many terms the precision takes.

use crate::lane::Lane;

/// A source as the kernels read it: x, y, z, then G m times the coefficients of the series in e.
pub(super) type Row<T> = [T; 8];

/// The coefficients of (1 - e)^(-3/2): c_n = c_(n-1) (n + 1/2) / n.
pub(super) const SERIES: [f64; 5] = [1.0, 1.5, 1.875, 2.1875, 2.460_937_5];

/// The largest error that the series may leave: the rounding of a double.
const TOLERANCE_F64: f64 = 1e-15;
/// The largest error that the series may leave in single precision, some units in the last place.
const TOLERANCE_F32: f64 = 2e-6;

/// The last power of e that is needed where the estimate of 1/r has a relative error of up to `error`, so that
/// |e| <= 2 `error`: the next term, up to its coefficient of at most 3, is below the tolerance.
const fn degree(error: f64, bytes: usize) -> usize {
    let tolerance = if bytes == 8 { TOLERANCE_F64 } else { TOLERANCE_F32 };
    let mut rest = 3.0 * 2.0 * error;
    let mut degree = 0;
    while rest > tolerance {
        rest *= 2.0 * error;
        degree += 1;
    }
    assert!(degree < SERIES.len(), "the estimate is too rough");
    degree
}

/// G m / r³ of the source in `row` from the (softened) r².
#[inline(always)]
pub(super) fn weight<L: Lane, const EXACT: bool>(simd: L::Simd, r2: L, row: &Row<L::Scalar>) -> L {
    if EXACT {
        return L::splat(simd, row[3]) / (r2 * r2.sqrt());
    }
    let y = r2.rsqrt();
    let y2 = y * y;
    y * y2 * series(simd, r2, y2, row)
}

/// G m (1 - e)^(-3/2) for e = 1 - r² y².
#[inline(always)]
fn series<L: Lane>(simd: L::Simd, r2: L, y2: L, row: &Row<L::Scalar>) -> L {
    let degree = const { degree(L::RSQRT_ERROR, size_of::<L::Scalar>()) };
    let e = r2.neg_mul_add(y2, L::splat(simd, 1.0.into()));
    let mut sum = L::splat(simd, row[3 + degree]);
    let mut n = degree;
    while n > 0 {
        n -= 1;
        sum = sum.mul_add(e, L::splat(simd, row[3 + n]));
    }
    sum
}
