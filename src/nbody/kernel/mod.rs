//! Direct sums of gravity over pairs: what a set of sources does to a set of targets.
//!
//! ```text
//! a_i = Σ_j G m_j d / (d² + ε²)^(3/2)     φ_i = -Σ_j G m_j / (d² + ε²)^(1/2)     d = x_j - x_i
//! ```
//!
//! with Plummer's softening length ε >= 0. In order: a [`Direct`] says what to compute and how; [`Direct::targets`] places the
//! bodies that are acted on; for each block of sources, [`Direct::pack`] once and [`Direct::accelerate`] for each tile
//! of targets; with single precision [`Direct::flush`] after fixed numbers of sources; then read the [`Targets`].
//!
//! Targets stand in lanes and sources come one after another, so that the sums of a target have the same bits wherever it
//! stands, in whatever tiles the targets are taken, and wherever the list of sources is cut, as long as sources come in
//! the same order and (single precision) flushes fall at the same sources. Accelerations have the same bits whether
//! potentials are wanted or not.
//!
//! A source at the very place of a target (above all the target itself) adds nothing, to the potential neither. A source
//! with G m = 0 adds nothing.

mod accelerate;
mod block;
mod frame;
mod hermite;
mod targets;
#[cfg(test)]
mod tests;
mod weight;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::simd::{Level, Rsqrt};
use accelerate::Accelerate;
pub(crate) use block::{BlockBodies, Motion};
pub use frame::Frame;
pub(crate) use hermite::{MovingSources, MovingTargets};
use targets::lanes;
pub use targets::{LANES, Targets};
use weight::{Row, SERIES};

/// In which numbers the pairs are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, relative to the centre of a [`Frame`]; about 1e-6 per pair.
    Single,
    /// 64 bits; about 3e-16 per pair.
    Double,
}

/// What a direct sum computes, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direct {
    /// The instructions; all ranks must take the same.
    pub level: Level,
    /// How 1/r is made; `Exact` unless all ranks have the same [`fingerprint`](crate::simd::fingerprint).
    pub rsqrt: Rsqrt,
    /// The precision of a pair.
    pub precision: Precision,
    /// Plummer's softening length ε >= 0, length.
    pub softening: f64,
    /// Whether potentials are summed too.
    pub potential: bool,
    /// The centre and the units; with single precision the same on all ranks.
    pub frame: Frame,
}

/// Sources in the order and form in which the kernels read them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    double: Vec<Row<f64>>,
    single: Vec<Row<f32>>,
}

/// The square of the smallest distance in double precision, in units of the frame: added to all squared distances, so that
/// zero distance gives zero acceleration and not 0/0; far below the rounding of positions.
const FLOOR_F64: f64 = 7.523_163_845_262_64e-37; // 2^-120
/// The same in single precision.
const FLOOR_F32: f64 = 1.355_252_715_606_880_5e-20; // 2^-66

impl Direct {
    /// Places bodies at `positions` (length), with all sums zero.
    pub fn targets(&self, positions: impl ExactSizeIterator<Item = [f64; 3]>) -> Targets {
        let mut targets = Targets::default();
        self.place(&mut targets, positions);
        targets
    }

    /// Places other bodies at `positions` (length), with all sums zero, in the memory of `targets`.
    pub fn place(&self, targets: &mut Targets, positions: impl ExactSizeIterator<Item = [f64; 3]>) {
        targets.place(self.frame, self.precision, positions);
    }

    /// Readies a block of sources, each x, y, z (length) and G m (length³/time²), in the memory of `packed`.
    pub fn pack(&self, sources: &[[f64; 4]], packed: &mut Sources) {
        packed.double.clear();
        packed.single.clear();
        match self.precision {
            Precision::Double => packed.double.extend(sources.iter().map(|source| self.row_double(source))),
            Precision::Single => packed.single.extend(sources.iter().map(|source| self.row_single(source))),
        }
    }

    /// Adds to the sums of the targets in `range` (of [`Targets::tiles`]) what the sources do to them.
    ///
    /// # Panics
    /// If `range` does not start at a multiple of [`LANES`], or ends neither at one nor at the last target.
    pub fn accelerate(&self, targets: &mut Targets, range: Range<usize>, sources: &Sources) {
        let range = lanes(range, targets.len());
        let potential = self.potential;
        let exact = self.rsqrt == Rsqrt::Exact;
        match self.precision {
            Precision::Double => {
                let rows = &sources.double[..];
                let columns = &mut targets.double;
                let softening2 = self.softening2_double();
                self.level.run(Accelerate { rows, columns, range, softening2, potential, exact });
            }
            Precision::Single => {
                let rows = &sources.single[..];
                let columns = &mut targets.single;
                let softening2 = self.softening2_single();
                self.level.run(Accelerate { rows, columns, range, softening2, potential, exact });
            }
        }
    }

    /// Adds the partial sums of single precision in `range` to the whole ones; in double precision there is nothing to do.
    ///
    /// To be called after the last source, and before that at source indices that do not depend on the ranks, often
    /// enough that the partial sums lose nothing (each few thousand sources).
    pub fn flush(&self, targets: &mut Targets, range: Range<usize>) {
        if self.precision == Precision::Single {
            targets.flush(lanes(range, targets.len()));
        }
    }

    fn softening2_double(&self) -> f64 {
        let softening = self.softening / self.frame.length();
        (softening * softening).max(FLOOR_F64)
    }

    fn softening2_single(&self) -> f32 {
        let softening = self.softening / self.frame.length();
        (softening * softening).max(FLOOR_F32) as f32
    }

    #[inline]
    fn row_double(&self, &[x, y, z, gm]: &[f64; 4]) -> Row<f64> {
        let [x, y, z] = self.frame.double([x, y, z]);
        let gm = gm * (1.0 / self.frame.gm());
        let [g0, g1, g2, g3, g4] = SERIES.map(|coefficient| gm * coefficient);
        [x, y, z, g0, g1, g2, g3, g4]
    }

    #[inline]
    fn row_single(&self, &[x, y, z, gm]: &[f64; 4]) -> Row<f32> {
        let [x, y, z] = self.frame.single([x, y, z]);
        let gm = gm * (1.0 / self.frame.gm());
        let [g0, g1, g2, g3, g4] = SERIES.map(|coefficient| (gm * coefficient) as f32);
        [x, y, z, g0, g1, g2, g3, g4]
    }
}
