//! The leapfrog, kick-drift-kick: second order, symplectic, reversible (Verlet 1967).
//!
//! A step of dt is [`kick`] by dt/2, [`drift`] by dt, the accelerations at the new positions, [`kick`] by dt/2. The last
//! accelerations serve the next step's first kick. Each body is moved by its own numbers alone, so a rank moves those
//! that it holds; the accelerations in between are the caller's. The step is fixed: changing it loses what makes the
//! method symplectic.

/// v += a dt, of one body.
#[inline]
pub fn kick(velocity: &mut [f64; 3], acceleration: [f64; 3], dt: f64) {
    add_scaled(velocity, acceleration, dt);
}

/// r += v dt, of one body.
#[inline]
pub fn drift(position: &mut [f64; 3], velocity: [f64; 3], dt: f64) {
    add_scaled(position, velocity, dt);
}

fn add_scaled(sum: &mut [f64; 3], rate: [f64; 3], dt: f64) {
    for (sum, rate) in sum.iter_mut().zip(rate) {
        *sum += rate * dt;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit harmonic oscillator at rest at x = 1 after `steps` steps to time 1.
    fn oscillator(steps: usize) -> ([f64; 3], [f64; 3]) {
        let dt = 1.0 / steps as f64;
        let mut position = [1.0, 0.0, 0.0];
        let mut velocity = [0.0; 3];
        for _ in 0..steps {
            kick(&mut velocity, position.map(|x| -x), 0.5 * dt);
            drift(&mut position, velocity, dt);
            kick(&mut velocity, position.map(|x| -x), 0.5 * dt);
        }
        (position, velocity)
    }

    #[test]
    fn the_error_falls_with_the_square_of_the_step() {
        let error = |steps| (oscillator(steps).0[0] - 1.0f64.cos()).abs();
        let ratio = error(50) / error(100);
        assert!((ratio - 4.0).abs() < 0.01, "{ratio}");
    }

    #[test]
    fn steps_back_undo_steps() {
        let mut position = [1.0, 2.0, 3.0];
        let mut velocity = [0.1, -0.2, 0.3];
        let acceleration = [0.5, 0.25, -1.0];
        kick(&mut velocity, acceleration, 0.25);
        drift(&mut position, velocity, 0.5);
        drift(&mut position, velocity, -0.5);
        kick(&mut velocity, acceleration, -0.25);
        assert!((position[2] - 3.0).abs() < 1e-15 && (velocity[0] - 0.1).abs() < 1e-16);
    }
}
