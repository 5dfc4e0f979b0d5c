//! The tree as walks read it: families, the children of a cell side by side in lanes.
//!
//! Made from cells in the order of their places by one sweep: the children of consecutive cells follow each other in the next level.

use super::body::split;
use super::cells::{CLOSED, Cell, INNER, LEAVES, Moments};

/// Columns of a family: centre of mass (leading parts, then the rest of them), G m, square of the distance within which a cell is opened, and what
/// that is by the relative criterion for a body of unit [`pull`](super::group::Bounds::pulls).
pub(super) const COLUMNS: usize = 9;
/// The column of G m.
pub(super) const GM: usize = 6;
/// The column of the square of the opening distance.
pub(super) const OPEN: usize = 7;
/// The column of that by the relative criterion.
pub(super) const PULL: usize = 8;

/// The children of a cell, in the order of octants.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Family {
    pub columns: [[f32; 8]; COLUMNS],
    /// For each child what there is when it is opened.
    pub links: [u32; 8],
    /// How many children there are.
    pub count: u32,
}

/// Marks a link to a leaf; others lead to a family.
pub(super) const TO_LEAF: u32 = 1 << 31;
/// The link of a cell that can't be opened here.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The tree as walks read it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    /// Level by level; the first has the root alone.
    pub(super) families: Vec<Family>,
    /// The first body and the count of each leaf.
    pub(super) leaves: Vec<[u32; 2]>,
}

impl Nodes {
    /// Takes cells in the order of their places, the parent of each among them, the root first; a cell is opened within
    /// its radius over `theta`.
    pub(super) fn take(&mut self, cells: &[Cell], theta: f64) {
        self.families.clear();
        self.leaves.clear();
        let Some(root) = cells.first() else { return };
        let inner = cells.iter().filter(|cell| cell.kind == INNER).count();
        self.families.reserve(inner + 1);
        let mut links = 0;
        self.add(std::slice::from_ref(root), theta, &mut links);
        let mut next = 1;
        for cell in cells.iter().filter(|cell| cell.kind == INNER) {
            let begin = next;
            while next < cells.len() && cells[next].place >> 3 == cell.place {
                next += 1;
            }
            self.add(&cells[begin..next], theta, &mut links);
        }
        assert!(next == cells.len(), "each cell has its parent in the tree");
    }

    /// Adds the family of these children; `inner` counts the cells with children so far.
    fn add(&mut self, children: &[Cell], theta: f64, inner: &mut u32) {
        let mut family = Family { count: children.len() as u32, ..Family::default() };
        for (lane, Cell { first, count, kind, moments, .. }) in children.iter().enumerate() {
            for c in 0..3 {
                let (high, low) = split(moments.centre[c]);
                family.columns[c][lane] = high;
                family.columns[c + 3][lane] = low;
            }
            family.columns[GM][lane] = moments.gm as f32;
            family.columns[OPEN][lane] = opening2(moments.radius, theta);
            family.columns[PULL][lane] = pull2(moments) as f32;
            family.links[lane] = match *kind {
                INNER => {
                    *inner += 1;
                    *inner
                }
                LEAVES => {
                    self.leaves.push([*first, *count]);
                    TO_LEAF | (self.leaves.len() as u32 - 1)
                }
                CLOSED => NOWHERE,
                kind => unreachable!("a cell of kind {kind}"),
            };
        }
        self.families.push(family);
    }
}

/// The square of the distance from a group's box within which a cell of this radius is opened.
fn opening2(radius: f64, theta: f64) -> f32 {
    let distance = opening(radius, theta);
    ((distance * distance) as f32).min(f32::MAX)
}

/// The distance from a group's box within which a cell of this radius is opened.
#[inline]
pub(super) fn opening(radius: f64, theta: f64) -> f64 {
    radius.max(PLACE) / theta
}

/// Law: the square of the distance at which G M b²/d⁴ is one, √(G M) b.
#[inline]
pub(super) fn pull2(moments: &Moments) -> f64 {
    moments.gm.sqrt() * moments.radius.max(PLACE)
}

/// A cell whose bodies are at one place acts as one body from any other, but for the rounding of that place.
const PLACE: f64 = 1.0 / (1u64 << 40) as f64;
