//! A world for the ledger to act on: a board, ranks that claim, run and report tasks, die and are asked to end. Without any I/O.
//!
//! Whatever the ledger does is checked as it does it: nothing goes to a rank that is dead, no task is with two ranks at a time, no task
//! has two outcomes, what is handed over stands in the journal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use crate::base::error::{Cause, TaskError};
use crate::tasks::ledger::submissions::Submissions;
use crate::tasks::ledger::{Actions, Entry, Event, Finished, Ledger, Posted, Rules};
use crate::tasks::wire::chunk::Chunk;
use crate::tasks::wire::report::{Gathered, Report, ReportHead};

/// Chunks that the board takes.
const SLOTS: u64 = 4;
/// Tasks of a chunk.
const MOST: u64 = 3;

/// A chunk that a rank has.
#[derive(Clone, Debug)]
pub(super) struct Held {
    posting: u64,
    chunk: Chunk,
    stride: u64,
    /// Tasks that have begun, ended, and been reported.
    begun: u32,
    ended: u32,
    reported: u32,
}

impl Held {
    /// Whether a task is in the chunk.
    pub(super) fn has(&self, task: u64) -> bool {
        (0..u64::from(self.chunk.count)).any(|place| self.chunk.first + place * self.stride == task)
    }
}

/// A rank.
#[derive(Clone, Debug, Default)]
pub(super) struct WorldRank {
    pub is_dead: bool,
    /// Whether rank 0 sees what it is at.
    is_near: bool,
    /// Whether the ledger has asked for its end.
    pub must_end: bool,
    /// In the order in which they came.
    pub chunks: VecDeque<Held>,
    progress: (u64, u64),
    /// The task that was asked to end, and whether for its time limit.
    pub asked: Option<(u64, bool)>,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum JournalLine {
    Done(u64),
    Failed(u64),
    Attempt(u64, u32),
    Death(usize),
}

/// All that is around a ledger.
pub(super) struct World {
    board: BTreeMap<u64, Chunk>,
    next: u64,
    pub ranks: Vec<WorldRank>,
    pub is_paused: bool,
    pub aborted: Option<String>,
    pub journal: Vec<JournalLine>,
    /// What came of each task of a list; of a submitted one only that something did.
    pub outcomes: BTreeMap<u64, Option<Result<(), TaskError>>>,
    /// How often each task began.
    pub begun: BTreeMap<u64, u32>,
}

impl World {
    /// A ledger of `near` ranks on rank 0's node and `far` ones elsewhere, in groups of `group`, and its world.
    pub(super) fn new(near: usize, far: usize, group: usize, rules: Rules) -> (Ledger, World) {
        let size = near + far;
        let leader = |rank: usize| if rank / group < size / group { rank / group * group } else { usize::MAX };
        let rank = |rank| WorldRank { is_near: rank < near, ..WorldRank::default() };
        let world = World {
            board: BTreeMap::new(),
            next: 0,
            ranks: (0..size).map(rank).collect(),
            is_paused: false,
            aborted: None,
            journal: Vec::new(),
            outcomes: BTreeMap::new(),
            begun: BTreeMap::new(),
        };
        (Ledger::new((0..size).map(leader), rules), world)
    }

    /// A rank takes the oldest chunk from the board.
    pub(super) fn claim(&mut self, ledger: &mut Ledger, rank: usize) {
        let takes = ledger.takers().any(|taker| taker == rank);
        if !takes || self.ranks[rank].is_dead {
            return;
        }
        if let Some((posting, chunk)) = self.board.pop_first() {
            self.hold(rank, posting, chunk, 1);
            if !self.ranks[rank].is_near {
                ledger.apply(Event::Claimed { posting, rank }, self);
            }
        }
    }

    fn hold(&mut self, rank: usize, posting: u64, chunk: Chunk, stride: u64) {
        let held = Held { posting, chunk, stride, begun: 0, ended: 0, reported: 0 };
        self.ranks[rank].chunks.push_back(held);
    }

