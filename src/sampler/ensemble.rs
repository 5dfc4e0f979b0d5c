//! The affine-invariant ensemble (Goodman & Weare 2010; Foreman-Mackey et al. 2013), with or without parallel tempering.
//!
//! A step moves every walker once. With several temperatures neighbours then exchange places. After the burn-in each `thin`-th step is kept: the
//! coldest walkers go into the chain, the likelihoods of all into the evidence. From time to time the chain is looked
//! at, at steps that settings and chain decide: when it has the effective samples that are wanted, the goal is reached.
//!
//! Left out: moves by gradients, and an ensemble that grows.

use serde::{Deserialize, Serialize};

use super::convergence::Convergence;
use super::tempering::{Batches, adapt, geometric, swap};
use super::walkers::Walkers;
use super::{Density, Evidence, Ladder, Moves, Start, Table};
use crate::config::positive;
use crate::output::{Checkpoint, CheckpointReader};
use crate::run::Goal;
use crate::{Comm, Error, Result};

/// A look at the chain follows after this share of its length at the earliest.
const GROWTH: u64 = 4;

/// Settings of an ensemble: of `[method]` with `kind = "ensemble"` or `"tempering"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnsembleSettings {
    /// Walkers at each temperature: an even number, at least twice that of parameters.
    pub walkers: usize,
    /// Temperatures; 1 is an ensemble without tempering.
    pub temperatures: usize,
    /// How the inverse temperatures are chosen.
    pub ladder: Ladder,
    /// Steps that are left out at the beginning; an adaptive ladder moves during them.
    pub burn_in: u64,
    /// Each so many-th step is kept.
    pub thin: u64,
    /// Effective samples of each parameter that are wanted; 0: none, the sampling goes on as long as it is asked to.
    pub effective_samples: f64,
    /// How many autocorrelation times the chain must be long before the count of effective samples is trusted.
    pub least_times: f64,
    /// The largest split R-hat with which the goal is reached; 0: any.
    pub r_hat: f64,
    /// Kept steps from one look at the chain to the next at least; a quarter of the chain, if that is more.
    pub look_every: u64,
    /// How often each move is tried.
    pub moves: Moves,
    /// Where walkers start.
    pub start: Start,
}

impl Default for EnsembleSettings {
    fn default() -> Self {
        EnsembleSettings {
            walkers: 64,
            temperatures: 1,
            ladder: Ladder::default(),
            burn_in: 1000,
            thin: 10,
            effective_samples: 0.0,
            least_times: 50.0,
            r_hat: 0.0,
            look_every: 100,
            moves: Moves::default(),
            start: Start::default(),
        }
    }
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
        let (walkers, least) = (self.walkers, 2 * dimensions.unwrap_or(1));
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
    /// for `effective_samples`, `least_times` and `r_hat`. All ranks.
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
        let (count, temperatures) = (settings.walkers, settings.temperatures);
        let walkers = Walkers::new(comm, density, [count, temperatures], settings.moves, seed)?;
        let betas = settings.betas(walkers.space.dimensions());
        let chain = Table::of_points(comm, walkers.space.names(), count as u64);
        Ok(Ensemble {
            settings,
            walkers,
            steps: 0,
            ratios: vec![0.0; betas.len() - 1],
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
        }
        self.walkers.load(from)?;
        self.batches.load(from)?;
        self.chain.load(from, "sampler_chain")?;
        self.seen = Convergence::load(from)?;
        self.is_reached = self.suffices();
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
        }
        self.walkers.save(to)?;
        self.batches.save(&self.walkers.comm, to)?;
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
            if self.settings.ladder == Ladder::Adaptive {
                adapt(&mut self.betas, &self.ratios, self.steps);
            }
        } else if (self.steps - self.settings.burn_in).is_multiple_of(self.settings.thin) {
            self.keep();
            if self.is_look_due() {
                self.look_as_is_due();
            }
        }
        Ok(())
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
        let since = self.chain.batches() - self.seen.kept;
        since >= self.settings.look_every && since * GROWTH >= self.seen.kept
    }

    /// Looks at the chain: at R-hat only where all else suffices, since it takes longer. All ranks.
    fn look_as_is_due(&mut self) {
        self.seen = Convergence::without_r_hat(&self.chain, &self.walkers.comm);
        if self.settings.r_hat > 0.0 && self.has_samples() {
            self.seen = self.look();
        }
        self.is_reached = self.suffices();
    }

    /// Whether the chain, when it was last looked at, had the samples that are wanted.
    fn has_samples(&self) -> bool {
        let EnsembleSettings { effective_samples, least_times, .. } = self.settings;
        effective_samples > 0.0
            && self.seen.least_effective() >= effective_samples
            && self.seen.kept as f64 >= least_times * self.seen.longest_time()
    }

    /// Whether what was seen of the chain is all that is wanted.
    fn suffices(&self) -> bool {
        self.has_samples() && (self.settings.r_hat == 0.0 || self.seen.largest_r_hat() <= self.settings.r_hat)
    }

    /// Looks at the chain as it is now; changes nothing. All ranks.
    pub fn look(&self) -> Convergence {
        Convergence::of(&self.chain, &self.walkers.comm)
    }

    /// What the last look that was due has found; nothing before the first. R-hat is among it only if the settings ask for it and all
    /// else suffices.
    pub fn seen(&self) -> &Convergence {
        &self.seen
    }

    /// Whether the effective samples that are wanted are there, as far as the last look tells.
    pub fn goal(&self) -> Goal {
        match (self.settings.effective_samples > 0.0, self.is_reached) {
            (false, _) => Goal::None,
            (true, false) => Goal::Open,
            (true, true) => Goal::Reached,
        }
    }

    /// Steps taken, burn-in included.
    pub fn steps(&self) -> u64 {
        self.steps
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
