//! Values that rank 0 sends to ranks and asks them for, and arguments that are too long for the board.

use super::coordinator::Coordinator;
use super::coordinator::Pulled;
use super::frame::{Frame, Kind};
use super::values;

impl Coordinator {
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

    /// The arguments of a posting that are not on the board.
    pub(super) fn fetched(&self, posting: u64) -> Vec<u8> {
        self.flights.get(&posting).map(|flight| flight.remote.clone()).unwrap_or_default()
    }
}
