//! The walk: which cells act on a group as one body, which through its expansion, which bodies one by one.
//!
//! Level by level from the root, in the order of keys. With D from the group's centre to a cell's centre of mass, d to it from the group's box, R
//! the group's radius and b the cell's:
//!
//! 1. d < b/θ (or by the relative criterion d² < √(G M) b p, p the largest pull of the group's bodies): the cell is opened, its children are looked at next; the bodies of a leaf go to the near list;
//! 2. else, R < reach D: the cell goes to the far list, whose cells act through the expansion about the group's centre;
//! 3. else to the near list, as one body.
//!
//! Most of that is the same for groups beside each other. So the walk from the root is made for a bundle of groups, with its own box and radius: what
//! it opens for any place in the box is opened, what is far from the whole bundle acts through an expansion about the
//! bundle's centre, and what is left undecided is where the walks of its groups begin.
//!
//! Lists hold coordinates relative to the centre. Their order depends on the tree alone: cells level by level, first those from the
//! bundle's walk, then the bodies of leaves in the order in which these were opened.

use super::body::Columns;
use super::group::{Bounds, Group};
use super::lanes::{Children, TOGETHER, Undecided, WIDEST};
use super::nodes::{COLUMNS, Family, GM, NOWHERE, Nodes, OPEN, PULL, TO_LEAF};
use crate::simd::{Single, prefetch};

/// What acts on a group: places relative to its centre and G m; whole lanes may be read and written beyond the last.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub columns: [Vec<f32>; 4],
    pub len: usize,
}

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

/// The lists of a group, and what a walk needs to make them; memory that is used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// What acts on the bodies of the group one by one.
    pub near: List,
    /// What acts through the group's expansion.
    pub far: List,
    /// What acts through the bundle's, relative to its centre.
    pub shared: List,
    /// What groups of the bundle decide about.
    undecided: Undecided,
    /// Leaves that all groups of the bundle open.
    shared_leaves: Vec<u32>,
    /// Families of this level and of the next.
    families: [Vec<u32>; 2],
    leaves: Vec<u32>,
    children: Children,
}

/// For a cell to go to a far list: the most that R/D may be, and the least that D may be.
pub(super) type Limits = [f32; 2];

impl Walk {
    /// Makes the walk from the root for the groups in `bounds`.
    #[inline(always)]
    pub(super) fn share<L: Single>(&mut self, simd: L::Simd, nodes: &Nodes, bounds: &Bounds, limits: Limits) {
        let tests = Tests::<L>::new(simd, bounds, limits);
        let Walk { shared, undecided, shared_leaves, families: [here, next], children, .. } = self;
        shared.len = 0;
        undecided.links.clear();
        shared_leaves.clear();
        here.clear();
        here.push(0);
        while !here.is_empty() {
            next.clear();
            for which in here.chunks(TOGETHER) {
                let count = children.take(&nodes.families, which);
                shared.reserve(count);
                undecided.reserve(count);
                for first in (0..count).step_by(L::WIDTH) {
                    let lane = children.lane(simd, first);
                    let links = &children.links[first..];
                    let seen = tests.see(lane);
                    shared.put(seen.place, seen.is_far(&tests));
                    undecided.put(lane, links, L::or(seen.is_near(&tests), seen.is_opened_in_parts()));
                    open(L::bits(seen.is_opened_everywhere()), links, &nodes.families, next, shared_leaves);
                }
            }
            std::mem::swap(here, next);
        }
        undecided.pad();
        shared.pad();
    }

    /// Makes the lists of a group of the bundle whose walk was made last.
    #[inline(always)]
    pub(super) fn walk<L: Single>(
        &mut self,
        simd: L::Simd,
        nodes: &Nodes,
        bodies: &Columns,
        group: &Group,
        limits: Limits,
    ) {
        let tests = Tests::<L>::new(simd, &group.bounds, limits);
        let Walk { near, far, undecided, families: [here, next], leaves, children, .. } = self;
        near.len = 0;
        far.len = 0;
        leaves.clear();
        here.clear();
        let count = undecided.links.len();
        near.reserve(count);
        far.reserve(count);
        for first in (0..count).step_by(L::WIDTH) {
            let opened = tests.list(undecided.lane(simd, first), near, far);
            open(opened, &undecided.links[first..], &nodes.families, here, leaves);
        }
        while !here.is_empty() {
            next.clear();
            for which in here.chunks(TOGETHER) {
                let count = children.take(&nodes.families, which);
                near.reserve(count);
                far.reserve(count);
                for first in (0..count).step_by(L::WIDTH) {
                    let opened = tests.list(children.lane(simd, first), near, far);
                    open(opened, &children.links[first..], &nodes.families, next, leaves);
                }
            }
            std::mem::swap(here, next);
        }
        far.pad();
        for leaves in [&self.shared_leaves, &self.leaves] {
            take_bodies::<L>(simd, leaves, nodes, bodies, tests.centre, near);
        }
    }
}

