//! The evidence, the integral of prior times likelihood, from the likelihoods along a ladder of temperatures.
//!
//! Two estimates from the same samples (`estimates`), each with its error. `stretches` tells what is left out since walkers still drifted, and where they
//! drift all the same, or move too slowly for so few steps: then the estimates have no error, and can't be trusted.
//!
//! The error of sampling comes from leaving out parts of the chain in turn (jackknife): single parts, pairs, fours .. up to
//! halves. The largest counts: it covers what moves more slowly than a part is long.

use serde::{Deserialize, Serialize};

use super::estimates::Merged;
use super::stretches::Stretches;
use crate::Result;
use crate::io::{Checkpoint, CheckpointReader};

/// The fewest full stretches that make an evidence.
const FEWEST: usize = 4;

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

/// What is kept of the ln likelihoods at all temperatures.
#[derive(Clone, Debug)]
pub(in super::super) struct Likelihoods {
    pub(super) stretches: Stretches,
}

impl Likelihoods {
    pub(in super::super) fn new(temperatures: usize) -> Self {
        Likelihoods { stretches: Stretches::new(temperatures) }
    }

    /// Adds the ln likelihoods of all walkers at each temperature, at one step: as many for each, temperature after temperature.
    pub(in super::super) fn add(&mut self, betas: &[f64], values: impl Fn(usize, usize) -> f64, walkers: usize) {
        self.stretches.add(betas, values, walkers);
    }

    /// The evidence from full stretches; nothing before there are four of them. `walkers` values were added at each step.
    pub(in super::super) fn evidence(&self, betas: &[f64], walkers: usize) -> Option<Evidence> {
        let full = self.stretches.full();
        if full < FEWEST {
            return None;
        }
        let (first, slow) = self.stretches.settled(full, betas);
        let parts = self.stretches.parts(first);
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

    /// Writes all of it. All ranks.
    pub(in super::super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        self.stretches.save(to)
    }

    /// Reads what [`save`](Likelihoods::save) wrote.
    pub(in super::super) fn load(&mut self, from: &CheckpointReader) -> Result<()> {
        self.stretches.load(from)
    }
}
