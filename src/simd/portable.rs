//! Lanes for every processor: arrays, one number after the other, which the compiler may turn into vectors.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::pair::Pair;
use super::{CBRT_OFFSET, Double, EXPONENT_BIAS, FRACTION, Kernel, Lane, ONE, Simd, Single, THIRD, WHOLE};

/// The proof that nothing is needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable(());

impl Simd for Portable {
    type F64 = Doubles;
    type F32 = Singles;
    type Eight = Pair<Doubles>;
}

pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Portable(()))
}

type ArrayF64 = [f64; 4];
type ArrayF32 = [f32; 8];
type MaskF64 = [bool; 4];
type MaskF32 = [bool; 8];

lane! {
    /// Four numbers of double precision.
    Doubles: 4 of f64 in ArrayF64 with MaskF64 under Portable;
    splat splat, load load, store store, add add, sub sub, mul mul, div div, neg neg, abs abs_f64,
    mul_add mul_add_f64, neg_mul_add neg_mul_add_f64, sqrt sqrt_f64, rsqrt rsqrt_f64 to 4.0 * f64::EPSILON,
    min min, max max, bit_or bit_or_f64, lt lt, le le, eq eq, and and, or or, any any, select select
}

lane! {
    /// Eight numbers of single precision.
    Singles: 8 of f32 in ArrayF32 with MaskF32 under Portable;
    splat splat, load load, store store, add add, sub sub, mul mul, div div, neg neg, abs abs_f32,
    mul_add mul_add_f32, neg_mul_add neg_mul_add_f32, sqrt sqrt_f32, rsqrt rsqrt_f32 to 4.0 * f32::EPSILON as f64,
    min min, max max, bit_or bit_or_f32, lt lt, le le, eq eq, and and, or or, any any, select select
}

fn splat<T: Copy, const N: usize>(x: T) -> [T; N] {
    [x; N]
}

/// # Safety
/// To be called with a pointer to `N` numbers.
unsafe fn load<T: Copy, const N: usize>(from: *const T) -> [T; N] {
    // SAFETY: the caller gives N numbers.
    unsafe { from.cast::<[T; N]>().read() }
}

/// # Safety
/// To be called with a pointer to room for `N` numbers.
unsafe fn store<T: Copy, const N: usize>(to: *mut T, x: [T; N]) {
    // SAFETY: the caller gives room for N numbers.
    unsafe { to.cast::<[T; N]>().write(x) }
}

fn add<T: Copy + Add<Output = T>, const N: usize>(a: [T; N], b: [T; N]) -> [T; N] {
    from_fn(|i| a[i] + b[i])
}

fn sub<T: Copy + Sub<Output = T>, const N: usize>(a: [T; N], b: [T; N]) -> [T; N] {
    from_fn(|i| a[i] - b[i])
}

fn mul<T: Copy + Mul<Output = T>, const N: usize>(a: [T; N], b: [T; N]) -> [T; N] {
    from_fn(|i| a[i] * b[i])
}

fn div<T: Copy + Div<Output = T>, const N: usize>(a: [T; N], b: [T; N]) -> [T; N] {
    from_fn(|i| a[i] / b[i])
}

fn neg<T: Copy + Neg<Output = T>, const N: usize>(a: [T; N]) -> [T; N] {
    a.map(|x| -x)
}

fn abs_f64<const N: usize>(a: [f64; N]) -> [f64; N] {
    a.map(f64::abs)
}

fn abs_f32<const N: usize>(a: [f32; N]) -> [f32; N] {
    a.map(f32::abs)
}

fn mul_add_f64<const N: usize>(a: [f64; N], b: [f64; N], c: [f64; N]) -> [f64; N] {
    from_fn(|i| a[i].mul_add(b[i], c[i]))
}

fn mul_add_f32<const N: usize>(a: [f32; N], b: [f32; N], c: [f32; N]) -> [f32; N] {
    from_fn(|i| a[i].mul_add(b[i], c[i]))
}

