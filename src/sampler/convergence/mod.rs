//! How well a chain represents the density that it samples: its burn-in, autocorrelation times, effective samples, R-hat.
//!
//! What is burn-in is found first, and all else is of the steps after it. Each parameter is a column of the chain. Ranks share the columns out, bring each to the rank that looks at it, and exchange what
//! they found, so that nothing depends on their number.

mod autocorrelation;
mod burn_in;
mod effective;
mod r_hat;

pub use autocorrelation::autocorrelation_time;
pub(super) use burn_in::BurnIn;
pub use effective::{bulk_effective, tail_effective};
pub use r_hat::split_r_hat;

use super::table::Table;
use crate::base::partition::balanced_range;
use crate::comm::Comm;
use crate::io::{Checkpoint, CheckpointReader};
use crate::{Error, Result};

/// The lists of a look.
const LISTS: u64 = 4;

/// What was found at a look at a chain. Lists have an entry for each parameter.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Convergence {
    /// Steps that were kept of each walker.
    pub kept: u64,
    /// Walkers.
    pub walkers: u64,
    /// Kept steps at the start that were found to be burn-in; all else here is of the steps after them.
    pub burn_in: u64,
    /// Whether the chain has come to something: whether the two halves of its second half are alike.
    pub is_stationary: bool,
    /// Integrated autocorrelation times, in steps that are kept ([`autocorrelation_time`]).
    pub times: Vec<f64>,
    /// Split R-hat, the walkers as chains ([`split_r_hat`]); none where it was not looked at.
    pub r_hat: Vec<f64>,
    /// Effective samples of the bulk, the walkers as chains ([`bulk_effective`]); none where R-hat was not looked at.
    pub bulk: Vec<f64>,
    /// Effective samples of the tails, the walkers as chains ([`tail_effective`]); none where R-hat was not looked at.
    pub tail: Vec<f64>,
}

impl Convergence {
    /// Looks at a chain. All ranks.
    pub fn of(chain: &Table, comm: &Comm) -> Self {
        Self::after(burn_in_of(chain, comm), chain, comm)
    }

    /// Looks at a chain without its first kept steps. All ranks.
    pub(super) fn after(burn_in: BurnIn, chain: &Table, comm: &Comm) -> Self {
        let seen = Self::without_r_hat(burn_in, chain, comm);
        let look = |column: &Column, _| [split_r_hat(column), bulk_effective(column), tail_effective(column)];
        let found = each_column(chain, comm, burn_in.steps, parameters_of(chain), look);
        let [r_hat, bulk, tail] = [0, 1, 2].map(|which| found.iter().map(|found| found[which]).collect());
        Convergence { r_hat, bulk, tail, ..seen }
    }

    /// Looks at autocorrelation times alone, which is many times faster. All ranks.
    pub(super) fn without_r_hat(burn_in: BurnIn, chain: &Table, comm: &Comm) -> Self {
        let look = |column: &Column, _| [autocorrelation_time(column)];
        let times = each_column(chain, comm, burn_in.steps, parameters_of(chain), look);
        Convergence {
            kept: chain.batches(),
            walkers: chain.rows_per_batch(),
            burn_in: burn_in.steps,
            is_stationary: burn_in.is_over,
            times: times.into_iter().flatten().collect(),
            ..Convergence::default()
        }
    }

    /// Looks at columns of a chain.
    pub(crate) fn of_columns(kept: u64, walkers: u64, columns: &[Column]) -> Self {
        let each = |look: fn(&Column) -> f64| columns.iter().map(look).collect();
        let found: Vec<[f64; 2]> = columns.iter().map(|column| burn_in::burn_in(column, false)).collect();
        Convergence {
            kept,
            walkers,
            burn_in: 0,
            is_stationary: BurnIn::of_all(&found).is_over,
            times: each(autocorrelation_time),
            r_hat: each(split_r_hat),
            bulk: each(bulk_effective),
            tail: each(tail_effective),
        }
    }

