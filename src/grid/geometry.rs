//! The places of a grid's cells.

use crate::{Error, Result};

/// A box cut into equal cells, along `D` axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid<const D: usize> {
    cells: [usize; D],
    low: [f64; D],
    high: [f64; D],
}

/// A side of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The axis across it: 0 for x.
    pub axis: usize,
    /// Whether it is the side at the upper bound.
    pub high: bool,
}

impl<const D: usize> Grid<D> {
    /// The box from `low` to `high` cut into `cells` cells along each axis.
    ///
    /// # Errors
    /// If an axis has no cells, or its bounds are not finite or not in order.
    pub fn new(cells: [usize; D], low: [f64; D], high: [f64; D]) -> Result<Self> {
        if let Some(axis) = cells.iter().position(|&count| count == 0) {
            return Err(Error::input(
                "grid.cells",
                format!("no cells along {}: at least 1 is needed", axis_name(axis)),
            ));
        }
        let ordered = |axis: usize| low[axis] < high[axis] && (high[axis] - low[axis]).is_finite();
        if let Some(axis) = (0..D).find(|&axis| !ordered(axis)) {
            let name = axis_name(axis);
            let low = low[axis];
            let high = high[axis];
            let reason =
                format!("along {name} the box would reach from {low} to {high}: finite bounds, low < high, are needed");
            return Err(Error::input("grid.low, grid.high", reason));
        }
        Ok(Grid { cells, low, high })
    }

    /// The cells along each axis.
    pub fn cells(&self) -> [usize; D] {
        self.cells
    }

    /// The box's lower bounds.
    pub fn low(&self) -> [f64; D] {
        self.low
    }

    /// The box's upper bounds.
    pub fn high(&self) -> [f64; D] {
        self.high
    }

    /// The box's extent along each axis.
    pub fn size(&self) -> [f64; D] {
        std::array::from_fn(|axis| self.high[axis] - self.low[axis])
    }

    /// A cell's extent along each axis.
    pub fn spacing(&self) -> [f64; D] {
        let size = self.size();
        std::array::from_fn(|axis| size[axis] / self.cells[axis] as f64)
    }

    /// All cells.
    pub fn count(&self) -> u64 {
        self.cells.iter().map(|&count| count as u64).product()
    }

    /// The centre of the cell with a global index; of a cell beyond the box too.
    ///
    /// Cells that mirror each other about the box's middle are equally far from it: their distances are negatives of each
    /// other, bit by bit, before the middle's position is added.
    pub fn center(&self, index: [i64; D]) -> [f64; D] {
        let spacing = self.spacing();
        std::array::from_fn(|axis| {
            let middle = 0.5 * self.low[axis] + 0.5 * self.high[axis];
            let half_cells = 2 * index[axis] + 1 - self.cells[axis] as i64;
            middle + 0.5 * half_cells as f64 * spacing[axis]
        })
    }
}

/// The name of an axis, for messages.
pub(super) fn axis_name(axis: usize) -> char {
    char::from(b"xyz"[axis])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_stand_in_the_middle_of_cells() {
        let grid = Grid::new([4, 5], [0.0, -1.0], [2.0, 4.0]).unwrap();
        assert_eq!((grid.size(), grid.spacing(), grid.count()), ([2.0, 5.0], [0.5, 1.0], 20));
        assert_eq!(grid.center([0, 0]), [0.25, -0.5]);
        assert_eq!(grid.center([3, 4]), [1.75, 3.5]);
        assert_eq!(grid.center([-1, 5]), [-0.25, 4.5]);
    }

    #[test]
    fn centres_of_mirrored_cells_are_negatives() {
        let grid = Grid::new([97], [-0.3], [0.3]).unwrap();
        for index in -3..100 {
            assert_eq!(grid.center([index])[0], -grid.center([96 - index])[0]);
        }
        assert_eq!(grid.center([48])[0], 0.0);
    }

    #[test]
    fn impossible_boxes_are_refused() {
        let refusal = |cells, low, high| Grid::new([3, cells], [0.0, low], [1.0, high]).unwrap_err().to_string();
        assert!(refusal(0, 0.0, 1.0).contains("no cells along y"));
        for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1e308, 1e308)] {
            assert!(refusal(5, low, high).contains("along y"), "{low} {high}");
        }
    }
}
