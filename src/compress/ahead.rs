//! A rank's own thread that works ahead of the rank: it reads and compresses, or decompresses, while the rank agrees with others on
//! places and writes.
//!
//! Some megabytes of results may lie ready: as much as a rank makes while MPI starts, so that this costs nothing, and a rank whose block
//! takes longer than those of others holds nobody up. More than that would fill its memory.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, park, spawn};

use crate::Result;

/// Bytes of results from which on the thread waits.
const READY: usize = 40 << 20;

/// The results of a thread, in order.
pub(super) struct Ahead<T> {
    results: Option<Receiver<Result<T>>>,
    thread: Option<JoinHandle<()>>,
    /// Bytes of the results that lie ready.
    ready: Arc<AtomicUsize>,
    bytes: fn(&T) -> usize,
}

impl<T: Send + 'static> Ahead<T> {
    /// Begins to work on these, one after another; `bytes` says how large a result is.
    pub(super) fn start(
        numbers: impl Iterator<Item = u64> + Send + 'static,
        mut work: impl FnMut(u64) -> Result<T> + Send + 'static,
        bytes: fn(&T) -> usize,
    ) -> Self {
        let (send, results) = channel();
        let ready = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&ready);
        let thread = spawn(move || {
            for number in numbers {
                while held.load(Ordering::Acquire) >= READY {
                    park();
                }
                let result = work(number);
                let failed = result.is_err();
                held.fetch_add(result.as_ref().map_or(0, bytes), Ordering::AcqRel);
                // Nobody takes it where the rank has given up.
                if send.send(result).is_err() || failed {
                    return;
                }
            }
        });
        Ahead { results: Some(results), thread: Some(thread), ready, bytes }
    }

    /// The next result; none behind the last one or behind an error.
    pub(super) fn next(&mut self) -> Option<Result<T>> {
        if let Some(result) = self.results.as_ref().and_then(|results| results.recv().ok()) {
            self.ready.fetch_sub(result.as_ref().map_or(0, self.bytes), Ordering::AcqRel);
            self.wake();
            return Some(result);
        }
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
        None
    }
}

impl<T> Ahead<T> {
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl<T> Drop for Ahead<T> {
    /// A thread that waits for room finds nobody who takes its next result, and ends.
    fn drop(&mut self) {
        self.results = None;
        self.ready.store(0, Ordering::Release);
        self.wake();
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

    /// A result is as large as READY: one lies ready, the next one waits for room.
    fn large(_: &u64) -> usize {
        READY
    }

    #[test]
    fn results_come_in_order_until_an_error() {
        let work = |number| if number < 20 { Ok(number) } else { Err(Error::System("full".to_owned())) };
        for bytes in [large as fn(&u64) -> usize, |_| 1] {
            let mut ahead = Ahead::start(0..100, work, bytes);
            for number in 0..20 {
                assert_eq!(ahead.next().unwrap().unwrap(), number);
            }
            assert_eq!(ahead.next().unwrap().unwrap_err().to_string(), "full");
            assert!(ahead.next().is_none());
        }
    }

    #[test]
    fn no_more_is_made_than_may_lie_ready() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let work = move |number| {
            count.fetch_add(1, Ordering::AcqRel);
            Ok(number)
        };
        let mut ahead = Ahead::start(0..100, work, large);
        for taken in 1..=3 {
            ahead.next().unwrap().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert!(made.load(Ordering::Acquire) <= taken + 1);
        }
    }

    #[test]
    fn a_thread_that_nobody_listens_to_ends() {
        for bytes in [large as fn(&u64) -> usize, |_| 0] {
            // What the thread owns is dropped with it.
            let owned = Arc::new(());
            let seen = Arc::downgrade(&owned);
            let work = move |number| {
                let _ = &owned;
                Ok(number)
            };
            let mut ahead = Ahead::start(0..u64::MAX, work, bytes);
            ahead.next().unwrap().unwrap();
            // The large one waits for room when the other end is dropped.
            while bytes(&0) >= READY && ahead.ready.load(Ordering::Acquire) < READY {
                std::thread::yield_now();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            drop(ahead);
            let began = std::time::Instant::now();
            while seen.upgrade().is_some() {
                assert!(began.elapsed().as_secs() < 10, "it goes on");
                std::thread::yield_now();
            }
        }
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn a_panic_of_the_thread_is_one_of_the_rank() {
        let mut ahead = Ahead::start(0..3, |_| -> Result<()> { panic!("on purpose") }, |()| 0);
        ahead.next();
    }
}
