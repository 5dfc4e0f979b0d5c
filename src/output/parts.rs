//! A dataset that ranks hold in parts, and the ways in which the parts come into the file.
//!
//! A rank's part may be any number of boxes. Through MPI-IO a plain dataset is written where it is held: each rank gives
//! what it has. Otherwise the dataset is brought to its writers first, window by window: to rank 0 without MPI-IO, and
//! chunk by chunk to all ranks where it is compressed, since compressed chunks are laid out in the order in which the
//! ranks hand them over, which must be the dataset's. What a rank has of a window goes in one transfer.

use super::{Element, Slab, transfer};
use crate::partition::balanced_range;
use crate::{Comm, Error, Result};

/// Bytes that one rank moves in one transfer: bounds the memory of rank 0 without MPI-IO, and keeps MPI counts below 2^31.
const WINDOW_BYTES: u64 = 1 << 27;
/// Chunks of a compressed dataset that all ranks together write in one transfer.
const WINDOW_CHUNKS: u64 = 1024;

/// Who writes.
pub(super) struct Writers<'a> {
    /// The ranks; none when one process writes by itself.
    pub comm: Option<&'a Comm>,
    /// The dataset: on all ranks that write together through MPI-IO, otherwise on rank 0.
    pub dataset: Option<&'a hdf5::Dataset>,
    /// Whether all ranks write together.
    pub together: bool,
    /// The elements of a chunk, where the dataset is compressed.
    pub chunk: Option<u64>,
}

/// What this rank holds of a dataset: boxes, of which none meets another, with their numbers.
pub(super) struct Parts<'a, T: Element> {
    shape: &'a [u64],
    boxes: Vec<(&'a Slab, &'a [T])>,
}

impl<'a, T: Element> Parts<'a, T> {
    pub(super) fn new(shape: &'a [u64], boxes: impl IntoIterator<Item = (&'a Slab, &'a [T])>) -> Self {
        Parts { shape, boxes: boxes.into_iter().collect() }
    }

    /// The shape of the whole dataset.
    pub(super) fn shape(&self) -> &'a [u64] {
        self.shape
    }

    /// The bytes of the whole dataset.
    pub(super) fn bytes(&self) -> u64 {
        self.shape.iter().product::<u64>() * size_of::<T>() as u64
    }

    /// # Errors
    /// When a box does not lie in the dataset, or has another size than its numbers.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        if self.shape.is_empty() {
            return Err(Error::input(name, "no rank holds any of it"));
        }
        self.boxes.iter().try_for_each(|(slab, data)| {
            if slab.shape != self.shape {
                return Err(Error::input(name, format!("a slab of another shape than {:?}: {slab:?}", self.shape)));
            }
            slab.check(name, data.len())
        })
    }

    /// What of the boxes lies in a window.
    fn within(&self, window: &Slab) -> impl Iterator<Item = (Slab, &[T])> {
        let pieces = self.boxes.iter().map(|(slab, data)| {
            let piece = slab.within(window);
            let place = slab.memory(&piece);
            (piece, &data[place])
        });
        pieces.filter(|(piece, _)| !piece.is_empty())
    }

    /// The numbers of all that lies in some windows, one window after the other.
    fn all_within(&self, windows: &[Slab]) -> Vec<T> {
        windows.iter().flat_map(|window| self.within(window)).flat_map(|(_, data)| data).copied().collect()
    }

    /// Writes, in one transfer, what of the boxes lies in a window.
    fn write(&self, dataset: &hdf5::Dataset, window: &Slab, together: bool) -> hdf5::Result<()> {
        let (slabs, data): (Vec<Slab>, Vec<&[T]>) = self.within(window).unzip();
        write_boxes(dataset, &slabs, &data, together)
    }

    /// Writes all that the ranks hold. On all ranks; each goes on to the last transfer after a failure, so that none
    /// waits for ever.
    pub(super) fn write_all(&self, writers: &Writers<'_>) -> hdf5::Result<()> {
        match writers {
            Writers { comm: Some(comm), dataset: Some(dataset), together: true, chunk: None } => {
                self.write_in_place(comm, dataset)
            }
            _ => self.write_brought(writers),
        }
    }

    /// Writes what each rank holds from where it is. Every rank takes part in every transfer, with nothing where it has
    /// nothing left to give.
    fn write_in_place(&self, comm: &Comm, dataset: &hdf5::Dataset) -> hdf5::Result<()> {
        let windows = self.windows();
        let transfers = comm.all_reduce_max(windows.len() as u64);
        let none = Slab::none(self.shape);
        let mut outcome = Ok(());
        for transfer in 0..transfers {
            outcome = outcome.and(self.write(dataset, windows.get(transfer as usize).unwrap_or(&none), true));
        }
        outcome
    }

    /// Windows that hold all of this rank's boxes.
    fn windows(&self) -> Vec<Slab> {
        let around = self.boxes.iter().fold(Slab::none(self.shape), |around, (slab, _)| around.around(slab));
        let windows = around.pieces(WINDOW_BYTES / size_of::<T>() as u64);
        windows.filter(|window| self.within(window).next().is_some()).collect()
    }

    /// Writes window by window, after bringing each to its writers.
    fn write_brought(&self, writers: &Writers<'_>) -> hdf5::Result<()> {
        let others = writers.comm.filter(|comm| comm.size() > 1).map(|comm| (comm, self.held(comm)));
        let whole = Slab::whole(self.shape);
        let mut outcome = Ok(());
        for window in whole.pieces(writers.window(size_of::<T>() as u64)) {
            outcome = outcome.and(match (&others, writers.dataset) {
                (Some((comm, held)), _) => self.bring_and_write(comm, held, &window, writers),
                (None, Some(dataset)) => self.write(dataset, &window, writers.together),
                (None, None) => Ok(()),
            });
        }
        outcome
    }

    /// The boxes that each rank holds.
    fn held(&self, comm: &Comm) -> Vec<Vec<Slab>> {
        let words: Vec<u64> =
            self.boxes.iter().flat_map(|(slab, _)| [&slab.offset[..], &slab.count].concat()).collect();
        let (counts, words) = (comm.all_gather(&[words.len()]), comm.all_gather(&words));
        let mut rest = &words[..];
        let mut next = |count: &usize| slabs_from(self.shape, rest.split_off(..*count).unwrap_or_default());
        counts.iter().map(&mut next).collect()
    }

    /// Sends what this rank holds of a window to the writers of its boxes, and writes what comes.
    fn bring_and_write(
        &self,
        comm: &Comm,
        held: &[Vec<Slab>],
        window: &Slab,
        writers: &Writers<'_>,
    ) -> hdf5::Result<()> {
        let homes = writers.homes(comm, window);
        let outgoing = homes.iter().map(|homes| self.all_within(homes)).collect();
        let incoming = comm.exchange(outgoing);
        let (mut slabs, mut data) = (Vec::new(), Vec::new());
        for (held, incoming) in held.iter().zip(&incoming) {
            let mut rest = &incoming[..];
            let pieces = homes[comm.rank()].iter().flat_map(|home| held.iter().map(|slab| slab.within(home)));
            for piece in pieces.filter(|piece| !piece.is_empty()) {
                data.push(rest.split_off(..piece.len() as usize).unwrap_or_default());
                slabs.push(piece);
            }
        }
        writers.dataset.map_or(Ok(()), |dataset| write_boxes(dataset, &slabs, &data, writers.together))
    }
}

