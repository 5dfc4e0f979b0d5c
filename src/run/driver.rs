//! The run loop: steps, and between them the output that is due.
//!
//! Steps run in bursts up to the next step or time at which something is due. Then, in this order: history, trajectory,
//! snapshot, checkpoint, progress; and an agreement of all ranks on whether to stop (a signal on any rank, an event) and on
//! whether the wall clock asks for a checkpoint. A goal that is reached ends the run like its end. Agreements are some 10 ms apart, so that cheap steps don't wait for them.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::deadline::Deadline;
use super::files::Files;
use super::interval::Intervals;
use super::progress::Progress;
use super::sections::Cadence;
use super::signals::StopRequest;
use super::taking::Held;
use super::{Goal, Outcome, Simulation};
use crate::base::clock::{Clock, Schedule};
use crate::comm::{Comm, Watchdog};
use crate::{Error, Result};

/// The time between two agreements that rank 0 aims at.
const BETWEEN_AGREEMENTS: Duration = Duration::from_millis(10);
/// An agreement never grows the number of steps to the next by more than this factor.
const GROWTH: u64 = 8;

/// When what is due.
pub(super) struct Schedules {
    pub snapshot: Schedule,
    pub history: Schedule,
    pub trajectory: Schedule,
    pub checkpoint: Schedule,
}

impl Schedules {
    fn each(&self) -> [&Schedule; 4] {
        [&self.snapshot, &self.history, &self.trajectory, &self.checkpoint]
    }

    /// Counts everything up to now as done.
    pub(super) fn skip_to(&mut self, clock: &Clock) {
        for schedule in [&mut self.snapshot, &mut self.history, &mut self.trajectory, &mut self.checkpoint] {
            schedule.skip_to(clock);
        }
    }
}

/// Why a run ends before its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Signal,
    /// The time that the run was given is nearly over.
    TimeLimit,
    Event,
}

/// Everything of a run under way.
pub(super) struct Driver<'a, S> {
    pub comm: &'a Comm,
    pub simulation: S,
    pub clock: Clock,
    pub cadence: Cadence,
    pub schedules: Schedules,
    pub files: Files,
    pub progress: Progress,
    pub stop: &'a StopRequest,
    pub intervals: Intervals,
    pub deadline: Deadline,
    pub pace: Pace,
    pub loop_time: Duration,
    pub loop_cpu: Duration,
    /// Rank 0's, of the run's folder: given back when all else is closed.
    pub held: Option<Held>,
    /// Looks after the other ranks to the end.
    pub _watchdog: Option<Watchdog>,
}

/// The processor time that this process has used.
fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// How many steps lie between two agreements.
pub(super) struct Pace {
    steps: u64,
    next: u64,
    since: Instant,
    /// Steps in a row, up to the last one, that were too short to change the time.
    standing: u32,
}

/// So many steps in a row that are too short to change the time end a run, which would go on for ever.
const STANDING: u32 = 1000;

impl Pace {
    /// The first agreement comes after one step.
    pub(super) fn starting_at(clock: &Clock) -> Self {
        Pace { steps: 1, next: clock.step() + 1, since: Instant::now(), standing: 0 }
    }

    /// Looks at the last step.
    ///
    /// # Errors
    /// Steps that have gone to nothing.
    #[inline]
    fn watch(&mut self, clock: &Clock, simulation: &'static str) -> Result<()> {
        let moves = clock.dt() > 0.5 * f64::EPSILON * clock.time().abs();
        self.standing = if moves { 0 } else { self.standing + 1 };
        if self.standing < STANDING {
            return Ok(());
        }
        let (step, dt, time) = (clock.step(), clock.dt(), clock.time());
        let reason =
            format!("step {step}: steps of {dt:e} are too short to change the time, {time}, {STANDING} in a row");
        Err(Error::Numerics { method: simulation, reason })
    }

