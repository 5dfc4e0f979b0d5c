//! Submitted tasks: when they become ready, and who gets what came of them.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::argument::Argument;
use super::coordinator::{Coordinator, Finished};
use super::entries::{Entry, Outcome};
use super::record::Head;
use crate::Result;
use crate::error::{Cause, TaskError};

impl Coordinator {
    /// Hands results to who waits for them.
    pub(super) fn deliver(&mut self, head: &Head, body: Arc<Vec<u8>>) {
        self.counts.done += u64::from(head.count);
        if self.entries.next() == 0 {
            self.finished.push_back(Finished::Results(*head, body));
            return;
        }
        if head.count == 1 {
            // One result is all of the body.
            self.settle(head.first, Ok(body));
            return;
        }
        for (task, result) in head.each(&body) {
            self.settle(task, Ok(Arc::new(result.to_vec())));
        }
    }

    /// Notes what came of a submitted task; tasks that wait for it may become ready.
    pub(super) fn settle(&mut self, task: u64, outcome: Outcome) {
        let Some(entry) = self.entries.get(task) else { return };
        let good = outcome.is_ok();
        entry.outcome = Some(outcome);
        entry.argument = Argument::default();
        entry.drop_unused();
        let (dependents, inputs) = (std::mem::take(&mut entry.dependents), std::mem::take(&mut entry.inputs));
        self.entries.forget();
        inputs.into_iter().for_each(|input| self.release(input));
        self.ended.values_mut().for_each(|ended| ended.push_back(task));
        for dependent in dependents {
            if good {
                self.one_less(dependent);
            } else {
                self.cancel_for(dependent, task);
            }
        }
    }

    /// One more input of a task is there.
    pub(super) fn one_less(&mut self, task: u64) {
        let Some(entry) = self.entries.get(task) else { return };
        entry.missing -= 1;
        if entry.missing == 0 && entry.wanted && entry.outcome.is_none() {
            self.enqueue(task);
        }
    }

    /// Submits a task; returns its number.
    ///
    /// # Errors
    /// If the journal holds a result of that number for another argument.
    pub(super) fn submit(&mut self, mut entry: Entry, wanted: bool) -> Result<u64> {
        let task = self.entries.next();
        self.counts.tasks += 1;
        if self.journal.is_some() {
            entry.hash = xxh3_64(entry.argument.bytes(&self.board));
        }
        if let Some(result) = self.recovered(task, &entry)? {
            entry.outcome = Some(Ok(Arc::new(result)));
            entry.inputs.clear();
            self.entries.push(entry);
            return Ok(task);
        }
        let mut lost = None;
        for input in std::mem::take(&mut entry.inputs) {
            entry.inputs.push(input);
            let Some(needed) = self.entries.get(input) else { continue };
            needed.users += 1;
            match &needed.outcome {
                None => {
                    needed.dependents.push(task);
                    entry.missing += 1;
                }
                Some(Err(_)) => lost = Some(input),
                Some(Ok(_)) => {}
            }
        }
        self.entries.push(entry);
        match lost {
            Some(input) => self.cancel_for(task, input),
            None if wanted => self.want(task),
            None => {}
        }
        Ok(task)
    }

    /// Has a task run, and before it those whose results it needs.
    pub(super) fn want(&mut self, task: u64) {
        let mut open = vec![task];
        while let Some(task) = open.pop() {
            let Some(entry) = self.entries.get(task) else { continue };
            if std::mem::replace(&mut entry.wanted, true) || entry.outcome.is_some() {
                continue;
            }
            if entry.missing == 0 {
                self.enqueue(task);
            } else {
                open.extend_from_slice(&entry.inputs);
            }
        }
    }

    /// A task is ready to be run.
    pub(super) fn enqueue(&mut self, task: u64) {
        let (priority, rank) = self.entries.get(task).map_or((0, None), |entry| (entry.priority, entry.rank));
        match rank {
            Some(rank) => self.give(rank, task..task + 1, 1),
            None => {
                self.queue.push(task..task + 1, priority);
                self.make_way(priority);
            }
        }
    }

    /// One who asked for a task's outcome does so no more.
    pub(super) fn release(&mut self, task: u64) {
        self.entries.release(task);
        let unwanted =
            self.entries.get(task).is_some_and(|entry| entry.users == 0 && !entry.wanted && entry.outcome.is_none());
        if unwanted {
            self.counts.tasks -= 1;
            let message = "nobody asked for it".to_owned();
            self.settle(task, Err(TaskError { task, rank: 0, attempt: 0, cause: Cause::Cancelled, message }));
        }
    }
}
