//! The top of the tree: cells that domains divide, made of those that lie in one domain, alike on all ranks.

use std::collections::BTreeMap;

use super::cells::{Cell, INNER};
use super::keys::ROOT;
use super::moments::of_children;

/// The cells above `tops`, which together hold all bodies: in the order of their places.
pub(super) fn above(tops: &[Cell]) -> Vec<Cell> {
    let mut all: BTreeMap<u64, Cell> = tops.iter().map(|cell| (cell.place, *cell)).collect();
    let mut made = Vec::new();
    // The last place is on the lowest level there is: its parent's children are all there.
    while let Some((&last, _)) = all.last_key_value().filter(|(place, _)| **place > ROOT) {
        let parent = last >> 3;
        let children: Vec<Cell> = all.split_off(&(parent << 3)).into_values().collect();
        let (first, count) = (0, children.iter().map(|child| child.count).sum());
        let cell = Cell { place: parent, first, count, kind: INNER, moments: of_children(&children) };
        made.push(cell);
        all.insert(parent, cell);
    }
    made.reverse();
    made
}
