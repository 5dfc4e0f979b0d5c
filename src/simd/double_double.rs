//! Numbers of about 32 digits as sums of two, to hold functions and solvers against (Dekker 1971). For tests alone.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, LOG2_E};
use std::ops::{Add, Mul, Neg, Sub};

/// high + low, with |low| at most half the distance of `high` to its neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Twofold {
    pub high: f64,
    pub low: f64,
}

impl Twofold {
    pub(crate) const fn new(high: f64, low: f64) -> Self {
        Twofold { high, low }
    }

    /// The sum of two numbers, exactly.
    pub(crate) fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let part = high - a;
        Twofold { high, low: (a - (high - part)) + (b - part) }
    }

    /// The product of two numbers, exactly.
    pub(crate) fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        Twofold { high, low: a.mul_add(b, -high) }
    }

    pub(crate) fn recip(self) -> Self {
        let first = Twofold::from(1.0 / self.high);
        let second = first * (Twofold::from(2.0) - self * first);
        second * (Twofold::from(2.0) - self * second)
    }

    /// How far `x` is from this, in distances between neighbouring numbers.
    pub(crate) fn ulps(self, x: f64) -> f64 {
        let ulp = f64::from_bits(self.high.abs().to_bits() + 1) - self.high.abs();
        self.distance(x) / ulp
    }

    /// |x - self|.
    pub(crate) fn distance(self, x: f64) -> f64 {
        ((x - self.high) - self.low).abs()
    }

    /// Sine and cosine: reduced to an eighth of a turn, then by Taylor's series.
    pub(crate) fn sin_cos(self) -> (Self, Self) {
        let quarters = (self.high * FRAC_2_PI).round();
        let mut rest = self;
        for part in [FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33] {
            rest = rest - Twofold::product(quarters, part);
        }
        let square = rest * rest;
        let series = |first: Self, from: u32| {
            let mut term = first;
            let mut sum = first;
            for k in (from..50).step_by(2) {
                term = -(term * square) * Twofold::from(f64::from(k * (k + 1))).recip();
                sum = sum + term;
            }
            sum
        };
        let s = series(rest, 2);
        let c = series(Twofold::from(1.0), 1);
        match quarters.rem_euclid(4.0) as u8 {
            0 => (s, c),
            1 => (c, -s),
            2 => (-s, -c),
            _ => (-c, s),
        }
    }

    /// e to this, for at most 700 in size.
    pub(crate) fn exp(self) -> Self {
        let n = (self.high * LOG2_E).round();
        let ln_2 = Twofold::new(std::f64::consts::LN_2, 2.3190468138462996e-17);
        let rest = self - ln_2 * Twofold::from(n);
        let mut term = Twofold::from(1.0);
        let mut sum = Twofold::from(1.0);
        for k in 1..40 {
            term = term * rest * Twofold::from(f64::from(k)).recip();
            sum = sum + term;
        }
        let power = 2f64.powi(n as i32 / 2);
        let other = 2f64.powi(n as i32 - n as i32 / 2);
        Twofold::new(sum.high * power * other, sum.low * power * other)
    }
}

impl From<f64> for Twofold {
    fn from(x: f64) -> Self {
        Twofold::new(x, 0.0)
    }
}

impl Add for Twofold {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let high = Twofold::sum(self.high, other.high);
        let low = Twofold::sum(self.low, other.low);
        let first = Twofold::sum(high.high, high.low + low.high);
        Twofold::sum(first.high, first.low + low.low)
    }
}

impl Neg for Twofold {
    type Output = Self;
    fn neg(self) -> Self {
        Twofold::new(-self.high, -self.low)
    }
}

impl Sub for Twofold {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Twofold {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = Twofold::product(self.high, other.high);
        Twofold::sum(product.high, product.low + (self.high * other.low + self.low * other.high))
    }
}

#[test]
fn known_digits_come_out() {
    let (sine, cosine) = Twofold::from(1.0).sin_cos();
    // sin 1, cos 1 and e to 32 digits.
    assert!((sine - Twofold::new(0.8414709848078965, 1.776845092935536e-18)).high.abs() < 1e-31, "{sine:?}");
    assert!((cosine - Twofold::new(0.5403023058681398, -4.760954612604417e-17)).high.abs() < 1e-31, "{cosine:?}");
    let e = Twofold::from(1.0).exp();
    assert!((e - Twofold::new(std::f64::consts::E, 1.4456468917292502e-16)).high.abs() < 1e-31, "{e:?}");
}
