//! A group of bodies: its centre, its box, and its bodies as targets relative to the centre.
//!
//! The centre is the middle of the bodies rounded to single precision, so that what is relative to it is the sum of two differences.

use std::ops::Range;

use super::body::Columns;
use super::cells::GROUP;
use crate::simd::Lane;

/// Room for the bodies of a group, whole lanes.
pub(super) const ROOM: usize = GROUP as usize;

/// The narrowest lane.
const NARROWEST: usize = 4;

/// A group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub bodies: Range<usize>,
    /// In half-sides of the cube from its centre.
    pub centre: [f32; 3],
    /// Half the sides of the box about the centre that just holds the bodies.
    pub half: [f32; 3],
    /// The square of the radius about the centre that holds the bodies.
    pub radius2: f32,
    /// Positions relative to the centre; zeros behind the last body.
    pub position: [[f32; ROOM]; 3],
}

impl Default for Group {
    fn default() -> Self {
        Group { bodies: 0..0, centre: [0.0; 3], half: [0.0; 3], radius2: 0.0, position: [[0.0; ROOM]; 3] }
    }
}

impl Group {
    /// Takes the bodies of a range, at most [`ROOM`].
    #[inline(always)]
    pub(super) fn take<L: Lane<Scalar = f32>>(&mut self, simd: L::Simd, bodies: Range<usize>, columns: &Columns) {
        let Range { start, end } = bodies.clone();
        let zero = L::splat(simd, 0.0);
        let mut radius2 = [zero; ROOM / NARROWEST];
        for c in 0..3 {
            let centre = middle::<L>(simd, &columns.high[c][start..end]);
            self.centre[c] = centre;
            let centre = L::splat(simd, centre);
            let mut widest = zero;
            for (vector, at) in (0..end - start).step_by(L::WIDTH).enumerate() {
                let high = L::load(simd, &columns.high[c][start + at..]);
                let low = L::load(simd, &columns.low[c][start + at..]);
                let x = (high - centre) + low;
                x.store(&mut self.position[c][at..]);
                let left = end - start - at;
                if left < L::WIDTH {
                    self.position[c][at + left..at + L::WIDTH].fill(0.0);
                }
                let x = L::load(simd, &self.position[c][at..]);
                widest = widest.max(x.abs());
                radius2[vector] = x.mul_add(x, radius2[vector]);
            }
            self.half[c] = largest(widest);
        }
        let vectors = (end - start).div_ceil(L::WIDTH);
        let mut farthest = zero;
        for &radius2 in &radius2[..vectors] {
            farthest = farthest.max(radius2);
        }
        self.radius2 = largest(farthest);
        self.bodies = bodies;
    }

    /// How many bodies there are.
    pub(super) fn len(&self) -> usize {
        self.bodies.len()
    }
}

/// The middle between the least and the largest number.
#[inline(always)]
fn middle<L: Lane<Scalar = f32>>(simd: L::Simd, numbers: &[f32]) -> f32 {
    let mut padded = [numbers[0]; ROOM];
    padded[..numbers.len()].copy_from_slice(numbers);
    let mut high = L::load(simd, &padded);
    let mut negated_low = -high;
    for at in (0..numbers.len()).step_by(L::WIDTH) {
        let here = L::load(simd, &padded[at..]);
        high = high.max(here);
        negated_low = negated_low.max(-here);
    }
    0.5 * largest(high) - 0.5 * largest(negated_low)
}

/// The largest number of a lane.
#[inline(always)]
fn largest<L: Lane<Scalar = f32>>(lane: L) -> f32 {
    let mut numbers = [0.0; 16];
    lane.store(&mut numbers);
    let mut most = numbers[0];
    for &number in &numbers[1..L::WIDTH] {
        if number > most {
            most = number;
        }
    }
    most
}
