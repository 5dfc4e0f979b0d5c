//! Which bodies are near each other, and the passages that such nearness makes.

use bytemuck::{Pod, Zeroable};

use crate::nbody::body::Body;
use crate::nbody::vector::{dot, minus};

/// What counts as near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reach {
    /// Nearer than the sum of the radii.
    Contact,
    /// Nearer than this distance.
    Within(f64),
}

/// Two bodies that came near each other during the last step; plain data, to be sent.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct Pair {
    /// Both ids, the lower first.
    pub ids: [u64; 2],
    /// Their least distance during the step, length.
    pub distance: f64,
    /// How long before the end of the step that was, time.
    pub before: f64,
}

/// Puts the pairs of all ranks in the order of their ids.
pub(crate) fn sort_pairs(pairs: &mut [Pair]) {
    pairs.sort_unstable_by_key(|pair| pair.ids);
}

/// Looks for near pairs; keeps its working memory from call to call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    /// Sources by ascending x.
    order: Vec<(f64, usize)>,
}

impl Search {
    /// Adds to `found` each pair of a target and a source that came within `reach` during the last `step` (time, 0 for
    /// the places of now alone).
    ///
    /// A pair is found from the side of its lower id only, so with every body a target once and a source once each pair
    /// comes once. Sources are sorted by x, so a block takes n log n time where few bodies are near.
    pub(crate) fn pairs(&mut self, reach: Reach, step: f64, targets: &[Body], sources: &[Body], found: &mut Vec<Pair>) {
        self.order.clear();
        self.order.extend(sources.iter().enumerate().map(|(i, source)| (source.position[0], i)));
        self.order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let radius = sources.iter().map(|source| source.radius).fold(0.0, f64::max);
        let speed = sources.iter().map(|source| source.velocity[0].abs()).fold(0.0, f64::max);
        for target in targets {
            let limit = match reach {
                Reach::Contact => target.radius + radius,
                Reach::Within(distance) => distance,
            };
            let width = limit + step * (speed + target.velocity[0].abs());
            let x = target.position[0];
            let first = self.order.partition_point(|entry| entry.0 < x - width);
            let near = self.order[first..].iter().take_while(|entry| entry.0 <= x + width);
            found.extend(near.filter_map(|&(_, i)| approach(reach, step, target, &sources[i])));
        }
    }
}

/// The pair of `a` and `b`, if `a` has the lower id and they came within reach during the step.
fn approach(reach: Reach, step: f64, a: &Body, b: &Body) -> Option<Pair> {
    if a.id >= b.id || (a.mass == 0.0 && b.mass == 0.0) {
        return None;
    }
    let limit = match reach {
        Reach::Contact => a.radius + b.radius,
        Reach::Within(distance) => distance,
    };
    let apart = minus(b.position, a.position);
    let speed = minus(b.velocity, a.velocity);
    // |apart - s speed| is least at s = apart·speed/speed².
    let speed2 = dot(speed, speed);
    let before = if speed2 > 0.0 { (dot(apart, speed) / speed2).clamp(0.0, step) } else { 0.0 };
    let nearest = minus(apart, speed.map(|v| before * v));
    let distance = dot(nearest, nearest).sqrt();
    (distance < limit).then_some(Pair { ids: [a.id, b.id], distance, before })
}

/// Two bodies on their way past each other; plain data, to be saved.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct Passage {
    /// Both ids, the lower first.
    pub ids: [u64; 2],
    /// The least distance so far, length.
    pub distance: f64,
    /// When that was.
    pub time: f64,
}

/// The passages under way: each begins when a pair comes near and ends when it is near no more.
///
/// The same on every rank, as it follows from the sorted pairs alone; [`open`](Passages::open) is all there is to save.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Passages {
    open: Vec<Passage>,
}

impl Passages {
    /// Goes on from saved passages.
    pub(crate) fn from_open(open: Vec<Passage>) -> Self {
        Passages { open }
    }

    /// The passages under way, by ids.
    pub(crate) fn open(&self) -> &[Passage] {
        &self.open
    }

    /// Takes in the sorted pairs of the step that ended at `time`; returns the passages that are over, by ids.
    pub(crate) fn update(&mut self, time: f64, pairs: &[Pair]) -> Vec<Passage> {
        let known = |ids| self.open.binary_search_by_key(&ids, |passage| passage.ids).map(|i| self.open[i]).ok();
        let going_on = |pair: &Pair| {
            let now = Passage { ids: pair.ids, distance: pair.distance, time: time - pair.before };
            known(pair.ids).filter(|before| before.distance <= now.distance).unwrap_or(now)
        };
        let next = pairs.iter().map(going_on).collect();
        let is_over = |passage: &Passage| pairs.binary_search_by_key(&passage.ids, |pair| pair.ids).is_err();
        std::mem::replace(&mut self.open, next).into_iter().filter(is_over).collect()
    }

