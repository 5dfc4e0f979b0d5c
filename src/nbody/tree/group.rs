//! A group of bodies: its centre, its box, and those of its bodies that are active as targets relative to the centre.
//!
//! The centre is the middle of the bodies rounded to single precision, so that what is relative to it is the sum of two differences.

use std::ops::Range;

use super::body::Columns;
use super::cells::GROUP;
use crate::simd::{Lane, Single};

/// Room for the bodies of a group, whole lanes.
pub(super) const ROOM: usize = GROUP as usize;

/// Where some bodies are, in half-sides of the cube.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub centre: [f32; 3],
    /// Half the sides of the box about the centre that just holds the bodies.
    pub half: [f32; 3],
    /// The square of the radius about the centre that holds the bodies.
    pub radius2: f32,
    /// The least and the largest pull of the bodies, 1/√(α a) with a body's last acceleration a and the share α of the relative criterion: a cell is
    /// opened within d² = √(G M) b times it. Zero without that criterion.
    pub pulls: [f32; 2],
}

impl Bounds {
    /// The bounds of the bodies of a range.
    #[inline(always)]
    pub(super) fn of<L: Single>(simd: L::Simd, bodies: &Range<usize>, columns: &Columns) -> Self {
        let Range { start, end } = *bodies;
        let [x, y, z] = &columns.high;
        let centre =
            [middle::<L>(simd, &x[start..end]), middle::<L>(simd, &y[start..end]), middle::<L>(simd, &z[start..end])];
        let zero = L::splat(simd, 0.0);
        let mut widest = [zero; 3];
        let mut farthest = zero;
        let mut here = [[0.0; WIDEST]; 3];
        for at in (start..end).step_by(L::WIDTH) {
            let mut radius2 = zero;
            for c in 0..3 {
                place::<L>(simd, columns, c, at, centre[c]).store(&mut here[c]);
                here[c][(end - at).min(L::WIDTH)..].fill(0.0);
                let x = L::load(simd, &here[c]);
                widest[c] = widest[c].max(x.abs());
                radius2 = x.mul_add(x, radius2);
            }
            farthest = farthest.max(radius2);
        }
        let [x, y, z] = widest;
        let pulls = columns.pulls.get(start..end).map_or([0.0; 2], |pulls| {
            let least = pulls.iter().copied().fold(f32::MAX, |least, pull| if pull < least { pull } else { least });
            let most = pulls.iter().copied().fold(0.0, |most, pull| if pull > most { pull } else { most });
            [least, most]
        });
        Bounds { centre, half: [largest(x), largest(y), largest(z)], radius2: largest(farthest), pulls }
    }
}

/// Which bodies are active: their forces are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Active<'a>(
    /// For each body 1, or 0 where it isn't; empty where all are.
    pub &'a [u8],
);

impl Active<'_> {
    #[inline(always)]
    pub(super) fn has(self, body: usize) -> bool {
        self.0.is_empty() || self.0[body] != 0
    }

    /// Whether there are any in a range.
    #[inline(always)]
    pub(super) fn any(self, bodies: &Range<u32>) -> bool {
        self.0.is_empty() || self.0[bodies.start as usize..bodies.end as usize].contains(&1)
    }
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub bounds: Bounds,
    /// The bodies whose forces are wanted, in order.
    pub targets: Vec<usize>,
    /// Their positions relative to the centre; zeros behind the last.
    pub position: [[f32; ROOM]; 3],
}

impl Default for Group {
    fn default() -> Self {
        Group { bounds: Bounds::default(), targets: Vec::new(), position: [[0.0; ROOM]; 3] }
    }
}

impl Group {
    /// Takes the bodies of a range, at most [`ROOM`], and of them as targets those that are active.
    #[inline(always)]
    pub(super) fn take<L: Single>(&mut self, simd: L::Simd, bodies: Range<usize>, columns: &Columns, active: Active) {
        self.bounds = Bounds::of::<L>(simd, &bodies, columns);
        let count = bodies.len();
        for c in 0..3 {
            for at in (0..count).step_by(L::WIDTH) {
                let x = place::<L>(simd, columns, c, bodies.start + at, self.bounds.centre[c]);
                x.store(&mut self.position[c][at..]);
            }
        }
        self.targets.clear();
        self.targets.extend(bodies.clone().filter(|&body| active.has(body)));
        let len = self.targets.len();
        for column in &mut self.position {
            if len < count {
                self.targets.iter().enumerate().for_each(|(to, body)| column[to] = column[body - bodies.start]);
            }
            column[len..len.next_multiple_of(L::WIDTH)].fill(0.0);
        }
    }

    /// How many targets there are.
    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }
}

/// The widest lane.
const WIDEST: usize = 16;

/// A coordinate of the bodies of a lane relative to a centre.
#[inline(always)]
fn place<L: Single>(simd: L::Simd, columns: &Columns, c: usize, first: usize, centre: f32) -> L {
    let high = L::load(simd, &columns.high[c][first..]);
    let low = L::load(simd, &columns.low[c][first..]);
    (high - L::splat(simd, centre)) + low
}

/// The middle between the least and the largest number.
#[inline(always)]
fn middle<L: Lane<Scalar = f32>>(simd: L::Simd, numbers: &[f32]) -> f32 {
    let mut high = L::splat(simd, numbers[0]);
    let mut negated_low = -high;
    let (whole, rest) = numbers.split_at(numbers.len() / L::WIDTH * L::WIDTH);
    let mut padded = [numbers[0]; WIDEST];
    padded[..rest.len()].copy_from_slice(rest);
    for numbers in whole.chunks_exact(L::WIDTH) {
        let here = L::load(simd, numbers);
        high = high.max(here);
        negated_low = negated_low.max(-here);
    }
    let here = L::load(simd, &padded);
    high = high.max(here);
    negated_low = negated_low.max(-here);
    0.5 * largest(high) - 0.5 * largest(negated_low)
}

/// The largest number of a lane.
#[inline(always)]
fn largest<L: Lane<Scalar = f32>>(lane: L) -> f32 {
    let mut numbers = [0.0; WIDEST];
    lane.store(&mut numbers);
    let mut most = numbers[0];
    for &number in &numbers[1..L::WIDTH] {
        if number > most {
            most = number;
        }
    }
    most
}
