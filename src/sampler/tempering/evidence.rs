//! The evidence, the integral of prior times likelihood, from the likelihoods along a ladder of temperatures.
//!
//! Two estimates from the same samples, each with its error:
//!
//! - *thermodynamic integration*: ln Z is the integral over beta from 0 to 1 of the mean ln likelihood at beta. It is taken over ln beta, since
//!   beta times that mean is constant where the likelihood is normal. Its slope follows from the variance of the ln likelihood, so a
//!   trapezoidal rule with corrected ends is of fourth order (Friel, Hurn & Wyse 2014, Stat. Comput. 24, 709). What the rule leaves
//!   out is estimated by doing without every second temperature, and added (Richardson). From the prior to the hottest other
//!   temperature the integral is the logarithm of a mean over the prior;
//! - *stepping stones*: Z is a product of ratios between neighbours, each the mean of a power of the likelihood at the hotter
//!   of them (Xie et al. 2011, Syst. Biol. 60, 150). Nothing is left out, but a step that is too long has a large error.
//!
//! Sums are kept for some hundreds of stretches of time, which become twice as long whenever there are too many. At each temperature the
//! mean ln likelihoods of these stretches are a chain of their own: what is burn-in of any is left out of all. Where one drifts all the
//! same, or has an autocorrelation time that the rest isn't many times as long as, the estimates have no error: they can't be
//! trusted.
//!
//! The error of sampling comes from leaving out parts of the chain in turn (jackknife): single parts, pairs, fours .. up to
//! halves. The largest counts: it covers what moves more slowly than a part is long.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::super::convergence::{BurnIn, Column, autocorrelation_time};
use super::super::walkers::replicated;
use crate::io::{Checkpoint, CheckpointReader};
use crate::{Error, Result};

/// The most stretches of time, and the most parts that are made of them; there are at least half as many once there have been so many steps.
const MOST: usize = 1024;
const PARTS: usize = 32;
/// Autocorrelation times of every temperature that the evidence needs.
const TIMES: f64 = 50.0;
/// What a fourth-order rule leaves out with every second point, over what it leaves out with all, less one.
const RICHARDSON: f64 = 15.0;

/// A number and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// ln of the evidence, in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// By thermodynamic integration.
    pub thermodynamic: Estimate,
    /// By stepping stones.
    pub stepping_stones: Estimate,
    /// The share of the kept steps, from the first on, that is left out since walkers still drifted.
    pub left_out: f64,
    /// The hottest and the coldest inverse temperature at which walkers drift all the same, or move too slowly for so few steps. Then the errors are infinite: the
    /// evidence isn't known yet.
    pub drifting: Option<[f64; 2]>,
}

/// Sums of ln likelihoods at one temperature over a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    first: f64,
    squares: f64,
    /// The sum of exp(step times ln likelihood), over exp(highest).
    powers: f64,
    highest: f64,
}

/// The numbers in [`Sums`], and in a stretch beside them.
const WIDTH: usize = 4;

/// Sums for each stretch of time and temperature.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Batches {
    temperatures: usize,
    /// Samples that make a full stretch, and those in the last one.
    length: u64,
    filled: u64,
    /// Stretch after stretch, the temperatures of each.
    sums: Vec<Sums>,
}

impl Sums {
    fn empty() -> Self {
        Sums { highest: f64::NEG_INFINITY, ..Sums::default() }
    }

    /// Adds a ln likelihood; `step` is the difference of beta to the next colder temperature.
    #[inline]
    fn add(&mut self, value: f64, step: f64) {
        self.first += value;
        self.squares += value * value;
        if step > 0.0 {
            self.add_power(step * value, 1.0);
        }
    }

    fn add_power(&mut self, exponent: f64, times: f64) {
        if exponent > self.highest {
            self.powers = self.powers * libm::exp(self.highest - exponent) + times;
            self.highest = exponent;
        } else if exponent > f64::NEG_INFINITY {
            self.powers += times * libm::exp(exponent - self.highest);
        }
    }

    fn merge(&mut self, other: &Sums) {
        self.first += other.first;
        self.squares += other.squares;
        self.add_power(other.highest, other.powers);
    }
}

impl Batches {
    pub(in super::super) fn new(temperatures: usize) -> Self {
        let sums = Vec::with_capacity(MOST * temperatures);
        Batches { temperatures, length: 1, filled: 1, sums }
    }

