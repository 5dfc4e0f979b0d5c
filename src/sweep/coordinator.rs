//! Rank 0's book of a sweep: which tasks wait, who has which, what came of them.
//!
//! Its main thread and its service thread both work on it, one at a time. In a round it takes in what ranks have sent, records it,
//! sees what has become ready (`submitted`), and posts more chunks (`posting`). What goes into the journal is in `recording`, what to do
//! when a task fails or a rank dies in `troubles`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::arena::Arena;
use super::board::{self, Board};
use super::entries::Entries;
use super::flight::{Flight, Flights};
use super::frame::{Frame, Kind};
use super::hub::{Heard, Hub};
use super::journal::Journal;
use super::pace::Pace;
use super::queue::Queue;
use super::reader::Reader;
use super::record::{Head, Said};
use super::ring::Ring;
use super::runner::Order;
use super::task::Token;
use super::troubles::Troubles;
use crate::error::TaskError;
use crate::{Error, Result};

/// Numbers of orders to one rank, which don't go over the board, begin here.
pub(super) const ORDERS: u64 = 1 << 39;
/// Chunks that a rank of another node gets ahead, while they take less than this.
const SHORT: f64 = 5e-3;

/// What has been counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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

/// How a sweep is to be run.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Attempts after a first one that failed.
    pub retries: u32,
    /// How long an attempt may take.
    pub time_limit: Option<Duration>,
    /// Tasks that may fail for good before the sweep stops; 0: any number.
    pub stop_after: u64,
}

/// What a rank is to rank 0.
#[derive(Debug)]
pub(super) struct Rank {
    pub alive: bool,
    /// The first rank of its group, which alone takes tasks.
    pub leader: usize,
    /// Chunks that it has asked for and not got.
    pub wants: u32,
}

/// What came of tasks of a list, in the order in which it came.
pub(super) enum Finished {
    /// Results of consecutive tasks: the head and the body of a record.
    Results(Head, Arc<Vec<u8>>),
    Failure(TaskError),
}

/// A value that a rank was asked for, if it has it.
pub(super) type Pulled = (usize, Option<Vec<u8>>);

/// Rank 0's book.
pub(super) struct Coordinator {
    pub board: Board,
    readers: Vec<Reader>,
    pub hub: Hub,
    pub ranks: Vec<Rank>,
    pub rules: Rules,
    pub queue: Queue,
    /// Submitted tasks; those of a list have no entries.
    pub entries: Entries,
    /// What came of a list's tasks and nobody has looked at.
    pub finished: VecDeque<Finished>,
    /// Submitted tasks that ended, for each who listens.
    pub ended: BTreeMap<u64, VecDeque<u64>>,
    pub flights: Flights,
    pub posting: u64,
    pub order: u64,
    /// Values sent to ranks so far.
    pub epoch: u64,
    /// Where chunks of arguments are packed.
    pub arena: Arena,
    /// Where long arguments stay from their submission on.
    pub held: Arena,
    /// Orders for rank 0 itself.
    pub own: VecDeque<(Order, Vec<u8>)>,
    pub token: Arc<Token>,
    pub journal: Option<Journal>,
    /// Results of submitted tasks that an earlier job has left.
    pub recorded: HashMap<u64, Vec<u8>>,
    pub pace: Pace,
    pub troubles: Troubles,
    /// Values that ranks have sent, by the number of the question.
    pub pulled: HashMap<u64, Vec<Pulled>>,
    pub handles: u64,
    pub counts: Counts,
    /// Why the whole sweep must end.
    pub fatal: Option<Error>,
    /// Whether the job must end without waiting for the main thread.
    pub doomed: bool,
    /// Whether no new chunks are posted.
    pub paused: bool,
    /// Whether the sweep is over, so that ranks may go.
    pub over: bool,
}

impl Coordinator {
    /// The book of a sweep that is about to begin. `rings` are those of the ranks of this node.
    pub(super) fn new(
        board: Board,
        rings: Vec<(usize, Ring)>,
        hub: Hub,
        ranks: Vec<Rank>,
        rules: Rules,
        token: Arc<Token>,
    ) -> Self {
        Coordinator {
            board,
            readers: rings.into_iter().map(|(rank, ring)| Reader::new(rank, ring)).collect(),
            hub,
            ranks,
            rules,
            queue: Queue::default(),
            entries: Entries::default(),
            finished: VecDeque::new(),
            ended: BTreeMap::new(),
            flights: Flights::default(),
            posting: 0,
            order: ORDERS,
            epoch: 0,
            arena: Arena::new(0..board::ARENA / 2),
            held: Arena::new(board::ARENA / 2..board::ARENA),
            own: VecDeque::new(),
            token,
            journal: None,
            recorded: HashMap::new(),
            pace: Pace::default(),
            troubles: Troubles::default(),
            pulled: HashMap::new(),
            handles: 0,
            counts: Counts::default(),
            fatal: None,
            doomed: false,
            paused: false,
            over: false,
        }
    }