    /// In words.
    #[cfg(any(feature = "solvers", feature = "plot"))]
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.burn_in > 0 {
            let [burn_in, kept] = [self.burn_in, self.kept];
            lines.push(format!("the first {burn_in} of {kept} kept steps are burn-in all the same: they are left out"));
        }
        if !self.is_stationary {
            lines.push(
                "the walkers still drift: these are no samples of the posterior yet; go on for more steps".into(),
            );
        }
        lines.push(format!(
            "autocorrelation time {:.1} kept steps at most, {:.0} effective samples at least, R-hat {:.4} at most",
            self.longest_time(),
            self.least_effective(),
            self.largest_r_hat(),
        ));
        let least = |list: &[f64]| list.iter().copied().fold(f64::INFINITY, f64::min);
        lines.push(format!(
            "effective samples, the walkers as chains: {:.0} of the bulk at least, {:.0} of the tails",
            least(&self.bulk),
            least(&self.tail)
        ));
        lines
    }

    /// The kept steps after the burn-in.
    pub fn steps(&self) -> u64 {
        self.kept - self.burn_in
    }

    /// Effective samples of each parameter: all samples over the autocorrelation time.
    pub fn effective(&self) -> Vec<f64> {
        let samples = (self.steps() * self.walkers) as f64;
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
        let stationary = u64::from(self.is_stationary);
        let seen = [self.kept, self.walkers, self.burn_in, stationary, self.times.len() as u64];
        to.values("sampler_seen", &seen)?;
        let numbers = [&self.times[..], &self.r_hat, &self.bulk, &self.tail].concat();
        if numbers.is_empty() { Ok(()) } else { to.values("sampler_convergence", &numbers) }
    }

    /// Reads what [`save`](Convergence::save) wrote.
    pub(super) fn load(from: &CheckpointReader) -> Result<Self> {
        let seen = from.values::<u64>("sampler_seen")?;
        let &[kept, walkers, burn_in, stationary, parameters] = &seen[..] else {
            return Err(Error::file(from.path(), format!("sampler_seen holds {} numbers, not 5", seen.len())));
        };
        let numbers = if parameters == 0 { Vec::new() } else { from.values::<f64>("sampler_convergence")? };
        if ![parameters, LISTS * parameters].contains(&(numbers.len() as u64)) {
            return Err(Error::file(from.path(), format!("sampler_convergence holds {} numbers", numbers.len())));
        }
        let mut lists = numbers.chunks_exact(parameters.max(1) as usize).map(<[f64]>::to_vec);
        let [times, r_hat, bulk, tail] = std::array::from_fn(|_| lists.next().unwrap_or_default());
        Ok(Convergence { kept, walkers, burn_in, is_stationary: stationary == 1, times, r_hat, bulk, tail })
    }
}

/// What is burn-in of a chain. All ranks.
pub(super) fn burn_in_of(chain: &Table, comm: &Comm) -> BurnIn {
    let parameters = parameters_of(chain);
    // Beside the parameters the ln posterior.
    let found =
        each_column(chain, comm, 0, parameters + 1, |column, which| burn_in::burn_in(column, which == parameters));
    BurnIn::of_all(&found)
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

    fn walkers(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.steps)
    }
}

/// The parameters of a chain.
fn parameters_of(chain: &Table) -> usize {
    chain.columns().len() - 2
}

/// What `look` finds in each of so many columns, the ln posterior after the parameters, without the first kept steps. All ranks.
fn each_column<const N: usize>(
    chain: &Table,
    comm: &Comm,
    from: u64,
    columns: usize,
    look: impl Fn(&Column, usize) -> [f64; N],
) -> Vec<[f64; N]> {
    let some = |first: usize| {
        let column = column_of(chain, comm, from, first..columns.min(first + comm.size()));
        let found = column.map(|column| look(&column, first + comm.rank()).to_vec());
        comm.all_gather(&found.unwrap_or_default()).as_chunks().0.to_vec()
    };
    (0..columns).step_by(comm.size()).flat_map(some).collect()
}

/// Brings each of these columns to a rank, the first to rank 0, without the first kept steps; the one that came here. All ranks.
fn column_of(chain: &Table, comm: &Comm, from: u64, columns: std::ops::Range<usize>) -> Option<Column> {
    let size = comm.size();
    let steps = (chain.batches() - from) as usize;
    let walkers = chain.rows_per_batch();
    let mut outgoing: Vec<Vec<f64>> = columns.clone().map(|column| held(chain, from, column)).collect();
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
            let step = place / width;
            let walker = theirs.start as usize + place % width;
            values[walker * steps + step] = value;
        }
    }
    Some(Column { steps, values })
}

/// The numbers of a parameter, or of the ln posterior, that this rank holds.
fn held(chain: &Table, from: u64, column: usize) -> Vec<f64> {
    let parameters = parameters_of(chain);
    let mine = chain.mine();
    let rows = chain.numbers().chunks_exact(parameters + 2).skip((from * (mine.end - mine.start)) as usize);
    let value = |row: &[f64]| if column < parameters { row[column] } else { row[parameters] + row[parameters + 1] };
    rows.map(value).collect()
}
