//! Rows of cells or faces as the kernels see them: where a row begins, and how far apart its variables lie.

use crate::grid::Field;
use crate::simd::{Lane, Simd};

/// Cells that kernels take at once: the widest lanes there are, or a few narrower ones.
pub(super) const GROUP: usize = 8;

/// One variable of [`GROUP`] cells.
pub(super) type Group = [f64; GROUP];

/// The cells of a group from `part` on.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, row: &[Group], group: usize, part: usize) -> S::F64 {
    S::F64::load(simd, &row[group][part..])
}

/// How many groups hold `count` cells.
pub(super) fn groups_of(count: usize) -> usize {
    count.div_ceil(GROUP)
}

/// A row to read.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    data: &'a [f64],
    start: usize,
    component: usize,
}

impl<'a> Row<'a> {
    /// The cells of a field from `cell` on, along x.
    pub(super) fn of(field: &'a Field<f64, 3>, cell: [isize; 3]) -> Self {
        Row { data: field.values(), start: field.index(0, cell), component: field.strides().component }
    }

    /// Variable `variable` from the element `offset` after the row's first one.
    #[inline(always)]
    pub(super) fn from(&self, variable: usize, offset: isize) -> &'a [f64] {
        &self.data[(self.start + variable * self.component).wrapping_add_signed(offset)..]
    }

    /// Variable `variable` in groups of [`GROUP`] cells, of which `groups` are wanted.
    #[inline(always)]
    pub(super) fn groups(&self, variable: usize, groups: usize) -> &'a [Group] {
        &self.from(variable, 0).as_chunks().0[..groups]
    }

    /// The row that begins `offset` elements after this one.
    #[inline(always)]
    pub(super) fn shifted(self, offset: isize) -> Self {
        Row { start: self.start.wrapping_add_signed(offset), ..self }
    }
}

/// A row to write.
pub(super) struct RowMut<'a> {
    data: &'a mut [f64],
    start: usize,
    component: usize,
}

impl<'a> RowMut<'a> {
    /// The cells of a field from `cell` on, along x.
    pub(super) fn of(field: &'a mut Field<f64, 3>, cell: [isize; 3]) -> Self {
        let start = field.index(0, cell);
        let component = field.strides().component;
        RowMut { data: field.values_mut(), start, component }
    }

    /// Variable `variable` from the element `offset` after the row's first one.
    #[inline(always)]
    pub(super) fn from(&mut self, variable: usize, offset: usize) -> &mut [f64] {
        &mut self.data[self.start + variable * self.component + offset..]
    }

    /// Variable `variable` in groups of [`GROUP`] cells, of which `groups` are wanted.
    #[inline(always)]
    pub(super) fn groups(&mut self, variable: usize, groups: usize) -> &mut [Group] {
        &mut self.data[self.start + variable * self.component..].as_chunks_mut().0[..groups]
    }

    /// The first `N` variables at once, as [`groups`](RowMut::groups).
    #[inline(always)]
    pub(super) fn all<const N: usize>(&mut self, groups: usize) -> [&mut [Group]; N] {
        let RowMut { start, component, .. } = *self;
        let ranges = std::array::from_fn(|v| start + v * component..start + v * component + groups * GROUP);
        let rows = self.data.get_disjoint_mut(ranges).expect("variables apart from each other");
        rows.map(|row| row.as_chunks_mut().0)
    }

    /// Copies `count` cells of another row.
    pub(super) fn copy(&mut self, from: Row, variables: usize, count: usize) {
        for variable in 0..variables {
            self.from(variable, 0)[..count].copy_from_slice(&from.from(variable, 0)[..count]);
        }
    }

    /// The same row again, for one more kernel.
    pub(super) fn again(&mut self) -> RowMut<'_> {
        RowMut { data: self.data, start: self.start, component: self.component }
    }
}
