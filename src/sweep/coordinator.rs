//! Rank 0's book of a sweep: which tasks wait, who has which, what came of them.
//!
//! Its main thread and its service thread both work on it, one at a time. In a round it takes in what ranks have sent, records it,
//! sees what has become ready, and posts more chunks. What to do when a task fails or a rank dies is in `troubles`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use super::arena::Arena;
use super::board::{self, Board, Chunk, Holder, Place};
use super::entries::{Entries, Entry};
use super::frame::{Frame, Kind};
use super::hub::{Heard, Hub};
use super::journal::{Done, Journal, Lengths};
use super::pace::Pace;
use super::queue::Queue;
use super::record::{self, Head, Said, Sizes};
use super::ring::Ring;
use super::runner::Order;
use super::task::Token;
use super::troubles::Troubles;
use super::values;
use crate::error::{Cause, TaskError};
use crate::{Error, Result};

/// Chunks that are posted ahead.
const AHEAD: u64 = board::SLOTS / 2;
/// Numbers of orders to one rank, which don't go over the board, begin here.
const ORDERS: u64 = 1 << 39;
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
    wants: u32,
}

/// A chunk that is posted or that a rank has.
#[derive(Debug)]
pub(super) struct Flight {
    pub chunk: Chunk,
    pub stride: u64,
    pub priority: i32,
    /// The tasks of it that are told of.
    pub told: u32,
    /// Who has it, once that is known.
    pub holder: Option<usize>,
    /// Its arguments' place in the arena.
    arena: Option<(usize, usize)>,
    /// Arguments that are too long for the arena.
    remote: Vec<u8>,
    /// Since when the task that is under way may be.
    pub since: Option<Instant>,
    /// When it was asked to end.
    pub asked: Option<Instant>,
}

impl Flight {
    /// The tasks that are not told of yet.
    pub(super) fn left(&self) -> impl Iterator<Item = u64> + use<> {
        let (chunk, stride) = (self.chunk, self.stride);
        (self.told..chunk.count).map(move |place| chunk.first + u64::from(place) * stride)
    }
}

/// Chunks by the number of their posting.
pub(super) type Flights = HashMap<u64, Flight, BuildHasherDefault<Spread>>;

/// Spreads numbers that follow each other: enough of a hash for them, and much faster than one that withstands an enemy.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(self.0 << 8 | u64::from(byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// What came of tasks of a list, in the order in which it came.
pub(super) enum Finished {
    /// Results of consecutive tasks: the head and the body of a record.
    Results(Head, Vec<u8>),
    Failure(TaskError),
}

/// A value that a rank was asked for, if it has it.
pub(super) type Pulled = (usize, Option<Vec<u8>>);

