//! Tasks that wait to be handed out: ranges of numbers, by priority, then in the order in which they came.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    ranges: BTreeMap<Reverse<i32>, VecDeque<Range<u64>>>,
    length: u64,
}

impl Queue {
    /// How many tasks wait.
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// Adds tasks behind those of their priority.
    pub(crate) fn push(&mut self, tasks: Range<u64>, priority: i32) {
        self.length += tasks.end - tasks.start;
        let ranges = self.ranges.entry(Reverse(priority)).or_default();
        match ranges.back_mut() {
            Some(last) if last.end == tasks.start => last.end = tasks.end,
            _ if tasks.is_empty() => {}
            _ => ranges.push_back(tasks),
        }
    }

    /// Adds tasks before those of their priority.
    pub(crate) fn push_front(&mut self, tasks: Range<u64>, priority: i32) {
        self.length += tasks.end - tasks.start;
        let ranges = self.ranges.entry(Reverse(priority)).or_default();
        match ranges.front_mut() {
            Some(first) if first.start == tasks.end => first.start = tasks.start,
            _ if tasks.is_empty() => {}
            _ => ranges.push_front(tasks),
        }
    }

    /// The next tasks, consecutive ones of one priority, and that priority.
    pub(crate) fn first(&mut self) -> Option<(Range<u64>, i32)> {
        while let Some(mut entry) = self.ranges.first_entry() {
            let priority = entry.key().0;
            if let Some(range) = entry.get_mut().front() {
                return Some((range.clone(), priority));
            }
            entry.remove();
        }
        None
    }

    /// Takes the first `count` of the [next tasks](Queue::first) out.
    pub(crate) fn take(&mut self, count: u64) {
        let Some(mut entry) = self.ranges.first_entry() else { return };
        let ranges = entry.get_mut();
        if let Some(first) = ranges.front_mut() {
            first.start += count;
            self.length -= count;
            if first.is_empty() {
                ranges.pop_front();
            }
        }
    }

    /// Takes one task out, wherever it waits; whether it did.
    pub(crate) fn remove(&mut self, task: u64) -> bool {
        for ranges in self.ranges.values_mut() {
            if let Some(place) = ranges.iter().position(|range| range.contains(&task)) {
                let range = ranges[place].clone();
                ranges[place] = range.start..task;
                ranges.insert(place + 1, task + 1..range.end);
                ranges.retain(|range| !range.is_empty());
                self.length -= 1;
                return true;
            }
        }
        false
    }

    /// Forgets all tasks, and returns them.
    pub(crate) fn clear(&mut self) -> Vec<Range<u64>> {
        self.length = 0;
        std::mem::take(&mut self.ranges).into_values().flatten().collect()
    }
}

#[cfg(test)]
impl Queue {
    /// All tasks that wait.
    pub(super) fn tasks(&self) -> impl Iterator<Item = u64> {
        self.ranges.values().flatten().cloned().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &mut Queue) -> Vec<u64> {
        let mut all = Vec::new();
        while let Some((range, _)) = queue.first() {
            all.push(range.start);
            queue.take(1);
        }
        all
    }

    #[test]
    fn higher_priorities_come_first_and_equal_ones_in_order() {
        let mut queue = Queue::default();
        queue.push(0..3, 0);
        queue.push(3..4, 0);
        queue.push(10..12, 5);
        queue.push(20..21, -1);
        queue.push_front(7..8, 0);
        assert_eq!((queue.len(), queue.first()), (8, Some((10..12, 5))));
        assert_eq!(drain(&mut queue), [10, 11, 7, 0, 1, 2, 3, 20]);
        assert_eq!((queue.len(), queue.first()), (0, None));
    }

    #[test]
    fn one_task_is_taken_out_of_the_middle() {
        let mut queue = Queue::default();
        queue.push(0..5, 0);
        assert!(queue.remove(2) && queue.remove(0) && queue.remove(4));
        assert!(!queue.remove(2));
        assert_eq!((queue.len(), drain(&mut queue)), (2, vec![1, 3]));
    }
}
