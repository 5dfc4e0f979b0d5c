//! Walls that hold the gas fast: what viscosity and heat conduction see in place of a solid cell, or of what is beyond a side.
//!
//! A cell next to a wall sees its image there: its velocity turned about that of the wall, so that the gas has the wall's at the
//! face itself; its density; and its temperature, so that no heat goes through, or that turned about the wall's. The wall
//! stands at the face, and all differences are those between neighbours: second order in space, and as stable as without walls.
//!
//! Two neighbours of a solid cell see two images in it, so the cells that a row of faces needs are copied, and images put
//! where there are walls.

use super::diffusion::{PLACES, Stencil};
use super::rows::{Row, RowMut};
use super::solid::Solid;
use crate::grid::Field;

/// A wall that holds the gas fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wall {
    pub velocity: [f64; 3],
    /// Pressure over density at the wall; none of a wall that lets no heat through.
    pub temperature: Option<f64>,
}

/// The wall of an obstacle.
const AT_REST: Wall = Wall { velocity: [0.0; 3], temperature: None };

/// What holds the gas of a block fast.
pub(super) struct Images<'a> {
    pub solid: Option<&'a Solid>,
    /// The sides that do; `[axis][high]`.
    pub sides: &'a [[Option<Wall>; 2]; 3],
    /// The cells of the whole grid.
    pub cells: [usize; 3],
    /// The global index of the block's first cell.
    pub origin: [usize; 3],
}

/// The cells about a row of faces: the axis that the faces are normal to, the cell above the first one, how many there are.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub axis: usize,
    pub cell: [isize; 3],
    pub count: usize,
    /// The number of axes.
    pub dimensions: usize,
}

impl About {
    /// The cell at a place of the stencil of a face.
    fn cell(&self, face: usize, side: usize, place: usize) -> [isize; 3] {
        let mut cell = self.cell;
        cell[0] += face as isize;
        cell[self.axis] += side as isize - 1;
        if place > 0 {
            let along = (self.axis + 1 + (place - 1) / 2) % 3;
            let step = if place % 2 == 1 { 1 } else { -1 };
            cell[along] += if along < self.dimensions { step } else { 0 };
        }
        cell
    }
}

impl Images<'_> {
    /// Whether a wall may stand about a row of faces.
    pub(super) fn are_near(&self, about: &About) -> bool {
        let is_near_side = |axis: usize| {
            let first = about.cell[axis] + self.origin[axis] as isize;
            let last = first + if axis == 0 { about.count as isize } else { 1 };
            let [low, high] = self.sides[axis];
            low.is_some() && first <= 0 || high.is_some() && last >= self.cells[axis] as isize
        };
        self.solid.is_some_and(|solid| solid.is_near(about.cell)) || (0..3).any(is_near_side)
    }

    /// The wall that a cell belongs to, if it is none of the gas.
    fn at(&self, cell: [isize; 3]) -> Option<Wall> {
        let beyond = (0..3).find_map(|axis| {
            let index = cell[axis] + self.origin[axis] as isize;
            let [low, high] = self.sides[axis];
            let high = high.filter(|_| index >= self.cells[axis] as isize);
            low.filter(|_| index < 0).or(high)
        });
        beyond.or_else(|| self.solid.filter(|solid| solid.at(cell)).map(|_| AT_REST))
    }

    /// Copies the cells about a row of faces, with images where there are walls.
    pub(super) fn gather<'a>(&self, about: &About, from: &Field<f64, 3>, copies: &'a mut Field<f64, 3>) -> Stencil<'a> {
        for (side, place) in places() {
            let row = Row::of(from, about.cell(0, side, place));
            RowMut::of(copies, kept(side, place)).copy(row, from.components(), about.count);
        }
        for face in 0..about.count {
            self.put_images(about, face, copies);
        }
        let copies = &*copies;
        [0, 1].map(|side| std::array::from_fn(|place| Row::of(copies, kept(side, place))))
    }

    /// Puts images into the stencil of a face.
    fn put_images(&self, about: &About, face: usize, copies: &mut Field<f64, 3>) {
        let walls = [0, 1].map(|side| self.at(about.cell(face, side, 0)));
        for side in (0..2).filter(|&side| walls[side].is_none()) {
            for place in 1..PLACES {
                if let Some(wall) = self.at(about.cell(face, side, place)) {
                    put_image(copies, face, wall, [side, 0], [side, place]);
                }
            }
        }
        let (wall, of, to) = match walls {
            [Some(wall), None] => (wall, 1, 0),
            [None, Some(wall)] => (wall, 0, 1),
            _ => return,
        };
        (0..PLACES).for_each(|place| put_image(copies, face, wall, [of, place], [to, place]));
    }
}

/// All places of a stencil.
fn places() -> impl Iterator<Item = (usize, usize)> {
    (0..2).flat_map(|side| (0..PLACES).map(move |place| (side, place)))
}

/// Where the copies of a place of the stencil begin.
fn kept(side: usize, place: usize) -> [isize; 3] {
    [0, (side * PLACES + place) as isize, 0]
}

/// Puts the image of one place of a face's stencil in a wall into another.
fn put_image(copies: &mut Field<f64, 3>, face: usize, wall: Wall, of: [usize; 2], to: [usize; 2]) {
    let cell = |[side, place]: [usize; 2]| {
        let [_, row, _] = kept(side, place);
        [face as isize, row, 0]
    };
    let density = copies.at(0, cell(of));
    copies.put(0, cell(to), density);
    for (axis, velocity) in wall.velocity.into_iter().enumerate() {
        let turned = 2.0 * velocity - copies.at(1 + axis, cell(of));
        copies.put(1 + axis, cell(to), turned);
    }
    if copies.components() > 4 {
        let pressure = copies.at(4, cell(of));
        // T = p/ρ
        let turned = |temperature: f64| density * (2.0 * temperature - pressure / density);
        copies.put(4, cell(to), wall.temperature.map_or(pressure, turned));
    }
}
