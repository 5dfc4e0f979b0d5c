//! The exact solution of Riemann's problem for an ideal gas (Toro 2009, chapter 4): two states side by side, and
//! the waves between them.

use divisi::fluid::State;
use divisi::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A gas as it is along one axis: in a parameter file the three numbers in this order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[f64; 3]", into = "[f64; 3]")]
pub struct Side {
    /// Mass per volume.
    pub density: f64,
    /// Velocity along the axis.
    pub velocity: f64,
    /// Pressure.
    pub pressure: f64,
}

impl Side {
    /// Gives a cell this state, with the velocity along an axis.
    pub fn fill(self, state: &mut State, axis: usize) {
        state.density = self.density;
        state.velocity[axis] = self.velocity;
        state.pressure = self.pressure;
    }
}

impl From<[f64; 3]> for Side {
    fn from([density, velocity, pressure]: [f64; 3]) -> Self {
        Side { density, velocity, pressure }
    }
}

impl From<Side> for [f64; 3] {
    fn from(Side { density, velocity, pressure }: Side) -> Self {
        [density, velocity, pressure]
    }
}

/// One of the two waves that run into the gas at rest, seen so that it runs to the left.
#[derive(Clone, Copy, Debug)]
struct Wave {
    side: Side,
    gamma: f64,
    /// Density behind it.
    density: f64,
    /// Speeds of its front and of its end; the same for a shock.
    front: f64,
    end: f64,
}

/// Two states that met at x = 0 when t = 0.
#[derive(Clone, Debug)]
pub(super) struct Riemann {
    left: Wave,
    /// Mirrored, so that it runs to the left too.
    right: Wave,
    /// Between the two waves.
    velocity: f64,
}

impl Riemann {
    /// Solves for the pressure between the two waves.
    ///
    /// # Errors
    /// If a density or pressure is not positive, or the two sides fly apart so fast that a vacuum opens.
    pub(super) fn new(gamma: f64, left: Side, right: Side) -> Result<Self> {
        for (name, side) in [("left", left), ("right", right)] {
            if !(side.density > 0.0 && side.pressure > 0.0 && side.velocity.is_finite()) {
                let reason = format!("{side:?}: density and pressure must be positive, all finite");
                return Err(Error::input(format!("problem.{name}"), reason));
            }
        }
        // Equation 4.40.
        let escape = 2.0 / (gamma - 1.0) * (left.sound_speed(gamma) + right.sound_speed(gamma));
        if escape <= right.velocity - left.velocity {
            return Err(Error::input("problem.left, problem.right", "the two sides fly apart: a vacuum would open"));
        }
        let pressure = star_pressure(gamma, left, right);
        let jump = right.change(gamma, pressure).0 - left.change(gamma, pressure).0;
        let velocity = 0.5 * (left.velocity + right.velocity) + 0.5 * jump;
        Ok(Riemann {
            left: Wave::new(gamma, left, pressure, velocity),
            right: Wave::new(gamma, Side { velocity: -right.velocity, ..right }, pressure, -velocity),
            velocity,
        })
    }

    /// The mean density from `low` to `high` at `time`.
    pub(super) fn mean_density(&self, low: f64, high: f64, time: f64) -> f64 {
        let contact = self.velocity * time;
        let left = self.left.mass(low, high.min(contact), time);
        let right = self.right.mass(-high, (-low).min(-contact), time);
        (left + right) / (high - low)
    }
}

impl Side {
    fn sound_speed(self, gamma: f64) -> f64 {
        (gamma * self.pressure / self.density).sqrt()
    }

