//! Handing chunks out: over the board, by socket to ranks of other nodes, or to one rank that must have them.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::pace::Pace;
use crate::tasks::ledger::Posted;
use crate::tasks::ledger::submissions::{Submission, Submissions};
use crate::tasks::wire::arena::{Arena, Part};
use crate::tasks::wire::board::{self, Board, Place};
use crate::tasks::wire::chunk::{Chunk, Order};
use crate::tasks::wire::frame::{Frame, Kind};
use crate::tasks::wire::hub::Hub;
use crate::tasks::wire::packing::{pack, packed_size};
use crate::tasks::wire::progress::Progress;
use crate::tasks::worker::token::Token;

/// Chunks that are posted ahead.
const AHEAD: u64 = board::SLOTS / 2;
/// Chunks that a rank of another node gets ahead, while they take less than this, in seconds.
const SHORT: f64 = 5e-3;

/// The arguments of a chunk, as long as it is handed out.
enum Arguments {
    /// In the arena: there until this is dropped.
    Held(#[expect(dead_code, reason = "its drop gives the part back")] Arc<Part>),
    /// Too long for the arena: ranks ask for them.
    Remote(Vec<u8>),
}

/// Where chunks go out.
pub(crate) struct Dispatch {
    pub board: Board,
    pub hub: Hub,
    /// By rank: where it can be seen what it is at, on rank 0's node.
    progress: Vec<Option<Progress>>,
    /// By rank of another node: chunks that it has asked for and not got.
    wants: Vec<u32>,
    pub pace: Pace,
    /// The number of the next posting.
    next: u64,
    /// Values sent to ranks so far, which the tasks of later chunks wait for.
    pub epoch: u64,
    /// Where chunks of arguments are packed.
    arena: Arena,
    /// Bytes of arguments from which on they travel by socket: a part of the half of the arena in which chunks are packed.
    longest: usize,
    /// Where long arguments stay from their submission on.
    pub held: Arena,
    /// By posting: arguments that are not in its slot.
    arguments: FxHashMap<u64, Arguments>,
    /// Chunks for rank 0 itself, with their arguments.
    own: VecDeque<(Order, Vec<u8>)>,
    /// Which of rank 0's own tasks should end.
    pub token: Arc<Token>,
}

impl Dispatch {
    /// Where chunks go out, of which none is. The board's arena has `arena` bytes.
    pub(crate) fn new(
        board: Board,
        arena: usize,
        hub: Hub,
        progress: Vec<Option<Progress>>,
        pace: Pace,
        token: Arc<Token>,
    ) -> Self {
        Dispatch {
            board,
            hub,
            wants: vec![0; progress.len()],
            progress,
            pace,
            next: 0,
            epoch: 0,
            longest: arena / 8,
            arena: Arena::new(0..arena / 2),
            held: Arena::new(arena / 2..arena),
            arguments: FxHashMap::default(),
            own: VecDeque::new(),
            token,
        }
    }

    /// The postings that nobody may have yet.
    pub(crate) fn posted(&self) -> Range<u64> {
        self.board.head().min(self.next)..self.next
    }

    /// How many tasks the next chunk may have; none if there is no room for it on the board.
    pub(crate) fn room(&self, waiting: u64, ranks: usize) -> Option<u64> {
        let posted = self.posted();
        let is_free = posted.end - posted.start < AHEAD && self.board.is_free(self.next);
        is_free.then(|| self.pace.chunk(waiting, ranks))
    }

    /// Posts a chunk; not if there is no room for its arguments now.
    pub(crate) fn post(&mut self, mut chunk: Chunk, submissions: &Submissions) -> Option<Posted> {
        chunk.epoch = self.epoch;
        let number = self.next;
        let bytes = self.packed_size(chunk, 1, submissions);
        let held = if chunk.count == 1 { submissions.held(chunk.first) } else { None };
        let (place, arguments) = match bytes {
            0..=board::INLINE => (Place::Inline(bytes), None),
            bytes if bytes > self.longest && held.is_none() => {
                (Place::Remote, Some(Arguments::Remote(self.packed(chunk, 1, submissions))))
            }
            bytes => {
                let part = held.cloned().or_else(|| self.pack_in_arena(chunk, bytes, submissions))?;
                (Place::Arena(part.start, part.bytes), Some(Arguments::Held(part)))
            }
        };
        // Once the slot is used again nobody can see who has what was in it.
        let before = number.checked_sub(board::SLOTS).and_then(|before| Some((before, self.board.holder(before)?)));
        self.board.post(number, chunk, place, |into| self.pack(chunk, 1, submissions, into));
        self.arguments.extend(arguments.map(|arguments| (number, arguments)));
        self.next += 1;
        Some(Posted { number, before })
    }

    /// Sends a chunk to one rank.
    pub(crate) fn assign(
        &mut self,
        rank: usize,
        posting: u64,
        mut chunk: Chunk,
        stride: u64,
        submissions: &Submissions,
    ) {
        chunk.epoch = self.epoch;
        let arguments = self.packed(chunk, stride, submissions);
        if rank == 0 {
            self.own.push_back((Order { posting, chunk, stride }, arguments));
        } else {
            self.send(rank, posting, chunk, stride, &arguments);
        }
    }

