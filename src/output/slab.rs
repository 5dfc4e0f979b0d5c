//! Where a rank's part of a dataset lies. Pure arithmetic.

use crate::{Error, Result};

/// A rank's box in a dataset: the dataset's global shape, and where this rank's part starts and how far it goes.
///
/// The part is stored contiguously in memory, last axis fastest. A part may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slab {
    /// The dataset's global shape, the same on every rank.
    pub shape: Vec<u64>,
    /// The first index of this rank's part, along each axis.
    pub offset: Vec<u64>,
    /// The extent of this rank's part, along each axis.
    pub count: Vec<u64>,
}

impl Slab {
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

    /// The whole of a dataset of this shape.
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

    /// The number of elements in one row of this rank's part: all axes but the first.
    pub fn row_len(&self) -> u64 {
        self.count.iter().skip(1).product()
    }

    /// # Errors
    /// When the box does not lie in the dataset, or `elements` is not its size.
    pub(super) fn check(&self, name: &str, elements: usize) -> Result<()> {
        let axes = self.shape.len();
        let inside = (0..axes).all(|axis| {
            self.offset[axis].checked_add(self.count[axis]).is_some_and(|end| end <= self.shape[axis])
                || self.is_empty()
        });
        if axes == 0 || self.offset.len() != axes || self.count.len() != axes || !inside {
            return Err(Error::input(name, format!("a slab that does not lie in its dataset: {self:?}")));
        }
        if self.len() != elements as u64 {
            return Err(Error::input(name, format!("{elements} elements for a slab of {}: {self:?}", self.len())));
        }
        Ok(())
    }

    /// This rank's part cut along the first axis into pieces of at most `limit` elements (but at least one row).
    pub(super) fn pieces(&self, limit: u64) -> Vec<Slab> {
        if self.is_empty() {
            return Vec::new();
        }
        let (first, rows) = (self.offset[0], self.count[0]);
        let step = (limit / self.row_len()).max(1);
        (0..rows.div_ceil(step)).map(|piece| self.between(first + piece * step, first + (piece + 1) * step)).collect()
    }

    /// What of this rank's part lies in the global rows `low..high`.
    pub(super) fn between(&self, low: u64, high: u64) -> Slab {
        let (first, end) = (self.offset[0], self.offset[0] + self.count[0]);
        let mut part = self.clone();
        part.offset[0] = low.clamp(first, end);
        part.count[0] = high.clamp(first, end) - part.offset[0];
        part
    }

    /// The global index, in the dataset's own order, of the first element of this part's line `line` along the last axis.
    pub(super) fn line_start(&self, line: u64) -> u64 {
        let last = self.shape.len() - 1;
        let (mut rest, mut index, mut stride) = (line, self.offset[last], self.shape[last]);
        for axis in (0..last).rev() {
            index += (self.offset[axis] + rest % self.count[axis]) * stride;
            rest /= self.count[axis];
            stride *= self.shape[axis];
        }
        index
    }

    /// Where `part`, which came from [`pieces`](Slab::pieces) or [`between`](Slab::between), lies in this part's memory.
    pub(super) fn memory(&self, part: &Slab) -> std::ops::Range<usize> {
        let start = (part.offset[0] - self.offset[0]) * self.row_len();
        start as usize..(start + part.len()) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_part_once_and_in_order() {
        let slab = Slab::rows(100, 13, 40, 3);
        let pieces = slab.pieces(30);
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
    fn a_row_larger_than_the_limit_is_still_a_piece() {
        assert_eq!(Slab::rows(4, 0, 4, 7).pieces(2).len(), 4);
        assert!(Slab::rows(4, 4, 0, 7).pieces(2).is_empty());
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
