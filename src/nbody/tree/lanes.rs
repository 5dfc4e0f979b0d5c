//! Cells side by side, as tests in lanes read them: the children of opened cells, and what a bundle's walk left undecided.

use super::nodes::{COLUMNS, Family};
use crate::simd::Single;

/// The widest lane.
pub(super) const WIDEST: usize = 16;
/// Families that are looked at together.
pub(super) const TOGETHER: usize = 32;
/// Room for their children, and for a lane beyond the last.
const ROOM: usize = 8 * TOGETHER + WIDEST;

/// The children of some families, side by side without gaps.
#[derive(Clone, Debug)]
pub(super) struct Children {
    columns: [[f32; ROOM]; COLUMNS],
    pub links: [u32; ROOM],
}

impl Default for Children {
    fn default() -> Self {
        Children { columns: [[0.0; ROOM]; COLUMNS], links: [0; ROOM] }
    }
}

impl Children {
    /// Takes the children of at most [`TOGETHER`] families; how many there are.
    #[inline(always)]
    pub(super) fn take(&mut self, families: &[Family], which: &[u32]) -> usize {
        let mut count = 0;
        for &family in which {
            let family = &families[family as usize];
            assert!(count + 8 <= ROOM, "there is room for {TOGETHER} families");
            for c in 0..COLUMNS {
                self.columns[c][count..count + 8].copy_from_slice(&family.columns[c]);
            }
            self.links[count..count + 8].copy_from_slice(&family.links);
            count += family.count as usize;
        }
        // No comparison holds for what is not a number.
        self.columns[0][count..count + WIDEST].fill(f32::NAN);
        count
    }

    #[inline(always)]
    pub(super) fn lane<L: Single>(&self, simd: L::Simd, first: usize) -> [L; COLUMNS] {
        lane_of(simd, &self.columns, first)
    }
}

/// Cells that a bundle's walk leaves to those of its groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Undecided {
    columns: [Vec<f32>; COLUMNS],
    pub links: Vec<u32>,
}

impl Undecided {
    /// Makes room for so many more.
    #[inline(always)]
    pub(super) fn reserve(&mut self, more: usize) {
        let room = self.links.len() + more + 2 * WIDEST;
        if self.columns[0].len() < room {
            for column in &mut self.columns {
                column.resize(2 * room, 0.0);
            }
        }
    }

    /// Adds the cells of a lane where `mask` holds; there is room.
    #[inline(always)]
    pub(super) fn put<L: Single>(&mut self, lane: [L; COLUMNS], links: &[u32], mask: L::Mask) {
        let len = self.links.len();
        for (column, value) in self.columns.iter_mut().zip(lane) {
            value.compress(mask).store(&mut column[len..]);
        }
        let mut bits = L::bits(mask);
        while bits != 0 {
            self.links.push(links[bits.trailing_zeros() as usize]);
            bits &= bits - 1;
        }
    }

    /// Fills the last lane with what no comparison holds for.
    #[inline(always)]
    pub(super) fn pad(&mut self) {
        self.reserve(0);
        let len = self.links.len();
        self.columns[0][len..len + WIDEST].fill(f32::NAN);
    }

    #[inline(always)]
    pub(super) fn lane<L: Single>(&self, simd: L::Simd, first: usize) -> [L; COLUMNS] {
        lane_of(simd, &self.columns, first)
    }
}

/// The lane of each column that begins at `first`.
#[inline(always)]
fn lane_of<L: Single>(simd: L::Simd, columns: &[impl AsRef<[f32]>; COLUMNS], first: usize) -> [L; COLUMNS] {
    let mut lane = [L::splat(simd, 0.0); COLUMNS];
    for (value, column) in lane.iter_mut().zip(columns) {
        *value = L::load(simd, &column.as_ref()[first..]);
    }
    lane
}
