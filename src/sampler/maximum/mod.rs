//! The maximum of the posterior: many starts from the prior, and from each the way up.
//!
//! A step of the search takes the next few starts, shared out among the ranks, and climbs from each to the top of its hill
//! (`climb`, with `slopes` and what it learns of the curvature, `inverse`). What every start has led to is kept. After the last start it is checked that the best of all tops is one
//! (`polish`). The curvature there gives the errors of its parameters.
//!
//! "Maximum" means that of the density in the parameters themselves, prior times likelihood; the climb goes in other coordinates. Places where
//! the density is no number are avoided like those where it is zero.

mod climb;
mod curvature;
mod inverse;
mod polish;
mod slopes;

pub(super) use climb::{Climber, Found};
pub use curvature::Curvature;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::density::Density;
use super::space::Space;
use super::table::Table;
use crate::base::partition::balanced_owner;
use crate::base::random::Random;
use crate::io::{Checkpoint, CheckpointReader};
use crate::run::Goal;
use crate::{Comm, Error, Result};

/// The streams of random numbers: starts, and climbs about the best top.
const STARTS: u32 = 0x4d41_5849;
const ABOUT: u32 = 0x4142_4f55;
/// Points of the prior that are tried for a start.
pub(super) const DRAWS: u64 = 10_000;

/// Settings of a search: of `[method]` with `kind = "maximum"`.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaximumSettings {
    /// Starts of the search, drawn from the prior.
    #[default = 256]
    #[schemars(range(min = 1))]
    pub starts: u64,
    /// Starts of one step of the run, after which it can be stopped.
    #[default = 64]
    #[schemars(range(min = 1))]
    pub starts_per_step: u64,
    /// The most directions in which one climb goes.
    #[default = 500]
    #[schemars(range(min = 1))]
    pub directions: u64,
}

impl MaximumSettings {
    /// Refuses settings that can't be.
    ///
    /// # Errors
    /// The key, and what is allowed.
    pub fn check(&self) -> Result<()> {
        for (key, value) in
            [("starts", self.starts), ("starts_per_step", self.starts_per_step), ("directions", self.directions)]
        {
            if value == 0 {
                return Err(Error::input(format!("method.{key}"), "0 is not allowed: it must be at least 1"));
            }
        }
        Ok(())
    }
}

/// The top of a hill of the posterior.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Peak {
    /// Where it is.
    pub point: Vec<f64>,
    /// The ln prior there.
    pub ln_prior: f64,
    /// The ln likelihood there.
    pub ln_likelihood: f64,
}

impl Peak {
    /// ln of prior times likelihood.
    pub fn ln_posterior(&self) -> f64 {
        self.ln_prior + self.ln_likelihood
    }

    /// From a table's row.
    pub(crate) fn of_row(row: &[f64]) -> Self {
        let (point, rest) = row.split_at(row.len() - 2);
        Peak { point: point.to_vec(), ln_prior: rest[0], ln_likelihood: rest[1] }
    }
}

/// A search for the maximum of the posterior, which all ranks do together.
pub struct Maximum<D> {
    comm: Comm,
    density: D,
    space: Space,
    settings: MaximumSettings,
    seed: u64,
    tops: Table,
    best: Option<Peak>,
    /// The start that led to the best top.
    best_start: u64,
    /// Whether climbs from about the best top end there, and none higher.
    is_settled: bool,
}

impl<D: Density> Maximum<D> {
    /// A search that has not begun. All ranks.
    ///
    /// # Errors
    /// Wrong settings.
    pub fn new(comm: &Comm, density: D, settings: MaximumSettings, seed: u64) -> Result<Self> {
        settings.check()?;
        let space = Space::of(&density)?;
        let tops = Table::of_points(comm, space.names(), settings.starts_per_step.min(settings.starts));
        Ok(Maximum {
            comm: comm.clone(),
            density,
            space,
            settings,
            seed,
            tops,
            best: None,
            best_start: 0,
            is_settled: false,
        })
    }

    /// The search that [`save`](Maximum::save) wrote, on any number of ranks; density, seed and settings must be those that it had. All
    /// ranks.
    ///
    /// # Errors
    /// On all ranks: wrong settings, a checkpoint of something else.
    pub fn load(
        comm: &Comm,
        density: D,
        settings: MaximumSettings,
        seed: u64,
        from: &CheckpointReader,
    ) -> Result<Self> {
        let mut search = Self::new(comm, density, settings, seed)?;
        let read = search.tops.load(from, "sampler_tops");
        comm.agree(read)?;
        for batch in 0..search.tops.batches() {
            search.take_best(batch);
        }
        search.polish_if_done();
        Ok(search)
    }

