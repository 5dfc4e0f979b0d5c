//! The messages of a run at work: run.log, and on standard error a line now and then, or on a terminal a bar that moves. Rank 0 alone
//! writes them. A bar is as wide as the terminal, and without colours where NO_COLOR is set.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Result;
use crate::base::clock::Clock;
use crate::base::console::{number_text, say, six_decimals, visible};
use crate::base::whole::open_own;

/// The parts of a bar.
const PARTS: u64 = 1000;
/// What a bar shows, and on a narrow terminal: the message is cut to the width that is left.
const BAR: &str = "{bar:24.cyan/dim} {percent:>3} % {wide_msg}";
const NARROW_BAR: &str = "{percent:>3} % {wide_msg}";
const NARROW: u16 = 80;
/// Between two looks at a bar.
const ON_TERMINAL: Duration = Duration::from_secs(1);
/// Between lines in a log.
const IN_LOG: Duration = Duration::from_secs(10);
/// The variable that sets other seconds between lines in a log, for programs that watch them.
const SECONDS: &str = "DIVISI_PROGRESS_SECONDS";

/// How many ranks there are, in words.
pub(crate) fn ranks_text(ranks: usize) -> String {
    if ranks == 1 { "1 rank".to_owned() } else { format!("{ranks} ranks") }
}

/// The voice of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    log: Option<File>,
    /// On a terminal.
    bar: Option<ProgressBar>,
    quiet: bool,
    /// Between two lines.
    pause: Duration,
    last: Instant,
    last_step: u64,
    /// The end: time and step.
    until: (f64, u64),
    /// Whether the time says more than the step.
    has_time: bool,
    start: Option<(Instant, f64, u64)>,
}

impl Progress {
    /// Prints if `speaks` (rank 0), and appends to `log` if given.
    pub(crate) fn new(log: Option<&Path>, speaks: bool, until: (f64, u64)) -> Result<Self> {
        let open = |path: &Path| open_own(path, OpenOptions::new().create(true).append(true));
        let log = log.filter(|_| speaks).map(open).transpose()?;
        // Open MPI's launcher gives its ranks a terminal of its own: there, never write in place.
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("OMPI_COMM_WORLD_SIZE").is_none();
        let bar = (terminal && speaks).then(bar);
        let pause = if terminal { ON_TERMINAL } else { in_log() };
        let last = Instant::now();
        let quiet = !speaks;
        Ok(Progress { log, bar, quiet, pause, last, last_step: 0, until, has_time: true, start: None })
    }

    /// Tells the time beside the step only if it `has_time` that says more.
    pub(crate) fn with_time(mut self, has_time: bool) -> Self {
        self.has_time = has_time;
        self
    }

    /// Where the run is, in words.
    pub(crate) fn moment(&self, clock: &Clock) -> String {
        let time = if self.has_time { format!(", t = {}", number_text(clock.told())) } else { String::new() };
        format!("step {}{time}", clock.step())
    }

    /// Tells one line, to the log and to standard error.
    pub(crate) fn say(&mut self, line: &str) {
        if self.quiet {
            return;
        }
        self.above(|| say(line));
        if let Some(log) = &mut self.log {
            // A log that cannot be written must not end a run.
            let _ = writeln!(log, "{}", visible(line));
        }
    }

