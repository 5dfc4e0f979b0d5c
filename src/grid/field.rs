//! Numbers on the cells of one block and its halo.
//!
//! Components come one after another, x is contiguous. The first interior cell of each row is at a multiple of 64 bytes. Between
//! the interiors of two rows lie the upper halo of the one and the lower halo of the other, with so much padding that a kernel may store
//! whole vectors of 64 bytes from the first interior cell on without touching the next row's halo (its own upper halo it may), and
//! load them from anywhere in a row. A row takes an odd number of cache lines, so that cells above each other share no few sets
//! of the cache.

use bytemuck::{Pod, Zeroable};

/// Bytes at whose multiples rows begin.
const LINE: usize = 64;

/// A piece of aligned memory.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

/// Numbers on the cells of one block and on the halo around it, `components` of them per cell.
///
/// Methods that take `j` and `k` expect 0 for axes beyond `D`.
#[derive(Clone)]
pub struct Field<T: Pod, const D: usize> {
    memory: Vec<Line>,
    extent: [usize; D],
    halo: [usize; D],
    components: usize,
    strides: Strides<D>,
    /// The place of the first interior cell of the first component.
    origin: usize,
    element: std::marker::PhantomData<T>,
}

/// Distances in memory, in elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strides<const D: usize> {
    /// From a component to the next.
    pub component: usize,
    /// From a cell to the next along each axis; 1 along x.
    pub axis: [usize; D],
}

impl<T: Pod, const D: usize> Field<T, D> {
    /// Zeros on a block of `extent` cells with `halo` cells beyond each of its sides.
    pub fn new(extent: [usize; D], components: usize, halo: [usize; D]) -> Self {
        const { assert!(1 <= D && D <= 3 && size_of::<T>() > 0) }
        let unit = LINE / gcd(LINE, size_of::<T>());
        let lead = halo[0].next_multiple_of(unit);
        let mut axis = [1; D];
        let mut origin = lead;
        let whole = extent[0].next_multiple_of(unit);
        let mut count = (extent[0] + 2 * halo[0]).max(whole + halo[0]).next_multiple_of(unit);
        if (count / unit).is_multiple_of(2) {
            count += unit;
        }
        for a in 1..D {
            axis[a] = count;
            origin += halo[a] * count;
            count *= extent[a] + 2 * halo[a];
        }
        // More than the rows take: before the first row, and for vectors that begin within the last row and end beyond it.
        let memory = vec![Line::zeroed(); (components * count + lead + 2 * unit) * size_of::<T>() / LINE];
        let strides = Strides { component: count, axis };
        Field { memory, extent, halo, components, strides, origin, element: std::marker::PhantomData }
    }

    /// The interior cells along each axis.
    pub fn extent(&self) -> [usize; D] {
        self.extent
    }

    /// The halo cells beyond each side, along each axis.
    pub fn halo(&self) -> [usize; D] {
        self.halo
    }

    /// The numbers per cell.
    pub fn components(&self) -> usize {
        self.components
    }

    /// The distances in memory between neighbours.
    pub fn strides(&self) -> Strides<D> {
        self.strides
    }

    /// All elements, padding included.
    pub fn values(&self) -> &[T] {
        bytemuck::cast_slice(&self.memory)
    }

    /// All elements, padding included, to change.
    pub fn values_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.memory)
    }

    /// The place of a cell in [`values`](Field::values); it is counted from the first interior cell and may lie in the halo.
    #[inline]
    pub fn index(&self, component: usize, cell: [isize; D]) -> usize {
        debug_assert!(component < self.components && (0..D).all(|axis| self.reaches(axis, cell[axis])), "{cell:?}");
        let start = (component * self.strides.component + self.origin) as isize;
        (0..D).fold(start, |index, axis| index + cell[axis] * self.strides.axis[axis] as isize) as usize
    }

    /// Whether a cell or its halo is that wide.
    fn reaches(&self, axis: usize, place: isize) -> bool {
        let halo = self.halo[axis] as isize;
        (-halo..self.extent[axis] as isize + halo).contains(&place)
    }

    /// The place of the first interior cell of a row.
    #[inline]
    fn row_start(&self, component: usize, j: isize, k: isize) -> usize {
        debug_assert!((D > 1 || j == 0) && (D > 2 || k == 0), "row {j}, {k} of {D} axes");
        self.index(component, std::array::from_fn(|axis| [0, j, k][axis]))
    }

    #[inline]
    fn row_range(&self, component: usize, j: isize, k: isize) -> std::ops::Range<usize> {
        let start = self.row_start(component, j, k);
        start - self.halo[0]..start + self.extent[0] + self.halo[0]
    }

    /// One row in x with its halo: the first interior cell is at `halo()[0]`.
    ///
    /// `j` and `k` count from the first interior cell and may lie in the halo.
    #[inline]
    pub fn row(&self, component: usize, j: isize, k: isize) -> &[T] {
        &self.values()[self.row_range(component, j, k)]
    }

    /// The same as [`row`](Field::row), to change.
    #[inline]
    pub fn row_mut(&mut self, component: usize, j: isize, k: isize) -> &mut [T] {
        let range = self.row_range(component, j, k);
        &mut self.values_mut()[range]
    }

    /// The number at a cell, which is counted from the first interior cell and may lie in the halo.
    #[inline]
    pub fn at(&self, component: usize, cell: [isize; D]) -> T {
        self.values()[self.index(component, cell)]
    }

    /// Puts a number at a cell, which is counted from the first interior cell and may lie in the halo.
    #[inline]
    pub fn put(&mut self, component: usize, cell: [isize; D], value: T) {
        let index = self.index(component, cell);
        self.values_mut()[index] = value;
    }

    /// The interior rows as `(j, k)`, in the order of memory.
    pub fn rows(&self) -> impl Iterator<Item = (isize, isize)> + use<T, D> {
        let along = |axis: usize| if axis < D { self.extent[axis] as isize } else { 1 };
        let rows = along(1);
        let layers = along(2);
        (0..layers).flat_map(move |k| (0..rows).map(move |j| (j, k)))
    }

    /// The interior part of a row.
    pub fn interior_row(&self, component: usize, j: isize, k: isize) -> &[T] {
        &self.row(component, j, k)[self.halo[0]..][..self.extent[0]]
    }

    /// The interior cells of a component, x fastest.
    pub fn interior(&self, component: usize) -> Vec<T> {
        self.rows().flat_map(|(j, k)| self.interior_row(component, j, k)).copied().collect()
    }

    /// Fills the interior cells of a component from `values`, x fastest.
    ///
    /// # Panics
    /// If there are not as many values as interior cells.
    pub fn fill_interior(&mut self, component: usize, values: &[T]) {
        let halo = self.halo[0];
        let width = self.extent[0];
        assert_eq!(values.len(), self.extent.iter().product::<usize>(), "values for as many cells");
        for ((j, k), from) in self.rows().zip(values.chunks(width.max(1))) {
            self.row_mut(component, j, k)[halo..][..width].copy_from_slice(from);
        }
    }
}

const fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether every row and its first interior cell begin at a multiple of 64 bytes.
    fn aligned<T: Pod, const D: usize>(extent: [usize; D], halo: [usize; D]) -> bool {
        let field = Field::<T, D>::new(extent, 2, halo);
        let copy = field.clone();
        let begins = |element: &T| (std::ptr::from_ref(element) as usize).is_multiple_of(LINE);
        let rows = field.rows().collect::<Vec<_>>();
        let lines = if D > 1 { field.strides.axis[1] * size_of::<T>() / LINE } else { 1 };
        assert!(!lines.is_multiple_of(2), "{lines} lines per row");
        rows.iter().all(|&(j, k)| [&field, &copy].iter().all(|f| begins(&f.row(1, j, k)[halo[0]])))
            && begins(&copy.values()[0])
    }

    #[test]
    fn rows_begin_at_cache_lines() {
        for cells in [1, 7, 8, 9, 64] {
            assert!(aligned::<f64, 3>([cells, 3, 2], [2, 2, 2]));
            assert!(aligned::<f64, 3>([cells, 3, 1], [9, 1, 0]));
            assert!(aligned::<f32, 2>([cells, 3], [3, 1]));
            assert!(aligned::<u8, 1>([cells], [1]));
            assert!(aligned::<[f64; 3], 2>([cells, 2], [2, 0]));
        }
    }

    #[test]
    fn halos_of_neighbouring_rows_are_apart_and_whole_vectors_spare_the_next_row() {
        for (cells, halo) in [(1, 1), (5, 2), (8, 0), (8, 4), (61, 3), (62, 3), (64, 2), (64, 5), (3, 9)] {
            let mut field = Field::<f64, 2>::new([cells, 3], 2, [halo, 1]);
            let rows: Vec<(usize, isize)> = [0, 1].iter().flat_map(|&c| (-1..4).map(move |j| (c, j))).collect();
            for (number, &(component, j)) in rows.iter().enumerate() {
                field.row_mut(component, j, 0).fill(number as f64 + 1.0);
            }
            for (number, &(component, j)) in rows.iter().enumerate() {
                assert_eq!(field.row(component, j, 0).len(), cells + 2 * halo);
                assert!(field.row(component, j, 0).iter().all(|&value| value == number as f64 + 1.0), "{cells} {halo}");
                let start = field.index(component, [0, j]);
                let vectors = start + cells.next_multiple_of(8);
                let next = rows.get(number + 1).map(|&(c, j)| field.index(c, [0, j]) - halo);
                assert!(vectors <= next.unwrap_or(field.values().len()));
            }
            assert!(field.values().len() >= field.index(1, [cells as isize - 1, 3]) + halo + 1 + 8);
        }
    }

    #[test]
    fn strides_lead_to_neighbours() {
        let mut field = Field::<u64, 3>::new([5, 4, 3], 2, [2, 1, 1]);
        field.put(1, [1, 2, -1], 7);
        let Strides { component, axis } = field.strides();
        let start = field.index(0, [0, 0, 0]);
        assert_eq!(field.values()[start + component + axis[0] + 2 * axis[1] - axis[2]], 7);
        assert_eq!(axis[0], 1);
    }

    #[test]
    fn the_interior_comes_back_as_it_was_filled_in() {
        let mut field = Field::<i64, 2>::new([5, 4], 3, [2, 1]);
        let values: Vec<i64> = (1..=20).collect();
        field.fill_interior(2, &values);
        assert_eq!(field.interior(2), values);
        assert_eq!(field.at(2, [1, 1]), 7);
        assert!(field.interior(1).iter().all(|&value| value == 0));
        assert_eq!(field.values().iter().filter(|&&value| value != 0).count(), 20);
        assert_eq!(Field::<f64, 1>::new([6], 1, [0]).rows().collect::<Vec<_>>(), [(0, 0)]);
    }
}
