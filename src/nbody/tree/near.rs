//! The near list: what its bodies and cells, one after another, do to the bodies of a group, which stand in lanes.
//!
//! ```text
//! a_i = Σ_j G m_j d / (d² + ε²)^(3/2)     -φ_i = Σ_j G m_j / (d² + ε²)^(1/2)     d = x_j - x_i
//! ```
//!
//! in single precision, relative to the group's centre. 1/r is the processor's estimate where that is good to 1e-4 of a pair (AVX-512), and
//! improved once elsewhere; errors of pairs are independent, and those of sums smaller. After each thousand of sources the sums go to double precision.
//!
//! A source at the very place of a target (above all the target itself) adds nothing, to the potential neither.

use super::group::{Group, ROOM};
use super::walk::List;
use crate::simd::Single;

/// Sources after which the sums go to double precision.
const FLUSH: usize = 1024;

/// The square of the smallest distance, in half-sides of the cube: zero distance gives zero acceleration and not 0/0.
pub(super) const FLOOR: f32 = 1.0 / (1u128 << 66) as f32;

/// The largest error of a pair that needs no improvement.
const ROUGH: f64 = 2e-4;

/// What has been summed for the bodies of a group: accelerations, then the potential with its sign turned.
pub(super) type Sums = [[f64; ROOM]; 4];

/// How sums are made.
#[derive(Clone, Copy)]
pub(super) struct Softened {
    /// The square of Plummer's softening length, at least [`FLOOR`].
    pub softening2: f32,
    pub exact: bool,
    pub potential: bool,
}

/// Adds what the list does to the bodies of the group.
#[inline(always)]
pub(super) fn add<L: Single>(simd: L::Simd, list: &List, group: &Group, softened: Softened, sums: &mut Sums) {
    match (softened.potential, softened.exact) {
        (false, false) => all_targets::<L, false, false>(simd, list, group, softened, sums),
        (false, true) => all_targets::<L, false, true>(simd, list, group, softened, sums),
        (true, false) => all_targets::<L, true, false>(simd, list, group, softened, sums),
        (true, true) => all_targets::<L, true, true>(simd, list, group, softened, sums),
    }
}

#[inline(always)]
fn all_targets<L: Single, const POTENTIAL: bool, const EXACT: bool>(
    simd: L::Simd,
    list: &List,
    group: &Group,
    softened: Softened,
    sums: &mut Sums,
) {
    let softening2 = L::splat(simd, softened.softening2);
    for first in (0..list.len).step_by(FLUSH) {
        let sources = first..list.len.min(first + FLUSH);
        let sources = list.columns.each_ref().map(|column| &column[sources.clone()]);
        let mut at = 0;
        let end = group.len();
        // As many vectors at once as the registers of the level hold.
        if L::WIDTH == 16 {
            while at + 3 * L::WIDTH < end {
                pass::<L, 4, POTENTIAL, EXACT>(simd, softening2, sources, group, at, sums);
                at += 4 * L::WIDTH;
            }
            if at + 2 * L::WIDTH < end {
                pass::<L, 3, POTENTIAL, EXACT>(simd, softening2, sources, group, at, sums);
                at += 3 * L::WIDTH;
            }
        }
        while at + L::WIDTH < end {
            pass::<L, 2, POTENTIAL, EXACT>(simd, softening2, sources, group, at, sums);
            at += 2 * L::WIDTH;
        }
        if at < end {
            pass::<L, 1, POTENTIAL, EXACT>(simd, softening2, sources, group, at, sums);
        }
    }
}

/// Adds what the sources do to `N` vectors of targets from `first` on.
#[inline(always)]
fn pass<L: Single, const N: usize, const POTENTIAL: bool, const EXACT: bool>(
    simd: L::Simd,
    softening2: L,
    [xs, ys, zs, gms]: [&[f32]; 4],
    group: &Group,
    first: usize,
    sums: &mut Sums,
) {
    let zero = L::splat(simd, 0.0);
    let mut targets = [[zero; N]; 3];
    let mut acceleration = [[zero; N]; 3];
    let mut depth = [zero; N];
    for (targets, position) in targets.iter_mut().zip(&group.position) {
        for (v, target) in targets.iter_mut().enumerate() {
            *target = L::load(simd, &position[first + v * L::WIDTH..]);
        }
    }
    for (((&x, &y), &z), &gm) in xs.iter().zip(ys).zip(zs).zip(gms) {
        let [x, y] = [L::splat(simd, x), L::splat(simd, y)];
        let [z, gm] = [L::splat(simd, z), L::splat(simd, gm)];
        for v in 0..N {
            let dx = x - targets[0][v];
            let dy = y - targets[1][v];
            let dz = z - targets[2][v];
            let r2 = dz.mul_add(dz, dy.mul_add(dy, dx.mul_add(dx, softening2)));
            let inverse = inverse_root::<L, EXACT>(simd, r2);
            let depth_here = gm * inverse;
            let w = depth_here * (inverse * inverse);
            acceleration[0][v] = w.mul_add(dx, acceleration[0][v]);
            acceleration[1][v] = w.mul_add(dy, acceleration[1][v]);
            acceleration[2][v] = w.mul_add(dz, acceleration[2][v]);
            if POTENTIAL {
                let here = dx.bit_or(dy).bit_or(dz).eq(zero);
                depth[v] = depth[v] + L::select(here, zero, depth_here);
            }
        }
    }
    for (sum, vectors) in sums.iter_mut().zip(acceleration.iter().chain(POTENTIAL.then_some(&depth))) {
        for (v, vector) in vectors.iter().enumerate() {
            let mut numbers = [0.0; 16];
            vector.store(&mut numbers);
            let at = first + v * L::WIDTH;
            for (sum, &number) in sum[at..at + L::WIDTH].iter_mut().zip(&numbers) {
                *sum += f64::from(number);
            }
        }
    }
}

/// 1/r from r²: the estimate y, where it is rough times (3 - r² y²)/2; or by square root and division.
#[inline(always)]
pub(super) fn inverse_root<L: Single, const EXACT: bool>(simd: L::Simd, r2: L) -> L {
    if EXACT {
        return L::splat(simd, 1.0) / r2.sqrt();
    }
    let y = r2.rsqrt();
    if 3.0 * L::RSQRT_ERROR <= ROUGH {
        return y;
    }
    // Of infinity, as of bodies very far away, the estimate is 0, and the next lines would make 0 times infinity of it.
    let r2 = r2.min(L::splat(simd, f32::MAX));
    let half = L::splat(simd, 0.5);
    // y + y (1 - r² y²)/2
    (y * half).mul_add((r2 * y).neg_mul_add(y, L::splat(simd, 1.0)), y)
}
