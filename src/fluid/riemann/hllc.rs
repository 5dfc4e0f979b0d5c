//! HLLC: two sound waves and the contact between them (Toro, Spruce & Speares 1994; Batten et al. 1997).
//!
//! The outer waves move at the smaller and the larger of the two normal velocities, less and plus the larger of the two
//! speeds of sound: a bound (Davis 1988) that costs one square root.

use super::{Face, Flux, Riemann, isothermal};
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// The HLLC solver.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct Hllc;

impl Riemann for Hllc {
    #[inline(always)]
    fn flux<S: Simd, G: GasLaw>(self, simd: S, gas: G, left: Face<S::F64>, right: Face<S::F64>) -> Flux<S::F64> {
        if G::HAS_ENERGY { ideal(simd, gas, left, right) } else { isothermal::hllc(simd, gas, left, right) }
    }
}

#[inline(always)]
fn ideal<S: Simd, G: GasLaw>(simd: S, gas: G, l: Face<S::F64>, r: Face<S::F64>) -> Flux<S::F64> {
    let zero = S::F64::splat(simd, 0.0);
    let half = S::F64::splat(simd, 0.5);
    let gamma = S::F64::splat(simd, gas.gamma());
    let per_pressure = S::F64::splat(simd, 1.0 / (gas.gamma() - 1.0));
    // The larger speed of sound: c^2 = gamma p / rho on both sides by one division.
    let squared = (l.pressure * r.density).max(r.pressure * l.density);
    let sound = (gamma * squared / (l.density * r.density)).sqrt();
    let slow = l.normal.min(r.normal) - sound;
    let fast = l.normal.max(r.normal) + sound;
    // Mass that the outer waves sweep up, and the momentum balance across the fan.
    let swept_l = l.density * (slow - l.normal);
    let swept_r = r.density * (fast - r.normal);
    let pull_l = swept_l.mul_add(l.normal, -l.pressure);
    let pull_r = swept_r.mul_add(r.normal, -r.pressure);
    let pull = pull_l - pull_r;
    let swept_both = swept_l - swept_r;
    // The contact moves at pull / swept_both, whose divisor is negative. It and the inverse of the outer wave's lead over it
    // take one division.
    let is_left = pull.lt(zero);
    let wave = S::F64::select(is_left, slow, fast);
    let lead = wave.mul_add(swept_both, -pull);
    let shared = S::F64::splat(simd, 1.0) / (swept_both * lead);
    let contact = pull * lead * shared;
    let inverse = swept_both * swept_both * shared;
    // p* = p + ρ (S - v) (S* - v), the mean of both sides, which agree but for rounding.
    let star_l = swept_l.mul_add(contact - l.normal, l.pressure);
    let star_r = swept_r.mul_add(contact - r.normal, r.pressure);
    let star_pressure = half * (star_l + star_r);
    // The state on the side that the contact leaves on the face.
    let density = S::F64::select(is_left, l.density, r.density);
    let normal = S::F64::select(is_left, l.normal, r.normal);
    let first = S::F64::select(is_left, l.first, r.first);
    let second = S::F64::select(is_left, l.second, r.second);
    let pressure = S::F64::select(is_left, l.pressure, r.pressure);
    let swept = S::F64::select(is_left, swept_l, swept_r);
    let transverse = first * first + second * second;
    let kinetic = half * density * normal.mul_add(normal, transverse);
    let energy = per_pressure.mul_add(pressure, kinetic);
    // E* (S - S*) = E (S - v) - p v + p* S*,  ρ* (S - S*) = ρ (S - v)
    let gained = contact.mul_add(star_pressure, normal.neg_mul_add(pressure, energy * (wave - normal)));
    // Beyond the fan the state itself stands on the face.
    let beyond = S::F64::or(zero.le(slow), fast.le(zero));
    let density = S::F64::select(beyond, density, swept * inverse);
    let energy = S::F64::select(beyond, energy, gained * inverse);
    let pressure = S::F64::select(beyond, pressure, star_pressure);
    let normal = S::F64::select(beyond, normal, contact);
    // F = (ρ v, ρ v v + p, ρ v v_t, ρ v v_s, (E + p) v)
    let mass = density * normal;
    Flux {
        mass,
        normal: mass.mul_add(normal, pressure),
        first: mass * first,
        second: mass * second,
        energy: (energy + pressure) * normal,
    }
}
