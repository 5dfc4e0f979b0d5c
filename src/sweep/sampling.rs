//! Samples of the unit cube: the coordinate of a sample in a dimension is a function of seed, index and dimension alone.
//!
//! *Latin hypercube* (McKay, Beckman & Conover 1979): each dimension is cut into as many slices as there are samples, and
//! each slice holds one. Which one is a permutation per dimension, never written down: a Feistel network with keys
//! from the seed permutes the numbers below a power of four, and a result that is too large is permuted again until it
//! fits (cycle walking, Black & Rogaway 2002); at most four times as many numbers are walked through, on average.
//!
//! *Sobol*: a sequence of low discrepancy, with Owen's scrambling by the seed (crate `sobol_burley`, after Burley 2020):
//! at most 65 536 samples in 256 dimensions, coordinates of 24 bits. Best with a power of two.

use crate::base::random::Random;
use crate::{Error, Result};

/// Streams of random numbers: keys of permutations, places within slices, the seed of the Sobol sequence.
const KEYS: u32 = 0x4c48_534b;
const JITTER: u32 = 0x4c48_534a;
const SOBOL: u32 = 0x534f_424c;
/// Rounds of the Feistel network; four are enough against distinguishers that see few values, more cost little.
const ROUNDS: usize = 8;
/// The longest Sobol sequence that keeps its properties.
const SOBOL_SAMPLES: u64 = 1 << 16;

/// A set of samples of the unit cube.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    kind: Kind,
    count: u64,
}

#[derive(Clone, Debug)]
enum Kind {
    LatinHypercube { seed: u64, centred: bool, permutations: Vec<Permutation> },
    Sobol { seed: u32 },
}

impl Samples {
    /// A Latin hypercube of `count` samples, each at a random place of its slice or in the middle.
    ///
    /// # Errors
    /// `parameters.samples` is 0.
    pub(crate) fn latin_hypercube(seed: u64, count: u64, dimensions: usize, centred: bool) -> Result<Self> {
        at_least_one(count)?;
        let permutations = (0..dimensions as u64).map(|dimension| Permutation::new(seed, dimension, count)).collect();
        Ok(Samples { kind: Kind::LatinHypercube { seed, centred, permutations }, count })
    }

    /// The first `count` samples of a scrambled Sobol sequence.
    ///
    /// # Errors
    /// More samples or dimensions than the sequence has; no samples.
    pub(crate) fn sobol(seed: u64, count: u64, dimensions: usize) -> Result<Self> {
        at_least_one(count)?;
        if count > SOBOL_SAMPLES {
            let reason =
                format!("a Sobol sequence has at most {SOBOL_SAMPLES} samples; \"latin_hypercube\" has no limit");
            return Err(Error::input("parameters.samples", format!("{count} are too many: {reason}")));
        }
        if dimensions > sobol_burley::NUM_DIMENSIONS as usize {
            let reason = format!(
                "{dimensions} parameters are too many for a Sobol sequence, which has {} dimensions; \
                 \"latin_hypercube\" has no limit",
                sobol_burley::NUM_DIMENSIONS
            );
            return Err(Error::input("parameters.values", reason));
        }
        Ok(Samples { kind: Kind::Sobol { seed: Random::new(seed, SOBOL, 0).bits() as u32 }, count })
    }

    /// How many samples there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The coordinate of sample `index` (below [`count`](Samples::count)) in `dimension`, between 0 and 1 and never either.
    pub(crate) fn coordinate(&self, index: u64, dimension: usize) -> f64 {
        match &self.kind {
            Kind::LatinHypercube { seed, centred, permutations } => {
                let slice = permutations[dimension].at(index) as f64;
                let within = if *centred { 0.5 } else { jitter(*seed, index, dimension) };
                ((slice + within) / self.count as f64).min(1.0 - f64::EPSILON / 2.0)
            }
            Kind::Sobol { seed } => {
                // The middle of the interval of the coordinate's 24 bits.
                f64::from(sobol_burley::sample(index as u32, dimension as u32, *seed)) + 0.5f64.powi(25)
            }
        }
    }
}

