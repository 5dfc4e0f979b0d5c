//! Writing a rank's part of a dataset to the file, bounded in memory.
//!
//! A rank's part may be any number of boxes. Through MPI-IO a plain dataset is written by the ranks that hold it: each
//! writes its own boxes. Otherwise the dataset is brought to its writers first, window by window: to rank 0 without MPI-IO, and
//! chunk by chunk to all ranks where it is compressed, since compressed chunks are laid out in the order in which the
//! ranks hand them over, which must be the dataset's. A rank's part of a window goes in one transfer, directly from memory
//! if it is contiguous, else through a buffer. No buffer is longer than a window.

use super::{Element, Part, Slab, transfer};
use crate::base::partition::balanced_range;
use crate::{Comm, Error, Result};

/// Bytes of the longest window: keeps MPI's counts below 2^31.
const LONGEST: u64 = 1 << 30;

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
    /// The bytes that a rank may hold in a buffer.
    pub buffer: u64,
}

/// What this rank holds of a dataset: boxes, of which none meets another, with their numbers.
pub(super) struct Parts<'p, 'a, T: Element> {
    shape: &'p [u64],
    boxes: &'p [Part<'a, T>],
}

impl<'p, 'a, T: Element> Parts<'p, 'a, T> {
    pub(super) fn new(shape: &'p [u64], boxes: &'p [Part<'a, T>]) -> Self {
        Parts { shape, boxes }
    }

    /// The shape of the whole dataset.
    pub(super) fn shape(&self) -> &'p [u64] {
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
        self.boxes.iter().try_for_each(|part| {
            if part.slab().shape != self.shape {
                let reason = format!("a slab of another shape than {:?}: {:?}", self.shape, part.slab());
                return Err(Error::input(name, reason));
            }
            part.check(name)
        })
    }

    /// The pieces of the boxes in a window: each with the box that it belongs to.
    fn within(&self, window: &Slab) -> impl Iterator<Item = (&'p Part<'a, T>, Slab)> {
        let pieces = self.boxes.iter().map(|part| (part, part.slab().within(window)));
        pieces.filter(|(_, piece)| !piece.is_empty())
    }

    /// Writes, in one transfer, the pieces of the boxes in a window.
    fn write(&self, dataset: &hdf5::Dataset, window: &Slab, together: bool, buffer: &mut Vec<T>) -> hdf5::Result<()> {
        let (parts, slabs): (Vec<_>, Vec<Slab>) = self.within(window).unzip();
        if let ([part], [piece]) = (&parts[..], &slabs[..])
            && let Some(numbers) = part.together(piece)
        {
            return transfer::write(dataset, &slabs, numbers, together);
        }
        let mut lines: Vec<_> = parts.iter().zip(&slabs).flat_map(|(part, piece)| part.lines_of(piece)).collect();
        lines.sort_unstable_by_key(|(start, _)| *start);
        buffer.clear();
        lines.iter().for_each(|(_, line)| buffer.extend_from_slice(line));
        transfer::write(dataset, &slabs, buffer, together)
    }

    /// Writes all that the ranks hold. On all ranks; each goes on to the last transfer after a failure, so that none
    /// waits for ever.
    pub(super) fn write_all(&self, writers: &Writers<'_>) -> hdf5::Result<()> {
        match writers {
            Writers { comm: Some(comm), dataset: Some(dataset), together: true, chunk: None, .. } => {
                self.write_in_place(comm, dataset, writers.elements(size_of::<T>()))
            }
            _ => self.write_brought(writers),
        }
    }

    /// Writes what each rank holds from where it is. Every rank takes part in every transfer, with nothing where it has
    /// nothing left to give.
    fn write_in_place(&self, comm: &Comm, dataset: &hdf5::Dataset, limit: u64) -> hdf5::Result<()> {
        let windows = self.windows(limit);
        let transfers = comm.all_reduce_max(windows.len() as u64);
        let none = Slab::none(self.shape);
        let mut buffer = Vec::new();
        let mut outcome = Ok(());
        for transfer in 0..transfers {
            let window = windows.get(transfer as usize).unwrap_or(&none);
            outcome = outcome.and(self.write(dataset, window, true, &mut buffer));
        }
        outcome
    }

