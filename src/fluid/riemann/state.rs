//! What one side of a face brings: its conserved variables and their fluxes.

use super::{Face, Flux};
use crate::fluid::gas::GasLaw;
use crate::simd::{Lane, Simd};

/// The state on one side with what follows from it.
#[derive(Clone, Copy)]
pub(super) struct FaceState<L> {
    /// The state itself, its pressure valid for every gas.
    pub state: Face<L>,
    /// Mass, momenta and energy per volume.
    pub amount: Flux<L>,
    /// Their fluxes if this state stood on the face.
    pub flux: Flux<L>,
}

impl<L> FaceState<L> {
    #[inline(always)]
    pub(super) fn of<S: Simd<F64 = L>, G: GasLaw>(simd: S, gas: G, face: Face<L>) -> Self
    where
        L: Lane<Scalar = f64, Simd = S>,
    {
        let pressure = gas.pressure(simd, face.density, face.pressure);
        let state = Face { pressure, ..face };
        let mut amount = Flux {
            mass: state.density,
            normal: state.density * state.normal,
            first: state.density * state.first,
            second: state.density * state.second,
            energy: L::splat(simd, 0.0),
        };
        // F = (rho u, rho u u + p, rho u v, rho u w, (E + p) u)
        let mut flux = amount.times(state.normal);
        flux.normal = amount.normal.mul_add(state.normal, pressure);
        if G::HAS_ENERGY {
            let transverse = amount.first * state.first + amount.second * state.second;
            let kinetic = L::splat(simd, 0.5) * amount.normal.mul_add(state.normal, transverse);
            amount.energy = L::splat(simd, 1.0 / (gas.gamma() - 1.0)).mul_add(pressure, kinetic);
            flux.energy = (amount.energy + pressure) * state.normal;
        }
        FaceState { state, amount, flux }
    }
}

/// Arithmetic on all five at once.
impl<L: Lane> Flux<L> {
    #[inline(always)]
    pub(crate) fn times(self, factor: L) -> Self {
        Flux {
            mass: self.mass * factor,
            normal: self.normal * factor,
            first: self.first * factor,
            second: self.second * factor,
            energy: self.energy * factor,
        }
    }

    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        Flux {
            mass: self.mass + other.mass,
            normal: self.normal + other.normal,
            first: self.first + other.first,
            second: self.second + other.second,
            energy: self.energy + other.energy,
        }
    }

    #[inline(always)]
    pub(crate) fn minus(self, other: Self) -> Self {
        Flux {
            mass: self.mass - other.mass,
            normal: self.normal - other.normal,
            first: self.first - other.first,
            second: self.second - other.second,
            energy: self.energy - other.energy,
        }
    }

    /// `yes` where `mask` holds, else `no`.
    #[inline(always)]
    pub(crate) fn select(mask: L::Mask, yes: Self, no: Self) -> Self {
        Flux {
            mass: L::select(mask, yes.mass, no.mass),
            normal: L::select(mask, yes.normal, no.normal),
            first: L::select(mask, yes.first, no.first),
            second: L::select(mask, yes.second, no.second),
            energy: L::select(mask, yes.energy, no.energy),
        }
    }
}