    /// Adds the ln likelihoods of all walkers at each temperature, at one step: as many for each, temperature after temperature.
    pub(in super::super) fn add(&mut self, betas: &[f64], values: impl Fn(usize, usize) -> f64, walkers: usize) {
        if self.filled == self.length {
            self.open();
        }
        let first = self.sums.len() - self.temperatures;
        for (k, sums) in self.sums[first..].iter_mut().enumerate() {
            let step = if k == 0 { 0.0 } else { betas[k - 1] - betas[k] };
            (0..walkers).for_each(|walker| sums.add(values(k, walker), step));
        }
        self.filled += 1;
    }

    /// Opens a stretch; joins pairs of them first, where there are too many.
    fn open(&mut self) {
        let count = self.sums.len() / self.temperatures;
        if count == MOST {
            for joined in 0..MOST / 2 * self.temperatures {
                let stretch = joined / self.temperatures;
                let k = joined % self.temperatures;
                let [a, b] = [0, 1].map(|half| self.sums[(2 * stretch + half) * self.temperatures + k]);
                self.sums[joined] = a;
                self.sums[joined].merge(&b);
            }
            self.sums.truncate(MOST / 2 * self.temperatures);
            self.length *= 2;
        }
        self.sums.resize(self.sums.len() + self.temperatures, Sums::empty());
        self.filled = 0;
    }

    /// The evidence from full stretches; nothing before there are four of them. `walkers` values were added at each step.
    pub(in super::super) fn evidence(&self, betas: &[f64], walkers: usize) -> Option<Evidence> {
        let full = self.full();
        if full < 4 {
            return None;
        }
        let (first, slow) = self.settled(full, betas);
        let parts = self.parts(first);
        let stretches = 0..parts.full();
        let estimate = |estimate: &dyn Fn(&Merged) -> f64| {
            let value = estimate(&parts.merged(&stretches, 0..0, walkers));
            let error = if slow.is_none() { parts.error(&stretches, walkers, estimate) } else { f64::INFINITY };
            Estimate { value, error }
        };
        let mut thermodynamic = estimate(&|merged| merged.thermodynamic(betas).iter().sum());
        let left_out_by_rule = parts.merged(&stretches, 0..0, walkers).thermodynamic(betas)[1];
        thermodynamic.error = thermodynamic.error.hypot(left_out_by_rule);
        Some(Evidence {
            thermodynamic,
            stepping_stones: estimate(&|merged| merged.stepping_stones()),
            left_out: first as f64 / full as f64,
            drifting: slow,
        })
    }

    /// The full stretches.
    fn full(&self) -> usize {
        self.sums.len() / self.temperatures - usize::from(self.filled < self.length)
    }

    /// The stretches from `first` on in parts of as many each, so few that they can be left out in turn; the last may not be full.
    fn parts(&self, first: usize) -> Batches {
        let sums = &self.sums[first * self.temperatures..];
        let count = sums.len() / self.temperatures;
        let size = count.div_ceil(PARTS).next_power_of_two().max(1);
        let part = |stretches: &[Sums]| {
            let mut part = vec![Sums::empty(); self.temperatures];
            for stretch in stretches.chunks_exact(self.temperatures) {
                part.iter_mut().zip(stretch).for_each(|(sums, stretch)| sums.merge(stretch));
            }
            part
        };
        let length = self.length * size as u64;
        let last = (count.max(1) - 1) % size;
        let filled = last as u64 * self.length + self.filled;
        let sums = sums.chunks(size * self.temperatures).flat_map(part).collect();
        Batches { temperatures: self.temperatures, length, filled, sums }
    }

    /// The first of the full stretches from which on no temperature drifts, at most that in the middle; and the hottest and the coldest inverse temperature
    /// at which they drift all the same, or are too few for its autocorrelation time. At that of the prior each step is drawn anew.
    fn settled(&self, full: usize, betas: &[f64]) -> (usize, Option<[f64; 2]>) {
        let mean = |stretch: usize, k: usize| self.sums[stretch * self.temperatures + k].first;
        let column = |from: usize, k| Column::new(full - from, (from..full).map(|stretch| mean(stretch, k)).collect());
        let moving: Vec<usize> = (0..self.temperatures).filter(|k| betas[*k] > 0.0).collect();
        let found: Vec<BurnIn> = moving.iter().map(|&k| BurnIn::of_column(&column(0, k))).collect();
        let first = found.iter().map(|found| found.steps as usize).max().unwrap_or(0);
        let is_settled = |k: usize| {
            let time = autocorrelation_time(&column(first, k));
            // Infinite: of what never changes.
            !time.is_finite() || TIMES * time <= (full - first) as f64
        };
        let slow = moving.iter().zip(&found).filter(|(k, found)| !found.is_over || !is_settled(**k));
        let slow: Vec<f64> = slow.map(|(k, _)| betas[*k]).collect();
        (first, slow.last().map(|hottest| [*hottest, slow[0]]))
    }

