//! How the companions of a star fare: how near they have come to each other, and how far their orbits have drifted.
//!
//! Nearness counts in mutual Hill radii, ((m1 + m2) / 3 M)^(1/3) (a1 + a2) / 2 with the semi-major axes of the start: two
//! companions on circles whose axes differ by more than 2 √3 of them never meet (Gladman 1993, eq. 21). Drift is the
//! change of a semi-major axis as a share of the first one, on Jacobi orbits, whose axes change least. A companion that isn't
//! bound has drifted without limit.
//!
//! A look costs tens of nanoseconds for a pair, so that each step can be looked at. Half a step before and after a look
//! companions are taken to move straight. Left out: the star's own surface (see [`events`](super::events)), test particles among themselves.

use super::system::System;
use super::vector::{dot, minus};
use super::wisdom_holman::WisdomHolman;
use crate::{Error, Result};

type Vector = [f64; 3];

/// The companions' nearness and drift since the start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stability {
    companions: Vec<Companion>,
    pairs: Vec<CompanionPair>,
    closest: f64,
    drift: f64,
    /// Scratch: Jacobi place and velocity of each companion, then those relative to the star.
    places: Vec<[Vector; 2]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Companion {
    /// Gravitational parameter of the companion and all within.
    enclosed: f64,
    /// Its part of that.
    part: f64,
    /// The semi-major axis of the start.
    axis: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct CompanionPair {
    companions: [usize; 2],
    /// One over the squared mutual Hill radius.
    inverse: f64,
}

/// What a look found of the step that had just ended; companions are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    /// The least distance of two companions, in mutual Hill radii, and which they were; infinite where there are no two with
    /// mass.
    pub nearest: (f64, [usize; 2]),
    /// The largest drift, as a share of the first semi-major axis, and whose it is.
    pub drift: (f64, usize),
    /// The unbound companion that is farthest from the centre of mass of all within, and how far; 0 where none is unbound.
    pub unbound: (f64, usize),
}

impl Stability {
    /// Of companions that stand in the order of their distance behind their star.
    ///
    /// # Errors
    /// Without a star that has mass, or without companions; where one is not bound.
    pub(super) fn new(system: &System) -> Result<Self> {
        let refuse = |reason: &str| Err(Error::input("stability", reason));
        if system.len() < 2 || system.gm[0] <= 0.0 {
            return refuse("needs a star with mass and at least one companion");
        }
        let mut within = system.gm[0];
        let mut companions = Vec::new();
        for &gm in &system.gm[1..] {
            within += gm;
            companions.push(Companion { enclosed: within, part: gm / within, axis: 0.0 });
        }
        let mut stability =
            Stability { companions, pairs: Vec::new(), closest: f64::INFINITY, drift: 0.0, places: Vec::new() };
        stability.place(system);
        for (companion, place) in stability.companions.iter_mut().zip(&stability.places) {
            companion.axis = axis(companion.enclosed, place);
        }
        if let Some(place) = stability.companions.iter().position(|companion| companion.axis.is_infinite()) {
            return refuse(&format!("companion {} is not bound at the start", place + 1));
        }
        stability.pairs = stability.pairs_of(&system.gm);
        Ok(stability)
    }

