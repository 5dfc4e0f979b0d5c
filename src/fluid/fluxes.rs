//! All fluxes through a row of faces between the states below and above them.
//!
//! In order: what walls change of the states; the Riemann solver; HLLE where the faces lie along strong shocks, if the solver is
//! the hybrid; viscosity and heat conduction.

use super::diffusion::{Stencil, stencil};
use super::images::{About, Images};
use super::pass::{Arrays, Faces, Near, Pass};
use super::rows::{Row, RowMut};
use super::scheme::{Reconstruct, Solver};
use super::shocks::{ShockRow, without_solids};
use super::solid::{Solid, Walls};
use crate::grid::Field;

/// The first cell of a scratch row.
const ROW: [isize; 3] = [0; 3];

impl Pass<'_> {
    /// Fills in all fluxes through a row of faces.
    pub(super) fn fluxes(&self, arrays: &Arrays, faces: Faces, states: [Row; 2], near: &mut Near, mut flux: RowMut) {
        let Faces { axis, cell, count } = faces;
        let states = match arrays.solid.filter(|solid| solid.is_near(cell)) {
            Some(solid) => self.at_walls(solid, arrays, faces, states, near.walls),
            None => states,
        };
        self.physics.fluxes(self.physics.solver, axis, states, flux.again(), count);
        if self.physics.is_hybrid() {
            self.along_shocks(arrays, faces, states, [near.shocks, near.along], flux.again());
        }
        if self.physics.diffuses() {
            let around = self.with_images(arrays, faces, near.images);
            self.physics.diffusion(axis, around, flux, count);
        }
    }

    /// The states below and above faces of which some are walls.
    fn at_walls<'a>(
        &self,
        solid: &Solid,
        arrays: &Arrays,
        faces: Faces,
        states: [Row; 2],
        [left, right]: &'a mut [Field<f64, 3>; 2],
    ) -> [Row<'a>; 2] {
        let Faces { axis, cell, count } = faces;
        let mut left_row = RowMut::of(left, ROW);
        let mut right_row = RowMut::of(right, ROW);
        let stride = arrays.from.strides().axis[axis];
        let variables = self.physics.variables();
        left_row.copy(states[0], variables, count);
        right_row.copy(states[1], variables, count);
        let reach = if self.reconstruct == Reconstruct::Donor { 0 } else { self.reconstruct.halo() - 1 };
        let walls = Walls { axis, cell, stride, reach, variables, count };
        solid.correct(&walls, Row::of(arrays.from, cell), &mut left_row, &mut right_row);
        [Row::of(left, ROW), Row::of(right, ROW)]
    }

    /// The cells about a row of faces.
    fn around<'a>(&self, arrays: &Arrays<'a>, Faces { axis, cell, .. }: Faces) -> Stencil<'a> {
        let strides = arrays.from.strides().axis;
        let dimensions = self.physics.dimensions;
        let strides = [0, 1, 2].map(|along| if along < dimensions { strides[along] as isize } else { 0 });
        stencil(Row::of(arrays.from, cell), axis, strides)
    }

    /// The cells about a row of faces, with images where there are walls.
    fn with_images<'a>(&self, arrays: &Arrays<'a>, faces: Faces, copies: &'a mut Field<f64, 3>) -> Stencil<'a> {
        let Faces { axis, cell, count } = faces;
        let dimensions = self.physics.dimensions;
        let cells = self.grid.cells();
        let images = Images { solid: arrays.solid, sides: &self.physics.walls, cells, origin: arrays.origin };
        let about = About { axis, cell, count, dimensions };
        if images.are_near(&about) {
            return images.gather(&about, arrays.from, copies);
        }
        self.around(arrays, faces)
    }

    /// Puts HLLE's fluxes in the place of those through faces along strong shocks.
    fn along_shocks(
        &self,
        arrays: &Arrays,
        faces: Faces,
        states: [Row; 2],
        [shocks, along]: [&mut Field<f64, 3>; 2],
        mut flux: RowMut,
    ) {
        let Faces { axis, cell, count } = faces;
        let pressure = if self.physics.has_energy() { 4 } else { 0 };
        let cells = self.around(arrays, faces);
        let marks = RowMut::of(shocks, ROW);
        if !self.physics.level.run(ShockRow { axis, cells, pressure, marks, count }) {
            return;
        }
        if let Some(solid) = arrays.solid.filter(|solid| solid.is_near(cell)) {
            without_solids(shocks, &cells, pressure, faces, &|cell| solid.at(cell));
        }
        self.physics.fluxes(Solver::Hlle, axis, states, RowMut::of(along, ROW), count);
        for variable in 0..self.physics.variables() {
            let fluxes = flux.from(variable, 0)[..count].iter_mut().zip(Row::of(along, ROW).from(variable, 0));
            for ((flux, other), mark) in fluxes.zip(Row::of(shocks, ROW).from(0, 0)) {
                if *mark > 0.0 {
                    *flux = *other;
                }
            }
        }
    }
}
