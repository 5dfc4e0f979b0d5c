//! Bodies that leave for good: far out, and with more energy than holds them.

use crate::nbody::body::Body;
use crate::nbody::vector::{dot, minus};

/// All bodies taken together, as one at their centre of mass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Barycentre {
    /// Mass.
    pub mass: f64,
    /// The centre of mass, length.
    pub position: [f64; 3],
    /// Its velocity, length/time.
    pub velocity: [f64; 3],
}

/// Which of `bodies` are farther than `radius` (length) from the centre of mass; their positions in the slice.
pub(crate) fn outside(radius: f64, whole: &Barycentre, bodies: &[Body]) -> Vec<usize> {
    let is_outside = |body: &Body| {
        let away = minus(body.position, whole.position);
        dot(away, away) > radius * radius
    };
    bodies.iter().enumerate().filter(|(_, body)| is_outside(body)).map(|(i, _)| i).collect()
}

/// Adds to `potential[i]` what `sources` make at `candidates[i]` (length²/time²), in the order of the slice, no body
/// acting on itself: -G m/√(r² + ε²).
///
/// # Panics
/// If `candidates` and `potential` differ in length.
pub(crate) fn add_potential(
    gravity: f64,
    softening: f64,
    candidates: &[Body],
    sources: &[Body],
    potential: &mut [f64],
) {
    assert_eq!(candidates.len(), potential.len());
    for (candidate, potential) in candidates.iter().zip(potential) {
        for source in sources.iter().filter(|source| source.id != candidate.id && source.mass > 0.0) {
            let away = minus(source.position, candidate.position);
            *potential -= gravity * source.mass / (dot(away, away) + softening * softening).sqrt();
        }
    }
}

/// Whether `body` has positive energy to the rest of `whole`, whose potential at the body is `potential`.
///
/// With M the mass of all, m that of the body, v its velocity to the centre of mass: v²/2 M/(M - m) + φ > 0,
/// the kinetic part being that of the relative motion of the body and the rest.
pub(crate) fn is_unbound(body: &Body, whole: &Barycentre, potential: f64) -> bool {
    let rest = whole.mass - body.mass;
    let velocity = minus(body.velocity, whole.velocity);
    rest > 0.0 && 0.5 * dot(velocity, velocity) * (whole.mass / rest) + potential > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of mass `m` at distance `r` from a unit mass, moving out at `factor` times the escape speed.
    fn leaving(m: f64, r: f64, factor: f64) -> ([Body; 2], Barycentre) {
        let v = factor * (2.0 * (1.0 + m) / r).sqrt();
        let mut bodies = [Body { mass: 1.0, ..Body::default() }, Body { id: 1, mass: m, ..Body::default() }];
        let share = m / (1.0 + m);
        bodies[0].position[0] = -share * r;
        bodies[0].velocity[0] = -share * v;
        bodies[1].position[0] = (1.0 - share) * r;
        bodies[1].velocity[0] = (1.0 - share) * v;
        (bodies, Barycentre { mass: 1.0 + m, ..Barycentre::default() })
    }

    fn escapes(bodies: &[Body], whole: &Barycentre, radius: f64) -> Vec<u64> {
        let far: Vec<Body> = outside(radius, whole, bodies).into_iter().map(|i| bodies[i]).collect();
        let mut potential = vec![0.0; far.len()];
        bodies.chunks(1).for_each(|block| add_potential(1.0, 0.0, &far, block, &mut potential));
        far.iter().zip(potential).filter(|(body, phi)| is_unbound(body, whole, *phi)).map(|(body, _)| body.id).collect()
    }

    #[test]
    fn only_far_and_unbound_bodies_escape() {
        for m in [0.0, 1e-3, 0.4] {
            let (fast, whole) = leaving(m, 100.0, 1.0001);
            assert_eq!(escapes(&fast, &whole, 50.0), [1], "mass {m}");
            assert!(escapes(&fast, &whole, 150.0).is_empty(), "near enough");
            let (eccentric, whole) = leaving(m, 100.0, 0.9999);
            assert!(escapes(&eccentric, &whole, 50.0).is_empty(), "bound, mass {m}");
        }
    }

    #[test]
    fn a_body_alone_does_not_escape() {
        let alone = Body { mass: 1.0, position: [10.0, 0.0, 0.0], ..Body::default() };
        let whole = Barycentre { mass: 1.0, ..Barycentre::default() };
        assert!(escapes(&[alone], &whole, 1.0).is_empty());
    }
}
