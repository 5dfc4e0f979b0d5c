//! A rank's part of a dataset: pure arithmetic.

use crate::{Error, Result};

/// A rank's box in a dataset: the dataset's global shape, and where this rank's part starts and ends.
///
/// The part is stored contiguously in memory, last axis fastest. A part may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slab {
    /// The dataset's global shape, the same on every rank.
    pub shape: Vec<u64>,
    /// The first index of this rank's part, along each axis.
    pub offset: Vec<u64>,
    /// The extent of this rank's part, along each axis.
    pub count: Vec<u64>,
}

impl Slab {
    /// Of a dataset of this shape, the box of `count` from `offset` on, along each axis.
    pub fn new(shape: impl Into<Vec<u64>>, offset: impl Into<Vec<u64>>, count: impl Into<Vec<u64>>) -> Self {
        Slab { shape: shape.into(), offset: offset.into(), count: count.into() }
    }

    /// Rows `first..first + count` of `total`, each of `components` numbers; one component makes a one-dimensional dataset.
    pub fn rows(total: u64, first: u64, count: u64, components: usize) -> Self {
        let mut slab = Slab { shape: vec![total], offset: vec![first], count: vec![count] };
        if components != 1 {
            slab.shape.push(components as u64);
            slab.offset.push(0);
            slab.count.push(components as u64);
        }
        slab
    }

    /// The whole of a dataset of this shape; of a scalar, which has no axes, its one element.
    pub fn whole(shape: &[u64]) -> Self {
        Slab { shape: shape.to_vec(), offset: vec![0; shape.len()], count: shape.to_vec() }
    }

    /// None of a dataset of this shape.
    pub fn none(shape: &[u64]) -> Self {
        Slab { shape: shape.to_vec(), offset: vec![0; shape.len()], count: vec![0; shape.len()] }
    }

    /// The number of elements in this rank's part.
    pub fn len(&self) -> u64 {
        self.count.iter().product()
    }

    /// Whether this rank's part is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of elements of a line along the last axis.
    pub(super) fn line(&self) -> u64 {
        self.count.last().copied().unwrap_or(1)
    }

    /// The number of lines along the last axis.
    pub(super) fn lines(&self) -> u64 {
        if self.is_empty() { 0 } else { self.len() / self.line() }
    }

    /// # Errors
    /// When the box does not lie in the dataset, or `elements` is not its size.
    pub(super) fn check(&self, name: &str, elements: usize) -> Result<()> {
        let axes = self.shape.len();
        let fits = self.offset.len() == axes && self.count.len() == axes;
        let empty = self.count.contains(&0);
        let ends = |axis: usize| self.offset[axis].checked_add(self.count[axis]);
        let inside = fits && (0..axes).all(|axis| empty || ends(axis).is_some_and(|end| end <= self.shape[axis]));
        if !fits || !inside {
            return Err(Error::input(name, format!("a slab that does not lie in its dataset: {self:?}")));
        }
        let len = if empty { Some(0) } else { self.count.iter().try_fold(1u64, |len, &count| len.checked_mul(count)) };
        if len != Some(elements as u64) {
            return Err(Error::input(name, format!("{elements} elements for a slab of another size: {self:?}")));
        }
        Ok(())
    }

    /// This rank's part cut, in its own order, into boxes of at most `limit` elements that lie together in its memory.
    ///
    /// The cuts go across the first axis of which one index holds no more than the limit.
    pub(crate) fn pieces(&self, limit: u64) -> impl Iterator<Item = Slab> {
        let last = self.shape.len().saturating_sub(1);
        let beyond = |axis: usize| self.count.iter().skip(axis + 1).product::<u64>();
        let axis = (0..last).find(|&axis| beyond(axis) <= limit).unwrap_or(last);
        let step = (limit / beyond(axis).max(1)).max(1);
        // A scalar is one piece.
        let along = self.count.get(axis).map_or(1, |count| count.div_ceil(step));
        let before: u64 = if self.is_empty() { 0 } else { self.count[..axis].iter().product() };
        (0..before * along).map(move |piece| self.piece(axis, piece / along, piece % along * step, step))
    }

    /// At index `before` of the axes before `axis`, counted in this part's order, up to `step` indices from `start`.
    fn piece(&self, axis: usize, mut before: u64, start: u64, step: u64) -> Slab {
        let mut piece = self.clone();
        for axis in (0..axis).rev() {
            piece.offset[axis] += before % self.count[axis];
            piece.count[axis] = 1;
            before /= self.count[axis];
        }
        if let Some(&count) = self.count.get(axis) {
            piece.offset[axis] += start;
            piece.count[axis] = step.min(count - start);
        }
        piece
    }

    /// The piece of this rank's part that lies in `other`.
    pub(super) fn within(&self, other: &Slab) -> Slab {
        let mut part = self.clone();
        for axis in 0..self.shape.len() {
            let low = self.offset[axis].max(other.offset[axis]);
            let end = (self.offset[axis] + self.count[axis]).min(other.offset[axis] + other.count[axis]);
            (part.offset[axis], part.count[axis]) = (low, end.saturating_sub(low));
        }
        part
    }

