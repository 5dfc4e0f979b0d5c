//! The walk: which cells act on a group as one body, which through its expansion, which bodies one by one.
//!
//! Level by level from the root, in the order of keys. With D from the group's centre to a cell's centre of mass, d to it from the group's box, R
//! the group's radius and b the cell's:
//!
//! 1. d < b/θ: the cell is opened, its children are looked at next; the bodies of a leaf go to the near list;
//! 2. else, R < reach D: the cell goes to the far list, whose cells act through the expansion about the group's centre;
//! 3. else to the near list, as one body.
//!
//! Lists hold coordinates relative to the group's centre. Their order depends on the tree alone: cells level by level, then the bodies
//! of leaves in the order in which these were opened.

use super::body::Columns;
use super::group::Group;
use super::nodes::{COLUMNS, Family, GM, NOWHERE, Nodes, OPEN, TO_LEAF};
use crate::simd::{Single, prefetch};

/// What acts on a group: places relative to its centre and G m; whole lanes may be read and written beyond the last.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub columns: [Vec<f32>; 4],
    pub len: usize,
}

/// The widest lane.
const WIDEST: usize = 16;

impl List {
    /// Makes room for so many more.
    #[inline(always)]
    fn reserve(&mut self, more: usize) {
        let room = self.len + more + 2 * WIDEST;
        if self.columns[0].len() < room {
            for column in &mut self.columns {
                column.resize(2 * room, 0.0);
            }
        }
    }

    /// Fills the last lane with bodies without mass, away from all targets.
    #[inline(always)]
    pub(super) fn pad(&mut self) {
        self.reserve(0);
        let [x, y, z, gm] = &mut self.columns;
        for column in [x, y, z] {
            column[self.len..self.len + WIDEST].fill(1.0);
        }
        gm[self.len..self.len + WIDEST].fill(0.0);
    }

    /// Adds the places of a lane where `mask` holds; there is room.
    #[inline(always)]
    fn put<L: Single>(&mut self, values: [L; 4], mask: L::Mask) {
        for (column, value) in self.columns.iter_mut().zip(values) {
            value.compress(mask).store(&mut column[self.len..]);
        }
        self.len += L::bits(mask).count_ones() as usize;
    }
}

/// Families that are looked at together.
const TOGETHER: usize = 32;
/// Room for their children, and for a lane beyond the last.
const ROOM: usize = 8 * TOGETHER + WIDEST;

/// The children of some families, side by side without gaps.
#[derive(Clone, Debug)]
struct Children {
    columns: [[f32; ROOM]; COLUMNS],
    links: [u32; ROOM],
}

impl Default for Children {
    fn default() -> Self {
        Children { columns: [[0.0; ROOM]; COLUMNS], links: [0; ROOM] }
    }
}

impl Children {
    /// Takes the children of at most [`TOGETHER`] families; how many there are.
    #[inline(always)]
    fn take(&mut self, families: &[Family], which: &[u32]) -> usize {
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
}

/// The lists of a group, and what a walk needs to make them; memory that is used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub near: List,
    pub far: List,
    /// Families of this level and of the next.
    families: [Vec<u32>; 2],
    leaves: Vec<u32>,
    children: Children,
}

/// What decides about a cell.
#[derive(Clone, Copy)]
struct Tests<L> {
    centre: [L; 3],
    half: [L; 3],
    far2: L,
}

