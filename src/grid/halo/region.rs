//! Boxes of cells of a field: packing, unpacking and copying them, row by row.
//!
//! Rows of up to four elements, as beyond x sides, are copied by loops of fixed length, longer ones at once.

use bytemuck::Pod;

use crate::grid::Field;

/// A box of cells of one block, counted from its first interior cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Region<const D: usize> {
    /// The block's place among the rank's blocks.
    pub(super) block: usize,
    pub(super) low: [isize; D],
    pub(super) extent: [usize; D],
}

impl<const D: usize> Region<D> {
    /// The number of cells.
    pub(super) fn count(&self) -> usize {
        self.extent.iter().product()
    }
}

/// The rows of a region in a field's memory.
#[derive(Clone, Copy)]
struct Rows {
    first: usize,
    width: usize,
    /// Rows along y and z, and components.
    counts: [usize; 3],
    strides: [usize; 3],
}

impl Rows {
    fn of<T: Pod, const D: usize>(region: &Region<D>, field: &Field<T, D>, components: usize) -> Self {
        let strides = field.strides();
        let count = |axis: usize| if axis < D { region.extent[axis] } else { 1 };
        let stride = |axis: usize| if axis < D { strides.axis[axis] } else { 0 };
        Rows {
            first: field.index(0, region.low),
            width: region.extent[0],
            counts: [count(1), count(2), components],
            strides: [stride(1), stride(2), strides.component],
        }
    }

    /// Calls `work` with where each row starts, here and in `other`.
    #[inline(always)]
    fn each_with(&self, other: &Rows, mut work: impl FnMut(usize, usize)) {
        for component in 0..self.counts[2] {
            for k in 0..self.counts[1] {
                let start = |rows: &Rows| rows.first + component * rows.strides[2] + k * rows.strides[1];
                let mut here = start(self);
                let mut there = start(other);
                for _ in 0..self.counts[0] {
                    work(here, there);
                    here += self.strides[0];
                    there += other.strides[0];
                }
            }
        }
    }

    /// The same rows one after another in a buffer.
    fn packed(&self) -> Rows {
        let layer = self.width * self.counts[0];
        Rows { first: 0, strides: [self.width, layer, layer * self.counts[1]], ..*self }
    }
}

/// Copies rows between two slices.
#[inline(always)]
fn copy<T: Pod>(from: &[T], source: Rows, to: &mut [T], target: Rows) {
    match source.width {
        1 => copy_narrow::<T, 1>(from, source, to, target),
        2 => copy_narrow::<T, 2>(from, source, to, target),
        3 => copy_narrow::<T, 3>(from, source, to, target),
        4 => copy_narrow::<T, 4>(from, source, to, target),
        width => source.each_with(&target, |here, there| {
            to[there..there + width].copy_from_slice(&from[here..here + width]);
        }),
    }
}

/// Copies rows of `W` elements.
#[inline(always)]
fn copy_narrow<T: Pod, const W: usize>(from: &[T], source: Rows, to: &mut [T], target: Rows) {
    source.each_with(&target, |here, there| to[there..there + W].copy_from_slice(&from[here..here + W]));
}

/// Copies rows to others of the same slice, which they don't overlap.
fn copy_within<T: Pod>(values: &mut [T], source: Rows, target: Rows) {
    match source.width {
        1 => copy_within_narrow::<T, 1>(values, source, target),
        2 => copy_within_narrow::<T, 2>(values, source, target),
        3 => copy_within_narrow::<T, 3>(values, source, target),
        4 => copy_within_narrow::<T, 4>(values, source, target),
        width => source.each_with(&target, |here, there| values.copy_within(here..here + width, there)),
    }
}

/// Copies rows of `W` elements to others of the same slice.
#[inline(always)]
fn copy_within_narrow<T: Pod, const W: usize>(values: &mut [T], source: Rows, target: Rows) {
    source.each_with(&target, |here, there| {
        let row: [T; W] = std::array::from_fn(|i| values[here + i]);
        values[there..there + W].copy_from_slice(&row);
    });
}

