//! A set of task numbers, as the ranges that it is made of.

use std::collections::BTreeMap;
use std::ops::Range;

/// Ranges that neither meet nor touch: the end of each by its start.
#[derive(Debug, Default)]
pub(super) struct Covered(BTreeMap<u64, u64>);

impl Covered {
    /// Adds a range; the parts of it that were not in the set yet.
    pub(super) fn insert(&mut self, range: Range<u64>) -> Vec<Range<u64>> {
        let Range { mut start, end } = range;
        let mut known = start;
        let mut last = end;
        let mut new = Vec::new();
        if let Some((&first, &end)) = self.0.range(..=start).next_back()
            && end >= start
        {
            start = first;
        }
        while let Some((&first, &other_end)) = self.0.range(start..=end).next() {
            self.0.remove(&first);
            if known < first {
                new.push(known..first);
            }
            known = known.max(other_end);
            last = last.max(other_end);
        }
        if known < end {
            new.push(known..end);
        }
        self.0.insert(start, last);
        new
    }

    /// Whether a task is in the set.
    pub(super) fn contains(&self, task: u64) -> bool {
        self.0.range(..=task).next_back().is_some_and(|(_, &end)| task < end)
    }

    /// How many tasks are in the set.
    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// The ranges of tasks below `end` that are not in the set, in order.
    pub(super) fn gaps(&self, end: u64) -> impl Iterator<Item = Range<u64>> {
        let covered = self.0.iter().map(|(&start, &end)| start..end).chain(std::iter::once(end..end));
        let mut known = 0;
        covered
            .map(move |range| {
                let gap = known..range.start.min(end);
                known = range.end;
                gap
            })
            .filter(|gap| !gap.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_returned_and_ranges_that_touch_become_one() {
        let mut covered = Covered::default();
        let mut all_new = |range: Range<u64>| covered.insert(range.clone()) == [range];
        assert!(all_new(10..20) && all_new(30..40));
        assert_eq!(covered.insert(12..20), []);
        assert_eq!(covered.insert(5..50), [5..10, 20..30, 40..50]);
        let mut all_new = |range: Range<u64>| covered.insert(range.clone()) == [range];
        assert!(all_new(50..51) && all_new(0..5));
        assert!(all_new(u64::MAX - 1..u64::MAX));
        assert_eq!(covered.0, BTreeMap::from([(0, 51), (u64::MAX - 1, u64::MAX)]));
    }

    #[test]
    fn it_agrees_with_a_list_of_flags() {
        let mut covered = Covered::default();
        let mut flags = [false; 64];
        let mut state = 1u64;
        for _ in 0..40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let start = state >> 58;
            let count = 1 + (state >> 20) % 5;
            let range = start..(start + count).min(64);
            let new: Vec<u64> = covered.insert(range.clone()).into_iter().flatten().collect();
            let expected: Vec<u64> = range.clone().filter(|&task| !flags[task as usize]).collect();
            assert_eq!(new, expected);
            range.for_each(|task| flags[task as usize] = true);
            assert!((0..64).all(|task| covered.contains(task) == flags[task as usize]));
            let gaps: Vec<u64> = covered.gaps(50).flatten().collect();
            assert_eq!(gaps, (0..50).filter(|&task| !flags[task as usize]).collect::<Vec<u64>>());
            assert_eq!(covered.len(), flags.iter().filter(|&&flag| flag).count() as u64);
        }
    }
}
