//! A stage of a step over a box of cells: faces, fluxes and update in one pass, nothing three-dimensional in between.
//!
//! The box is cut into tiles along x and y; a tile is gone through along z. For each row of cells, in order: the fluxes through
//! its faces along x, those through its upper faces along y and z, and the update. Of the fluxes, one row along x, two along
//! y and two layers of the tile along z are kept.
//!
//! A cell's new state is a function of the cells around it alone: cutting a box in two changes no bit, since the fluxes at
//! the cut are computed twice from the same numbers.

use std::ops::Range;

use super::findings::{Care, Findings};
use super::problem::Problem;
use super::rows::{Row, RowMut};
use super::scheme::{Physics, Reconstruct};
use super::scratch::{Scratch, TILE};
use super::solid::Solid;
use super::stages::{Blend, Stage};
use super::update::{AdvanceRow, Base, Difference};
use crate::grid::{Field, Grid};
use crate::simd::prefetch;

/// What a pass over the cells computes: a stage of a step, or the part of it in some boxes.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub physics: &'a Physics,
    pub problem: &'a dyn Problem,
    pub grid: &'a Grid<3>,
    /// How faces are reconstructed in this stage.
    pub reconstruct: Reconstruct,
    /// The time of the state that the fluxes are taken of.
    pub time: f64,
    /// The time over which they act.
    pub dt: f64,
    pub blend: Blend,
    /// Whether the new conserved variables are kept.
    pub keep: bool,
    /// Whether this is the last stage of a step.
    pub last: bool,
}

/// The arrays of a block that a stage reads and writes.
pub(super) struct Arrays<'a> {
    /// The global index of the block's first cell.
    pub origin: [usize; 3],
    /// Primitive variables, with a halo.
    pub from: &'a Field<f64, 3>,
    /// Primitive variables after the stage.
    pub to: &'a mut Field<f64, 3>,
    pub conserved: &'a mut Field<f64, 3>,
    /// Conserved variables at the beginning of the step, where there are such.
    pub start: Option<&'a Field<f64, 3>>,
    pub solid: Option<&'a Solid>,
}

impl Arrays<'_> {
    /// Whether a cell is an obstacle's.
    pub(super) fn is_solid(&self, cell: [isize; 3]) -> bool {
        self.solid.is_some_and(|solid| solid.at(cell))
    }
}

/// A tile: its first cell, counted from the block's first interior cell.
struct Tile {
    first: [isize; 3],
    extent: [usize; 3],
}

/// A row of faces: the axis that they are normal to, the cell above the first one, and how many.
#[derive(Clone, Copy)]
pub(super) struct Faces {
    pub axis: usize,
    pub cell: [isize; 3],
    pub count: usize,
}

/// Where what is near a row of faces is put.
pub(super) struct Near<'a> {
    /// The states on both sides, if walls are near.
    pub walls: &'a mut [Field<f64, 3>; 2],
    /// The cells about the faces, if walls are near.
    pub images: &'a mut Field<f64, 3>,
    /// Which faces lie along shocks, and the fluxes that they take.
    pub shocks: &'a mut Field<f64, 3>,
    pub along: &'a mut Field<f64, 3>,
}

/// The first cell of a scratch row.
const ROW: [isize; 3] = [0; 3];

impl<'a> Pass<'a> {
    /// A stage that takes its fluxes at `time` and is the last of its step or not, over `dt`, the length of the step.
    pub(super) fn of(
        physics: &'a Physics,
        problem: &'a dyn Problem,
        grid: &'a Grid<3>,
        stage: &Stage,
        [time, dt]: [f64; 2],
        last: bool,
    ) -> Self {
        let reconstruct = if stage.predicts { Reconstruct::Donor } else { physics.reconstruct };
        let dt = stage.share * dt;
        Pass { physics, problem, grid, reconstruct, time, dt, blend: stage.blend, keep: !stage.predicts, last }
    }

    /// Advances the cells of `region`, which are counted from the block's first interior cell.
    pub(super) fn advance(&self, arrays: &mut Arrays, scratch: &mut Scratch, region: &[Range<usize>; 3]) -> Findings {
        let mut findings = Findings::default();
        for y in region[1].clone().step_by(TILE[1]) {
            for x in region[0].clone().step_by(TILE[0]) {
                let end = [(x + TILE[0]).min(region[0].end), (y + TILE[1]).min(region[1].end)];
                let first = [x as isize, y as isize, region[2].start as isize];
                let tile = Tile { first, extent: [end[0] - x, end[1] - y, region[2].len()] };
                findings.merge(&self.tile(arrays, scratch, &tile));
            }
        }
        findings
    }