    /// The number of steps that would take the time between two agreements.
    fn proposal(&self) -> u64 {
        let taken = self.since.elapsed().as_secs_f64().max(1e-9);
        let ideal = self.steps as f64 * BETWEEN_AGREEMENTS.as_secs_f64() / taken;
        (ideal as u64).clamp(1, self.steps.saturating_mul(GROWTH))
    }
}

impl<S: Simulation> Driver<'_, S> {
    /// Runs to the end, or to where the run is asked to stop. All ranks.
    pub(super) fn drive(&mut self) -> Result<Outcome> {
        self.held.iter().for_each(Held::assure);
        if self.clock.step() == 0 {
            self.files.history(&self.simulation, &self.clock)?;
            if !self.schedules.trajectory.is_never() {
                self.files.trajectory_frame(&self.simulation, &self.clock)?;
            }
            self.files.snapshot(&self.simulation, &self.clock)?;
        }
        loop {
            if self.is_finished() {
                return self.finish();
            }
            let stopped_by_event = self.burst()?;
            self.held.iter().for_each(Held::assure);
            self.outputs()?;
            match self.agreement(stopped_by_event)? {
                Some(cause) if !self.is_finished() => return self.stop_early(cause),
                _ => {}
            }
        }
    }

    fn is_finished(&self) -> bool {
        let is_over = self.clock.step() >= self.cadence.steps || self.clock.has_reached(self.cadence.until);
        is_over || self.ends_itself()
    }

    /// Whether the simulation's goal ends the run.
    fn ends_itself(&self) -> bool {
        self.simulation.goal().ends_the_run()
    }

    /// Steps until something is due; whether an event asks to stop.
    fn burst(&mut self) -> Result<bool> {
        let start = Instant::now();
        let busy = cpu_time();
        let due_step = self.schedules.each().iter().map(|schedule| schedule.next_step(&self.clock)).min();
        let last_step = due_step.unwrap_or(u64::MAX).min(self.cadence.steps).min(self.pace.next);
        let [outputs @ .., _] = self.schedules.each();
        let due_time = outputs.iter().map(|schedule| schedule.next_time()).fold(f64::INFINITY, f64::min);
        let stop_time = due_time.min(self.cadence.until);
        let mut stop = false;
        // A checkpoint by time comes after the step that reaches it: it must not shorten steps.
        let checkpoint_time = self.schedules.checkpoint.next_time();
        let reached = |clock: &Clock| clock.has_reached(stop_time) || clock.has_reached(checkpoint_time);
        while !stop && self.clock.step() < last_step && !reached(&self.clock) && !self.ends_itself() {
            let dt = self.simulation.step(&self.clock, stop_time - self.clock.time())?;
            self.clock.advance(self.usable(dt)?);
            self.pace.watch(&self.clock, S::NAME)?;
            for event in self.simulation.events() {
                stop |= event.stop;
                self.files.event(&self.clock, &event, &mut self.progress)?;
            }
        }
        self.loop_time += start.elapsed();
        self.loop_cpu += cpu_time() - busy;
        Ok(stop)
    }

    #[inline]
    fn usable(&self, dt: f64) -> Result<f64> {
        if dt > 0.0 && dt < f64::INFINITY {
            return Ok(dt);
        }
        let (step, quantity, place) = (self.clock.step() + 1, "the time step".to_owned(), S::NAME.to_owned());
        Err(Error::NotFinite { step, quantity, place, value: dt })
    }

    fn outputs(&mut self) -> Result<()> {
        if self.schedules.history.is_due(&self.clock) {
            self.files.history(&self.simulation, &self.clock)?;
        }
        if self.schedules.trajectory.is_due(&self.clock) {
            self.files.trajectory_frame(&self.simulation, &self.clock)?;
        }
        if self.schedules.snapshot.is_due(&self.clock) {
            self.files.snapshot(&self.simulation, &self.clock)?;
        }
        if self.schedules.checkpoint.is_due(&self.clock) && !self.is_finished() {
            self.checkpoint()?;
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<()> {
        let began = Instant::now();
        self.files.checkpoint(&self.simulation, &self.clock)?;
        if let Some(said) = self.intervals.took(began.elapsed()) {
            self.progress.say(&said);
        }
        Ok(())
    }

    /// All ranks agree, when it is time to, on stopping and on a checkpoint by the wall clock.
    fn agreement(&mut self, stopped_by_event: bool) -> Result<Option<Cause>> {
        if stopped_by_event {
            return Ok(Some(Cause::Event));
        }
        if self.clock.step() < self.pace.next {
            return Ok(None);
        }
        let root = self.comm.is_root();
        let wants_checkpoint = root && self.intervals.is_due();
        let ends = root && self.deadline.is_near(2 * self.pace.since.elapsed(), self.intervals.cost);
        let steps = if root { self.pace.proposal() } else { 0 };
        let mut words = [u64::from(self.stop.came()), u64::from(wants_checkpoint), steps, u64::from(ends)];
        self.comm.all_reduce_max_into(&mut words);
        self.pace.steps = words[2];
        self.pace.next = self.clock.step() + words[2];
        self.pace.since = Instant::now();
        if words[0] > 0 {
            return Ok(Some(Cause::Signal));
        }
        if words[3] > 0 {
            return Ok(Some(Cause::TimeLimit));
        }
        if words[1] > 0 && !self.is_finished() {
            self.checkpoint()?;
        }
        self.progress.tick(&self.clock, self.simulation.work(), self.files.waited());
        Ok(None)
    }

    /// The last state, whatever the cadences; the checkpoint records how far the cadences themselves had come.
    fn finish(&mut self) -> Result<Outcome> {
        let place = self.files.place();
        for event in self.simulation.events_under_way() {
            self.files.event(&self.clock, &event, &mut self.progress)?;
        }
        self.files.last_outputs(&self.simulation, &self.clock)?;
        self.files.checkpoint_at(&self.simulation, &self.clock, place)?;
        self.files.conclude(&self.simulation)?;
        let moment = self.progress.moment(&self.clock);
        let end = match self.simulation.goal_at_end() {
            Goal::None | Goal::Reached => return Ok(Outcome::Done),
            Goal::Open => "continue with `resume` and a later end",
            Goal::Missed => "continue with `resume` and a wider limit",
        };
        self.progress.say(&format!("the end is reached, {moment}, but not the goal: {end}"));
        Ok(Outcome::Open)
    }

    fn stop_early(&mut self, cause: Cause) -> Result<Outcome> {
        match cause {
            Cause::Event => {
                let moment = self.progress.moment(&self.clock);
                self.progress.say(&format!("stopped by an event at {moment}"));
                self.finish()
            }
            Cause::Signal | Cause::TimeLimit => {
                self.checkpoint()?;
                self.files.conclude(&self.simulation)?;
                let moment = self.progress.moment(&self.clock);
                let why = if cause == Cause::Signal { "asked to stop" } else { "the time given is nearly over" };
                self.progress.say(&format!("{why}: checkpoint at {moment}; continue with `resume`"));
                Ok(Outcome::Stopped)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_go_to_nothing_end_a_run_and_short_ones_do_not() {
        let mut clock = Clock::starting_at(2.0);
        let mut pace = Pace::starting_at(&clock);
        let mut steps = |dt: f64, count: u32| {
            (0..count).find_map(|_| {
                clock.advance(dt);
                pace.watch(&clock, "own").err()
            })
        };
        // Steps that change the time's last digits, and a few that change none.
        assert!(steps(1e-15, 5000).is_none() && steps(1e-45, STANDING - 1).is_none() && steps(1e-15, 1).is_none());
        let error = steps(1e-45, STANDING).expect("an end").to_string();
        assert!(error.contains("1e-45") && error.contains("own") && error.contains("step 7000"), "{error}");
    }
}