    /// A rank begins its next task, or gives back what it has not begun.
    pub(super) fn begin(&mut self, ledger: &mut Ledger, rank: usize) {
        let is_paused = self.is_paused;
        let it = &mut self.ranks[rank];
        let Some(held) = it.chunks.front_mut().filter(|held| held.begun == held.ended) else { return };
        if is_paused {
            let posting = held.posting;
            self.flush(ledger, rank);
            self.ranks[rank].chunks.pop_front();
            return ledger.apply(Event::Returned { posting }, self);
        }
        let task = held.chunk.first + u64::from(held.begun) * held.stride;
        held.begun += 1;
        it.progress = (held.posting, u64::from(held.begun));
        *self.begun.entry(task).or_default() += 1;
    }

    /// The task that a rank runs.
    pub(super) fn running(&self, rank: usize) -> Option<u64> {
        let held = self.ranks[rank].chunks.front().filter(|held| held.begun > held.ended)?;
        Some(held.chunk.first + u64::from(held.ended) * held.stride)
    }

    /// The task that a rank runs ends: with a result, or with a failure. One that was asked to end does.
    pub(super) fn end(&mut self, ledger: &mut Ledger, rank: usize, failure: Option<Cause>) {
        let Some(task) = self.running(rank) else { return };
        let asked = self.ranks[rank].asked.filter(|(asked, _)| *asked == task);
        let failure = asked.map(|(_, late)| if late { Cause::TimedOut } else { Cause::Cancelled }).or(failure);
        let Some(cause) = failure else {
            let held = &mut self.ranks[rank].chunks[0];
            held.ended += 1;
            if held.ended == held.chunk.count || held.stride > 1 {
                self.flush(ledger, rank);
            }
            return;
        };
        self.flush(ledger, rank);
        let held = &mut self.ranks[rank].chunks[0];
        held.ended += 1;
        held.reported += 1;
        let posting = held.posting;
        let error = TaskError { task, rank, attempt: held.chunk.attempt, cause, message: String::new() };
        if held.reported == held.chunk.count {
            self.ranks[rank].chunks.pop_front();
        }
        ledger.apply(Event::Failed { posting, error }, self);
    }

    /// A rank reports the results that it has gathered.
    pub(super) fn flush(&mut self, ledger: &mut Ledger, rank: usize) {
        let Some(held) = self.ranks[rank].chunks.front_mut().filter(|held| held.ended > held.reported) else { return };
        let first = held.chunk.first + u64::from(held.reported) * held.stride;
        let report = report(held.posting, first, held.ended - held.reported, held.chunk.attempt);
        held.reported = held.ended;
        if held.reported == held.chunk.count {
            self.ranks[rank].chunks.pop_front();
        }
        ledger.apply(Event::Results { rank, report }, self);
    }

    /// A rank dies.
    pub(super) fn kill(&mut self, ledger: &mut Ledger, rank: usize) {
        if rank > 0 && !self.ranks[rank].is_dead {
            self.ranks[rank].is_dead = true;
            ledger.apply(Event::RankLost(rank), self);
            self.ranks[rank].chunks.clear();
        }
    }

    /// The task that a rank runs is beyond its time limit, or beyond that and was asked to end before.
    pub(super) fn late(&mut self, ledger: &mut Ledger, rank: usize, too_late: bool) {
        let at = ledger.under_way(rank, self).filter(|_| self.running(rank).is_some());
        let Some(at) = at else { return };
        let was_asked = self.ranks[rank].asked == Some((at.task, true));
        match (too_late, was_asked) {
            (true, true) => ledger.apply(Event::TooLate { rank, at }, self),
            (false, false) => ledger.apply(Event::Late { rank, at }, self),
            _ => ledger.apply(Event::Noted { rank, at }, self),
        }
    }

    /// All ranks do what there is to do, one task each; those that were asked to end die.
    pub(super) fn round(&mut self, ledger: &mut Ledger) {
        self.round_but(ledger, u64::MAX);
    }

