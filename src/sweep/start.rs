//! How a sweep begins on every rank: groups, shared memory, sockets, the journal.

use std::ops::Range;
use std::sync::Arc;

use super::begun::{self, Begun};
use super::board::{self, Board};
use super::coordinator::{Coordinator, Finished, Rank};
use super::hub::{End, connect};
use super::journal::{Journal, Lengths, Recovered};
use super::lifeline::Lifeline;
use super::record::Head;
use super::ring::{self, Ring};
use super::root::Root;
use super::runner::{Runner, Work};
use super::task::Token;
use super::values::Values;
use super::worker::Way;
use super::{Schedule, Sweep};
use crate::comm::{Comm, Shared};
use crate::console::say;
use crate::error::TaskError;
use crate::partition::balanced_range;
use crate::{Error, Result};

/// A sweep about to begin.
pub(super) struct Starting<'w, 'a> {
    pub sweep: &'w Sweep<'a>,
    pub work: &'w Work<'w>,
    /// Tasks of the list, or none for a pool.
    pub count: Option<u64>,
}

/// What became of a rank.
pub(super) enum Side<'w> {
    /// Rank 0, ready to begin.
    Root(Box<Root<'w>>),
    /// Another rank, after the end, with the status that rank 0 told.
    Done(u8),
}

/// Which ranks run tasks together, and where they are.
struct Places {
    /// By rank: the first rank of its group.
    leaders: Vec<usize>,
    /// By rank: its number within rank 0's node, if it is there.
    near: Vec<Option<usize>>,
    /// This rank's group.
    group: Comm,
    node: Comm,
    crowded: bool,
}

/// What nobody is a member of: ranks that are left over.
const NONE: u64 = u64::MAX;

