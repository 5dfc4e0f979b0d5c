//! Roe's solver: the exact solution of a linearised problem (Roe 1981), with two repairs.
//!
//! - Sound waves that open into a rarefaction over the face keep a least speed, so that no expansion shock forms (the first
//!   entropy fix of Harten & Hyman 1983).
//! - Where a state between the waves has a negative density or pressure, as in strong rarefactions (Einfeldt et al. 1991),
//!   HLLE gives the flux.

use super::average::{Average, average};
use super::hlle::{two_waves, upwind};
use super::state::FaceState;
use super::{Face, Flux, Riemann};
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// Roe's solver.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct Roe;

impl Riemann for Roe {
    #[inline(always)]
    fn flux<S: Simd, G: GasLaw>(self, simd: S, gas: G, left: Face<S::F64>, right: Face<S::F64>) -> Flux<S::F64> {
        let zero = S::F64::splat(simd, 0.0);
        let mean = average(simd, gas, &left, &right);
        let speeds = mean.speeds(&left, &right);
        let left = FaceState::of(simd, gas, left);
        let right = FaceState::of(simd, gas, right);
        let waves = waves(simd, gas, &mean, &left.state, &right.state);
        // F = (F_l + F_r)/2 - |A| (U_r - U_l)/2
        let jump = waves.dissipation::<G>(zero, &mean, &left.state, &right.state);
        let linear = left.flux.plus(right.flux).minus(jump).times(S::F64::splat(simd, 0.5));
        let linear = upwind(zero, speeds, &left, &right, linear);
        let [behind_l, behind_r] = waves.between(&mean, &left.amount, &right.amount);
        let broken = S::F64::or(is_broken::<_, G>(zero, &behind_l), is_broken::<_, G>(zero, &behind_r));
        if !S::F64::any(broken) {
            return linear;
        }
        Flux::select(broken, two_waves(simd, speeds, &left, &right), linear)
    }
}

/// The jumps in density over the three kinds of waves, and what they carry.
struct Waves<L> {
    slow: L,
    contact: L,
    fast: L,
    /// Total enthalpy per mass.
    enthalpy: L,
    /// Half the square of the velocity.
    kinetic: L,
}

#[inline(always)]
fn waves<S: Simd, G: GasLaw>(
    simd: S,
    gas: G,
    mean: &Average<S::F64>,
    left: &Face<S::F64>,
    right: &Face<S::F64>,
) -> Waves<S::F64> {
    let constant = |x| S::F64::splat(simd, x);
    let squared = mean.sound * mean.sound;
    let inverse = constant(1.0) / squared;
    // alpha = (dp -+ rho c du) / (2 c^2) for the sound waves, d rho - dp / c^2 for the contact
    let jump = right.pressure - left.pressure;
    let push = mean.density * mean.sound * (right.normal - left.normal);
    let half = constant(0.5);
    let transverse = mean.first * mean.first + mean.second * mean.second;
    // H = c²/(γ - 1) + v²/2
    let kinetic = half * mean.normal.mul_add(mean.normal, transverse);
    let mut contact = constant(0.0);
    let mut enthalpy = kinetic;
    if G::HAS_ENERGY {
        contact = jump.neg_mul_add(inverse, right.density - left.density);
        enthalpy = squared.mul_add(constant(1.0 / (gas.gamma() - 1.0)), kinetic);
    }
    let scale = half * inverse;
    Waves { slow: (jump - push) * scale, contact, fast: (jump + push) * scale, enthalpy, kinetic }
}

impl<L: Lane> Waves<L> {
    /// The sum over the waves of the speed's size times the jump in the conserved variables.
    #[inline(always)]
    fn dissipation<G: GasLaw>(&self, zero: L, mean: &Average<L>, left: &Face<L>, right: &Face<L>) -> Flux<L> {
        let [sound_l, sound_r] = mean.sides;
        let slow = self.slow * speed(zero, left.normal - sound_l, mean.normal - mean.sound, right.normal - sound_r);
        let fast = self.fast * speed(zero, left.normal + sound_l, mean.normal + mean.sound, right.normal + sound_r);
        let drift = mean.normal.abs();
        let contact = self.contact * drift;
        // Σ_waves |λ| α r: r = (1, v -+ c, v_t, v_s, H -+ v c) of sound, (1, v, v_t, v_s, v²/2) of the contact, and shear.
        let sound = slow + fast;
        let shear = drift * mean.density;
        let mass = sound + contact;
        let push = (fast - slow) * mean.sound;
        let first = shear * (right.first - left.first);
        let second = shear * (right.second - left.second);
        let mut energy = zero;
        if G::HAS_ENERGY {
            let carried = contact.mul_add(self.kinetic, sound * self.enthalpy);
            energy = push.mul_add(mean.normal, carried) + (first * mean.first + second * mean.second);
        }
        Flux {
            mass,
            normal: mass.mul_add(mean.normal, push),
            first: mass.mul_add(mean.first, first),
            second: mass.mul_add(mean.second, second),
            energy,
        }
    }

    /// The conserved variables behind the two sound waves.
    #[inline(always)]
    fn between(&self, mean: &Average<L>, left: &Flux<L>, right: &Flux<L>) -> [Flux<L>; 2] {
        let push = mean.normal * mean.sound;
        [
            behind(left, self.slow, mean, mean.normal - mean.sound, self.enthalpy - push),
            behind(right, -self.fast, mean, mean.normal + mean.sound, self.enthalpy + push),
        ]
    }
}

/// The size of a sound wave's speed, but not less than what it gains from the left or to the right in a rarefaction.
#[inline(always)]
fn speed<L: Lane>(zero: L, left: L, mean: L, right: L) -> L {
    mean.abs().max(zero.max(mean - left).max(right - mean))
}

/// The conserved variables of `ahead` and the jump over a sound wave: `jump` in density, and with it momentum and energy,
/// per mass `speed` and `energy`.
#[inline(always)]
fn behind<L: Lane>(ahead: &Flux<L>, jump: L, mean: &Average<L>, speed: L, energy: L) -> Flux<L> {
    Flux {
        mass: ahead.mass + jump,
        normal: jump.mul_add(speed, ahead.normal),
        first: jump.mul_add(mean.first, ahead.first),
        second: jump.mul_add(mean.second, ahead.second),
        energy: jump.mul_add(energy, ahead.energy),
    }
}

/// Where density or pressure of a conserved state are not positive.
#[inline(always)]
fn is_broken<L: Lane, G: GasLaw>(zero: L, amount: &Flux<L>) -> L::Mask {
    let empty = amount.mass.le(zero);
    if !G::HAS_ENERGY {
        return empty;
    }
    // p > 0 where 2 rho E > |rho v|^2
    let transverse = amount.first * amount.first + amount.second * amount.second;
    let momentum2 = amount.normal.mul_add(amount.normal, transverse);
    L::or(empty, ((amount.energy + amount.energy) * amount.mass).le(momentum2))
}