/// Packs a region's components one after another, x fastest; returns how many elements that were.
pub(super) fn pack<T: Pod, const D: usize>(
    region: &Region<D>,
    components: usize,
    fields: &[Field<T, D>],
    buffer: &mut [T],
) -> usize {
    let field = &fields[region.block];
    let rows = Rows::of(region, field, components);
    copy(field.values(), rows, buffer, rows.packed());
    region.count() * components
}

/// The reverse of [`pack`].
pub(super) fn unpack<T: Pod, const D: usize>(
    region: &Region<D>,
    components: usize,
    fields: &mut [Field<T, D>],
    buffer: &[T],
) -> usize {
    let field = &mut fields[region.block];
    let rows = Rows::of(region, field, components);
    copy(buffer, rows.packed(), field.values_mut(), rows);
    region.count() * components
}

/// Copies a region to another of the same extent, in the same block or in another of this rank.
pub(super) fn copy_local<T: Pod, const D: usize>(
    from: &Region<D>,
    to: &Region<D>,
    components: usize,
    fields: &mut [Field<T, D>],
) {
    let source = Rows::of(from, &fields[from.block], components);
    let target = Rows::of(to, &fields[to.block], components);
    match fields.get_disjoint_mut([from.block, to.block]) {
        Ok([from, to]) => copy(from.values(), source, to.values_mut(), target),
        Err(_) => copy_within(fields[from.block].values_mut(), source, target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two fields of other strides, each cell with a number of its own.
    fn fields() -> [Field<u64, 3>; 2] {
        let mut fields = [Field::new([9, 5, 4], 2, [4, 1, 1]), Field::new([17, 5, 4], 2, [9, 2, 1])];
        for (f, field) in fields.iter_mut().enumerate() {
            (0..field.values().len()).for_each(|i| field.values_mut()[i] = (i + 100_000 * f) as u64);
        }
        fields
    }

    /// The numbers of a region, cell by cell.
    fn numbers(region: &Region<3>, fields: &[Field<u64, 3>]) -> Vec<u64> {
        let [nx, ny, nz] = region.extent.map(|count| count as isize);
        let [x, y, z] = region.low;
        let at = |c, i: isize| fields[region.block].at(c, [x + i % nx, y + i / nx % ny, z + i / (nx * ny)]);
        (0..2).flat_map(|c| (0..nx * ny * nz).map(move |i| at(c, i))).collect()
    }

    #[test]
    fn packed_regions_come_back_elsewhere() {
        for width in 1..=7 {
            let mut fields = fields();
            let from = Region { block: 0, low: [1, 2, 0], extent: [width, 2, 3] };
            let to = Region { block: 1, low: [-5, 3, 1], ..from.clone() };
            let expected = numbers(&from, &fields);
            let before = fields.clone();
            let mut buffer = vec![0; width * 12];
            assert_eq!(pack(&from, 2, &fields, &mut buffer), buffer.len());
            assert_eq!(buffer, expected);
            assert_eq!(unpack(&to, 2, &mut fields, &buffer), buffer.len());
            assert_eq!(numbers(&to, &fields), expected);
            let changed = fields[1].values().iter().zip(before[1].values()).filter(|(a, b)| a != b).count();
            assert_eq!(changed, width * 12);
        }
    }

    #[test]
    fn local_copies_need_no_buffer() {
        for width in 1..=7 {
            for to in [0, 1] {
                let mut fields = fields();
                let from = Region { block: 0, low: [2, 3, 3], extent: [width, 2, 1] };
                let to = Region { block: to, low: [-2, 0, -1], ..from.clone() };
                let expected = numbers(&from, &fields);
                copy_local(&from, &to, 2, &mut fields);
                assert_eq!(numbers(&to, &fields), expected);
            }
        }
    }
}
