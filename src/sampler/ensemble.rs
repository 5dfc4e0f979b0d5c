//! The affine-invariant ensemble (Goodman & Weare 2010; Foreman-Mackey et al. 2013), with or without parallel tempering.
//!
//! A step moves every walker once. With several temperatures neighbours then exchange places. After the burn-in each `thin`-th step is kept: the
//! coldest walkers go into the chain, the likelihoods of all into the evidence. From time to time the chain is looked
//! at, at steps that settings and chain decide: what of it is burn-in all the same is left out, and when the rest has the effective
//! samples that are wanted, the goal is reached.
//!
//! Left out: moves by gradients, and an ensemble that grows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::convergence::{BurnIn, Convergence, burn_in_of};
use super::density::Density;
use super::moves::Moves;
use super::start::Start;
use super::table::{Share, Table};
use super::tempering::{Batches, Evidence, Ladder, adapt, geometric, swap};
use super::walkers::Walkers;
use crate::base::config::positive;
use crate::io::{Checkpoint, CheckpointReader};
use crate::run::Goal;
use crate::{Comm, Error, Result};

/// The most exchanges of an even ladder, over the fewest.
const UNEVEN: f64 = 3.0;
/// A look at the chain follows after this share of its length at the earliest.
const GROWTH: u64 = 4;

/// Settings of an ensemble: of `[method]` with `kind = "ensemble"` or `"tempering"`.
#[derive(Clone, Debug, SmartDefault, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnsembleSettings {
    /// Walkers at each temperature. An even number, at least twice that of parameters.
    #[default = 64]
    pub walkers: usize,
    /// Temperatures. The last is that of the prior; 1 is an ensemble without tempering.
    #[default = 1]
    #[schemars(range(min = 1))]
    pub temperatures: usize,
    /// How the inverse temperatures are chosen.
    pub ladder: Ladder,
    /// Steps that are left out at the beginning. An adaptive ladder moves during them.
    #[default = 1000]
    pub burn_in: u64,
    /// Steps from one that is kept to the next.
    #[default = 10]
    #[schemars(range(min = 1))]
    pub thin: u64,
    /// Effective samples of each parameter at which the run ends. 0: it goes on as long as it is asked to.
    #[schemars(range(min = 0.0))]
    pub effective_samples: f64,
    /// Error of the ln evidence with which the run ends, of tempering. 0: any.
    #[schemars(range(min = 0.0))]
    pub evidence_error: f64,
    /// Autocorrelation times that the chain must be long before its effective samples count.
    #[default = 50.0]
    #[schemars(range(min = 0.0))]
    pub least_times: f64,
    /// Largest split R-hat with which the run ends. 0: any; else above 1, as 1.01.
    #[schemars(range(min = 0.0))]
    pub r_hat: f64,
    /// Kept steps from one look at the chain to the next. At least; a quarter of the chain, if that is more.
    #[default = 100]
    #[schemars(range(min = 1))]
    pub look_every: u64,
    /// How often each move is tried: weights, of which only ratios count.
    pub moves: Moves,
    /// Where walkers start.
    pub start: Start,
}

impl EnsembleSettings {
    /// The default settings of parallel tempering.
    pub fn tempering() -> Self {
        EnsembleSettings { temperatures: 16, ..Self::default() }
    }

    /// Refuses settings that can't be, for a density of so many parameters where that is known already.
    ///
    /// # Errors
    /// The key, and what is allowed.
    pub fn check(&self, dimensions: Option<usize>) -> Result<()> {
        let refuse = |key: &str, reason: String| Err(Error::input(format!("method.{key}"), reason));
        let walkers = self.walkers;
        let least = 2 * dimensions.unwrap_or(1);
        if !walkers.is_multiple_of(2) {
            return refuse("walkers", format!("{walkers} is odd: the two halves of an ensemble move in turn"));
        }
        if walkers < least {
            let reason = format!("{walkers} are too few: an ensemble needs at least twice as many as parameters");
            return refuse("walkers", format!("{reason}, {least}"));
        }
        if self.temperatures == 0 {
            return refuse("temperatures", "0 leaves no walker: it must be at least 1".into());
        }
        if self.thin == 0 {
            return refuse("thin", "0 would keep no step: it must be at least 1, which keeps all".into());
        }
        if self.look_every == 0 {
            return refuse("look_every", "0 is not allowed: it must be at least 1".into());
        }
        if self.r_hat != 0.0 && !(self.r_hat > 1.0 && self.r_hat.is_finite()) {
            return refuse("r_hat", format!("{} is not allowed: 0 for any, or above 1, as 1.01", self.r_hat));
        }
        positive("method.effective_samples", self.effective_samples, true)?;
        positive("method.evidence_error", self.evidence_error, true)?;
        positive("method.least_times", self.least_times, true)?;
        self.ladder.check(self.temperatures)?;
        self.moves.check(walkers)?;
        self.start.check()
    }

