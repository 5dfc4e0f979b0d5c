//! What block steps need: all bodies predicted to one time, and the forces of all on the few that are active.
//!
//! Sources stand in lanes here, eight at a time at every level, and each target has eight partial sums, added up in a fixed order:
//! one active body keeps the lanes as busy as a thousand. The forces on a target depend on the order of all bodies alone, not on which
//! others are active nor on who computes them.
//!
//! Lengths are in units of a power of two, so that squared distances are in the range of [`Lane::rsqrt`](crate::simd::Lane::rsqrt).

use super::FLOOR_F64;
use super::weight::inverse_root;
use crate::simd::{Kernel, Lane, Level, Rsqrt, Simd};

/// Lanes of sources; columns are padded to a multiple of it.
const LANES: usize = 8;

/// Bodies as columns, each at its own time; places and velocities at one time beside them.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockBodies {
    len: usize,
    /// G m.
    gm: Vec<f64>,
    /// When a body was where it is, in ticks.
    time: Vec<f64>,
    /// Position, velocity, acceleration and jerk, three columns each.
    state: [[Vec<f64>; 3]; 4],
    /// Position and velocity at the time of the last [`predict`](BlockBodies::predict).
    predicted: [[Vec<f64>; 3]; 2],
}

/// Position, velocity, acceleration and jerk of a body.
pub(crate) type Motion = [[f64; 3]; 4];

impl BlockBodies {
    /// Bodies at time zero, each G m and its motion.
    pub(crate) fn new(bodies: impl ExactSizeIterator<Item = (f64, Motion)>) -> Self {
        let len = bodies.len();
        let padded = len.next_multiple_of(LANES);
        let column = || vec![0.0; padded];
        let vector = || [column(), column(), column()];
        let state = [vector(), vector(), vector(), vector()];
        let predicted = [vector(), vector()];
        let mut all = BlockBodies { len, gm: column(), time: column(), state, predicted };
        for (i, (gm, motion)) in bodies.enumerate() {
            all.gm[i] = gm;
            all.put(i, 0.0, motion);
        }
        all
    }

    /// The number of bodies.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The motion of body `i` at its own time.
    pub(crate) fn motion(&self, i: usize) -> Motion {
        [0, 1, 2, 3].map(|n| [0, 1, 2].map(|k| self.state[n][k][i]))
    }

    /// Position and velocity of body `i` at the time of the last [`predict`](BlockBodies::predict).
    pub(crate) fn predicted(&self, i: usize) -> [[f64; 3]; 2] {
        [0, 1].map(|n| [0, 1, 2].map(|k| self.predicted[n][k][i]))
    }

    /// When body `i` was where it is, in ticks.
    pub(crate) fn time(&self, i: usize) -> f64 {
        self.time[i]
    }

    /// Puts body `i` somewhere else at another time.
    pub(crate) fn put(&mut self, i: usize, time: f64, motion: Motion) {
        self.time[i] = time;
        for (columns, vector) in self.state.iter_mut().zip(motion) {
            columns.iter_mut().zip(vector).for_each(|(column, x)| column[i] = x);
        }
    }

    /// Predicts all bodies to `time` (ticks of length `tick`): r + v dt + a dt²/2 + j dt³/6, v + a dt + j dt²/2.
    pub(crate) fn predict(&mut self, level: Level, time: f64, tick: f64) {
        level.run(Predict { bodies: self, time, tick });
    }

    /// Accelerations and jerks of these bodies by all others, where they are predicted to be.
    pub(crate) fn attract(
        &self,
        level: Level,
        rsqrt: Rsqrt,
        softening: f64,
        targets: &[usize],
        found: &mut Vec<[f64; 6]>,
    ) {
        let softening2 = (softening * softening).max(FLOOR_F64);
        level.run(Attract { bodies: self, targets, softening2, exact: rsqrt == Rsqrt::Exact, found });
    }
}

struct Predict<'a> {
    bodies: &'a mut BlockBodies,
    time: f64,
    tick: f64,
}

impl Kernel for Predict<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        predict_all::<S::Eight>(simd, self);
    }
}

