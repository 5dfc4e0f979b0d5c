//! Whether a top is one: climbs from about it.
//!
//! A climb can stall on the side of a narrow, tilted or bent ridge, where no length along its direction gains. So the best top of all
//! starts is climbed again from places a standard deviation away from it, by the curvature in all coordinates there, which is also
//! what these climbs begin with. Where one ends higher, it is the top, and the same follows about it.

use super::climb::{Climber, Position};
use super::curvature::root_of_inverse;
use super::inverse::Inverse;
use crate::base::random::Random;
use crate::sampler::density::Density;

/// What a climb must gain to be higher: below it lies what climbs leave to be gained.
pub(super) const HIGHER: f64 = 1e-6;
/// How near to the top a climb must come, for it to be one that climbs lead to.
const NEAR: f64 = 1e-2;
/// Climbs about a top.
const CLIMBS: usize = 6;
/// How often a higher top may be found.
const ROUNDS: usize = 20;
/// The least second derivative along a coordinate: of a hill as wide as all coordinates.
const FLATTEST: f64 = 1.0;

impl<D: Density> Climber<'_, D> {
    /// The top about a place, and whether it is one: whether climbs from about it end there, and none ends higher.
    pub(super) fn polish(&mut self, mut top: Position, random: &mut Random) -> (Position, bool) {
        for _ in 0..ROUNDS {
            let best = self.climb_about(&top, random);
            if best.height <= top.height + HIGHER {
                return (top.clone(), best.height >= top.height - NEAR);
            }
            top = best;
        }
        (top, false)
    }

    /// The highest of the tops that climbs from about a place lead to.
    fn climb_about(&mut self, top: &Position, random: &mut Random) -> Position {
        let root = self.root_of_covariance(top);
        let n = top.t.len();
        let mut best = Position { height: f64::NEG_INFINITY, ..top.clone() };
        for _ in 0..CLIMBS {
            let normal: Vec<f64> = (0..n).map(|_| random.normal()).collect();
            let away = |i: usize| (0..=i).map(|j| root[i * n + j] * normal[j]).sum::<f64>();
            let start = self.place((0..n).map(|i| top.t[i] + away(i)).collect());
            if start.height > f64::NEG_INFINITY {
                let found = self.ascend(start, Some(Inverse::of_root(&root, n)));
                best = if found.height > best.height { found } else { best };
            }
        }
        best
    }

    /// The lower triangle whose square is the inverse of the curvature in all coordinates; of the diagonal alone where the place is no top.
    fn root_of_covariance(&mut self, place: &Position) -> Vec<f64> {
        let n = place.t.len();
        let bends = self.bends(place);
        root_of_inverse(&bends, n).unwrap_or_else(|| {
            let mut root = vec![0.0; n * n];
            (0..n).for_each(|k| root[k * n + k] = 1.0 / bends[k * n + k].abs().max(FLATTEST).sqrt());
            root
        })
    }
}
