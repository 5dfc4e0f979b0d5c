//! What floors add to a flow, in exact sums over all ranks.

use crate::comm::{Comm, ExactSum};
use crate::grid::Grid;

/// What floors have added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Added {
    pub mass: f64,
    /// Zero for a gas without an energy.
    pub energy: f64,
}

/// Sums of what floors add per volume on one rank: mass, energy.
pub(super) struct Sums([ExactSum; 2]);

impl Sums {
    /// Nothing was added.
    pub(super) fn new() -> Self {
        Sums([ExactSum::new(), ExactSum::new()])
    }

    /// Takes in what was added to a cell.
    pub(super) fn take(&mut self, mass: f64, energy: f64) {
        self.0[0].add(mass);
        self.0[1].add(energy);
    }
}

impl Added {
    /// Takes in sums of all ranks. All ranks.
    pub(super) fn take(&mut self, mut sums: Sums, comm: &Comm, grid: &Grid<3>) {
        comm.all_reduce_exact(&mut sums.0);
        let volume: f64 = grid.spacing().iter().product();
        self.mass += volume * sums.0[0].value();
        self.energy += volume * sums.0[1].value();
    }
}