    /// The same, but one task doesn't end.
    pub(super) fn round_but(&mut self, ledger: &mut Ledger, endless: u64) {
        ledger.apply(Event::Room, self);
        for rank in 0..self.ranks.len() {
            if self.ranks[rank].must_end {
                self.kill(ledger, rank);
            }
            if !self.ranks[rank].is_dead {
                if self.ranks[rank].chunks.is_empty() {
                    self.claim(ledger, rank);
                }
                self.begin(ledger, rank);
                if self.running(rank) != Some(endless) {
                    self.end(ledger, rank, None);
                }
            }
        }
    }

    /// Goes on until no task is left.
    pub(super) fn finish(&mut self, ledger: &mut Ledger) {
        for _ in 0..10_000 {
            if ledger.is_over() || self.aborted.is_some() {
                return;
            }
            self.round(ledger);
        }
        panic!("no end");
    }

    fn expect_alive(&self, rank: usize) {
        assert!(!self.ranks[rank].is_dead, "rank {rank} is dead");
    }

    /// The tasks that ranks that are alive have and have not reported, and those on the board.
    pub(super) fn handed_out(&self) -> Vec<u64> {
        let alive = self.ranks.iter().filter(|rank| !rank.is_dead);
        let held = alive.flat_map(|rank| &rank.chunks).map(|held| (held.chunk, held.reported, held.stride));
        let posted = self.board.values().map(|&chunk| (chunk, 0, 1));
        let tasks = |(chunk, reported, stride): (Chunk, u32, u64)| {
            (reported..chunk.count).map(move |place| chunk.first + u64::from(place) * stride)
        };
        held.chain(posted).flat_map(tasks).collect()
    }

    fn expect_ready(chunk: Chunk, stride: u64, submissions: &Submissions) {
        for submission in submissions.of(chunk, stride) {
            assert!(submission.is_wanted && submission.outcome.is_none() && submission.missing == 0);
            assert!(submission.inputs.iter().all(|&input| submissions.result(input).is_some()));
        }
    }
}

/// A report of `count` results, a byte each.
pub(super) fn report(posting: u64, first: u64, count: u32, attempt: u32) -> Report {
    let mut gathered = Gathered::default();
    for _ in 0..count {
        gathered
            .add(|bytes| {
                bytes.push(7);
                Ok::<(), ()>(())
            })
            .expect("room");
    }
    let mut report = None;
    gathered.send(ReportHead::new(posting, first, attempt, 0.0), |parts| report = Report::of_parts(parts));
    report.expect("a report")
}

impl Actions for World {
    fn room(&self, _: u64, _: usize) -> Option<u64> {
        let is_free = self.next.checked_sub(SLOTS).is_none_or(|before| !self.board.contains_key(&before));
        is_free.then_some(MOST)
    }

    fn post(&mut self, chunk: Chunk, submissions: &Submissions) -> Option<Posted> {
        World::expect_ready(chunk, 1, submissions);
        assert!(!self.is_paused && chunk.count > 0);
        let number = self.next;
        let before = number.checked_sub(SLOTS).and_then(|before| Some((before, self.holder(before)?)));
        self.next += 1;
        self.board.insert(number, chunk);
        Some(Posted { number, before })
    }

    fn assign(&mut self, rank: usize, posting: u64, chunk: Chunk, stride: u64, submissions: &Submissions) {
        World::expect_ready(chunk, stride, submissions);
        self.expect_alive(rank);
        assert!(chunk.count > 0);
        self.hold(rank, posting, chunk, stride);
    }

    fn posted(&self) -> Range<u64> {
        self.board.keys().next().copied().unwrap_or(self.next)..self.next
    }

    fn revoke(&mut self, posting: u64) -> bool {
        self.board.remove(&posting).is_some()
    }