    /// The standard error: the largest by parts of one stretch, of two, of four, up to halves.
    fn error(&self, stretches: &Range<usize>, walkers: usize, estimate: &dyn Fn(&Merged) -> f64) -> f64 {
        let count = stretches.len();
        let sizes = (0..).map(|power| 1 << power).take_while(|size| 2 * size <= count);
        let error = |size: usize| {
            // Where they are no whole number of parts, the first stretches are in none.
            let first = stretches.start + count % size;
            let parts = (first..stretches.end).step_by(size).map(|start| start..start + size);
            let parts: Vec<f64> = parts.map(|part| estimate(&self.merged(stretches, part, walkers))).collect();
            jackknife(&parts)
        };
        sizes.map(error).fold(0.0, f64::max)
    }

    /// The sums of these stretches, but for some.
    fn merged(&self, stretches: &Range<usize>, without: Range<usize>, walkers: usize) -> Merged {
        let mut sums = vec![Sums::empty(); self.temperatures];
        let taken: Vec<usize> = stretches.clone().filter(|stretch| !without.contains(stretch)).collect();
        for &stretch in &taken {
            let stretch = &self.sums[stretch * self.temperatures..][..self.temperatures];
            sums.iter_mut().zip(stretch).for_each(|(sums, stretch)| sums.merge(stretch));
        }
        Merged { samples: (taken.len() as u64 * self.length * walkers as u64) as f64, sums }
    }

    /// Writes them. All ranks.
    pub(in super::super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.values("sampler_stretches", &[self.length, self.filled, self.sums.len() as u64])?;
        let numbers: Vec<f64> =
            self.sums.iter().flat_map(|sums| [sums.first, sums.squares, sums.powers, sums.highest]).collect();
        if numbers.is_empty() { Ok(()) } else { to.replicated("sampler_likelihoods", &numbers) }
    }

    /// Reads what [`save`](Batches::save) wrote.
    pub(in super::super) fn load(&mut self, from: &CheckpointReader) -> Result<()> {
        let lengths = from.values::<u64>("sampler_stretches")?;
        let &[length, filled, sums] = &lengths[..] else {
            return Err(Error::file(from.path(), format!("sampler_stretches holds {} numbers, not 3", lengths.len())));
        };
        self.length = length;
        self.filled = filled;
        if sums > 0 {
            let numbers = replicated(from, "sampler_likelihoods", WIDTH * sums as usize)?;
            let sums = |row: &[f64]| Sums { first: row[0], squares: row[1], powers: row[2], highest: row[3] };
            self.sums.extend(numbers.chunks_exact(WIDTH).map(sums));
        }
        Ok(())
    }
}

/// Sums over a chain, or over most of it.
struct Merged {
    samples: f64,
    sums: Vec<Sums>,
}

impl Merged {
    /// Mean and variance of the ln likelihood at a temperature.
    fn moments(&self, temperature: usize) -> [f64; 2] {
        let Sums { first, squares, .. } = self.sums[temperature];
        let mean = first / self.samples;
        [mean, squares / self.samples - mean * mean]
    }

    /// The integral of the mean ln likelihood over beta, and what is left out.
    fn thermodynamic(&self, betas: &[f64]) -> [f64; 2] {
        let all: Vec<usize> = (0..betas.len() - 1).collect();
        let half: Vec<usize> = all.iter().copied().filter(|k| k.is_multiple_of(2) || k + 1 == all.len()).collect();
        let [all, half] = [all, half].map(|temperatures| self.integral(betas, &temperatures));
        [all, (all - half) / RICHARDSON]
    }