fn at_least_one(count: u64) -> Result<()> {
    if count > 0 { Ok(()) } else { Err(Error::input("parameters.samples", "0 leaves no task: it must be at least 1")) }
}

fn jitter(seed: u64, index: u64, dimension: usize) -> f64 {
    let mut random = Random::new(seed, JITTER, index);
    random.skip_to(dimension as u64);
    random.uniform()
}

/// A permutation of the numbers below `count`.
#[derive(Clone, Debug)]
pub(super) struct Permutation {
    keys: [u64; ROUNDS],
    count: u64,
    /// Bits of half a number of the network.
    half: u32,
}

impl Permutation {
    pub(super) fn new(seed: u64, dimension: u64, count: u64) -> Self {
        let mut random = Random::new(seed, KEYS, dimension);
        let bits = u64::BITS - (count - 1).leading_zeros();
        Permutation { keys: std::array::from_fn(|_| random.bits()), count, half: bits.div_ceil(2).max(1) }
    }

    /// The place of `index`, below `count`, in the permutation.
    pub(super) fn at(&self, index: u64) -> u64 {
        let mut place = self.network(index);
        while place >= self.count {
            place = self.network(place);
        }
        place
    }

    fn network(&self, number: u64) -> u64 {
        let mask = u64::MAX >> (u64::BITS - self.half);
        let mut high = number >> self.half & mask;
        let mut low = number & mask;
        for key in self.keys {
            (high, low) = (low, high ^ (mix(low ^ key) & mask));
        }
        high << self.half | low
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `parts` equal intervals hold how many samples.
    fn histogram(samples: &Samples, dimension: usize, parts: usize) -> Vec<u64> {
        let mut counts = vec![0; parts];
        (0..samples.count()).for_each(|i| counts[(samples.coordinate(i, dimension) * parts as f64) as usize] += 1);
        counts
    }

    /// The centred L2 discrepancy of Hickernell (1998), squared.
    fn discrepancy(points: &[Vec<f64>]) -> f64 {
        let n = points.len() as f64;
        let d = points[0].len() as i32;
        let far = |x: f64| (x - 0.5).abs();
        let single = |x: &f64| 1.0 + 0.5 * far(*x) - 0.5 * far(*x).powi(2);
        let first: f64 = points.iter().map(|p| p.iter().map(single).product::<f64>()).sum();
        let pair = |(x, y): (&f64, &f64)| 1.0 + 0.5 * far(*x) + 0.5 * far(*y) - 0.5 * (x - y).abs();
        let both = |p: &Vec<f64>| points.iter().map(|q| p.iter().zip(q).map(pair).product::<f64>()).sum::<f64>();
        let second: f64 = points.iter().map(both).sum();
        (13.0f64 / 12.0).powi(d) - 2.0 / n * first + second / (n * n)
    }

    fn points(samples: &Samples, dimensions: usize) -> Vec<Vec<f64>> {
        (0..samples.count()).map(|i| (0..dimensions).map(|d| samples.coordinate(i, d)).collect()).collect()
    }

    #[test]
    fn every_slice_of_a_latin_hypercube_holds_one_sample() {
        for count in [1, 2, 3, 4, 5, 17, 100, 1000] {
            for centred in [false, true] {
                let samples = Samples::latin_hypercube(7, count, 3, centred).unwrap();
                (0..3).for_each(|d| assert!(histogram(&samples, d, count as usize).iter().all(|&n| n == 1), "{count}"));
            }
        }
    }

    #[test]
    fn large_permutations_do_not_repeat_and_stay_below_their_count() {
        for count in [(1 << 20) + 1, 1 << 20, u64::MAX] {
            let permutation = Permutation::new(3, 0, count);
            let mut seen: Vec<u64> = (0..100_000).map(|i| permutation.at(i)).collect();
            seen.sort_unstable();
            seen.dedup();
            assert!(seen.len() == 100_000 && seen[seen.len() - 1] < count);
        }
    }

    #[test]
    fn all_permutations_of_few_are_about_equally_frequent() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..24_000 {
            let permutation = Permutation::new(seed, 1, 4);
            *counts.entry([0, 1, 2, 3].map(|i| permutation.at(i))).or_insert(0u64) += 1;
        }
        let chi: f64 = counts.values().map(|&n| (n as f64 - 1000.0).powi(2) / 1000.0).sum();
        // 23 degrees of freedom: above 56 once in 10 000 times.
        assert!(counts.len() == 24 && chi < 56.0, "{} permutations, chi squared {chi}", counts.len());
    }