/// A ring, and the record that is coming through it.
struct Reader {
    rank: usize,
    ring: Ring,
    /// The head of the record that is coming.
    head: Option<Head>,
    /// As much of its body as is there.
    body: Vec<u8>,
}

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
    posting: u64,
    order: u64,
    /// Values sent to ranks so far.
    epoch: u64,
    arena: Arena,
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
    handles: u64,
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
        let reader = |(rank, ring)| Reader { rank, ring, head: None, body: Vec::new() };
        Coordinator {
            board,
            readers: rings.into_iter().map(reader).collect(),
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
            arena: Arena::new(board::ARENA),
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
                    self.take_in(rank, &Head::read(head), body.to_vec());
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
    pub(super) fn take_in(&mut self, rank: usize, head: &Head, body: Vec<u8>) {
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
                let recorded = self.record(rank, head, &sizes, bytes);
                self.note(recorded);
                self.deliver(head, body);
            }
            Said::Failure(cause, message) => {
                let error = TaskError { task: head.first, rank, attempt: head.attempt, cause, message };
                self.try_again(error);
            }
        }
    }

    /// Forgets a chunk that is finished.
    pub(super) fn land(&mut self, posting: u64) -> Option<Flight> {
        let flight = self.flights.remove(&posting)?;
        if let Some((offset, bytes)) = flight.arena {
            self.arena.give(offset, bytes);
        }
        Some(flight)
    }

    /// The arguments of a posting that are not on the board.
    pub(super) fn fetched(&self, posting: u64) -> Vec<u8> {
        self.flights.get(&posting).map(|flight| flight.remote.clone()).unwrap_or_default()
    }

    /// Writes results into the journal.
    fn record(&mut self, rank: usize, head: &Head, sizes: &Sizes, bytes: &[u8]) -> Result<()> {
        if self.journal.is_some() && self.entries.next() > 0 {
            return self.record_submitted(rank, head, sizes, bytes);
        }
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let (seconds, attempt, rank) = (head.seconds, head.attempt, rank as u32);
        let (lengths, results) = match sizes {
            Sizes::Equal(length) => (Lengths::Equal { count: head.count, length: *length as u32 }, bytes),
            varied => {
                let each: Vec<u32> = (0..head.count as usize).map(|place| varied.at(place) as u32).collect();
                (Lengths::Each(each.into()), bytes)
            }
        };
        journal.done(&Done { first: head.first, rank, attempt, seconds, lengths, results })
    }

    /// Writes results of submitted tasks into the journal, each after the hash of its argument.
    fn record_submitted(&mut self, rank: usize, head: &Head, sizes: &Sizes, mut bytes: &[u8]) -> Result<()> {
        for place in 0..head.count as usize {
            let first = head.first + place as u64;
            let (one, rest) = bytes.split_at(sizes.at(place));
            bytes = rest;
            let hash = self.entries.get(first).map_or(0, |entry| xxh3_64(&entry.argument));
            let results = [&hash.to_le_bytes(), one].concat();
            let lengths = Lengths::Equal { count: 1, length: results.len() as u32 };
            let seconds = head.seconds / f64::from(head.count);
            let done = Done { first, rank: rank as u32, attempt: head.attempt, seconds, lengths, results: &results };
            if let Some(journal) = &mut self.journal {
                journal.done(&done)?;
            }
        }
        Ok(())
    }

    /// The result that an earlier job has left for a task that is submitted again.
    fn recovered(&mut self, task: u64, entry: &Entry) -> Result<Option<Vec<u8>>> {
        let Some(recorded) = self.recorded.remove(&task) else { return Ok(None) };
        match recorded.split_first_chunk::<8>() {
            Some((hash, result)) if u64::from_le_bytes(*hash) == xxh3_64(&entry.argument) => {
                self.counts.done += 1;
                self.counts.recovered += 1;
                Ok(Some(result.to_vec()))
            }
            _ => {
                let reason =
                    "the journal has a result of it for another argument: replace the journal, or choose another";
                Err(Error::input(format!("task {task}"), reason))
            }
        }
    }

    /// Hands results to who waits for them.
    fn deliver(&mut self, head: &Head, body: Vec<u8>) {
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
            self.settle(task, Ok(result.to_vec()));
        }
    }

    /// Notes what came of a submitted task; tasks that wait for it may become ready.
    pub(super) fn settle(&mut self, task: u64, outcome: super::entries::Outcome) {
        let Some(entry) = self.entries.get(task) else { return };
        let good = outcome.is_ok();
        entry.outcome = Some(outcome);
        entry.argument = Vec::new();
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
    fn one_less(&mut self, task: u64) {
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
        if let Some(result) = self.recovered(task, &entry)? {
            entry.outcome = Some(Ok(result));
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

    /// Takes back what is posted with a lower priority.
    fn make_way(&mut self, priority: i32) {
        if self.flights.values().all(|flight| flight.priority >= priority) {
            return;
        }
        for posting in (self.board.head()..self.posting).rev() {
            if self.flights.get(&posting).is_some_and(|flight| flight.priority < priority) {
                self.revoke(posting);
            }
        }
    }

    /// Takes a posting back, if nobody has it: its tasks wait again, before the others.
    pub(super) fn revoke(&mut self, posting: u64) -> bool {
        if !self.board.revoke(posting) {
            return false;
        }
        if let Some(flight) = self.land(posting) {
            let first = flight.chunk.first;
            self.counts.running -= u64::from(flight.chunk.count);
            self.queue.push_front(first..first + u64::from(flight.chunk.count), flight.priority);
        }
        true
    }

    /// Posts chunks while there are tasks and room, and answers ranks of other nodes.
    pub(super) fn post(&mut self) {
        if self.paused {
            return;
        }
        self.retry_elsewhere();
        let takers = self.takers().count();
        while self.posted() < AHEAD && self.board.is_free(self.posting) {
            let Some((range, priority)) = self.queue.first() else { break };
            let most = self.pace.chunk(self.queue.len(), takers).min(range.end - range.start);
            let chunk = self.troubles.cut(range.start, most);
            self.learn_holder(self.posting);
            if !self.post_chunk(chunk, priority) {
                break;
            }
            self.queue.take(u64::from(chunk.count));
        }
        self.answer();
    }

    /// Before a slot is used again: who has what was in it.
    fn learn_holder(&mut self, posting: u64) {
        let Some(before) = posting.checked_sub(board::SLOTS) else { return };
        if let Some(flight) = self.flights.get_mut(&before)
            && let Holder::Rank(rank) = self.board.holder(before)
        {
            flight.holder = Some(rank);
        }
    }

    /// Posts a chunk; not if there is no room for its arguments now.
    fn post_chunk(&mut self, mut chunk: Chunk, priority: i32) -> bool {
        chunk.epoch = self.epoch;
        let bytes = self.entries.packed_size(chunk, 1);
        let place = match bytes {
            0..=board::INLINE => Place::Inline(bytes),
            _ if bytes > board::ARENA / 4 => Place::Remote,
            _ => match self.arena.take(bytes) {
                Some(offset) => Place::Arena(offset, bytes),
                None => return false,
            },
        };
        self.board.post(self.posting, chunk, place, |into| self.entries.pack(chunk, 1, into));
        let arena = if let Place::Arena(offset, bytes) = place { Some((offset, bytes)) } else { None };
        let remote = if place == Place::Remote { self.packed(chunk, 1) } else { Vec::new() };
        self.fly(self.posting, Flight { arena, remote, priority, ..Flight::of(chunk, 1) });
        self.posting += 1;
        true
    }

    fn fly(&mut self, posting: u64, flight: Flight) {
        self.counts.running += u64::from(flight.chunk.count);
        self.flights.insert(posting, flight);
    }

    /// The packed arguments of a chunk's tasks; none of a list's.
    fn packed(&self, chunk: Chunk, stride: u64) -> Vec<u8> {
        let mut packed = vec![0; self.entries.packed_size(chunk, stride)];
        self.entries.pack(chunk, stride, &mut packed);
        packed
    }

    /// Gives chunks to ranks of other nodes that have asked.
    fn answer(&mut self) {
        for rank in 0..self.ranks.len() {
            while self.ranks[rank].wants > 0 && self.ranks[rank].alive {
                let Some(claim) = self.board.claim(rank) else { return };
                let arguments = match self.board.arguments(&claim) {
                    Some(arguments) => arguments.to_vec(),
                    None => self.fetched(claim.posting),
                };
                if let Some(flight) = self.flights.get_mut(&claim.posting) {
                    flight.holder = Some(rank);
                }
                self.send(rank, claim.posting, claim.chunk, 1, &arguments);
                self.ranks[rank].wants -= 1;
            }
        }
    }

    fn send(&mut self, rank: usize, posting: u64, chunk: Chunk, stride: u64, arguments: &[u8]) {
        let bytes = [bytemuck::bytes_of(&chunk), arguments].concat();
        self.hub.send(rank, &Frame::with(Kind::Chunk, [posting, stride], bytes));
    }

    /// Sends a value to some ranks; all hear that one was sent, so that tasks posted later find it. What rank 0 is to keep is its own affair.
    pub(super) fn send_value(&mut self, to: &[usize], name: &str, value: &[u8]) -> u64 {
        self.epoch += 1;
        let store = Frame::with(Kind::Store, [self.epoch, 0], values::name(name, value));
        let nothing = Frame::new(Kind::Store, [self.epoch, 0]);
        for rank in (1..self.ranks.len()).filter(|&rank| self.ranks[rank].alive) {
            self.hub.send(rank, if to.contains(&rank) { &store } else { &nothing });
        }
        self.epoch
    }

    /// A number for a value that all ranks are to get.
    pub(super) fn next_handle(&mut self) -> u64 {
        self.handles += 1;
        self.handles
    }

    /// Asks ranks other than 0 for a value; returns the number of the question.
    pub(super) fn ask_for(&mut self, ranks: &[usize], name: &str) -> u64 {
        let question = self.next_handle();
        for &rank in ranks.iter().filter(|&&rank| rank != 0) {
            self.hub.send(rank, &Frame::with(Kind::Pull, [question, 0], name.as_bytes().to_vec()));
        }
        question
    }

    /// The answers to a question, when all ranks that are alive have given theirs.
    pub(super) fn answers(&mut self, question: u64, ranks: &[usize]) -> Option<Vec<Pulled>> {
        let given = self.pulled.entry(question).or_default();
        let open = ranks.iter().any(|&rank| self.ranks[rank].alive && given.iter().all(|(from, _)| *from != rank));
        if open { None } else { self.pulled.remove(&question) }
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

    /// Forgets all tasks that wait, and asks those that are under way to end.
    pub(super) fn drop_all(&mut self) {
        self.paused = true;
        self.queue.clear();
        for posting in self.board.head()..self.posting {
            if self.board.revoke(posting) {
                self.land(posting);
            }
        }
        self.ask_all_to_end();
    }

    /// Gives tasks to one rank.
    pub(super) fn give(&mut self, rank: usize, tasks: Range<u64>, stride: u64) {
        let count = (tasks.end - tasks.start).div_ceil(stride);
        let mut first = tasks.start;
        let mut left = count;
        while left > 0 {
            let most = if stride > 1 && !self.troubles.is_empty() { 1 } else { left.min(u64::from(u32::MAX)) };
            let mut chunk = self.troubles.cut(first, most);
            chunk.epoch = self.epoch;
            let arguments = self.packed(chunk, stride);
            self.order += 1;
            let order = self.order;
            self.fly(order, Flight { holder: Some(rank), ..Flight::of(chunk, stride) });
            if rank == 0 {
                self.own.push_back((Order { posting: order, chunk, stride }, arguments));
            } else {
                self.send(rank, order, chunk, stride, &arguments);
            }
            left -= u64::from(chunk.count);
            first += u64::from(chunk.count) * stride;
        }
    }
}

impl Flight {
    fn of(chunk: Chunk, stride: u64) -> Self {
        Flight {
            chunk,
            stride,
            priority: 0,
            told: 0,
            holder: None,
            arena: None,
            remote: Vec::new(),
            since: None,
            asked: None,
        }
    }
}

impl Rank {
    /// A rank of the group of `leader`.
    pub(super) fn new(leader: usize) -> Self {
        Rank { alive: true, leader, wants: 0 }
    }
}

impl Reader {
    /// The next whole record.
    fn next(&mut self) -> Option<(Head, Vec<u8>)> {
        let mut available = self.ring.available();
        let head = match self.head {
            Some(head) => head,
            None if available < record::HEAD => return None,
            None => {
                self.body.clear();
                self.ring.read(&mut self.body, record::HEAD);
                let head = Head::read(self.body.first_chunk()?);
                available -= record::HEAD;
                self.body = Vec::with_capacity(head.body());
                *self.head.insert(head)
            }
        };
        let missing = head.body() - self.body.len();
        self.ring.read(&mut self.body, available.min(missing));
        if self.body.len() < head.body() {
            return None;
        }
        self.head = None;
        Some((head, std::mem::take(&mut self.body)))
    }
}
