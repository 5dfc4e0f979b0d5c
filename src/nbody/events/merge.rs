//! Bodies that touch become one.

use super::near::Pair;
use crate::nbody::body::Body;
use crate::nbody::vector::minus;

/// The heaps of bodies that touch, directly or through others: ids ascending in each, heaps by their lowest id.
///
/// All bodies of a heap merge at once, so the outcome doesn't depend on an order of pairs.
pub(crate) fn groups(pairs: &[Pair]) -> Vec<Vec<u64>> {
    let mut ids: Vec<u64> = pairs.iter().flat_map(|pair| pair.ids).collect();
    ids.sort_unstable();
    ids.dedup();
    let index = |id: u64| ids.partition_point(|&other| other < id);
    // Each body's heap is the lowest index in it; lowering heaps until nothing changes.
    let mut heap: Vec<usize> = (0..ids.len()).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for pair in pairs {
            let [a, b] = pair.ids.map(index);
            let lowest = heap[a].min(heap[b]);
            changed |= heap[a] != heap[b];
            heap[a] = lowest;
            heap[b] = lowest;
        }
    }
    let mut groups: Vec<Vec<u64>> = vec![Vec::new(); ids.len()];
    heap.iter().zip(&ids).for_each(|(&heap, &id)| groups[heap].push(id));
    groups.retain(|group| !group.is_empty());
    groups
}

/// The body that `bodies` become: mass, momentum and volume add up, the place is their centre of mass.
///
/// It has the id of the heaviest, of the lowest id among equals. Bodies are added in the order of their ids, whatever
/// the order here.
///
/// # Panics
/// If there is no body.
pub(crate) fn merged(bodies: &[Body]) -> Body {
    let mut bodies = bodies.to_vec();
    bodies.sort_unstable_by_key(|body| body.id);
    let heavier = |best: Body, body: &Body| if body.mass > best.mass { *body } else { best };
    let keeper = bodies.iter().fold(bodies[0], heavier);
    let mass: f64 = bodies.iter().map(|body| body.mass).sum();
    let volume: f64 = bodies.iter().map(|body| body.radius * body.radius * body.radius).sum();
    // Relative to the heaviest, which keeps the digits and leaves it untouched by test particles.
    let mut state = [keeper.position, keeper.velocity];
    for body in bodies.iter().filter(|body| body.mass > 0.0) {
        // x = x_k + Σ (m_i / M) (x_i - x_k), k the heaviest; v alike.
        let share = body.mass / mass;
        let away = [minus(body.position, keeper.position), minus(body.velocity, keeper.velocity)];
        state = std::array::from_fn(|i| std::array::from_fn(|k| state[i][k] + share * away[i][k]));
    }
    Body { id: keeper.id, mass, radius: libm::cbrt(volume), position: state[0], velocity: state[1] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: u64, b: u64) -> Pair {
        Pair { ids: [a, b], distance: 0.0, before: 0.0 }
    }

    fn body(id: u64, mass: f64, x: f64) -> Body {
        Body { id, mass, radius: 1.0, position: [x, 2.0 * x, -x], velocity: [1.0 - x, 0.3 * x, x * x] }
    }

    #[test]
    fn touching_bodies_form_heaps_whatever_the_order_of_pairs() {
        let expected = vec![vec![1, 4, 7, 9], vec![2, 3]];
        assert_eq!(groups(&[pair(7, 9), pair(2, 3), pair(4, 7), pair(1, 9)]), expected);
        assert_eq!(groups(&[pair(1, 9), pair(4, 7), pair(7, 9), pair(2, 3), pair(1, 4)]), expected);
        assert!(groups(&[]).is_empty());
    }

    #[test]
    fn merging_conserves_mass_momentum_centre_and_volume() {
        let bodies = [body(5, 2.0, 0.3), body(2, 7.0, -0.9), body(9, 0.25, 4.0), body(1, 0.0, 50.0)];
        let one = merged(&bodies);
        assert_eq!((one.id, one.mass, one.radius), (2, 9.25, libm::cbrt(4.0)));
        for k in 0..3 {
            let sum = |f: fn(&Body) -> [f64; 3]| bodies.iter().map(|b| b.mass * f(b)[k]).sum::<f64>();
            let momentum = sum(|b| b.velocity);
            assert!((one.mass * one.velocity[k] - momentum).abs() < 4.0 * f64::EPSILON * 20.0);
            assert!((one.mass * one.position[k] - sum(|b| b.position)).abs() < 4.0 * f64::EPSILON * 20.0);
        }
    }

    #[test]
    fn merging_does_not_depend_on_the_order_of_bodies() {
        let mut bodies = [body(5, 2.0, 0.3), body(2, 7.0, -0.9), body(9, 7.0, 4.1)];
        let one = merged(&bodies);
        bodies.reverse();
        assert_eq!(merged(&bodies), one);
        assert_eq!(one.id, 2, "equal masses: the lower id stays");
    }

    #[test]
    fn a_test_particle_leaves_the_other_body_as_it_is() {
        let planet = body(8, 1e-3, 0.7);
        let particle = body(3, 0.0, 0.8);
        let one = merged(&[planet, Body { radius: 0.0, ..particle }]);
        assert_eq!(one, Body { radius: libm::cbrt(1.0), ..planet });
    }
}
