//! Obstacles: cells that are solid, and walls where they meet the gas.
//!
//! A wall is a face between a solid cell and one of the gas: its flux is that between the gas and its mirror image. Next to a
//! wall, where a reconstruction would look into the solid, the cell's average stands for its faces. Solid cells keep their state, which
//! nothing in the gas depends on. Viscosity and heat conduction at walls are `images`' part.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::Findings;
use super::gas::Gas;
use super::rows::{Row, RowMut};
use crate::grid::Field;

/// The solid cells of one block.
pub(super) struct Solid {
    /// Which cells are solid, those of the halo too.
    cells: Vec<bool>,
    /// Rows with a solid cell so near that a flux or a face may depend on it.
    near: BTreeSet<[isize; 2]>,
    /// The conserved variables of the solid cells of each row.
    kept: BTreeMap<[isize; 2], Vec<(usize, Vec<f64>)>>,
    extent: [usize; 3],
    halo: [usize; 3],
}

impl Solid {
    /// The solid cells of a block, if it or its halo has any; `is_solid` takes a cell counted from the first interior one.
    pub(super) fn find(
        conserved: &Field<f64, 3>,
        halo: [usize; 3],
        is_solid: impl Fn([isize; 3]) -> bool,
    ) -> Option<Self> {
        let extent = conserved.extent();
        let range = |axis: usize| -(halo[axis] as isize)..(extent[axis] + halo[axis]) as isize;
        let mut cells = Vec::new();
        let mut near = BTreeSet::new();
        let mut kept = BTreeMap::<_, Vec<_>>::new();
        for (k, j, i) in range(2).flat_map(|k| range(1).flat_map(move |j| range(0).map(move |i| (k, j, i)))) {
            let solid = is_solid([i, j, k]);
            cells.push(solid);
            if !solid {
                continue;
            }
            near.extend((-3..=3).flat_map(|step| [[j + step, k], [j, k + step]]));
            near.extend([[j - 1, k - 1], [j - 1, k + 1], [j + 1, k - 1], [j + 1, k + 1]]);
            let inside = |place: isize, axis: usize| (0..extent[axis] as isize).contains(&place);
            if inside(i, 0) && inside(j, 1) && inside(k, 2) {
                let state = (0..conserved.components()).map(|variable| conserved.at(variable, [i, j, k]));
                kept.entry([j, k]).or_default().push((i as usize, state.collect()));
            }
        }
        (!near.is_empty()).then_some(Solid { cells, near, kept, extent, halo })
    }

    /// Whether a solid cell may matter to this row.
    pub(super) fn is_near(&self, cell: [isize; 3]) -> bool {
        self.near.contains(&[cell[1], cell[2]])
    }

    /// Whether a cell is solid; cells beyond the halo are not.
    pub(super) fn at(&self, cell: [isize; 3]) -> bool {
        let mut index = 0;
        for axis in [2, 1, 0] {
            let place = cell[axis] + self.halo[axis] as isize;
            let width = self.extent[axis] + 2 * self.halo[axis];
            if !(0..width as isize).contains(&place) {
                return false;
            }
            index = index * width + place as usize;
        }
        self.cells[index]
    }

    /// Puts the states of the solid cells among `count` from `cell` on back into a row.
    pub(super) fn restore(&self, cell: [isize; 3], count: usize, conserved: &mut RowMut) {
        let first = cell[0] as usize;
        for (i, state) in self.kept.get(&[cell[1], cell[2]]).into_iter().flatten() {
            if (first..first + count).contains(i) {
                for (variable, value) in state.iter().enumerate() {
                    conserved.from(variable, i - first)[0] = *value;
                }
            }
        }
    }

    /// The fastest signals again, of a row of `count` cells from `cell` on without the solid ones among them.
    pub(super) fn leave_out(&self, findings: &mut Findings, gas: Gas, primitive: Row, cell: [isize; 3], count: usize) {
        if !self.kept.contains_key(&[cell[1], cell[2]]) {
            return;
        }
        findings.fastest = [0.0; 3];
        for i in (0..count as isize).filter(|i| !self.at([cell[0] + i, cell[1], cell[2]])) {
            let [density, u, v, w] = [0, 1, 2, 3].map(|variable| primitive.from(variable, i)[0]);
            // c² = γ p/ρ in the order of the kernel, so that a row has the same bits with solid cells and without
            let sound = match gas {
                Gas::Ideal { gamma } => (gamma * primitive.from(4, i)[0] * (1.0 / density)).sqrt(),
                Gas::Isothermal { sound_speed } => sound_speed,
            };
            for (fastest, velocity) in findings.fastest.iter_mut().zip([u, v, w]) {
                *fastest = fastest.max(velocity.abs() + sound);
            }
        }
    }

    /// Corrects the states on both sides of the lower faces along `axis` of `count` cells from `cell` on.
    ///
    /// `averages` are the primitive variables of those cells, whose neighbours along the axis are `stride` apart, and `reach`
    /// cells on each side of a cell go into its faces.
    pub(super) fn correct(&self, walls: &Walls, averages: Row, left: &mut RowMut, right: &mut RowMut) {
        for face in 0..walls.count {
            let above = walls.shifted(face, 0);
            match [self.at(walls.shifted(face, -1)), self.at(above)] {
                [false, false] => {
                    if self.sees_solid(walls, face, -1) {
                        walls.copy(face, averages, -1, left, false);
                    }
                    if self.sees_solid(walls, face, 0) {
                        walls.copy(face, averages, 0, right, false);
                    }
                }
                [true, false] => {
                    walls.copy(face, averages, 0, left, true);
                    walls.copy(face, averages, 0, right, false);
                }
                [_, true] => {
                    walls.copy(face, averages, -1, left, false);
                    walls.copy(face, averages, -1, right, true);
                }
            }
        }
    }

    /// Whether the reconstruction in the cell `side` steps from the one above the face looks into a solid one.
    fn sees_solid(&self, walls: &Walls, face: usize, side: isize) -> bool {
        let reach = walls.reach as isize;
        (-reach..=reach).any(|step| self.at(walls.shifted(face, side + step)))
    }
}

/// A row of faces that may be walls.
pub(super) struct Walls {
    pub axis: usize,
    /// The cell above the first face.
    pub cell: [isize; 3],
    pub stride: usize,
    /// Cells on each side of a cell that go into its faces.
    pub reach: usize,
    pub variables: usize,
    pub count: usize,
}

impl Walls {
    /// The cell `step` cells along the axis from the one above a face.
    fn shifted(&self, face: usize, step: isize) -> [isize; 3] {
        let mut cell = self.cell;
        cell[0] += face as isize;
        cell[self.axis] += step;
        cell
    }

    /// Copies the average of the cell `step` cells from the one above a face into one of its sides, mirrored or not.
    fn copy(&self, face: usize, averages: Row, step: isize, side: &mut RowMut, mirrored: bool) {
        for variable in 0..self.variables {
            let value = averages.from(variable, face as isize + step * self.stride as isize)[0];
            let sign = if mirrored && variable == 1 + self.axis { -1.0 } else { 1.0 };
            side.from(variable, face)[0] = sign * value;
        }
    }
}