    fn tile(&self, arrays: &mut Arrays, scratch: &mut Scratch, tile: &Tile) -> Findings {
        let mut findings = Findings::default();
        let [x, y, z] = tile.first;
        let [count, rows, layers] = tile.extent;
        let dimensions = self.physics.dimensions;
        if dimensions > 2 {
            (0..rows)
                .for_each(|j| self.begin(arrays, scratch, Faces { axis: 2, cell: [x, y + j as isize, z], count }, j));
        }
        for k in z..z + layers as isize {
            if dimensions > 1 {
                self.begin(arrays, scratch, Faces { axis: 1, cell: [x, y, k], count }, 0);
            }
            for j in 0..rows {
                let cell = [x, y + j as isize, k];
                self.fetch(arrays, cell, count);
                self.along_x(arrays, scratch, Faces { axis: 0, cell, count: count + 1 });
                for axis in 1..dimensions {
                    self.above(arrays, scratch, Faces { axis, cell: up(cell, axis, 1), count }, j);
                }
                findings.merge(&self.update(arrays, scratch, cell, count, j));
                scratch.step(1);
            }
            scratch.step(2);
        }
        findings
    }

    /// Asks for the conserved variables of a row of cells, which are needed when its fluxes are there. A row that is all there
    /// is follows in memory on the last one, and the processor sees it coming.
    fn fetch(&self, arrays: &Arrays, cell: [isize; 3], count: usize) {
        if self.physics.dimensions == 1 {
            return;
        }
        for states in [Some(&*arrays.conserved), arrays.start].into_iter().flatten() {
            let row = Row::of(states, cell);
            (0..self.physics.variables()).for_each(|variable| prefetch(&row.from(variable, 0)[..count]));
        }
    }

    /// Fluxes through all faces along x of a row of cells.
    fn along_x(&self, arrays: &Arrays, scratch: &mut Scratch, faces: Faces) {
        let cells = Row::of(arrays.from, faces.cell);
        let Scratch { lower, upper, walls, images, shocks, along, x, .. } = scratch;
        let mut near = Near { walls, images, shocks, along };
        if self.reconstruct == Reconstruct::Donor {
            return self.fluxes(arrays, faces, [cells.shifted(-1), cells], &mut near, RowMut::of(x, ROW));
        }
        let before = [-1, 0, 0];
        let first = ROW;
        let ends = [RowMut::of(lower, before), RowMut::of(upper, before)];
        self.physics.faces(cells.shifted(-1), 1, ends, faces.count + 1);
        self.fluxes(arrays, faces, [Row::of(upper, before), Row::of(lower, first)], &mut near, RowMut::of(x, ROW));
    }

    /// Fluxes through the lowest faces along y or z of a tile, of its row `row`, and the values below the next faces.
    fn begin(&self, arrays: &Arrays, scratch: &mut Scratch, faces: Faces, row: usize) {
        let cells = Row::of(arrays.from, faces.cell);
        let stride = arrays.from.strides().axis[faces.axis];
        let below = cells.shifted(-(stride as isize));
        let Scratch { lower, walls, images, shocks, along, across, .. } = scratch;
        let mut near = Near { walls, images, shocks, along };
        let across = &mut across[faces.axis - 1];
        let place = across.place(row);
        let [flux, _] = &mut across.flux;
        if self.reconstruct == Reconstruct::Donor {
            return self.fluxes(arrays, faces, [below, cells], &mut near, RowMut::of(flux, place));
        }
        let [current, next] = &mut across.below;
        self.physics.faces(below, stride, [RowMut::of(lower, ROW), RowMut::of(next, place)], faces.count);
        self.physics.faces(cells, stride, [RowMut::of(lower, ROW), RowMut::of(current, place)], faces.count);
        self.fluxes(arrays, faces, [Row::of(next, place), Row::of(lower, ROW)], &mut near, RowMut::of(flux, place));
    }

