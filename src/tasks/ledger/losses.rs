//! Ranks that die and tasks that take too long: what is lost with them, which task is to blame, and who tries what is left.
//!
//! What a dead rank had reported is kept. The task that was under way is tried again, alone, on a rank other than 0, and is given up when
//! it has taken too many ranks with it. Tasks that it had finished and not reported are tried again like any other; those that it had not
//! begun wait again. Of a rank of another node nobody knows where in its chunk it was: all that is left of it is tried alone, and blamed
//! only if it is one task. A death that ends the job: the journal learns whose it was, so that the count goes on in the next job.
//! That of rank 0 nobody can write down afterwards: its attempts are written down before they begin, and the next job counts those that
//! have no end.

use super::posting::Posting;
use super::{Actions, Entry, Ledger, UnderWay};
use crate::base::error::{Cause, TaskError};
use crate::tasks::journal::Reason;

/// Why a death ends a job that its launcher ends with it.
const NO_RECOVERY: &str = "this launcher ends the whole job when a rank dies; results so far are in the journal, if the sweep has one: \
                           run it again with --resume; Open MPI's mpirun --enable-recovery lets the other ranks go on";

impl Ledger {
    /// A rank has died.
    pub(super) fn remove_rank(&mut self, rank: usize, to: &mut impl Actions) {
        if !std::mem::replace(&mut self.ranks[rank].alive, false) || self.is_aborted {
            // When the job is aborted the launcher ends the other ranks: no task is to blame.
            return;
        }
        self.counts.deaths += 1;
        to.record(Entry::Death(rank));
        let leader = self.ranks[rank].leader;
        if !self.rules.survives_deaths {
            let at = self.under_way(leader, to).map_or(String::new(), |at| format!(" while it ran task {}", at.task));
            self.lose_all_of(leader, to);
            self.abort(format!("rank {rank} died{at}: {NO_RECOVERY}"), to);
        } else if leader == 0 {
            self.lose_all_of(0, to);
            self.abort(
                format!("rank {rank} died, which runs tasks together with rank 0: run it again with --resume"),
                to,
            );
        } else {
            self.end_group(leader, to);
            self.lose_all_of(rank, to);
        }
    }

    /// The job must end at once.
    fn abort(&mut self, reason: String, to: &mut impl Actions) {
        self.is_aborted = true;
        self.is_paused = true;
        to.abort(reason);
    }

    /// Ends the ranks of a group that are left.
    fn end_group(&mut self, leader: usize, to: &mut impl Actions) {
        for rank in 1..self.ranks.len() {
            if self.ranks[rank].leader == leader && self.ranks[rank].alive {
                to.end_rank(rank);
            }
        }
    }

    /// What a rank is at, if it is at anything. Of a rank of another node: the first task that it hasn't reported, of the chunk that got
    /// there first.
    pub(crate) fn under_way(&self, rank: usize, to: &impl Actions) -> Option<UnderWay> {
        let (number, place) = match to.progress(rank) {
            Some((number, begun)) => (number, begun.checked_sub(1)?),
            None => {
                let held = self.postings.iter().filter(|(_, posting)| posting.holder == Some(rank));
                let (&number, posting) = held.min_by_key(|(_, posting)| posting.turn)?;
                (number, u64::from(posting.reported))
            }
        };
        let posting = self.postings.get(&number).filter(|posting| place >= u64::from(posting.reported))?;
        Some(UnderWay { posting: number, place, task: posting.task(place) })
    }

    /// All that a rank has is lost.
    fn lose_all_of(&mut self, rank: usize, to: &mut impl Actions) {
        let at = self.under_way(rank, to);
        let mut lost: Vec<u64> =
            self.postings.keys().copied().filter(|&number| self.holder(number, to) == Some(rank)).collect();
        // The last first, since each goes before the others.
        lost.sort_unstable_by_key(|&number| std::cmp::Reverse(number));
        for posting in lost {
            self.lose(posting, rank, at, to);
        }
    }

    /// A chunk was lost with its rank, which was `at` something of it or of another one.
    fn lose(&mut self, number: u64, rank: usize, at: Option<UnderWay>, to: &mut impl Actions) {
        let Some(posting) = self.close(number, true, to) else { return };
        let left: Vec<u64> = posting.unreported().collect();
        self.counts.running -= left.len() as u64;
        let begun =
            at.filter(|at| at.posting == number).map_or(0, |at| at.place as usize + 1 - posting.reported as usize);
        let (begun, unbegun) = left.split_at(begun.min(left.len()));
        let Some((&last, ended)) = begun.split_last() else {
            return unbegun.iter().rev().for_each(|&task| self.put_back(task, rank, &posting, to));
        };
        if to.progress(rank).is_none() && left.len() > 1 {
            return left.iter().for_each(|&task| self.try_unreported(task, rank, &posting, true, to));
        }
        self.lose_task(last, rank, &posting, to);
        ended.iter().for_each(|&task| self.try_unreported(task, rank, &posting, false, to));
        unbegun.iter().rev().for_each(|&task| self.put_back(task, rank, &posting, to));
    }

