//! The estimate of the reciprocal square root: whether to use it, and whether two machines have the same.

use serde::{Deserialize, Serialize};

use super::{Kernel, Lane, Level, Simd};

/// How reciprocal square roots are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rsqrt {
    /// From the processor's estimate, then improved: fast, and the same bits where [`fingerprint`] is the same.
    Approximate,
    /// By square root and division: the same bits on every machine and at every level.
    Exact,
}

/// How many arguments the fingerprint is made of: enough to see each entry of the processors' tables.
const ARGUMENTS: usize = 1 << 14;

/// A hash of the bits that [`Lane::rsqrt`] gives for a fixed set of arguments, in both precisions.
///
/// Two processors with the same fingerprint of a level compute the same with [`Rsqrt::Approximate`] at that level.
///
/// # Panics
/// If this processor lacks the level.
pub fn fingerprint(level: Level) -> u64 {
    level.run(Fingerprint)
}

struct Fingerprint;

impl Kernel for Fingerprint {
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> u64 {
        let mut hash = 0;
        let mut double = [0.0; 16];
        let mut single = [0.0; 16];
        for i in 0..ARGUMENTS {
            let x = argument(i);
            S::F64::splat(simd, x).rsqrt().store(&mut double);
            S::F32::splat(simd, x as f32).rsqrt().store(&mut single);
            hash = mix(hash ^ double[0].to_bits());
            hash = mix(hash ^ u64::from(single[0].to_bits()));
        }
        hash
    }
}

/// Numbers that fill [1, 4) evenly, where the significand and the parity of the exponent take all values, times powers
/// of 16 over most of the range of single precision.
fn argument(i: usize) -> f64 {
    let exponent = (i % 31) as i32 - 15;
    (1.0 + 3.0 * (i as f64 + 0.37) / ARGUMENTS as f64) * 16f64.powi(exponent)
}

/// A bijection of 64 bits that spreads each bit over all (the finaliser of SplitMix64: Steele, Lea and Flood 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
