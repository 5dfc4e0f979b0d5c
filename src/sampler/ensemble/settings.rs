//! The settings of an ensemble, and which of them can't be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::super::moves::Moves;
use super::super::start::Start;
use super::super::tempering::{Ladder, geometric};
use crate::base::config::positive;
use crate::{Error, Result};

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

    pub(super) fn betas(&self, dimensions: usize) -> Vec<f64> {
        match &self.ladder {
            Ladder::Given(betas) => betas.clone(),
            _ => geometric(self.temperatures, dimensions),
        }
    }
}
