//! Handing tasks out: over the board, by socket to ranks of other nodes, or to one rank that must have them.

use std::ops::Range;
use std::sync::Arc;

use super::arena::Part;
use super::board::{self, Chunk, Holder, Place};
use super::coordinator::Coordinator;
use super::flight::Flight;
use super::frame::{Frame, Kind};
use super::runner::Order;

/// Chunks that are posted ahead.
const AHEAD: u64 = board::SLOTS / 2;

impl Coordinator {
    /// Takes back what is posted with a lower priority.
    pub(super) fn make_way(&mut self, priority: i32) {
        if self.flights.values().all(|flight| flight.priority >= priority) {
            return;
        }
        for posting in (self.board.head()..self.posting).rev() {
            if self.flights.get(&posting).is_some_and(|flight| flight.priority < priority) {
                self.revoke(posting);
            }
        }
    }

    /// Begins no more tasks: takes back what is posted, and asks ranks for what they have not begun.
    pub(super) fn pause(&mut self) {
        if std::mem::replace(&mut self.paused, true) {
            return;
        }
        for posting in self.board.head()..self.posting {
            self.revoke(posting);
        }
        self.token.pause();
        for rank in (1..self.ranks.len()).filter(|&rank| self.ranks[rank].alive) {
            self.hub.send(rank, &Frame::new(Kind::Pause, [0; 2]));
        }
    }

    /// A rank has given back what it has not begun of a posting.
    pub(super) fn take_back(&mut self, posting: u64) {
        let Some(flight) = self.land(posting) else { return };
        for task in flight.left() {
            self.counts.running = self.counts.running.saturating_sub(1);
            self.queue.push(task..task + 1, flight.priority);
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
        // Ranks may take chunks as fast as they are posted: what they send must be looked at in between.
        let last = self.posting + AHEAD;
        while self.posting < last && self.posted() < AHEAD && self.board.is_free(self.posting) {
            let Some((range, priority)) = self.queue.first() else { break };
            let most = match self.entries.held(range.start) {
                Some(_) => 1,
                None => self.pace.chunk(self.queue.len(), takers).min(range.end - range.start),
            };
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
    pub(super) fn learn_holder(&mut self, posting: u64) {
        let Some(before) = posting.checked_sub(board::SLOTS) else { return };
        if let Some(flight) = self.flights.get_mut(&before)
            && let Holder::Rank(rank) = self.board.holder(before)
        {
            flight.holder = Some(rank);
        }
    }

    /// Posts a chunk; not if there is no room for its arguments now.
    pub(super) fn post_chunk(&mut self, mut chunk: Chunk, priority: i32) -> bool {
        chunk.epoch = self.epoch;
        let bytes = self.entries.packed_size(&self.board, chunk, 1);
        let (mut arena, mut remote) = (None, Vec::new());
        let place = match bytes {
            0..=board::INLINE => Place::Inline(bytes),
            bytes if bytes > board::LONGEST && self.held(chunk).is_none() => {
                remote = self.packed(chunk, 1);
                Place::Remote
            }
            bytes => {
                let Some(part) = self.held(chunk).or_else(|| self.pack_in_arena(chunk, bytes)) else { return false };
                let place = Place::Arena(part.start, part.bytes);
                arena = Some(part);
                place
            }
        };
        self.board.post(self.posting, chunk, place, |into| self.entries.pack(&self.board, chunk, 1, into));
        self.fly(self.posting, Flight { _arena: arena, remote, priority, ..Flight::of(chunk, 1) });
        self.posting += 1;
        true
    }

    /// The arguments of a chunk that are in the arena as they are.
    fn held(&self, chunk: Chunk) -> Option<Arc<Part>> {
        if chunk.count == 1 { self.entries.held(chunk.first).cloned() } else { None }
    }

    /// Packs the arguments of a chunk into the arena, if there is room.
    fn pack_in_arena(&self, chunk: Chunk, bytes: usize) -> Option<Arc<Part>> {
        let mut part = self.arena.take(bytes)?;
        self.entries.pack(&self.board, chunk, 1, self.board.part_mut(&mut part));
        Some(Arc::new(part))
    }

    pub(super) fn fly(&mut self, posting: u64, flight: Flight) {
        self.counts.running += u64::from(flight.chunk.count);
        self.flights.insert(posting, flight);
    }

    /// The packed arguments of a chunk's tasks; none of a list's.
    pub(super) fn packed(&self, chunk: Chunk, stride: u64) -> Vec<u8> {
        let mut packed = vec![0; self.entries.packed_size(&self.board, chunk, stride)];
        self.entries.pack(&self.board, chunk, stride, &mut packed);
        packed
    }

    /// Gives chunks to ranks of other nodes that have asked.
    pub(super) fn answer(&mut self) {
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

    pub(super) fn send(&mut self, rank: usize, posting: u64, chunk: Chunk, stride: u64, arguments: &[u8]) {
        let bytes = [bytemuck::bytes_of(&chunk), arguments].concat();
        self.hub.send(rank, &Frame::with(Kind::Chunk, [posting, stride], bytes));
    }

    /// Forgets all tasks that wait, and asks those that are under way to end.
    pub(super) fn drop_all(&mut self) {
        self.pause();
        self.queue.clear();
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
