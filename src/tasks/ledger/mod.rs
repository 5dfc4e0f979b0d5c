//! The ledger: the state of every task, as a pure state machine.
//!
//! What happens goes in as an [`Event`]; what is to be done about it comes out as calls of [`Actions`]. The ledger knows no socket, no
//! shared memory, no file, no clock and no MPI, so deaths, retries, limits, priorities and cancelling are tested here without any of them.
//! The README of `tasks` has the table of a task's states.
//!
//! Where a task stands follows from where its number is: in the queue or among those to be tried `alone` it waits; in a posting it is
//! handed out; elsewhere it waits for its inputs or has ended. Tasks of a list are kept as ranges, never one by one.
//!
//! - `handing_out`: from waiting to posted or assigned, and back.
//! - `reports`: what ranks report, what comes of it, and what is tried again or given up.
//! - `losses`: ranks that die, and tasks that take too long.
//! - `graph`: submitted tasks that come after others, and who still asks for them.

mod graph;
mod handing_out;
pub(crate) mod history;
mod losses;
pub(crate) mod posting;
mod queue;
mod reports;
pub(crate) mod submissions;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;

use crate::base::error::TaskError;
use crate::tasks::journal::{Attempt, Reason};
use crate::tasks::wire::chunk::Chunk;
use crate::tasks::wire::report::Report;
use history::History;
use posting::Postings;
use queue::Queue;
use submissions::{Submission, Submissions};

/// What has been counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Tasks that there are: of the list, or submitted so far.
    pub tasks: u64,
    /// Tasks with a result, those of the journal included.
    pub done: u64,
    /// Tasks that failed for good.
    pub failed: u64,
    /// Tasks that were cancelled, or whose inputs have no result.
    pub cancelled: u64,
    /// Tasks that ranks have now, as far as rank 0 knows.
    pub running: u64,
    /// Results taken from the journal of an earlier job.
    pub recovered: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Ranks that died.
    pub deaths: u64,
}

/// What the ledger goes by.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Attempts after a first one that failed.
    pub retries: u32,
    /// Tasks that may fail for good before no more are begun; 0: any number.
    pub stop_after: u64,
    /// Whether the launcher lets the other ranks go on when one dies.
    pub survives_deaths: bool,
}

/// What happens.
#[derive(Debug)]
pub(crate) enum Event {
    /// An earlier job has left an attempt at a task, which is not done.
    Attempted { task: u64, last: Attempt },
    /// An earlier job has ended while rank 0 ran an attempt.
    Unended { task: u64, attempt: u32 },
    /// An earlier job has left what came of tasks of a list.
    Recovered(Finished),
    /// Tasks of a list wait, for any rank.
    Listed(Range<u64>),
    /// Tasks of a list, one `stride` after another, are for one rank.
    Assigned { rank: usize, tasks: Range<u64>, stride: u64 },
    /// A task is submitted, with the [next number](Submissions::next); with its outcome if the journal has one.
    Submitted(Submission),
    /// Somebody asks for a task's outcome.
    Wanted(u64),
    /// One who asked for a task's outcome does so no more.
    Released(u64),
    /// A task is no longer to be run.
    Cancelled(u64),
    /// There may be room for more chunks.
    Room,
    /// A rank has a chunk that was posted.
    Claimed { posting: u64, rank: usize },
    /// A rank reports results of consecutive tasks of a chunk.
    Results { rank: usize, report: Report },
    /// A rank reports that an attempt has failed.
    Failed { posting: u64, error: TaskError },
    /// A rank gives back what it has not begun of a chunk.
    Returned { posting: u64 },
    /// An attempt is worth a line in the journal: it runs long, or rank 0 is about to begin it.
    Noted { rank: usize, at: UnderWay },
    /// A rank's task is beyond its time limit.
    Late { rank: usize, at: UnderWay },
    /// A rank's task was asked to end and has not.
    TooLate { rank: usize, at: UnderWay },
    /// A rank has died.
    RankLost(usize),
    /// A rank has left, at the end.
    RankLeft(usize),
    /// No more tasks are to begin.
    Paused,
    /// All tasks that wait are to be forgotten, those under way to end.
    Dropped,
}

