//! Eight bodies side by side, as columns, and arithmetic on the vectors of several of them.
//!
//! Bodies 1, 2, ... stand in blocks of eight columns; the last block is filled up with bodies at rest, so far away that
//! nothing they take part in counts.

use super::kepler::Relative;
use crate::simd::Lane;

/// Bodies in a block: a whole number of lanes at each level.
pub(super) const WIDTH: usize = 8;
/// How far away the bodies that fill up a block are.
const NOWHERE: f64 = 1e60;

/// A number of each body of a block.
pub(super) type Column = [f64; WIDTH];

/// Eight bodies.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Block {
    /// Jacobi position and velocity.
    pub(super) x: [Column; 3],
    pub(super) v: [Column; 3],
    /// What rounding cut off position and velocity: added again with the next change.
    pub(super) x_rest: [Column; 3],
    pub(super) v_rest: [Column; 3],
    /// |x| and 1/|x|.
    pub(super) radius: Column,
    pub(super) inverse_radius: Column,
    /// Scratch of the kick: position relative to body 0, inertial acceleration.
    pub(super) heliocentric: [Column; 3],
    pub(super) acceleration: [Column; 3],
    /// Gravitational parameter of the body and all before it; one over that of all before it.
    pub(super) enclosed: Column,
    pub(super) inverse_inner: Column,
    /// The body's number, less one.
    pub(super) index: Column,
}

/// A massive body other than body 0.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) block: usize,
    pub(super) column: usize,
    /// The body's number, less one.
    pub(super) index: f64,
    pub(super) gm: f64,
    /// Its weight in the centre of mass of itself and all before it.
    pub(super) weight: f64,
}

impl Block {
    /// The block of this number, with no body in it.
    pub(super) fn empty(number: usize) -> Self {
        let zero = [0.0; WIDTH];
        Self {
            x: [[NOWHERE; WIDTH], zero, zero],
            v: [zero; 3],
            x_rest: [zero; 3],
            v_rest: [zero; 3],
            radius: [NOWHERE; WIDTH],
            inverse_radius: [1.0 / NOWHERE; WIDTH],
            heliocentric: [zero; 3],
            acceleration: [zero; 3],
            enclosed: zero,
            inverse_inner: zero,
            index: std::array::from_fn(|column| (number * WIDTH + column) as f64),
        }
    }

    pub(super) fn body(&self, column: usize) -> Relative {
        Relative { position: self.x.map(|x| x[column]), velocity: self.v.map(|v| v[column]) }
    }

    pub(super) fn rest(&self, column: usize) -> Relative {
        Relative { position: self.x_rest.map(|x| x[column]), velocity: self.v_rest.map(|v| v[column]) }
    }

    pub(super) fn put(&mut self, column: usize, [body, rest]: [Relative; 2]) {
        for k in 0..3 {
            self.x[k][column] = body.position[k];
            self.v[k][column] = body.velocity[k];
            self.x_rest[k][column] = rest.position[k];
            self.v_rest[k][column] = rest.velocity[k];
        }
        let [x, y, z] = body.position;
        self.radius[column] = x.mul_add(x, y.mul_add(y, z * z)).sqrt();
        self.inverse_radius[column] = 1.0 / self.radius[column];
    }
}

/// A vector of each body of a lane.
pub(super) type Three<L> = [L; 3];

#[inline(always)]
pub(super) fn load<L: Lane<Scalar = f64>>(simd: L::Simd, columns: &[Column; 3], at: usize) -> Three<L> {
    [L::load(simd, &columns[0][at..]), L::load(simd, &columns[1][at..]), L::load(simd, &columns[2][at..])]
}

#[inline(always)]
pub(super) fn store<L: Lane<Scalar = f64>>(vector: Three<L>, columns: &mut [Column; 3], at: usize) {
    vector[0].store(&mut columns[0][at..]);
    vector[1].store(&mut columns[1][at..]);
    vector[2].store(&mut columns[2][at..]);
}

/// The scalar product.
#[inline(always)]
pub(super) fn product<L: Lane>(a: Three<L>, b: Three<L>) -> L {
    a[0].mul_add(b[0], a[1].mul_add(b[1], a[2] * b[2]))
}

/// `a` times the vector `x`, plus `y`.
#[inline(always)]
pub(super) fn scaled_add<L: Lane>(a: L, x: Three<L>, y: Three<L>) -> Three<L> {
    [a.mul_add(x[0], y[0]), a.mul_add(x[1], y[1]), a.mul_add(x[2], y[2])]
}

/// The sum of a vector and a small change, and what its rounding cut off (Kahan 1965).
#[inline(always)]
pub(super) fn compensated_add<L: Lane>(x: Three<L>, change: Three<L>) -> (Three<L>, Three<L>) {
    let sum = [x[0] + change[0], x[1] + change[1], x[2] + change[2]];
    let rest = [change[0] - (sum[0] - x[0]), change[1] - (sum[1] - x[1]), change[2] - (sum[2] - x[2])];
    (sum, rest)
}