    /// Windows of at most `limit` elements that hold all of this rank's boxes.
    fn windows(&self, limit: u64) -> Vec<Slab> {
        let around = self.boxes.iter().fold(Slab::none(self.shape), |around, part| around.around(part.slab()));
        around.pieces(limit).filter(|window| self.within(window).next().is_some()).collect()
    }

    /// Writes window by window, after bringing each to its writers.
    fn write_brought(&self, writers: &Writers<'_>) -> hdf5::Result<()> {
        let others = writers.comm.filter(|comm| comm.size() > 1).map(|comm| (comm, self.held(comm)));
        let whole = Slab::whole(self.shape);
        let mut buffer = Vec::new();
        let mut outcome = Ok(());
        for window in whole.pieces(writers.window(size_of::<T>())) {
            outcome = outcome.and(match (&others, writers.dataset) {
                (Some((comm, held)), _) => self.bring_and_write(comm, held, &window, writers, &mut buffer),
                (None, Some(dataset)) => self.write(dataset, &window, writers.together, &mut buffer),
                (None, None) => Ok(()),
            });
        }
        outcome
    }

    /// The boxes that each rank holds.
    fn held(&self, comm: &Comm) -> Vec<Vec<Slab>> {
        let slabs = self.boxes.iter().map(Part::slab);
        let words: Vec<u64> = slabs.flat_map(|slab| [&slab.offset[..], &slab.count].concat()).collect();
        let counts = comm.all_gather(&[words.len()]);
        let words = comm.all_gather(&words);
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
        buffer: &mut Vec<T>,
    ) -> hdf5::Result<()> {
        let homes = writers.homes(comm, window);
        let incoming = comm.exchange(homes.iter().map(|homes| self.all_within(homes)).collect());
        let mine = &homes[comm.rank()];
        let mut pieces: Vec<(Slab, &[T])> = Vec::new();
        for (held, incoming) in held.iter().zip(&incoming) {
            let mut rest = &incoming[..];
            let found = mine.iter().flat_map(|home| held.iter().map(|slab| slab.within(home)));
            for piece in found.filter(|piece| !piece.is_empty()) {
                let numbers = rest.split_off(..piece.len() as usize).unwrap_or_default();
                pieces.push((piece, numbers));
            }
        }
        let Some(dataset) = writers.dataset else { return Ok(()) };
        let (slabs, numbers): (Vec<Slab>, Vec<&[T]>) = pieces.into_iter().unzip();
        if let [numbers] = numbers[..] {
            return transfer::write(dataset, &slabs, numbers, writers.together);
        }
        assemble(mine, &slabs, &numbers, buffer);
        transfer::write(dataset, &slabs, buffer, writers.together)
    }

    /// The numbers of all pieces in some windows, one window after the other.
    fn all_within(&self, windows: &[Slab]) -> Vec<T> {
        let held = windows.iter().flat_map(|window| self.within(window)).map(|(_, piece)| piece.len()).sum::<u64>();
        let mut numbers = Vec::with_capacity(held as usize);
        for (part, piece) in windows.iter().flat_map(|window| self.within(window)) {
            match part.together(&piece) {
                Some(all) => numbers.extend_from_slice(all),
                None => part.lines_of(&piece).for_each(|(_, line)| numbers.extend_from_slice(line)),
            }
        }
        numbers
    }
}

