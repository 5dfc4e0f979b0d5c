//! The sampler of a fit: one of those that a parameter file can name.

use std::ops::Range;

use super::method::FitMethod;
use super::rejection::Rejection;
use crate::base::partition::balanced_range;
use crate::io::{Checkpoint, CheckpointReader};
use crate::orbit::Fit;
use crate::run::Goal;
use crate::sampler::{Ensemble, Grid, Maximum, Share};
use crate::simd::Level;
use crate::{Comm, Result};

/// A sampler of a fit.
pub(super) enum Sampler {
    Rejection(Rejection),
    Maximum(Maximum<Fit>),
    Grid(Grid<Fit>),
    Ensemble(Box<Ensemble<Fit>>),
}

/// What every sampler starts from.
pub(super) struct Start<'a> {
    pub comm: &'a Comm,
    pub fit: Fit,
    pub level: Level,
    pub seed: u64,
}

impl Sampler {
    /// The sampler that `method` names, from its beginning or from a checkpoint. All ranks.
    ///
    /// # Errors
    /// A method that does not apply, settings that can't be, a checkpoint of something else.
    pub(super) fn new(start: Start, method: FitMethod, from: Option<&CheckpointReader>) -> Result<Self> {
        let Start { comm, fit, level, seed } = start;
        Ok(match (method, from) {
            (FitMethod::Ofti(settings), None) => Sampler::Rejection(Rejection::new(comm, fit, level, settings, seed)?),
            (FitMethod::Ofti(settings), Some(from)) => {
                let read = Rejection::new(comm, fit, level, settings, seed)?.load(from);
                Sampler::Rejection(comm.agree(read)?)
            }
            (FitMethod::Maximum(settings), None) => Sampler::Maximum(Maximum::new(comm, fit, settings, seed)?),
            (FitMethod::Maximum(settings), Some(from)) => {
                Sampler::Maximum(Maximum::load(comm, fit, settings, seed, from)?)
            }
            (FitMethod::Grid(settings), None) => Sampler::Grid(Grid::new(comm, fit, settings, seed)?),
            (FitMethod::Grid(settings), Some(from)) => Sampler::Grid(Grid::load(comm, fit, settings, seed, from)?),
            (FitMethod::Ensemble(settings) | FitMethod::Tempering(settings), None) => {
                Sampler::Ensemble(Box::new(Ensemble::new(comm, fit, settings, seed)?))
            }
            (FitMethod::Ensemble(settings) | FitMethod::Tempering(settings), Some(from)) => {
                Sampler::Ensemble(Box::new(Ensemble::load(comm, fit, settings, seed, from)?))
            }
        })
    }

    /// Takes a step. All ranks.
    pub(super) fn step(&mut self) -> Result<()> {
        match self {
            Sampler::Rejection(rejection) => rejection.step(),
            Sampler::Maximum(maximum) => maximum.step(),
            Sampler::Grid(grid) => grid.step(),
            Sampler::Ensemble(ensemble) => ensemble.step(),
        }
    }

    /// Whether there is what was wanted.
    pub(super) fn goal(&self) -> Goal {
        match self {
            Sampler::Rejection(rejection) => rejection.goal(),
            Sampler::Maximum(maximum) => maximum.goal(),
            Sampler::Grid(grid) => grid.goal(),
            Sampler::Ensemble(ensemble) => ensemble.goal(),
        }
    }

    /// Whether there is what was wanted, now that the run's end has come. All ranks.
    pub(super) fn goal_at_end(&self) -> Goal {
        match self {
            Sampler::Ensemble(ensemble) => ensemble.goal_at_end(),
            _ => self.goal(),
        }
    }

    /// Writes all that goes on from here. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        match self {
            Sampler::Rejection(rejection) => rejection.save(to),
            Sampler::Maximum(maximum) => maximum.save(to),
            Sampler::Grid(grid) => grid.save(to),
            Sampler::Ensemble(ensemble) => ensemble.save(to),
        }
    }

    /// What was found: rows of a point, ln prior and ln likelihood, in even shares. Of a maximum, its one row. All ranks.
    pub(super) fn share(&self, comm: &Comm) -> Share {
        match self {
            Sampler::Rejection(rejection) => rejection.share(),
            Sampler::Grid(grid) => grid.table().share(),
            Sampler::Ensemble(ensemble) => ensemble.samples(),
            Sampler::Maximum(maximum) => {
                let row = maximum
                    .best()
                    .map_or(Vec::new(), |peak| [&peak.point[..], &[peak.ln_prior, peak.ln_likelihood]].concat());
                let total = u64::from(!row.is_empty());
                let Range { start, end } = balanced_range(total, comm.size(), comm.rank());
                Share { first: start, total, numbers: if start < end { row } else { Vec::new() } }
            }
        }
    }
}
