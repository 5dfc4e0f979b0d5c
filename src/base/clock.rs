//! Time and step of a run, and the schedules that say when something is due.
//!
//! Time is a compensated sum, so that a million steps of 0.1 end where they should. A schedule is a pure function of
//! its settings and of what has been done, so that a resumed run continues it without a trace.

/// How many steps were taken and what time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clock {
    step: u64,
    time: f64,
    /// What rounding took from `time` (Kahan 1965).
    lost: f64,
    /// The last step taken.
    dt: f64,
    /// Whether what it counts is how long before the start it is.
    backwards: bool,
}

impl Clock {
    /// The start: step 0 at `time`.
    pub fn starting_at(time: f64) -> Self {
        Clock { time, ..Clock::default() }
    }

    /// This clock of a run that goes back in time, or not.
    #[must_use]
    pub fn turned(self, backwards: bool) -> Self {
        Clock { backwards, ..self }
    }

    /// Steps taken so far.
    #[inline]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The time now, in the run's unit: since the start, also of a run that goes back in time.
    #[inline]
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The time now as files and people are told it: below 0 in a run that goes back in time.
    pub fn told(&self) -> f64 {
        self.as_told(self.time)
    }

    /// A time since the start as files and people are told it.
    pub fn as_told(&self, time: f64) -> f64 {
        // Not -time, which makes -0 of 0.
        if self.backwards { 0.0 - time } else { time }
    }

    /// The last step taken; zero at the start.
    #[inline]
    pub fn dt(&self) -> f64 {
        self.dt
    }

    /// Whether `time` is reached, but for a rounding error of the steps.
    #[inline]
    pub fn has_reached(&self, time: f64) -> bool {
        self.time >= time
            || time - self.time <= NEAR * self.dt
            || time - self.time <= 4.0 * f64::EPSILON * self.time.abs()
    }

    /// Counts one step of `dt`.
    #[inline]
    pub fn advance(&mut self, dt: f64) {
        let step = dt - self.lost;
        let next = self.time + step;
        self.lost = (next - self.time) - step;
        self.time = next;
        self.dt = dt;
        self.step += 1;
    }

    /// The raw state, for checkpoints.
    pub fn raw(&self) -> (u64, [f64; 3]) {
        (self.step, [self.time, self.lost, self.dt])
    }

    /// The clock whose [`raw`](Clock::raw) state this is.
    pub fn from_raw((step, [time, lost, dt]): (u64, [f64; 3])) -> Self {
        Clock { step, time, lost, dt, backwards: false }
    }
}

/// Times are met within this fraction of the last step: a fixed step that lands a rounding error short has arrived.
const NEAR: f64 = 1e-9;

/// When something is due: at steps, at times, or both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    every_steps: u64,
    /// Whether it is due at steps 1, 2, 4, 8 .. too.
    doubles: bool,
    every_time: f64,
    times: Vec<f64>,
    /// The next multiple of `every_time` that is not yet met.
    next_multiple: u64,
    /// How many of `times` are met.
    met: usize,
}

impl Schedule {
    /// Due every `every_steps` steps (0: never), each `every_time` (0: never), and at each of `times`.
    pub fn new(every_steps: u64, every_time: f64, mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        times.dedup();
        Schedule { every_steps, doubles: false, every_time, times, next_multiple: 1, met: 0 }
    }

    /// Due at steps 1, 2, 4, 8 .. too.
    #[must_use]
    pub fn doubling(self) -> Self {
        Schedule { doubles: true, ..self }
    }

    /// Whether this is never due.
    pub fn is_never(&self) -> bool {
        self.every_steps == 0 && !self.doubles && self.every_time == 0.0 && self.times.is_empty()
    }

    /// The next time at which this is due; infinite when only steps count.
    pub fn next_time(&self) -> f64 {
        let counts = self.every_time > 0.0 && self.next_multiple < u64::MAX;
        let multiple = if counts { self.next_multiple as f64 * self.every_time } else { f64::INFINITY };
        self.times.get(self.met).copied().unwrap_or(f64::INFINITY).min(multiple)
    }

    /// The next step at which this is due by count; `u64::MAX` when only times count.
    pub fn next_step(&self, clock: &Clock) -> u64 {
        let multiple = match self.every_steps {
            0 => u64::MAX,
            every => (clock.step() / every + 1).saturating_mul(every),
        };
        let power = (clock.step() + 1).checked_next_power_of_two().filter(|_| self.doubles);
        multiple.min(power.unwrap_or(u64::MAX))
    }

