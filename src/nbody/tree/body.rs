//! Bodies as the tree reads them: what comes in, and the columns of the kernels.
//!
//! A coordinate is kept as two numbers of single precision whose sum has 48 bits, so that its difference from a group's centre, itself of single
//! precision, is good to the last bit of single precision: lanes are as wide as they can be, and no list needs doubles.

use bytemuck::{Pod, Zeroable};

/// A body that attracts and is attracted.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Source {
    /// A number that no other body has: it orders bodies at one place.
    pub id: u64,
    /// Position, length.
    pub position: [f64; 3],
    /// G m, length³/time², not negative.
    pub gm: f64,
}

/// How many numbers may be read beyond the last body: a lane at its widest.
pub(super) const BEYOND: usize = 16;

/// Positions in half-sides of the cube from its centre, as sums of two, and G m in its unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    pub high: [Vec<f32>; 3],
    pub low: [Vec<f32>; 3],
    pub gm: Vec<f32>,
    /// The pulls of the bodies of the domain ([`Bounds::pulls`](super::group::Bounds::pulls)); empty without the relative criterion.
    pub pulls: Vec<f32>,
}

impl Columns {
    /// The number of bodies.
    pub(super) fn len(&self) -> usize {
        self.gm.len().saturating_sub(BEYOND)
    }

    /// Makes room for `len` bodies.
    pub(super) fn resize(&mut self, len: usize) {
        for column in self.high.iter_mut().chain(&mut self.low).chain([&mut self.gm]) {
            column.resize(len + BEYOND, 0.0);
        }
    }

    /// Writes body `i`.
    #[inline]
    pub(super) fn write(&mut self, i: usize, unit: [f64; 3], gm: f32) {
        for (c, x) in unit.into_iter().enumerate() {
            let (high, low) = split(x);
            self.high[c][i] = high;
            self.low[c][i] = low;
        }
        self.gm[i] = gm;
    }

    /// The position of body `i`.
    #[inline]
    pub(super) fn position(&self, i: usize) -> [f64; 3] {
        [0, 1, 2].map(|c| f64::from(self.high[c][i]) + f64::from(self.low[c][i]))
    }
}

/// A number as the sum of two of single precision.
#[inline]
pub(super) fn split(x: f64) -> (f32, f32) {
    let high = x as f32;
    (high, (x - f64::from(high)) as f32)
}
