//! How a grid is cut into blocks, and which rank has which: pure arithmetic, the same on every rank.

use std::cmp::Ordering;
use std::ops::Range;

use bytemuck::Pod;

use super::field::Field;
use super::geometry::{Grid, Side, axis_name};
use crate::base::partition::{balanced_owner, balanced_range, most_ranks, process_grid};
use crate::{Error, Result};

/// A box of cells of a block, counted from its first interior cell.
pub type Cells<const D: usize> = [Range<usize>; D];

/// A grid cut into blocks that are spread over ranks.
///
/// Blocks are numbered with x fastest. Each rank has a run of consecutive blocks.
#[derive(Clone, Debug)]
pub struct Layout<const D: usize> {
    grid: Grid<D>,
    blocks: [usize; D],
    ranks: usize,
    periodic: [bool; D],
}

impl<const D: usize> Layout<D> {
    /// Cuts `grid` into `blocks` parts along each axis, whose lengths differ by at most one cell, for `ranks` ranks.
    ///
    /// Along a `periodic` axis the first and the last block are neighbours.
    ///
    /// # Errors
    /// If an axis has more blocks than cells or none, or if there are fewer blocks than ranks.
    pub fn new(grid: Grid<D>, blocks: [usize; D], ranks: usize, periodic: [bool; D]) -> Result<Self> {
        let cells = grid.cells();
        if cells.iter().try_fold(1usize, |count, &cells| count.checked_mul(cells)).is_none() {
            return Err(Error::input("grid.cells", format!("{cells:?} are more cells than can be counted")));
        }
        if let Some(axis) = (0..D).find(|&axis| blocks[axis] == 0 || blocks[axis] > cells[axis]) {
            let name = axis_name(axis);
            let cells = cells[axis];
            let blocks = blocks[axis];
            let reason = format!("{blocks} blocks along {name}: its {cells} cells make 1 to {cells}");
            return Err(Error::input("grid.ranks", reason));
        }
        let count: usize = blocks.iter().product();
        if ranks == 0 || count < ranks {
            let reason = format!("{count} blocks for {ranks} ranks: each rank needs one at least");
            return Err(Error::input("grid.ranks", reason));
        }
        Ok(Layout { grid, blocks, ranks, periodic })
    }

    /// One block per rank, cut so that the halos are small and rows in x stay long ([`process_grid`]).
    ///
    /// `least` is the number of cells that a block needs along an axis that is cut, usually the halo's width.
    ///
    /// # Errors
    /// If so many ranks don't fit; the error names the largest number that does.
    pub fn balanced(grid: Grid<D>, ranks: usize, least: [usize; D], periodic: [bool; D]) -> Result<Self> {
        let cells = grid.cells();
        let Some(blocks) = process_grid(cells, ranks, least) else {
            let fit = most_ranks(cells, ranks, least);
            let reason =
                format!("{cells:?} cells in blocks of at least {least:?} don't fit {ranks} ranks; {fit} would fit");
            return Err(Error::input("grid.cells", reason));
        };
        Layout::new(grid, blocks, ranks, periodic)
    }

    /// The grid that is cut.
    pub fn grid(&self) -> &Grid<D> {
        &self.grid
    }

    /// The blocks along each axis.
    pub fn blocks(&self) -> [usize; D] {
        self.blocks
    }

    /// All blocks.
    pub fn count(&self) -> usize {
        self.blocks.iter().product()
    }

    /// The number of ranks.
    pub fn ranks(&self) -> usize {
        self.ranks
    }

    /// Along which axes the first and the last block are neighbours.
    pub fn periodic(&self) -> [bool; D] {
        self.periodic
    }

    /// The rank that has a block.
    pub fn owner(&self, block: usize) -> usize {
        balanced_owner(self.count() as u64, self.ranks, block as u64)
    }

    /// The blocks that a rank has.
    pub fn of_rank(&self, rank: usize) -> Range<usize> {
        let range = balanced_range(self.count() as u64, self.ranks, rank);
        range.start as usize..range.end as usize
    }

    /// The global indices of a block's cells, along each axis.
    pub fn range(&self, block: usize) -> [Range<usize>; D] {
        let place = self.place(block);
        let cells = self.grid.cells();
        std::array::from_fn(|axis| {
            let range = balanced_range(cells[axis] as u64, self.blocks[axis], place[axis]);
            range.start as usize..range.end as usize
        })
    }

