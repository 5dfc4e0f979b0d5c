//! Submitted tasks: when they become ready, and who still asks for what came of them.

use super::submissions::{Settled, Submission};
use super::{Actions, Consequence, Finished, Ledger};
use crate::base::error::{Cause, TaskError};

impl Ledger {
    /// A task is submitted: it waits until somebody asks for it and its inputs are there.
    pub(super) fn submit(&mut self, mut submission: Submission) {
        let task = self.submissions.next();
        self.counts.tasks += 1;
        if submission.outcome.is_some() {
            self.counts.done += 1;
            self.counts.recovered += 1;
            submission.inputs.clear();
        }
        for &input in &submission.inputs {
            let Some(needed) = self.submissions.get_mut(input) else { continue };
            needed.users += 1;
            match &needed.outcome {
                None => {
                    needed.dependents.push(task);
                    submission.missing += 1;
                }
                Some(Err(_)) => self.consequences.push_back(Consequence::Lost { task, input }),
                Some(Ok(_)) => {}
            }
        }
        self.submissions.push(submission);
    }

    /// Has a task run, and before it those whose results it needs.
    pub(super) fn want(&mut self, task: u64, to: &mut impl Actions) {
        let Some(submission) = self.submissions.get_mut(task) else { return };
        if std::mem::replace(&mut submission.is_wanted, true) || submission.outcome.is_some() {
            return;
        }
        if submission.missing == 0 {
            self.enqueue(task, to);
        } else {
            self.consequences.extend(submission.inputs.iter().map(|&input| Consequence::Wanted(input)));
        }
    }

    /// A task is ready to be run.
    pub(super) fn enqueue(&mut self, task: u64, to: &mut impl Actions) {
        let submission = self.submissions.get(task);
        if submission.is_none_or(|it| it.rank.is_none()) && self.history.has_killed(task) {
            return self.isolate(task, to);
        }
        let Some(submission) = submission else { return self.queue.push(task..task + 1, 0) };
        match (submission.rank, submission.priority) {
            (Some(rank), _) if !self.ranks[rank].alive => {
                let message = format!("rank {rank} died before it ran it");
                self.give_up(TaskError { task, rank, attempt: 0, cause: Cause::Died, message }, to);
            }
            (Some(rank), _) => self.assign(rank, task..task + 1, 1, to),
            (None, priority) => {
                self.queue.push(task..task + 1, priority);
                self.preempt(priority, to);
            }
        }
    }

    /// Notes what came of a submitted task; what follows from that is done when the event has been taken in.
    pub(super) fn settle(&mut self, task: u64, outcome: Settled, to: &mut impl Actions) {
        let is_good = outcome.is_ok();
        let Some((dependents, inputs)) = self.submissions.settle(task, outcome) else { return };
        to.hand_over(Finished::Submitted(task));
        self.consequences.extend(inputs.into_iter().map(Consequence::Released));
        let follows = |dependent| {
            if is_good { Consequence::Ready(dependent) } else { Consequence::Lost { task: dependent, input: task } }
        };
        self.consequences.extend(dependents.into_iter().map(follows));
    }

    /// Does what follows from the end of a task.
    pub(super) fn follow(&mut self, next: Consequence, to: &mut impl Actions) {
        match next {
            Consequence::Ready(task) => self.input_arrived(task, to),
            Consequence::Lost { task, input } if self.submissions.is_open(task) => {
                self.cancel_waiting(task, format!("it needs the result of task {input}, which has none"), to);
            }
            Consequence::Lost { .. } => {}
            Consequence::Wanted(task) => self.want(task, to),
            Consequence::Released(task) => self.release(task, to),
        }
    }

    /// One more input of a task is there.
    fn input_arrived(&mut self, task: u64, to: &mut impl Actions) {
        let Some(submission) = self.submissions.get_mut(task) else { return };
        submission.missing -= 1;
        if submission.missing == 0 && submission.is_wanted && submission.outcome.is_none() {
            self.enqueue(task, to);
        }
    }

    /// One who asked for a task's outcome does so no more. A lazy task that nobody has asked for is gone.
    pub(super) fn release(&mut self, task: u64, to: &mut impl Actions) {
        self.submissions.release(task);
        let unwanted = |it: &Submission| it.users == 0 && !it.is_wanted && it.outcome.is_none();
        if self.submissions.get(task).is_some_and(unwanted) {
            self.counts.tasks -= 1;
            let message = "nobody asked for it".to_owned();
            self.settle(task, Err(TaskError { task, rank: 0, attempt: 0, cause: Cause::Cancelled, message }), to);
        }
    }
}
