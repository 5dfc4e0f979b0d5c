//! Submitted tasks, from submission until nobody asks for them any more.

use std::collections::VecDeque;
use std::sync::Arc;

use super::arena::Part;
use super::argument::Argument;
use super::board::{Board, Chunk};
use super::runner::{pack, packed_size};
use crate::error::TaskError;

/// What came of a task: its encoded result, which may still be on its way into the journal.
pub(super) type Outcome = std::result::Result<Arc<Vec<u8>>, TaskError>;

/// A submitted task.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The encoded argument; dropped with the outcome.
    pub argument: Argument,
    /// The hash of the argument, where there is a journal.
    pub hash: u64,
    /// The tasks whose results it gets.
    pub inputs: Vec<u64>,
    /// Inputs that are not there yet.
    pub missing: usize,
    /// The tasks that get its result.
    pub dependents: Vec<u64>,
    pub priority: i32,
    /// The only rank that may run it.
    pub rank: Option<usize>,
    /// Whether it is to be run: lazy tasks are only when asked for.
    pub wanted: bool,
    pub outcome: Option<Outcome>,
    /// Futures and tasks that will still look at the outcome.
    pub users: usize,
}

impl Entry {
    /// Drops a result that nobody will look at.
    pub(super) fn drop_unused(&mut self) {
        if self.users == 0
            && let Some(Ok(bytes)) = &mut self.outcome
        {
            *bytes = Arc::default();
        }
    }
}

/// All submitted tasks that somebody still asks for, by number.
#[derive(Debug, Default)]
pub(super) struct Entries {
    first: u64,
    entries: VecDeque<Entry>,
}

impl Entries {
    /// The number of the next task.
    pub(super) fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    /// A task; `None` if nobody asks for it any more.
    pub(super) fn get(&mut self, task: u64) -> Option<&mut Entry> {
        self.entries.get_mut(usize::try_from(task.checked_sub(self.first)?).ok()?)
    }

    /// Bytes of the packed arguments of a chunk's tasks, one `stride` after another; none of tasks without an entry.
    pub(super) fn packed_size(&self, board: &Board, chunk: Chunk, stride: u64) -> usize {
        let size = |entry: &Entry| packed_size(entry.argument.bytes(board), &self.results_of(&entry.inputs));
        self.of(chunk, stride).map(size).sum()
    }

    /// Packs them into as many bytes.
    pub(super) fn pack(&self, board: &Board, chunk: Chunk, stride: u64, into: &mut [u8]) {
        let tasks = self.of(chunk, stride);
        tasks.fold(into, |into, entry| pack(into, entry.argument.bytes(board), &self.results_of(&entry.inputs)));
    }

    /// The part of the arena that holds all that a task needs, if one does.
    pub(super) fn held(&self, task: u64) -> Option<&Arc<Part>> {
        match self.look(task)? {
            Entry { argument: Argument::Held(part), inputs, .. } if inputs.is_empty() => Some(part),
            _ => None,
        }
    }

    fn of(&self, chunk: Chunk, stride: u64) -> impl Iterator<Item = &Entry> {
        let tasks = (0..u64::from(chunk.count)).map(move |place| chunk.first + place * stride);
        // A list has no entries: don't look for each of its tasks.
        tasks.take_while(|_| !self.entries.is_empty()).filter_map(|task| self.look(task))
    }

    fn results_of(&self, tasks: &[u64]) -> Vec<&[u8]> {
        let result = |&task: &u64| match self.look(task)?.outcome.as_ref()? {
            Ok(bytes) => Some(bytes.as_slice()),
            Err(_) => None,
        };
        tasks.iter().map(|task| result(task).unwrap_or_default()).collect()
    }

    fn look(&self, task: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(task.checked_sub(self.first)?).ok()?)
    }

    /// One user less; what nobody asks for any more is forgotten.
    pub(super) fn release(&mut self, task: u64) {
        if let Some(entry) = self.get(task) {
            entry.users = entry.users.saturating_sub(1);
            entry.drop_unused();
            self.forget();
        }
    }

    /// Drops finished tasks without users from the front.
    pub(super) fn forget(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.users == 0 && entry.outcome.is_some()) {
            self.entries.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_forgotten_when_the_last_user_has_gone() {
        let mut entries = Entries::default();
        for users in [1, 2, 1] {
            entries.push(Entry { users, outcome: Some(Ok(Arc::new(vec![7]))), ..Entry::default() });
        }
        assert_eq!(entries.next(), 3);
        entries.release(1);
        assert_eq!(entries.get(1).unwrap().outcome, Some(Ok(Arc::new(vec![7]))));
        entries.release(1);
        assert_eq!(entries.get(1).unwrap().outcome, Some(Ok(Arc::default())));
        assert!(entries.get(0).is_some());
        entries.release(0);
        assert!(entries.get(0).is_none() && entries.get(1).is_none() && entries.get(2).is_some());
        assert_eq!(entries.next(), 3);
    }
}
