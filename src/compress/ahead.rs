//! A rank's own thread that works ahead of the rank: it reads and compresses, or decompresses, while the rank agrees with others on
//! places and writes.
//!
//! Some results may lie ready, so that a rank whose block takes longer than those of others holds nobody up, and none of the ranks
//! fills its memory.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{JoinHandle, spawn};

use crate::Result;

/// Results that may lie ready: some tenths of a second of work.
const READY: usize = 8;

/// The results of a thread, in order.
pub(super) struct Ahead<T> {
    results: Receiver<Result<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins to work on these, one after another.
    pub(super) fn start(
        numbers: impl Iterator<Item = u64> + Send + 'static,
        mut work: impl FnMut(u64) -> Result<T> + Send + 'static,
    ) -> Self {
        let (send, results) = sync_channel(READY);
        let thread = spawn(move || {
            for number in numbers {
                let result = work(number);
                let failed = result.is_err();
                // Nobody takes it where the rank has given up.
                if send.send(result).is_err() || failed {
                    return;
                }
            }
        });
        Ahead { results, thread: Some(thread) }
    }

    /// The next result; none behind the last one or behind an error.
    pub(super) fn next(&mut self) -> Option<Result<T>> {
        if let Ok(result) = self.results.recv() {
            return Some(result);
        }
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
        None
    }
}

/// The numbers below `count` that are this rank's when all ranks take one in turn.
pub(super) fn in_turn(rank: usize, size: usize, count: u64) -> impl Iterator<Item = u64> + Send + 'static {
    (rank as u64..count).step_by(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn ranks_take_numbers_in_turn() {
        let of = |rank| in_turn(rank, 3, 7).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2)], [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
        assert_eq!(in_turn(5, 7, 3).count(), 0);
    }

    #[test]
    fn results_come_in_order_until_an_error() {
        let mut ahead =
            Ahead::start(0..100, |number| if number < 20 { Ok(number) } else { Err(Error::System("full".to_owned())) });
        for number in 0..20 {
            assert_eq!(ahead.next().unwrap().unwrap(), number);
        }
        assert_eq!(ahead.next().unwrap().unwrap_err().to_string(), "full");
        assert!(ahead.next().is_none());
    }

    #[test]
    fn a_thread_that_nobody_listens_to_ends() {
        let mut ahead = Ahead::start(0..u64::MAX, Ok);
        ahead.next().unwrap().unwrap();
        let thread = ahead.thread.take().unwrap();
        drop(ahead);
        thread.join().unwrap();
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn a_panic_of_the_thread_is_one_of_the_rank() {
        let mut ahead = Ahead::start(0..3, |_| -> Result<()> { panic!("on purpose") });
        ahead.next();
    }
}
