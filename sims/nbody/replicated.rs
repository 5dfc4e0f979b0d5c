//! Lists that every rank holds whole, in checkpoints: each rank writes its part, all read all.

use bytemuck::Pod;
use divisi::partition::balanced_range;
use divisi::{Checkpoint, CheckpointReader, Comm, Result};

/// Writes a list that is the same on every rank. All ranks.
pub fn save_records<T: Pod>(to: &mut Checkpoint, comm: &Comm, name: &str, list: &[T]) -> Result<()> {
    let total = list.len() as u64;
    let range = balanced_range(total, comm.size(), comm.rank());
    to.records(name, total, range.start, &list[range.start as usize..range.end as usize])
}

/// Reads a whole list on every rank.
pub fn load_records<T: Pod>(from: &CheckpointReader, name: &str) -> Result<Vec<T>> {
    let total = from.shape(name)?[0];
    from.records(name, 0..total)
}
