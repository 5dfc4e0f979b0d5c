//! Donor cell: the cell's average at both faces (Godunov 1959).

use super::Reconstruction;
use crate::simd::Simd;

/// First order, never outside the range of the cells around.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct Donor;

impl Reconstruction for Donor {
    const REACH: usize = 1;
    const OVERSHOOTS: bool = false;

    #[inline(always)]
    fn faces<S: Simd>(self, _: S, stencil: &[S::F64; 5]) -> (S::F64, S::F64) {
        (stencil[2], stencil[2])
    }
}
