//! From waiting to handed out, and back.

use std::ops::Range;

use super::history::DEATHS;
use super::posting::{ASSIGNED, Posting};
use super::{Actions, Finished, Ledger, Posted};

/// Chunks that are posted before reports are looked at again: ranks may take them as fast as they are posted.
const AT_ONCE: usize = 256;

impl Ledger {
    /// Tasks of a list wait. Those with which ranks died wait to be tried alone.
    pub(super) fn list(&mut self, tasks: Range<u64>, to: &mut impl Actions) {
        let mut first = tasks.start;
        let killers: Vec<u64> = self.history.killers(&tasks).collect();
        for killer in killers {
            self.queue.push(first..killer, 0);
            self.isolate(killer, to);
            first = killer + 1;
        }
        self.queue.push(first..tasks.end, 0);
    }

    /// Tasks of a list are for one rank, but for those with which ranks died.
    pub(super) fn assign_list(&mut self, rank: usize, tasks: Range<u64>, stride: u64, to: &mut impl Actions) {
        let mut first = tasks.start;
        let is_mine = |task: &u64| (task - tasks.start).is_multiple_of(stride);
        let killers: Vec<u64> = self.history.killers(&tasks).filter(is_mine).collect();
        for killer in killers {
            self.assign(rank, first..killer, stride, to);
            self.isolate(killer, to);
            first = killer + stride;
        }
        self.assign(rank, first..tasks.end, stride, to);
    }

    /// Takes over what an earlier job has left of a list.
    pub(super) fn recover(&mut self, finished: Finished, to: &mut impl Actions) {
        match &finished {
            Finished::Results(report) => {
                self.counts.done += u64::from(report.head.count);
                self.counts.recovered += u64::from(report.head.count);
            }
            Finished::Failure(_) => self.counts.failed += 1,
            Finished::Submitted(_) => {}
        }
        to.hand_over(finished);
    }

    /// Posts chunks while there are tasks and room.
    pub(super) fn hand_out(&mut self, to: &mut impl Actions) {
        if self.is_paused {
            return;
        }
        self.hand_out_alone(to);
        let ranks = self.takers().count();
        for _ in 0..AT_ONCE {
            let Some((tasks, priority)) = self.queue.first() else { return };
            let Some(room) = to.room(self.queue.len(), ranks) else { return };
            let is_held = self.submissions.held(tasks.start).is_some();
            let most = if is_held { 1 } else { room.min(tasks.end - tasks.start) };
            let chunk = self.history.chunk(tasks.start, most);
            let Some(Posted { number, before }) = to.post(chunk, &self.submissions) else { return };
            if let Some((before, rank)) = before {
                self.claimed(before, rank);
            }
            self.queue.take(u64::from(chunk.count));
            self.counts.running += u64::from(chunk.count);
            self.postings.insert(number, Posting::new(chunk, 1, priority));
        }
    }

    /// A task with which ranks died waits to be tried alone, unless it has taken too many with it.
    pub(super) fn isolate(&mut self, task: u64, to: &mut impl Actions) {
        if self.history.deaths(task) >= DEATHS {
            self.give_up_killer(task, &format!("{DEATHS} ranks died while they ran it"), to);
        } else {
            self.alone.push_back(task);
        }
    }

    /// Gives tasks that are to be tried alone to ranks other than 0. If none is left, rank 0 tries them when all else is done and in
    /// the journal, one by one; but not what several of the others died with, since with rank 0 the job would end. (One death may have come
    /// from outside.)
    fn hand_out_alone(&mut self, to: &mut impl Actions) {
        if self.alone.is_empty() {
            return;
        }
        let others: Vec<usize> = self.takers().filter(|&rank| rank != 0).collect();
        if !others.is_empty() {
            let alone = std::mem::take(&mut self.alone);
            // None of them is bound to a rank: such a task has failed when its rank dies.
            for (place, task) in alone.into_iter().enumerate() {
                self.assign(others[place % others.len()], task..task + 1, 1, to);
            }
        } else if self.queue.len() == 0 && self.postings.is_empty() {
            to.flush();
            let Some(task) = self.alone.pop_front() else { return };
            if self.had_others() && self.history.deaths(task) > 1 {
                let reason = "ranks died while they ran it, and only rank 0, with which the job would end, is left";
                return self.give_up_killer(task, reason, to);
            }
            self.assign(0, task..task + 1, 1, to);
        }
    }