    /// The smallest box around this part and another; around one alone where the other is empty.
    pub(super) fn around(&self, other: &Slab) -> Slab {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { other.clone() } else { self.clone() };
        }
        let mut both = self.clone();
        for axis in 0..self.shape.len() {
            let low = self.offset[axis].min(other.offset[axis]);
            let end = (self.offset[axis] + self.count[axis]).max(other.offset[axis] + other.count[axis]);
            (both.offset[axis], both.count[axis]) = (low, end - low);
        }
        both
    }

    /// The piece of this rank's part in the global rows `low..high`.
    pub(super) fn between(&self, low: u64, high: u64) -> Slab {
        let first = self.offset[0];
        let end = self.offset[0] + self.count[0];
        let mut part = self.clone();
        part.offset[0] = low.clamp(first, end);
        part.count[0] = high.clamp(first, end) - part.offset[0];
        part
    }

    /// The global index, in the dataset's own order, of the first element of this part's line `line` along the last axis.
    pub(super) fn line_start(&self, line: u64) -> u64 {
        let last = self.shape.len() - 1;
        let mut rest = line;
        let mut index = self.offset[last];
        let mut stride = self.shape[last];
        for axis in (0..last).rev() {
            index += (self.offset[axis] + rest % self.count[axis]) * stride;
            rest /= self.count[axis];
            stride *= self.shape[axis];
        }
        index
    }

    /// Where `part`, which lies in this part and is contiguous in its memory, begins and ends there.
    pub(crate) fn memory(&self, part: &Slab) -> std::ops::Range<usize> {
        if part.is_empty() {
            return 0..0;
        }
        let place = |start, axis: usize| start * self.count[axis] + part.offset[axis] - self.offset[axis];
        let start = (0..self.shape.len()).fold(0, place);
        start as usize..(start + part.len()) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_part_once_and_in_order() {
        let slab = Slab::rows(100, 13, 40, 3);
        let pieces: Vec<Slab> = slab.pieces(30).collect();
        assert_eq!(pieces.len(), 4);
        let mut next = 0;
        for piece in &pieces {
            let memory = slab.memory(piece);
            assert_eq!(memory.start, next);
            assert!(memory.len() <= 30);
            next = memory.end;
        }
        assert_eq!(next as u64, slab.len());
    }

    #[test]
    fn a_plane_or_row_larger_than_the_limit_is_cut_too() {
        assert_eq!(Slab::rows(4, 4, 0, 7).pieces(2).count(), 0);
        let slab = Slab { shape: vec![9; 4], offset: vec![1, 2, 3, 4], count: vec![2, 3, 4, 5] };
        for limit in [1, 2, 5, 7, 10, 20, 39, 60, 120, 1000] {
            let mut next = 0;
            for piece in slab.pieces(limit) {
                let memory = slab.memory(&piece);
                assert!(memory.start == next && piece.len() <= limit && piece.within(&slab) == piece);
                next = memory.end;
            }
            assert_eq!(next, 120);
        }
        assert_eq!([60, 59, 20, 19].map(|limit| slab.pieces(limit).count()), [2, 4, 6, 12]);
    }

    #[test]
    fn boxes_meet_and_are_surrounded() {
        let a = Slab { shape: vec![9, 9], offset: vec![1, 2], count: vec![4, 3] };
        let b = Slab { shape: vec![9, 9], offset: vec![3, 0], count: vec![6, 4] };
        assert_eq!(a.within(&b), Slab { shape: vec![9, 9], offset: vec![3, 2], count: vec![2, 2] });
        assert_eq!(a.around(&b), Slab { shape: vec![9, 9], offset: vec![1, 0], count: vec![8, 5] });
        let none = Slab::none(&[9, 9]);
        assert!(a.around(&none) == a && none.around(&a) == a && a.within(&none).is_empty());
        assert!(a.within(&Slab { offset: vec![7, 0], ..b }).is_empty());
    }

    #[test]
    fn a_part_outside_its_dataset_or_of_another_size_is_refused() {
        assert!(Slab::rows(10, 4, 6, 3).check("x", 18).is_ok());
        assert!(Slab::rows(10, 10, 0, 3).check("x", 0).is_ok());
        assert!(Slab::rows(10, 5, 6, 3).check("x", 18).is_err());
        assert!(Slab::rows(10, 4, 6, 3).check("x", 17).is_err());
        assert!(Slab::rows(u64::MAX, u64::MAX, 2, 1).check("x", 2).is_err());
    }

    #[test]
    fn rows_between_two_bounds_are_clipped_to_the_part() {
        let slab = Slab::rows(100, 10, 20, 1);
        assert_eq!(slab.between(0, 15).count, [5]);
        assert_eq!(slab.between(15, 100).offset, [15]);
        assert!(slab.between(40, 50).is_empty());
    }
}
