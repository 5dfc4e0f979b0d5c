//! Calls whose clients have gone, in a pool that stays: they run on, and who submits an equal call gets what comes of it.
//!
//! What had come of a call before its client went is in the journal, and is found there. A call is an orphan from the moment at which its
//! client goes until another adopts it, or until the journal, which has its result by then, is read anew.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

/// A call's key in two halves.
pub(super) type Key = (u64, u64);

/// Tasks without a client, of each key the oldest first.
#[derive(Debug, Default)]
pub(super) struct Orphans(FxHashMap<Key, VecDeque<u64>>);

impl Orphans {
    /// Takes in a task.
    pub(super) fn keep(&mut self, key: Key, task: u64) {
        self.0.entry(key).or_default().push_back(task);
    }

    /// The oldest with this key, which has a client from now on.
    pub(super) fn adopt(&mut self, key: Key) -> Option<u64> {
        self.0.get_mut(&key)?.pop_front()
    }

    /// Parts with those of which this is true; which they are.
    pub(super) fn part(&mut self, is_over: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut over = Vec::new();
        self.0.retain(|_, alike| {
            over.extend(alike.iter().copied().filter(|task| is_over(*task)));
            alike.retain(|task| !is_over(*task));
            !alike.is_empty()
        });
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_calls_are_adopted_once_each_in_their_order() {
        let mut orphans = Orphans::default();
        for (key, task) in [((1, 7), 10), ((1, 7), 11), ((2, 7), 12), ((1, 8), 13)] {
            orphans.keep(key, task);
        }
        assert_eq!(
            [(1, 7), (1, 7), (1, 7), (1, 8), (3, 7)].map(|key| orphans.adopt(key)),
            [Some(10), Some(11), None, Some(13), None]
        );
        orphans.keep((1, 7), 15);
        assert_eq!(orphans.part(|task| task == 12), [12]);
        assert_eq!([orphans.adopt((2, 7)), orphans.adopt((1, 7))], [None, Some(15)]);
    }
}