    /// Ends the sweep with `outcome`, if it is an error.
    pub(super) fn note<T>(&mut self, outcome: Result<T>) {
        if let Err(error) = outcome {
            self.fatal.get_or_insert(error);
        }
    }

    /// The ranks that can take tasks.
    pub(super) fn takers(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranks.iter().enumerate().filter(|&(rank, it)| it.alive && it.leader == rank).map(|(rank, _)| rank)
    }

    /// Chunks that are posted and that nobody had when this was last looked at.
    pub(super) fn posted(&self) -> u64 {
        self.posting - self.board.head().min(self.posting)
    }

    /// Whether no task waits and none is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.len() == 0 && self.flights.is_empty() && self.troubles.waiting() == 0
    }

    /// Takes in what ranks of this node have sent.
    pub(super) fn drain(&mut self) {
        for place in 0..self.readers.len() {
            while let Some((head, body)) = self.readers[place].next() {
                self.take_in(self.readers[place].rank, &head, body);
            }
        }
    }

    /// Takes in what ranks have sent by socket.
    pub(super) fn listen(&mut self, rank: usize) {
        for heard in self.hub.hear(rank) {
            match heard {
                Heard::Frame(frame) => self.obey(rank, frame),
                Heard::Gone if self.over || !self.ranks[rank].alive => self.ranks[rank].alive = false,
                Heard::Gone => {
                    // What it had finished is in its ring.
                    self.drain();
                    self.bury(rank);
                }
            }
        }
    }

    fn obey(&mut self, rank: usize, frame: Frame) {
        match frame.kind {
            Kind::Want => {
                let short = self.pace.chunk(u64::MAX, 1) as f64 * self.pace.each().unwrap_or(1.0) < SHORT;
                let first = frame.numbers[0] == 0;
                self.ranks[rank].wants += if first && short { 2 } else { 1 };
            }
            Kind::Record => {
                if let Some((head, body)) = frame.bytes.split_first_chunk() {
                    self.take_in(rank, &Head::read(head), Arc::new(body.to_vec()));
                }
            }
            Kind::Fetch => {
                let arguments = self.fetched(frame.numbers[0]);
                self.hub.send(rank, &Frame::with(Kind::Arguments, frame.numbers, arguments));
            }
            Kind::Pulled => {
                let value = (frame.numbers[1] == 1).then_some(frame.bytes);
                self.pulled.entry(frame.numbers[0]).or_default().push((rank, value));
            }
            Kind::Bye => self.ranks[rank].alive = false,
            Kind::Full => self.drain(),
            _ => {}
        }
    }

    /// Takes in a record of a rank.
    pub(super) fn take_in(&mut self, rank: usize, head: &Head, body: Arc<Vec<u8>>) {
        let Some(flight) = self.flights.get_mut(&head.posting) else { return };
        flight.told += head.count;
        (flight.since, flight.asked) = (None, None);
        flight.holder = Some(rank);
        if flight.told >= flight.chunk.count {
            self.land(head.posting);
        }
        self.counts.running = self.counts.running.saturating_sub(u64::from(head.count));
        match head.said(&body) {
            Said::Results(sizes, bytes) => {
                self.pace.measure(head.seconds, head.count);
                let recorded = self.record(rank, head, &sizes, bytes, &body);
                self.note(recorded);
                self.deliver(head, body);
            }
            Said::Returned => self.take_back(head.posting),
            Said::Failure(cause, message) => {
                let error = TaskError { task: head.first, rank, attempt: head.attempt, cause, message };
                self.try_again(error);
            }
        }
    }

    /// Forgets a chunk that is finished.
    pub(super) fn land(&mut self, posting: u64) -> Option<Flight> {
        self.flights.remove(&posting)
    }
}

impl Rank {
    /// A rank of the group of `leader`.
    pub(super) fn new(leader: usize) -> Self {
        Rank { alive: true, leader, wants: 0 }
    }
}
