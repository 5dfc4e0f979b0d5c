//! The layers of cells beyond one side of a block, and ways to fill them.
//!
//! Beyond y and z sides whole rows are copied; beyond x sides the few halo cells of each row.

use std::ops::Range;

use bytemuck::Pod;

use super::{Ghost, UserBoundary};
use crate::grid::geometry::Side;
use crate::grid::{Field, Layout};
use crate::io::Element;

/// The cells to be filled beyond one side of a block.
pub(super) struct Layers {
    pub(super) side: Side,
    /// Layers of cells beyond the side.
    width: usize,
    /// The cells along the other axes, counted from the first interior one; the entry of the side's own axis is unused.
    along: [Range<isize>; 3],
}

impl Layers {
    /// What a side's boundary fills for a block: along it, the halo of the axes before it too and the halo that other blocks have.
    pub(super) fn beyond<const D: usize>(side: Side, layout: &Layout<D>, block: usize, width: [usize; D]) -> Self {
        let extent = layout.extent(block);
        let along = std::array::from_fn(|axis| {
            if axis >= D {
                return 0..1;
            }
            let beyond = |high| {
                let filled = axis < side.axis || !layout.at_border(block, Side { axis, high });
                if filled { width[axis] as isize } else { 0 }
            };
            -beyond(false)..extent[axis] as isize + beyond(true)
        });
        Layers { side, width: width[side.axis], along }
    }

    /// The place of a layer along the side's axis, in a block of `extent` cells; layer 0 is the nearest.
    fn layer(&self, extent: usize, layer: usize) -> isize {
        if self.side.high { (extent + layer) as isize } else { -1 - layer as isize }
    }

    /// The cell nearest to the side.
    pub(super) fn edge(&self, extent: usize, _: usize) -> isize {
        if self.side.high { extent as isize - 1 } else { 0 }
    }

    /// The cell that mirrors a layer.
    pub(super) fn mirror(&self, extent: usize, layer: usize) -> isize {
        if self.side.high { (extent - 1 - layer) as isize } else { layer as isize }
    }

    /// Copies cells of the block to the layers; `source` chooses them. Component `odd` changes its sign.
    pub(super) fn copy<T, const D: usize>(
        &self,
        field: &mut Field<T, D>,
        source: fn(&Layers, usize, usize) -> isize,
        odd: Option<usize>,
    ) where
        T: Element,
    {
        let axis = self.side.axis;
        let extent = field.extent()[axis];
        for component in 0..field.components() {
            let negate = odd == Some(component);
            let layers = (0..self.width).map(|layer| (source(self, extent, layer), self.layer(extent, layer)));
            match axis {
                0 => self.each_row(|j, k| {
                    let row = field.row_mut(component, j, k);
                    layers.clone().for_each(|(from, to)| copy_cell(row, extent, from, to, negate));
                }),
                1 => layers.for_each(|(from, to)| {
                    self.along[2].clone().for_each(|k| self.copy_row(field, component, [from, k], [to, k], negate));
                }),
                _ => layers.for_each(|(from, to)| {
                    self.along[1].clone().for_each(|j| self.copy_row(field, component, [j, from], [j, to], negate));
                }),
            }
        }
    }

    /// Copies one row in x to another, as far as the side reaches.
    fn copy_row<T, const D: usize>(
        &self,
        field: &mut Field<T, D>,
        component: usize,
        from: [isize; 2],
        to: [isize; 2],
        negate: bool,
    ) where
        T: Element,
    {
        let start = |[j, k]: [isize; 2]| field.index(component, cell(self.along[0].start, j, k));
        let from = start(from);
        let to = start(to);
        let count = self.along[0].len();
        field.values_mut().copy_within(from..from + count, to);
        if negate {
            field.values_mut()[to..to + count].iter_mut().for_each(|value| *value = value.negated());
        }
    }

    /// Calls `work` for each row across the x side.
    fn each_row(&self, mut work: impl FnMut(isize, isize)) {
        for k in self.along[2].clone() {
            self.along[1].clone().for_each(|j| work(j, k));
        }
    }

    /// Calls `work` for each cell of the layers.
    fn each_cell<const D: usize>(&self, extent: usize, mut work: impl FnMut(usize, [isize; D])) {
        for layer in 0..self.width {
            let mut ranges = self.along.clone();
            let place = self.layer(extent, layer);
            ranges[self.side.axis] = place..place + 1;
            let [x, y, z] = ranges;
            for k in z {
                for j in y.clone() {
                    x.clone().for_each(|i| work(layer, cell(i, j, k)));
                }
            }
        }
    }

    /// Gives all layers the same values.
    pub(super) fn fix<T: Pod, const D: usize>(&self, field: &mut Field<T, D>, values: &[T]) {
        assert_eq!(values.len(), field.components(), "a fixed side has a value for each component");
        self.each_cell(field.extent()[self.side.axis], |_, cell| {
            values.iter().enumerate().for_each(|(component, &value)| field.put(component, cell, value));
        });
    }

    /// Asks the user's function for each cell.
    pub(super) fn ask<T: Pod, const D: usize>(
        &self,
        layout: &Layout<D>,
        block: usize,
        field: &mut Field<T, D>,
        user: &mut UserBoundary<'_, T, D>,
    ) {
        let axis = self.side.axis;
        let components = field.components();
        let first = layout.range(block).map(|range| range.start as i64);
        let extent = field.extent()[axis];
        let mut values = vec![T::zeroed(); 3 * components];
        self.each_cell(extent, |layer, cell| {
            let index = std::array::from_fn(|a| first[a] + cell[a] as i64);
            let ghost = Ghost { side: self.side, index, center: layout.grid().center(index) };
            let at = |place| std::array::from_fn::<_, D, _>(|a| if a == axis { place } else { cell[a] });
            let edge = at(self.edge(extent, layer));
            let mirror = at(self.mirror(extent, layer));
            for component in 0..components {
                values[component] = field.at(component, edge);
                values[components + component] = field.at(component, mirror);
            }
            let (given, out) = values.split_at_mut(2 * components);
            out.copy_from_slice(&given[..components]);
            user(&ghost, &given[..components], &given[components..], out);
            out.iter().enumerate().for_each(|(component, &value)| field.put(component, cell, value));
        });
    }
}

/// A cell from its places along x, y, z.
fn cell<const D: usize>(i: isize, j: isize, k: isize) -> [isize; D] {
    std::array::from_fn(|axis| [i, j, k][axis])
}

/// Copies one cell of a row to another, both counted from the first interior one.
#[inline]
fn copy_cell<T: Element>(row: &mut [T], extent: usize, from: isize, to: isize, negate: bool) {
    let halo = (row.len() - extent) as isize / 2;
    let value = row[(halo + from) as usize];
    row[(halo + to) as usize] = if negate { value.negated() } else { value };
}
