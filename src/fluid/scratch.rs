//! Rows of face values and fluxes between the kernels of a pass, reused from stage to stage.

use super::diffusion::PLACES;
use crate::grid::Field;

/// Cells of a tile along x and y.
pub(super) const TILE: [usize; 2] = [128, 16];
/// Cells of a row of a tile, with room for the faces at its ends.
const LONG: usize = TILE[0] + 8;

/// What a pass keeps from row to row.
pub(super) struct Scratch {
    /// Values at the lower faces of a row of cells.
    pub lower: Field<f64, 3>,
    /// Values at the upper faces along x of a row of cells.
    pub upper: Field<f64, 3>,
    /// States below and above a row of faces of which some are walls.
    pub walls: [Field<f64, 3>; 2],
    /// The cells about a row of faces of which some are walls: each place of a stencil is a row of it.
    pub images: Field<f64, 3>,
    /// Which of a row of faces lie along strong shocks: 1, others 0.
    pub shocks: Field<f64, 3>,
    /// The fluxes that those take.
    pub along: Field<f64, 3>,
    /// Rates of change by sources.
    pub rates: Field<f64, 3>,
    /// Fluxes along x.
    pub x: Field<f64, 3>,
    /// What is carried on along y and along z.
    pub across: [Across; 2],
}

/// What is carried on from one row (along y) or one layer of rows (along z) of a tile to the next.
pub(super) struct Across {
    /// Values below the faces that come next, and those that will be next after them.
    pub below: [Field<f64, 3>; 2],
    /// Fluxes at the lower and at the upper faces.
    pub flux: [Field<f64, 3>; 2],
}

impl Across {
    fn new(variables: usize, rows: usize) -> Self {
        let layer = || Field::new([LONG, rows, 1], variables, [0; 3]);
        Across { below: [layer(), layer()], flux: [layer(), layer()] }
    }

    /// Where row `row` of a tile is kept.
    pub(super) fn place(&self, row: usize) -> [isize; 3] {
        let rows = self.flux[0].extent()[1];
        [0, if rows > 1 { row as isize } else { 0 }, 0]
    }
}

impl Scratch {
    /// For this many variables.
    pub(super) fn new(variables: usize) -> Self {
        let row = || Field::new([LONG, 1, 1], variables, [1, 0, 0]);
        Scratch {
            lower: row(),
            upper: row(),
            walls: [row(), row()],
            images: Field::new([LONG, 2 * PLACES, 1], variables, [0; 3]),
            shocks: Field::new([LONG, 1, 1], 1, [0; 3]),
            along: row(),
            rates: row(),
            x: row(),
            across: [Across::new(variables, 1), Across::new(variables, TILE[1])],
        }
    }

    /// Goes on along an axis: what was above is below now.
    pub(super) fn step(&mut self, axis: usize) {
        let across = &mut self.across[axis - 1];
        across.below.swap(0, 1);
        across.flux.swap(0, 1);
    }
}
