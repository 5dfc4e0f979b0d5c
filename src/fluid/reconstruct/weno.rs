//! WENO-Z reconstruction of fifth order (Borges, Carmona, Costa & Don 2008) with the smoothness of Jiang & Shu (1996).
//!
//! Three parabolas through three cells each are averaged with weights d_k (1 + (tau / beta_k)^2); all weights are multiplied
//! by the product of all beta_k^2, so that one division serves both faces. The roughnesses beta_k are taken in units of the
//! largest of them: results don't depend on the units of the variable, and nothing overflows.

use super::Reconstruction;
use crate::simd::{Lane, Simd};

/// Fifth order where smooth, at smooth extrema too.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct WenoZ;

/// The least roughness that counts, in units of the largest.
const SMOOTH: f64 = 1e-30;
/// Less than any squared difference that matters: where all are equal the roughnesses are too.
const TINY: f64 = 1e-200;

impl Reconstruction for WenoZ {
    const REACH: usize = 2;
    const OVERSHOOTS: bool = true;

    #[inline(always)]
    fn faces<S: Simd>(self, simd: S, &[lowest, below, cell, above, highest]: &[S::F64; 5]) -> (S::F64, S::F64) {
        let constant = |x| S::F64::splat(simd, x);
        let lower = below - lowest;
        let down = cell - below;
        let up = above - cell;
        let upper = highest - above;
        let [leaning_down, middle, leaning_up] = weights(simd, [lower, down, up, upper]);
        let middle = constant(6.0) * middle;
        let (rise, rise_sum) = weighted_step(simd, [lower, down, up, upper], [leaning_down, middle, leaning_up]);
        let (fall, fall_sum) = weighted_step(simd, [upper, up, down, lower], [leaning_up, middle, leaning_down]);
        let inverse = constant(1.0 / 6.0) / (rise_sum * fall_sum);
        (fall.neg_mul_add(rise_sum * inverse, cell), rise.mul_add(fall_sum * inverse, cell))
    }
}

/// The weights of the parabolas that lean down, stay in the middle and lean up, without the ideal weights' factors.
#[inline(always)]
fn weights<S: Simd>(simd: S, [lower, down, up, upper]: [S::F64; 4]) -> [S::F64; 3] {
    let three = S::F64::splat(simd, 3.0);
    // The curvature of each parabola and its slope at the cell (Jiang & Shu 1996, in differences).
    let leaning_down = roughness(simd, down - lower, down.neg_mul_add(three, lower));
    let middle = roughness(simd, up - down, up + down);
    let leaning_up = roughness(simd, upper - up, up.neg_mul_add(three, upper));
    let largest = leaning_down.max(leaning_up).max(middle);
    let least = largest.mul_add(S::F64::splat(simd, SMOOTH), S::F64::splat(simd, TINY));
    let unit = S::F64::splat(simd, 1.0) / (largest + least);
    let a = (leaning_down + least) * unit;
    let b = (middle + least) * unit;
    let c = (leaning_up + least) * unit;
    let a2 = a * a;
    let b2 = b * b;
    let c2 = c * c;
    // d_k (1 + (τ/β_k)²), τ = β_0 - β_2, times β_0² β_1² β_2²
    let tau = a - c;
    let tau2 = tau * tau;
    [(a2 + tau2) * (b2 * c2), (b2 + tau2) * (a2 * c2), (c2 + tau2) * (a2 * b2)]
}

/// Four times beta: 13/3 curvature^2 + slope^2.
#[inline(always)]
fn roughness<S: Simd>(simd: S, curvature: S::F64, slope: S::F64) -> S::F64 {
    slope.mul_add(slope, S::F64::splat(simd, 13.0 / 3.0) * curvature * curvature)
}

/// Six times the step from the cell's average to its face, and the sum of weights that it is still to be divided by. The
/// ideal weights are 1 : 6 : 3; `middle` has its six already.
#[inline(always)]
fn weighted_step<S: Simd>(
    simd: S,
    [lower, down, up, upper]: [S::F64; 4],
    [far, middle, near]: [S::F64; 3],
) -> (S::F64, S::F64) {
    let constant = |x| S::F64::splat(simd, x);
    let near = constant(3.0) * near;
    // Six times the steps of the three parabolas, the last one with the other sign.
    let from_far = lower.neg_mul_add(constant(2.0), constant(5.0) * down);
    let from_middle = up.mul_add(constant(2.0), down);
    let from_near = up.neg_mul_add(constant(4.0), upper);
    let step = near.neg_mul_add(from_near, middle.mul_add(from_middle, far * from_far));
    (step, (far + middle) + near)
}
