//! The sum over sources of acceleration and potential: targets in lanes, sources one after another.

use std::ops::Range;

use super::targets::Columns;
use super::weight::{Row, weight};
use crate::simd::{Kernel, Lane, Simd};

/// How many vectors of targets a pass over the sources keeps in registers, in the 16 of AVX2 too.
const VECTORS: usize = 2;

/// How many sources stay in the first cache while all targets pass.
pub(super) const TILE: usize = 256;

/// One call's work: what the sources in `rows` do to the targets in `range`.
pub(super) struct Accelerate<'a, T> {
    pub rows: &'a [Row<T>],
    pub columns: &'a mut Columns<T>,
    pub range: Range<usize>,
    pub softening2: T,
    pub potential: bool,
    pub exact: bool,
}

impl Kernel for Accelerate<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        choose::<S::F64>(simd, self);
    }
}

impl Kernel for Accelerate<'_, f32> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        choose::<S::F32>(simd, self);
    }
}

#[inline(always)]
fn choose<L: Lane>(simd: L::Simd, work: Accelerate<'_, L::Scalar>) {
    match (work.potential, work.exact) {
        (false, false) => all_targets::<L, false, false>(simd, work),
        (false, true) => all_targets::<L, false, true>(simd, work),
        (true, false) => all_targets::<L, true, false>(simd, work),
        (true, true) => all_targets::<L, true, true>(simd, work),
    }
}

#[inline(always)]
fn all_targets<L: Lane, const POTENTIAL: bool, const EXACT: bool>(simd: L::Simd, work: Accelerate<'_, L::Scalar>) {
    let softening2 = L::splat(simd, work.softening2);
    for rows in work.rows.chunks(TILE) {
        let Range { start: mut first, end } = work.range;
        while first + VECTORS * L::WIDTH <= end {
            pass::<L, VECTORS, POTENTIAL, EXACT>(simd, softening2, rows, work.columns, first);
            first += VECTORS * L::WIDTH;
        }
        while first < end {
            pass::<L, 1, POTENTIAL, EXACT>(simd, softening2, rows, work.columns, first);
            first += L::WIDTH;
        }
    }
}

/// Adds what `rows` do to the `N` vectors of targets from `first` on.
///
/// The sum of -φ is kept; [`Targets::potential`](super::Targets::potential) turns the sign.
#[inline(always)]
fn pass<L: Lane, const N: usize, const POTENTIAL: bool, const EXACT: bool>(
    simd: L::Simd,
    softening2: L,
    rows: &[Row<L::Scalar>],
    columns: &mut Columns<L::Scalar>,
    first: usize,
) {
    let zero = L::splat(simd, 0.0.into());
    let [mut x, mut a] = [[[zero; N]; 3]; 2];
    let mut depth = [zero; N];
    for v in 0..N {
        let at = first + v * L::WIDTH;
        for c in 0..3 {
            x[c][v] = L::load(simd, &columns.position[c][at..]);
            a[c][v] = L::load(simd, &columns.acceleration[c][at..]);
        }
        if POTENTIAL {
            depth[v] = L::load(simd, &columns.depth[at..]);
        }
    }
    for row in rows {
        for v in 0..N {
            // d = x_j - x,  r² = d·d + ε²,  a += (G m_j / r³) d,  -φ += (G m_j / r³) r²
            let dx = L::splat(simd, row[0]) - x[0][v];
            let dy = L::splat(simd, row[1]) - x[1][v];
            let dz = L::splat(simd, row[2]) - x[2][v];
            let r2 = dz.mul_add(dz, dy.mul_add(dy, dx.mul_add(dx, softening2)));
            let w = weight::<L, EXACT>(simd, r2, row);
            a[0][v] = w.mul_add(dx, a[0][v]);
            a[1][v] = w.mul_add(dy, a[1][v]);
            a[2][v] = w.mul_add(dz, a[2][v]);
            if POTENTIAL {
                let here = dx.bit_or(dy).bit_or(dz).eq(zero);
                depth[v] = L::select(here, depth[v], w.mul_add(r2, depth[v]));
            }
        }
    }
    for v in 0..N {
        let at = first + v * L::WIDTH;
        for (sum, a) in columns.acceleration.iter_mut().zip(&a) {
            a[v].store(&mut sum[at..]);
        }
        if POTENTIAL {
            depth[v].store(&mut columns.depth[at..]);
        }
    }
}
