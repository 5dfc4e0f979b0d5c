//! Two vectors as one lane of twice the width.
//!
//! Each operation is done on both, one after the other, so that neither has to wait for its own last result.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Double, Lane};

/// The places of one lane, then those of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<L>(L, L);

impl<L: Double> Add for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Pair(self.0 + other.0, self.1 + other.1)
    }
}

impl<L: Double> Sub for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Pair(self.0 - other.0, self.1 - other.1)
    }
}

impl<L: Double> Mul for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Pair(self.0 * other.0, self.1 * other.1)
    }
}

impl<L: Double> Div for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Pair(self.0 / other.0, self.1 / other.1)
    }
}

impl<L: Double> Neg for Pair<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Pair(-self.0, -self.1)
    }
}

impl<L: Double> Lane for Pair<L> {
    type Simd = L::Simd;
    type Scalar = f64;
    type Mask = (L::Mask, L::Mask);
    const WIDTH: usize = 2 * L::WIDTH;
    const RSQRT_ERROR: f64 = L::RSQRT_ERROR;

    #[inline(always)]
    fn splat(simd: L::Simd, x: f64) -> Self {
        let lane = L::splat(simd, x);
        Pair(lane, lane)
    }
    #[inline(always)]
    fn load(simd: L::Simd, from: &[f64]) -> Self {
        let from = &from[..Self::WIDTH];
        Pair(L::load(simd, from), L::load(simd, &from[L::WIDTH..]))
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        let to = &mut to[..Self::WIDTH];
        self.0.store(to);
        self.1.store(&mut to[L::WIDTH..]);
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Pair(self.0.mul_add(factor.0, addend.0), self.1.mul_add(factor.1, addend.1))
    }
    #[inline(always)]
    fn neg_mul_add(self, factor: Self, minuend: Self) -> Self {
        Pair(self.0.neg_mul_add(factor.0, minuend.0), self.1.neg_mul_add(factor.1, minuend.1))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Pair(self.0.sqrt(), self.1.sqrt())
    }
    #[inline(always)]
    fn rsqrt(self) -> Self {
        Pair(self.0.rsqrt(), self.1.rsqrt())
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Pair(self.0.abs(), self.1.abs())
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Pair(self.0.min(other.0), self.1.min(other.1))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Pair(self.0.max(other.0), self.1.max(other.1))
    }
    #[inline(always)]
    fn bit_or(self, other: Self) -> Self {
        Pair(self.0.bit_or(other.0), self.1.bit_or(other.1))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        (self.0.lt(other.0), self.1.lt(other.1))
    }
    #[inline(always)]
    fn le(self, other: Self) -> Self::Mask {
        (self.0.le(other.0), self.1.le(other.1))
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self::Mask {
        (self.0.eq(other.0), self.1.eq(other.1))
    }
    #[inline(always)]
    fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        (L::and(a.0, b.0), L::and(a.1, b.1))
    }
    #[inline(always)]
    fn or(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        (L::or(a.0, b.0), L::or(a.1, b.1))
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        L::any(mask.0) || L::any(mask.1)
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Pair(L::select(mask.0, yes.0, no.0), L::select(mask.1, yes.1, no.1))
    }
}

impl<L: Double> Double for Pair<L> {
    #[inline(always)]
    fn exponent(self) -> Self {
        Pair(self.0.exponent(), self.1.exponent())
    }
    #[inline(always)]
    fn significand(self) -> Self {
        Pair(self.0.significand(), self.1.significand())
    }
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        Pair(self.0.scale(n.0), self.1.scale(n.1))
    }
    #[inline(always)]
    fn cbrt_estimate(self) -> Self {
        Pair(self.0.cbrt_estimate(), self.1.cbrt_estimate())
    }
}
