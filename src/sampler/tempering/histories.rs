//! The part that each walker has in the evidence: how well it is known, without an autocorrelation time.
//!
//! An exchange takes a walker to another temperature, so followed through all of them it has a history of its own. Where a density has a broad and
//! a narrow mode, or a slow passage, few walkers go over at a time, and how many are where changes slower than all else: in means over the walkers of a
//! temperature that is hidden under what changes fast, and a short chain seems to have settled. Histories know of each other by moves and exchanges
//! alone, so the scatter of their parts is the error, also of a chain in which each has gone over once or never.
//!
//! ln Z is the sum of ln R_k, where R_k is the mean of a power of the likelihood at temperature k. To first order a history h adds
//! g_h = sum over k of (S_hk - n_hk R_k) / (N_k R_k), where S_hk is the sum of the n_hk powers that it has there, of N_k in all. These parts add up to zero,
//! and their squares to the variance.
//!
//! Sums are kept for some blocks of time, which become twice as long whenever there are too many: what is left out of the estimates is left out here, up to the
//! end of its block.

use super::super::walkers::replicated;
use crate::io::{Checkpoint, CheckpointReader};
use crate::{Error, Result};

/// The most blocks of time; there are at least half as many once there have been so many steps.
const MOST: usize = 8;

/// Sums of powers for each history and temperature, over a block of time.
#[derive(Clone, Debug)]
struct Block {
    /// At each temperature below the coldest: samples and powers of each history, the powers over exp(highest).
    temperatures: Vec<Passages>,
}

/// What histories have done at one temperature.
#[derive(Clone, Debug)]
struct Passages {
    highest: f64,
    counts: Vec<f64>,
    powers: Vec<f64>,
}

/// Sums for each block of time.
#[derive(Clone, Debug)]
pub(super) struct Histories {
    temperatures: usize,
    /// All walkers, at all temperatures.
    count: usize,
    /// Steps that make a full block, and those in the last one.
    length: u64,
    filled: u64,
    blocks: Vec<Block>,
}

/// How far histories scatter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scatter {
    /// The standard error of ln of the evidence.
    pub error: f64,
    /// Of how many histories of equal parts it would be.
    pub histories: f64,
}

impl Passages {
    fn new(count: usize) -> Self {
        Passages { highest: f64::NEG_INFINITY, counts: vec![0.0; count], powers: vec![0.0; count] }
    }

    /// Makes `highest` at least so high.
    fn raise(&mut self, highest: f64) {
        if highest > self.highest {
            let factor = libm::exp(self.highest - highest);
            self.powers.iter_mut().for_each(|power| *power *= factor);
            self.highest = highest;
        }
    }

    fn add(&mut self, history: usize, exponent: f64) {
        self.raise(exponent);
        self.counts[history] += 1.0;
        if exponent > f64::NEG_INFINITY {
            self.powers[history] += libm::exp(exponent - self.highest);
        }
    }

    fn merge(&mut self, other: &Passages) {
        self.raise(other.highest);
        let factor = if other.highest > f64::NEG_INFINITY { libm::exp(other.highest - self.highest) } else { 0.0 };
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
        self.powers.iter_mut().zip(&other.powers).for_each(|(power, other)| *power += factor * other);
    }

    /// Adds each history's part in ln of the mean power to `parts`.
    fn add_parts(&self, parts: &mut [f64]) {
        let count: f64 = self.counts.iter().sum();
        let mean = self.powers.iter().sum::<f64>() / count;
        for (part, (own, power)) in parts.iter_mut().zip(self.counts.iter().zip(&self.powers)) {
            // (S_hk - n_hk R_k) / (N_k R_k)
            *part += (power / mean - own) / count;
        }
    }
}

impl Block {
    fn new(temperatures: usize, count: usize) -> Self {
        Block { temperatures: vec![Passages::new(count); temperatures - 1] }
    }

    fn merge(&mut self, other: &Block) {
        self.temperatures.iter_mut().zip(&other.temperatures).for_each(|(own, other)| own.merge(other));
    }
}