    /// A task was under way when its rank was lost.
    fn lose_task(&mut self, task: u64, rank: usize, posting: &Posting, to: &mut impl Actions) {
        let (cause, message) = if posting.is_late {
            (Cause::TimedOut, "it ran beyond its time limit and did not end when asked to".to_owned())
        } else {
            (Cause::Died, format!("rank {rank} died while it ran it"))
        };
        self.try_again(TaskError { task, rank, attempt: posting.chunk.attempt, cause, message }, to);
    }

    /// A task may have begun, and even ended, on a rank that died: it waits again, without blame.
    fn try_unreported(&mut self, task: u64, rank: usize, posting: &Posting, alone: bool, to: &mut impl Actions) {
        if self.is_stuck(task) || self.is_cancelled(task) {
            return self.lose_task(task, rank, posting, to);
        }
        self.history.begun(task, posting.chunk.attempt);
        self.counts.retries += 1;
        self.wait_again(task, alone, to);
    }

    /// A task that nobody has begun waits again, before the others.
    fn put_back(&mut self, task: u64, rank: usize, posting: &Posting, to: &mut impl Actions) {
        if self.is_stuck(task) || self.is_cancelled(task) {
            self.lose_task(task, rank, posting, to);
        } else if self.history.has_killed(task) {
            self.alone.push_front(task);
        } else {
            let priority = self.submissions.get(task).map_or(0, |submission| submission.priority);
            self.queue.push_front(task..task + 1, priority);
        }
    }

    /// An earlier job has ended while rank 0 ran an attempt, or with it: a death like that of any rank.
    pub(super) fn count_unended(&mut self, task: u64, attempt: u32, to: &mut impl Actions) {
        self.history.failed(task, attempt, Cause::Died);
        let message = "rank 0 died while it ran it, or the job was ended".to_owned();
        let former = Some(Reason { cause: Cause::Died, message });
        to.record(Entry::Attempt { task, number: attempt + 1, rank: 0, former });
    }

    /// A task that ranks died with has failed for good.
    pub(super) fn give_up_killer(&mut self, task: u64, message: &str, to: &mut impl Actions) {
        let attempt = self.history.attempts(task);
        self.give_up(TaskError { task, rank: 0, attempt, cause: Cause::Died, message: message.to_owned() }, to);
    }

    /// Whether a rank has died with a task.
    pub(crate) fn has_killed(&self, task: u64) -> bool {
        self.history.has_killed(task)
    }

    /// Whether other ranks took tasks at the beginning.
    pub(super) fn had_others(&self) -> bool {
        self.ranks.iter().enumerate().any(|(rank, it)| rank != 0 && it.leader == rank)
    }

    /// The task of a posting that comes after those reported.
    pub(crate) fn next_of(&self, number: u64) -> Option<UnderWay> {
        let posting = self.postings.get(&number).filter(|posting| posting.reported < posting.chunk.count)?;
        let place = u64::from(posting.reported);
        Some(UnderWay { posting: number, place, task: posting.task(place) })
    }

    /// An attempt is written into the journal once: after the death of all, it counts.
    pub(super) fn record_attempt(&mut self, rank: usize, at: UnderWay, to: &mut impl Actions) {
        let Some(posting) = self.postings.get(&at.posting) else { return };
        let number = posting.chunk.attempt;
        if self.history.record(at.task) {
            to.record(Entry::Attempt { task: at.task, number, rank, former: None });
        }
    }

    /// A task beyond its time limit is asked to end.
    pub(super) fn late(&mut self, rank: usize, at: UnderWay, to: &mut impl Actions) {
        if let Some(posting) = self.postings.get_mut(&at.posting) {
            posting.is_late = true;
            to.ask_to_end(rank, at.task, true);
        }
    }

    /// A task that was asked to end and has not: its rank is ended or, where the job can't go on without it, the job.
    pub(super) fn too_late(&mut self, rank: usize, at: UnderWay, to: &mut impl Actions) {
        if rank != 0 && self.rules.survives_deaths {
            return self.end_group(self.ranks[rank].leader, to);
        }
        if !self.is_aborted {
            self.lose(at.posting, rank, Some(at), to);
            let reason = format!(
                "task {} on rank {rank} runs beyond its time limit and does not end when asked to: tasks should look at is_cancelled(); \
                 the job ends here",
                at.task
            );
            self.abort(reason, to);
        }
    }
}
