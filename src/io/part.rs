//! A rank's box of a dataset with its numbers, where they are in memory.

use std::fmt;

use super::{Element, Slab};
use crate::{Error, Result};

/// A rank's box of a dataset and its numbers: together, or spread as the cells of a field with halos are.
///
/// Nothing is copied before it is written, and then a bounded piece at a time.
#[derive(Clone)]
pub struct Part<'a, T> {
    slab: Slab,
    numbers: &'a [T],
    /// The distances from an index to the next along all axes but the last, where they aren't contiguous.
    strides: Option<Vec<usize>>,
}

impl<'a, T: Element> Part<'a, T> {
    /// A box whose numbers are contiguous, last axis fastest.
    pub fn new(slab: Slab, numbers: &'a [T]) -> Self {
        Part { slab, numbers, strides: None }
    }

    /// A box whose lines along the last axis are apart: `numbers` begins with its first element, and `strides` has, for each
    /// axis but the last, how far the next index is.
    pub fn strided(slab: Slab, numbers: &'a [T], strides: Vec<usize>) -> Self {
        Part { slab, numbers, strides: Some(strides) }
    }

    /// The box.
    pub fn slab(&self) -> &Slab {
        &self.slab
    }

    /// # Errors
    /// When the box does not lie in its dataset, or its numbers do not fill it.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let Some(strides) = &self.strides else { return self.slab.check(name, self.numbers.len()) };
        self.slab.check(name, self.slab.len() as usize)?;
        let reach = |(stride, &count): (&usize, &u64)| stride * (count as usize - 1);
        let fits = strides.len() + 1 == self.slab.shape.len()
            && (self.slab.is_empty()
                || strides.iter().zip(&self.slab.count).map(reach).sum::<usize>() + self.slab.line() as usize
                    <= self.numbers.len());
        if fits {
            Ok(())
        } else {
            let reason =
                format!("{} elements at strides {strides:?} for a slab of {:?}", self.numbers.len(), self.slab);
            Err(Error::input(name, reason))
        }
    }

    /// The numbers of a contiguous piece of the box, if they are contiguous in memory.
    pub(super) fn together(&self, piece: &Slab) -> Option<&'a [T]> {
        self.strides.is_none().then(|| &self.numbers[self.slab.memory(piece)])
    }

    /// The lines of a piece of the box along the last axis: for each where it begins in the dataset, and its numbers.
    pub(super) fn lines_of(&self, piece: &Slab) -> impl Iterator<Item = (u64, &'a [T])> {
        let last = self.slab.shape.len() - 1;
        let along = piece.offset[last] - self.slab.offset[last];
        let (piece, before, strides) = (piece.clone(), self.offset_of(piece), self.distances());
        let numbers = self.numbers;
        let wide = piece.line() as usize;
        (0..piece.lines()).map(move |n| {
            let mut rest = n;
            let mut place = along as usize;
            for axis in (0..last).rev() {
                place += (before[axis] + rest % piece.count[axis]) as usize * strides[axis];
                rest /= piece.count[axis];
            }
            (piece.line_start(n), &numbers[place..place + wide])
        })
    }

    /// Where a piece begins in the box, along each axis.
    fn offset_of(&self, piece: &Slab) -> Vec<u64> {
        piece.offset.iter().zip(&self.slab.offset).map(|(piece, own)| piece - own).collect()
    }

    /// The distances from an index to the next along all axes but the last.
    fn distances(&self) -> Vec<usize> {
        let counts = &self.slab.count;
        let dense = |axis: usize| counts[axis + 1..].iter().product::<u64>() as usize;
        self.strides.clone().unwrap_or_else(|| (0..counts.len() - 1).map(dense).collect())
    }
}

impl<T> fmt::Debug for Part<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("slab", &self.slab).field("strides", &self.strides).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box of 2 x 3 x 4 in rows of 6 and planes of 5 rows, and the same numbers together.
    fn numbers() -> (Vec<u64>, Vec<u64>, Slab) {
        let padded: Vec<u64> = (100..200).collect();
        let row = |n: usize| &padded[30 * (n / 3) + 6 * (n % 3)..][..4];
        let together = (0..6).flat_map(row).copied().collect();
        (padded, together, Slab { shape: vec![9; 3], offset: vec![1, 5, 2], count: vec![2, 3, 4] })
    }

    #[test]
    fn lines_of_padded_rows_are_those_of_the_numbers_together() {
        let (padded, together, slab) = numbers();
        let spread = Part::strided(slab.clone(), &padded, vec![30, 6]);
        let whole = Part::new(slab.clone(), &together);
        for limit in [1, 3, 4, 9, 12, 100] {
            for piece in slab.pieces(limit) {
                assert!(spread.lines_of(&piece).eq(whole.lines_of(&piece)), "{piece:?}");
                let lines: Vec<u64> = whole.lines_of(&piece).flat_map(|(_, line)| line).copied().collect();
                assert_eq!(whole.together(&piece), Some(&lines[..]));
                assert_eq!(spread.together(&piece), None);
            }
        }
        assert_eq!(spread.lines_of(&slab).map(|(start, _)| start).collect::<Vec<_>>(), [128, 137, 146, 209, 218, 227]);
        assert!(spread.check("x").is_ok() && whole.check("x").is_ok());
    }

    #[test]
    fn numbers_that_do_not_fill_the_box_are_refused() {
        let (padded, together, slab) = numbers();
        let spread = |numbers, strides: &[usize]| Part::strided(slab.clone(), numbers, strides.to_vec()).check("x");
        assert!(spread(&padded[..46], &[30, 6]).is_ok());
        assert!(spread(&padded[..45], &[30, 6]).unwrap_err().to_string().contains("45 elements at strides [30, 6]"));
        assert!(spread(&padded, &[30]).is_err());
        assert!(Part::new(slab.clone(), &together[1..]).check("x").is_err());
        let none = Slab::none(&slab.shape);
        assert!(Part::<u64>::strided(none.clone(), &[], vec![1, 1]).check("x").is_ok());
        assert_eq!(Part::<u64>::new(none.clone(), &[]).lines_of(&none).count(), 0);
    }
}
