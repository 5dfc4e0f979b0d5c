//! Piecewise linear reconstruction with the harmonic limiter (van Leer 1974).

use super::Reconstruction;
use crate::simd::{Lane, Simd};

/// Second order where smooth, first order at extrema.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct Plm;

impl Reconstruction for Plm {
    const REACH: usize = 1;
    const OVERSHOOTS: bool = false;

    #[inline(always)]
    fn faces<S: Simd>(self, simd: S, &[_, below, cell, above, _]: &[S::F64; 5]) -> (S::F64, S::F64) {
        let zero = S::F64::splat(simd, 0.0);
        let down = cell - below;
        let up = above - cell;
        // Half the slope is the harmonic mean of both differences, halved: Δ₋ Δ₊ / (Δ₋ + Δ₊); zero where their signs differ.
        let product = down * up;
        let half_slope = S::F64::select(zero.lt(product), product / (down + up), zero);
        (cell - half_slope, cell + half_slope)
    }
}
