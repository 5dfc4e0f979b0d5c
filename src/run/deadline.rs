//! The end of the time that a run was given, and the best distance between checkpoints.
//!
//! A run ends in time to write a last checkpoint: before `run.walltime` is over, or before the end of which Slurm informs a job's
//! steps (`SLURM_JOB_END_TIME`), whichever is earlier. Rank 0's clock counts; it informs the others at an agreement.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::base::units::{Preset, Quantity, Units};
use crate::{Error, Result};

/// Time kept beyond that of two checkpoints: for the end of the job itself.
const SPARE: Duration = Duration::from_secs(5);
/// The shortest limit of silence.
const SHORTEST_SILENCE: Duration = Duration::from_secs(1);

/// When a run must have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// The earlier of `walltime` from `began` on and of Slurm's end of the job.
    pub(crate) fn new(began: Instant, walltime: Option<Duration>) -> Self {
        let own = walltime.and_then(|walltime| began.checked_add(walltime));
        let slurm = std::env::var("SLURM_JOB_END_TIME").ok().and_then(|text| instant_of(text.trim().parse().ok()?));
        Deadline([own, slurm].into_iter().flatten().min())
    }

    /// Whether there is too little time left for something of this length and for two checkpoints.
    pub(crate) fn is_near(self, next: Duration, checkpoint: Duration) -> bool {
        self.0.is_some_and(|end| Instant::now() + next + 2 * checkpoint + SPARE >= end)
    }
}

/// The instant of a time of day in seconds since 1970, if it is still to come.
fn instant_of(seconds: u64) -> Option<Instant> {
    let left = (UNIX_EPOCH + Duration::from_secs(seconds)).duration_since(SystemTime::now()).ok()?;
    Instant::now().checked_add(left)
}

/// A length of time as Slurm writes it: minutes, `MM:SS`, `HH:MM:SS`, `D-HH`, `D-HH:MM` or `D-HH:MM:SS`; or with its unit, `"90 min"`.
///
/// # Errors
/// Any other text, and a length of zero.
pub(crate) fn walltime(place: &str, text: &str) -> Result<Duration> {
    let length = if text.contains(char::is_alphabetic) && !text.contains(':') {
        let seconds = Units::preset(Preset::Si).duration(place, &Quantity::Text(text.to_owned()))?;
        Duration::try_from_secs_f64(seconds).ok()
    } else {
        seconds_of(text).map(Duration::from_secs)
    };
    length.filter(|length| !length.is_zero()).ok_or_else(|| {
        let allowed = "give minutes, MM:SS, HH:MM:SS or D-HH:MM:SS, or such as \"2 hours\", more than none";
        Error::input(place, format!("\"{text}\" is no length of time: {allowed}"))
    })
}

/// The key of the limit of silence.
pub(crate) const SILENCE: &str = "run.silence_seconds";

/// How long nothing may be heard of a rank, in seconds; without end where it is 0.
///
/// # Errors
/// A number that is no length of time, or so short that a rank which is merely late would be taken for one that is gone.
pub(crate) fn silence(place: &str, seconds: f64) -> Result<Option<Duration>> {
    if seconds == 0.0 {
        return Ok(None);
    }
    let limit = Duration::try_from_secs_f64(seconds).ok().filter(|limit| *limit >= SHORTEST_SILENCE);
    limit.map(Some).ok_or_else(|| Error::input(place, format!("is {seconds}; give 0 (never) or at least 1 second")))
}

fn seconds_of(text: &str) -> Option<u64> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days.parse::<u64>().ok()?), rest),
        None => (None, text),
    };
    let parts: Vec<u64> = rest.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let of_day = match (days.is_some(), &parts[..]) {
        (true, [hours]) => 3600 * hours,
        (true, [hours, minutes]) => 3600 * hours + 60 * minutes,
        (false, [minutes]) => 60 * minutes,
        (false, [minutes, seconds]) => 60 * minutes + seconds,
        (_, [hours, minutes, seconds]) => 3600 * hours + 60 * minutes + seconds,
        _ => return None,
    };
    Some(days.unwrap_or(0) * 86400 + of_day)
}

