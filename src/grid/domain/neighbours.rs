//! A cell as a rule sees it, with those around it; and going over cells with a rule.

use bytemuck::Pod;

use super::{CellValue, Stencil};
use crate::grid::layout::Cells;
use crate::grid::{Field, Grid, Strides};

/// The field of a block that a rule reads, and where it lies in the grid.
pub(super) struct Block<'a, T: Pod, const D: usize> {
    field: &'a Field<T, D>,
    values: &'a [T],
    strides: Strides<D>,
    stencil: Stencil,
    grid: &'a Grid<D>,
    /// The global index of the block's first cell.
    first: [usize; D],
}

impl<'a, T: Pod, const D: usize> Block<'a, T, D> {
    /// # Panics
    /// If the field's halo is narrower than the stencil.
    pub(super) fn new(field: &'a Field<T, D>, stencil: Stencil, grid: &'a Grid<D>, first: [usize; D]) -> Self {
        assert!(field.halo().iter().all(|&halo| halo >= stencil.width()), "the halo must be as wide as the stencil");
        Block { field, values: field.values(), strides: field.strides(), stencil, grid, first }
    }

    /// The block with its halo.
    pub(super) fn field(&self) -> &'a Field<T, D> {
        self.field
    }
}

/// A cell and those around it, as they were before the update.
pub struct Neighbours<'a, C: CellValue, const D: usize> {
    block: &'a Block<'a, C::Number, D>,
    /// The cell, counted from the block's first one.
    cell: [usize; D],
    /// The place of its first number among the values.
    index: usize,
}

impl<C: CellValue, const D: usize> Neighbours<'_, C, D> {
    /// The cell itself.
    #[inline(always)]
    pub fn here(&self) -> C {
        self.at([0; D])
    }

    /// The cell so many cells further along each axis: `at([-1, 0])` is the one before along x.
    ///
    /// # Panics
    /// If the domain's [`Stencil`] doesn't reach that far.
    #[inline(always)]
    pub fn at(&self, offset: [isize; D]) -> C {
        assert!(self.block.stencil.reaches(offset), "the stencil does not reach {offset:?}");
        let strides = &self.block.strides;
        let distance: isize = (0..D).map(|axis| offset[axis] * strides.axis[axis] as isize).sum();
        let index = self.index.wrapping_add_signed(distance);
        C::from_components(|component| {
            assert!(component < C::COMPONENTS, "a cell has {} components", C::COMPONENTS);
            // SAFETY: this was made of an interior cell of a field that has all components of C (`each_cell`, `see_cells`). The halo
            // is as wide as the stencil (`Block::new`), which reaches the offset: the field holds that cell.
            unsafe { *self.block.values.get_unchecked(component * strides.component + index) }
        })
    }

    /// The cell's index in the whole grid.
    pub fn index(&self) -> [usize; D] {
        std::array::from_fn(|axis| self.block.first[axis] + self.cell[axis])
    }

    /// The cell's centre.
    pub fn center(&self) -> [f64; D] {
        self.block.grid.center(self.index().map(|index| index as i64))
    }
}

/// Shows each interior cell of a block with its neighbours, x fastest.
///
/// # Panics
/// If the block lacks components.
pub(super) fn see_cells<C: CellValue, const D: usize>(
    block: &Block<'_, C::Number, D>,
    mut see: impl FnMut(&Neighbours<'_, C, D>),
) {
    assert!(block.field.components() >= C::COMPONENTS, "all components");
    for (j, k) in block.field.rows() {
        let place = std::array::from_fn(|axis| [0, j, k][axis]);
        let index = block.field.index(0, place);
        for i in 0..block.field.extent()[0] {
            let mut cell = place.map(|place| place as usize);
            cell[0] = i;
            see(&Neighbours { block, cell, index: index + i });
        }
    }
}

/// Gives some interior cells of `to` what `rule` makes of these cells of `block` and of what `to` holds there.
///
/// # Panics
/// If the blocks differ in shape, lack components, or the cells are not interior ones.
pub(super) fn each_cell<F: CellValue, C: CellValue, const D: usize>(
    block: &Block<'_, F::Number, D>,
    to: &mut Field<C::Number, D>,
    cells: &Cells<D>,
    mut rule: impl FnMut(&Neighbours<'_, F, D>, C) -> C,
) {
    let extent = to.extent();
    assert_eq!(extent, block.field.extent(), "blocks of the same shape");
    assert!(block.field.components() >= F::COMPONENTS && to.components() >= C::COMPONENTS, "all components");
    assert!(cells.iter().zip(extent).all(|(range, extent)| range.end <= extent), "interior cells");
    let along = |axis: usize| if axis < D { cells[axis].clone() } else { 0..1 };
    let stride = to.strides().component;
    for k in along(2) {
        for j in along(1) {
            let first: [usize; D] = std::array::from_fn(|axis| [cells[0].start, j, k][axis]);
            let place = first.map(|index| index as isize);
            let source = block.field.index(0, place);
            let target = to.index(0, place);
            let out = to.values_mut();
            for i in 0..cells[0].len() {
                let mut cell = first;
                cell[0] += i;
                let neighbours = Neighbours { block, cell, index: source + i };
                let held = C::from_components(|component| {
                    assert!(component < C::COMPONENTS, "a cell has {} components", C::COMPONENTS);
                    // SAFETY: an interior cell of a field that has all components, as checked above.
                    unsafe { *out.get_unchecked(component * stride + target + i) }
                });
                let made = rule(&neighbours, held);
                for component in 0..C::COMPONENTS {
                    // SAFETY: as above.
                    unsafe { *out.get_unchecked_mut(component * stride + target + i) = made.component(component) };
                }
            }
        }
    }
}
