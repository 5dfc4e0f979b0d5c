//! HLLE: one state between the slowest and the fastest wave (Harten, Lax & van Leer 1983) with Einfeldt's speeds (1988).
//!
//! Positive densities and pressures stay positive (Einfeldt et al. 1991). Contacts and shears are smeared.

use super::average::average;
use super::state::FaceState;
use super::{Face, Flux, Riemann};
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// The HLLE solver.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct Hlle;

impl Riemann for Hlle {
    #[inline(always)]
    fn flux<S: Simd, G: GasLaw>(self, simd: S, gas: G, left: Face<S::F64>, right: Face<S::F64>) -> Flux<S::F64> {
        let speeds = average(simd, gas, &left, &right).speeds(&left, &right);
        two_waves(simd, speeds, &FaceState::of(simd, gas, left), &FaceState::of(simd, gas, right))
    }
}

/// The flux if two waves of the speeds `slow < fast` bound one uniform state; beyond them that of the side itself.
#[inline(always)]
pub(super) fn two_waves<S: Simd>(
    simd: S,
    [slow, fast]: [S::F64; 2],
    left: &FaceState<S::F64>,
    right: &FaceState<S::F64>,
) -> Flux<S::F64> {
    let zero = S::F64::splat(simd, 0.0);
    // F = (s_r F_l - s_l F_r + s_l s_r (U_r - U_l)) / (s_r - s_l)
    let sides = left.flux.times(fast).minus(right.flux.times(slow));
    let jump = right.amount.minus(left.amount).times(slow * fast);
    let fan = sides.plus(jump).times(S::F64::splat(simd, 1.0) / (fast - slow));
    upwind(zero, [slow, fast], left, right, fan)
}

/// The flux of the fan, or of the side that all waves leave on the face.
#[inline(always)]
pub(super) fn upwind<L: Lane>(
    zero: L,
    [slow, fast]: [L; 2],
    left: &FaceState<L>,
    right: &FaceState<L>,
    fan: Flux<L>,
) -> Flux<L> {
    let fan = Flux::select(zero.le(slow), left.flux, fan);
    Flux::select(fast.le(zero), right.flux, fan)
}
