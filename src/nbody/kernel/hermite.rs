//! Accelerations and jerks, what Hermite integrators need (Makino and Aarseth 1992, PASJ 44, 141, eq. 2).
//!
//! ```text
//! a_i = Σ_j (G m_j / r³) d     j_i = Σ_j (G m_j / r³) (v - 3 (d·v / r²) d)     d = x_j - x_i, v = v_j - v_i, r² = d² + ε²
//! ```
//!
//! Always in double precision, and without potentials.

use std::ops::Range;

use super::accelerate::TILE;
use super::targets::{Targets, lanes, padded, scatter};
use super::weight::{Row, inverse_square, weight};
use super::{Direct, Precision};
use crate::simd::{Kernel, Lane, Rsqrt, Simd};

/// Moving bodies that are acted on, and what has been summed for them.
///
/// The sums of body `i` have the same bits wherever it stands among the targets.
#[derive(Clone, Debug, Default)]
pub struct MovingTargets {
    /// Positions and accelerations, in double precision.
    targets: Targets,
    velocity: [Vec<f64>; 3],
    jerk: [Vec<f64>; 3],
}

impl MovingTargets {
    /// The bodies without their motion: how many there are, their tiles, their accelerations.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The acceleration of body `i`, length/time².
    pub fn acceleration(&self, i: usize) -> [f64; 3] {
        self.targets.acceleration(i)
    }

    /// The time derivative of the acceleration of body `i`, length/time³.
    pub fn jerk(&self, i: usize) -> [f64; 3] {
        self.targets.vector(&self.jerk, i)
    }
}

/// Moving sources in the order and form in which the kernel reads them.
#[derive(Clone, Debug, Default)]
pub struct MovingSources {
    rows: Vec<(Row<f64>, [f64; 3])>,
}

impl Direct {
    /// Places bodies, each its position (length) and velocity (length/time), with all sums zero, in the memory of `moving`.
    pub fn place_moving(
        &self,
        moving: &mut MovingTargets,
        bodies: impl ExactSizeIterator<Item = ([f64; 3], [f64; 3])>,
    ) {
        let MovingTargets { targets, velocity, jerk } = moving;
        targets.reset(self.frame, Precision::Double, bodies.len());
        for column in velocity.iter_mut().chain(jerk) {
            column.clear();
            column.resize(padded(targets.len()), 0.0);
        }
        for (i, (x, v)) in bodies.enumerate() {
            scatter(&mut targets.double.position, i, self.frame.double(x));
            scatter(velocity, i, self.frame.double(v));
        }
    }

    /// Readies a block of sources, each x, y, z (length), G m (length³/time²), vx, vy, vz (length/time), in the memory of
    /// `packed`.
    pub fn pack_moving(&self, sources: &[[f64; 7]], packed: &mut MovingSources) {
        packed.rows.clear();
        packed.rows.extend(
            sources
                .iter()
                .map(|&[x, y, z, gm, vx, vy, vz]| (self.row_double(&[x, y, z, gm]), self.frame.double([vx, vy, vz]))),
        );
    }

    /// Adds to the accelerations and jerks of the targets in `range` what the sources do to them, in double precision.
    ///
    /// # Panics
    /// If `range` does not start at a multiple of [`LANES`](super::LANES), or ends neither at one nor at the last target.
    pub fn accelerate_moving(&self, moving: &mut MovingTargets, range: Range<usize>, sources: &MovingSources) {
        let range = lanes(range, moving.targets.len());
        let softening2 = self.softening2_double();
        let exact = self.rsqrt == Rsqrt::Exact;
        self.level.run(Hermite { rows: &sources.rows, moving, range, softening2, exact });
    }
}

/// One call's work: what the sources in `rows` do to the targets in `range`.
struct Hermite<'a> {
    rows: &'a [(Row<f64>, [f64; 3])],
    moving: &'a mut MovingTargets,
    range: Range<usize>,
    softening2: f64,
    exact: bool,
}

impl Kernel for Hermite<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.exact { all_targets::<S::F64, true>(simd, self) } else { all_targets::<S::F64, false>(simd, self) }
    }
}

#[inline(always)]
fn all_targets<L: Lane<Scalar = f64>, const EXACT: bool>(simd: L::Simd, work: Hermite<'_>) {
    let softening2 = L::splat(simd, work.softening2);
    for rows in work.rows.chunks(TILE) {
        for first in work.range.clone().step_by(L::WIDTH) {
            pass::<L, EXACT>(simd, softening2, rows, work.moving, first);
        }
    }
}

/// Adds what `rows` do to the vector of targets at `first`.
#[inline(always)]
fn pass<L: Lane<Scalar = f64>, const EXACT: bool>(
    simd: L::Simd,
    softening2: L,
    rows: &[(Row<f64>, [f64; 3])],
    moving: &mut MovingTargets,
    first: usize,
) {
    let [mut x, mut v, mut a, mut j] = [[L::splat(simd, 0.0); 3]; 4];
    for c in 0..3 {
        x[c] = L::load(simd, &moving.targets.double.position[c][first..]);
        v[c] = L::load(simd, &moving.velocity[c][first..]);
        a[c] = L::load(simd, &moving.targets.double.acceleration[c][first..]);
        j[c] = L::load(simd, &moving.jerk[c][first..]);
    }
    let three = L::splat(simd, 3.0);
    for (row, velocity) in rows {
        // d = x_j - x,  v = v_j - v,  r² = d·d + ε²,  a += (G m_j / r³) d,  j += (G m_j / r³) (v - 3 (d·v / r²) d)
        let dx = L::splat(simd, row[0]) - x[0];
        let dy = L::splat(simd, row[1]) - x[1];
        let dz = L::splat(simd, row[2]) - x[2];
        let vx = L::splat(simd, velocity[0]) - v[0];
        let vy = L::splat(simd, velocity[1]) - v[1];
        let vz = L::splat(simd, velocity[2]) - v[2];
        let r2 = dz.mul_add(dz, dy.mul_add(dy, dx.mul_add(dx, softening2)));
        let dv = dz.mul_add(vz, dy.mul_add(vy, dx * vx));
        let w = weight::<L, EXACT>(simd, r2, row);
        let rate = three * dv * inverse_square::<L, EXACT>(simd, r2);
        a = [w.mul_add(dx, a[0]), w.mul_add(dy, a[1]), w.mul_add(dz, a[2])];
        j[0] = w.mul_add(rate.neg_mul_add(dx, vx), j[0]);
        j[1] = w.mul_add(rate.neg_mul_add(dy, vy), j[1]);
        j[2] = w.mul_add(rate.neg_mul_add(dz, vz), j[2]);
    }
    for c in 0..3 {
        a[c].store(&mut moving.targets.double.acceleration[c][first..]);
        j[c].store(&mut moving.jerk[c][first..]);
    }
}
