//! Fields of blocks in files: snapshots, and checkpoints and back, whatever the number of blocks that a rank has.
//!
//! An array in a file has the axes z, y, x, those beyond `D` with one index; a checkpoint's has the component as an axis before them,
//! where there are several. Numbers keep their type.

use super::{Field, Grid, Layout};
use crate::io::{CellField, Checkpoint, CheckpointReader, Element, GridGeometry, Part, Slab, Snapshot};
use crate::{Error, Result};

impl GridGeometry {
    /// The geometry of a grid, periodic along these axes: three axes, those that are missing from 0 to 1 and one cell wide.
    pub fn of<const D: usize>(grid: &Grid<D>, periodic: [bool; D]) -> Self {
        let cells = filled(grid.cells(), 1).map(|count| count as u64);
        GridGeometry::new(cells, filled(grid.low(), 0.0), filled(grid.high(), 1.0), filled(periodic, false))
    }
}

impl<const D: usize> Layout<D> {
    /// A block's place in an array of all cells with the axes z, y, x.
    pub fn slab(&self, block: usize) -> Slab {
        let first = self.range(block).map(|range| range.start);
        let array = |[x, y, z]: [usize; 3]| vec![z as u64, y as u64, x as u64];
        Slab {
            shape: array(filled(self.grid().cells(), 1)),
            offset: array(filled(first, 0)),
            count: array(filled(self.extent(block), 1)),
        }
    }

    /// A block's place in an array with the axes component, z, y, x; without the first where there is one component.
    fn slab_of(&self, block: usize, components: usize) -> Slab {
        let mut slab = self.slab(block);
        if components != 1 {
            slab.shape.insert(0, components as u64);
            slab.offset.insert(0, 0);
            slab.count.insert(0, components as u64);
        }
        slab
    }

    /// The blocks of a rank, each with its field.
    ///
    /// # Errors
    /// If the fields are not those of the rank's blocks.
    fn with_fields<F>(&self, rank: usize, fields: impl ExactSizeIterator<Item = F>) -> Result<Vec<(usize, F)>> {
        let blocks = self.of_rank(rank);
        if blocks.len() == fields.len() {
            return Ok(blocks.zip(fields).collect());
        }
        let reason = format!("{} fields for the {} blocks of this rank", fields.len(), blocks.len());
        Err(Error::input("fields", reason))
    }
}

impl<'a> CellField<'a> {
    /// One component of fields on blocks of a layout, which are given with their numbers.
    pub(crate) fn of_component<T: Element, const D: usize>(
        name: &str,
        unit: &str,
        layout: &Layout<D>,
        blocks: &[(usize, &'a Field<T, D>)],
        component: usize,
    ) -> Self {
        let part = |&(block, field): &(usize, &'a Field<T, D>)| {
            let (numbers, [_, strides @ ..]) = numbers(field, component);
            Part::strided(layout.slab(block), numbers, strides.to_vec())
        };
        CellField::new(name, unit, &blocks.iter().map(part).collect::<Vec<_>>())
    }
}

impl Snapshot {
    /// Writes the components of fields, each under its name and unit, the latter empty where there is none: `fields` are those of this
    /// rank's blocks, in order. All ranks, once for a snapshot, whose name will end in `.vtkhdf`.
    ///
    /// # Errors
    /// On all ranks, if there are not as many fields as blocks or names as components, when a name can't be one of a field, or the
    /// file cannot be written.
    pub fn fields<T: Element, const D: usize>(
        &mut self,
        layout: &Layout<D>,
        fields: &[Field<T, D>],
        names: &[[&str; 2]],
    ) -> Result<()> {
        self.fields_and(layout, fields, names, None)
    }

    /// The same, with a field of another kind behind them.
    pub(crate) fn fields_and<T: Element, const D: usize>(
        &mut self,
        layout: &Layout<D>,
        fields: &[Field<T, D>],
        names: &[[&str; 2]],
        more: Option<CellField<'_>>,
    ) -> Result<()> {
        let blocks = self.file().agree(layout.with_fields(self.file().rank(), fields.iter()))?;
        let all_named = fields.iter().all(|field| field.components() == names.len());
        let reason = || Error::input("fields", format!("{} names for another number of components", names.len()));
        self.file().agree(if all_named { Ok(()) } else { Err(reason()) })?;
        let named = names.iter().enumerate();
        let named: Vec<CellField<'_>> = named
            .map(|(component, [name, unit])| CellField::of_component(name, unit, layout, &blocks, component))
            .chain(more)
            .collect();
        self.grid(&GridGeometry::of(layout.grid(), layout.periodic()), &named)
    }
}

impl Checkpoint {
    /// Writes the numbers of fields: `fields` are those of this rank's blocks, in order. All ranks.
    ///
    /// # Errors
    /// On all ranks, if there are not as many fields as blocks, or the file cannot be written.
    pub fn fields<T: Element, const D: usize>(
        &mut self,
        name: &str,
        layout: &Layout<D>,
        fields: &[Field<T, D>],
    ) -> Result<()> {
        let blocks = self.file().agree(layout.with_fields(self.file().rank(), fields.iter()))?;
        let parts = blocks.into_iter().map(|(block, field)| {
            let slab = layout.slab_of(block, field.components());
            let (numbers, distances) = numbers(field, 0);
            let distances = distances[4 - slab.shape.len()..].to_vec();
            Part::strided(slab, numbers, distances)
        });
        self.array_parts(name, &parts.collect::<Vec<_>>())
    }
}

impl CheckpointReader {
    /// Fills the interior of fields with the numbers that [`Checkpoint::fields`] wrote, on any number of ranks and blocks: `fields` are
    /// those of this rank's blocks, in order.
    ///
    /// # Errors
    /// If there are not as many fields as blocks, none of this name and shape is in the file, or it cannot be read.
    pub fn fields<T: Element, const D: usize>(
        &self,
        name: &str,
        layout: &Layout<D>,
        fields: &mut [Field<T, D>],
    ) -> Result<()> {
        for (block, field) in layout.with_fields(self.rank(), fields.iter_mut())? {
            let mut slab = layout.slab_of(block, field.components());
            for component in 0..field.components() {
                if field.components() > 1 {
                    slab.offset[0] = component as u64;
                    slab.count[0] = 1;
                }
                field.fill_interior(component, &self.read_slab::<T>(name, &slab)?);
            }
        }
        Ok(())
    }
}

/// The numbers of a field from a component's first interior cell on, and how far the next component, plane and row are.
fn numbers<T: Element, const D: usize>(field: &Field<T, D>, component: usize) -> (&[T], [usize; 3]) {
    let strides = field.strides();
    let along = |axis: usize| if axis < D { strides.axis[axis] } else { 0 };
    (&field.values()[field.index(component, [0; D])..], [strides.component, along(2), along(1)])
}

/// Three axes, those beyond `D` with a value that means none.
fn filled<T: Copy, const D: usize>(along: [T; D], missing: T) -> [T; 3] {
    std::array::from_fn(|axis| if axis < D { along[axis] } else { missing })
}