    /// The numbers of cells of a block, along each axis.
    pub fn extent(&self, block: usize) -> [usize; D] {
        self.range(block).map(|range| range.len())
    }

    /// Zeroed fields on the blocks of a rank, in their order.
    pub fn fields<T: Pod>(&self, rank: usize, components: usize, halo: [usize; D]) -> Vec<Field<T, D>> {
        self.of_rank(rank).map(|block| Field::new(self.extent(block), components, halo)).collect()
    }

    /// The centres of a block's cells, x fastest.
    pub fn centers(&self, block: usize) -> impl Iterator<Item = [f64; D]> {
        let range = self.range(block);
        let extent = self.extent(block);
        (0..extent.iter().product()).map(move |number| {
            let mut rest: usize = number;
            self.grid.center(std::array::from_fn(|axis| {
                let place = rest % extent[axis];
                rest /= extent[axis];
                (range[axis].start + place) as i64
            }))
        })
    }

    /// Whether a block touches a side of the box across which it has no neighbour.
    pub fn at_border(&self, block: usize, side: Side) -> bool {
        let mut direction = [0; D];
        direction[side.axis] = if side.high { 1 } else { -1 };
        self.neighbour(block, direction).is_none()
    }

    /// The fewest cells that any block has, along each axis.
    pub fn least_extent(&self) -> [usize; D] {
        std::array::from_fn(|axis| self.grid.cells()[axis] / self.blocks[axis])
    }

    /// The block beyond a side, edge or corner: `direction` is -1, 0 or 1 along each axis.
    ///
    /// Nothing where the box ends; along a periodic axis the block at its other end, which may be the block itself.
    pub fn neighbour(&self, block: usize, direction: [i8; D]) -> Option<usize> {
        let place = self.place(block);
        let mut number = 0;
        let mut stride = 1;
        for axis in 0..D {
            number += stride * self.beside(axis, place[axis], direction[axis])?;
            stride *= self.blocks[axis];
        }
        Some(number)
    }

    /// A block's place along an axis, one step on.
    fn beside(&self, axis: usize, place: usize, step: i8) -> Option<usize> {
        let count = self.blocks[axis] as i64;
        let next = place as i64 + i64::from(step);
        (self.periodic[axis] || (0..count).contains(&next)).then(|| next.rem_euclid(count) as usize)
    }

    /// A block's place among the blocks, along each axis.
    fn place(&self, block: usize) -> [usize; D] {
        let mut rest = block;
        self.blocks.map(|count| {
            let place = rest % count;
            rest /= count;
            place
        })
    }
}