    fn betas(&self, dimensions: usize) -> Vec<f64> {
        match &self.ladder {
            Ladder::Given(betas) => betas.clone(),
            _ => geometric(self.temperatures, dimensions),
        }
    }
}

/// An ensemble of walkers, which all ranks move together.
pub struct Ensemble<D> {
    settings: EnsembleSettings,
    walkers: Walkers<D>,
    steps: u64,
    betas: Vec<f64>,
    /// The shares of walkers that exchanged places in the last step, by the colder temperature.
    ratios: Vec<f64>,
    /// Their sums over the second half of the burn-in.
    shares: Vec<f64>,
    batches: Batches,
    chain: Table,
    seen: Convergence,
    is_reached: bool,
}

impl<D: Density> Ensemble<D> {
    /// Walkers where they start. All ranks.
    ///
    /// # Errors
    /// On all ranks: wrong settings, no start with a finite density, a density that is no number.
    pub fn new(comm: &Comm, density: D, settings: EnsembleSettings, seed: u64) -> Result<Self> {
        let mut ensemble = Self::empty(comm, density, settings, seed)?;
        ensemble.settings.start.place(&mut ensemble.walkers)?;
        Ok(ensemble)
    }

    /// The ensemble that [`save`](Ensemble::save) wrote, on any number of ranks; density, seed and settings must be those that it had, but
    /// for `effective_samples`, `evidence_error`, `least_times` and `r_hat`. All ranks.
    ///
    /// # Errors
    /// On all ranks: wrong settings, a checkpoint of something else.
    pub fn load(
        comm: &Comm,
        density: D,
        settings: EnsembleSettings,
        seed: u64,
        from: &CheckpointReader,
    ) -> Result<Self> {
        let mut ensemble = Self::empty(comm, density, settings, seed)?;
        let read = ensemble.read(from);
        comm.agree(read)?;
        Ok(ensemble)
    }

    fn empty(comm: &Comm, density: D, settings: EnsembleSettings, seed: u64) -> Result<Self> {
        settings.check(Some(density.names().len()))?;
        let count = settings.walkers;
        let temperatures = settings.temperatures;
        let walkers = Walkers::new(comm, density, [count, temperatures], settings.moves, seed)?;
        let betas = settings.betas(walkers.space.dimensions());
        let chain = Table::of_points(comm, walkers.space.names(), count as u64);
        Ok(Ensemble {
            settings,
            walkers,
            steps: 0,
            ratios: vec![0.0; betas.len() - 1],
            shares: vec![0.0; betas.len() - 1],
            batches: Batches::new(betas.len()),
            betas,
            chain,
            seen: Convergence::default(),
            is_reached: false,
        })
    }

    fn read(&mut self, from: &CheckpointReader) -> Result<()> {
        self.steps = from.value("sampler_steps")?;
        let betas = from.values::<f64>("sampler_betas")?;
        if betas.len() != self.betas.len() {
            let reason = format!("holds {} temperatures, and the settings ask for {}", betas.len(), self.betas.len());
            return Err(Error::file(from.path(), reason));
        }
        self.betas = betas;
        if !self.ratios.is_empty() {
            self.ratios = from.values("sampler_ratios")?;
            self.shares = from.values("sampler_shares")?;
        }
        self.walkers.load(from)?;
        self.batches.load(from)?;
        self.chain.load(from, "sampler_chain")?;
        self.seen = Convergence::load(from)?;
        self.is_reached = self.suffices(&self.seen);
        Ok(())
    }

