//! What came of tasks and nobody has looked at.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::os::unix::net::UnixStream;

use crate::tasks::ledger::Finished;

/// What the ledger has handed over.
#[derive(Default)]
pub(crate) struct Outcomes {
    /// What came of a list's tasks.
    of_list: VecDeque<Finished>,
    /// Submitted tasks that have ended, for each who listens.
    ended: BTreeMap<u64, VecDeque<u64>>,
    /// Written to when a submitted task has ended and nobody has been told since the last one was looked at.
    bell: Option<UnixStream>,
}

impl Outcomes {
    /// Takes in what came of tasks. Of submitted ones it is kept only for those who listen.
    pub(crate) fn push(&mut self, finished: Finished) {
        match finished {
            Finished::Submitted(task) => {
                if let Some(bell) = &mut self.bell
                    && self.ended.values().any(VecDeque::is_empty)
                {
                    // Where it is full it has rung.
                    let _ = bell.write(&[0]);
                }
                self.ended.values_mut().for_each(|ended| ended.push_back(task));
            }
            of_list => self.of_list.push_back(of_list),
        }
    }

    /// Whether something came of a list's tasks.
    pub(crate) fn is_empty(&self) -> bool {
        self.of_list.is_empty()
    }

    /// All that came of a list's tasks.
    pub(crate) fn take(&mut self) -> VecDeque<Finished> {
        std::mem::take(&mut self.of_list)
    }

    /// One more who listens, and who knows already that these have ended; its number.
    pub(crate) fn listen(&mut self, ended: VecDeque<u64>) -> u64 {
        let listener = self.ended.keys().next_back().map_or(0, |last| last + 1);
        self.ended.insert(listener, ended);
        listener
    }

    /// Has a byte written to this socket, which doesn't wait, when the first submitted task has ended that nobody has looked at.
    pub(crate) fn ring(&mut self, bell: UnixStream) {
        self.bell = Some(bell);
    }

    /// The next task that has ended.
    pub(crate) fn next_ended(&mut self, listener: u64) -> Option<u64> {
        self.ended.get_mut(&listener)?.pop_front()
    }

    /// A listener goes.
    pub(crate) fn leave(&mut self, listener: u64) {
        self.ended.remove(&listener);
    }
}