impl Histories {
    /// Of so many walkers at each temperature.
    pub(super) fn new(temperatures: usize, walkers: usize) -> Self {
        Histories { temperatures, count: temperatures * walkers, length: 1, filled: 1, blocks: Vec::new() }
    }

    /// Adds the ln likelihoods of all walkers at each temperature, at one step, and whose they are.
    pub(super) fn add(&mut self, betas: &[f64], values: impl Fn(usize, usize) -> (usize, f64)) {
        if self.filled == self.length {
            self.open();
        }
        self.filled += 1;
        let walkers = self.count / self.temperatures;
        let Some(last) = self.blocks.last_mut() else { return };
        for (k, passages) in last.temperatures.iter_mut().enumerate() {
            let step = betas[k] - betas[k + 1];
            for walker in 0..walkers {
                let (history, value) = values(k + 1, walker);
                passages.add(history, step * value);
            }
        }
    }

    /// Opens a block; joins pairs of them first, where there are too many.
    fn open(&mut self) {
        if self.blocks.len() == MOST {
            let joined = self.blocks.chunks_exact(2).map(|pair| {
                let mut joined = pair[0].clone();
                joined.merge(&pair[1]);
                joined
            });
            self.blocks = joined.collect();
            self.length *= 2;
        }
        self.blocks.push(Block::new(self.temperatures, self.count));
        self.filled = 0;
    }

    /// The scatter over all steps from `first` on, or over those from the next block on.
    pub(super) fn scatter(&self, first: u64) -> Scatter {
        let from = (first.div_ceil(self.length) as usize).min(self.blocks.len().saturating_sub(1));
        let mut all = Block::new(self.temperatures, self.count);
        self.blocks[from..].iter().for_each(|block| all.merge(block));
        let mut parts = vec![0.0; self.count];
        all.temperatures.iter().for_each(|passages| passages.add_parts(&mut parts));
        let squares = |power: i32| parts.iter().map(|part| part.powi(2 * power)).sum::<f64>();
        let [second, fourth] = [1, 2].map(squares);
        let count = self.count as f64;
        // Of parts that add up to zero one is known from the others.
        let error = (second * count / (count - 1.0)).sqrt();
        Scatter { error, histories: if second > 0.0 { second * second / fourth } else { count } }
    }

    /// Writes them. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.values("sampler_blocks", &[self.length, self.filled, self.blocks.len() as u64])?;
        let passages = || self.blocks.iter().flat_map(|block| &block.temperatures);
        let numbers: Vec<f64> = passages()
            .flat_map(|passages| {
                [passages.highest].into_iter().chain(passages.counts.iter().chain(&passages.powers).copied())
            })
            .collect();
        if numbers.is_empty() { Ok(()) } else { to.replicated("sampler_histories", &numbers) }
    }

    /// Reads what [`save`](Histories::save) wrote.
    pub(super) fn load(&mut self, from: &CheckpointReader) -> Result<()> {
        let lengths = from.values::<u64>("sampler_blocks")?;
        let &[length, filled, blocks] = &lengths[..] else {
            return Err(Error::file(from.path(), format!("sampler_blocks holds {} numbers, not 3", lengths.len())));
        };
        self.length = length;
        self.filled = filled;
        if blocks == 0 {
            return Ok(());
        }
        if blocks > MOST as u64 {
            return Err(Error::file(
                from.path(),
                format!("sampler_blocks tells of {blocks} blocks, and {MOST} is the most"),
            ));
        }
        let width = 1 + 2 * self.count;
        let of_block = (self.temperatures - 1) * width;
        let numbers = replicated(from, "sampler_histories", blocks as usize * of_block)?;
        let passages = |row: &[f64]| {
            let (counts, powers) = row[1..].split_at(self.count);
            Passages { highest: row[0], counts: counts.to_vec(), powers: powers.to_vec() }
        };
        let block = |rows: &[f64]| Block { temperatures: rows.chunks_exact(width).map(passages).collect() };
        self.blocks = numbers.chunks_exact(of_block).map(block).collect();
        Ok(())
    }
}
