//! Eight numbers at a time: plain loops over arrays that compile to vector instructions.
//!
//! Every operation rounds as IEEE 754 says, `mul_add` once, so each instruction set gives the same bits. All of it is
//! inlined into [`Ias15::step`](super::Ias15::step), which chooses the instruction set.

use std::ops::{Add, AddAssign, Mul, Sub};

/// How many bodies share a vector.
pub(crate) const WIDTH: usize = 8;

/// One quantity of [`WIDTH`] bodies.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lanes(pub [f64; WIDTH]);

impl Lanes {
    /// Zero everywhere.
    pub(crate) const ZERO: Lanes = Lanes([0.0; WIDTH]);

    /// The same number everywhere.
    #[inline(always)]
    pub(crate) fn splat(value: f64) -> Self {
        Lanes([value; WIDTH])
    }

    /// self * b + c, rounded once.
    #[inline(always)]
    pub(crate) fn mul_add(mut self, b: Lanes, c: Lanes) -> Self {
        for lane in 0..WIDTH {
            self.0[lane] = self.0[lane].mul_add(b.0[lane], c.0[lane]);
        }
        self
    }

    /// self * scale + c, rounded once.
    #[inline(always)]
    pub(crate) fn scale_add(self, scale: f64, c: Lanes) -> Self {
        self.mul_add(Lanes::splat(scale), c)
    }

    /// self * scale - c, rounded once.
    #[inline(always)]
    pub(crate) fn scale_sub(mut self, scale: f64, c: Lanes) -> Self {
        for lane in 0..WIDTH {
            self.0[lane] = self.0[lane].mul_add(scale, -c.0[lane]);
        }
        self
    }

    /// The square root.
    #[inline(always)]
    pub(crate) fn sqrt(mut self) -> Self {
        for lane in 0..WIDTH {
            self.0[lane] = self.0[lane].sqrt();
        }
        self
    }

    /// 1 / sqrt(self) to the last bit or two, for normal positive numbers.
    ///
    /// A first guess from the exponent (3.5 % off), one step of fifth and one of third order: several times faster than
    /// a square root and a division, and the same bits on every processor.
    #[inline(always)]
    pub(crate) fn recip_sqrt(self) -> Self {
        let mut guess = self;
        for lane in 0..WIDTH {
            guess.0[lane] = f64::from_bits(0x5FE6_EB50_C7B5_37A9 - (self.0[lane].to_bits() >> 1));
        }
        let minus = Lanes::ZERO - self;
        let error = minus.mul_add(guess * guess, Lanes::splat(1.0));
        let series = error.scale_add(35.0 / 128.0, Lanes::splat(5.0 / 16.0));
        let series = series.mul_add(error, Lanes::splat(3.0 / 8.0)).mul_add(error, Lanes::splat(0.5));
        let close = series.mul_add(guess * error, guess);
        let error = minus.mul_add(close * close, Lanes::splat(1.0));
        let series = error.scale_add(3.0 / 8.0, Lanes::splat(0.5));
        series.mul_add(close * error, close)
    }

    /// The larger of self and |other|; a NaN in `other` is passed over.
    #[inline(always)]
    pub(crate) fn max_abs(mut self, other: Lanes) -> Self {
        for lane in 0..WIDTH {
            let size = other.0[lane].abs();
            self.0[lane] = if size > self.0[lane] { size } else { self.0[lane] };
        }
        self
    }

    /// The largest lane.
    #[inline(always)]
    pub(crate) fn largest(self) -> f64 {
        self.0.iter().fold(0.0, |largest, &x| if x > largest { x } else { largest })
    }

    /// The sum of all lanes, in their order.
    #[inline(always)]
    pub(crate) fn sum(self) -> f64 {
        self.0.iter().sum()
    }
}

impl Add for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn add(mut self, other: Lanes) -> Lanes {
        for lane in 0..WIDTH {
            self.0[lane] += other.0[lane];
        }
        self
    }
}

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Lanes) {
        *self = *self + other;
    }
}

impl Sub for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn sub(mut self, other: Lanes) -> Lanes {
        for lane in 0..WIDTH {
            self.0[lane] -= other.0[lane];
        }
        self
    }
}

impl Mul for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn mul(mut self, other: Lanes) -> Lanes {
        for lane in 0..WIDTH {
            self.0[lane] *= other.0[lane];
        }
        self
    }
}

impl Mul<f64> for Lanes {
    type Output = Lanes;
    #[inline(always)]
    fn mul(self, scale: f64) -> Lanes {
        self * Lanes::splat(scale)
    }
}

/// a + b and its rounding error, for any a and b (Knuth).
#[inline(always)]
pub(crate) fn two_sum(a: Lanes, b: Lanes) -> (Lanes, Lanes) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// a * b and its rounding error.
#[inline(always)]
pub(crate) fn two_product(a: Lanes, b: f64) -> (Lanes, Lanes) {
    let product = a * b;
    (product, a.scale_sub(b, product))
}