    fn pairs_of(&self, gm: &[f64]) -> Vec<CompanionPair> {
        let count = self.companions.len();
        let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| [a, b]));
        let massive = pairs.filter(|[a, b]| gm[a + 1] + gm[b + 1] > 0.0);
        let pair = |[a, b]: [usize; 2]| {
            let mean = 0.5 * (self.companions[a].axis + self.companions[b].axis);
            let hill = libm::cbrt((gm[a + 1] + gm[b + 1]) / (3.0 * gm[0])) * mean;
            CompanionPair { companions: [a, b], inverse: 1.0 / (hill * hill) }
        };
        massive.map(pair).collect()
    }

    /// Looks at a system after a step (time; 0 for the places of now alone). To look at each moment once, look after each step.
    pub(super) fn look(&mut self, system: &System, step: f64) -> Look {
        self.place(system);
        self.look_at_places(step)
    }

    /// Looks at a map after a step: at the state that it holds, half a step ahead.
    pub(super) fn look_at_map(&mut self, map: &WisdomHolman) -> Look {
        self.places.clear();
        self.places.extend(map.jacobi_ahead());
        self.look_at_places(map.dt())
    }

    /// The least distance of two companions so far, in mutual Hill radii.
    pub(super) fn closest(&self) -> f64 {
        self.closest
    }

    /// The largest drift of a semi-major axis so far, as a share of the first one.
    pub(super) fn drift(&self) -> f64 {
        self.drift
    }

    /// Jacobi places and velocities of the companions.
    fn place(&mut self, system: &System) {
        self.places.clear();
        let star = [system.position[0], system.velocity[0]];
        let mut inner = [[0.0; 3]; 2];
        for (number, companion) in self.companions.iter().enumerate() {
            let state = [system.position[number + 1], system.velocity[number + 1]];
            let apart: [Vector; 2] = std::array::from_fn(|k| minus(minus(state[k], star[k]), inner[k]));
            inner = std::array::from_fn(|k| moved(inner[k], companion.part, apart[k]));
            self.places.push(apart);
        }
    }

    /// From places relative to the centre of mass of all within to places relative to the star.
    fn refer_to_star(&mut self) {
        let mut inner = [[0.0; 3]; 2];
        for (companion, place) in self.companions.iter().zip(&mut self.places) {
            let apart = *place;
            *place = std::array::from_fn(|k| moved(inner[k], 1.0, apart[k]));
            inner = std::array::from_fn(|k| moved(inner[k], companion.part, apart[k]));
        }
    }

    fn look_at_places(&mut self, step: f64) -> Look {
        let mut look = Look { nearest: (f64::INFINITY, [0; 2]), drift: (0.0, 0), unbound: (0.0, 0) };
        for (number, (companion, place)) in self.companions.iter().zip(&self.places).enumerate() {
            let axis = axis(companion.enclosed, place);
            let drift = (axis / companion.axis - 1.0).abs();
            if drift > look.drift.0 {
                look.drift = (drift, number);
            }
            if axis.is_infinite() {
                let distance = dot(place[0], place[0]).sqrt();
                if distance > look.unbound.0 || distance.is_nan() {
                    look.unbound = (if distance.is_nan() { f64::INFINITY } else { distance }, number);
                }
            }
        }
        self.refer_to_star();
        let mut nearest = (f64::INFINITY, [0; 2]);
        for pair in &self.pairs {
            let [a, b] = pair.companions.map(|companion| self.places[companion]);
            let distance2 = least2(minus(b[0], a[0]), minus(b[1], a[1]), 0.5 * step.abs()) * pair.inverse;
            if distance2 < nearest.0 {
                nearest = (distance2, pair.companions);
            }
        }
        look.nearest = (nearest.0.sqrt(), nearest.1);
        self.closest = self.closest.min(look.nearest.0);
        self.drift = self.drift.max(look.drift.0);
        look
    }

    /// The raw state, as numbers.
    pub(super) fn save(&self) -> Vec<f64> {
        let companions = self.companions.iter().flat_map(|one| [one.enclosed, one.part, one.axis]);
        let pairs = self.pairs.iter().flat_map(|one| [one.companions[0] as f64, one.companions[1] as f64, one.inverse]);
        [self.companions.len() as f64, self.closest, self.drift].into_iter().chain(companions).chain(pairs).collect()
    }

    /// What [`save`](Stability::save) wrote.
    ///
    /// # Errors
    /// Numbers that `save` didn't write.
    pub(super) fn load(state: &[f64]) -> Result<Self> {
        let wrong = || Error::input("state of stability", "these are not the numbers that one was saved as");
        let [head, rest @ ..] = state.as_chunks::<3>().0 else { return Err(wrong()) };
        let [count, closest, drift] = *head;
        if !state.len().is_multiple_of(3) || rest.len() < count as usize {
            return Err(wrong());
        }
        let (companions, pairs) = rest.split_at(count as usize);
        let pair =
            |[a, b, inverse]: &[f64; 3]| CompanionPair { companions: [*a as usize, *b as usize], inverse: *inverse };
        Ok(Stability {
            companions: companions.iter().map(|&[enclosed, part, axis]| Companion { enclosed, part, axis }).collect(),
            pairs: pairs.iter().map(pair).collect(),
            closest,
            drift,
            places: Vec::new(),
        })
    }
}

/// a + part b.
fn moved(a: Vector, part: f64, b: Vector) -> Vector {
    std::array::from_fn(|k| a[k] + part * b[k])
}

/// The semi-major axis; infinite where the body is unbound or its state is not finite.
fn axis(mu: f64, [place, velocity]: &[Vector; 2]) -> f64 {
    let axis = 1.0 / (2.0 / dot(*place, *place).sqrt() - dot(*velocity, *velocity) / mu);
    if axis > 0.0 { axis } else { f64::INFINITY }
}

