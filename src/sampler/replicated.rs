//! Numbers that every rank knows, in checkpoints: each rank writes its share, and reads all.

use crate::comm::Comm;
use crate::output::{Checkpoint, CheckpointReader};
use crate::partition::balanced_range;
use crate::{Error, Result};

/// Writes numbers, the same on all ranks. All ranks.
pub(super) fn save(comm: &Comm, to: &mut Checkpoint, name: &str, numbers: &[f64]) -> Result<()> {
    let total = numbers.len() as u64;
    let share = balanced_range(total, comm.size(), comm.rank());
    to.column(name, total, share.start, &numbers[share.start as usize..share.end as usize])
}

/// The numbers that [`save`] wrote, of which there must be `count`.
pub(super) fn load(from: &CheckpointReader, name: &str, count: usize) -> Result<Vec<f64>> {
    let stored = from.shape(name)?.iter().product::<u64>();
    match stored == count as u64 {
        true => from.read(name, 0..stored),
        false => {
            let reason = format!("{name} holds {stored} numbers, and these settings need {count}");
            Err(Error::file(from.path(), reason))
        }
    }
}