    /// Assigns tasks, one `stride` after another, to one rank.
    pub(super) fn assign(&mut self, rank: usize, tasks: Range<u64>, stride: u64, to: &mut impl Actions) {
        let mut first = tasks.start;
        while first < tasks.end {
            let left = (tasks.end - first).div_ceil(stride);
            // Tasks at different attempts are in different chunks; of distant ones nobody knows which are.
            let most = if stride > 1 && !self.history.is_empty() { 1 } else { left.min(u64::from(u32::MAX)) };
            let chunk = self.history.chunk(first, most);
            self.assigned += 1;
            let number = ASSIGNED + self.assigned;
            to.assign(rank, number, chunk, stride, &self.submissions);
            self.counts.running += u64::from(chunk.count);
            self.postings.insert(number, Posting::new(chunk, stride, 0));
            self.claimed(number, rank);
            first += u64::from(chunk.count) * stride;
        }
    }

    /// A rank has a chunk.
    pub(super) fn claimed(&mut self, posting: u64, rank: usize) {
        if let Some(posting) = self.postings.get_mut(&posting)
            && posting.holder.is_none()
        {
            self.turns += 1;
            posting.holder = Some(rank);
            posting.turn = self.turns;
        }
    }

    /// Who has a posting.
    pub(super) fn holder(&self, posting: u64, to: &impl Actions) -> Option<usize> {
        self.postings.get(&posting)?.holder.or_else(|| to.holder(posting))
    }

    /// Takes a posting back, if nobody has it: its tasks wait again, before the others.
    pub(super) fn revoke(&mut self, posting: u64, to: &mut impl Actions) -> bool {
        if !to.revoke(posting) {
            return false;
        }
        if let Some(revoked) = self.close(posting, false, to) {
            let first = revoked.chunk.first;
            let count = u64::from(revoked.chunk.count);
            self.counts.running -= count;
            self.queue.push_front(first..first + count, revoked.priority);
        }
        true
    }

    /// Takes back what is posted with a lower priority.
    pub(super) fn preempt(&mut self, priority: i32, to: &mut impl Actions) {
        if self.postings.values().all(|posting| posting.priority >= priority) {
            return;
        }
        for number in to.posted().rev() {
            if self.postings.get(&number).is_some_and(|posting| posting.priority < priority) {
                self.revoke(number, to);
            }
        }
    }

    /// Begins no more tasks: takes back what is posted, and asks ranks for what they have not begun.
    pub(super) fn pause(&mut self, to: &mut impl Actions) {
        if std::mem::replace(&mut self.is_paused, true) {
            return;
        }
        for number in to.posted().rev() {
            self.revoke(number, to);
        }
        to.pause();
    }

    /// Forgets all tasks that wait, and asks those that are under way to end.
    pub(super) fn drop_all(&mut self, to: &mut impl Actions) {
        self.pause(to);
        self.queue.clear();
        self.alone.clear();
        for (&number, posting) in &self.postings {
            if let Some(rank) = self.holder(number, to) {
                posting.unreported().for_each(|task| to.ask_to_end(rank, task, false));
            }
        }
    }

    /// A rank has given back what it has not begun of a chunk.
    pub(super) fn take_back(&mut self, posting: u64, to: &mut impl Actions) {
        let Some(returned) = self.close(posting, false, to) else { return };
        for task in returned.unreported() {
            self.counts.running -= 1;
            if self.history.has_killed(task) {
                self.alone.push_back(task);
            } else {
                self.queue.push(task..task + 1, returned.priority);
            }
        }
    }

    /// Forgets a posting that is over.
    pub(super) fn close(&mut self, posting: u64, lost: bool, to: &mut impl Actions) -> Option<Posting> {
        let closed = self.postings.remove(&posting)?;
        to.close(posting, lost);
        Some(closed)
    }
}