#[inline(always)]
fn predict_all<L: Lane<Scalar = f64>>(simd: L::Simd, work: Predict<'_>) {
    let Predict { bodies, time, tick } = work;
    let now = L::splat(simd, time);
    let tick = L::splat(simd, tick);
    let half = L::splat(simd, 1.0 / 2.0);
    let third = L::splat(simd, 1.0 / 3.0);
    let [position, velocity, acceleration, jerk] = &bodies.state;
    for first in (0..bodies.time.len()).step_by(L::WIDTH) {
        let dt = (now - L::load(simd, &bodies.time[first..])) * tick;
        let half_dt = dt * half;
        let third_dt = dt * third;
        for k in 0..3 {
            let x = L::load(simd, &position[k][first..]);
            let v = L::load(simd, &velocity[k][first..]);
            let a = L::load(simd, &acceleration[k][first..]);
            let j = L::load(simd, &jerk[k][first..]);
            // v + dt (a + dt/2 j),  r + dt (v + dt/2 (a + dt/3 j))
            let end_v = half_dt.mul_add(j, a).mul_add(dt, v);
            let end_x = half_dt.mul_add(third_dt.mul_add(j, a), v).mul_add(dt, x);
            end_x.store(&mut bodies.predicted[0][k][first..]);
            end_v.store(&mut bodies.predicted[1][k][first..]);
        }
    }
}

struct Attract<'a> {
    bodies: &'a BlockBodies,
    targets: &'a [usize],
    softening2: f64,
    exact: bool,
    found: &'a mut Vec<[f64; 6]>,
}

impl Kernel for Attract<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.exact {
            attract_all::<S::Eight, true>(simd, self);
        } else {
            attract_all::<S::Eight, false>(simd, self);
        }
    }
}

#[inline(always)]
fn attract_all<L: Lane<Scalar = f64>, const EXACT: bool>(simd: L::Simd, work: Attract<'_>) {
    let (pairs, last) = work.targets.as_chunks::<2>();
    for pair in pairs {
        let [first, second] = pass::<L, 2, EXACT>(simd, work.bodies, *pair, work.softening2);
        work.found.push(first);
        work.found.push(second);
    }
    for &one in last {
        let [found] = pass::<L, 1, EXACT>(simd, work.bodies, [one], work.softening2);
        work.found.push(found);
    }
}

/// What all bodies do to the `N` targets.
#[inline(always)]
fn pass<L: Lane<Scalar = f64>, const N: usize, const EXACT: bool>(
    simd: L::Simd,
    bodies: &BlockBodies,
    targets: [usize; N],
    softening2: f64,
) -> [[f64; 6]; N] {
    let softening2 = L::splat(simd, softening2);
    let three = L::splat(simd, 3.0);
    let [positions, velocities] = &bodies.predicted;
    let zero = L::splat(simd, 0.0);
    let [mut x, mut v] = [[[zero; 3]; N]; 2];
    for n in 0..N {
        for k in 0..3 {
            x[n][k] = L::splat(simd, positions[k][targets[n]]);
            v[n][k] = L::splat(simd, velocities[k][targets[n]]);
        }
    }
    let mut sums = [[zero; 6]; N];
    for first in (0..bodies.gm.len()).step_by(L::WIDTH) {
        let [mut source, mut moves] = [[zero; 3]; 2];
        for k in 0..3 {
            source[k] = L::load(simd, &positions[k][first..]);
            moves[k] = L::load(simd, &velocities[k][first..]);
        }
        let gm = L::load(simd, &bodies.gm[first..]);
        for n in 0..N {
            // d = x_j - x,  u = v_j - v,  a += (G m_j / r³) d,  j += (G m_j / r³) (u - 3 (d·u / r²) d),  r² = d² + ε²
            let d = [source[0] - x[n][0], source[1] - x[n][1], source[2] - x[n][2]];
            let u = [moves[0] - v[n][0], moves[1] - v[n][1], moves[2] - v[n][2]];
            let r2 = d[2].mul_add(d[2], d[1].mul_add(d[1], d[0].mul_add(d[0], softening2)));
            let along = d[2].mul_add(u[2], d[1].mul_add(u[1], d[0] * u[0]));
            let inverse = inverse_root::<L, EXACT>(simd, r2);
            let inverse2 = inverse * inverse;
            let weight = gm * inverse * inverse2;
            let rate = three * along * inverse2;
            for k in 0..3 {
                sums[n][k] = weight.mul_add(d[k], sums[n][k]);
                sums[n][3 + k] = weight.mul_add(rate.neg_mul_add(d[k], u[k]), sums[n][3 + k]);
            }
        }
    }
    let mut found = [[0.0; 6]; N];
    for n in 0..N {
        for k in 0..6 {
            found[n][k] = lanes_sum(sums[n][k]);
        }
    }
    found
}

