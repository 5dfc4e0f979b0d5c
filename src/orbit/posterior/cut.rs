//! A posterior with more of the chain's start left out, or fewer of its steps kept, than its run has.

use super::{Chain, Posterior};
use crate::sampler::{Column, Convergence};
use crate::{Error, Result};

impl Posterior {
    /// The samples of an ensemble without its first `discard` kept steps, and of the others those of each `thin`-th. Kept steps count from the chain's
    /// first, which those that the run has left out as burn-in are among. Of a posterior that was read, or of one process.
    ///
    /// # Errors
    /// No chain, a `thin` of 0, fewer steps to discard than were left out, or all of them.
    pub fn after(&self, discard: u64, thin: u64) -> Result<Posterior> {
        let Some(chain) = self.chain.as_ref().filter(|chain| chain.walkers > 0) else {
            return Err(Error::input("posterior", "has no chain of walkers of which steps could be left out"));
        };
        let steps = self.chain_steps(chain);
        let left_out = steps - self.len() / chain.walkers;
        let first = discard as usize;
        let refuse = |key: &str, reason: String| Err(Error::input(key, reason));
        if thin == 0 {
            return refuse("--thin", "is 0, which keeps no step; 1 keeps all".to_owned());
        }
        if first < left_out {
            let reason = format!("is {first}, but {left_out} kept steps were left out as burn-in and are in no file");
            return refuse("--discard", reason);
        }
        if first >= steps {
            return refuse("--discard", format!("is {first}, and there are {steps} kept steps"));
        }
        let kept: Vec<usize> = (first..steps).step_by(thin as usize).collect();
        let rows = |&step: &usize| (0..chain.walkers).map(move |walker| (step - left_out) * chain.walkers + walker);
        let width = chain.walkers * self.parameters.len();
        let ways = kept.iter().flat_map(|step| &chain.samples[step * width..][..width]).copied().collect();
        let selected = self.select(&kept.iter().flat_map(rows).collect::<Vec<_>>());
        let chain = Chain { walkers: chain.walkers, thin: chain.thin * thin, samples: ways };
        Ok(Posterior { chain: Some(chain), ..selected })
    }

    /// The kept steps that were left out as burn-in; 0 without a chain.
    pub fn left_out(&self) -> u64 {
        let chain = self.chain.as_ref().filter(|chain| chain.walkers > 0);
        chain.map_or(0, |chain| self.chain_steps(chain) - self.len() / chain.walkers) as u64
    }

    /// How far the chain can be trusted: a column for each parameter that isn't fixed. Nothing without a chain.
    pub fn convergence(&self) -> Option<Convergence> {
        let chain = self.chain.as_ref().filter(|chain| chain.walkers > 0)?;
        let steps = self.chain_steps(chain);
        let width = self.parameters.len();
        let column = |place: usize| {
            let value = |walker: usize, step: usize| chain.samples[(step * chain.walkers + walker) * width + place];
            (0..chain.walkers).flat_map(|walker| (0..steps).map(move |step| value(walker, step))).collect()
        };
        let columns = (0..width).map(column).filter(|values: &Vec<f64>| values.iter().any(|x| *x != values[0]));
        let columns: Vec<Column> = columns.map(|values| Column::new(steps, values)).collect();
        Some(Convergence::of_columns(steps as u64, chain.walkers as u64, &columns))
    }

    fn chain_steps(&self, chain: &Chain) -> usize {
        chain.samples.len() / (chain.walkers * self.parameters.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orbit::posterior::Parameter;

    /// Five kept steps of two walkers, the first of which was left out.
    fn posterior() -> Posterior {
        let way = |row: usize| [row as f64, 7.0];
        Posterior {
            parameters: vec![Parameter::new("x", ""), Parameter::new("known", "")],
            samples: (2..10).flat_map(way).collect(),
            ln_likelihood: (2..10).map(|row| -(row as f64)).collect(),
            ln_prior: vec![0.5; 8],
            chain: Some(Chain { walkers: 2, thin: 3, samples: (0..10).flat_map(way).collect() }),
            ..Posterior::default()
        }
    }

    #[test]
    fn steps_are_left_out_of_samples_and_chain_alike() {
        let whole = posterior();
        assert_eq!((whole.left_out(), whole.after(1, 1).unwrap().samples), (1, whole.samples.clone()));
        let cut = whole.after(2, 2).unwrap();
        assert_eq!(cut.ln_likelihood, [-4.0, -5.0, -8.0, -9.0]);
        assert_eq!(cut.column(0).collect::<Vec<_>>(), [4.0, 5.0, 8.0, 9.0]);
        assert_eq!(cut.chain, Some(Chain { walkers: 2, thin: 6, samples: cut.samples.clone() }));
        let seen = whole.convergence().unwrap();
        assert_eq!((seen.kept, seen.walkers, seen.times.len()), (5, 2, 1));
    }

    #[test]
    fn what_cannot_be_left_out_is_refused() {
        for (discard, thin, told) in [(0, 1, "--discard: is 0, but 1"), (5, 1, "there are 5 kept"), (2, 0, "--thin")] {
            let error = posterior().after(discard, thin).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let error = Posterior { chain: None, ..posterior() }.after(0, 1).unwrap_err().to_string();
        assert!(error.contains("no chain"), "{error}");
    }
}
