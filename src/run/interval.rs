//! Checkpoints by the wall clock: when the next one is due, and what they cost.

use std::time::{Duration, Instant};

use super::deadline::best_interval;
use super::sections::CheckpointSection;

/// The first interval where the best one is not known yet.
const FIRST: Duration = Duration::from_secs(60);

/// When checkpoints by the wall clock are due; rank 0's counts.
#[derive(Debug)]
pub(super) struct Intervals {
    last: Instant,
    every: Option<Duration>,
    between_failures: Option<Duration>,
    /// What the dearest checkpoint so far took.
    pub cost: Duration,
}

impl Intervals {
    /// As the parameters have it, from now on.
    pub(super) fn new(section: &CheckpointSection) -> Self {
        // Longer than a duration can be is never.
        let positive =
            |seconds: f64| (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
        let between_failures = positive(3600.0 * section.mean_hours_between_failures);
        let every = match between_failures {
            Some(_) => Some(FIRST),
            None => positive(60.0 * section.every_minutes),
        };
        Intervals { last: Instant::now(), every, between_failures, cost: Duration::ZERO }
    }

    /// Whether one is due.
    pub(super) fn is_due(&self) -> bool {
        self.every.is_some_and(|every| self.last.elapsed() >= every)
    }

    /// Notes that one was written and took so long; what there is to say of it.
    pub(super) fn took(&mut self, time: Duration) -> Option<String> {
        let first = self.cost.is_zero();
        (self.last, self.cost) = (Instant::now(), self.cost.max(time));
        let between_failures = self.between_failures?;
        let every = best_interval(self.cost, between_failures);
        self.every = Some(every);
        let hours = between_failures.as_secs_f64() / 3600.0;
        first.then(|| {
            format!(
                "a checkpoint takes {:.2} s: one each {:.0} s loses least with {hours} h between failures",
                time.as_secs_f64(),
                every.as_secs_f64()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_follows_from_the_cost_where_failures_are_known() {
        let mut section = CheckpointSection::default();
        let mut plain = Intervals::new(&section);
        assert_eq!((plain.every, plain.took(FIRST)), (Some(Duration::from_secs(600)), None));
        section.mean_hours_between_failures = 10.0;
        let mut chosen = Intervals::new(&section);
        assert_eq!(chosen.every, Some(FIRST));
        let said = chosen.took(Duration::from_secs(2)).unwrap();
        let expected = (2.0f64 * 2.0 * 36000.0).sqrt();
        assert!((chosen.every.unwrap().as_secs_f64() / expected - 1.0).abs() < 0.01);
        assert!(said.contains("each 378 s") || said.contains("each 379 s") || said.contains("each 377 s"), "{said}");
        assert_eq!(chosen.took(Duration::from_secs(1)), None);
        assert_eq!(chosen.cost, Duration::from_secs(2));
        section = CheckpointSection { every_minutes: 0.0, ..CheckpointSection::default() };
        assert!(!Intervals::new(&section).is_due() && Intervals::new(&section).every.is_none());
    }

    #[test]
    fn intervals_longer_than_any_run_are_never() {
        for (every_minutes, mean_hours_between_failures) in
            [(1e18, 0.0), (f64::MAX, 0.0), (0.0, 1e300), (0.0, f64::MAX)]
        {
            let section =
                CheckpointSection { every_minutes, mean_hours_between_failures, ..CheckpointSection::default() };
            let mut intervals = Intervals::new(&section);
            intervals.took(Duration::from_secs(3));
            assert!(!intervals.is_due() && intervals.every.unwrap() > Duration::from_secs(1 << 30));
        }
    }
}
