//! The lanes of AVX2 with fused multiply-add: four doubles or eight singles, masks as vectors of all or no bits.

use std::arch::x86_64::*;

use super::pair::Pair;
use super::{CBRT_OFFSET, Double, EXPONENT_BIAS, FRACTION, Kernel, Lane, ONE, Simd, Single, THIRD, WHOLE};

/// The proof that this processor has AVX2 and fused multiply-add.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Simd for Avx2 {
    type F64 = F64x4;
    type F32 = F32x8;
    type Eight = Pair<F64x4>;
}

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

lane! {
    /// Four numbers of double precision.
    F64x4: 4 of f64 in __m256d with __m256d under Avx2;
    splat _mm256_set1_pd, load _mm256_loadu_pd, store _mm256_storeu_pd,
    add _mm256_add_pd, sub _mm256_sub_pd, mul _mm256_mul_pd, div _mm256_div_pd, neg neg_f64, abs abs_f64,
    mul_add _mm256_fmadd_pd, neg_mul_add _mm256_fnmadd_pd, sqrt _mm256_sqrt_pd, rsqrt rsqrt_f64 to RSQRT,
    min _mm256_min_pd, max _mm256_max_pd, bit_or _mm256_or_pd, lt lt_f64, le le_f64, eq eq_f64,
    and _mm256_and_pd, or _mm256_or_pd, any any_f64, select select_f64
}

lane! {
    /// Eight numbers of single precision.
    F32x8: 8 of f32 in __m256 with __m256 under Avx2;
    splat _mm256_set1_ps, load _mm256_loadu_ps, store _mm256_storeu_ps,
    add _mm256_add_ps, sub _mm256_sub_ps, mul _mm256_mul_ps, div _mm256_div_ps, neg neg_f32, abs abs_f32,
    mul_add _mm256_fmadd_ps, neg_mul_add _mm256_fnmadd_ps, sqrt _mm256_sqrt_ps, rsqrt _mm256_rsqrt_ps to RSQRT,
    min _mm256_min_ps, max _mm256_max_ps, bit_or _mm256_or_ps, lt lt_f32, le le_f32, eq eq_f32,
    and _mm256_and_ps, or _mm256_or_ps, any any_f32, select select_f32
}

/// The bound that Intel's and AMD's manuals give for VRSQRTPS (1.5 / 4096), and the rounding of a double to a single.
const RSQRT: f64 = 1.5 / 4096.0 + 6e-8;

#[inline]
#[target_feature(enable = "avx2")]
fn rsqrt_f64(x: __m256d) -> __m256d {
    _mm256_cvtps_pd(_mm_rsqrt_ps(_mm256_cvtpd_ps(x)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn neg_f64(x: __m256d) -> __m256d {
    _mm256_xor_pd(x, _mm256_set1_pd(-0.0))
}

#[inline]
#[target_feature(enable = "avx2")]
fn neg_f32(x: __m256) -> __m256 {
    _mm256_xor_ps(x, _mm256_set1_ps(-0.0))
}

#[inline]
#[target_feature(enable = "avx2")]
fn abs_f64(x: __m256d) -> __m256d {
    _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
}

#[inline]
#[target_feature(enable = "avx2")]
fn abs_f32(x: __m256) -> __m256 {
    _mm256_andnot_ps(_mm256_set1_ps(-0.0), x)
}

#[inline]
#[target_feature(enable = "avx2")]
fn lt_f64(a: __m256d, b: __m256d) -> __m256d {
    _mm256_cmp_pd::<_CMP_LT_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn lt_f32(a: __m256, b: __m256) -> __m256 {
    _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn le_f64(a: __m256d, b: __m256d) -> __m256d {
    _mm256_cmp_pd::<_CMP_LE_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn le_f32(a: __m256, b: __m256) -> __m256 {
    _mm256_cmp_ps::<_CMP_LE_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn eq_f64(a: __m256d, b: __m256d) -> __m256d {
    _mm256_cmp_pd::<_CMP_EQ_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn eq_f32(a: __m256, b: __m256) -> __m256 {
    _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn any_f64(mask: __m256d) -> bool {
    _mm256_movemask_pd(mask) != 0
}

#[inline]
#[target_feature(enable = "avx2")]
fn any_f32(mask: __m256) -> bool {
    _mm256_movemask_ps(mask) != 0
}

#[inline]
#[target_feature(enable = "avx2")]
fn select_f64(mask: __m256d, yes: __m256d, no: __m256d) -> __m256d {
    _mm256_blendv_pd(no, yes, mask)
}

#[inline]
#[target_feature(enable = "avx2")]
fn select_f32(mask: __m256, yes: __m256, no: __m256) -> __m256 {
    _mm256_blendv_ps(no, yes, mask)
}

// SAFETY (all blocks): a lane exists only where its instructions do.
#[expect(clippy::undocumented_unsafe_blocks, reason = "SAFETY above")]
impl Double for F64x4 {
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
#[target_feature(enable = "avx2")]
fn exponent(x: __m256d) -> __m256d {
    let whole = _mm256_srli_epi64::<52>(_mm256_castpd_si256(x));
    let number = _mm256_castsi256_pd(_mm256_or_si256(whole, _mm256_set1_epi64x(WHOLE as i64)));
    _mm256_sub_pd(number, _mm256_set1_pd(EXPONENT_BIAS))
}

#[inline]
#[target_feature(enable = "avx2")]
fn significand(x: __m256d) -> __m256d {
    let fraction = _mm256_and_si256(_mm256_castpd_si256(x), _mm256_set1_epi64x(FRACTION as i64));
    _mm256_castsi256_pd(_mm256_or_si256(fraction, _mm256_set1_epi64x(ONE as i64)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn scale(x: __m256d, n: __m256d) -> __m256d {
    let biased = _mm256_castpd_si256(_mm256_add_pd(n, _mm256_set1_pd(EXPONENT_BIAS)));
    _mm256_mul_pd(x, _mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn cbrt_estimate(x: __m256d) -> __m256d {
    let upper = _mm256_srli_epi64::<32>(_mm256_castpd_si256(x));
    let third = _mm256_mul_epu32(upper, _mm256_set1_epi64x(i64::from(THIRD)));
    _mm256_castsi256_pd(_mm256_add_epi64(third, _mm256_set1_epi64x(CBRT_OFFSET as i64)))
}

// SAFETY (all blocks): a lane exists only where its instructions do; a row of the table has the eight numbers that are read.
#[expect(clippy::undocumented_unsafe_blocks, reason = "SAFETY above")]
impl Single for F32x8 {
    #[inline(always)]
    fn bits(mask: __m256) -> u32 {
        unsafe { _mm256_movemask_ps(mask) as u32 }
    }
    #[inline(always)]
    fn compress(self, mask: __m256) -> Self {
        Self(unsafe {
            let row = &FRONT[_mm256_movemask_ps(mask) as usize];
            _mm256_permutevar8x32_ps(self.0, _mm256_loadu_si256(row.as_ptr().cast()))
        })
    }
}

/// For each mask of eight places, the places where it holds, in order; zeros behind them.
static FRONT: [[u32; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut mask = 0;
    while mask < 256 {
        let mut place = 0;
        let mut front = 0;
        while place < 8 {
            if mask >> place & 1 == 1 {
                table[mask][front] = place as u32;
                front += 1;
            }
            place += 1;
        }
        mask += 1;
    }
    table
};
