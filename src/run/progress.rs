//! What a run says while it works: run.log, and one line now and then on standard error. Rank 0 alone speaks.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::console::{put, say};
use crate::{Error, Result};

/// Between lines on a terminal, where each replaces the last.
const ON_TERMINAL: Duration = Duration::from_secs(1);
/// Between lines in a log.
const IN_LOG: Duration = Duration::from_secs(10);

/// The voice of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    log: Option<File>,
    terminal: bool,
    quiet: bool,
    last: Instant,
    last_step: u64,
    /// The end: time and step.
    until: (f64, u64),
    start: Option<(Instant, f64, u64)>,
    in_place: bool,
}

impl Progress {
    /// Speaks if `speaks` (rank 0), and appends to `log` if given.
    pub(crate) fn new(log: Option<&Path>, speaks: bool, until: (f64, u64)) -> Result<Self> {
        let open =
            |path: &Path| OpenOptions::new().create(true).append(true).open(path).map_err(Error::io("write", path));
        let log = log.filter(|_| speaks).map(open).transpose()?;
        // Open MPI's launcher gives its ranks a terminal of its own: there, never write in place.
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("OMPI_COMM_WORLD_SIZE").is_none();
        let last = Instant::now();
        Ok(Progress { log, terminal, quiet: !speaks, last, last_step: 0, until, start: None, in_place: false })
    }

    /// Tells one line, to the log and to standard error.
    pub(crate) fn say(&mut self, line: &str) {
        if self.quiet {
            return;
        }
        self.end_line();
        say(line);
        if let Some(log) = &mut self.log {
            // A log that cannot be written must not end a run.
            let _ = writeln!(log, "{line}");
        }
    }

    /// Ends a line that was written in place.
    pub(crate) fn end_line(&mut self) {
        if std::mem::take(&mut self.in_place) {
            say("");
        }
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
        let left = if done > 0.0 { elapsed * (1.0 - done) / done } else { f64::INFINITY };
        let waiting = 100.0 * waited.as_secs_f64() / elapsed.max(1e-9);
        let line = format!(
            "step {} t = {:.6} dt = {:.3e} {} waiting {waiting:.0} % left {}",
            clock.step(),
            clock.time(),
            clock.dt(),
            rate_text(rate, work.1),
            duration_text(left)
        );
        self.last_step = clock.step();
        self.show(&line);
    }

    /// Whether it is time for a line on how far the work is.
    pub(crate) fn is_time(&self) -> bool {
        !self.quiet && self.last.elapsed() >= if self.terminal { ON_TERMINAL } else { IN_LOG }
    }

    /// Tells how far the work is, on a terminal in place of what was told last.
    pub(crate) fn show(&mut self, line: &str) {
        if self.terminal {
            put(&format!("\r\x1b[K{line}"));
            self.in_place = true;
        } else {
            say(line);
        }
        self.last = Instant::now();
    }

    /// The share of the work since the start that is done.
    fn fraction(&self, clock: &Clock, time: f64, step: u64) -> f64 {
        let by_time = (clock.time() - time) / (self.until.0 - time);
        let by_step = (clock.step() - step) as f64 / (self.until.1 - step.min(self.until.1)) as f64;
        by_time.max(by_step)
    }
}

/// A rate with a prefix: "3.2 G interactions/s".
pub(crate) fn rate_text(rate: f64, unit: &str) -> String {
    let (scale, prefix) =
        [(1e9, "G "), (1e6, "M "), (1e3, "k ")].into_iter().find(|(s, _)| rate >= *s).unwrap_or((1.0, ""));
    format!("{:.3} {prefix}{unit}/s", rate / scale)
}

/// A duration as a person says it.
pub(crate) fn duration_text(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() => "unknown".into(),
        s if s < 60.0 => format!("{s:.0} s"),
        s if s < 3600.0 => format!("{:.0} min {:02.0} s", (s / 60.0).floor(), s % 60.0),
        s => format!("{:.0} h {:02.0} min", (s / 3600.0).floor(), (s % 3600.0 / 60.0).floor()),
    }
}