    #[test]
    fn dimensions_and_seeds_are_permuted_independently() {
        let n = 10_000u64;
        let samples = Samples::latin_hypercube(5, n, 2, false).unwrap();
        let other = Samples::latin_hypercube(6, n, 2, false).unwrap();
        let correlation = |x: &dyn Fn(u64) -> f64, y: &dyn Fn(u64) -> f64| {
            12.0 * (0..n).map(|i| (x(i) - 0.5) * (y(i) - 0.5)).sum::<f64>() / n as f64
        };
        let first = |i| samples.coordinate(i, 0);
        for second in [&|i| samples.coordinate(i, 1), &|i| other.coordinate(i, 0), &|i| i as f64 / n as f64]
            as [&dyn Fn(u64) -> f64; 3]
        {
            assert!(correlation(&first, second).abs() < 0.04);
        }
        let within: f64 = (0..n).map(|i| (first(i) * n as f64).fract()).sum::<f64>() / n as f64;
        assert!((within - 0.5).abs() < 0.015);
    }

    #[test]
    fn sobol_samples_are_stratified_in_one_and_two_dimensions() {
        let samples = Samples::sobol(9, 1024, 8).unwrap();
        (0..8).for_each(|d| assert!(histogram(&samples, d, 1024).iter().all(|&n| n == 1), "dimension {d}"));
        // The first two dimensions are a (0, 2)-net: every box of area 1/1024 with sides that are powers of two holds one.
        for bits in 0..=10 {
            let across = 1 << bits;
            let down = 1 << (10 - bits);
            let mut boxes = vec![0; 1024];
            for i in 0..1024 {
                let x = samples.coordinate(i, 0) * across as f64;
                let y = samples.coordinate(i, 1) * down as f64;
                boxes[x as usize * down + y as usize] += 1;
            }
            assert!(boxes.iter().all(|&n| n == 1), "{across} x {down}");
        }
    }

    #[test]
    fn both_samplings_are_more_even_than_random_numbers() {
        let n = 512;
        let d = 4;
        let random: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let mut random = Random::new(1, 0, i);
                (0..d).map(|_| random.uniform()).collect()
            })
            .collect();
        let of_random = discrepancy(&random);
        let of_latin = discrepancy(&points(&Samples::latin_hypercube(1, n, d, false).unwrap(), d));
        let of_sobol = discrepancy(&points(&Samples::sobol(1, n, d).unwrap(), d));
        assert!(of_latin < 0.7 * of_random && of_sobol < 0.05 * of_random, "{of_random} {of_latin} {of_sobol}");
    }

    #[test]
    fn samples_are_the_same_today_as_when_they_were_first_drawn() {
        let latin = Samples::latin_hypercube(1, 10, 2, false).unwrap();
        let sobol = Samples::sobol(1, 10, 2).unwrap();
        let told = [latin.coordinate(3, 1), sobol.coordinate(3, 1)];
        assert_eq!(told, LATIN_AND_SOBOL, "{told:?}");
    }

    /// Made by this code; a change would make plans of earlier versions other plans.
    const LATIN_AND_SOBOL: [f64; 2] = [0.23353265238511084, 0.7191409170627594];

    #[test]
    fn more_than_a_sobol_sequence_has_is_refused() {
        assert!(Samples::sobol(1, 65_536, 256).is_ok());
        assert!(Samples::sobol(1, 65_537, 2).unwrap_err().to_string().contains("at most 65536 samples"));
        assert!(Samples::sobol(1, 8, 257).unwrap_err().to_string().contains("256 dimensions"));
        assert!(Samples::latin_hypercube(1, 0, 2, true).unwrap_err().to_string().contains("at least 1"));
    }
}