/// A task under way: where it stands in which posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnderWay {
    pub posting: u64,
    pub place: u64,
    pub task: u64,
}

/// A chunk that was posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posted {
    pub number: u64,
    /// The posting that was in the same place before, and the rank that has taken it.
    pub before: Option<(u64, usize)>,
}

/// A line for the journal.
#[derive(Debug)]
pub(crate) enum Entry<'a> {
    /// Results, of these submissions if they were submitted.
    Results { rank: usize, report: &'a Report, submissions: &'a Submissions },
    /// A task failed for good.
    Failed(&'a TaskError),
    /// An attempt begins or is under way, and why the one before failed.
    Attempt { task: u64, number: u32, rank: usize, former: Option<Reason> },
    /// A rank died.
    Death(usize),
}

/// What came of tasks, in the order in which it came.
#[derive(Debug)]
pub(crate) enum Finished {
    /// Results of consecutive tasks of a list.
    Results(Report),
    /// A task of a list failed for good.
    Failure(TaskError),
    /// A submitted task has its outcome.
    Submitted(u64),
}

/// What the ledger has done, and what it asks.
pub(crate) trait Actions {
    /// How many tasks the next chunk may have, of `waiting` ones for `ranks` ranks; none if there is no room for a chunk now.
    fn room(&self, waiting: u64, ranks: usize) -> Option<u64>;
    /// Posts a chunk for whoever comes first; not if there is no room for its arguments.
    fn post(&mut self, chunk: Chunk, submissions: &Submissions) -> Option<Posted>;
    /// Sends a chunk to one rank.
    fn assign(&mut self, rank: usize, posting: u64, chunk: Chunk, stride: u64, submissions: &Submissions);
    /// The postings that nobody may have yet.
    fn posted(&self) -> Range<u64>;
    /// Takes a posting back, unless a rank has it: whether it did.
    fn revoke(&mut self, posting: u64) -> bool;
    /// Who has a posting, if that can be seen.
    fn holder(&self, posting: u64) -> Option<usize>;
    /// Lets go of a posting that is over: `lost` if with its rank.
    fn close(&mut self, posting: u64, lost: bool);
    /// The posting that a rank began last and how many of its tasks it has begun, if that can be seen.
    fn progress(&self, rank: usize) -> Option<(u64, u64)>;
    /// Asks ranks to give back what they have not begun.
    fn pause(&mut self);
    /// Asks the task that a rank runs to end.
    fn ask_to_end(&mut self, rank: usize, task: u64, timed_out: bool);
    /// Ends a rank.
    fn end_rank(&mut self, rank: usize);
    /// Ends the job.
    fn abort(&mut self, reason: String);
    /// Writes into the journal.
    fn record(&mut self, entry: Entry<'_>);
    /// Has the journal outlive this process.
    fn flush(&mut self);
    /// Hands over what came of tasks.
    fn hand_over(&mut self, finished: Finished);
}

/// What a rank is.
#[derive(Clone, Copy, Debug)]
struct Rank {
    alive: bool,
    /// The first rank of its group, which alone takes tasks.
    leader: usize,
}

/// What follows from the end of a task. Chains of tasks may be long: they are worked off one by one, not by recursion.
#[derive(Clone, Copy, Debug)]
enum Consequence {
    /// An input of a task is there.
    Ready(u64),
    /// An input of a task will never be there.
    Lost { task: u64, input: u64 },
    /// A task is asked for.
    Wanted(u64),
    /// A task's outcome has one user less.
    Released(u64),
}

/// The state of every task.
pub(crate) struct Ledger {
    rules: Rules,
    ranks: Vec<Rank>,
    /// Tasks that wait for any rank.
    queue: Queue,
    /// Tasks that wait to be tried alone, on another rank than 0.
    alone: VecDeque<u64>,
    /// Chunks that are handed out.
    postings: Postings,
    history: History,
    submissions: Submissions,
    consequences: VecDeque<Consequence>,
    counts: Counts,
    /// Chunks that were assigned to one rank so far.
    assigned: u64,
    /// Chunks that got to ranks so far.
    turns: u64,
    is_paused: bool,
    is_aborted: bool,
}

impl Ledger {
    /// The ledger of ranks of which each has a leader, the first of its group.
    pub(crate) fn new(leaders: impl Iterator<Item = usize>, rules: Rules) -> Self {
        Ledger {
            rules,
            ranks: leaders.map(|leader| Rank { alive: true, leader }).collect(),
            queue: Queue::default(),
            alone: VecDeque::new(),
            postings: Postings::default(),
            history: History::default(),
            submissions: Submissions::default(),
            consequences: VecDeque::new(),
            counts: Counts::default(),
            assigned: 0,
            turns: 0,
            is_paused: false,
            is_aborted: false,
        }
    }

