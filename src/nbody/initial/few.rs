//! Few bodies with known orbits: a Kepler pair, the figure of eight, the Pythagorean problem.

use super::{move_to_barycentre, must_be_positive};
use crate::nbody::body::{Body, BodyList};
use crate::nbody::elements::Elements;
use crate::{Error, Result};

/// Two bodies on an ellipse about their barycentre, at periapsis, in the xy plane.
///
/// `masses` of both, semi-major axis `a` (length) and eccentricity `e` of the relative orbit.
///
/// # Errors
/// A negative mass, both masses zero, `a` not positive, `e` outside [0, 1).
pub fn kepler_pair(gravity: f64, masses: [f64; 2], a: f64, e: f64) -> Result<BodyList> {
    if masses.iter().any(|mass| !(*mass >= 0.0 && mass.is_finite())) || masses == [0.0; 2] {
        let [m, n] = masses;
        return Err(Error::input(
            "initial.masses",
            format!("[{m}, {n}] is not allowed: none may be negative, nor both zero"),
        ));
    }
    must_be_positive("a", a)?;
    if !(0.0..1.0).contains(&e) {
        return Err(Error::input("initial.e", format!("{e} is not allowed: it must be at least 0 and below 1")));
    }
    let orbit = Elements { a, e, ..Elements::default() };
    let (position, velocity) = orbit.to_state(gravity * (masses[0] + masses[1]));
    let mut list = named([("primary", masses[0], [0.0; 3], [0.0; 3]), ("secondary", masses[1], position, velocity)]);
    move_to_barycentre(&mut list.bodies)?;
    Ok(list)
}

/// Three equal masses that chase each other on a figure of eight, for G = 1 (Chenciner & Montgomery 2000; numbers of
/// C. Simó). Period 6.32591398, energy -1.287141991766326.
pub fn figure_of_eight() -> BodyList {
    let x = 0.970_004_36;
    let y = -0.243_087_53;
    let vx = -0.932_407_37;
    let vy = -0.864_731_46;
    let half = [-0.5 * vx, -0.5 * vy, 0.0];
    named([
        ("first", 1.0, [x, y, 0.0], half),
        ("second", 1.0, [-x, -y, 0.0], half),
        ("third", 1.0, [0.0; 3], [vx, vy, 0.0]),
    ])
}

/// Burrau's problem, for G = 1: masses 3, 4, 5 at rest at the corners of the triangle with these sides, each opposite
/// its own (Szebehely & Peters 1967). Energy -769/60.
pub fn pythagorean() -> BodyList {
    let rest = [0.0; 3];
    named([
        ("three", 3.0, [1.0, 3.0, 0.0], rest),
        ("four", 4.0, [-2.0, -1.0, 0.0], rest),
        ("five", 5.0, [1.0, -1.0, 0.0], rest),
    ])
}

type Named = (&'static str, f64, [f64; 3], [f64; 3]);

fn named<const N: usize>(bodies: [Named; N]) -> BodyList {
    let mut list = BodyList::default();
    for (id, (name, mass, position, velocity)) in bodies.into_iter().enumerate() {
        list.push(name.to_owned(), Body { id: id as u64, mass, position, velocity, ..Body::default() });
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(bodies: &[Body], gravity: f64) -> f64 {
        let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let mut sum = bodies.iter().map(|b| 0.5 * b.mass * dot(b.velocity, b.velocity)).sum();
        for (i, a) in bodies.iter().enumerate() {
            for b in &bodies[..i] {
                let d: [f64; 3] = std::array::from_fn(|k| a.position[k] - b.position[k]);
                sum -= gravity * a.mass * b.mass / dot(d, d).sqrt();
            }
        }
        sum
    }

    #[test]
    fn energies_are_the_known_ones() {
        assert!((energy(&figure_of_eight().bodies, 1.0) + 1.287_141_991_766_326).abs() < 1e-15);
        assert!((energy(&pythagorean().bodies, 1.0) + 769.0 / 60.0).abs() < 1e-14);
        let pair = kepler_pair(2.0, [3.0, 0.5], 4.0, 0.9).unwrap().bodies;
        assert!((energy(&pair, 2.0) + 2.0 * 3.0 * 0.5 / (2.0 * 4.0)).abs() < 1e-14);
        assert!((pair[1].position[0] - pair[0].position[0] - 0.4).abs() < 1e-15);
    }

    #[test]
    fn impossible_pairs_are_refused() {
        let message = |masses, a, e| kepler_pair(1.0, masses, a, e).unwrap_err().to_string();
        assert!(message([-1.0, 1.0], 1.0, 0.0).starts_with("initial.masses: [-1, 1] is not allowed"));
        assert!(message([0.0, 0.0], 1.0, 0.0).contains("nor both zero"));
        assert!(message([1.0, 0.0], 0.0, 0.0).starts_with("initial.a: 0"));
        assert!(message([1.0, 0.0], 1.0, 1.0).starts_with("initial.e: 1"));
    }
}
