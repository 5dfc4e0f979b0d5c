//! How far a chain tells of the density that it samples: autocorrelation times, effective samples, R-hat.
//!
//! Each parameter is a column of the chain. Ranks share the columns out, bring each to the rank that looks at it, and tell each other what
//! they found, so that nothing depends on their number.

mod autocorrelation;
mod r_hat;

pub use autocorrelation::autocorrelation_time;
pub use r_hat::split_r_hat;

use super::Table;
use crate::comm::Comm;
use crate::output::{Checkpoint, CheckpointReader};
use crate::partition::balanced_range;
use crate::{Error, Result};

/// What was found at a look at a chain. Lists have an entry for each parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Convergence {
    /// Steps that were kept of each walker.
    pub kept: u64,
    /// Walkers.
    pub walkers: u64,
    /// Integrated autocorrelation times, in steps that are kept ([`autocorrelation_time`]).
    pub times: Vec<f64>,
    /// Split R-hat, the walkers as chains ([`split_r_hat`]); none where it was not looked at.
    pub r_hat: Vec<f64>,
}

impl Convergence {
    /// Looks at a chain. All ranks.
    pub fn of(chain: &Table, comm: &Comm) -> Self {
        Convergence { r_hat: each_column(chain, comm, split_r_hat), ..Self::without_r_hat(chain, comm) }
    }

    /// Looks at autocorrelation times alone, which is many times faster. All ranks.
    pub(super) fn without_r_hat(chain: &Table, comm: &Comm) -> Self {
        let times = each_column(chain, comm, autocorrelation_time);
        Convergence { kept: chain.batches(), walkers: chain.rows_per_batch(), times, r_hat: Vec::new() }
    }

    /// Effective samples of each parameter: all samples over the autocorrelation time.
    pub fn effective(&self) -> Vec<f64> {
        let samples = (self.kept * self.walkers) as f64;
        self.times.iter().map(|time| samples / time).collect()
    }

    /// The fewest effective samples of a parameter; 0 before the first look.
    pub fn least_effective(&self) -> f64 {
        self.effective().into_iter().reduce(f64::min).unwrap_or(0.0)
    }

    /// The longest autocorrelation time, in steps that are kept; infinite before the first look.
    pub fn longest_time(&self) -> f64 {
        self.times.iter().copied().reduce(f64::max).unwrap_or(f64::INFINITY)
    }

    /// The largest R-hat; infinite where it was not looked at.
    pub fn largest_r_hat(&self) -> f64 {
        self.r_hat.iter().copied().reduce(f64::max).unwrap_or(f64::INFINITY)
    }

    /// Writes it. All ranks.
    pub(super) fn save(&self, to: &mut Checkpoint) -> Result<()> {
        to.values("sampler_seen", &[self.kept, self.walkers, self.times.len() as u64])?;
        let numbers = [&self.times[..], &self.r_hat[..]].concat();
        if numbers.is_empty() { Ok(()) } else { to.values("sampler_convergence", &numbers) }
    }

    /// Reads what [`save`](Convergence::save) wrote.
    pub(super) fn load(from: &CheckpointReader) -> Result<Self> {
        let seen = from.values::<u64>("sampler_seen")?;
        let &[kept, walkers, parameters] = &seen[..] else {
            return Err(Error::file(from.path(), format!("sampler_seen holds {} numbers, not 3", seen.len())));
        };
        let mut times = if parameters == 0 { Vec::new() } else { from.values::<f64>("sampler_convergence")? };
        if ![parameters, 2 * parameters].contains(&(times.len() as u64)) {
            return Err(Error::file(from.path(), format!("sampler_convergence holds {} numbers", times.len())));
        }
        let r_hat = times.split_off(parameters as usize);
        Ok(Convergence { kept, walkers, times, r_hat })
    }
}

/// A column of a chain: the values of each walker, step by step.
#[derive(Clone, Debug)]
pub struct Column {
    /// Steps of each walker.
    steps: usize,
    /// Walker after walker.
    values: Vec<f64>,
}

impl Column {
    /// Values of walkers, one walker after another, with `steps` values each.
    ///
    /// # Panics
    /// If there are no values, or no whole number of walkers.
    pub fn new(steps: usize, values: Vec<f64>) -> Self {
        assert!(steps > 0 && !values.is_empty() && values.len().is_multiple_of(steps), "whole walkers are needed");
        Column { steps, values }
    }

    fn walkers(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.steps)
    }
}

/// What `look` finds in the column of each parameter. All ranks.
fn each_column(chain: &Table, comm: &Comm, look: fn(&Column) -> f64) -> Vec<f64> {
    let parameters = chain.columns().len() - 2;
    let some = |first: usize| {
        let column = column_of(chain, comm, first..parameters.min(first + comm.size()));
        comm.all_gather(&column.map(|column| look(&column)).into_iter().collect::<Vec<f64>>())
    };
    (0..parameters).step_by(comm.size()).flat_map(some).collect()
}

/// Brings each of these columns to a rank, the first to rank 0; the one that came here. All ranks.
fn column_of(chain: &Table, comm: &Comm, columns: std::ops::Range<usize>) -> Option<Column> {
    let (size, steps, walkers) = (comm.size(), chain.batches() as usize, chain.rows_per_batch());
    let mut outgoing: Vec<Vec<f64>> = columns.clone().map(|column| chain.held_column(column).collect()).collect();
    outgoing.resize(size, Vec::new());
    let incoming = comm.exchange(outgoing);
    if comm.rank() >= columns.len() || steps == 0 {
        return None;
    }
    let mut values = vec![0.0; walkers as usize * steps];
    for (rank, incoming) in incoming.iter().enumerate() {
        let theirs = balanced_range(walkers, size, rank);
        let width = (theirs.end - theirs.start) as usize;
        for (place, &value) in incoming.iter().enumerate() {
            let (step, walker) = (place / width, theirs.start as usize + place % width);
            values[walker * steps + step] = value;
        }
    }
    Some(Column { steps, values })
}