/// The cells of a block without `margins` (layers at the lower and the upper side of each axis), and the rest as boxes without
/// overlap.
///
/// With margins as wide as the halo that other ranks fill, the first can be worked on between the start and the end of a halo
/// exchange, the others after it.
pub fn inner_and_rim<const D: usize>(extent: [usize; D], margins: [[usize; 2]; D]) -> (Cells<D>, Vec<Cells<D>>) {
    let bounds: Cells<D> = std::array::from_fn(|a| {
        let [low, high] = margins[a].map(|margin| margin.min(extent[a]));
        low..(extent[a] - high).max(low)
    });
    let mut rim = Vec::new();
    for axis in (0..D).rev() {
        for part in [0..bounds[axis].start, bounds[axis].end..extent[axis]] {
            let along = |a: usize| match a.cmp(&axis) {
                Ordering::Less => 0..extent[a],
                Ordering::Equal => part.clone(),
                Ordering::Greater => bounds[a].clone(),
            };
            rim.push(std::array::from_fn(along));
        }
    }
    rim.retain(|cells: &Cells<D>| cells.iter().all(|range| !range.is_empty()));
    (bounds, rim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(cells: [usize; 3], blocks: [usize; 3], ranks: usize, periodic: [bool; 3]) -> Layout<3> {
        Layout::new(Grid::new(cells, [0.0; 3], [1.0; 3]).unwrap(), blocks, ranks, periodic).unwrap()
    }

    #[test]
    fn blocks_tile_the_grid_and_ranks_tile_the_blocks() {
        let layout = layout([7, 5, 3], [3, 2, 2], 5, [false; 3]);
        let mut seen = [[[0; 7]; 5]; 3];
        for block in 0..layout.count() {
            assert!(layout.of_rank(layout.owner(block)).contains(&block));
            let [x, y, z] = layout.range(block);
            assert!((2..=3).contains(&x.len()) && (2..=3).contains(&y.len()) && (1..=2).contains(&z.len()));
            z.for_each(|k| y.clone().for_each(|j| x.clone().for_each(|i| seen[k][j][i] += 1)));
        }
        assert_eq!(seen, [[[1; 7]; 5]; 3]);
        assert_eq!((0..5).map(|rank| layout.of_rank(rank).len()).collect::<Vec<_>>(), [3, 3, 2, 2, 2]);
        assert_eq!(layout.least_extent(), [2, 2, 1]);
    }

    #[test]
    fn neighbours_wrap_only_along_periodic_axes() {
        let layout = layout([7, 5, 3], [3, 2, 1], 1, [true, false, true]);
        assert_eq!(layout.neighbour(0, [1, 0, 0]), Some(1));
        assert_eq!(layout.neighbour(0, [-1, 0, 0]), Some(2));
        assert_eq!(layout.neighbour(0, [-1, 1, 0]), Some(5));
        assert_eq!(layout.neighbour(0, [0, -1, 0]), None);
        assert_eq!(layout.neighbour(4, [0, 0, -1]), Some(4));
        assert_eq!(layout.neighbour(4, [-1, 1, 0]), None);
    }

    #[test]
    fn neighbours_touch() {
        let layout = layout([8, 8, 8], [2, 4, 2], 3, [true; 3]);
        for block in 0..layout.count() {
            let next = layout.neighbour(block, [0, 1, 0]).unwrap();
            assert_eq!(layout.range(next)[1].start, layout.range(block)[1].end % 8);
            assert_eq!(layout.neighbour(next, [0, -1, 0]), Some(block));
        }
    }

    #[test]
    fn centres_of_a_block_have_x_fastest() {
        let grid = Grid::new([4, 4], [0.0; 2], [4.0; 2]).unwrap();
        let layout = Layout::new(grid, [2, 2], 2, [false; 2]).unwrap();
        let centers: Vec<_> = layout.centers(3).collect();
        assert_eq!(centers, [[2.5, 2.5], [3.5, 2.5], [2.5, 3.5], [3.5, 3.5]]);
        assert_eq!(layout.fields::<f64>(1, 3, [1, 1]).len(), 2);
    }

    #[test]
    fn inner_and_rim_tile_a_block() {
        for extent in [[7, 6, 5], [4, 5, 1], [3, 9, 2], [1, 1, 1]] {
            let (inner, rim) = inner_and_rim(extent, [[2, 2], [1, 1], [0, 0]]);
            let mut seen = vec![0; extent.iter().product()];
            for [x, y, z] in rim.into_iter().chain([inner]) {
                z.for_each(|k| {
                    y.clone().for_each(|j| x.clone().for_each(|i| seen[i + extent[0] * (j + extent[1] * k)] += 1))
                });
            }
            assert!(seen.iter().all(|&times| times == 1), "{extent:?}: {seen:?}");
        }
        assert_eq!(inner_and_rim([7, 6, 5], [[2, 2], [1, 1], [0, 0]]).0, [2..5, 1..5, 0..5]);
        assert_eq!(inner_and_rim([7, 6, 5], [[3, 0], [0, 1], [4, 4]]).0, [3..7, 0..5, 4..4]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let grid = Grid::new([10, 4], [0.0; 2], [1.0; 2]).unwrap();
        let refusal = |blocks, ranks| Layout::new(grid.clone(), blocks, ranks, [false; 2]).unwrap_err().to_string();
        assert!(refusal([2, 5], 1).contains("5 blocks along y"));
        assert!(refusal([0, 1], 1).contains("0 blocks along x"));
        assert!(refusal([2, 2], 5).contains("4 blocks for 5 ranks"));
        let balanced = |ranks| Layout::balanced(grid.clone(), ranks, [3, 3], [true; 2]);
        assert_eq!(balanced(3).unwrap().blocks(), [3, 1]);
        assert!(balanced(7).unwrap_err().to_string().ends_with("7 ranks; 3 would fit"));
    }
}
