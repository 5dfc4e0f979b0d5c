//! HLLC whose sound waves smear less where the flow across the face is slow (Fleischmann, Adami & Adams 2020, "HLLC-LM").
//!
//! Along a shock that follows the grid the flow across the faces is slow and sound waves smear it without need, while the contact
//! is kept: the imbalance feeds the carbuncle and odd-even decoupling (Quirk 1994). Here the outer waves' speeds, where they
//! smear, fall with the Mach number across the face; shear and contacts are kept as by HLLC. Their sine of that Mach number is
//! replaced by a parabola of the same slope at its end, which every processor computes alike.

use super::hlle::upwind;
use super::llf::sound_speeds;
use super::state::FaceState;
use super::{Face, Flux, Riemann};
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// The Mach number from which on the flux is that of HLLC.
const SLOW: f64 = 0.1;

/// The solver.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct HllcLm;

impl Riemann for HllcLm {
    #[inline(always)]
    fn flux<S: Simd, G: GasLaw>(self, simd: S, gas: G, left: Face<S::F64>, right: Face<S::F64>) -> Flux<S::F64> {
        let zero = S::F64::splat(simd, 0.0);
        let half = S::F64::splat(simd, 0.5);
        let [sound_l, sound_r] = sound_speeds(simd, gas, &left, &right);
        let sound = sound_l.max(sound_r);
        let slow = left.normal.min(right.normal) - sound;
        let fast = left.normal.max(right.normal) + sound;
        let less = share(simd, [&left, &right], [sound_l, sound_r]);
        let left = FaceState::of(simd, gas, left);
        let right = FaceState::of(simd, gas, right);
        let fan = fan::<S, G>(simd, [slow, fast], &left, &right);
        // F = (F_l + F_r)/2 + (φ S_l (U*_l - U_l) + φ S_r (U*_r - U_r) + |S*| (U*_l - U*_r))/2
        let [behind_l, behind_r] = fan.behind;
        let outer_l = behind_l.minus(left.amount).times(less * slow);
        let outer_r = behind_r.minus(right.amount).times(less * fast);
        let inner = behind_l.minus(behind_r).times(fan.contact.abs());
        let flux = left.flux.plus(right.flux).plus(outer_l.plus(outer_r)).plus(inner).times(half);
        let flux = if G::HAS_ENERGY { flux } else { carried(zero, flux, &left.state, &right.state) };
        upwind(zero, [slow, fast], &left, &right, flux)
    }
}

/// The share of the sound waves' speeds: φ = χ (2 - χ), χ the Mach number across the face over [`SLOW`], at most 1.
#[inline(always)]
fn share<S: Simd>(simd: S, [left, right]: [&Face<S::F64>; 2], [sound_l, sound_r]: [S::F64; 2]) -> S::F64 {
    let one = S::F64::splat(simd, 1.0);
    let mach = (left.normal.abs() / sound_l).max(right.normal.abs() / sound_r);
    let least = one.min(mach * S::F64::splat(simd, 1.0 / SLOW));
    least * (S::F64::splat(simd, 2.0) - least)
}

/// The states between the outer waves.
struct Fan<L> {
    /// The speed of the contact.
    contact: L,
    /// Behind the slowest and behind the fastest wave.
    behind: [Flux<L>; 2],
}

#[inline(always)]
fn fan<S: Simd, G: GasLaw>(
    simd: S,
    [slow, fast]: [S::F64; 2],
    left: &FaceState<S::F64>,
    right: &FaceState<S::F64>,
) -> Fan<S::F64> {
    let [l, r] = [&left.state, &right.state];
    if !G::HAS_ENERGY {
        // One density and one velocity: U* = (S_r U_r - S_l U_l - F_r + F_l)/(S_r - S_l), the contact carries nothing of it.
        let sum = right.amount.times(fast).minus(left.amount.times(slow)).minus(right.flux.minus(left.flux));
        let both = sum.times(S::F64::splat(simd, 1.0) / (fast - slow));
        return Fan { contact: S::F64::splat(simd, 0.0), behind: [both; 2] };
    }
    // S* = (p_r - p_l + ρ_l v_l (S_l - v_l) - ρ_r v_r (S_r - v_r)) / (ρ_l (S_l - v_l) - ρ_r (S_r - v_r))
    let swept_l = l.density * (slow - l.normal);
    let swept_r = r.density * (fast - r.normal);
    let pull = swept_l.mul_add(l.normal, -l.pressure) - swept_r.mul_add(r.normal, -r.pressure);
    let contact = pull / (swept_l - swept_r);
    let star_l = swept_l.mul_add(contact - l.normal, l.pressure);
    let star_r = swept_r.mul_add(contact - r.normal, r.pressure);
    let pressure = S::F64::splat(simd, 0.5) * (star_l + star_r);
    let behind =
        [behind(simd, left, swept_l, slow, contact, pressure), behind(simd, right, swept_r, fast, contact, pressure)];
    Fan { contact, behind }
}

/// The conserved variables behind an outer wave of this speed, which sweeps up so much mass.
#[inline(always)]
fn behind<S: Simd>(
    simd: S,
    side: &FaceState<S::F64>,
    swept: S::F64,
    wave: S::F64,
    contact: S::F64,
    pressure: S::F64,
) -> Flux<S::F64> {
    let FaceState { state, amount, .. } = side;
    let inverse = S::F64::splat(simd, 1.0) / (wave - contact);
    // ρ* (S - S*) = ρ (S - v),  E* (S - S*) = E (S - v) - p v + p* S*
    let density = swept * inverse;
    let gained =
        contact.mul_add(pressure, state.normal.neg_mul_add(state.pressure, amount.energy * (wave - state.normal)));
    Flux {
        mass: density,
        normal: density * contact,
        first: density * state.first,
        second: density * state.second,
        energy: gained * inverse,
    }
}

/// Transverse momenta of a gas without an energy: those of the side that the mass comes from.
#[inline(always)]
fn carried<L: Lane>(zero: L, flux: Flux<L>, left: &Face<L>, right: &Face<L>) -> Flux<L> {
    let to_right = zero.lt(flux.mass);
    let first = flux.mass * L::select(to_right, left.first, right.first);
    let second = flux.mass * L::select(to_right, left.second, right.second);
    Flux { first, second, ..flux }
}
