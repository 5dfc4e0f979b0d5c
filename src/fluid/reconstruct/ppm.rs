//! Piecewise parabolic reconstruction (Colella & Woodward 1984) with limiters that keep smooth extrema.
//!
//! In order, in differences from the cell's average, so that constants stay as they are:
//!
//! 1. values at both faces of fourth order (Colella & Woodward, eq. 1.6 without its slope limiter);
//! 2. where such a value lies outside its two cells, its curvature is bounded by theirs (Colella et al. 2011, section 4.3.1);
//! 3. where the cells have an extremum, the parabola's curvature is bounded by those of the three cells around, and
//!    vanishes where their signs differ (Colella & Sekora 2008, eq. 22 and 23); elsewhere the parabola is made monotone
//!    (Colella & Woodward, eq. 1.10).
//!
//! Left out: steepening at contacts, flattening at shocks, projection on characteristic variables.

use super::Reconstruction;
use crate::simd::{Lane, Simd};

/// Fourth-order face values on smooth flows, third order in all.
#[derive(Clone, Copy)]
pub(in crate::fluid) struct Ppm;

/// How far a curvature may exceed its neighbours before it counts as rough (Colella & Sekora 2008).
const ROUGH: f64 = 1.25;

impl Reconstruction for Ppm {
    const REACH: usize = 2;
    const OVERSHOOTS: bool = true;

    #[inline(always)]
    fn faces<S: Simd>(self, simd: S, &[lowest, below, cell, above, highest]: &[S::F64; 5]) -> (S::F64, S::F64) {
        let zero = S::F64::splat(simd, 0.0);
        let lower = below - lowest;
        let down = cell - below;
        let up = above - cell;
        let upper = highest - above;
        // Bounds on twice a curvature, from those of the cell and its neighbours.
        let rough = S::F64::splat(simd, 2.0 * ROUGH);
        let near = rough * (up - down);
        let far_down = rough * (down - lower);
        let far_up = rough * (upper - up);
        let bounds_down = Bounds { least: near.min(far_down), most: near.max(far_down) };
        let bounds_up = Bounds { least: near.min(far_up), most: near.max(far_up) };
        // Twelve times the steps to the faces: 6 (q_1 - q_0) - (q_2 - q_1) + (q_0 - q_-1), and its mirror image.
        let six = S::F64::splat(simd, 6.0);
        let six_down = six * down;
        let six_up = six * up;
        let fall = six_down + face_curvature(zero, six_down, up - lower, &bounds_down);
        let rise = six_up - face_curvature(zero, six_up, upper - down, &bounds_up);
        let (fall, rise) = limited(zero, fall, rise, (down * up).le(zero), &bounds_down.both(&bounds_up));
        let twelfth = S::F64::splat(simd, 1.0 / 12.0);
        (fall.neg_mul_add(twelfth, cell), rise.mul_add(twelfth, cell))
    }
}

/// Between what values a curvature counts as smooth.
struct Bounds<L> {
    least: L,
    most: L,
}

impl<L: Lane> Bounds<L> {
    #[inline(always)]
    fn both(&self, other: &Self) -> Self {
        Bounds { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    /// Of the curvature and the bounds the one nearest to zero; zero if their signs differ.
    #[inline(always)]
    fn bounded(&self, zero: L, curvature: L) -> L {
        zero.max(self.least.min(curvature)) + zero.min(self.most.max(curvature))
    }
}

/// Twice the curvature at a face, bounded if the face's value, `across / 2 - curvature` in the same unit, is outside its cells.
#[inline(always)]
fn face_curvature<L: Lane>(zero: L, across: L, curvature: L, bounds: &Bounds<L>) -> L {
    L::select(across.abs().lt(curvature.abs()), bounds.bounded(zero, curvature), curvature)
}

/// The steps to both faces without new extrema.
#[inline(always)]
fn limited<L: Lane>(zero: L, fall: L, rise: L, extremum: L::Mask, bounds: &Bounds<L>) -> (L, L) {
    // At an extremum both steps are scaled as the parabola's curvature is.
    let curvature = rise - fall;
    let bounded = bounds.bounded(zero, curvature);
    let scale = L::select(bounded.eq(zero), zero, bounded / curvature);
    // Elsewhere neither step is more than twice the other.
    let fall_size = fall.abs();
    let rise_size = rise.abs();
    let monotone_fall = L::select((rise_size + rise_size).lt(fall_size), rise + rise, fall);
    let monotone_rise = L::select((fall_size + fall_size).lt(rise_size), fall + fall, rise);
    (L::select(extremum, scale * fall, monotone_fall), L::select(extremum, scale * rise, monotone_rise))
}