    /// The integral of the mean ln likelihood over beta, by the rule over some temperatures, from the coldest to the last but one.
    fn integral(&self, betas: &[f64], temperatures: &[usize]) -> f64 {
        let ends = |k: usize| {
            let [mean, variance] = self.moments(k);
            let beta = betas[k];
            // With x = ln β: f = dln Z/dx = β <ln L>,  df/dx = β <ln L> + β² var(ln L)
            [libm::log(beta), beta * mean, beta * mean + beta * beta * variance]
        };
        let piece = |pair: &[usize]| {
            let [cold, f, f_slope] = ends(pair[0]);
            let [hot, g, g_slope] = ends(pair[1]);
            let step = cold - hot;
            // h/2 (f + g) - h²/12 (f' - g')
            0.5 * step * (f + g) - step * step / 12.0 * (f_slope - g_slope)
        };
        temperatures.windows(2).map(piece).sum::<f64>() + self.ln_ratio(self.sums.len() - 1)
    }

    /// ln of the mean of the likelihood, to the power of the difference of beta to the next colder temperature: ln of a ratio of
    /// evidences, and the integral of the mean ln likelihood between the two.
    fn ln_ratio(&self, temperature: usize) -> f64 {
        let Sums { powers, highest, .. } = self.sums[temperature];
        // ln <L^Δβ>
        highest + libm::log(powers / self.samples)
    }

    /// The sum of ln ratios between neighbours.
    fn stepping_stones(&self) -> f64 {
        (1..self.sums.len()).map(|temperature| self.ln_ratio(temperature)).sum()
    }
}

