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
//! The error of sampling comes from leaving out parts of the chain in turn (jackknife): sums are kept for some tens of
//! stretches of time, which become twice as long whenever there are too many.

use serde::{Deserialize, Serialize};

use super::super::replicated;
use crate::comm::Comm;
use crate::output::{Checkpoint, CheckpointReader};
use crate::{Error, Result};

/// The most stretches of time; there are at least half as many once there have been so many steps.
const MOST: usize = 32;
/// What a fourth-order rule leaves out with every second point, over what it leaves out with all, less one.
const RICHARDSON: f64 = 15.0;

/// A number and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// ln of the evidence, in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// By thermodynamic integration.
    pub thermodynamic: Estimate,
    /// By stepping stones.
    pub stepping_stones: Estimate,
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
                let (stretch, k) = (joined / self.temperatures, joined % self.temperatures);
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

    /// The evidence from all full stretches; nothing before there are four of them. `walkers` values were added at each step.
    pub(in super::super) fn evidence(&self, betas: &[f64], walkers: usize) -> Option<Evidence> {
        let full = self.sums.len() / self.temperatures - usize::from(self.filled < self.length);
        if full < 4 {
            return None;
        }
        let of = |without: Option<usize>| self.merged(full, without, walkers);
        let estimate = |estimate: &dyn Fn(&Merged) -> f64| {
            let parts: Vec<f64> = (0..full).map(|without| estimate(&of(Some(without)))).collect();
            Estimate { value: estimate(&of(None)), error: jackknife(&parts) }
        };
        let mut thermodynamic = estimate(&|merged| merged.thermodynamic(betas).iter().sum());
        thermodynamic.error = thermodynamic.error.hypot(of(None).thermodynamic(betas)[1]);
        Some(Evidence { thermodynamic, stepping_stones: estimate(&|merged| merged.stepping_stones()) })
    }

    /// The sums of the first `full` stretches, but for one.
    fn merged(&self, full: usize, without: Option<usize>, walkers: usize) -> Merged {
        let mut sums = vec![Sums::empty(); self.temperatures];
        let stretches = self.sums.chunks_exact(self.temperatures).take(full).enumerate();
        for (_, stretch) in stretches.filter(|(number, _)| Some(*number) != without) {
            sums.iter_mut().zip(stretch).for_each(|(sums, stretch)| sums.merge(stretch));
        }
        let stretches = full - usize::from(without.is_some());
        Merged { samples: (stretches as u64 * self.length * walkers as u64) as f64, sums }
    }

    /// Writes them. All ranks.
    pub(in super::super) fn save(&self, comm: &Comm, to: &mut Checkpoint) -> Result<()> {
        to.values("sampler_stretches", &[self.length, self.filled, self.sums.len() as u64])?;
        let numbers: Vec<f64> =
            self.sums.iter().flat_map(|sums| [sums.first, sums.squares, sums.powers, sums.highest]).collect();
        if numbers.is_empty() { Ok(()) } else { replicated::save(comm, to, "sampler_likelihoods", &numbers) }
    }

    /// Reads what [`save`](Batches::save) wrote.
    pub(in super::super) fn load(&mut self, from: &CheckpointReader) -> Result<()> {
        let lengths = from.values::<u64>("sampler_stretches")?;
        let &[length, filled, sums] = &lengths[..] else {
            return Err(Error::file(from.path(), format!("sampler_stretches holds {} numbers, not 3", lengths.len())));
        };
        (self.length, self.filled) = (length, filled);
        if sums > 0 {
            let numbers = replicated::load(from, "sampler_likelihoods", WIDTH * sums as usize)?;
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
            let ([mean, variance], beta) = (self.moments(k), betas[k]);
            [libm::log(beta), beta * mean, beta * mean + beta * beta * variance]
        };
        let piece = |pair: &[usize]| {
            let [[cold, f, f_slope], [hot, g, g_slope]] = [ends(pair[0]), ends(pair[1])];
            let step = cold - hot;
            0.5 * step * (f + g) - step * step / 12.0 * (f_slope - g_slope)
        };
        temperatures.windows(2).map(piece).sum::<f64>() + self.ln_ratio(self.sums.len() - 1)
    }

    /// ln of the mean of the likelihood, to the power of the difference of beta to the next colder temperature: ln of a ratio of
    /// evidences, and the integral of the mean ln likelihood between the two.
    fn ln_ratio(&self, temperature: usize) -> f64 {
        let Sums { powers, highest, .. } = self.sums[temperature];
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
    use crate::random::Random;

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

    #[test]
    fn stretches_are_joined_and_nothing_is_lost() {
        let betas = [1.0, 0.3, 0.01];
        let all = filled(&betas, 1000, 4, 1);
        assert_eq!((all.length, all.sums.len() / 3), (32, 32));
        let merged = all.merged(31, None, 4);
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