impl Walk {
    /// Makes the lists of a group; for the far list R/D is below `reach`, and D beyond `nearest`.
    #[inline(always)]
    pub(super) fn walk<L: Single>(
        &mut self,
        simd: L::Simd,
        nodes: &Nodes,
        bodies: &Columns,
        group: &Group,
        [reach, nearest]: [f32; 2],
    ) {
        self.near.len = 0;
        self.far.len = 0;
        self.leaves.clear();
        let far2 = (group.radius2 / (reach * reach)).max(nearest * nearest);
        let tests =
            Tests { centre: splat(simd, group.centre), half: splat(simd, group.half), far2: L::splat(simd, far2) };
        let Walk { near, far, families: [here, next], leaves, children } = self;
        here.clear();
        here.push(0);
        while !here.is_empty() {
            next.clear();
            for which in here.chunks(TOGETHER) {
                let count = children.take(&nodes.families, which);
                near.reserve(count);
                far.reserve(count);
                for first in (0..count).step_by(L::WIDTH) {
                    let opened = test::<L>(simd, tests, children, first, near, far);
                    open(opened, &children.links[first..], &nodes.families, next, leaves);
                }
            }
            std::mem::swap(here, next);
        }
        self.take_bodies::<L>(simd, nodes, bodies, tests.centre);
    }

    /// Adds the bodies of the opened leaves to the near list.
    #[inline(always)]
    fn take_bodies<L: Single>(&mut self, simd: L::Simd, nodes: &Nodes, bodies: &Columns, centre: [L; 3]) {
        for &leaf in &self.leaves {
            let [first, count] = nodes.leaves[leaf as usize];
            let (first, count) = (first as usize, count as usize);
            self.near.reserve(count);
            for at in (0..count).step_by(L::WIDTH) {
                let to = self.near.len + at;
                for (c, centre) in centre.into_iter().enumerate() {
                    let high = L::load(simd, &bodies.high[c][first + at..]);
                    let low = L::load(simd, &bodies.low[c][first + at..]);
                    ((high - centre) + low).store(&mut self.near.columns[c][to..]);
                }
                L::load(simd, &bodies.gm[first + at..]).store(&mut self.near.columns[3][to..]);
            }
            self.near.len += count;
        }
    }
}

/// Decides about the cells of a lane: lists those that act as a whole, and tells by bits which are opened.
#[inline(always)]
fn test<L: Single>(
    simd: L::Simd,
    Tests { centre, half, far2 }: Tests<L>,
    children: &Children,
    first: usize,
    near: &mut List,
    far: &mut List,
) -> u32 {
    let zero = L::splat(simd, 0.0);
    let mut at = [zero; 3];
    let mut out = [zero; 3];
    for c in 0..3 {
        let high = L::load(simd, &children.columns[c][first..]);
        let low = L::load(simd, &children.columns[c + 3][first..]);
        at[c] = (high - centre[c]) + low;
        out[c] = (at[c].abs() - half[c]).max(zero);
    }
    let [x, y, z] = at;
    let [out_x, out_y, out_z] = out;
    let gm = L::load(simd, &children.columns[GM][first..]);
    let open2 = L::load(simd, &children.columns[OPEN][first..]);
    let distance2 = out_z.mul_add(out_z, out_y.mul_add(out_y, out_x * out_x));
    let centre2 = z.mul_add(z, y.mul_add(y, x * x));
    let closed = open2.le(distance2);
    let is_far = L::and(closed, far2.lt(centre2));
    let is_near = L::and(closed, centre2.le(far2));
    far.put([x, y, z, gm], is_far);
    near.put([x, y, z, gm], is_near);
    L::bits(L::and(distance2.lt(open2), centre2.le(centre2)))
}

/// Notes where the opened cells lead to.
#[inline(always)]
fn open(opened: u32, links: &[u32], all: &[Family], families: &mut Vec<u32>, leaves: &mut Vec<u32>) {
    let mut opened = opened;
    while opened != 0 {
        let link = links[opened.trailing_zeros() as usize];
        opened &= opened - 1;
        if link & TO_LEAF == 0 {
            families.push(link);
            // It is looked at when this level is done.
            prefetch(all[link as usize].columns.as_flattened());
        } else {
            assert!(link != NOWHERE, "no cell is opened of which this rank has nothing");
            leaves.push(link ^ TO_LEAF);
        }
    }
}

/// Each number in all places of a lane.
#[inline(always)]
fn splat<L: Single>(simd: L::Simd, [x, y, z]: [f32; 3]) -> [L; 3] {
    [L::splat(simd, x), L::splat(simd, y), L::splat(simd, z)]
}
