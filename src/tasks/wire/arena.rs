//! Which parts of the board's arena are in use: as rank 0 keeps it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::sync::lock;

/// Sizes are rounded up to this: a cache line.
const GRAIN: usize = 64;

/// An arena, for all who take parts of it.
#[derive(Clone, Debug)]
pub(crate) struct Arena(Arc<Mutex<Free>>);

/// Free ranges by where they begin.
#[derive(Debug)]
struct Free(BTreeMap<usize, usize>);

/// A part of an arena, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Part {
    arena: Arena,
    /// Where it begins.
    pub start: usize,
    /// How long it is.
    pub bytes: usize,
}

impl Arena {
    /// An arena of this range, all free.
    pub(crate) fn new(range: Range<usize>) -> Self {
        Arena(Arc::new(Mutex::new(Free(BTreeMap::from([(range.start, range.len())])))))
    }

    /// Takes `bytes` bytes, if there is room now.
    pub(crate) fn take(&self, bytes: usize) -> Option<Part> {
        let start = lock(&self.0).take(bytes)?;
        Some(Part { arena: self.clone(), start, bytes })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        lock(&self.arena.0).give(self.start, self.bytes);
    }
}

impl Free {
    fn take(&mut self, bytes: usize) -> Option<usize> {
        let wanted = bytes.next_multiple_of(GRAIN);
        let (&start, &length) = self.0.iter().find(|&(_, &length)| length >= wanted)?;
        self.0.remove(&start);
        if length > wanted {
            self.0.insert(start + wanted, length - wanted);
        }
        Some(start)
    }

    fn give(&mut self, start: usize, bytes: usize) {
        let mut start = start;
        let mut length = bytes.next_multiple_of(GRAIN);
        if let Some(after) = self.0.remove(&(start + length)) {
            length += after;
        }
        if let Some((&before, &its)) = self.0.range(..start).next_back()
            && before + its == start
        {
            (start, length) = (before, its + length);
        }
        self.0.insert(start, length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_whole_again_in_any_order() {
        let arena = Arena::new(64..1088);
        let mut all: Vec<Option<Part>> = (0..16).map(|_| arena.take(64)).collect();
        assert!(all.iter().all(Option::is_some) && arena.take(1).is_none());
        for place in [3, 1, 2, 15, 0, 7, 5, 6, 4, 8, 10, 9, 14, 12, 13, 11] {
            all[place] = None;
        }
        assert_eq!(arena.take(1024).map(|part| part.start), Some(64));
    }

    #[test]
    fn ranges_in_use_never_overlap() {
        let arena = Arena::new(0..4096);
        let mut used: Vec<Part> = Vec::new();
        for step in 0..10_000usize {
            let bytes = 1 + step * 7919 % 700;
            if step % 3 == 2 && !used.is_empty() {
                used.swap_remove(step * 31 % used.len());
            } else if let Some(part) = arena.take(bytes) {
                assert!(part.start + bytes <= 4096);
                let apart = |other: &Part| part.start + bytes <= other.start || other.start + other.bytes <= part.start;
                assert!(used.iter().all(apart));
                used.push(part);
            }
        }
    }
}