    fn send(&mut self, rank: usize, posting: u64, chunk: Chunk, stride: u64, arguments: &[u8]) {
        let bytes = [bytemuck::bytes_of(&chunk), arguments].concat();
        self.hub.send(rank, &Frame::with(Kind::Chunk, [posting, stride], bytes));
    }

    /// The next chunk for rank 0 itself.
    pub(crate) fn next_own(&mut self) -> Option<(Order, Vec<u8>)> {
        self.own.pop_front()
    }

    /// A rank of another node wants a chunk, its first one or one after another.
    pub(crate) fn ask(&mut self, rank: usize, is_first: bool) {
        let is_short = self.pace.chunk(u64::MAX, 1) as f64 * self.pace.each().unwrap_or(1.0) < SHORT;
        self.wants[rank] += if is_first && is_short { 2 } else { 1 };
    }

    /// A rank is gone.
    pub(crate) fn forget(&mut self, rank: usize) {
        self.wants[rank] = 0;
    }

    /// Takes a posted chunk for a rank of another node that has asked for one, and sends it there: the rank and the posting.
    pub(crate) fn answer(&mut self) -> Option<(usize, u64)> {
        let rank = self.wants.iter().position(|&wanted| wanted > 0)?;
        let claim = self.board.claim(rank)?;
        let arguments = match self.board.arguments(&claim) {
            Some(arguments) => arguments.to_vec(),
            None => self.remote(claim.posting),
        };
        self.send(rank, claim.posting, claim.chunk, 1, &arguments);
        self.wants[rank] -= 1;
        Some((rank, claim.posting))
    }

    /// The arguments of a posting that are not on the board.
    pub(crate) fn remote(&self, posting: u64) -> Vec<u8> {
        match self.arguments.get(&posting) {
            Some(Arguments::Remote(bytes)) => bytes.clone(),
            _ => Vec::new(),
        }
    }

    /// Lets go of what a posting holds; of its slot too, if it was `lost` with its rank.
    pub(crate) fn close(&mut self, posting: u64, lost: bool) {
        if !self.arguments.is_empty() {
            self.arguments.remove(&posting);
        }
        if lost {
            self.board.clear(posting);
        }
    }

    /// The posting that a rank began last and how many of its tasks it has begun, if that can be seen.
    pub(crate) fn progress(&self, rank: usize) -> Option<(u64, u64)> {
        self.progress.get(rank)?.map(|progress| progress.read())
    }

    /// Asks the task that a rank runs to end.
    pub(crate) fn ask_to_end(&mut self, rank: usize, task: u64, timed_out: bool) {
        if rank == 0 {
            self.token.set(task, timed_out);
        } else {
            self.hub.send(rank, &Frame::new(Kind::Cancel, [task, u64::from(timed_out)]));
        }
    }

    /// How many ranks there are.
    pub(crate) fn ranks(&self) -> usize {
        self.progress.len()
    }

    /// Sends a frame to all ranks that are connected.
    pub(crate) fn send_all(&mut self, frame: &Frame) {
        for rank in 1..self.ranks() {
            self.hub.send(rank, frame);
        }
    }

    /// Whether all ranks are connected.
    pub(crate) fn is_connected_to_all(&self) -> bool {
        (1..self.ranks()).all(|rank| self.hub.is_connected(rank))
    }

    /// Bytes of the packed arguments of a chunk's tasks, one `stride` after another; none of a list's.
    fn packed_size(&self, chunk: Chunk, stride: u64, submissions: &Submissions) -> usize {
        let size = |it: &Submission| packed_size(it.argument.bytes(&self.board), &results(submissions, &it.inputs));
        submissions.of(chunk, stride).map(size).sum()
    }

    /// Packs them into as many bytes.
    fn pack(&self, chunk: Chunk, stride: u64, submissions: &Submissions, into: &mut [u8]) {
        submissions
            .of(chunk, stride)
            .fold(into, |into, it| pack(into, it.argument.bytes(&self.board), &results(submissions, &it.inputs)));
    }

    /// Packs them.
    fn packed(&self, chunk: Chunk, stride: u64, submissions: &Submissions) -> Vec<u8> {
        let mut packed = vec![0; self.packed_size(chunk, stride, submissions)];
        self.pack(chunk, stride, submissions, &mut packed);
        packed
    }

    /// Packs them into the arena, if there is room.
    fn pack_in_arena(&self, chunk: Chunk, bytes: usize, submissions: &Submissions) -> Option<Arc<Part>> {
        let mut part = self.arena.take(bytes)?;
        self.pack(chunk, 1, submissions, self.board.part_mut(&mut part));
        Some(Arc::new(part))
    }
}

/// The results of a task's inputs.
fn results<'a>(submissions: &'a Submissions, inputs: &[u64]) -> Vec<&'a [u8]> {
    inputs.iter().map(|&input| submissions.result(input).unwrap_or_default()).collect()
}
