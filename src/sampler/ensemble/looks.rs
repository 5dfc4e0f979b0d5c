//! Looks at the chain of an ensemble: when they are due, what they find, and whether that is all that is wanted.

use super::super::convergence::{BurnIn, Convergence, burn_in_of};
use super::super::density::Density;
use super::super::table::Share;
use super::Ensemble;
use super::EnsembleSettings;
use crate::run::Goal;

/// A look at the chain follows after this share of its length at the earliest.
const GROWTH: u64 = 4;

impl<D: Density> Ensemble<D> {
    pub(super) fn is_look_due(&self) -> bool {
        // At least so many kept steps, and a quarter of the chain at the last look.
        let since = self.chain.batches() - self.seen.kept;
        since >= self.settings.look_every && since * GROWTH >= self.seen.kept
    }

    /// Looks at the chain: at R-hat only where all else suffices, since it takes longer. All ranks.
    pub(super) fn look_as_is_due(&mut self) {
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
    pub(super) fn suffices(&self, seen: &Convergence) -> bool {
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
}