/// The sum of eight lanes, in pairs.
#[inline(always)]
fn lanes_sum<L: Lane<Scalar = f64>>(lanes: L) -> f64 {
    let mut x = [0.0; LANES];
    lanes.store(&mut x);
    ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    /// Moving bodies in a cube, every fifth without mass.
    fn bodies(n: u64) -> Vec<(f64, Motion)> {
        let body = |id: u64| {
            let mut random = Random::new(2, 0, id);
            let mut vector = || [random.uniform() - 0.5, random.uniform() - 0.5, random.uniform() - 0.5];
            let motion = [vector(), vector(), vector(), vector()];
            (if id % 5 == 4 { 0.0 } else { 1.0 / n as f64 }, motion)
        };
        (0..n).map(body).collect()
    }

    fn forces(level: Level, rsqrt: Rsqrt, all: &BlockBodies, targets: &[usize]) -> Vec<[f64; 6]> {
        let mut found = Vec::new();
        all.attract(level, rsqrt, 0.01, targets, &mut found);
        found
    }

    #[test]
    fn forces_on_few_are_those_of_the_formula_at_every_level() {
        for n in [1, 7, 8, 9, 61] {
            let list = bodies(n);
            let mut all = BlockBodies::new(list.iter().copied());
            all.predict(Level::Portable, 0.0, 1.0);
            let targets: Vec<usize> = (0..n as usize).collect();
            let mut exact = Vec::new();
            for level in Level::available() {
                for rsqrt in [Rsqrt::Exact, Rsqrt::Approximate] {
                    let found = forces(level, rsqrt, &all, &targets);
                    for (i, found) in found.iter().enumerate() {
                        let expected = plain(&list, i);
                        let size = expected.iter().map(|x| x.abs()).fold(1e-3, f64::max);
                        let off = (0..6).map(|k| (found[k] - expected[k]).abs()).fold(0.0, f64::max);
                        assert!(off < 1e-13 * size, "{level:?} {rsqrt:?} {n} {i}: {found:?} {expected:?}");
                    }
                    if rsqrt == Rsqrt::Exact {
                        exact.push(found);
                    }
                }
            }
            assert!(exact.windows(2).all(|pair| pair[0] == pair[1]), "levels differ");
        }
    }

    /// a = Σ G m d/s³, j = Σ G m (u - 3 (d·u/s²) d)/s³, s² = d² + ε².
    fn plain(list: &[(f64, Motion)], i: usize) -> [f64; 6] {
        let mut sum = [0.0; 6];
        let [position, velocity, ..] = list[i].1;
        for (gm, [there, moves, ..]) in list {
            let d = [0, 1, 2].map(|k| there[k] - position[k]);
            let u = [0, 1, 2].map(|k| moves[k] - velocity[k]);
            let square = d.iter().map(|x| x * x).sum::<f64>() + 1e-4;
            let along = 3.0 * (0..3).map(|k| d[k] * u[k]).sum::<f64>() / square;
            for k in 0..3 {
                sum[k] += gm * d[k] / (square * square.sqrt());
                sum[3 + k] += gm * (u[k] - along * d[k]) / (square * square.sqrt());
            }
        }
        sum
    }

    #[test]
    fn the_forces_on_a_body_do_not_depend_on_which_others_are_active() {
        let mut all = BlockBodies::new(bodies(100).into_iter());
        let level = Level::detect();
        all.predict(level, 3.0, 0.01);
        let whole = forces(level, Rsqrt::Approximate, &all, &(0..100).collect::<Vec<_>>());
        for targets in [vec![17], vec![3, 17], vec![17, 3, 99]] {
            let found = forces(level, Rsqrt::Approximate, &all, &targets);
            assert!(targets.iter().zip(found).all(|(&i, found)| found == whole[i]), "{targets:?}");
        }
    }

    #[test]
    fn bodies_are_predicted_from_their_own_times() {
        let list = bodies(11);
        let mut all = BlockBodies::new(list.iter().copied());
        all.put(3, 4.0, list[3].1);
        for level in Level::available() {
            all.predict(level, 6.0, 0.25);
            for (i, (_, [r, v, a, j])) in list.iter().enumerate() {
                let dt: f64 = if i == 3 { 0.5 } else { 1.5 };
                let [position, velocity] = all.predicted(i);
                for k in 0..3 {
                    let there = r[k] + v[k] * dt + a[k] * dt.powi(2) / 2.0 + j[k] * dt.powi(3) / 6.0;
                    let moves = v[k] + a[k] * dt + j[k] * dt.powi(2) / 2.0;
                    assert!(
                        (position[k] - there).abs() < 1e-15 && (velocity[k] - moves).abs() < 2e-15,
                        "{level:?} {i}"
                    );
                }
            }
        }
    }
}