/// The time between checkpoints that loses least, where each takes `cost` and failures are `between_failures` apart on average:
/// Young's first order with Daly's correction (Daly 2006, Future Gener. Comput. Syst. 22, 303, equation 37).
pub(super) fn best_interval(cost: Duration, between_failures: Duration) -> Duration {
    let cost = cost.as_secs_f64();
    let mean = between_failures.as_secs_f64();
    if cost >= 2.0 * mean {
        return between_failures;
    }
    let ratio = cost / (2.0 * mean);
    let interval = (2.0 * cost * mean).sqrt() * (1.0 + ratio.sqrt() / 3.0 + ratio / 9.0) - cost;
    Duration::try_from_secs_f64(interval.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_those_of_slurm() {
        for (text, seconds) in
            [("90", 5400), ("1:30", 90), ("01:00:01", 3601), ("2-0", 172800), ("1-2:30", 95400), ("1-00:00:05", 86405)]
        {
            assert_eq!(walltime("run.walltime", text).unwrap().as_secs(), seconds, "{text}");
        }
        for (text, seconds) in [("90 min", 5400), ("2 hours", 7200), ("1.5 h", 5400), ("2 days", 172_800)] {
            assert_eq!(walltime("run.walltime", text).unwrap().as_secs(), seconds, "{text}");
        }
        for wrong in ["", "0", "1:2:3:4", "-5", "1-", "1:x", "0 s", "-2 hours", "1e30 hours"] {
            let told = walltime("run.walltime", wrong).unwrap_err().to_string();
            assert!(told.starts_with("run.walltime") && told.contains("HH:MM:SS"), "{told}");
        }
    }

    #[test]
    fn silence_is_a_time_of_a_second_or_more_or_none() {
        assert_eq!(silence("here", 1.5).unwrap(), Some(Duration::from_millis(1500)));
        assert_eq!(silence("here", 0.0).unwrap(), None);
        for wrong in [-1.0, 0.5, f64::NAN, f64::INFINITY] {
            assert!(silence("here", wrong).unwrap_err().to_string().starts_with("here: is"), "{wrong}");
        }
    }

    #[test]
    fn words_that_are_no_length_of_time_are_refused() {
        for (wrong, says) in
            [("soon", "not a unit of time"), ("2 weeks", "not a unit of time"), ("2h", "not a duration")]
        {
            let told = walltime("run.walltime", wrong).unwrap_err().to_string();
            assert!(told.starts_with("run.walltime") && told.contains(says), "{told}");
        }
    }

    #[test]
    fn a_deadline_leaves_room_for_two_checkpoints() {
        let second = Duration::from_secs(1);
        let deadline = Deadline(Some(Instant::now() + 20 * second));
        assert!(!deadline.is_near(second, 5 * second));
        assert!(deadline.is_near(second, 8 * second));
        assert!(deadline.is_near(16 * second, Duration::ZERO));
        assert!(!Deadline(None).is_near(second, second));
    }

    /// Daly's table of exact optima: within a percent where a checkpoint is short beside the time between failures.
    #[test]
    fn checkpoints_are_as_far_apart_as_loses_least() {
        let cost = Duration::from_secs(300);
        let mean = Duration::from_secs(24 * 3600);
        let chosen = best_interval(cost, mean).as_secs_f64();
        // Waste per second of work of segments of this length, from the exponential law of failures (Daly's equation 20).
        let waste = |interval: f64| {
            let cost = 300.0;
            let mean = 24.0 * 3600.0;
            mean * ((interval + cost) / mean).exp_m1() / interval
        };
        let best = (1..20000).map(f64::from).min_by(|a, b| waste(*a).total_cmp(&waste(*b))).unwrap();
        assert!((chosen / best - 1.0).abs() < 0.01, "{chosen} s; {best} s is best");
        assert_eq!(best_interval(Duration::from_secs(10), Duration::from_secs(3)), Duration::from_secs(3));
    }
}
