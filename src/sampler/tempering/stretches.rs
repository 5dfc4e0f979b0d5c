//! Sums of ln likelihoods at each temperature, for some hundreds of stretches of time.
//!
//! Stretches become twice as long whenever there are too many. At each temperature the mean ln likelihoods of these stretches are a chain of their own: what is
//! burn-in of any is left out of all. Where one drifts all the same, or has an autocorrelation time that the rest isn't many times as long as, walkers haven't
//! settled there.

use std::ops::Range;

use super::super::convergence::{BurnIn, Column, autocorrelation_time};
use super::super::walkers::replicated;
use super::estimates::{Merged, Sums, jackknife};
use crate::io::{Checkpoint, CheckpointReader};
use crate::{Error, Result};

/// The most stretches of time, and the most parts that are made of them; there are at least half as many once there have been so many steps.
const MOST: usize = 1024;
const PARTS: usize = 32;
/// Autocorrelation times of every temperature that the evidence needs.
const TIMES: f64 = 50.0;
/// The numbers in [`Sums`], and in a stretch beside them.
const WIDTH: usize = 4;

/// Sums for each stretch of time and temperature.
#[derive(Clone, Debug, Default)]
pub(super) struct Stretches {
    temperatures: usize,
    /// Samples that make a full stretch, and those in the last one.
    pub(super) length: u64,
    filled: u64,
    /// Stretch after stretch, the temperatures of each.
    pub(super) sums: Vec<Sums>,
}

impl Stretches {
    pub(super) fn new(temperatures: usize) -> Self {
        let sums = Vec::with_capacity(MOST * temperatures);
        Stretches { temperatures, length: 1, filled: 1, sums }
    }

    /// Adds the ln likelihoods of all walkers at each temperature, at one step: as many for each, temperature after temperature.
    pub(super) fn add(&mut self, betas: &[f64], values: impl Fn(usize, usize) -> f64, walkers: usize) {
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

    /// The full stretches.
    pub(super) fn full(&self) -> usize {
        self.sums.len() / self.temperatures - usize::from(self.filled < self.length)
    }

    /// The stretches from `first` on in parts of as many each, so few that they can be left out in turn; the last may not be full.
    pub(super) fn parts(&self, first: usize) -> Stretches {
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
        Stretches { temperatures: self.temperatures, length, filled, sums }
    }

    /// The first of the full stretches from which on no temperature drifts, at most that in the middle; and the hottest and the coldest inverse temperature
    /// at which they drift all the same, or are too few for its autocorrelation time. At that of the prior each step is drawn anew.
    pub(super) fn settled(&self, full: usize, betas: &[f64]) -> (usize, Option<[f64; 2]>) {
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
    pub(super) fn error(&self, stretches: &Range<usize>, walkers: usize, estimate: &dyn Fn(&Merged) -> f64) -> f64 {
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
    pub(super) fn merged(&self, stretches: &Range<usize>, without: Range<usize>, walkers: usize) -> Merged {
        let mut sums = vec![Sums::empty(); self.temperatures];
        let taken: Vec<usize> = stretches.clone().filter(|stretch| !without.contains(stretch)).collect();
        for &stretch in &taken {
            let stretch = &self.sums[stretch * self.temperatures..][..self.temperatures];
            sums.iter_mut().zip(stretch).for_each(|(sums, stretch)| sums.merge(stretch));
        }
        Merged { samples: (taken.len() as u64 * self.length * walkers as u64) as f64, sums }
    }

    /// Writes them. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.values("sampler_stretches", &[self.length, self.filled, self.sums.len() as u64])?;
        let numbers: Vec<f64> =
            self.sums.iter().flat_map(|sums| [sums.first, sums.squares, sums.powers, sums.highest]).collect();
        if numbers.is_empty() { Ok(()) } else { to.replicated("sampler_likelihoods", &numbers) }
    }

    /// Reads what [`save`](Stretches::save) wrote.
    pub(super) fn load(&mut self, from: &CheckpointReader) -> Result<()> {
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