/// The least squared distance within `span` before and after a moment of this distance and relative velocity.
fn least2(apart: Vector, speed: Vector, span: f64) -> f64 {
    let speed2 = dot(speed, speed);
    // |apart - s speed| is least at s = apart·speed/speed².
    let before = if speed2 > 0.0 { (dot(apart, speed) / speed2).clamp(-span, span) } else { 0.0 };
    let nearest = moved(apart, -before, speed);
    dot(nearest, nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nbody::elements::Elements;

    /// Two companions of these masses, the inner one at 1, on circles.
    fn circles(outer: f64, masses: [f64; 2], turn: f64) -> System {
        let inner = Elements { a: 1.0, ..Elements::default() }.to_state(1.0 + masses[0]);
        let second =
            Elements { a: outer, mean_anomaly: turn, ..Elements::default() }.to_state(1.0 + masses[0] + masses[1]);
        let part = masses[0] / (1.0 + masses[0]);
        let from_centre = |k: usize| {
            let inner = [inner.0, inner.1][k];
            let second = [second.0, second.1][k];
            std::array::from_fn(|axis| part * inner[axis] + second[axis])
        };
        System {
            gm: vec![1.0, masses[0], masses[1]],
            position: vec![[0.0; 3], inner.0, from_centre(0)],
            velocity: vec![[0.0; 3], inner.1, from_centre(1)],
        }
    }

    #[test]
    fn distance_counts_in_mutual_hill_radii() {
        let mut system = circles(1.5, [1e-3, 2e-3], 0.0);
        system.position[2][0] = 1.5;
        let mut stability = Stability::new(&system).unwrap();
        let hill = libm::cbrt(1e-3) * 0.5 * (1.0 + stability.companions[1].axis);
        let look = stability.look(&system, 0.0);
        assert!((look.nearest.0 - 0.5 / hill).abs() < 1e-12 && look.nearest.1 == [0, 1], "{look:?}");
        assert!(stability.drift() < 1e-15 && stability.closest() == look.nearest.0);
    }

    #[test]
    fn a_passage_between_two_looks_is_seen() {
        let system = circles(1.5, [1e-3, 1e-3], 0.0);
        let mut stability = Stability::new(&system).unwrap();
        let mut after = system.clone();
        // They have just flown by each other.
        after.position[2] = [1.0, 0.1, 0.0];
        after.velocity[2] = [0.0, after.velocity[1][1] + 1.0, 0.0];
        assert!(stability.clone().look(&after, 0.0).nearest.0 > 0.5);
        assert!(stability.look(&after, 0.2).nearest.0 < 1e-6);
    }

    #[test]
    fn drift_is_of_jacobi_orbits_and_without_limit_for_the_unbound() {
        let system = circles(1.7, [1e-3, 1e-3], 2.0);
        let mut stability = Stability::new(&system).unwrap();
        let mut after = system.clone();
        after.velocity[2] = after.velocity[2].map(|v| 1.01 * v);
        // a is 1 / (2 / r - v²): 1.01² more v² at r = a.
        let expected = 1.0 / (2.0 - 1.01 * 1.01) - 1.0;
        let look = stability.look(&after, 0.0);
        assert!((look.drift.0 - expected).abs() < 1e-3 && look.drift.1 == 1 && look.unbound.0 == 0.0, "{look:?}");
        after.velocity[2] = after.velocity[2].map(|v| 1.5 * v);
        let look = stability.look(&after, 0.0);
        assert!(look.drift.0.is_infinite() && (look.unbound.0 - 1.7).abs() < 2e-3, "{look:?}");
        after.position[2][0] = f64::NAN;
        assert!(stability.look(&after, 0.0).unbound.0.is_infinite());
    }

    #[test]
    fn a_map_is_seen_as_its_system_is() {
        let system = circles(1.6, [1e-3, 1e-3], 1.0);
        let mut map = WisdomHolman::new(&system, 0.3, 0).unwrap();
        let mut of_map = Stability::new(&system).unwrap();
        let mut of_system = Stability::new(&system).unwrap();
        for _ in 0..500 {
            map.step().unwrap();
            let a = of_map.look_at_map(&map);
            let b = of_system.look(&map.ahead(), map.dt());
            assert!((a.nearest.0 - b.nearest.0).abs() < 1e-12 && (a.drift.0 - b.drift.0).abs() < 1e-12);
        }
        assert!(of_map.closest() < 6.0 && of_map.drift() < 0.02, "{of_map:?}");
    }

    #[test]
    fn a_saved_one_goes_on_with_the_same_bits() {
        let system = circles(1.6, [1e-3, 1e-3], 1.0);
        let mut whole = Stability::new(&system).unwrap();
        whole.look(&system, 0.1);
        let mut loaded = Stability::load(&whole.save()).unwrap();
        let other = circles(1.5, [1e-3, 1e-3], 0.5);
        assert_eq!(whole.look(&other, 0.1), loaded.look(&other, 0.1));
        assert_eq!(whole, loaded);
        assert!(Stability::load(&[1.0, 2.0]).is_err() && Stability::load(&[2.0, 0.0, 0.0, 1.0, 1.0, 1.0]).is_err());
    }

    #[test]
    fn what_has_no_star_or_is_unbound_is_refused() {
        let system = circles(1.6, [1e-3, 1e-3], 1.0);
        let message = |system: &System| Stability::new(system).unwrap_err().to_string();
        let alone = System { gm: vec![1.0], position: vec![[0.0; 3]], velocity: vec![[0.0; 3]] };
        assert!(message(&alone).contains("needs a star with mass"));
        let mut unbound = system.clone();
        unbound.velocity[2] = unbound.velocity[2].map(|v| 2.0 * v);
        assert!(message(&unbound).contains("companion 2 is not bound"));
    }
}