    /// How much slower the gas behind a wave of this pressure is, and its derivative (equations 4.6, 4.37).
    fn change(self, gamma: f64, pressure: f64) -> (f64, f64) {
        let ratio = pressure / self.pressure;
        if ratio > 1.0 {
            let a = 2.0 / ((gamma + 1.0) * self.density);
            let b = (gamma - 1.0) / (gamma + 1.0) * self.pressure;
            let root = (a / (pressure + b)).sqrt();
            let excess = pressure - self.pressure;
            return (excess * root, root * (1.0 - 0.5 * excess / (pressure + b)));
        }
        let speed = self.sound_speed(gamma);
        let power = 0.5 * (gamma - 1.0) / gamma;
        let change = 2.0 * speed / (gamma - 1.0) * (libm::pow(ratio, power) - 1.0);
        (change, libm::pow(ratio, power - 1.0) / (self.density * speed))
    }
}

/// Newton's iteration on equation 4.5. The function is concave and grows: from below it never overshoots.
fn star_pressure(gamma: f64, left: Side, right: Side) -> f64 {
    let excess = |pressure: f64| {
        let l = left.change(gamma, pressure);
        let r = right.change(gamma, pressure);
        (l.0 + r.0 + (right.velocity - left.velocity), l.1 + r.1)
    };
    let least = left.pressure.min(right.pressure);
    if excess(least).0 >= 0.0 {
        return two_rarefactions(gamma, left, right);
    }
    let mut pressure = least;
    for _ in 0..100 {
        let (value, slope) = excess(pressure);
        let next = pressure - value / slope;
        if (next - pressure).abs() <= 1e-16 * pressure {
            return next;
        }
        pressure = next;
    }
    pressure
}

/// The pressure between two rarefactions, in closed form (equation 4.46).
fn two_rarefactions(gamma: f64, left: Side, right: Side) -> f64 {
    let power = 0.5 * (gamma - 1.0) / gamma;
    let cl = left.sound_speed(gamma);
    let cr = right.sound_speed(gamma);
    let above = cl + cr - 0.5 * (gamma - 1.0) * (right.velocity - left.velocity);
    let below = cl / libm::pow(left.pressure, power) + cr / libm::pow(right.pressure, power);
    libm::pow(above / below, 1.0 / power)
}

impl Wave {
    fn new(gamma: f64, side: Side, pressure: f64, velocity: f64) -> Self {
        let ratio = pressure / side.pressure;
        let speed = side.sound_speed(gamma);
        if ratio > 1.0 {
            // Equations 4.50, 4.52.
            let g = (gamma - 1.0) / (gamma + 1.0);
            let front = side.velocity - speed * (0.5 * ((gamma + 1.0) * ratio + (gamma - 1.0)) / gamma).sqrt();
            return Wave { side, gamma, density: side.density * (ratio + g) / (g * ratio + 1.0), front, end: front };
        }
        let density = side.density * libm::pow(ratio, 1.0 / gamma);
        let end = velocity - (gamma * pressure / density).sqrt();
        Wave { side, gamma, density, front: side.velocity - speed, end }
    }

    /// The density within the rarefaction, where x / t is `speed` (equation 4.56).
    fn fan(&self, speed: f64) -> f64 {
        let (gamma, sound) = (self.gamma, self.side.sound_speed(self.gamma));
        let base = 2.0 / (gamma + 1.0) + (gamma - 1.0) / ((gamma + 1.0) * sound) * (self.side.velocity - speed);
        self.side.density * libm::pow(base, 2.0 / (gamma - 1.0))
    }

    /// The mass from `low` to `high`, which lies on this wave's side of the contact.
    fn mass(&self, low: f64, high: f64, time: f64) -> f64 {
        let front = self.front * time;
        let end = self.end * time;
        let length = |from: f64, to: f64| (high.min(to) - low.max(from)).max(0.0);
        let outside = self.side.density * length(f64::NEG_INFINITY, front);
        let behind = self.density * length(end, f64::INFINITY);
        let from = low.max(front);
        let to = high.min(end);
        let within = if from < to { gauss(from, to, |x| self.fan(x / time)) } else { 0.0 };
        outside + within + behind
    }
}

