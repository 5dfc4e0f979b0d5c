//! Which task of a rank should end early, and why.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::base::error::Cause;

/// Which task of a rank should end early, and why.
#[derive(Debug, Default)]
pub(crate) struct Token {
    /// The task's number and one.
    task: AtomicU64,
    timed_out: AtomicU64,
    /// Whether tasks that have not begun are to be given back.
    paused: AtomicBool,
}

impl Token {
    /// Asks for tasks that have not begun.
    pub(crate) fn pause(&self) {
        self.paused.store(true, Ordering::Relaxed);
    }

    /// Whether tasks that have not begun are to be given back.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Asks a task to end.
    pub(crate) fn set(&self, task: u64, timed_out: bool) {
        self.timed_out.store(u64::from(timed_out), Ordering::Relaxed);
        self.task.store(task + 1, Ordering::Release);
    }

    /// Why a task should end, if it should.
    pub(crate) fn of(&self, task: u64) -> Option<Cause> {
        if self.task.load(Ordering::Acquire) != task + 1 {
            return None;
        }
        Some(if self.timed_out.load(Ordering::Relaxed) == 1 { Cause::TimedOut } else { Cause::Cancelled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_task() {
        let token = Token::default();
        assert_eq!(token.of(0), None);
        token.set(4, false);
        assert_eq!((token.of(4), token.of(3)), (Some(Cause::Cancelled), None));
        token.set(5, true);
        assert_eq!((token.of(4), token.of(5)), (None, Some(Cause::TimedOut)));
    }
}
