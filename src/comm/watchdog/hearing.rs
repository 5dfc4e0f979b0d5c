//! When each other was heard last; a state machine without sockets and without a clock of its own.

use std::time::{Duration, Instant};

/// When who was heard.
#[derive(Debug)]
pub(super) struct Hearing {
    limit: Duration,
    /// By rank: when it was heard last, unless it never was or was told as silent. Who was never heard isn't missed: datagrams may have no
    /// way there.
    last: Vec<Option<Instant>>,
    /// When it was looked last.
    looked: Instant,
}

impl Hearing {
    /// Of so many ranks, of whom nobody was heard yet.
    pub(super) fn new(ranks: usize, limit: Duration, now: Instant) -> Self {
        Hearing { limit, last: vec![None; ranks], looked: now }
    }

    /// A rank was heard.
    pub(super) fn hear(&mut self, rank: usize, now: Instant) {
        self.last[rank] = Some(now);
    }

    /// Those who have said nothing for longer than the limit, each of them once. When one is silent for so long, others of its host are
    /// about to be: they are waited for as long as `patience`, so that all are told together.
    pub(super) fn silent(&mut self, patience: Duration, now: Instant) -> Vec<usize> {
        let slept = now - self.looked > self.limit / 2;
        self.looked = now;
        if slept {
            // It was this process that stood still, stopped by a user say, and maybe all others with it: nobody was listening.
            self.last.iter_mut().flatten().for_each(|last| *last = now);
            return Vec::new();
        }
        let limit = self.limit;
        let silence = |last: &Option<Instant>| last.map_or(Duration::ZERO, |last| now - last);
        if self.last.iter().map(silence).max().unwrap_or_default() <= limit + patience {
            return Vec::new();
        }
        let silent: Vec<usize> = (0..self.last.len()).filter(|&rank| silence(&self.last[rank]) > limit).collect();
        silent.iter().for_each(|&rank| self.last[rank] = None);
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Ranks 1 to 3 are heard until these seconds; who is told as silent, and when.
    fn told(until: [u32; 3], seconds: u32) -> Vec<(u32, Vec<usize>)> {
        let began = Instant::now();
        let mut hearing = Hearing::new(4, 10 * SECOND, began);
        let at = |second: u32| {
            let now = began + second * SECOND;
            for (rank, until) in (1..).zip(until) {
                if second < until {
                    hearing.hear(rank, now);
                }
            }
            (second, hearing.silent(SECOND, now))
        };
        (0..seconds).map(at).filter(|(_, silent)| !silent.is_empty()).collect()
    }

    #[test]
    fn who_falls_silent_is_told_once_after_the_limit_with_those_who_fell_silent_with_it() {
        assert_eq!(told([5, 100, 100], 60), [(16, vec![1])]);
        assert_eq!(told([100, 5, 6], 60), [(16, vec![2, 3])]);
        assert_eq!(told([5, 30, 100], 60), [(16, vec![1]), (41, vec![2])]);
    }

    #[test]
    fn who_was_never_heard_is_not_missed() {
        assert!(told([0, 100, 100], 60).is_empty());
    }

    #[test]
    fn a_pause_shorter_than_the_limit_is_survived_and_so_is_a_pause_of_our_own() {
        let began = Instant::now();
        let mut hearing = Hearing::new(2, 10 * SECOND, began);
        for second in (0..60).filter(|second| !(5..13).contains(second)) {
            hearing.hear(1, began + second * SECOND);
            assert!(hearing.silent(SECOND, began + second * SECOND).is_empty());
        }
        // This process stood still for an hour; the other is heard again a moment later.
        let later = began + 3600 * SECOND;
        assert!(hearing.silent(SECOND, later).is_empty());
        assert!(hearing.silent(SECOND, later + SECOND).is_empty());
    }
}
