//! Values that rank 0 sends to ranks and asks them for.

use std::collections::HashMap;

use super::dispatch::Dispatch;
use crate::tasks::wire::frame::{Frame, Kind};
use crate::tasks::worker::values;

/// A value that a rank was asked for, if it has it.
pub(crate) type Pulled = (usize, Option<Vec<u8>>);

/// Questions for values, and the answers that have come.
#[derive(Default)]
pub(crate) struct Exchange {
    /// By question.
    answers: HashMap<u64, Vec<Pulled>>,
    /// Numbers given to questions and values so far.
    numbers: u64,
}

impl Exchange {
    /// A number for a value that all ranks are to get.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Asks ranks other than 0 for a value; returns the number of the question.
    pub(crate) fn ask(&mut self, ranks: &[usize], name: &str, dispatch: &mut Dispatch) -> u64 {
        let question = self.next_number();
        for &rank in ranks.iter().filter(|&&rank| rank != 0) {
            dispatch.hub.send(rank, &Frame::with(Kind::Pull, [question, 0], name.as_bytes().to_vec()));
        }
        question
    }

    /// A rank has answered.
    pub(crate) fn answered(&mut self, question: u64, rank: usize, value: Option<Vec<u8>>) {
        self.answers.entry(question).or_default().push((rank, value));
    }

    /// The answers to a question, when all ranks that are there have given theirs.
    pub(crate) fn take(&mut self, question: u64, ranks: &[usize], dispatch: &Dispatch) -> Option<Vec<Pulled>> {
        let given = self.answers.entry(question).or_default();
        let is_open = |rank: usize| dispatch.hub.is_connected(rank) && given.iter().all(|(from, _)| *from != rank);
        if ranks.iter().any(|&rank| is_open(rank)) { None } else { self.answers.remove(&question) }
    }
}

impl Dispatch {
    /// Sends a value to some ranks; all learn that one was sent, so that tasks posted later find it. What rank 0 is to keep is its own
    /// affair.
    pub(crate) fn send_value(&mut self, to: &[usize], name: &str, value: &[u8]) -> u64 {
        self.epoch += 1;
        let store = Frame::with(Kind::Store, [self.epoch, 0], values::name(name, value));
        let nothing = Frame::new(Kind::Store, [self.epoch, 0]);
        for rank in 1..self.ranks() {
            self.hub.send(rank, if to.contains(&rank) { &store } else { &nothing });
        }
        self.epoch
    }
}
