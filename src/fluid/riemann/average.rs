//! Roe's average of two states (Roe 1981) and the bounds on the wave speeds that follow from it (Einfeldt 1988).

use super::Face;
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// The average state, with weights that are the roots of the densities.
pub(super) struct Average<L> {
    pub density: L,
    pub normal: L,
    pub first: L,
    pub second: L,
    /// The speed of sound.
    pub sound: L,
    /// The speeds of sound on both sides.
    pub sides: [L; 2],
}

/// Roe's average of the states on both sides.
#[inline(always)]
pub(super) fn average<S: Simd, G: GasLaw>(
    simd: S,
    gas: G,
    left: &Face<S::F64>,
    right: &Face<S::F64>,
) -> Average<S::F64> {
    // Weights: sqrt(rho_l) / (sqrt(rho_l) + sqrt(rho_r)) = (rho_l + rho) / (rho_l + rho_r + 2 rho), rho = sqrt(rho_l rho_r).
    let product = left.density * right.density;
    let density = product.sqrt();
    let sum = (left.density + right.density) + (density + density);
    let inverse = S::F64::splat(simd, 1.0) / (product * sum);
    let per_sum = product * inverse;
    let weight_l = (left.density + density) * per_sum;
    let weight_r = (right.density + density) * per_sum;
    let mut sound = S::F64::splat(simd, gas.constant_speed_squared()).sqrt();
    let mut sides = [sound; 2];
    if G::HAS_ENERGY {
        let factor = S::F64::splat(simd, gas.gamma()) * (sum * inverse);
        // c² = γ p/ρ on each side.
        let squared_l = left.pressure * right.density * factor;
        let squared_r = right.pressure * left.density * factor;
        // c^2 = <c^2> + (gamma - 1)/2 w_l w_r |v_r - v_l|^2, which is (gamma - 1)(H - v^2/2) without its cancellation.
        let normal = right.normal - left.normal;
        let first = right.first - left.first;
        let second = right.second - left.second;
        let shear = normal.mul_add(normal, first * first + second * second);
        let factor = S::F64::splat(simd, 0.5 * (gas.gamma() - 1.0)) * (weight_l * weight_r);
        sound = factor.mul_add(shear, weight_l * squared_l + weight_r * squared_r).sqrt();
        sides = [squared_l.sqrt(), squared_r.sqrt()];
    }
    Average {
        density,
        normal: weight_l * left.normal + weight_r * right.normal,
        first: weight_l * left.first + weight_r * right.first,
        second: weight_l * left.second + weight_r * right.second,
        sound,
        sides,
    }
}

impl<L: Lane> Average<L> {
    /// The speeds of the slowest and the fastest wave: those of the sides or of the average, whichever is farther out.
    #[inline(always)]
    pub(super) fn speeds(&self, left: &Face<L>, right: &Face<L>) -> [L; 2] {
        let slow = (left.normal - self.sides[0]).min(self.normal - self.sound);
        let fast = (right.normal + self.sides[1]).max(self.normal + self.sound);
        [slow, fast]
    }
}
