//! HLLC for a gas of constant temperature: sound waves around a state of one density, the transverse velocities carried by
//! the contact in it (Mignone 2007, section 3.1, without the magnetic field).
//!
//! There is no jump in density or normal velocity over the contact, so that their fluxes are those of two waves; it moves
//! to the side that the mass goes to.

use super::hlle::two_waves;
use super::state::FaceState;
use super::{Face, Flux};
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// The flux between two states, with the speeds of [`Hllc`](super::Hllc).
#[inline(always)]
pub(super) fn hllc<S: Simd, G: GasLaw>(simd: S, gas: G, left: Face<S::F64>, right: Face<S::F64>) -> Flux<S::F64> {
    let zero = S::F64::splat(simd, 0.0);
    let sound = S::F64::splat(simd, gas.constant_speed_squared()).sqrt();
    // S_l = min(v_l, v_r) - c,  S_r = max(v_l, v_r) + c
    let speeds = [left.normal.min(right.normal) - sound, left.normal.max(right.normal) + sound];
    let left = FaceState::of(simd, gas, left);
    let right = FaceState::of(simd, gas, right);
    let flux = two_waves(simd, speeds, &left, &right);
    // F_t = F_mass v_t of the side that the mass comes from.
    let to_right = zero.lt(flux.mass);
    let first = flux.mass * S::F64::select(to_right, left.state.first, right.state.first);
    let second = flux.mass * S::F64::select(to_right, left.state.second, right.state.second);
    Flux { first, second, ..flux }
}
