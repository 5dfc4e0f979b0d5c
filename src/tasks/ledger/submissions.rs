//! Submitted tasks, from submission until nobody asks for them any more. Tasks of a list have no entry here.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::error::TaskError;
use crate::tasks::wire::arena::Part;
use crate::tasks::wire::argument::Argument;
use crate::tasks::wire::chunk::Chunk;

/// What came of a submitted task: its encoded result, which may still be on its way into the journal.
pub(crate) type Settled = std::result::Result<Arc<Vec<u8>>, TaskError>;

/// A submitted task.
#[derive(Debug, Default)]
pub(crate) struct Submission {
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
    pub is_wanted: bool,
    /// Whether it was cancelled: no further attempt begins.
    pub is_cancelled: bool,
    pub outcome: Option<Settled>,
    /// Futures and tasks that will still look at the outcome.
    pub users: usize,
}

/// All submitted tasks that somebody still asks for, by number.
#[derive(Debug, Default)]
pub(crate) struct Submissions {
    first: u64,
    kept: VecDeque<Submission>,
}

impl Submission {
    /// Drops a result that nobody will look at.
    fn drop_unused(&mut self) {
        if self.users == 0
            && let Some(Ok(bytes)) = &mut self.outcome
        {
            *bytes = Arc::default();
        }
    }
}

impl Submissions {
    /// Numbers tasks from `first` on: the smaller ones are an earlier job's.
    pub(crate) fn begin_at(&mut self, first: u64) {
        assert!(self.kept.is_empty(), "tasks have numbers already");
        self.first = first;
    }

    /// The number of the next task.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    pub(crate) fn push(&mut self, submission: Submission) {
        self.kept.push_back(submission);
    }

    /// A task; `None` if nobody asks for it any more.
    pub(crate) fn get(&self, task: u64) -> Option<&Submission> {
        self.kept.get(usize::try_from(task.checked_sub(self.first)?).ok()?)
    }

    /// A task, to be changed.
    pub(crate) fn get_mut(&mut self, task: u64) -> Option<&mut Submission> {
        self.kept.get_mut(usize::try_from(task.checked_sub(self.first)?).ok()?)
    }

    /// Whether a task was submitted and nothing has come of it yet.
    pub(crate) fn is_open(&self, task: u64) -> bool {
        self.get(task).is_some_and(|submission| submission.outcome.is_none())
    }

    /// The part of the arena that holds all that a task needs, if one does: then it travels alone.
    pub(crate) fn held(&self, task: u64) -> Option<&Arc<Part>> {
        match self.get(task)? {
            Submission { argument: Argument::Held(part), inputs, .. } if inputs.is_empty() => Some(part),
            _ => None,
        }
    }

    /// Those of a chunk's tasks, one `stride` after another, that were submitted.
    pub(crate) fn of(&self, chunk: Chunk, stride: u64) -> impl Iterator<Item = &Submission> {
        let tasks = (0..u64::from(chunk.count)).map(move |place| chunk.first + place * stride);
        // A list has no submissions: don't look for each of its tasks.
        tasks.take_while(|_| !self.kept.is_empty()).filter_map(|task| self.get(task))
    }

    /// The result of a task, if it has one.
    pub(crate) fn result(&self, task: u64) -> Option<&[u8]> {
        match self.get(task)?.outcome.as_ref()? {
            Ok(bytes) => Some(bytes),
            Err(_) => None,
        }
    }

    /// Notes what came of a task; gives the tasks that wait for it, and its inputs.
    pub(crate) fn settle(&mut self, task: u64, outcome: Settled) -> Option<(Vec<u64>, Vec<u64>)> {
        let submission = self.get_mut(task)?;
        submission.outcome = Some(outcome);
        submission.argument = Argument::default();
        submission.drop_unused();
        let dependents = std::mem::take(&mut submission.dependents);
        let inputs = std::mem::take(&mut submission.inputs);
        self.forget();
        Some((dependents, inputs))
    }

    /// One user less; what nobody asks for any more is forgotten.
    pub(crate) fn release(&mut self, task: u64) {
        if let Some(submission) = self.get_mut(task) {
            submission.users = submission.users.saturating_sub(1);
            submission.drop_unused();
            self.forget();
        }
    }

    /// Drops finished tasks without users from the front.
    fn forget(&mut self) {
        while self.kept.front().is_some_and(|it| it.users == 0 && it.outcome.is_some()) {
            self.kept.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_forgotten_when_the_last_user_has_gone() {
        let mut submissions = Submissions::default();
        for users in [1, 2, 1] {
            let outcome = Some(Ok(Arc::new(vec![7])));
            submissions.push(Submission { users, outcome, ..Submission::default() });
        }
        assert_eq!(submissions.next(), 3);
        submissions.release(1);
        assert_eq!(submissions.get(1).unwrap().outcome, Some(Ok(Arc::new(vec![7]))));
        submissions.release(1);
        assert_eq!(submissions.get(1).unwrap().outcome, Some(Ok(Arc::default())));
        assert!(submissions.get(0).is_some());
        submissions.release(0);
        assert!(submissions.get(0).is_none() && submissions.get(1).is_none() && submissions.get(2).is_some());
        assert_eq!(submissions.next(), 3);
    }
}