impl<'w> Starting<'w, '_> {
    /// Begins on every rank; all but rank 0 return after the end. All ranks.
    pub(super) fn start(&self) -> Result<Side<'w>> {
        let comm = self.sweep.comm;
        let places = self.places()?;
        let journal = if comm.is_root() { self.open_journal() } else { Ok(None) };
        let journal = comm.agree(journal)?;
        let (rank, crowded) = (comm.rank(), places.crowded);
        let memory = self.share(&places);
        let end = connect(comm)?;
        let (token, values) = (Arc::new(Token::default()), Arc::new(Values::default()));
        let group = places.group.clone();
        let mut runner = Runner::new(self.work, self.sweep.seed, Arc::clone(&token), Arc::clone(&values), group);
        match end {
            End::Root(hub) => {
                let rings = || places.rings(&memory);
                let ranks = places.leaders.iter().map(|&leader| Rank::new(leader));
                let board = places.board(&memory);
                runner.begun = places.begun(&memory, rank);
                let rules = self.sweep.rules.clone();
                let mut book = Coordinator::new(board, rings(), hub, ranks.collect(), rules, token);
                book.pace.fixed = self.sweep.chunk;
                book.troubles.begun = (0..comm.size()).map(|rank| places.begun(&memory, rank)).collect();
                self.fill(&mut book, journal);
                let peeks = rings().into_iter().map(|(_, ring)| ring).collect();
                let observer = self.sweep.observer.borrow_mut().take().unwrap_or_else(|| Box::new(|_| ()));
                let mut root = Root::start(book, runner, memory, peeks, observer, &*self.sweep.stop, crowded)?;
                root.computes = self.sweep.root_computes || root.is_alone();
                Ok(Side::Root(Box::new(root)))
            }
            End::Other(line) => {
                let line = Lifeline::new(line, token, values)
                    .map_err(|error| Error::Launch(format!("rank {rank} cannot listen to rank 0: {error}")))?;
                if places.leaders[rank] == rank {
                    let near = places.ring(&memory, rank).map(|ring| (places.board(&memory), ring));
                    runner.begun = places.begun(&memory, rank);
                    return Ok(Side::Done(Way { line, near, rank, crowded }.follow(&mut runner)));
                }
                if places.leaders[rank] < comm.size() {
                    runner.attend();
                }
                Ok(Side::Done(line.wait_for_end()))
            }
        }
    }

    /// Who runs tasks with whom, and who shares rank 0's memory. All ranks.
    fn places(&self) -> Result<Places> {
        let (comm, size) = (self.sweep.comm, self.sweep.ranks_per_task);
        if size == 0 || size > comm.size() {
            let reason = format!("is {size}; with {} ranks it must be between 1 and {}", comm.size(), comm.size());
            return Err(Error::input("ranks_per_task", reason));
        }
        let groups = comm.size() / size;
        let leader = |rank: usize| if rank / size < groups { rank / size * size } else { usize::MAX };
        let group = comm.split((comm.rank() / size).min(groups) as u32);
        let node = comm.split_node();
        let root_here = node.all_reduce_max(u64::from(comm.is_root())) == 1;
        let near = comm.all_gather(&[if root_here { node.rank() as u64 } else { NONE }]);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // Ranks that are bound to a core each see one only.
        let crowded = node.size() > cores && node.size() > online_cores();
        let near = near.into_iter().map(|place| (place != NONE).then_some(place as usize)).collect();
        Ok(Places { leaders: (0..comm.size()).map(leader).collect(), near, group, node, crowded })
    }

    /// The memory of rank 0's node: in each segment what the rank is at, then the board in rank 0's, a ring in each other one. All ranks.
    fn share(&self, places: &Places) -> Shared {
        let comm = self.sweep.comm;
        let (bytes, prepare): (usize, fn(*mut u8)) = match places.near[comm.rank()] {
            Some(_) if comm.is_root() => (board::BYTES, Board::prepare),
            Some(_) => (ring::BYTES, Ring::prepare),
            None => (0, |_| ()),
        };
        comm.share_memory(&places.node, begun::BYTES + bytes, |memory| {
            Begun::prepare(memory);
            // SAFETY: the rest of the segment follows.
            prepare(unsafe { memory.add(begun::BYTES) });
        })
    }

    fn open_journal(&self) -> Result<Option<(Journal, Option<Recovered>)>> {
        let Some((path, _)) = &self.sweep.journal else { return Ok(None) };
        let plan = self.sweep.journal_plan(self.count);
        Ok(Some(if path.exists() {
            let (journal, recovered) = Journal::open(path, &plan)?;
            (journal, Some(recovered))
        } else {
            (Journal::create(path, &plan)?, None)
        }))
    }

    /// Enters the tasks, without those that the journal has results of.
    fn fill(&self, book: &mut Coordinator, journal: Option<(Journal, Option<Recovered>)>) {
        let (journal, recovered) = journal.unzip();
        book.journal = journal;
        let recovered = recovered.flatten();
        if let Some(recovered) = &recovered {
            self.recover(book, recovered);
        }
        let Some(count) = self.count else { return };
        book.counts.tasks = count;
        let mut open: Vec<_> = match &recovered {
            Some(recovered) => recovered.remaining(count).collect(),
            None => std::iter::once(0..count).collect(),
        };
        if let Some(recovered) = recovered.filter(|_| !self.sweep.retry_failed) {
            open = recovered.failed().keys().fold(open, |open, &failed| without(open, failed));
        }
        open = book.troubles.set_apart().into_iter().fold(open, without);
        match self.sweep.schedule {
            Schedule::Dynamic => open.into_iter().for_each(|range| book.queue.push(range, 0)),
            Schedule::Static => spread_blocks(book, &self.workers(book), &open, count),
            Schedule::Cyclic => spread_cyclic(book, &self.workers(book), &open),
        }
    }

    /// The ranks that lists are spread over.
    fn workers(&self, book: &Coordinator) -> Vec<usize> {
        let takers: Vec<usize> = book.takers().collect();
        let others = takers.iter().copied().filter(|&rank| self.sweep.root_computes || rank != 0).collect::<Vec<_>>();
        if others.is_empty() { takers } else { others }
    }

    /// Takes over what an earlier job has left.
    fn recover(&self, book: &mut Coordinator, recovered: &Recovered) {
        recovered.notes().iter().for_each(|note| say(&format!("divisi: {note}")));
        for (&task, attempt) in recovered.attempts() {
            book.troubles.remember(task, attempt);
        }
        for run in recovered.done() {
            let sizes = sizes_of(&run.lengths);
            if self.count.is_some() {
                book.counts.done += sizes.len() as u64;
                book.counts.recovered += sizes.len() as u64;
                let (head, body) = Head::of_results(run.first, &sizes, run.results);
                book.finished.push_back(Finished::Results(head, body.into()));
                continue;
            }
            let mut rest = run.results;
            for (task, size) in (run.first..).zip(sizes) {
                let (one, after) = rest.split_at(size as usize);
                book.recorded.insert(task, one.to_vec());
                rest = after;
            }
        }
        if self.sweep.retry_failed || self.count.is_none() {
            return;
        }
        for (&task, failed) in recovered.failed() {
            book.counts.failed += 1;
            let (rank, attempt) = (failed.rank as usize, failed.attempts);
            let (cause, message) = (failed.reason.cause, failed.reason.message.clone());
            book.finished.push_back(Finished::Failure(TaskError { task, rank, attempt, cause, message }));
        }
    }
}