/// Adds the bodies of opened leaves to the near list.
#[inline(always)]
fn take_bodies<L: Single>(
    simd: L::Simd,
    leaves: &[u32],
    nodes: &Nodes,
    bodies: &Columns,
    centre: [L; 3],
    near: &mut List,
) {
    for &leaf in leaves {
        let [first, count] = nodes.leaves[leaf as usize];
        let (first, count) = (first as usize, count as usize);
        near.reserve(count);
        for at in (0..count).step_by(L::WIDTH) {
            let to = near.len + at;
            for (c, centre) in centre.into_iter().enumerate() {
                let high = L::load(simd, &bodies.high[c][first + at..]);
                let low = L::load(simd, &bodies.low[c][first + at..]);
                ((high - centre) + low).store(&mut near.columns[c][to..]);
            }
            L::load(simd, &bodies.gm[first + at..]).store(&mut near.columns[3][to..]);
        }
        near.len += count;
    }
}

/// What decides about a cell.
#[derive(Clone, Copy)]
struct Tests<L> {
    centre: [L; 3],
    half: [L; 3],
    /// The square of D beyond which a cell is far.
    far2: L,
    /// The least and the largest pull of the bodies.
    pulls: [L; 2],
    zero: L,
}

impl<L: Single> Tests<L> {
    #[inline(always)]
    fn new(simd: L::Simd, bounds: &Bounds, [reach, nearest]: Limits) -> Self {
        let far2 = (bounds.radius2 / (reach * reach)).max(nearest * nearest);
        Tests {
            centre: splat(simd, bounds.centre),
            half: splat(simd, bounds.half),
            far2: L::splat(simd, far2),
            pulls: bounds.pulls.map(|pull| L::splat(simd, pull)),
            zero: L::splat(simd, 0.0),
        }
    }

    /// Where the cells of a lane are.
    #[inline(always)]
    fn see(&self, lane: [L; COLUMNS]) -> Seen<L> {
        let Tests { centre, half, pulls: [least, most], .. } = self;
        let (mut at, mut out, mut across) = (*centre, *centre, *centre);
        for c in 0..3 {
            at[c] = (lane[c] - centre[c]) + lane[c + 3];
            out[c] = (at[c].abs() - half[c]).max(self.zero);
            across[c] = at[c].abs() + half[c];
        }
        let [x, y, z] = at;
        let (nearest2, farthest2, centre2) = (square(out), square(across), square(at));
        let open2 = lane[OPEN].max(lane[PULL] * *most);
        let all2 = lane[OPEN].max(lane[PULL] * *least);
        Seen { place: [x, y, z, lane[GM]], open2, all2, nearest2, farthest2, centre2 }
    }

    /// Lists the cells of a lane that act as a whole, and tells by bits which are opened.
    #[inline(always)]
    fn list(&self, lane: [L; COLUMNS], near: &mut List, far: &mut List) -> u32 {
        let seen = self.see(lane);
        far.put(seen.place, seen.is_far(self));
        near.put(seen.place, seen.is_near(self));
        L::bits(seen.is_opened())
    }
}

/// Cells of a lane as bounds see them. No test holds of a place that is not a number.
#[derive(Clone, Copy)]
struct Seen<L> {
    /// Relative to the centre, with G m.
    place: [L; 4],
    /// The square of the distance within which some of the bodies open it, and all of them.
    open2: L,
    all2: L,
    /// Squares of the distances from the nearest and the farthest place in the box, and from the centre.
    nearest2: L,
    farthest2: L,
    centre2: L,
}

impl<L: Single> Seen<L> {
    #[inline(always)]
    fn is_far(&self, tests: &Tests<L>) -> L::Mask {
        L::and(self.open2.le(self.nearest2), tests.far2.lt(self.centre2))
    }

    #[inline(always)]
    fn is_near(&self, tests: &Tests<L>) -> L::Mask {
        L::and(self.open2.le(self.nearest2), self.centre2.le(tests.far2))
    }

    #[inline(always)]
    fn is_opened(&self) -> L::Mask {
        L::and(self.nearest2.lt(self.open2), self.centre2.le(self.centre2))
    }

    /// Opened wherever in the box a group is.
    #[inline(always)]
    fn is_opened_everywhere(&self) -> L::Mask {
        self.farthest2.lt(self.all2)
    }

    /// Opened in parts of the box only.
    #[inline(always)]
    fn is_opened_in_parts(&self) -> L::Mask {
        L::and(self.nearest2.lt(self.open2), self.all2.le(self.farthest2))
    }
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

/// The squares of lengths.
#[inline(always)]
fn square<L: Single>([x, y, z]: [L; 3]) -> L {
    z.mul_add(z, y.mul_add(y, x * x))
}