fn neg_mul_add_f64<const N: usize>(a: [f64; N], b: [f64; N], c: [f64; N]) -> [f64; N] {
    from_fn(|i| (-a[i]).mul_add(b[i], c[i]))
}

fn neg_mul_add_f32<const N: usize>(a: [f32; N], b: [f32; N], c: [f32; N]) -> [f32; N] {
    from_fn(|i| (-a[i]).mul_add(b[i], c[i]))
}

fn sqrt_f64<const N: usize>(a: [f64; N]) -> [f64; N] {
    a.map(f64::sqrt)
}

fn sqrt_f32<const N: usize>(a: [f32; N]) -> [f32; N] {
    a.map(f32::sqrt)
}

fn rsqrt_f64<const N: usize>(a: [f64; N]) -> [f64; N] {
    a.map(|x| 1.0 / x.sqrt())
}

fn rsqrt_f32<const N: usize>(a: [f32; N]) -> [f32; N] {
    a.map(|x| 1.0 / x.sqrt())
}

fn min<T: Copy + PartialOrd, const N: usize>(a: [T; N], b: [T; N]) -> [T; N] {
    select(lt(a, b), a, b)
}

fn max<T: Copy + PartialOrd, const N: usize>(a: [T; N], b: [T; N]) -> [T; N] {
    select(lt(b, a), a, b)
}

fn bit_or_f64<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    from_fn(|i| f64::from_bits(a[i].to_bits() | b[i].to_bits()))
}

fn bit_or_f32<const N: usize>(a: [f32; N], b: [f32; N]) -> [f32; N] {
    from_fn(|i| f32::from_bits(a[i].to_bits() | b[i].to_bits()))
}

fn lt<T: Copy + PartialOrd, const N: usize>(a: [T; N], b: [T; N]) -> [bool; N] {
    from_fn(|i| a[i] < b[i])
}

fn le<T: Copy + PartialOrd, const N: usize>(a: [T; N], b: [T; N]) -> [bool; N] {
    from_fn(|i| a[i] <= b[i])
}

fn eq<T: Copy + PartialOrd, const N: usize>(a: [T; N], b: [T; N]) -> [bool; N] {
    from_fn(|i| a[i] == b[i])
}

fn and<const N: usize>(a: [bool; N], b: [bool; N]) -> [bool; N] {
    from_fn(|i| a[i] && b[i])
}

fn or<const N: usize>(a: [bool; N], b: [bool; N]) -> [bool; N] {
    from_fn(|i| a[i] || b[i])
}

fn any<const N: usize>(a: [bool; N]) -> bool {
    a.contains(&true)
}

fn select<T: Copy, const N: usize>(mask: [bool; N], yes: [T; N], no: [T; N]) -> [T; N] {
    from_fn(|i| if mask[i] { yes[i] } else { no[i] })
}

impl Double for Doubles {
    #[inline(always)]
    fn exponent(self) -> Self {
        Self(self.0.map(|x| f64::from_bits(x.to_bits() >> 52 | WHOLE) - EXPONENT_BIAS))
    }
    #[inline(always)]
    fn significand(self) -> Self {
        Self(self.0.map(|x| f64::from_bits(x.to_bits() & FRACTION | ONE)))
    }
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        Self(from_fn(|i| self.0[i] * f64::from_bits((n.0[i] + EXPONENT_BIAS).to_bits() << 52)))
    }
    #[inline(always)]
    fn cbrt_estimate(self) -> Self {
        Self(self.0.map(|x| f64::from_bits((x.to_bits() >> 32) * u64::from(THIRD) + CBRT_OFFSET)))
    }
}

impl Single for Singles {
    #[inline(always)]
    fn bits(mask: MaskF32) -> u32 {
        (0..8).fold(0, |bits, place| bits | u32::from(mask[place]) << place)
    }
    #[inline(always)]
    fn compress(self, mask: MaskF32) -> Self {
        let mut front = self.0;
        let mut count = 0;
        for (place, x) in self.0.into_iter().enumerate() {
            front[count] = x;
            count += usize::from(mask[place]);
        }
        Self(front)
    }
}
