//! What floors add to a flow, in exact sums over all ranks.

use crate::comm::{Comm, ExactSum};
use crate::grid::{Field, Grid};

/// What floors have added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Added {
    pub mass: f64,
    /// Zero for a gas without an energy.
    pub energy: f64,
}

/// Sums of what floors add per volume on one rank: mass, energy.
pub(super) struct Sums([ExactSum; 2]);

/// The masses of some cells per volume, and their energies if they have any.
pub(super) struct Amounts {
    masses: Vec<f64>,
    energies: Vec<f64>,
}

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

    /// Takes in what the same cells have more than before.
    pub(super) fn take_gain(&mut self, before: &Amounts, now: &Amounts) {
        let gains = [(&before.masses, &now.masses), (&before.energies, &now.energies)];
        for (sum, (before, now)) in self.0.iter_mut().zip(gains) {
            before.iter().zip(now).for_each(|(before, now)| sum.add(now - before));
        }
    }
}

impl Amounts {
    /// Those of a row of a block's conserved variables.
    pub(super) fn of_row(conserved: &Field<f64, 3>, j: isize, k: isize, has_energy: bool) -> Self {
        let row = |variable: usize| conserved.interior_row(variable, j, k).to_vec();
        Amounts { masses: row(0), energies: if has_energy { row(4) } else { Vec::new() } }
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
