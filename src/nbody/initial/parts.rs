//! Several models together, each turned, moved and set in motion as a whole: clusters and galaxies that meet.
//!
//! Ids go on from one part to the next. Parts are where the file puts them: nothing is moved to the barycentre but by [`encounter`].

use std::ops::Range;

use super::Model;
use crate::nbody::body::Body;
use crate::{Error, Result};

/// A model in its place.
#[derive(Clone, Debug)]
pub struct Part {
    /// The bodies, about their own centre.
    pub model: Model,
    /// Where that centre is, length.
    pub position: [f64; 3],
    /// How it moves, length/time.
    pub velocity: [f64; 3],
    /// Inclination of the plane of x and y, then longitude of its ascending node, radians.
    pub turn: [f64; 2],
}

impl Part {
    /// Turns a vector: about x by the inclination, then about z by the node.
    fn turned(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let [inclination, node] = self.turn;
        let [sin_i, cos_i, sin_n, cos_n] =
            [libm::sin(inclination), libm::cos(inclination), libm::sin(node), libm::cos(node)];
        let tilted = [x, y * cos_i - z * sin_i, y * sin_i + z * cos_i];
        [tilted[0] * cos_n - tilted[1] * sin_n, tilted[0] * sin_n + tilted[1] * cos_n, tilted[2]]
    }

    fn placed(&self, body: Body, first: u64) -> Body {
        let add = |a: [f64; 3], b: [f64; 3]| [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
        let turns = self.turn != [0.0; 2];
        let turned = |vector| if turns { self.turned(vector) } else { vector };
        Body {
            id: body.id + first,
            position: add(turned(body.position), self.position),
            velocity: add(turned(body.velocity), self.velocity),
            ..body
        }
    }
}

/// The number of bodies of all parts.
pub(super) fn count(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.model.count()).sum()
}

/// The bodies `range` of all parts one after another.
pub(super) fn bodies(parts: &[Part], range: &Range<u64>) -> Vec<Body> {
    let mut bodies = Vec::new();
    let mut first = 0;
    for part in parts {
        let here = |index: u64| index.clamp(first, first + part.model.count()) - first;
        let share = here(range.start)..here(range.end);
        if !share.is_empty() {
            bodies.extend(part.model.bodies(share).into_iter().map(|body| part.placed(body, first)));
        }
        first += part.model.count();
    }
    bodies
}

/// An orbit of two parts about each other, as of two points with their masses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encounter {
    /// Their distance at the start, length.
    pub separation: f64,
    /// Their least distance, length.
    pub pericenter: f64,
    /// 1: a parabola; less: an ellipse; more: a hyperbola.
    pub eccentricity: f64,
}

