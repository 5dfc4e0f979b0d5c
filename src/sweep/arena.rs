//! Which parts of the board's arena are in use: rank 0's book of it.

use std::collections::BTreeMap;

/// Sizes are rounded up to this: a cache line.
const GRAIN: usize = 64;

/// Free ranges by where they begin.
#[derive(Debug)]
pub(super) struct Arena {
    free: BTreeMap<usize, usize>,
}

impl Arena {
    /// An arena of `bytes` bytes, all free.
    pub(super) fn new(bytes: usize) -> Self {
        Arena { free: BTreeMap::from([(0, bytes)]) }
    }

    /// Takes `bytes` bytes: where they begin, or `None` if there is no room now.
    pub(super) fn take(&mut self, bytes: usize) -> Option<usize> {
        let wanted = bytes.next_multiple_of(GRAIN);
        let (&start, &length) = self.free.iter().find(|&(_, &length)| length >= wanted)?;
        self.free.remove(&start);
        if length > wanted {
            self.free.insert(start + wanted, length - wanted);
        }
        Some(start)
    }

    /// Gives back what was taken.
    pub(super) fn give(&mut self, start: usize, bytes: usize) {
        let (mut start, mut length) = (start, bytes.next_multiple_of(GRAIN));
        if let Some(after) = self.free.remove(&(start + length)) {
            length += after;
        }
        if let Some((&before, &its)) = self.free.range(..start).next_back()
            && before + its == start
        {
            (start, length) = (before, its + length);
        }
        self.free.insert(start, length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_whole_again_in_any_order() {
        let mut arena = Arena::new(1024);
        let all: Vec<usize> = (0..16).map(|_| arena.take(64).unwrap()).collect();
        assert_eq!(arena.take(1), None);
        for place in [3, 1, 2, 15, 0, 7, 5, 6, 4, 8, 10, 9, 14, 12, 13, 11] {
            arena.give(all[place], 64);
        }
        assert_eq!(arena.take(1024), Some(0));
    }

    #[test]
    fn ranges_in_use_never_overlap() {
        let mut arena = Arena::new(4096);
        let mut used: Vec<(usize, usize)> = Vec::new();
        for step in 0..10_000usize {
            let bytes = 1 + step * 7919 % 700;
            if step % 3 == 2 && !used.is_empty() {
                let (start, bytes) = used.swap_remove(step * 31 % used.len());
                arena.give(start, bytes);
            } else if let Some(start) = arena.take(bytes) {
                assert!(start + bytes <= 4096);
                assert!(used.iter().all(|&(other, its)| start + bytes <= other || other + its <= start));
                used.push((start, bytes));
            }
        }
    }
}