    /// Writes above the bar, if there is one.
    fn above(&self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away, if there is one.
    pub(crate) fn end_line(&mut self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }

    /// Tells how far the run is, if it is time to. `work` is the work of one step with its unit.
    pub(crate) fn tick(&mut self, clock: &Clock, work: (f64, &str), waited: Duration) {
        let (began, time, step) = *self.start.get_or_insert((Instant::now(), clock.time(), clock.step()));
        let since = self.last.elapsed();
        if !self.is_time() {
            return;
        }
        let rate = (clock.step() - self.last_step) as f64 * work.0 / since.as_secs_f64();
        let elapsed = began.elapsed().as_secs_f64();
        let done = self.fraction(clock, time, step);
        let left = if done > 0.0 { duration_text(elapsed * (1.0 - done) / done) } else { "unknown".to_owned() };
        let waiting = 100.0 * waited.as_secs_f64() / elapsed.max(1e-9);
        let time = if self.has_time {
            format!(" t = {} dt = {:.3e}", six_decimals(clock.told()), clock.dt())
        } else {
            String::new()
        };
        let rate = rate_text(rate, work.1);
        let line = format!("step {}{time} {rate} waiting {waiting:.0} % left {left}", clock.step());
        self.last_step = clock.step();
        self.show(done, &line);
    }

    /// Whether it is time for a line on how far the work is.
    pub(crate) fn is_time(&self) -> bool {
        !self.quiet && self.last.elapsed() >= self.pause
    }

    /// Reports how far the work is: the share that is done, and in words; on a terminal in place of the last report.
    pub(crate) fn show(&mut self, share: f64, line: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(visible(line).into_owned());
                bar.set_position((share.clamp(0.0, 1.0) * PARTS as f64) as u64);
            }
            None => say(line),
        }
        self.last = Instant::now();
    }

    /// The share of the work since the start that is done; 0 where nobody knows, since the run has no end but its goal.
    fn fraction(&self, clock: &Clock, time: f64, step: u64) -> f64 {
        let (end, last) = self.until;
        let by_time = (clock.time() - time) / (end - time);
        let by_step = (clock.step() - step) as f64 / last.saturating_sub(step) as f64;
        by_time.max(if last < u64::MAX { by_step } else { 0.0 })
    }
}

/// A bar as wide as the terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(PARTS), ProgressDrawTarget::stderr());
    let (_, width) = console::Term::stderr().size();
    let style = ProgressStyle::with_template(if width < NARROW { NARROW_BAR } else { BAR });
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end_line();
    }
}

/// Between lines in a log: as the variable says, if it is a number of seconds.
fn in_log() -> Duration {
    let told = std::env::var(SECONDS).ok().and_then(|text| Duration::try_from_secs_f64(text.parse().ok()?).ok());
    told.unwrap_or(IN_LOG)
}

/// A rate with a prefix: "3.2 G interactions/s".
pub(crate) fn rate_text(rate: f64, unit: &str) -> String {
    let (scale, prefix) =
        [(1e9, "G "), (1e6, "M "), (1e3, "k ")].into_iter().find(|(s, _)| rate >= *s).unwrap_or((1.0, ""));
    format!("{:.3} {prefix}{unit}/s", rate / scale)
}

/// A duration in words.
pub(crate) fn duration_text(seconds: f64) -> String {
    match seconds.round() {
        s if !s.is_finite() => "unknown".into(),
        s if s < 60.0 => format!("{s:.0} s"),
        s if s < 3600.0 => format!("{:.0} min {:02.0} s", (s / 60.0).floor(), s % 60.0),
        s if s >= 3.6e9 => format!("{:.1e} h", s / 3600.0),
        s => format!("{:.0} h {:02.0} min", (s / 3600.0).floor(), (s % 3600.0 / 60.0).floor()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(steps: u64) -> Clock {
        let mut clock = Clock::default();
        (0..steps).for_each(|_| clock.advance(1.0));
        clock
    }

    /// Ended by its time, by its steps, by whichever is first, by its goal alone: then nobody knows how much is done.
    #[test]
    fn the_share_that_is_done_is_known_where_there_is_an_end() {
        let done = |until| Progress::new(None, false, until).unwrap().fraction(&clock(6), 2.0, 2);
        assert_eq!(done((10.0, u64::MAX)), 0.5);
        assert_eq!(done((f64::INFINITY, 18)), 0.25);
        assert_eq!(done((10.0, 18)), 0.5);
        assert_eq!(done((f64::INFINITY, u64::MAX)), 0.0);
    }

    #[test]
    fn bars_have_what_they_show() {
        assert!([BAR, NARROW_BAR].iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }

    #[test]
    fn durations_are_told_in_two_units_and_beyond_a_century_in_digits_that_count() {
        let told = [0.4, 59.4, 61.9, 3599.99, 3600.0, 3.599e9, 3.6e9, 6.9870e19, f64::NAN].map(duration_text);
        let expected = [
            "0 s",
            "59 s",
            "1 min 02 s",
            "1 h 00 min",
            "1 h 00 min",
            "999722 h 13 min",
            "1.0e6 h",
            "1.9e16 h",
            "unknown",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_time_that_counts_steps_is_not_told() {
        let progress = Progress::new(None, false, (1.0, 1)).unwrap();
        assert_eq!(progress.moment(&clock(3)), "step 3, t = 3");
        assert_eq!(progress.with_time(false).moment(&clock(3)), "step 3");
    }
}
