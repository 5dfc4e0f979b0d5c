//! The lanes of AVX-512: eight doubles or sixteen singles, masks in registers of their own.

use std::arch::x86_64::*;

use super::{CBRT_OFFSET, Double, Kernel, Lane, Simd, Single, THIRD};

/// The proof that this processor has AVX-512 (F, DQ, VL).
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512(());

impl Simd for Avx512 {
    type F64 = F64x8;
    type F32 = F32x16;
    type Eight = F64x8;
}

pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
pub(super) fn enter<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512(()))
}

lane! {
    /// Eight numbers of double precision.
    F64x8: 8 of f64 in __m512d with __mmask8 under Avx512;
    splat _mm512_set1_pd, load _mm512_loadu_pd, store _mm512_storeu_pd,
    add _mm512_add_pd, sub _mm512_sub_pd, mul _mm512_mul_pd, div _mm512_div_pd, neg neg_f64, abs _mm512_abs_pd,
    mul_add _mm512_fmadd_pd, neg_mul_add _mm512_fnmadd_pd, sqrt _mm512_sqrt_pd, rsqrt _mm512_rsqrt14_pd to RSQRT14,
    min _mm512_min_pd, max _mm512_max_pd, bit_or _mm512_or_pd, lt lt_f64, le le_f64, eq eq_f64,
    and _kand_mask8, or _kor_mask8, any any_f64, select select_f64
}

lane! {
    /// Sixteen numbers of single precision.
    F32x16: 16 of f32 in __m512 with __mmask16 under Avx512;
    splat _mm512_set1_ps, load _mm512_loadu_ps, store _mm512_storeu_ps,
    add _mm512_add_ps, sub _mm512_sub_ps, mul _mm512_mul_ps, div _mm512_div_ps, neg neg_f32, abs _mm512_abs_ps,
    mul_add _mm512_fmadd_ps, neg_mul_add _mm512_fnmadd_ps, sqrt _mm512_sqrt_ps, rsqrt _mm512_rsqrt14_ps to RSQRT14,
    min _mm512_min_ps, max _mm512_max_ps, bit_or _mm512_or_ps, lt lt_f32, le le_f32, eq eq_f32,
    and _kand_mask16, or _kor_mask16, any any_f32, select select_f32
}

/// The bound that Intel's and AMD's manuals give for VRSQRT14PD and VRSQRT14PS.
const RSQRT14: f64 = 1.0 / 16384.0;

#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn neg_f64(x: __m512d) -> __m512d {
    _mm512_xor_pd(x, _mm512_set1_pd(-0.0))
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn neg_f32(x: __m512) -> __m512 {
    _mm512_xor_ps(x, _mm512_set1_ps(-0.0))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lt_f64(a: __m512d, b: __m512d) -> __mmask8 {
    _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lt_f32(a: __m512, b: __m512) -> __mmask16 {
    _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn le_f64(a: __m512d, b: __m512d) -> __mmask8 {
    _mm512_cmp_pd_mask::<_CMP_LE_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn le_f32(a: __m512, b: __m512) -> __mmask16 {
    _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn eq_f64(a: __m512d, b: __m512d) -> __mmask8 {
    _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn eq_f32(a: __m512, b: __m512) -> __mmask16 {
    _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn any_f64(mask: __mmask8) -> bool {
    mask != 0
}

#[inline]
#[target_feature(enable = "avx512f")]
fn any_f32(mask: __mmask16) -> bool {
    mask != 0
}

#[inline]
#[target_feature(enable = "avx512f")]
fn select_f64(mask: __mmask8, yes: __m512d, no: __m512d) -> __m512d {
    _mm512_mask_blend_pd(mask, no, yes)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn select_f32(mask: __mmask16, yes: __m512, no: __m512) -> __m512 {
    _mm512_mask_blend_ps(mask, no, yes)
}

// SAFETY (all blocks): a lane exists only where its instructions do.
#[expect(clippy::undocumented_unsafe_blocks, reason = "SAFETY above")]
impl Double for F64x8 {
    #[inline(always)]
    fn exponent(self) -> Self {
        Self(unsafe { _mm512_getexp_pd(self.0) })
    }
    #[inline(always)]
    fn significand(self) -> Self {
        Self(unsafe { _mm512_getmant_pd::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_SRC>(self.0) })
    }
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        Self(unsafe { _mm512_scalef_pd(self.0, n.0) })
    }
    #[inline(always)]
    fn cbrt_estimate(self) -> Self {
        Self(unsafe { cbrt_estimate(self.0) })
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn cbrt_estimate(x: __m512d) -> __m512d {
    let upper = _mm512_srli_epi64::<32>(_mm512_castpd_si512(x));
    let third = _mm512_mul_epu32(upper, _mm512_set1_epi64(i64::from(THIRD)));
    _mm512_castsi512_pd(_mm512_add_epi64(third, _mm512_set1_epi64(CBRT_OFFSET as i64)))
}

// SAFETY (all blocks): a lane exists only where its instructions do.
#[expect(clippy::undocumented_unsafe_blocks, reason = "SAFETY above")]
impl Single for F32x16 {
    #[inline(always)]
    fn bits(mask: __mmask16) -> u32 {
        u32::from(mask)
    }
    #[inline(always)]
    fn compress(self, mask: __mmask16) -> Self {
        Self(unsafe { _mm512_maskz_compress_ps(mask, self.0) })
    }
}
