//! The lanes of NEON on 64-bit ARM: two doubles or four singles, masks as vectors of all or no bits.

use std::arch::aarch64::*;

use super::pair::Pair;
use super::{CBRT_OFFSET, Double, EXPONENT_BIAS, FRACTION, Kernel, Lane, ONE, Simd, Single, THIRD, WHOLE};

/// The proof that this processor has NEON.
#[derive(Clone, Copy, Debug)]
pub struct Neon(());

impl Simd for Neon {
    type F64 = F64x2;
    type F32 = F32x4;
    type Eight = Pair<Pair<F64x2>>;
}

#[target_feature(enable = "neon")]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Neon(()))
}

lane! {
    /// Two numbers of double precision.
    F64x2: 2 of f64 in float64x2_t with uint64x2_t under Neon;
    splat vdupq_n_f64, load vld1q_f64, store vst1q_f64,
    add vaddq_f64, sub vsubq_f64, mul vmulq_f64, div vdivq_f64, neg vnegq_f64, abs vabsq_f64,
    mul_add mul_add_f64, neg_mul_add neg_mul_add_f64, sqrt vsqrtq_f64, rsqrt rsqrt_f64 to RSQRT,
    min min_f64, max max_f64, bit_or bit_or_f64, lt vcltq_f64, le vcleq_f64, eq vceqq_f64,
    and vandq_u64, or vorrq_u64, any any_f64, select vbslq_f64
}

lane! {
    /// Four numbers of single precision.
    F32x4: 4 of f32 in float32x4_t with uint32x4_t under Neon;
    splat vdupq_n_f32, load vld1q_f32, store vst1q_f32,
    add vaddq_f32, sub vsubq_f32, mul vmulq_f32, div vdivq_f32, neg vnegq_f32, abs vabsq_f32,
    mul_add mul_add_f32, neg_mul_add neg_mul_add_f32, sqrt vsqrtq_f32, rsqrt rsqrt_f32 to RSQRT,
    min min_f32, max max_f32, bit_or bit_or_f32, lt vcltq_f32, le vcleq_f32, eq vceqq_f32,
    and vandq_u32, or vorrq_u32, any any_f32, select vbslq_f32
}

/// FRSQRTE is good to 1/256; a Newton step leaves 3/2 of the square of that.
const RSQRT: f64 = 1.5 / 65536.0 + 3e-7;

#[inline]
#[target_feature(enable = "neon")]
fn rsqrt_f64(x: float64x2_t) -> float64x2_t {
    let y = vrsqrteq_f64(x);
    vmulq_f64(y, vrsqrtsq_f64(vmulq_f64(x, y), y))
}

#[inline]
#[target_feature(enable = "neon")]
fn rsqrt_f32(x: float32x4_t) -> float32x4_t {
    let y = vrsqrteq_f32(x);
    vmulq_f32(y, vrsqrtsq_f32(vmulq_f32(x, y), y))
}

#[inline]
#[target_feature(enable = "neon")]
fn mul_add_f64(a: float64x2_t, b: float64x2_t, c: float64x2_t) -> float64x2_t {
    vfmaq_f64(c, a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn mul_add_f32(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
    vfmaq_f32(c, a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn neg_mul_add_f64(a: float64x2_t, b: float64x2_t, c: float64x2_t) -> float64x2_t {
    vfmsq_f64(c, a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn neg_mul_add_f32(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
    vfmsq_f32(c, a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn min_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t {
    vbslq_f64(vcltq_f64(a, b), a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn min_f32(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vbslq_f32(vcltq_f32(a, b), a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn max_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t {
    vbslq_f64(vcgtq_f64(a, b), a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn max_f32(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vbslq_f32(vcgtq_f32(a, b), a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn bit_or_f64(a: float64x2_t, b: float64x2_t) -> float64x2_t {
    vreinterpretq_f64_u64(vorrq_u64(vreinterpretq_u64_f64(a), vreinterpretq_u64_f64(b)))
}

#[inline]
#[target_feature(enable = "neon")]
fn bit_or_f32(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)))
}

#[inline]
#[target_feature(enable = "neon")]
fn any_f64(mask: uint64x2_t) -> bool {
    vmaxvq_u32(vreinterpretq_u32_u64(mask)) != 0
}

#[inline]
#[target_feature(enable = "neon")]
fn any_f32(mask: uint32x4_t) -> bool {
    vmaxvq_u32(mask) != 0
}

// SAFETY (all blocks): a lane exists only where its instructions do.
#[allow(unused_unsafe, clippy::undocumented_unsafe_blocks, reason = "SAFETY above; some blocks need none")]
impl Double for F64x2 {
    #[inline(always)]
    fn exponent(self) -> Self {
        Self(unsafe { exponent(self.0) })
    }
    #[inline(always)]
    fn significand(self) -> Self {
        Self(unsafe { significand(self.0) })
    }
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        Self(unsafe { scale(self.0, n.0) })
    }
    #[inline(always)]
    fn cbrt_estimate(self) -> Self {
        Self(unsafe { cbrt_estimate(self.0) })
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn exponent(x: float64x2_t) -> float64x2_t {
    let whole = vshrq_n_u64::<52>(vreinterpretq_u64_f64(x));
    let number = vreinterpretq_f64_u64(vorrq_u64(whole, vdupq_n_u64(WHOLE)));
    vsubq_f64(number, vdupq_n_f64(EXPONENT_BIAS))
}

#[inline]
#[target_feature(enable = "neon")]
fn significand(x: float64x2_t) -> float64x2_t {
    let fraction = vandq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(FRACTION));
    vreinterpretq_f64_u64(vorrq_u64(fraction, vdupq_n_u64(ONE)))
}

#[inline]
#[target_feature(enable = "neon")]
fn scale(x: float64x2_t, n: float64x2_t) -> float64x2_t {
    let biased = vreinterpretq_u64_f64(vaddq_f64(n, vdupq_n_f64(EXPONENT_BIAS)));
    vmulq_f64(x, vreinterpretq_f64_u64(vshlq_n_u64::<52>(biased)))
}

#[inline]
#[target_feature(enable = "neon")]
fn cbrt_estimate(x: float64x2_t) -> float64x2_t {
    let upper = vshrn_n_u64::<32>(vreinterpretq_u64_f64(x));
    let third = vmull_u32(upper, vdup_n_u32(THIRD));
    vreinterpretq_f64_u64(vaddq_u64(third, vdupq_n_u64(CBRT_OFFSET)))
}

// SAFETY (all blocks): a lane exists only where its instructions do; the arrays have the four numbers that are read and written.
#[expect(clippy::undocumented_unsafe_blocks, reason = "SAFETY above")]
impl Single for F32x4 {
    #[inline(always)]
    fn bits(mask: uint32x4_t) -> u32 {
        unsafe { vaddvq_u32(vandq_u32(mask, vld1q_u32([1, 2, 4, 8].as_ptr()))) }
    }
    #[inline(always)]
    fn compress(self, mask: uint32x4_t) -> Self {
        let bits = Self::bits(mask);
        let mut numbers = [0.0f32; 4];
        unsafe { vst1q_f32(numbers.as_mut_ptr(), self.0) };
        let mut front = numbers;
        let mut count = 0;
        for (place, x) in numbers.into_iter().enumerate() {
            front[count] = x;
            count += (bits >> place & 1) as usize;
        }
        Self(unsafe { vld1q_f32(front.as_ptr()) })
    }
}
