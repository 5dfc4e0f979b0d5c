//! The rates of change of a row of cells beside fluxes: by gravity, and by a problem's own sources cell by cell.

use super::pass::{Arrays, Pass};
use super::problem::Cell;
use super::rows::{Row, RowMut};
use super::scratch::Scratch;

impl Pass<'_> {
    /// Fills in the rates of change by gravity and by the problem's own sources; whether there are any.
    pub(super) fn sources(&self, arrays: &Arrays, scratch: &mut Scratch, cell: [isize; 3], count: usize) -> bool {
        let gravity = self.physics.has_gravity();
        let own = self.problem.has_source();
        if !gravity && !own {
            return false;
        }
        let cells = Row::of(arrays.from, cell);
        self.physics.gravity(cells, RowMut::of(&mut scratch.rates, [0; 3]), count);
        if !own {
            return true;
        }
        let variables = self.physics.variables();
        let mut primitive = vec![0.0; variables];
        let mut rates = vec![0.0; variables];
        let mut row = RowMut::of(&mut scratch.rates, [0; 3]);
        for i in 0..count {
            let place = [cell[0] + i as isize, cell[1], cell[2]];
            let index = [0, 1, 2].map(|axis| arrays.origin[axis] as i64 + place[axis] as i64);
            for (variable, (value, rate)) in primitive.iter_mut().zip(&mut rates).enumerate() {
                *value = cells.from(variable, i as isize)[0];
                *rate = row.from(variable, i)[0];
            }
            self.problem.source(&Cell::of(self.grid, index), self.time, &primitive, &mut rates);
            for (variable, rate) in rates.iter().enumerate() {
                row.from(variable, i)[0] = *rate;
            }
        }
        true
    }
}
