//! Gauss's distribution function and its inverse.

use crate::simd::functions::{ln, polynomial};
use crate::simd::{Double, Kernel, Lane, Level, Simd};

/// The share of the normal distribution below `z` standard deviations.
pub(super) fn share_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Wichura's rational approximation, AS 241 (1988, Applied Statistics 37, 477): in q^2 of the middle, in sqrt(-ln p) of the
/// tails to 1.4e-11, and beyond. Relative error 1e-16.
const MIDDLE: [[f64; 8]; 2] = [
    [
        3.3871328727963665,
        133.14166789178438,
        1971.5909503065513,
        13731.69376550946,
        45921.95393154987,
        67265.7709270087,
        33430.57558358813,
        2509.0809287301227,
    ],
    [
        1.0,
        42.31333070160091,
        687.1870074920579,
        5394.196021424751,
        21213.794301586597,
        39307.89580009271,
        28729.085735721943,
        5226.495278852854,
    ],
];
const TAIL: [[f64; 8]; 2] = [
    [
        1.4234371107496835,
        4.630337846156546,
        5.769497221460691,
        3.6478483247632045,
        1.2704582524523684,
        0.2417807251774506,
        0.022723844989269184,
        0.0007745450142783414,
    ],
    [
        1.0,
        2.053191626637759,
        1.6763848301838038,
        0.6897673349851,
        0.14810397642748008,
        0.015198666563616457,
        0.0005475938084995345,
        1.0507500716444169e-09,
    ],
];
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        6.657904643501103,
        5.463784911164114,
        1.7848265399172913,
        0.29656057182850487,
        0.026532189526576124,
        0.0012426609473880784,
        2.7115555687434876e-05,
        2.0103343992922881e-07,
    ],
    [
        1.0,
        0.599832206555888,
        0.1369298809227358,
        0.014875361290850615,
        0.0007868691311456133,
        1.8463183175100548e-05,
        1.421511758316446e-07,
        2.0442631033899397e-15,
    ],
];

/// How many standard deviations below which a share `p` of the normal distribution lies, for 1e-300 < `p` < 1.
///
/// Places in the middle don't wait for those in the tails unless there are any, and come out the same.
#[inline(always)]
pub(crate) fn quantile<L: Double>(simd: L::Simd, p: L) -> L {
    let half = L::splat(simd, 0.5);
    let q = p - half;
    let square = q.neg_mul_add(q, L::splat(simd, 0.180625));
    let middle = q * ratio(simd, square, &MIDDLE);
    let in_tail = L::splat(simd, 0.425).lt(q.abs());
    if !L::any(in_tail) {
        return middle;
    }
    let outside = p.min(L::splat(simd, 1.0) - p);
    let depth = (-ln(simd, outside)).sqrt();
    let mut size = ratio(simd, depth - L::splat(simd, 1.6), &TAIL);
    let far = L::splat(simd, 5.0).lt(depth);
    if L::any(far) {
        size = L::select(far, ratio(simd, depth - L::splat(simd, 5.0), &FAR_TAIL), size);
    }
    let tail = L::select(q.lt(L::splat(simd, 0.0)), -size, size);
    L::select(in_tail, tail, middle)
}

#[inline(always)]
fn ratio<L: Double>(simd: L::Simd, x: L, [above, below]: &[[f64; 8]; 2]) -> L {
    polynomial(simd, x, above) / polynomial(simd, x, below)
}

/// [`quantile`] of one number.
pub(super) fn quantile_of(p: f64) -> f64 {
    Level::Portable.run(One(p))
}

struct One(f64);

impl Kernel for One {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let mut lanes = [0.0; 8];
        quantile(simd, S::F64::splat(simd, self.0)).store(&mut lanes);
        lanes[0]
    }
}
