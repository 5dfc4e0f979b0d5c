//! SIMD lanes: arithmetic on several numbers at once, written once and chosen at run time.
//!
//! One binary, built for the plainest processor of its kind, runs at the width of the machine it finds. In order:
//!
//! 1. [`Level::detect`] names the widest instruction set of this processor; ranks agree on one that all have.
//! 2. Code for lanes is a [`Kernel`]: a value whose `run` is generic over [`Simd`] and computes with its [`Lane`] types.
//! 3. [`Level::run`] enters the kernel with the instructions of that level enabled.
//!
//! Everything between `run` and the arithmetic must be generic and `#[inline(always)]`: a plain function or a closure in
//! between is compiled without the wide instructions and costs most of the speed.
//!
//! Each operation rounds as IEEE 754 says, fused multiply-add included, and gives the same bits at every level. The
//! exception is [`Lane::rsqrt`], an estimate that differs between levels and between makers of processors: compare its
//! [`fingerprint`], or use [`Rsqrt::Exact`], where results must not depend on the machine.
//!
//! [`functions`] has sines, logarithms and the like for lanes of double precision, with the same bits at every level too.
//!
//! Horizontal sums are left out on purpose: their order would depend on the width. Where a sum over places is needed,
//! [`Simd::Eight`] has as many of them at every level.

#[macro_use]
mod table;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(test)]
pub(crate) mod double_double;
pub mod functions;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pair;
mod portable;
mod rsqrt;
#[cfg(test)]
mod tests;

use std::ops::{Add, Div, Mul, Neg, Sub};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use rsqrt::{Rsqrt, fingerprint};

/// An instruction set, from the plainest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// Arrays that the compiler may vectorise: every processor.
    Portable,
    /// 128-bit lanes of 64-bit ARM.
    Neon,
    /// 256-bit lanes with fused multiply-add of x86-64.
    Avx2,
    /// 512-bit lanes of x86-64 (the F, DQ and VL parts of AVX-512).
    Avx512,
}

impl Level {
    const ALL: [Level; 4] = [Level::Portable, Level::Neon, Level::Avx2, Level::Avx512];

    /// The widest level of this processor.
    pub fn detect() -> Level {
        Level::available().pop().unwrap_or(Level::Portable)
    }

    /// All levels of this processor, the widest last.
    pub fn available() -> Vec<Level> {
        Level::ALL.into_iter().filter(|level| level.is_available()).collect()
    }