/// Puts two parts on their orbit in the plane of x and y, on their way in, their pericentre along x and their barycentre at rest at the origin; `gravity` is
/// the gravitational constant.
///
/// # Errors
/// Other than two parts; an orbit that doesn't reach to the separation.
pub fn encounter(parts: &mut [Part], orbit: Encounter, gravity: f64) -> Result<()> {
    let refuse = |key: &str, reason: String| Err(Error::input(format!("initial.orbit{key}"), reason));
    let [first, second] = parts else {
        return refuse("", format!("is for two parts, and there are {}", parts.len()));
    };
    let Encounter { separation, pericenter, eccentricity } = orbit;
    // The conic r = q (1 + e)/(1 + e cos ν), with the parameter p = q (1 + e).
    let parameter = pericenter * (1.0 + eccentricity);
    if eccentricity == 0.0 && separation != pericenter {
        return refuse(".separation", format!("{separation} is not allowed: on a circle it is the pericenter"));
    }
    let cosine = if eccentricity > 0.0 { (parameter / separation - 1.0) / eccentricity } else { -1.0 };
    if !(-1.0..=1.0).contains(&cosine) {
        return refuse(".separation", format!("{separation} is not allowed: such an orbit doesn't reach there"));
    }
    // On the way in: ν from -π to 0.
    let sine = -(1.0 - cosine * cosine).sqrt();
    let masses = [first.model.mass(), second.model.mass()];
    let whole = masses[0] + masses[1];
    let speed = (gravity * whole / parameter).sqrt();
    let position = [separation * cosine, separation * sine, 0.0];
    let velocity = [-speed * sine, speed * (eccentricity + cosine), 0.0];
    for (part, share) in [(first, -masses[1] / whole), (second, masses[0] / whole)] {
        part.position = position.map(|x| share * x);
        part.velocity = velocity.map(|v| share * v);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{ColdSphere, Plummer};
    use super::*;
    use crate::nbody::vector::{dot, minus, norm};

    fn parts() -> Vec<Part> {
        let plummer = Plummer { n: 30, seed: 1, gravity: 1.0, mass: 3.0, virial_radius: 1.0, truncation: None };
        let sphere = ColdSphere { n: 20, seed: 1, mass: 1.0, radius: 1.0 };
        let place = |model| Part { model, position: [1.0, 2.0, 3.0], velocity: [4.0, 5.0, 6.0], turn: [0.0; 2] };
        vec![place(Model::Plummer(plummer)), place(Model::ColdSphere(sphere))]
    }

    #[test]
    fn parts_follow_each_other_and_a_share_has_the_bits_of_the_whole() {
        let all = bodies(&parts(), &(0..50));
        assert_eq!(count(&parts()), 50);
        assert!(all.iter().zip(0..).all(|(body, id)| body.id == id));
        assert_eq!(all[25..40], bodies(&parts(), &(25..40)));
        let mean = |k: usize| all[..30].iter().map(|body| body.position[k]).sum::<f64>() / 30.0;
        assert!((0..3).all(|k| (mean(k) - [1.0, 2.0, 3.0][k]).abs() < 1e-14));
        assert!(all[30..].iter().all(|body| body.velocity == [4.0, 5.0, 6.0]));
    }

    #[test]
    fn a_turned_disc_has_its_pole_where_it_should_be() {
        let turn = [60f64.to_radians(), 90f64.to_radians()];
        let part = Part { turn, ..parts().remove(0) };
        // Inclined about x, the pole goes towards -y; the node then turns it towards +x.
        let pole = part.turned([0.0, 0.0, 1.0]);
        let expected = [60f64.to_radians().sin(), 0.0, 0.5];
        assert!(norm(minus(pole, expected)) < 1e-15, "{pole:?}");
        assert!((norm(part.turned([1.0, 2.0, -3.0])) - 14f64.sqrt()).abs() < 1e-14);
    }

    /// Energy and angular momentum of the relative orbit: v²/2 - M/r = M (e - 1)/(2 q), r v sin = √(M q (1 + e)).
    #[test]
    fn encounters_are_on_their_conics() {
        for (eccentricity, separation) in [(1.0, 10.0), (0.6, 4.0), (1.8, 30.0), (0.0, 1.5)] {
            let mut pair = parts();
            let orbit = Encounter { separation, pericenter: 1.5, eccentricity };
            encounter(&mut pair, orbit, 2.0).unwrap();
            let apart = minus(pair[1].position, pair[0].position);
            let moves = minus(pair[1].velocity, pair[0].velocity);
            let mu = 2.0 * 4.0;
            let energy = 0.5 * dot(moves, moves) - mu / norm(apart);
            assert!((norm(apart) - separation).abs() < 1e-12);
            assert!((energy - mu * (eccentricity - 1.0) / 3.0).abs() < 1e-12, "{eccentricity}: {energy}");
            let spin = apart[0] * moves[1] - apart[1] * moves[0];
            assert!((spin - (mu * 1.5 * (1.0 + eccentricity)).sqrt()).abs() < 1e-12, "{spin}");
            assert!(dot(apart, moves) < 1e-9, "on the way in");
            let moment = |k: usize| 3.0 * pair[0].velocity[k] + pair[1].velocity[k];
            assert!((0..3).all(|k| moment(k).abs() < 1e-14));
        }
    }

    #[test]
    fn impossible_encounters_are_refused() {
        let message = |count: usize, separation: f64, eccentricity: f64| {
            let orbit = Encounter { separation, pericenter: 1.0, eccentricity };
            encounter(&mut parts()[..count], orbit, 1.0).unwrap_err().to_string()
        };
        assert!(message(1, 5.0, 1.0).starts_with("initial.orbit: is for two parts, and there are 1"));
        assert!(message(2, 0.5, 1.0).starts_with("initial.orbit.separation: 0.5"));
        assert!(message(2, 5.0, 0.5).contains("doesn't reach there"));
        assert!(message(2, 5.0, 0.0).contains("on a circle"));
    }
}
