//! Jacobi coordinates: each body relative to the centre of mass of all bodies before it (Wisdom & Holman 1991).
//!
//! Positions are taken relative to body 0 first, so that nothing is lost for a system far from the origin.
//! The centre of mass moves uniformly; it is kept apart, as a start and a velocity.

use super::Vector;
use crate::nbody::system::System;

/// A system in Jacobi coordinates.
#[derive(Clone, Debug)]
pub(super) struct Jacobi {
    /// Position of body i + 1 relative to the centre of mass of bodies 0 to i.
    pub(super) position: Vec<Vector>,
    /// Velocity of body i + 1 relative to that centre of mass.
    pub(super) velocity: Vec<Vector>,
    /// Position and velocity of the centre of mass of all.
    pub(super) centre: [Vector; 2],
}

/// The gravitational parameter of the bodies 0 to i together, for each i.
pub(super) fn enclosed(gm: &[f64]) -> Vec<f64> {
    let running = gm.iter().scan(0.0, |sum, &gm| {
        *sum += gm;
        Some(*sum)
    });
    running.collect()
}

impl Jacobi {
    /// The Jacobi coordinates of `system`.
    pub(super) fn of(system: &System) -> Self {
        let (position, centre) = relative(&system.gm, &system.position);
        let (velocity, drift) = relative(&system.gm, &system.velocity);
        Self { position, velocity, centre: [centre, drift] }
    }

    /// The inertial coordinates of bodies with parameters `gm`.
    pub(super) fn system(&self, gm: &[f64]) -> System {
        System {
            gm: gm.to_vec(),
            position: inertial(gm, &self.position, self.centre[0]),
            velocity: inertial(gm, &self.velocity, self.centre[1]),
        }
    }
}

fn relative(gm: &[f64], inertial: &[Vector]) -> (Vec<Vector>, Vector) {
    let mut inner = [0.0; 3];
    let mut jacobi = Vec::with_capacity(inertial.len() - 1);
    for (body, enclosed) in enclosed(gm).into_iter().enumerate().skip(1) {
        // x_i = r_i - R_(i-1),  R_i = R_(i-1) + (m_i / M_i) x_i, R_i the centre of mass of bodies 0 to i
        let from_inner: Vector = std::array::from_fn(|k| (inertial[body][k] - inertial[0][k]) - inner[k]);
        inner = std::array::from_fn(|k| inner[k] + gm[body] / enclosed * from_inner[k]);
        jacobi.push(from_inner);
    }
    (jacobi, std::array::from_fn(|k| inertial[0][k] + inner[k]))
}

/// Positions (or velocities) relative to body 0, which comes first, from Jacobi ones.
fn heliocentric(gm: &[f64], jacobi: &[Vector]) -> Vec<Vector> {
    let mut relative = vec![[0.0; 3]];
    let mut inner = [0.0; 3];
    for (body, enclosed) in enclosed(gm).into_iter().enumerate().skip(1) {
        let from_inner = jacobi[body - 1];
        // r_i = R_(i-1) + x_i,  R_i = R_(i-1) + (m_i / M_i) x_i
        relative.push(std::array::from_fn(|k| inner[k] + from_inner[k]));
        inner = std::array::from_fn(|k| inner[k] + gm[body] / enclosed * from_inner[k]);
    }
    relative
}

fn inertial(gm: &[f64], jacobi: &[Vector], centre: Vector) -> Vec<Vector> {
    let mut positions = heliocentric(gm, jacobi);
    let total: f64 = gm.iter().sum();
    let weighted = |sum: Vector, (gm, x): (&f64, &Vector)| std::array::from_fn(|k| sum[k] + gm / total * x[k]);
    let from_first = gm.iter().zip(&positions).fold([0.0; 3], weighted);
    let first: Vector = std::array::from_fn(|k| centre[k] - from_first[k]);
    for position in &mut positions {
        *position = std::array::from_fn(|k| first[k] + position[k]);
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_system() {
        let system = System {
            gm: vec![1.0, 1e-3, 0.0, 0.3],
            position: vec![[1.0, 2.0, 3.0], [2.0, 2.0, 3.0], [0.0, -1.0, 3.0], [9.0, 2.0, -5.0]],
            velocity: vec![[0.5, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.3, 0.1], [0.1, 0.2, 0.3]],
        };
        let back = Jacobi::of(&system).system(&system.gm);
        for (a, b) in system.position.iter().chain(&system.velocity).zip(back.position.iter().chain(&back.velocity)) {
            assert!((0..3).all(|k| (a[k] - b[k]).abs() < 4e-15), "{a:?} became {b:?}");
        }
    }

    #[test]
    fn the_first_is_relative_to_the_central_body_and_the_next_to_the_centre_of_mass() {
        let system = System {
            gm: vec![3.0, 1.0, 0.0],
            position: vec![[0.0; 3], [4.0, 0.0, 0.0], [4.0, 2.0, 0.0]],
            velocity: vec![[0.0; 3]; 3],
        };
        let jacobi = Jacobi::of(&system);
        assert_eq!(jacobi.position, [[4.0, 0.0, 0.0], [3.0, 2.0, 0.0]]);
        assert_eq!(jacobi.centre[0], [1.0, 0.0, 0.0]);
    }
}