    /// Writes all that goes on from here. All ranks.
    ///
    /// # Errors
    /// On all ranks, when the file cannot be written.
    pub fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.value("sampler_steps", self.steps)?;
        to.values("sampler_betas", &self.betas)?;
        if !self.ratios.is_empty() {
            to.values("sampler_ratios", &self.ratios)?;
            to.values("sampler_shares", &self.shares)?;
        }
        self.walkers.save(to)?;
        self.batches.save(to)?;
        self.chain.save(to, "sampler_chain")?;
        self.seen.save(to)
    }

    /// Moves every walker once; then keeps the step and looks at the chain, if either is due. All ranks.
    ///
    /// # Errors
    /// On all ranks, if a density is no number.
    pub fn step(&mut self) -> Result<()> {
        self.walkers.step(self.steps, &self.betas)?;
        swap(&mut self.walkers, self.steps, &self.betas, &mut self.ratios);
        self.steps += 1;
        if self.steps <= self.settings.burn_in {
            // Only during the burn-in: a ladder that moves would spoil detailed balance.
            if self.settings.ladder == Ladder::Adaptive {
                self.settle();
            }
        } else if (self.steps - self.settings.burn_in).is_multiple_of(self.settings.thin) {
            self.keep();
            if self.is_look_due() {
                self.look_as_is_due();
            }
        }
        Ok(())
    }

    /// Moves the ladder, and counts exchanges in the second half of the burn-in.
    fn settle(&mut self) {
        adapt(&mut self.betas, &self.ratios, self.steps);
        if 2 * self.steps > self.settings.burn_in {
            self.shares.iter_mut().zip(&self.ratios).for_each(|(sum, share)| *sum += share);
        }
    }

    /// Adds the step to the chain and to the evidence.
    fn keep(&mut self) {
        let Ensemble { walkers, chain, batches, betas, .. } = self;
        let width = walkers.width();
        let count = walkers.count();
        chain.push(count as u64, |walker, numbers| {
            numbers.extend_from_slice(&walkers.row(walker as usize)[..width - 1]);
        });
        if betas.len() > 1 {
            batches.add(betas, |k, walker| walkers.log_likelihood(k * count + walker), count);
        }
    }

    fn is_look_due(&self) -> bool {
        // At least so many kept steps, and a quarter of the chain at the last look.
        let since = self.chain.batches() - self.seen.kept;
        since >= self.settings.look_every && since * GROWTH >= self.seen.kept
    }

    /// Looks at the chain: at R-hat only where all else suffices, since it takes longer. All ranks.
    fn look_as_is_due(&mut self) {
        self.seen = self.look_as_is_needed();
        self.is_reached = self.suffices(&self.seen);
    }

    fn look_as_is_needed(&self) -> Convergence {
        let comm = &self.walkers.comm;
        let burn_in = burn_in_of(&self.chain, comm);
        let seen = Convergence::without_r_hat(burn_in, &self.chain, comm);
        if self.settings.r_hat > 0.0 && self.has_goal() && self.has_samples(&seen) && self.has_evidence() {
            return Convergence::after(burn_in, &self.chain, comm);
        }
        seen
    }

    /// Whether a chain of which this was seen has the samples that are wanted.
    fn has_samples(&self, seen: &Convergence) -> bool {
        let EnsembleSettings { effective_samples, least_times, .. } = self.settings;
        let is_long = seen.steps() as f64 >= least_times * seen.longest_time();
        effective_samples == 0.0 || seen.is_stationary && is_long && seen.least_effective() >= effective_samples
    }

    /// Whether the evidence is known as well as is wanted.
    fn has_evidence(&self) -> bool {
        let wanted = self.settings.evidence_error;
        wanted == 0.0 || self.evidence().is_some_and(|evidence| evidence.stepping_stones.error <= wanted)
    }

    /// Whether anything is wanted.
    fn has_goal(&self) -> bool {
        self.settings.effective_samples > 0.0 || self.settings.evidence_error > 0.0
    }

    /// Whether what was seen of the chain is all that is wanted.
    fn suffices(&self, seen: &Convergence) -> bool {
        let has_all = self.has_goal() && self.has_samples(seen) && self.has_evidence();
        has_all && (self.settings.r_hat == 0.0 || seen.largest_r_hat() <= self.settings.r_hat)
    }

    /// Looks at the chain as it is now; changes nothing. All ranks.
    pub fn look(&self) -> Convergence {
        Convergence::of(&self.chain, &self.walkers.comm)
    }

    /// The samples: the chain's rows without what is found to be burn-in, this rank's share of them. All ranks.
    pub fn samples(&self) -> Share {
        self.chain.share_of(self.found().steps, 1)
    }

    /// What is burn-in of the chain as it is now. All ranks.
    fn found(&self) -> BurnIn {
        burn_in_of(&self.chain, &self.walkers.comm)
    }

    /// What the last look that was due has found; nothing before the first. R-hat is among it only if the settings ask for it and all
    /// else suffices.
    pub fn seen(&self) -> &Convergence {
        &self.seen
    }

    /// Whether the effective samples and the evidence that are wanted are there, as of the last look.
    pub fn goal(&self) -> Goal {
        self.goal_if(self.is_reached)
    }

    /// Whether they are there now, at the end of a run that may come between two looks; changes nothing, so that a run that goes on takes the same
    /// looks as one that wasn't ended. All ranks.
    pub fn goal_at_end(&self) -> Goal {
        self.goal_if(self.is_reached || self.suffices(&self.look_as_is_needed()))
    }

    fn goal_if(&self, is_reached: bool) -> Goal {
        match (self.has_goal(), is_reached) {
            (false, _) => Goal::None,
            (true, false) => Goal::Open,
            (true, true) => Goal::Reached,
        }
    }

    /// Steps taken, burn-in included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The fewest and the most exchanges between neighbours in the second half of the burn-in, as shares of the walkers, where an adaptive ladder is uneven all
    /// the same: the burn-in was too short for it, or there are too few temperatures.
    pub fn uneven(&self) -> Option<[f64; 2]> {
        let steps = self.settings.burn_in - self.settings.burn_in / 2;
        let is_adapted = self.settings.ladder == Ladder::Adaptive && self.steps > self.settings.burn_in && steps > 0;
        if is_adapted { uneven_of(self.shares.iter().map(|sum| sum / steps as f64)) } else { None }
    }

    /// The settings.
    pub fn settings(&self) -> &EnsembleSettings {
        &self.settings
    }

    /// The density.
    pub fn density(&self) -> &D {
        &self.walkers.density
    }

    /// What was kept of the coldest walkers: after each step that is kept a row for each of them, with the parameters, `ln_prior`
    /// and `ln_likelihood`.
    pub fn chain(&self) -> &Table {
        &self.chain
    }

    /// Where the coldest walkers are: for each its point, ln prior and ln likelihood.
    pub fn positions(&self) -> impl Iterator<Item = &[f64]> {
        let width = self.walkers.width();
        (0..self.walkers.count()).map(move |walker| &self.walkers.row(walker)[..width - 1])
    }

    /// The share of proposals that the coldest walkers have taken since the start.
    pub fn acceptance(&self) -> f64 {
        self.walkers.acceptance(0, self.steps)
    }

    /// The inverse temperatures, the coldest, 1, first.
    pub fn betas(&self) -> &[f64] {
        &self.betas
    }

    /// The shares of walkers that exchanged places with the next hotter temperature in the last step.
    pub fn exchanges(&self) -> &[f64] {
        &self.ratios
    }

    /// The evidence; nothing without tempering, or before four steps were kept.
    pub fn evidence(&self) -> Option<Evidence> {
        let walkers = self.walkers.count();
        (self.betas.len() > 1).then(|| self.batches.evidence(&self.betas, walkers)).flatten()
    }
}

/// The smallest and the largest of some shares, where they differ too much.
fn uneven_of(shares: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let (fewest, most) = shares.fold((f64::INFINITY, 0.0f64), |(f, m), share| (f.min(share), m.max(share)));
    (most > UNEVEN * fewest).then_some([fewest, most])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_differ_more_than_threefold_are_uneven() {
        assert_eq!(uneven_of([0.3, 0.06, 0.4].into_iter()), Some([0.06, 0.4]));
        assert_eq!(uneven_of([0.3, 0.2, 0.4].into_iter()), None);
        assert_eq!(uneven_of([0.0, 0.0].into_iter()), None);
    }
}
