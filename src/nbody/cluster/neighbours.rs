//! The density at a body from its nearest neighbours, found in a k-d tree (Bentley 1975) of all bodies.
//!
//! The tree is the list itself: of each part the median along x, y or z in turn stands in the middle, what is below before it and what is above
//! behind. Neighbours at the same distance come in the order of the list of bodies, so that what is found doesn't depend on the tree.

use std::f64::consts::PI;

use crate::nbody::body::Body;
use crate::nbody::vector::{dot, minus};

/// The neighbour whose distance is the radius of the sphere that counts (j of Casertano & Hut).
pub(super) const NEAREST: usize = 6;

/// A part with no more bodies than this is looked through.
const LEAF: usize = 8;

/// All bodies in the order of the tree.
pub(super) struct Neighbours {
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    position: [f64; 3],
    mass: f64,
    /// Where it stands in the list of bodies.
    index: u64,
}

/// The nearest so far, by distance and index: squared distance, index, mass.
type Found = [(f64, u64, f64); NEAREST];

impl Neighbours {
    /// The tree of all bodies.
    pub(super) fn new(bodies: Vec<Body>) -> Self {
        let place = |(body, index): (&Body, u64)| Place { position: body.position, mass: body.mass, index };
        let mut places: Vec<Place> = bodies.iter().zip(0..).map(place).collect();
        arrange(&mut places, 0);
        Neighbours { places }
    }

    /// The density at each of these bodies, whose first has this index in the list: the mass of the five nearest neighbours over the volume
    /// of the sphere that reaches to the sixth. Not a number where there are fewer.
    pub(super) fn densities(&self, first: u64, bodies: &[Body]) -> Vec<f64> {
        bodies.iter().zip(first..).map(|(body, index)| self.density(body.position, index)).collect()
    }

    fn density(&self, position: [f64; 3], index: u64) -> f64 {
        let mut found: Found = [(f64::INFINITY, u64::MAX, 0.0); NEAREST];
        search(&self.places, 0, position, index, &mut found);
        let (square, ..) = found[NEAREST - 1];
        if square.is_infinite() {
            return f64::NAN;
        }
        let mass: f64 = found[..NEAREST - 1].iter().map(|(_, _, mass)| mass).sum();
        mass / (4.0 / 3.0 * PI * square * square.sqrt())
    }
}

fn arrange(places: &mut [Place], axis: usize) {
    if places.len() <= LEAF {
        return;
    }
    let middle = places.len() / 2;
    let order = |a: &Place, b: &Place| a.position[axis].total_cmp(&b.position[axis]);
    let (below, _, above) = places.select_nth_unstable_by(middle, order);
    arrange(below, (axis + 1) % 3);
    arrange(above, (axis + 1) % 3);
}

/// Looks through the part that may hold what is nearer than all that was found.
fn search(places: &[Place], axis: usize, position: [f64; 3], index: u64, found: &mut Found) {
    if places.len() <= LEAF {
        places.iter().for_each(|place| insert(place, position, index, found));
        return;
    }
    let middle = places.len() / 2;
    let offset = position[axis] - places[middle].position[axis];
    let below = &places[..middle];
    let above = &places[middle + 1..];
    let (near, far) = if offset < 0.0 { (below, above) } else { (above, below) };
    search(near, (axis + 1) % 3, position, index, found);
    insert(&places[middle], position, index, found);
    if offset * offset <= found[NEAREST - 1].0 {
        search(far, (axis + 1) % 3, position, index, found);
    }
}

/// Puts a body in its place among the nearest, if it belongs there.
fn insert(place: &Place, position: [f64; 3], index: u64, found: &mut Found) {
    let away = minus(place.position, position);
    let new = (dot(away, away), place.index, place.mass);
    let is_before = |a: (f64, u64, f64), b: (f64, u64, f64)| a.0 < b.0 || (a.0 == b.0 && a.1 < b.1);
    if place.index == index || !is_before(new, found[NEAREST - 1]) {
        return;
    }
    found[NEAREST - 1] = new;
    for at in (1..NEAREST).rev() {
        if !is_before(found[at], found[at - 1]) {
            break;
        }
        found.swap(at, at - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    /// Against every pair, also among bodies on a lattice, whose distances are equal, and of masses that differ.
    #[test]
    fn densities_are_those_of_all_pairs() {
        for lattice in [false, true] {
            let body = |id: u64| {
                let mut random = Random::new(3, 0, id);
                let place = random.unit_vector().map(|x| x * random.uniform());
                let position = if lattice { place.map(|x| (4.0 * x).round()) } else { place };
                Body { id, mass: 1.0 + random.uniform(), position, ..Body::default() }
            };
            let bodies: Vec<Body> = (0..500).map(body).collect();
            let found = Neighbours::new(bodies.clone()).densities(100, &bodies[100..300]);
            for (i, density) in (100..300).zip(found) {
                let others = (0..500).filter(|&j| j != i);
                let square = |j: usize| {
                    let away = minus(bodies[j].position, bodies[i].position);
                    dot(away, away)
                };
                let mut all: Vec<(f64, usize)> = others.map(|j| (square(j), j)).collect();
                all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let mass: f64 = all[..5].iter().map(|&(_, j)| bodies[j].mass).sum();
                let expected = mass / (4.0 / 3.0 * PI * all[5].0 * all[5].0.sqrt());
                assert_eq!(density.to_bits(), expected.to_bits(), "body {i}, lattice {lattice}");
            }
        }
    }

    #[test]
    fn too_few_bodies_have_no_density() {
        let bodies: Vec<Body> =
            (0..6).map(|id| Body { id, position: [id as f64, 0.0, 0.0], ..Body::default() }).collect();
        assert!(Neighbours::new(bodies.clone()).densities(0, &bodies).iter().all(|density| density.is_nan()));
    }
}
