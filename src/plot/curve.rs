//! A smooth line through the places of an orbiting body.

/// The turn about the origin from one drawn point to the next, in radians.
const TURN: f64 = 0.05;
/// The turn between frames beyond which a line would cut through an orbit.
const COARSE: f64 = 0.8;
/// The most places that a line goes through: the last ones.
const PLACES: usize = 4000;

/// The points of a line through a path's last places: a cubic between each two, its slopes from their neighbours.
/// None where the body turns too far between places to draw its path.
pub(super) fn smooth(path: &[[f64; 2]]) -> Option<Vec<(f64, f64)>> {
    let turn = median_turn(path);
    if turn > COARSE {
        return None;
    }
    let every = (TURN / turn.max(1e-9)).clamp(1.0, (path.len() as f64 / 200.0).max(1.0)) as usize;
    let mut places: Vec<[f64; 2]> = path.iter().rev().step_by(every).take(PLACES).copied().collect();
    places.reverse();
    let between = (turn * every as f64 / TURN).ceil().clamp(1.0, 16.0) as usize;
    let mut curve = Vec::with_capacity(places.len() * between);
    for index in 0..places.len().saturating_sub(1) {
        let a = places[index];
        let b = places[index + 1];
        let slope_a = slope(&places, index);
        let slope_b = slope(&places, index + 1);
        curve.extend((0..between).map(|k| cubic(a, slope_a, b, slope_b, k as f64 / between as f64)));
    }
    curve.extend(places.last().map(|last| (last[0], last[1])));
    Some(curve)
}

/// The median turn about the origin between places.
fn median_turn(path: &[[f64; 2]]) -> f64 {
    let turn = |pair: &[[f64; 2]]| {
        let a = pair[0];
        let b = pair[1];
        (a[0] * b[1] - a[1] * b[0]).atan2(a[0] * b[0] + a[1] * b[1]).abs()
    };
    let mut turns: Vec<f64> = path.windows(2).map(turn).collect();
    turns.sort_by(f64::total_cmp);
    turns.get(turns.len() / 2).copied().unwrap_or(0.0)
}

/// The change per place, of fourth order inside and of second or first at the ends.
fn slope(places: &[[f64; 2]], index: usize) -> [f64; 2] {
    let last = places.len() - 1;
    let difference = |a: usize, b: usize, axis: usize| places[b][axis] - places[a][axis];
    [0, 1].map(|axis| {
        if index >= 2 && index + 2 <= last {
            (8.0 * difference(index - 1, index + 1, axis) - difference(index - 2, index + 2, axis)) / 12.0
        } else if index >= 1 && index < last {
            difference(index - 1, index + 1, axis) / 2.0
        } else if index == 0 {
            difference(0, last.min(1), axis)
        } else {
            difference(last - 1, last, axis)
        }
    })
}

/// Hermite's cubic from `a` to `b`.
fn cubic(a: [f64; 2], slope_a: [f64; 2], b: [f64; 2], slope_b: [f64; 2], t: f64) -> (f64, f64) {
    let t2 = t * t;
    let t3 = t * t * t;
    let at = |axis: usize| {
        a[axis] * (2.0 * t3 - 3.0 * t2 + 1.0)
            + slope_a[axis] * (t3 - 2.0 * t2 + t)
            + b[axis] * (3.0 * t2 - 2.0 * t3)
            + slope_b[axis] * (t3 - t2)
    };
    (at(0), at(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(per_turn: usize, places: usize) -> Vec<[f64; 2]> {
        (0..places).map(|i| std::f64::consts::TAU * i as f64 / per_turn as f64).map(|t| [t.cos(), t.sin()]).collect()
    }

    #[test]
    fn a_dozen_places_per_turn_give_a_round_circle() {
        let curve = smooth(&circle(12, 120)).unwrap();
        let inner = &curve[30..curve.len() - 30];
        assert!(inner.iter().all(|(x, y)| (x.hypot(*y) - 1.0).abs() < 2e-3));
    }

    #[test]
    fn a_few_places_per_turn_give_no_line() {
        assert!(smooth(&circle(6, 60)).is_none());
    }

    #[test]
    fn dense_paths_are_thinned_and_keep_their_end() {
        let path = circle(100_000, 300_000);
        let curve = smooth(&path).unwrap();
        assert!(curve.len() <= PLACES + 1, "{}", curve.len());
        assert_eq!(curve.last().copied(), path.last().map(|p| (p[0], p[1])));
    }
}
