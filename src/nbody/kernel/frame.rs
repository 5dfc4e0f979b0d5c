//! Coordinates and units that suit the kernels: a centre, and powers of two for length and G m.

/// Where and how large the system is, so that squared distances stay well inside the range of single precision.
///
/// The units are powers of two: scaling by them is exact, and in double precision the results have the same bits in any
/// frame. The centre serves single precision alone, where positions relative to it are rounded; there the results
/// depend on the frame, which has to be the same on all ranks (from global minima and maxima).
///
/// Pairs nearer than 1e-18 of the length in double precision, and than 1e-10 in single precision, count as at one
/// place; distances up to 1e18 lengths are in range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    centre: [f64; 3],
    length: f64,
    gm: f64,
}

impl Default for Frame {
    /// The centre at the origin, all units 1: right for systems whose sizes and G m are near 1.
    fn default() -> Self {
        Frame { centre: [0.0; 3], length: 1.0, gm: 1.0 }
    }
}

impl Frame {
    /// The frame of a system between the corners `low` and `high` (length) whose largest G m is `gm` (length³/time²).
    ///
    /// A size or G m that is zero or not finite counts as 1.
    pub fn around(low: [f64; 3], high: [f64; 3], gm: f64) -> Self {
        let half = [0, 1, 2].map(|c| 0.5 * high[c] - 0.5 * low[c]);
        let centre = [0, 1, 2].map(|c| low[c] + half[c]);
        Frame { centre, length: power_of_two(half[0].max(half[1]).max(half[2])), gm: power_of_two(gm) }
    }

    /// The origin of the coordinates in single precision, length.
    pub fn centre(&self) -> [f64; 3] {
        self.centre
    }

    /// The unit of length.
    pub fn length(&self) -> f64 {
        self.length
    }

    /// The unit of G m, length³/time².
    pub fn gm(&self) -> f64 {
        self.gm
    }

    /// A position or velocity in units of the frame, from the origin.
    #[inline]
    pub(super) fn double(&self, vector: [f64; 3]) -> [f64; 3] {
        let per_length = 1.0 / self.length;
        vector.map(|x| x * per_length)
    }

    /// A position in units of the frame, from the centre, rounded.
    #[inline]
    pub(super) fn single(&self, position: [f64; 3]) -> [f32; 3] {
        let per_length = 1.0 / self.length;
        [0, 1, 2].map(|c| ((position[c] - self.centre[c]) * per_length) as f32)
    }

    /// An acceleration (or a jerk) out of units of the frame.
    #[inline]
    pub(super) fn acceleration(&self, vector: [f64; 3]) -> [f64; 3] {
        let unit = self.gm / self.length / self.length;
        vector.map(|a| a * unit)
    }
}

/// The smallest power of two above `x`; 1 for what is not a positive number.
fn power_of_two(x: f64) -> f64 {
    if !(x.is_normal() && x > 0.0) {
        return 1.0;
    }
    2.0 * f64::from_bits(x.to_bits() & f64::INFINITY.to_bits())
}