/// Gauss and Legendre's rule with five points: exact for polynomials up to the ninth degree.
fn gauss(from: f64, to: f64, function: impl Fn(f64) -> f64) -> f64 {
    const POINTS: [(f64, f64); 3] = [
        (0.0, 0.568_888_888_888_888_9),
        (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
        (0.906_179_845_938_664, 0.236_926_885_056_189_08),
    ];
    let middle = 0.5 * (from + to);
    let half = 0.5 * (to - from);
    let pair =
        |(point, weight): (f64, f64)| weight * (function(middle - half * point) + function(middle + half * point));
    half * (POINTS[0].1 * function(middle) + pair(POINTS[1]) + pair(POINTS[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn riemann(left: [f64; 3], right: [f64; 3]) -> Riemann {
        Riemann::new(1.4, left.into(), right.into()).unwrap()
    }

    /// Toro 2009, table 4.3.
    #[test]
    fn the_five_tests_of_toro_have_the_printed_pressures_and_velocities() {
        let tests = [
            ([1.0, 0.0, 1.0], [0.125, 0.0, 0.1], 0.30313, 0.92745),
            ([1.0, -2.0, 0.4], [1.0, 2.0, 0.4], 0.00189, 0.0),
            ([1.0, 0.0, 1000.0], [1.0, 0.0, 0.01], 460.894, 19.5975),
            ([1.0, 0.0, 0.01], [1.0, 0.0, 100.0], 46.0950, -6.19633),
            ([5.99924, 19.5975, 460.894], [5.99242, -6.19633, 46.0950], 1691.64, 8.68975),
        ];
        for (left, right, pressure, velocity) in tests {
            let p = star_pressure(1.4, left.into(), right.into());
            let u = riemann(left, right).velocity;
            assert!((p - pressure).abs() < 1e-5 * pressure.max(0.5), "{p} {pressure}");
            assert!((u - velocity).abs() < 1e-5 * velocity.abs().max(0.5), "{u} {velocity}");
        }
    }

    #[test]
    fn mass_is_what_was_there_and_what_flowed_in() {
        let left = [1.0, 0.75, 1.0];
        let right = [0.125, -0.1, 0.1];
        let mass = 10.0 * riemann(left, right).mean_density(-4.0, 6.0, 1.3);
        let expected = 4.0 * left[0] + 6.0 * right[0] + 1.3 * (left[0] * left[1] - right[0] * right[1]);
        assert!((mass - expected).abs() < 1e-6, "{mass} {expected}");
        let parts: f64 = (0..100)
            .map(|i| 0.1 * riemann(left, right).mean_density(-4.0 + 0.1 * i as f64, -3.9 + 0.1 * i as f64, 1.3))
            .sum();
        assert!((parts - expected).abs() < 1e-12, "{parts} {expected}");
    }

    #[test]
    fn the_mirrored_problem_has_the_mirrored_solution() {
        let there = riemann([1.0, 0.3, 1.0], [0.125, 0.2, 0.1]);
        let back = riemann([0.125, -0.2, 0.1], [1.0, -0.3, 1.0]);
        for i in -40..40 {
            let low = i as f64 / 20.0;
            let high = (i + 1) as f64 / 20.0;
            let a = there.mean_density(low, high, 1.0);
            let b = back.mean_density(-high, -low, 1.0);
            assert!((a - b).abs() < 1e-14, "{low}: {a} {b}");
        }
    }

    #[test]
    fn impossible_sides_are_refused() {
        let refusal =
            |left: [f64; 3], right: [f64; 3]| Riemann::new(1.4, left.into(), right.into()).unwrap_err().to_string();
        assert!(refusal([1.0, 0.0, -1.0], [1.0, 0.0, 1.0]).contains("problem.left"));
        assert!(refusal([1.0, 0.0, 1.0], [0.0, 0.0, 1.0]).contains("problem.right"));
        assert!(refusal([1.0, -10.0, 1.0], [1.0, 10.0, 1.0]).contains("vacuum"));
    }
}
