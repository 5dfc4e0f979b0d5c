//! Marks on cells whose fluxes are to be found otherwise: on each rank, in the halo too.

use super::findings::{BY_ROUNDING, widened};
use super::rows::Row;
use super::scheme::Physics;
use crate::Result;
use crate::comm::{Comm, Node};
use crate::grid::{Field, Halo, HaloShape, Layout};

/// A cell that is marked.
pub(super) const MARKED: u8 = 1;
/// A cell that was marked last.
pub(super) const FRESH: u8 = 2;

/// The marks of this rank's blocks; cells without one have 0.
pub(super) struct Marks {
    pub fields: Vec<Field<u8, 3>>,
    halo: Halo<u8, 3>,
}

impl Marks {
    /// Marks of so many kinds for each block of this rank. All ranks.
    pub(super) fn new(comm: &Comm, layout: &Layout<3>, physics: &Physics, kinds: usize) -> Result<Self> {
        let width = physics.widths(1);
        let blocks = layout.of_rank(comm.rank());
        let fields = blocks.map(|block| Field::new(layout.extent(block), kinds, width)).collect();
        let halo = Halo::new(comm, layout, HaloShape::star(kinds, width), Node::Messages)?;
        Ok(Marks { fields, halo })
    }

    /// Marks the cells below a floor, and no others; whether there are any. All ranks.
    pub(super) fn find_low(&mut self, comm: &Comm, primitive: &[Field<f64, 3>], physics: &Physics) -> bool {
        let floors = physics.floors;
        let mut found = false;
        for (marks, cells) in self.fields.iter_mut().zip(primitive) {
            for (j, k) in cells.rows() {
                let row = Row::of(cells, [0, j, k]);
                let densities = row.from(0, 0);
                let pressures = physics.has_energy().then(|| row.from(4, 0));
                for i in 0..cells.extent()[0] {
                    let cold = pressures.is_some_and(|pressures| pressures[i] < floors.pressure);
                    let low = densities[i] < floors.density || cold;
                    marks.put(0, [i as isize, j, k], if low { MARKED } else { 0 });
                    found |= low;
                }
            }
        }
        let any = self.share(comm, found);
        if !any {
            self.clear();
        }
        any
    }

    /// Takes all marks away.
    pub(super) fn clear(&mut self) {
        self.fields.iter_mut().for_each(|marks| marks.values_mut().fill(0));
    }

    /// Marks, as [`FRESH`], cells whose bounded scalars are beyond their bounds by more than rounding and that have no mark, each
    /// scalar as a kind of its own; older marks become [`MARKED`]. Whether there are fresh ones. All ranks.
    pub(super) fn find_beyond(&mut self, comm: &Comm, primitive: &[Field<f64, 3>], physics: &Physics) -> bool {
        let mut found = false;
        for (marks, cells) in self.fields.iter_mut().zip(primitive) {
            marks.values_mut().iter_mut().for_each(|mark| *mark = u8::from(*mark > 0));
            for (kind, (variable, bounds)) in physics.bounded().enumerate() {
                let [least, greatest] = widened(bounds, BY_ROUNDING);
                let within = least..=greatest;
                for (j, k) in cells.rows() {
                    let row = &Row::of(cells, [0, j, k]).from(variable, 0)[..cells.extent()[0]];
                    for (i, _) in row.iter().enumerate().filter(|(_, scalar)| !within.contains(scalar)) {
                        let cell = [i as isize, j, k];
                        if marks.at(kind, cell) == 0 {
                            marks.put(kind, cell, FRESH);
                            found = true;
                        }
                    }
                }
            }
        }
        self.share(comm, found)
    }

    /// Tells the ranks beside this one its marks, if any rank has new ones. All ranks.
    fn share(&mut self, comm: &Comm, found: bool) -> bool {
        let any = comm.all_reduce_max(u64::from(found)) > 0;
        if any {
            self.halo.exchange(&mut self.fields);
        }
        any
    }
}

/// The interior cells of a block with such a mark of a kind, or that share a face with one.
pub(super) fn near(marks: &Field<u8, 3>, kind: usize, least: u8) -> Vec<[isize; 3]> {
    let axes = || (0..3).filter(|&axis| marks.halo()[axis] > 0);
    let has = |j: isize, k: isize| marks.row(kind, j, k).iter().any(|&mark| mark >= least);
    let beside = |cell: [isize; 3], axis: usize, step: isize| {
        let mut cell = cell;
        cell[axis] += step;
        cell
    };
    let is_near = |cell: [isize; 3]| {
        let is_marked = |cell: [isize; 3]| marks.at(kind, cell) >= least;
        is_marked(cell) || axes().any(|axis| [-1, 1].iter().any(|&step| is_marked(beside(cell, axis, step))))
    };
    let mut cells = Vec::new();
    for (j, k) in marks.rows() {
        let across = axes().filter(|&axis| axis > 0);
        let beside_row = across.flat_map(|axis| [-1, 1].map(|step| beside([0, j, k], axis, step)));
        if has(j, k) || beside_row.into_iter().any(|[_, j, k]| has(j, k)) {
            cells.extend((0..marks.extent()[0] as isize).map(|i| [i, j, k]).filter(|&cell| is_near(cell)));
        }
    }
    cells
}

/// The cells below and above the face on a side of a cell, 0 for the lower one.
pub(super) fn beside_face(cell: [isize; 3], axis: usize, side: usize) -> [[isize; 3]; 2] {
    let mut above = cell;
    above[axis] += side as isize;
    let mut below = above;
    below[axis] -= 1;
    [below, above]
}