impl Places {
    /// Rank 0's end of the rings of the ranks that take tasks on its node.
    fn rings(&self, memory: &Shared) -> Vec<(usize, Ring)> {
        let others = (1..self.leaders.len()).filter(|&rank| self.leaders[rank] == rank);
        others.filter_map(|rank| Some((rank, self.ring(memory, rank)?))).collect()
    }

    /// A rank's ring, if it has one.
    fn ring(&self, memory: &Shared, rank: usize) -> Option<Ring> {
        self.near[rank].map(|place| Ring::at(content(memory, place)))
    }

    /// The board, on rank 0's node.
    fn board(&self, memory: &Shared) -> Board {
        Board::at(content(memory, self.near[0].unwrap_or(0)))
    }

    /// What a rank is at, if it is on rank 0's node.
    fn begun(&self, memory: &Shared, rank: usize) -> Option<Begun> {
        self.near[rank].map(|place| Begun::at(memory.segment(place)))
    }
}

/// The board or the ring in a segment.
fn content(memory: &Shared, place: usize) -> *mut u8 {
    // SAFETY: segments of rank 0's node are that long.
    unsafe { memory.segment(place).add(begun::BYTES) }
}

fn sizes_of(lengths: &Lengths) -> Vec<u32> {
    match lengths {
        Lengths::Equal { count, length } => vec![*length; *count as usize],
        Lengths::Each(lengths) => lengths.to_vec(),
    }
}

/// The processor's cores, whichever this process is bound to.
fn online_cores() -> usize {
    let listed = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    listed.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

/// The ranges without one task.
fn without(ranges: Vec<Range<u64>>, task: u64) -> Vec<Range<u64>> {
    let split = |range: Range<u64>| match range.contains(&task) {
        true => [range.start..task, task + 1..range.end],
        false => [range, 0..0],
    };
    ranges.into_iter().flat_map(split).filter(|range| !range.is_empty()).collect()
}

/// Gives each taker its block of the tasks, without those that are not open.
fn spread_blocks(book: &mut Coordinator, takers: &[usize], open: &[Range<u64>], count: u64) {
    for (place, &rank) in takers.iter().enumerate() {
        let block = balanced_range(count, takers.len(), place);
        for range in open {
            let part = range.start.max(block.start)..range.end.min(block.end);
            if part.start < part.end {
                book.give(rank, part, 1);
            }
        }
    }
}

/// Gives task i to taker i modulo their number.
fn spread_cyclic(book: &mut Coordinator, takers: &[usize], open: &[Range<u64>]) {
    let stride = takers.len() as u64;
    for (place, &rank) in takers.iter().enumerate() {
        for range in open {
            let first = range.start + (place as u64 + stride - range.start % stride) % stride;
            if first < range.end {
                book.give(rank, first..range.end, stride);
            }
        }
    }
}
