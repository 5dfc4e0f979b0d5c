//! The essential tree: what of a rank's part of the tree other ranks' groups may open (Warren & Salmon 1993; Salmon 1991).
//!
//! Each rank tells the boxes of a few hundred cells that cover its bodies. A cell that no box of a rank is near enough to open is sent closed, as
//! one body; an opened one with its children, an opened leaf with its bodies. A box holds those of its bundles and is a little
//! wider, so that it opens whatever a walk there opens: what is too much is never looked at, and what would be missing would be told.

use bytemuck::{Pod, Zeroable};

use super::cells::{BUNDLE, CLOSED, Cell, INNER, LEAVES};
use super::group::Active;
use super::nodes::{opening, pull2};

/// Cells, about, that cover a rank's bodies.
const COVERING: usize = 64;
/// How much wider distances are taken than a walk in single precision may find them, as a share of them, and in half-sides of the cube.
const MARGIN: [f64; 2] = [1e-5, 1e-6];

/// A box that bodies are in, in half-sides of the cube from its centre; to be sent.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(super) struct Box {
    pub low: [f64; 3],
    pub high: [f64; 3],
    /// The largest pull of its bodies.
    pub pull: f64,
}

/// The boxes of cells that together hold all active bodies of this part of the tree.
pub(super) fn covering(cells: &[Cell], bodies: usize, active: Active, pulls: &[f32]) -> Vec<Box> {
    let most = (bodies / COVERING).max(BUNDLE as usize);
    let small = cells.iter().filter(|cell| cell.count as usize <= most || cell.kind == LEAVES);
    let mut small: Vec<&Cell> = small.collect();
    small.sort_by_key(|cell| cell.first);
    let mut covered = 0;
    let outermost = small.into_iter().filter(|cell| {
        let is_new = cell.first >= covered;
        covered = covered.max(cell.first + cell.count);
        is_new && active.any(&(cell.first..cell.first + cell.count))
    });
    let pull = |cell: &Cell| {
        let pulls = pulls.get(cell.first as usize..(cell.first + cell.count) as usize).unwrap_or_default();
        pulls.iter().copied().fold(0.0, f32::max).into()
    };
    outermost.map(|cell| Box { low: cell.moments.low, high: cell.moments.high, pull: pull(cell) }).collect()
}

/// What another rank's groups may open: cells, from the tops down, and the bodies of opened leaves by their indices here.
#[derive(Clone, Debug, Default)]
pub(super) struct Essential {
    pub cells: Vec<Cell>,
    pub bodies: Vec<u32>,
}

/// A part of the tree with the way from each cell to its children.
pub(super) struct Part<'a> {
    cells: &'a [Cell],
    /// The first child of each cell, if it has any.
    children: Vec<u32>,
    tops: Vec<u32>,
    theta: f64,
}

impl<'a> Part<'a> {
    pub(super) fn new(cells: &'a [Cell], theta: f64) -> Self {
        let mut next = 0;
        let mut is_child = vec![false; cells.len()];
        let mut first_child = |cell: &Cell| {
            if cell.kind != INNER {
                return 0;
            }
            while cells[next].place >> 3 < cell.place {
                next += 1;
            }
            let first = next;
            while next < cells.len() && cells[next].place >> 3 == cell.place {
                is_child[next] = true;
                next += 1;
            }
            first as u32
        };
        let children = cells.iter().map(&mut first_child).collect();
        let tops = (0..cells.len() as u32).filter(|&at| !is_child[at as usize]).collect();
        Part { cells, children, tops, theta }
    }

    /// The cells that this part begins with.
    pub(super) fn tops(&self) -> Vec<Cell> {
        self.tops.iter().map(|&top| self.cells[top as usize]).collect()
    }

    /// What groups in `boxes` may open.
    pub(super) fn essential(&self, boxes: &[Box]) -> Essential {
        let mut found = Essential::default();
        let all: Vec<u32> = (0..boxes.len() as u32).collect();
        for &top in &self.tops {
            self.visit(top, boxes, &all, &mut found);
        }
        found
    }

    /// Adds a cell, and what is below it as far as one of the boxes at `near` opens it.
    fn visit(&self, at: u32, boxes: &[Box], near: &[u32], found: &mut Essential) {
        let cell = &self.cells[at as usize];
        let opening = near.iter().copied().filter(|&place| self.opens(cell, &boxes[place as usize]));
        let opening: Vec<u32> = opening.collect();
        if opening.is_empty() {
            found.cells.push(Cell { kind: CLOSED, first: 0, ..*cell });
        } else if cell.kind == LEAVES {
            found.cells.push(Cell { first: found.bodies.len() as u32, ..*cell });
            found.bodies.extend(cell.first..cell.first + cell.count);
        } else {
            found.cells.push(Cell { first: 0, ..*cell });
            let first = self.children[at as usize];
            let children = (first..self.cells.len() as u32)
                .take_while(|&child| self.cells[child as usize].place >> 3 == cell.place);
            for child in children {
                self.visit(child, boxes, &opening, found);
            }
        }
    }

    fn opens(&self, cell: &Cell, near: &Box) -> bool {
        let mut distance2 = 0.0;
        let mut size = 0.0f64;
        for c in 0..3 {
            let x = cell.moments.centre[c];
            let out = (near.low[c] - x).max(x - near.high[c]).max(0.0);
            distance2 += out * out;
            size = size.max(x.abs()).max(near.low[c].abs()).max(near.high[c].abs());
        }
        let [share, fixed] = MARGIN;
        let relative = (pull2(&cell.moments) * near.pull).sqrt();
        let reach = opening(cell.moments.radius, self.theta).max(relative) * (1.0 + share) + fixed * (1.0 + size);
        distance2 <= reach * reach * (1.0 + share)
    }
}
