//! The random numbers of eight trials at once: those of [`Random`](crate::base::random::Random) with the trial as index.

use crate::base::random::philox4x32;

/// The stream of trials, apart from all other uses of a seed.
pub(super) const STREAM: u32 = 0x4f46_5449;

/// Trials that are made at once.
pub(super) const EIGHT: usize = 8;

/// Uniform numbers of eight trials.
pub(super) type Uniform = [f64; EIGHT];

/// Draws 2 `block` and 2 `block` + 1 of trials `first` to `first` + 7, between 0 and 1.
#[inline(always)]
pub(super) fn uniforms(seed: u64, first: u64, block: u32) -> [Uniform; 2] {
    let key = [seed as u32, (seed >> 32) as u32];
    let mut even = [0.0; EIGHT];
    let mut odd = [0.0; EIGHT];
    for (place, (even, odd)) in even.iter_mut().zip(&mut odd).enumerate() {
        let trial = first + place as u64;
        let word = philox4x32([trial as u32, (trial >> 32) as u32, STREAM, block], key);
        *even = uniform(u64::from(word[0]) | u64::from(word[1]) << 32);
        *odd = uniform(u64::from(word[2]) | u64::from(word[3]) << 32);
    }
    [even, odd]
}

/// The middle of one of 2^52 equal intervals between 0 and 1.
#[inline(always)]
fn uniform(bits: u64) -> f64 {
    f64::from_bits(bits >> 12 | 1f64.to_bits()) - (1.0 - 0.5 * f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn they_are_those_of_a_particle_of_that_number() {
        for first in [0, 5, (1 << 40) + 3, u64::from(u32::MAX) - 3] {
            let [a, b] = uniforms(77, first, 2);
            for place in 0..EIGHT {
                let mut random = Random::new(77, STREAM, first + place as u64);
                random.skip_to(4);
                assert_eq!([a[place], b[place]], [random.uniform(), random.uniform()]);
            }
        }
    }
}
