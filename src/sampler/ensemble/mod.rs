//! The affine-invariant ensemble (Goodman & Weare 2010; Foreman-Mackey et al. 2013), with or without parallel tempering.
//!
//! A step moves every walker once. With several temperatures neighbours then exchange places. After the burn-in each `thin`-th step is kept: the
//! coldest walkers go into the chain, the likelihoods of all into the evidence. From time to time the chain is looked
//! at (`looks`), at steps that settings and chain decide: what of it is burn-in all the same is left out, and when the rest has the effective
//! samples that are wanted, the goal is reached.
//!
//! Left out: moves by gradients, and an ensemble that grows.

mod looks;
mod settings;

pub use settings::EnsembleSettings;

use super::convergence::Convergence;
use super::density::Density;
use super::table::Table;
use super::tempering::{Evidence, Ladder, Likelihoods, adapt, swap};
use super::walkers::Walkers;
use crate::io::{Checkpoint, CheckpointReader};
use crate::{Comm, Error, Result};

/// The most exchanges of an even ladder, over the fewest.
const UNEVEN: f64 = 3.0;

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
    likelihoods: Likelihoods,
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
            likelihoods: Likelihoods::new(betas.len(), count),
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
        self.likelihoods.load(from)?;
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
        self.likelihoods.save(to)?;
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
        let Ensemble { walkers, chain, likelihoods, betas, .. } = self;
        let width = walkers.width();
        let count = walkers.count();
        chain.push(count as u64, |walker, numbers| {
            numbers.extend_from_slice(&walkers.row(walker as usize)[..width - 1]);
        });
        if betas.len() > 1 {
            likelihoods.add(betas, |k, walker| {
                let walker = k * count + walker;
                (walkers.history(walker), walkers.log_likelihood(walker))
            });
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
        (self.betas.len() > 1).then(|| self.likelihoods.evidence(&self.betas)).flatten()
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