    /// Whether this is due now; what is due counts as met.
    pub fn is_due(&mut self, clock: &Clock) -> bool {
        let by_count = self.every_steps > 0 && clock.step() > 0 && clock.step().is_multiple_of(self.every_steps);
        let by_step = by_count || self.doubles && clock.step().is_power_of_two();
        // Multiples that can't be counted are met at any time.
        let by_time = self.next_multiple == u64::MAX || clock.has_reached(self.next_time());
        if by_time {
            self.skip_to(clock);
        }
        by_step || by_time
    }

    /// Counts all times up to now as met: after output, and when a run is resumed.
    pub fn skip_to(&mut self, clock: &Clock) {
        self.met += self.times[self.met..].iter().take_while(|&&time| clock.has_reached(time)).count();
        while self.every_time > 0.0
            && self.next_multiple < u64::MAX
            && clock.has_reached(self.next_multiple as f64 * self.every_time)
        {
            let passed = (clock.time() / self.every_time).floor().max(0.0) as u64;
            // So many that the next of them is the same number as a float are passed by at once.
            let next = (self.next_multiple as f64).next_up() as u64;
            self.next_multiple = self.next_multiple.saturating_add(1).max(passed).max(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_tenths_are_a_hundred_thousand() {
        let mut clock = Clock::default();
        (0..1_000_000).for_each(|_| clock.advance(0.1));
        assert!((clock.time() - 1e5).abs() < 2e-11, "{}", clock.time());
    }

    #[test]
    fn thirds_arrive_at_one() {
        let mut clock = Clock::default();
        let mut schedule = Schedule::new(0, 1.0, vec![]);
        let third = 1.0 / 3.0;
        let due: Vec<u64> = (0..9)
            .filter_map(|_| {
                clock.advance(third);
                schedule.is_due(&clock).then_some(clock.step())
            })
            .collect();
        assert_eq!(due, [3, 6, 9]);
    }

    #[test]
    fn steps_and_listed_times_both_count() {
        let mut clock = Clock::default();
        let mut schedule = Schedule::new(4, 0.0, vec![2.5, 0.5]);
        let due: Vec<u64> = (0..8)
            .filter_map(|_| {
                clock.advance(1.0);
                schedule.is_due(&clock).then_some(clock.step())
            })
            .collect();
        assert_eq!(due, [1, 3, 4, 8]);
    }

    #[test]
    fn a_clock_that_is_turned_tells_times_below_0_and_counts_as_ever() {
        let mut clock = Clock::default().turned(true);
        assert!(clock.told() == 0.0 && clock.told().is_sign_positive());
        clock.advance(0.5);
        assert_eq!((clock.time(), clock.told(), clock.as_told(3.0)), (0.5, -0.5, -3.0));
        assert_eq!(clock.turned(false).told(), 0.5);
    }

    #[test]
    fn doublings_are_due_at_powers_of_two() {
        let mut clock = Clock::default();
        let mut schedule = Schedule::new(0, 0.0, vec![]).doubling();
        assert!(!schedule.is_never());
        let mut due = Vec::new();
        for _ in 0..40 {
            let next = schedule.next_step(&clock);
            clock.advance(1.0);
            let is_due = schedule.is_due(&clock);
            assert_eq!(is_due, next == clock.step());
            due.extend(is_due.then_some(clock.step()));
        }
        assert_eq!(due, [1, 2, 4, 8, 16, 32]);
    }

    #[test]
    fn only_an_empty_schedule_is_never_due() {
        assert!(Schedule::new(0, 0.0, vec![]).is_never());
        for schedule in [Schedule::new(1, 0.0, vec![]), Schedule::new(0, 0.1, vec![]), Schedule::new(0, 0.0, vec![1.0])]
        {
            assert!(!schedule.is_never());
        }
    }

    #[test]
    fn a_resumed_schedule_goes_on_where_it_was() {
        let mut clock = Clock::default();
        let mut running = Schedule::new(0, 0.3, vec![0.45]);
        for _ in 0..7 {
            clock.advance(0.1);
            running.is_due(&clock);
        }
        let mut resumed = Schedule::new(0, 0.3, vec![0.45]);
        resumed.skip_to(&clock);
        assert_eq!(running, resumed);
    }

    /// Multiples that are closer than steps, than the nearness of a step, than numbers; the shortest time that there is.
    #[test]
    fn times_that_are_too_close_to_count_are_passed_at_once() {
        for every_time in [1e-3, 1e-9, 1e-17, 1e-25, 1e-300, f64::MIN_POSITIVE, 5e-324] {
            let mut clock = Clock::default();
            let mut schedule = Schedule::new(0, every_time, vec![]);
            for _ in 0..3 {
                clock.advance(0.1);
                assert!(schedule.is_due(&clock), "{every_time:e}");
            }
        }
    }
}