/// The standard error from estimates that each leave out a part (Quenouille 1956; Tukey 1958).
fn jackknife(parts: &[f64]) -> f64 {
    let count = parts.len() as f64;
    let mean = parts.iter().sum::<f64>() / count;
    let squares: f64 = parts.iter().map(|part| (part - mean) * (part - mean)).sum();
    (squares * (count - 1.0) / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    /// Exact samples of a normal likelihood in five dimensions under a wide prior: at beta the distance has a gamma distribution.
    fn filled(betas: &[f64], steps: u64, walkers: usize, seed: u64) -> Batches {
        let mut batches = Batches::new(betas.len());
        for step in 0..steps {
            let value = |k: usize, walker: usize| {
                let mut random = Random::new(seed, k as u32, step * walkers as u64 + walker as u64);
                let square: f64 = (0..5).map(|_| random.normal().powi(2)).sum();
                -0.5 * square / betas[k].max(1e-2)
            };
            batches.add(betas, value, walkers);
        }
        batches
    }

    /// From 1 to 0.01 the integral of -(d / 2) / beta is d / 2 ln 0.01.
    const LADDER: [f64; 13] = [1.0, 0.7, 0.47, 0.32, 0.22, 0.15, 0.1, 0.068, 0.047, 0.032, 0.022, 0.015, 0.01];

    #[test]
    fn both_estimates_agree_with_the_exact_ratio_within_their_errors() {
        let exact = 2.5 * 0.01f64.ln();
        let mut deviations = [Vec::new(), Vec::new()];
        for seed in 0..20 {
            let evidence = filled(&LADDER, 400, 20, seed).evidence(&LADDER, 20).unwrap();
            for (estimate, deviations) in [evidence.thermodynamic, evidence.stepping_stones].iter().zip(&mut deviations)
            {
                assert!(estimate.error < 0.2, "{estimate:?}");
                deviations.push((estimate.value - exact) / estimate.error);
            }
        }
        for deviations in deviations {
            let mean_square = deviations.iter().map(|z| z * z).sum::<f64>() / 20.0;
            assert!((0.3..2.2).contains(&mean_square), "{deviations:?}");
            assert!(deviations.iter().all(|z| z.abs() < 3.5), "{deviations:?}");
        }
    }

    /// As [`filled`], with `drift` added to the ln likelihoods of one temperature, by the share of the steps.
    fn drifting(drift: impl Fn(f64) -> f64, seed: u64) -> Batches {
        const STEPS: u64 = 800;
        let mut batches = Batches::new(LADDER.len());
        for step in 0..STEPS {
            let value = |k: usize, walker: usize| {
                let mut random = Random::new(seed, k as u32, step * 20 + walker as u64);
                let square: f64 = (0..5).map(|_| random.normal().powi(2)).sum();
                let added = if k == 7 { drift(step as f64 / STEPS as f64) } else { 0.0 };
                -0.5 * square / LADDER[k] + added
            };
            batches.add(&LADDER, value, 20);
        }
        batches
    }

    /// A slow passage at one temperature alone, of which the coldest see nothing.
    #[test]
    fn a_temperature_that_drifts_is_left_out_while_it_does_or_leaves_no_error() {
        let exact = 2.5 * 0.01f64.ln();
        for seed in 0..5 {
            let settled = drifting(|share| if share < 0.2 { -300.0 } else { 0.0 }, seed).evidence(&LADDER, 20).unwrap();
            assert!(settled.drifting.is_none() && (0.2..=0.5).contains(&settled.left_out), "{settled:?}");
            let stones = settled.stepping_stones;
            assert!((stones.value - exact).abs() < 4.0 * stones.error && stones.error < 0.2, "{settled:?}");
            for drift in [|share: f64| -300.0 * (1.0 - share), |share: f64| if share < 0.75 { -100.0 } else { 0.0 }] {
                let drifts = drifting(drift, seed).evidence(&LADDER, 20).unwrap();
                assert_eq!(drifts.drifting, Some([LADDER[7]; 2]), "{drifts:?}");
                assert!(drifts.stepping_stones.error == f64::INFINITY, "{drifts:?}");
            }
            let quiet = drifting(|_| 0.0, seed).evidence(&LADDER, 20).unwrap();
            assert!(quiet.drifting.is_none() && quiet.left_out == 0.0, "{quiet:?}");
        }
    }

    /// Slower than a stretch is long: the scatter of single stretches would give an error that is too small by half.
    #[test]
    fn the_error_covers_what_moves_more_slowly_than_a_stretch() {
        let mut squares = 0.0;
        const SEEDS: u64 = 40;
        for seed in 0..SEEDS {
            let mut random = Random::new(seed, 1, 0);
            let mut slow = 0.0;
            let levels: Vec<f64> = (0..100)
                .map(|_| {
                    slow = 0.9 * slow + random.normal();
                    slow
                })
                .collect();
            let evidence =
                drifting(|share| 3.0 * levels[(share * 100.0) as usize], seed).evidence(&LADDER, 20).unwrap();
            let deviation = (evidence.stepping_stones.value - 2.5 * 0.01f64.ln()) / evidence.stepping_stones.error;
            squares += deviation * deviation / SEEDS as f64;
        }
        assert!(squares < 2.5, "the mean square of deviations over errors is {squares}");
    }

    #[test]
    fn stretches_are_joined_and_nothing_is_lost() {
        let betas = [1.0, 0.3, 0.01];
        let all = filled(&betas, 1000, 4, 1).parts(0);
        assert_eq!((all.length, all.sums.len() / 3), (32, 32));
        let merged = all.merged(&(0..31), 0..0, 4);
        let mut direct = Sums::empty();
        for step in 0..31 * 32u64 {
            for walker in 0..4 {
                let mut random = Random::new(1, 1, step * 4 + walker);
                let square: f64 = (0..5).map(|_| random.normal().powi(2)).sum();
                direct.add(-0.5 * square / 0.3, 0.7);
            }
        }
        let same = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
        let sums = merged.sums[1];
        assert!(same(sums.first, direct.first) && same(sums.squares, direct.squares));
        assert!(same(sums.powers, direct.powers) && sums.highest == direct.highest, "{sums:?} {direct:?}");
        assert_eq!(merged.samples, 31.0 * 32.0 * 4.0);
    }

    #[test]
    fn a_likelihood_of_zero_in_the_prior_counts() {
        let betas = [1.0, 0.5, 0.0];
        let mut batches = Batches::new(3);
        for step in 0..64 {
            // At beta = 0 half of the prior has a likelihood of 1, half of 0: ln Z = ln 1/2.
            batches.add(
                &betas,
                |k, walker| if k == 2 && (walker + step) % 2 == 0 { f64::NEG_INFINITY } else { 0.0 },
                2,
            );
        }
        let evidence = batches.evidence(&betas, 2).unwrap();
        for estimate in [evidence.stepping_stones, evidence.thermodynamic] {
            assert!((estimate.value - 0.5f64.ln()).abs() < 1e-14 && estimate.error < 1e-14, "{evidence:?}");
        }
    }

    #[test]
    fn too_few_steps_give_no_evidence() {
        assert_eq!(filled(&LADDER, 3, 4, 1).evidence(&LADDER, 4), None);
        assert!(filled(&LADDER, 4, 4, 1).evidence(&LADDER, 4).is_some());
    }
}
