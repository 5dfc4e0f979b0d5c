//! MEGNO, the mean exponential growth factor of nearby orbits, and the Lyapunov exponent: shared by the integrators
//! that carry variational equations along.
//!
//! With the deviation vector delta(s) of positions and velocities, s the time since the start (Cincotta & Simo 2000,
//! eqs. 22-24):
//!
//! ```text
//! Y(t)   = 2/t int_0^t (delta' . delta / delta^2) s ds
//! <Y>(t) = 1/t int_0^t Y(s) ds
//! ```
//!
//! `<Y>` tends to 2 for quasi-periodic motion, to 0 for a stable fixed point, and grows as lambda t / 2 for chaotic
//! motion with the Lyapunov exponent lambda. What an integrator does, in order:
//!
//! 1. [`unit_deviation`] once, for the initial deviation vector;
//! 2. [`Megno::advance`] after each step with the integral of (delta' . delta / delta^2) s over the step;
//! 3. multiply the deviation vector and all that belongs to it by [`rescale`]'s factor where it gives one: MEGNO does
//!    not depend on the vector's length.

use crate::base::random::Random;

/// The random stream of initial deviations.
const DEVIATION_STREAM: u32 = 0x4d45_474e;

/// The running sums of MEGNO and of its slope.
///
/// A function of the steps alone; save and load carry all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Megno {
    elapsed: f64,
    growth: f64,
    area: f64,
    steps: f64,
    mean_time: f64,
    mean_megno: f64,
    covariance: f64,
    variance: f64,
}

impl Megno {
    /// The number of values that [`save`](Megno::save) writes.
    pub const STATE: usize = 8;

    /// Time since the start.
    pub fn elapsed(&self) -> f64 {
        self.elapsed
    }

    /// Adds a step of `dt` over which the integral of (delta' . delta / delta^2) s was `growth`.
    pub fn advance(&mut self, dt: f64, growth: f64) {
        self.elapsed += dt;
        self.growth += 2.0 * growth;
        self.area += dt * self.growth / self.elapsed;
        self.steps += 1.0;
        let time = self.elapsed;
        let megno = self.mean();
        let lag = time - self.mean_time;
        self.mean_time += lag / self.steps;
        self.mean_megno += (megno - self.mean_megno) / self.steps;
        self.covariance += lag * (megno - self.mean_megno);
        self.variance += lag * (time - self.mean_time);
    }

    /// `<Y>`: 2 for quasi-periodic motion, growing with time for chaotic motion; 0 before the first step.
    pub fn mean(&self) -> f64 {
        if self.elapsed > 0.0 { self.area / self.elapsed } else { 0.0 }
    }

    /// The largest Lyapunov exponent, 1/time: twice the slope of `<Y>`, by least squares over all steps.
    pub fn lyapunov(&self) -> f64 {
        if self.variance > 0.0 { 2.0 * self.covariance / self.variance } else { 0.0 }
    }

    /// Appends the raw state, [`Megno::STATE`] values.
    pub fn save(&self, to: &mut Vec<f64>) {
        to.extend([self.elapsed, self.growth, self.area, self.steps]);
        to.extend([self.mean_time, self.mean_megno, self.covariance, self.variance]);
    }

    /// The state that [`save`](Megno::save) wrote.
    pub fn load(from: &[f64; Megno::STATE]) -> Self {
        let [elapsed, growth, area, steps, mean_time, mean_megno, covariance, variance] = *from;
        Megno { elapsed, growth, area, steps, mean_time, mean_megno, covariance, variance }
    }
}

/// A deviation vector of length 1, in a random direction that depends on `seed` alone: per body its position and velocity.
pub(super) fn unit_deviation(seed: u64, bodies: usize) -> Vec<[[f64; 3]; 2]> {
    let mut deviation: Vec<[[f64; 3]; 2]> = (0..bodies as u64)
        .map(|body| {
            let mut random = Random::new(seed, DEVIATION_STREAM, body);
            [[(); 3]; 2].map(|vector| vector.map(|()| random.normal()))
        })
        .collect();
    let components = deviation.as_flattened_mut().as_flattened_mut();
    let norm = components.iter().map(|d| d * d).sum::<f64>().sqrt();
    components.iter_mut().for_each(|d| *d /= norm);
    deviation
}

/// The power of two that brings a deviation vector of squared length `norm2` back near 1, if it left 1e-60 .. 1e60.
///
/// A power of two keeps every bit of the vector's direction.
pub(super) fn rescale(norm2: f64) -> Option<f64> {
    let exponent = norm2.sqrt().to_bits() >> 52;
    let factor = f64::from_bits((2046 - exponent.clamp(1, 2045)) << 52);
    (norm2.is_finite() && norm2 > 0.0 && !(1e-120..=1e120).contains(&norm2)).then_some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn megno_of(steps: usize, dt: f64, growth_rate: impl Fn(f64) -> f64) -> Megno {
        let mut megno = Megno::default();
        for step in 0..steps {
            let middle = (step as f64 + 0.5) * dt;
            megno.advance(dt, dt * middle * growth_rate(middle));
        }
        megno
    }

    #[test]
    fn linear_growth_of_a_deviation_gives_two() {
        let megno = megno_of(100_000, 0.01, |s| s / (1.0 + s * s));
        assert!((megno.mean() - 2.0).abs() < 0.03, "{}", megno.mean());
        assert!(megno.lyapunov().abs() < 1e-3);
    }

    #[test]
    fn exponential_growth_gives_half_the_exponent_per_time() {
        let megno = megno_of(10_000, 0.01, |_| 0.3);
        assert!((megno.mean() - 0.5 * 0.3 * 100.0).abs() < 0.01, "{}", megno.mean());
        assert!((megno.lyapunov() - 0.3).abs() < 1e-3, "{}", megno.lyapunov());
    }

    #[test]
    fn saved_and_loaded_sums_go_on_with_the_same_bits() {
        let mut whole = megno_of(100, 0.1, |s| 1.0 / (1.0 + s));
        let mut state = Vec::new();
        whole.save(&mut state);
        let mut loaded = Megno::load(state.as_slice().try_into().unwrap());
        whole.advance(0.2, 0.3);
        loaded.advance(0.2, 0.3);
        assert_eq!(whole, loaded);
    }

    #[test]
    fn a_deviation_vector_has_length_one_and_depends_on_its_seed() {
        let a = unit_deviation(1, 30);
        let b = unit_deviation(2, 30);
        let norm2: f64 = a.as_flattened().as_flattened().iter().map(|d| d * d).sum();
        assert!((norm2 - 1.0).abs() < 1e-14);
        assert_ne!(a, b);
        assert_eq!(a, unit_deviation(1, 30));
    }

    #[test]
    fn rescaling_is_by_a_power_of_two_and_only_far_from_one() {
        assert_eq!(rescale(1.0), None);
        let factor = rescale(9e200).unwrap();
        assert!((0.5..=2.0).contains(&(factor * 3e100)));
        assert_eq!(factor.to_bits() << 12, 0);
        assert_eq!(rescale(f64::NAN), None);
    }
}