    /// Writes all that goes on from here. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn save(&self, to: &mut Checkpoint) -> Result<()> {
        self.tops.save(to, "sampler_tops")
    }

    /// Climbs from the next starts; does nothing once all are done. All ranks.
    ///
    /// # Errors
    /// On all ranks, if none of them has a density that isn't zero.
    pub fn step(&mut self) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        let batch = self.tops.batches();
        let rows = self.tops.rows_per_batch();
        let length = rows.min(self.settings.starts - self.tops.len());
        let mut climber = Climber::new(&self.density, &self.space, &[], self.settings.directions);
        let seed = self.seed;
        self.tops.push(length, |row, numbers| {
            let found = climb_from(&mut climber, seed, batch * rows + row);
            numbers.extend_from_slice(&found.point);
            numbers.extend([found.ln_prior, found.ln_likelihood]);
        });
        self.take_best(batch);
        self.polish_if_done();
        match &self.best {
            Some(_) => Ok(()),
            None => Err(Error::input("priors", format!("after {DRAWS} draws no start has a finite density"))),
        }
    }

    /// Takes the best top of a batch, if it is better than those before; the first of equal ones. All ranks.
    fn take_best(&mut self, batch: u64) {
        if let Some((row, best)) = best_of(&self.tops, &self.comm, batch)
            && self.best.as_ref().is_none_or(|known| best.ln_posterior() > known.ln_posterior())
        {
            self.best = Some(best);
            self.best_start = batch * self.tops.rows_per_batch() + row;
        }
    }

    /// Climbs about the best top, once all starts are done; the same on all ranks, by each for itself.
    fn polish_if_done(&mut self) {
        let Some(best) = self.best.as_ref().filter(|_| self.is_done()) else { return };
        let mut climber = Climber::new(&self.density, &self.space, &[], self.settings.directions);
        let mut random = Random::new(self.seed, STARTS, self.best_start);
        let Some(top) = (0..DRAWS).find_map(|_| climber.climb_to(&mut random)) else { return };
        let (top, is_settled) = climber.polish(top, &mut Random::new(self.seed, ABOUT, self.best_start));
        let found = climber.found(&top);
        self.is_settled = is_settled;
        if found.ln_posterior() > best.ln_posterior() + polish::HIGHER {
            let Found { point, ln_prior, ln_likelihood } = found;
            self.best = Some(Peak { point, ln_prior, ln_likelihood });
        }
    }

    /// Whether the best top is one: all starts are done, climbs from about it end there, and none ends higher.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Whether all starts are done.
    pub fn is_done(&self) -> bool {
        self.tops.len() >= self.settings.starts
    }

    /// Whether all starts are done, as a run's goal.
    pub fn goal(&self) -> Goal {
        if self.is_done() { Goal::Reached } else { Goal::Open }
    }

    /// The best top so far.
    ///
    /// # Errors
    /// Before the first step.
    pub fn best(&self) -> Result<&Peak> {
        let reason = || "no step was taken yet".to_owned();
        self.best.as_ref().ok_or_else(|| Error::Numerics { method: "maximum", reason: reason() })
    }

    /// The curvature of the ln posterior at the best top, and the errors that follow from it; the same on every rank.
    ///
    /// # Errors
    /// Before the first step.
    pub fn curvature(&self) -> Result<Curvature> {
        Ok(Curvature::at(&self.density, &self.space, self.best()?))
    }

    /// The top that was reached from each start: parameters, `ln_prior` and `ln_likelihood`; minus infinity where a start found nothing.
    pub fn tops(&self) -> &Table {
        &self.tops
    }

    /// The density.
    pub fn density(&self) -> &D {
        &self.density
    }
}

/// Climbs from a start: from the first of its draws where the density isn't zero.
fn climb_from<D: Density>(climber: &mut Climber<'_, D>, seed: u64, start: u64) -> Found {
    let mut random = Random::new(seed, STARTS, start);
    (0..DRAWS).find_map(|_| climber.climb(&mut random)).unwrap_or_else(|| climber.nothing())
}

/// The best row of a batch of points and its number there, the first of equal ones; nothing if the density of all is zero. All ranks.
pub(super) fn best_of(table: &Table, comm: &Comm, batch: u64) -> Option<(u64, Peak)> {
    let width = table.columns().len();
    let mine = table.mine();
    let held = (mine.end - mine.start) as usize * width;
    let rows = table.numbers()[batch as usize * held..][..held].chunks_exact(width);
    let value = |row: &[f64]| if row[width - 1].is_nan() { f64::NEG_INFINITY } else { row[width - 2] + row[width - 1] };
    let own = mine.clone().zip(rows).map(|(number, row)| (value(row), number, row));
    let own = own.reduce(|best, next| if next.0 > best.0 { next } else { best });
    let (best, number) =
        comm.max_with_location(own.map_or(f64::NEG_INFINITY, |own| own.0), own.map_or(u64::MAX, |own| own.1));
    if best == f64::NEG_INFINITY {
        return None;
    }
    let mut row = vec![0.0; width];
    if let Some((_, _, own)) = own.filter(|own| own.1 == number) {
        row.copy_from_slice(own);
    }
    comm.broadcast_into(&mut row, balanced_owner(table.rows_per_batch(), comm.size(), number));
    Some((number, Peak::of_row(&row)))
}