    /// The lower-case name, as it stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Neon => "neon",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// Whether this processor has the instructions of this level.
    pub fn is_available(self) -> bool {
        match self {
            Level::Portable => true,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2::is_available(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512::is_available(),
            _ => false,
        }
    }

    /// Runs `kernel` with the instructions of this level.
    ///
    /// # Panics
    /// If this processor does not have them ([`Level::is_available`]).
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        assert!(self.is_available(), "this processor has no {} instructions", self.name());
        match self {
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the processor has the instructions, as asserted above.
            Level::Neon => unsafe { neon::enter(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has the instructions, as asserted above.
            Level::Avx2 => unsafe { avx2::enter(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has the instructions, as asserted above.
            Level::Avx512 => unsafe { avx512::enter(kernel) },
            _ => portable::enter(kernel),
        }
    }
}

/// Asks the processor to bring numbers into its cache while it computes on; what it computes doesn't change.
///
/// It finds by itself what lies in long rows, but not the beginnings of short ones.
pub fn prefetch<T: Copy>(numbers: &[T]) {
    // A line of the cache.
    #[cfg(target_arch = "x86_64")]
    for line in numbers.chunks((64 / size_of::<T>().max(1)).max(1)) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: any x86-64 processor has the instruction, which reads nothing that a program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}

/// A computation written for any width.
pub trait Kernel {
    /// What the computation returns.
    type Output;

    /// Computes; to be marked `#[inline(always)]`, like all generic functions that it calls.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// The proof that the instructions of a level may be used, and the names of its lanes.
///
/// Only [`Level::run`] makes such a value, after asking the processor.
pub trait Simd: Copy {
    /// Lanes of double precision.
    type F64: Double<Simd = Self>;
    /// Lanes of single precision.
    type F32: Single<Simd = Self>;
    /// Eight numbers of double precision, in as many vectors as they take: the same width at every level.
    type Eight: Double<Simd = Self>;
}

/// Several numbers that are computed with at once.
pub trait Lane:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The proof that this lane's instructions may be used.
    type Simd: Simd;
    /// The number in each place.
    type Scalar: Copy + From<f32>;
    /// A truth value for each place.
    type Mask: Copy;
    /// How many numbers.
    const WIDTH: usize;
    /// A bound of the relative error of [`Lane::rsqrt`].
    const RSQRT_ERROR: f64;

    /// `x` in each place.
    fn splat(simd: Self::Simd, x: Self::Scalar) -> Self;

    /// The first [`Lane::WIDTH`] numbers of `from`.
    ///
    /// # Panics
    /// If there are fewer.
    fn load(simd: Self::Simd, from: &[Self::Scalar]) -> Self;

    /// Writes all places to the first [`Lane::WIDTH`] numbers of `to`.
    ///
    /// # Panics
    /// If there are fewer.
    fn store(self, to: &mut [Self::Scalar]);

    /// `self * factor + addend`, rounded once.
    fn mul_add(self, factor: Self, addend: Self) -> Self;

    /// `minuend - self * factor`, rounded once.
    fn neg_mul_add(self, factor: Self, minuend: Self) -> Self;

    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// An estimate of `1 / sqrt(self)` with a relative error of at most [`Lane::RSQRT_ERROR`].
    ///
    /// Its argument must be a normal number of single precision (1.2e-38 to 3.4e38), also in lanes of double precision:
    /// where the processor has no estimate in double precision, the one of single precision is widened.
    fn rsqrt(self) -> Self;

    /// The absolute value.
    fn abs(self) -> Self;

    /// `self` where `self < other`, else `other` (also where either is not a number).
    fn min(self, other: Self) -> Self;

    /// `self` where `self > other`, else `other` (also where either is not a number).
    fn max(self, other: Self) -> Self;

    /// The bits set in either: of absolute values, zero where both are zero.
    fn bit_or(self, other: Self) -> Self;

    /// Where `self < other`.
    fn lt(self, other: Self) -> Self::Mask;

    /// Where `self <= other`.
    fn le(self, other: Self) -> Self::Mask;

    /// Where `self == other`.
    fn eq(self, other: Self) -> Self::Mask;

    /// Where both hold.
    fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask;

    /// Where at least one holds.
    fn or(a: Self::Mask, b: Self::Mask) -> Self::Mask;

    /// Whether it holds in any place.
    fn any(mask: Self::Mask) -> bool;

    /// `yes` where `mask` holds, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
}

/// Lanes of double precision, and what functions need of their bits: the same at every level.
pub trait Double: Lane<Scalar = f64> {
    /// The n of x = 2^n s with 1 <= s < 2, for positive normal numbers.
    fn exponent(self) -> Self;

    /// The s of x = 2^n s with 1 <= s < 2, for positive normal numbers.
    fn significand(self) -> Self;

    /// x 2^n, for whole n from -1022 to 1023 and where x and the result are normal or zero.
    fn scale(self, n: Self) -> Self;

    /// An estimate of the cube root of positive normal numbers, good to 3.5 %: a third of the bits, read as a whole number.
    fn cbrt_estimate(self) -> Self;
}

/// Lanes of single precision, and what lists need of them: the same at every level.
pub trait Single: Lane<Scalar = f32> {
    /// A bit for each place, the first place's lowest: set where `mask` holds.
    fn bits(mask: Self::Mask) -> u32;

    /// The numbers of the places where `mask` holds, moved to the front in their order; what stands behind them is left open.
    fn compress(self, mask: Self::Mask) -> Self;
}

/// Added to a whole number n of at most 2^31 or so in size, it leaves n + 1023, the biased exponent of 2^n, in the low bits.
const EXPONENT_BIAS: f64 = 4_503_599_627_370_496.0 + 1023.0;

/// The bits of 2^52: over them, the bits of a whole number below 2^52 make the number 2^52 + n.
const WHOLE: u64 = 0x4330_0000_0000_0000;

/// The bits of the significand without its leading one, and the bits of 1.
const FRACTION: u64 = 0x000f_ffff_ffff_ffff;
const ONE: u64 = 0x3ff0_0000_0000_0000;

/// What makes a cube root of a third of the bits: a third for the upper half of the bits, and two thirds of the exponent's bias,
/// less what balances the error.
const THIRD: u32 = 0x5555_5556;
const CBRT_OFFSET: u64 = 0x2a9f_7893_0000_0000;
