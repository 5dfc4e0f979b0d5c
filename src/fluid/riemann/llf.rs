//! Local Lax-Friedrichs: one speed for all waves (Rusanov 1961).

use super::state::FaceState;
use super::{Face, Flux, Riemann};
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// The local Lax-Friedrichs solver: the most diffusive one.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct Llf;

impl Riemann for Llf {
    #[inline(always)]
    fn flux<S: Simd, G: GasLaw>(self, simd: S, gas: G, left: Face<S::F64>, right: Face<S::F64>) -> Flux<S::F64> {
        let [sound_l, sound_r] = sound_speeds(simd, gas, &left, &right);
        let left = FaceState::of(simd, gas, left);
        let right = FaceState::of(simd, gas, right);
        // F = (F_l + F_r)/2 - max(|u| + c)/2 (U_r - U_l)
        let fastest = (left.state.normal.abs() + sound_l).max(right.state.normal.abs() + sound_r);
        let jump = right.amount.minus(left.amount).times(fastest);
        left.flux.plus(right.flux).minus(jump).times(S::F64::splat(simd, 0.5))
    }
}

/// The speeds of sound on both sides, by one division.
#[inline(always)]
pub(super) fn sound_speeds<S: Simd, G: GasLaw>(
    simd: S,
    gas: G,
    left: &Face<S::F64>,
    right: &Face<S::F64>,
) -> [S::F64; 2] {
    if !G::HAS_ENERGY {
        return [S::F64::splat(simd, gas.constant_speed_squared()).sqrt(); 2];
    }
    let factor = S::F64::splat(simd, gas.gamma()) / (left.density * right.density);
    [(left.pressure * right.density * factor).sqrt(), (right.pressure * left.density * factor).sqrt()]
}
