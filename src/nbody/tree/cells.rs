//! The octree of bodies in the order of their keys: which cells there are, and which bodies each holds.
//!
//! A cell with more than [`LEAF`] bodies is divided into those of its octants that hold any, down to the lowest level. No cell points to
//! another: cells in the order of their places stand level by level, the children of one cell beside each other, and a
//! place tells its parent's. Cells are found top down, a level at a time, by searching the sorted keys.
//!
//! A stray, a body outside the cube, is among cells of its own as soon as there are any: a group with it would be so wide that single precision has
//! too few digits for the others.
//!
//! Which cells there are is a function of the set of bodies alone. A rank that holds a part of the bodies begins with the cells of the
//! whole tree that lie in its part ([`domains`](super::domains)), and finds below them what one rank would have found.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use super::keys::{LEVELS, ROOT, level};

/// Bodies of a cell that isn't divided.
pub(super) const LEAF: u32 = 16;
/// Bodies for which lists are made together.
pub(super) const GROUP: u32 = 128;
/// Bodies for whose groups the walk from the root is made together.
pub(super) const BUNDLE: u32 = 2048;

/// A cell; plain data, to be sent.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub(super) struct Cell {
    /// The path from the root behind a leading one.
    pub place: u64,
    /// The first of its bodies, on the rank that has them.
    pub first: u32,
    /// How many bodies it holds.
    pub count: u32,
    /// One of [`INNER`], [`LEAVES`], [`CLOSED`].
    pub kind: u64,
    /// What it does to bodies far away.
    pub moments: Moments,
}

/// A cell whose children are there.
pub(super) const INNER: u64 = 0;
/// A cell without children, whose bodies are there.
pub(super) const LEAVES: u64 = 1;
/// A cell of which nothing more is there: its rank knows that nobody here opens it.
pub(super) const CLOSED: u64 = 2;

/// What a cell does to bodies far away, and how far away they must be; in half-sides of the cube and the unit of G m.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub(super) struct Moments {
    /// G m of all its bodies.
    pub gm: f64,
    /// Their centre of mass, or the middle of their box where none has mass.
    pub centre: [f64; 3],
    /// A sphere of this radius about the centre of mass holds all its bodies.
    pub radius: f64,
    /// The box that just holds its bodies.
    pub low: [f64; 3],
    /// Its other corner.
    pub high: [f64; 3],
}

/// A cell that a part of the tree begins with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Top {
    pub place: u64,
    pub bodies: Range<u32>,
}

/// The cells of a part of the tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    /// In the order of their places; moments still to be filled in.
    pub cells: Vec<Cell>,
    /// The bodies for which lists are made together, in order: bundles in halves, and these again, until none holds more than [`GROUP`].
    pub groups: Vec<Range<u32>>,
    /// The bodies whose groups share a walk from the root, in order: those of the largest cells that hold at most [`BUNDLE`].
    pub bundles: Vec<Range<u32>>,
}

impl Cells {
    /// The whole tree below the root of bodies with these sorted keys.
    #[cfg(test)]
    pub(super) fn whole(keys: &[u64], strays: &[u32]) -> Self {
        Cells::below(vec![Top { place: ROOT, bodies: 0..keys.len() as u32 }], keys, strays)
    }

    /// The cells below (and with) `tops`, which hold bodies each; `strays` are the bodies outside the cube, in order.
    pub(super) fn below(mut tops: Vec<Top>, keys: &[u64], strays: &[u32]) -> Self {
        let mut all = Cells::default();
        all.cells.reserve(keys.len() / 3);
        tops.sort_by_key(|top| top.place);
        let mut tops = tops.into_iter().peekable();
        let mut here: Vec<Divided> = Vec::new();
        let mut next = Vec::new();
        for at in level(ROOT)..=LEVELS {
            while let Some(top) = tops.next_if(|top| level(top.place) == at) {
                here.push(Divided { place: top.place, bodies: top.bodies, bundled: false });
            }
            here.sort_by_key(|cell| cell.place);
            for cell in here.drain(..) {
                all.take(cell, at, keys, strays, &mut next);
            }
            std::mem::swap(&mut here, &mut next);
        }
        all.bundles.sort_unstable_by_key(|bundle| bundle.start);
        for bundle in &all.bundles {
            divide(bundle.clone(), keys, strays, &mut all.groups);
        }
        all
    }

    /// Adds a cell of a level, and its children to `next`.
    fn take(&mut self, cell: Divided, at: u32, keys: &[u64], strays: &[u32], next: &mut Vec<Divided>) {
        let Divided { place, bodies, bundled } = cell;
        let count = bodies.end - bodies.start;
        let is_compact = is_compact(&bodies, strays);
        let is_leaf = (count <= LEAF && is_compact) || at == LEVELS;
        let kind = if is_leaf { LEAVES } else { INNER };
        self.cells.push(Cell { place, first: bodies.start, count, kind, moments: Moments::default() });
        let is_bundle = !bundled && count > 0 && ((count <= BUNDLE && is_compact) || is_leaf);
        if is_bundle {
            self.bundles.push(bodies.clone());
        }
        if is_leaf {
            return;
        }
        let shift = 3 * (LEVELS - at - 1);
        let mut first = bodies.start;
        while first < bodies.end {
            let octant = keys[first as usize] >> shift & 7;
            let end = first + run(&keys[first as usize..bodies.end as usize], keys[first as usize] >> shift, shift);
            next.push(Divided { place: place << 3 | octant, bodies: first..end, bundled: bundled || is_bundle });
            first = end;
        }
    }
}

/// A cell on its way to be divided.
struct Divided {
    place: u64,
    bodies: Range<u32>,
    /// Whether a cell above is a bundle of groups.
    bundled: bool,
}

/// Whether no body of several is a stray.
fn is_compact(bodies: &Range<u32>, strays: &[u32]) -> bool {
    let here = strays[strays.partition_point(|&stray| stray < bodies.start)..].first();
    bodies.len() == 1 || here.is_none_or(|&stray| stray >= bodies.end)
}

/// Divides the bodies of a bundle into groups, where the highest bit of their keys changes that does: octants and quarters and halves of cells.
fn divide(bodies: Range<u32>, keys: &[u64], strays: &[u32], groups: &mut Vec<Range<u32>>) {
    let Range { start, end } = bodies;
    let changes = keys[start as usize] ^ keys[end as usize - 1];
    if changes == 0 || (bodies.len() <= GROUP as usize && is_compact(&bodies, strays)) {
        // Bodies that no level divides are taken in parts.
        groups.extend(bodies.step_by(GROUP as usize).map(|first| first..end.min(first + GROUP)));
        return;
    }
    let bit = 63 - changes.leading_zeros();
    let below = keys[start as usize..end as usize].partition_point(|key| key >> bit & 1 == 0);
    let middle = start + below as u32;
    divide(start..middle, keys, strays, groups);
    divide(middle..end, keys, strays, groups);
}

/// How many keys, from the first on, begin with `head`.
fn run(keys: &[u64], head: u64, shift: u32) -> u32 {
    // Few keys are counted, many are searched.
    let count = if keys.len() <= 32 {
        keys.iter().position(|key| key >> shift != head).unwrap_or(keys.len())
    } else {
        keys.partition_point(|key| key >> shift == head)
    };
    count as u32
}
