//! The most that one core can do: fused multiply-adds without memory, dependences or anything else.

use std::hint::black_box;
use std::time::Instant;

use divisi::simd::{Kernel, Lane, Level, Simd};

/// Independent chains: at least latency times units of today's processors (4 cycles, 2 units), and few enough to stay in registers.
const CHAINS: usize = 12;
const STEPS: usize = 40_000;

/// Floating-point operations per second of one core in one short try (about 0.1 ms), in double and single precision; a
/// multiply-add counts as two.
///
/// The clock of a shared machine wanders: take tries in turn with what is compared, and compare medians.
pub(crate) fn peak_flops(level: Level) -> [f64; 2] {
    [level.run(Double), level.run(Single)]
}

struct Double;
struct Single;

impl Kernel for Double {
    type Output = f64;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        chains::<S::F64>(simd)
    }
}

impl Kernel for Single {
    type Output = f64;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        chains::<S::F32>(simd)
    }
}

/// x <- x/2 + 1/2 in each chain.
#[inline(always)]
fn chains<L: Lane>(simd: L::Simd) -> f64 {
    let half = L::splat(simd, black_box(0.5).into());
    let mut x = [L::splat(simd, black_box(3.0).into()); CHAINS];
    let start = Instant::now();
    for _ in 0..STEPS {
        for x in &mut x {
            *x = x.mul_add(half, half);
        }
    }
    black_box(&x);
    (2 * L::WIDTH * CHAINS * STEPS) as f64 / start.elapsed().as_secs_f64()
}
