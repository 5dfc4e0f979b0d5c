//! The evidence, the integral of prior times likelihood, from the likelihoods along a ladder of temperatures.
//!
//! Two estimates from the same samples (`estimates`), each with its error. `stretches` tells what is left out since walkers still drifted, and where they
//! drift all the same, or move too slowly for so few steps: then the estimates have no error, and can't be trusted.
//!
//! The error of sampling is the largest of
//!
//! - those from leaving out parts of the chain in turn (jackknife): single parts, pairs, fours .. up to halves. It covers what moves more slowly than a part
//!   is long, and all walkers together;
//! - the scatter of the walkers' histories (`histories`): it covers what few walkers do at a time, and rarely. Where it rests on too few of them, it can't be
//!   trusted either.

use serde::{Deserialize, Serialize};

use super::estimates::Merged;
use super::histories::Histories;
use super::stretches::Stretches;
use crate::Result;
use crate::io::{Checkpoint, CheckpointReader};

/// The fewest full stretches that make an evidence.
const FEWEST: usize = 4;
/// Histories of equal parts that an error must rest on, and the share of all walkers that is enough where they are few.
const LEAST_HISTORIES: f64 = 10.0;
const ENOUGH: f64 = 0.5;

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
    /// The walkers whose ways through the temperatures the evidence rests on: of how many with equal parts the error would be. Where they are fewer than ten,
    /// the errors are infinite too.
    pub histories: f64,
}

impl Evidence {
    /// Whether it is known: whether the estimates have errors.
    pub fn is_known(&self) -> bool {
        self.stepping_stones.error.is_finite()
    }
}

/// What is kept of the ln likelihoods at all temperatures.
#[derive(Clone, Debug)]
pub(in super::super) struct Likelihoods {
    pub(super) stretches: Stretches,
    histories: Histories,
    /// Walkers of each temperature.
    walkers: usize,
}

impl Likelihoods {
    pub(in super::super) fn new(temperatures: usize, walkers: usize) -> Self {
        Likelihoods {
            stretches: Stretches::new(temperatures),
            histories: Histories::new(temperatures, walkers),
            walkers,
        }
    }

    /// Adds a step: of each walker at each temperature the number of its history, and its ln likelihood.
    pub(in super::super) fn add(&mut self, betas: &[f64], values: impl Fn(usize, usize) -> (usize, f64)) {
        self.stretches.add(betas, |k, walker| values(k, walker).1, self.walkers);
        self.histories.add(betas, values);
    }

    /// The evidence from full stretches; nothing before there are four of them.
    pub(in super::super) fn evidence(&self, betas: &[f64]) -> Option<Evidence> {
        let full = self.stretches.full();
        if full < FEWEST {
            return None;
        }
        let (first, drifting) = self.stretches.settled(full, betas);
        let scatter = self.histories.scatter(first as u64 * self.stretches.length);
        let least = LEAST_HISTORIES.min(ENOUGH * (betas.len() * self.walkers) as f64);
        let is_known = drifting.is_none() && scatter.histories >= least;
        let parts = self.stretches.parts(first);
        let stretches = 0..parts.full();
        let estimate = |estimate: &dyn Fn(&Merged) -> f64| {
            let value = estimate(&parts.merged(&stretches, 0..0, self.walkers));
            let error = || parts.error(&stretches, self.walkers, estimate).max(scatter.error);
            Estimate { value, error: if is_known { error() } else { f64::INFINITY } }
        };
        let mut thermodynamic = estimate(&|merged| merged.thermodynamic(betas).iter().sum());
        let left_out_by_rule = parts.merged(&stretches, 0..0, self.walkers).thermodynamic(betas)[1];
        thermodynamic.error = thermodynamic.error.hypot(left_out_by_rule);
        Some(Evidence {
            thermodynamic,
            stepping_stones: estimate(&|merged| merged.stepping_stones()),
            left_out: first as f64 / full as f64,
            drifting,
            histories: scatter.histories,
        })
    }

    /// Writes all of it. All ranks.
    pub(in super::super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        self.stretches.save(to)?;
        self.histories.save(to)
    }

    /// Reads what [`save`](Likelihoods::save) wrote.
    pub(in super::super) fn load(&mut self, from: &CheckpointReader) -> Result<()> {
        self.stretches.load(from)?;
        self.histories.load(from)
    }
}