impl Writers<'_> {
    /// How many elements of this many bytes fill the buffer.
    fn elements(&self, bytes: usize) -> u64 {
        (self.buffer.min(LONGEST) / bytes as u64).max(1)
    }

    /// How many elements of this many bytes are brought to the writers at a time: whole chunks, where there are any.
    fn window(&self, bytes: usize) -> u64 {
        let limit = self.elements(bytes);
        let ranks = self.comm.filter(|_| self.together).map_or(1, Comm::size) as u64;
        self.chunk.map_or(limit, |chunk| chunk * (limit / chunk).max(1) * ranks)
    }

    /// The boxes of a window that each rank writes: whole chunks, the first of them on the first ranks.
    fn homes(&self, comm: &Comm, window: &Slab) -> Vec<Vec<Slab>> {
        let chunks: Vec<Slab> = window.pieces(self.chunk.unwrap_or(u64::MAX)).collect();
        let share = |rank: usize| {
            if self.together {
                balanced_range(chunks.len() as u64, comm.size(), rank)
            } else {
                0..if rank == 0 { chunks.len() as u64 } else { 0 }
            }
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

/// Puts the numbers of pieces, which fill boxes that follow each other in the dataset, into its order.
fn assemble<T: Element>(homes: &[Slab], pieces: &[Slab], numbers: &[&[T]], buffer: &mut Vec<T>) {
    buffer.clear();
    buffer.resize(homes.iter().map(Slab::len).sum::<u64>() as usize, T::zeroed());
    let begin = homes.first().map_or(0, |home| home.line_start(0));
    for (piece, numbers) in pieces.iter().zip(numbers) {
        for (n, line) in (0..).zip(numbers.chunks_exact(piece.line() as usize)) {
            let place = (piece.line_start(n) - begin) as usize;
            buffer[place..place + line.len()].copy_from_slice(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_into_the_dataset_s_order() {
        let slab =
            |offset: [u64; 2], count: [u64; 2]| Slab { shape: vec![4, 4], offset: offset.into(), count: count.into() };
        let homes = [slab([1, 0], [1, 4]), slab([2, 0], [2, 4])];
        let pieces = [slab([2, 1], [2, 3]), slab([1, 0], [1, 4]), slab([2, 0], [2, 1])];
        let numbers: [&[u64]; 3] = [&[21, 22, 23, 31, 32, 33], &[10, 11, 12, 13], &[20, 30]];
        let mut buffer = vec![7; 20];
        assemble(&homes, &pieces, &numbers, &mut buffer);
        assert_eq!(buffer, [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33]);
    }

    #[test]
    fn a_rank_s_windows_hold_all_of_its_boxes() {
        let shape = [4, 3 << 23];
        let far = Slab { shape: shape.into(), offset: vec![3, 5], count: vec![1, 2] };
        let near = Slab { offset: vec![0, 7], ..far.clone() };
        let boxes = [Part::new(far, &[1.0, 2.0]), Part::new(near, &[3.0, 4.0])];
        let parts = Parts::new(&shape, &boxes);
        for limit in [1, 2, 1 << 20] {
            let windows = parts.windows(limit);
            let held = windows.iter().flat_map(|window| parts.within(window)).map(|(_, piece)| piece.len());
            assert!(held.sum::<u64>() == 4 && windows.iter().all(|window| window.len() <= limit));
        }
        assert!(parts.check("x").is_ok() && Parts::new(&[4, 4], &boxes).check("x").is_err());
    }

    #[test]
    fn windows_are_whole_chunks_within_the_buffer() {
        let alone = Writers { comm: None, dataset: None, together: false, chunk: None, buffer: 1000 };
        assert_eq!([1, 8, 4000].map(|bytes| alone.window(bytes)), [1000, 125, 1]);
        let chunked = |chunk| Writers { chunk: Some(chunk), ..alone };
        assert_eq!([30, 125, 126].map(|chunk| chunked(chunk).window(8)), [120, 125, 126]);
        let endless = Writers { buffer: u64::MAX, ..alone };
        assert_eq!(endless.window(1), 1 << 30);
    }
}
