//! External potentials: what pulls on bodies beside the bodies themselves, such as the galaxy around a star cluster.
//!
//! A [`Potential`] is a fixed function of the place. Closed forms are here: [`Point`], [`Isochrone`], [`Nfw`], [`PowerCutoff`],
//! [`MiyamotoNagai`], [`Logarithmic`], and [`milky_way_2014`], which is three of them; a user's own implements the trait. [`External`] is a list
//! of them that act together. All are centred on the origin and stay as they are: what depends on time, so that energy is not
//! conserved, is left out, and so is the pull of the bodies on what makes the potential (dynamical friction).
//!
//! Every formula is in plain double precision with functions from `libm`, so that a force has the same bits on every machine.

mod flattened;
mod gamma;
mod milky_way;
mod spherical;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use super::vector::norm;

pub use flattened::{Logarithmic, MiyamotoNagai};
pub use milky_way::milky_way_2014;
pub use spherical::{Isochrone, Nfw, Point, PowerCutoff};

/// A potential that acts on every body; functions of the place alone.
///
/// A user's own needs the first two; [`jerk`](Potential::jerk) is for Hermite steps.
pub trait Potential: Send + Sync {
    /// The potential at a position (length), length²/time².
    fn potential(&self, position: [f64; 3]) -> f64;

    /// The acceleration, minus the gradient of the potential, length/time².
    fn acceleration(&self, position: [f64; 3]) -> [f64; 3];

    /// The time derivative of the acceleration of a body that moves with `velocity`, length/time³.
    ///
    /// By default a difference of accelerations to both sides along the path, good to some ten digits where the acceleration changes
    /// smoothly over 1e-5 of the distance from the origin.
    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        let speed = norm(velocity);
        let distance = norm(position);
        if speed == 0.0 || distance == 0.0 {
            return [0.0; 3];
        }
        let dt = 1e-5 * distance / speed;
        let at = |dt: f64| self.acceleration([0, 1, 2].map(|k| position[k] + velocity[k] * dt));
        let after = at(dt);
        let before = at(-dt);
        [0, 1, 2].map(|k| (after[k] - before[k]) / (2.0 * dt))
    }
}

/// Potentials that act together; none by default.
#[derive(Clone, Default)]
pub struct External {
    parts: Vec<Arc<dyn Potential>>,
}

impl External {
    /// Adds a potential to those that act.
    pub fn push(&mut self, potential: impl Potential + 'static) {
        self.parts.push(Arc::new(potential));
    }

    /// Whether nothing acts.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn sum(&self, of: impl Fn(&dyn Potential) -> [f64; 3]) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for part in &self.parts {
            sum.iter_mut().zip(of(&**part)).for_each(|(sum, term)| *sum += term);
        }
        sum
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "External of {} potentials", self.parts.len())
    }
}

impl Potential for External {
    fn potential(&self, position: [f64; 3]) -> f64 {
        self.parts.iter().map(|part| part.potential(position)).sum()
    }

    fn acceleration(&self, position: [f64; 3]) -> [f64; 3] {
        self.sum(|part| part.acceleration(position))
    }

    fn jerk(&self, position: [f64; 3], velocity: [f64; 3]) -> [f64; 3] {
        self.sum(|part| part.jerk(position, velocity))
    }
}