    /// Whether the pair is on a passage already, so that this is not its beginning.
    pub(crate) fn contains(&self, ids: [u64; 2]) -> bool {
        self.open.binary_search_by_key(&ids, |passage| passage.ids).is_ok()
    }

    /// Ends the passages of bodies that are gone, and returns them, by ids.
    pub(crate) fn end(&mut self, gone: &[u64]) -> Vec<Passage> {
        let is_over = |passage: &Passage| passage.ids.iter().any(|id| gone.contains(id));
        let (over, open) = std::mem::take(&mut self.open).into_iter().partition(is_over);
        self.open = open;
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    fn body(id: u64, x: f64, radius: f64, velocity: f64) -> Body {
        Body { id, mass: 1.0, radius, position: [x, 0.0, 0.0], velocity: [velocity, 0.0, 0.0] }
    }

    fn pairs(reach: Reach, step: f64, bodies: &[Body], block: usize) -> Vec<Pair> {
        let mut search = Search::default();
        let mut found = Vec::new();
        for targets in bodies.chunks(block + 1) {
            bodies.chunks(block).for_each(|sources| search.pairs(reach, step, targets, sources, &mut found));
        }
        sort_pairs(&mut found);
        found
    }

    #[test]
    fn each_near_pair_is_found_once_whatever_the_blocks() {
        let random_body = |id| {
            let mut random = Random::new(1, 0, id);
            Body {
                id: (id * 7919) % 400,
                mass: 1.0,
                radius: 0.03 * random.uniform(),
                position: random.unit_vector(),
                velocity: random.unit_vector(),
            }
        };
        let bodies: Vec<Body> = (0..400).map(random_body).collect();
        for (reach, step) in [(Reach::Contact, 0.0), (Reach::Within(0.05), 0.0), (Reach::Contact, 0.02)] {
            let mut expected = Vec::new();
            for a in &bodies {
                expected.extend(bodies.iter().filter_map(|b| approach(reach, step, a, b)));
            }
            sort_pairs(&mut expected);
            assert!(expected.len() > 20, "{}", expected.len());
            for block in [1, 7, 400] {
                assert_eq!(pairs(reach, step, &bodies, block), expected);
            }
        }
    }

    #[test]
    fn contact_is_below_the_sum_of_radii() {
        assert_eq!(pairs(Reach::Contact, 0.0, &[body(0, 0.0, 0.25, 0.0), body(1, 0.75, 0.5, 0.0)], 2), []);
        let touching = pairs(Reach::Contact, 0.0, &[body(1, 0.0, 0.25, 0.0), body(0, 0.7, 0.5, 0.0)], 2);
        assert_eq!(touching, [Pair { ids: [0, 1], distance: 0.7, before: 0.0 }]);
    }

    #[test]
    fn fast_bodies_don_t_pass_through_each_other_unseen() {
        let after = [body(0, 5.0, 0.1, 10.0), body(1, -5.0, 0.1, -10.0)];
        assert_eq!(pairs(Reach::Contact, 0.0, &after, 2), []);
        assert_eq!(pairs(Reach::Contact, 1.0, &after, 2), [Pair { ids: [0, 1], distance: 0.0, before: 0.5 }]);
        assert_eq!(pairs(Reach::Contact, 0.4, &after, 2), []);
    }

    #[test]
    fn test_particles_meet_massive_bodies_only() {
        let particle = |id| Body { mass: 0.0, ..body(id, 0.0, 1.0, 0.0) };
        let found = pairs(Reach::Contact, 0.0, &[body(0, 0.5, 1.0, 0.0), particle(1), particle(2)], 3);
        assert_eq!(found.iter().map(|pair| pair.ids).collect::<Vec<_>>(), [[0, 1], [0, 2]]);
    }

    #[test]
    fn a_passage_is_told_once_with_its_least_distance() {
        let mut passages = Passages::default();
        let near = |distance| [Pair { ids: [3, 5], distance, before: 0.25 }];
        assert_eq!(passages.update(1.0, &near(0.9)), []);
        assert_eq!(passages.update(2.0, &near(0.4)), []);
        assert!(passages.contains([3, 5]));
        let mut resumed = Passages::from_open(passages.open().to_vec());
        assert_eq!(resumed, passages);
        assert_eq!(resumed.update(3.0, &near(0.6)), []);
        assert_eq!(resumed.update(4.0, &[]), [Passage { ids: [3, 5], distance: 0.4, time: 1.75 }]);
        assert_eq!(resumed.update(5.0, &[]), []);
        passages.update(2.5, &[Pair { ids: [1, 3], distance: 0.7, before: 0.0 }, near(0.6)[0]]);
        assert_eq!(passages.end(&[5, 9]), [Passage { ids: [3, 5], distance: 0.4, time: 1.75 }]);
        assert_eq!(passages.open(), [Passage { ids: [1, 3], distance: 0.7, time: 2.5 }]);
    }
}