impl Writers<'_> {
    /// How many elements of this many bytes are brought to the writers at a time: whole chunks, where there are any.
    fn window(&self, bytes: u64) -> u64 {
        let limit = WINDOW_BYTES / bytes;
        match self.chunk {
            None => limit,
            Some(chunk) if self.together => chunk * WINDOW_CHUNKS,
            Some(chunk) => chunk * (limit / chunk).max(1),
        }
    }

    /// The boxes of a window that each rank writes: whole chunks, the first of them on the first ranks.
    fn homes(&self, comm: &Comm, window: &Slab) -> Vec<Vec<Slab>> {
        let chunks: Vec<Slab> = window.pieces(self.chunk.unwrap_or(u64::MAX)).collect();
        let share = |rank: usize| match self.together {
            true => balanced_range(chunks.len() as u64, comm.size(), rank),
            false => 0..if rank == 0 { chunks.len() as u64 } else { 0 },
        };
        (0..comm.size()).map(|rank| chunks[share(rank).start as usize..share(rank).end as usize].to_vec()).collect()
    }
}

/// Boxes from their offsets and counts.
fn slabs_from(shape: &[u64], words: &[u64]) -> Vec<Slab> {
    let slab = |words: &[u64]| {
        let (offset, count) = words.split_at(shape.len());
        Slab { shape: shape.to_vec(), offset: offset.to_vec(), count: count.to_vec() }
    };
    words.chunks_exact(2 * shape.len()).map(slab).collect()
}

/// Writes the numbers of boxes in one transfer.
fn write_boxes<T: Element>(dataset: &hdf5::Dataset, slabs: &[Slab], data: &[&[T]], together: bool) -> hdf5::Result<()> {
    match data {
        [data] => transfer::write(dataset, slabs, data, together),
        _ => transfer::write(dataset, slabs, &in_order(slabs, data), together),
    }
}

/// The numbers of several boxes in the order in which they stand in the dataset.
fn in_order<T: Element>(slabs: &[Slab], data: &[&[T]]) -> Vec<T> {
    let lines = slabs.iter().zip(data).flat_map(|(slab, data)| {
        let lines = data.chunks_exact(slab.count[slab.count.len() - 1] as usize);
        lines.enumerate().map(|(line, data)| (slab.line_start(line as u64), data))
    });
    let mut lines: Vec<(u64, &[T])> = lines.collect();
    lines.sort_unstable_by_key(|line| line.0);
    lines.into_iter().flat_map(|(_, line)| line).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_come_into_the_dataset_s_order() {
        let slab =
            |offset: [u64; 2], count: [u64; 2]| Slab { shape: vec![3, 4], offset: offset.into(), count: count.into() };
        let slabs = [slab([1, 1], [2, 3]), slab([0, 2], [1, 2]), slab([1, 0], [2, 1])];
        let data: [&[u64]; 3] = [&[11, 12, 13, 21, 22, 23], &[2, 3], &[10, 20]];
        assert_eq!(in_order(&slabs, &data), [2, 3, 10, 11, 12, 13, 20, 21, 22, 23]);
    }

    #[test]
    fn a_rank_s_windows_hold_all_of_its_boxes() {
        let shape = [4, 3 << 23];
        let far = Slab { shape: shape.into(), offset: vec![3, 5], count: vec![1, 2] };
        let near = Slab { offset: vec![0, 7], ..far.clone() };
        let parts = Parts::<f64>::new(&shape, [(&far, &[1.0, 2.0][..]), (&near, &[3.0, 4.0])]);
        let windows = parts.windows();
        assert_eq!(windows.iter().flat_map(|window| parts.within(window)).map(|(slab, _)| slab.len()).sum::<u64>(), 4);
        assert!(parts.check("x").is_ok() && Parts::<f64>::new(&[4, 4], [(&far, &[1.0, 2.0][..])]).check("x").is_err());
    }
}