    /// Takes in what has happened.
    pub(crate) fn apply(&mut self, event: Event, to: &mut impl Actions) {
        match event {
            Event::Attempted { task, last } => self.history.remember(task, &last),
            Event::Unended { task, attempt } => self.count_unended(task, attempt, to),
            Event::Recovered(finished) => self.recover(finished, to),
            Event::Listed(tasks) => self.list(tasks, to),
            Event::Assigned { rank, tasks, stride } => self.assign_list(rank, tasks, stride, to),
            Event::Submitted(submission) => self.submit(submission),
            Event::Wanted(task) => self.want(task, to),
            Event::Released(task) => self.release(task, to),
            Event::Cancelled(task) => self.cancel(task, to),
            Event::Room => self.hand_out(to),
            Event::Claimed { posting, rank } => self.claimed(posting, rank),
            Event::Results { rank, report } => self.results(rank, report, to),
            Event::Failed { posting, error } => self.failed(posting, error, to),
            Event::Returned { posting } => self.take_back(posting, to),
            Event::Noted { rank, at } => self.record_attempt(rank, at, to),
            Event::Late { rank, at } => self.late(rank, at, to),
            Event::TooLate { rank, at } => self.too_late(rank, at, to),
            Event::RankLost(rank) => self.remove_rank(rank, to),
            Event::RankLeft(rank) => self.ranks[rank].alive = false,
            Event::Paused => self.pause(to),
            Event::Dropped => self.drop_all(to),
        }
        while let Some(next) = self.consequences.pop_front() {
            self.follow(next, to);
        }
    }

    /// A list has so many tasks, those that an earlier job has done among them.
    pub(crate) fn expect(&mut self, tasks: u64) {
        self.counts.tasks = tasks;
    }

    /// Submitted tasks have numbers from `first` on.
    pub(crate) fn begin_at(&mut self, first: u64) {
        self.submissions.begin_at(first);
    }

    /// What was counted.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Submitted tasks.
    pub(crate) fn submissions(&self) -> &Submissions {
        &self.submissions
    }

    /// How many tasks wait for any rank.
    pub(crate) fn waiting(&self) -> u64 {
        self.queue.len()
    }

    /// Whether no more tasks begin.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Whether no task is under way, and none will be.
    pub(crate) fn is_over(&self) -> bool {
        self.postings.is_empty() && (self.is_paused || self.queue.len() == 0 && self.alone.is_empty())
    }

    /// The ranks that can take tasks.
    pub(crate) fn takers(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranks.iter().enumerate().filter(|&(rank, it)| it.alive && it.leader == rank).map(|(rank, _)| rank)
    }

    /// Whether a rank other than 0 is there.
    pub(crate) fn has_others(&self) -> bool {
        self.ranks.iter().skip(1).any(|rank| rank.alive)
    }
}
