//! Equations of state: what relates pressure, density and energy.
//!
//! The kernels are generic over [`GasLaw`], so that its arithmetic is inlined; [`Gas`] is the same choice as a value.

use crate::simd::{Lane, Simd};

/// The gas of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gas {
    /// An ideal gas: p = (gamma - 1) e, with its energy as the fifth variable.
    Ideal {
        /// The ratio of specific heats.
        gamma: f64,
    },
    /// A gas of constant temperature: p = c^2 rho, without an energy.
    Isothermal {
        /// The speed of sound, in units of length per time.
        sound_speed: f64,
    },
}

impl Gas {
    /// The variables of the flow: density, three momenta and, for an ideal gas, the energy.
    pub fn variables(self) -> usize {
        match self {
            Gas::Ideal { .. } => 5,
            Gas::Isothermal { .. } => 4,
        }
    }

    /// The pressure at this density, where the gas has no pressure of its own.
    pub fn pressure(self, density: f64, pressure: f64) -> f64 {
        match self {
            Gas::Ideal { .. } => pressure,
            Gas::Isothermal { sound_speed } => sound_speed * sound_speed * density,
        }
    }

    /// The speed of sound.
    pub fn sound_speed(self, density: f64, pressure: f64) -> f64 {
        match self {
            Gas::Ideal { gamma } => (gamma * pressure / density).sqrt(),
            Gas::Isothermal { sound_speed } => sound_speed,
        }
    }
}

/// An equation of state as the kernels use it.
pub(super) trait GasLaw: Copy {
    /// Whether there is an energy, and a pressure apart from the density.
    const HAS_ENERGY: bool;

    /// The ratio of specific heats; one without an energy.
    fn gamma(self) -> f64;

    /// The square of the speed of sound where it is constant; zero with an energy.
    fn constant_speed_squared(self) -> f64;

    /// The pressure of this density, or the one given.
    #[inline(always)]
    fn pressure<S: Simd>(self, simd: S, density: S::F64, pressure: S::F64) -> S::F64 {
        if Self::HAS_ENERGY { pressure } else { S::F64::splat(simd, self.constant_speed_squared()) * density }
    }
}

/// The law of [`Gas::Ideal`].
#[derive(Clone, Copy)]
pub(super) struct Ideal {
    pub gamma: f64,
}

/// The law of [`Gas::Isothermal`].
#[derive(Clone, Copy)]
pub(super) struct Isothermal {
    pub speed_squared: f64,
}

impl Isothermal {
    /// The gas of this speed of sound.
    pub(super) fn of_speed(sound_speed: f64) -> Self {
        Isothermal { speed_squared: sound_speed * sound_speed }
    }
}

impl GasLaw for Ideal {
    const HAS_ENERGY: bool = true;

    #[inline(always)]
    fn gamma(self) -> f64 {
        self.gamma
    }

    #[inline(always)]
    fn constant_speed_squared(self) -> f64 {
        0.0
    }
}

impl GasLaw for Isothermal {
    const HAS_ENERGY: bool = false;

    #[inline(always)]
    fn gamma(self) -> f64 {
        1.0
    }

    #[inline(always)]
    fn constant_speed_squared(self) -> f64 {
        self.speed_squared
    }
}