    /// Fluxes through the upper faces along y or z of row `row` of a tile; `faces` names the cells above them.
    fn above(&self, arrays: &Arrays, scratch: &mut Scratch, faces: Faces, row: usize) {
        let cells = Row::of(arrays.from, faces.cell);
        let stride = arrays.from.strides().axis[faces.axis];
        let Scratch { lower, walls, images, shocks, along, across, .. } = scratch;
        let mut near = Near { walls, images, shocks, along };
        let across = &mut across[faces.axis - 1];
        let place = across.place(row);
        let [_, flux] = &mut across.flux;
        if self.reconstruct == Reconstruct::Donor {
            let below = cells.shifted(-(stride as isize));
            return self.fluxes(arrays, faces, [below, cells], &mut near, RowMut::of(flux, place));
        }
        let [current, next] = &mut across.below;
        self.physics.faces(cells, stride, [RowMut::of(lower, ROW), RowMut::of(next, place)], faces.count);
        self.fluxes(arrays, faces, [Row::of(current, place), Row::of(lower, ROW)], &mut near, RowMut::of(flux, place));
    }

    /// New conserved and primitive variables of a row of cells.
    fn update(
        &self,
        arrays: &mut Arrays,
        scratch: &mut Scratch,
        cell: [isize; 3],
        count: usize,
        row: usize,
    ) -> Findings {
        let sourced = self.sources(arrays, scratch, cell, count);
        let Scratch { lower, x, across, rates, .. } = scratch;
        let x = Row::of(x, ROW);
        let per_length = self.physics.per_length;
        let mut axes =
            [Some(Difference { lower: x, upper: x.shifted(1), factor: self.dt * per_length[0] }), None, None];
        for axis in 1..self.physics.dimensions {
            let across = &across[axis - 1];
            let place = across.place(row);
            let [lower, upper] = [0, 1].map(|side| Row::of(&across.flux[side], place));
            axes[axis] = Some(Difference { lower, upper, factor: self.dt * per_length[axis] });
        }
        let start = arrays.start.map(|start| Row::of(start, cell));
        let (mut conserved, base) = match (self.keep, self.blend, start) {
            (false, ..) => (RowMut::of(lower, ROW), Base::Other(Row::of(arrays.conserved, cell))),
            (_, Blend::Towards(share), Some(start)) => {
                (RowMut::of(arrays.conserved, cell), Base::Towards(start, share))
            }
            (_, Blend::Start, Some(start)) => (RowMut::of(arrays.conserved, cell), Base::Other(start)),
            _ => (RowMut::of(arrays.conserved, cell), Base::Same),
        };
        let variables = self.physics.variables();
        let level = self.physics.level;
        let source = sourced.then(|| (Row::of(rates, ROW), self.dt));
        level.run(AdvanceRow { axes, source, base, conserved: conserved.again(), variables, count });
        if let Some(solid) = arrays.solid {
            solid.restore(cell, count, &mut conserved);
        }
        // The predictor's states are only looked at: floors and bounds there make nothing, and don't count.
        let care = Care { look: self.last, raise: !self.keep, bound: !self.keep };
        let mut findings = self.physics.primitive(conserved, RowMut::of(arrays.to, cell), care, count);
        if let Some(solid) = arrays.solid.filter(|_| self.last) {
            solid.leave_out(&mut findings, self.physics.gas, Row::of(arrays.to, cell), cell, count);
        }
        findings
    }

    /// The fluxes of all variables through the lower face of a cell along an axis.
    pub(super) fn face(&self, arrays: &Arrays, scratch: &mut Scratch, axis: usize, cell: [isize; 3]) -> Vec<f64> {
        let faces = Faces { axis, cell, count: 1 };
        let flux = if axis == 0 {
            self.along_x(arrays, scratch, faces);
            Row::of(&scratch.x, ROW)
        } else {
            self.begin(arrays, scratch, faces, 0);
            let across = &scratch.across[axis - 1];
            Row::of(&across.flux[0], across.place(0))
        };
        (0..self.physics.variables()).map(|variable| flux.from(variable, 0)[0]).collect()
    }
}

/// The cell `steps` cells along an axis.
fn up(mut cell: [isize; 3], axis: usize, steps: isize) -> [isize; 3] {
    cell[axis] += steps;
    cell
}