    fn holder(&self, posting: u64) -> Option<usize> {
        // As long as its slot is not used again.
        let is_visible = posting + SLOTS >= self.next;
        let has = |rank: &WorldRank| rank.chunks.iter().any(|held| held.posting == posting);
        self.ranks.iter().position(has).filter(|_| is_visible)
    }

    fn close(&mut self, posting: u64, _: bool) {
        assert!(!self.board.contains_key(&posting), "posting {posting} is closed, and ranks may still claim it");
    }

    fn progress(&self, rank: usize) -> Option<(u64, u64)> {
        let rank = self.ranks.get(rank)?;
        rank.is_near.then_some(rank.progress)
    }

    fn pause(&mut self) {
        self.is_paused = true;
    }

    fn ask_to_end(&mut self, rank: usize, task: u64, timed_out: bool) {
        self.expect_alive(rank);
        self.ranks[rank].asked = Some((task, timed_out));
    }

    fn end_rank(&mut self, rank: usize) {
        self.expect_alive(rank);
        assert!(rank > 0);
        self.ranks[rank].must_end = true;
    }

    fn abort(&mut self, reason: String) {
        assert!(self.aborted.is_none(), "aborted twice");
        self.aborted = Some(reason);
    }

    fn record(&mut self, entry: Entry<'_>) {
        match entry {
            Entry::Results { report, .. } => {
                self.journal.extend(report.each().map(|(task, _)| JournalLine::Done(task)))
            }
            Entry::Failed(error) => self.journal.push(JournalLine::Failed(error.task)),
            Entry::Attempt { task, number, .. } => self.journal.push(JournalLine::Attempt(task, number)),
            Entry::Death(rank) => self.journal.push(JournalLine::Death(rank)),
        }
    }

    fn flush(&mut self) {}

    fn hand_over(&mut self, finished: Finished) {
        let outcomes: Vec<(u64, Option<Result<(), TaskError>>)> = match finished {
            Finished::Results(report) => report.each().map(|(task, _)| (task, Some(Ok(())))).collect(),
            Finished::Failure(error) => vec![(error.task, Some(Err(error)))],
            Finished::Submitted(task) => vec![(task, None)],
        };
        for (task, outcome) in outcomes {
            if let Some(Ok(())) = outcome {
                assert!(
                    self.journal.contains(&JournalLine::Done(task)),
                    "task {task} is handed over before it is recorded"
                );
            }
            assert!(self.outcomes.insert(task, outcome).is_none(), "task {task} has two outcomes");
        }
    }
}

/// What must hold at any time.
pub(super) fn check(ledger: &Ledger, world: &World) {
    let mut places: BTreeMap<u64, u32> = BTreeMap::new();
    for task in ledger.queue.tasks().chain(ledger.alone.iter().copied()) {
        *places.entry(task).or_default() += 1;
    }
    let handed_out: Vec<u64> = ledger.postings.values().flat_map(|posting| posting.unreported()).collect();
    handed_out.iter().for_each(|&task| *places.entry(task).or_default() += 1);
    assert!(places.values().all(|&count| count == 1), "tasks in several places: {places:?}");
    assert!(places.keys().all(|task| !world.outcomes.contains_key(task)), "tasks that have ended and wait: {places:?}");
    assert_eq!(ledger.counts.running, handed_out.len() as u64);
    if world.aborted.is_none() {
        let ledgers: BTreeSet<u64> = handed_out.into_iter().collect();
        let worlds = world.handed_out();
        assert_eq!(worlds.len(), ledgers.len(), "ranks have {worlds:?}, the ledger says {ledgers:?}");
        assert_eq!(worlds.into_iter().collect::<BTreeSet<_>>(), ledgers);
    }
    let recorded: Vec<&JournalLine> =
        world.journal.iter().filter(|line| matches!(line, JournalLine::Done(_) | JournalLine::Failed(_))).collect();
    let distinct = |line: &&JournalLine| recorded.iter().filter(|other| *other == line).count() == 1;
    assert!(recorded.iter().all(distinct), "recorded twice: {recorded:?}");
}
