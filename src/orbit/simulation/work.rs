//! The sampler at work: one of those that a parameter file can name.

use std::ops::Range;

use super::config::FitMethod;
use super::rejection::Rejection;
use crate::lane::Level;
use crate::orbit::Fit;
use crate::output::{Checkpoint, CheckpointReader};
use crate::partition::balanced_range;
use crate::run::Goal;
use crate::sampler::{Ensemble, Grid, Maximum, Method, Share};
use crate::{Comm, Result};

/// A sampler of a fit.
pub(super) enum Work {
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

impl Work {
    /// The sampler that `method` names, from its beginning or from a checkpoint. All ranks.
    ///
    /// # Errors
    /// A method that does not apply, settings that can't be, a checkpoint of something else.
    pub fn new(start: Start, method: FitMethod, from: Option<&CheckpointReader>) -> Result<Self> {
        let Start { comm, fit, level, seed } = start;
        Ok(match (method, from) {
            (FitMethod::Ofti(settings), None) => Work::Rejection(Rejection::new(comm, fit, level, settings, seed)?),
            (FitMethod::Ofti(settings), Some(from)) => {
                let read = Rejection::new(comm, fit, level, settings, seed)?.load(from);
                Work::Rejection(comm.agree(read)?)
            }
            (FitMethod::Sampler(Method::Maximum(settings)), None) => {
                Work::Maximum(Maximum::new(comm, fit, settings, seed)?)
            }
            (FitMethod::Sampler(Method::Maximum(settings)), Some(from)) => {
                Work::Maximum(Maximum::load(comm, fit, settings, seed, from)?)
            }
            (FitMethod::Sampler(Method::Grid(settings)), None) => Work::Grid(Grid::new(comm, fit, settings, seed)?),
            (FitMethod::Sampler(Method::Grid(settings)), Some(from)) => {
                Work::Grid(Grid::load(comm, fit, settings, seed, from)?)
            }
            (FitMethod::Sampler(Method::Ensemble(settings) | Method::Tempering(settings)), None) => {
                Work::Ensemble(Box::new(Ensemble::new(comm, fit, settings, seed)?))
            }
            (FitMethod::Sampler(Method::Ensemble(settings) | Method::Tempering(settings)), Some(from)) => {
                Work::Ensemble(Box::new(Ensemble::load(comm, fit, settings, seed, from)?))
            }
        })
    }

    /// Takes a step. All ranks.
    pub fn step(&mut self) -> Result<()> {
        match self {
            Work::Rejection(rejection) => rejection.step(),
            Work::Maximum(maximum) => maximum.step(),
            Work::Grid(grid) => grid.step(),
            Work::Ensemble(ensemble) => ensemble.step(),
        }
    }

    /// Whether there is what was wanted.
    pub fn goal(&self) -> Goal {
        match self {
            Work::Rejection(rejection) => rejection.goal(),
            Work::Maximum(maximum) => maximum.goal(),
            Work::Grid(grid) => grid.goal(),
            Work::Ensemble(ensemble) => ensemble.goal(),
        }
    }

    /// Writes all that goes on from here. All ranks.
    pub fn save(&self, to: &mut Checkpoint) -> Result<()> {
        match self {
            Work::Rejection(rejection) => rejection.save(to),
            Work::Maximum(maximum) => maximum.save(to),
            Work::Grid(grid) => grid.save(to),
            Work::Ensemble(ensemble) => ensemble.save(to),
        }
    }

    /// What was found: rows of a point, ln prior and ln likelihood, in even shares. Of a maximum, its one row. All ranks.
    pub fn share(&self, comm: &Comm) -> Share {
        match self {
            Work::Rejection(rejection) => rejection.share(),
            Work::Grid(grid) => grid.table().share(),
            Work::Ensemble(ensemble) => ensemble.chain().share(),
            Work::Maximum(maximum) => {
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
