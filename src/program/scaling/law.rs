//! What a study's times mean: speed-up, efficiency, and the share of work that doesn't get faster with more ranks.
//!
//! Speed-up S on p ranks is the work per second over that of one rank (of the fewest ranks that were tried: then it is taken that those
//! are as fast as so many times one). A fixed problem whose share f isn't shared out has S = 1 / (f + (1 - f) / p) (Amdahl 1967, AFIPS 30, 483);
//! solved for f, by a point alone, that is e = (1/S - 1/p) / (1 - 1/p) (Karp & Flatt 1990, Commun. ACM 33, 539): where e grows with p, it isn't
//! the serial work that costs but what is between ranks. A problem that grows has S = p - f (p - 1) (Gustafson 1988, Commun. ACM 31, 532).

use super::measure::Measured;
#[cfg(feature = "plot")]
use crate::plot::scaling::Curves;
use crate::{Error, Result};

/// What so many ranks have shown: the medians of their runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub ranks: usize,
    /// Of the steps; of a sweep of all of it.
    pub seconds: f64,
    /// The least and the largest of the repeats.
    pub spread: [f64; 2],
    pub whole_seconds: f64,
    pub rate: f64,
    pub speed_up: f64,
    pub efficiency: f64,
    /// The share that isn't shared out, by this point alone; none on one rank.
    pub serial: Option<f64>,
    pub waiting: Option<f64>,
    /// Bytes of the largest rank.
    pub memory: Option<u64>,
}

/// A study's points, and the law through them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Study {
    pub points: Vec<Point>,
    /// The cores that ranks had.
    pub cores: usize,
    pub is_weak: bool,
    pub is_sweep: bool,
    pub rate_unit: String,
    /// The share that isn't shared out, by all points within the cores; none where these are fewer than two.
    pub serial: Option<f64>,
    /// Ranks that failed, with why.
    pub failure: Option<(usize, String)>,
}

impl Study {
    /// # Errors
    /// Where nothing was measured.
    pub(super) fn new(measured: Vec<Measured>, cores: usize, is_weak: bool, is_sweep: bool) -> Result<Self> {
        let failure = measured.iter().find_map(|one| Some((one.ranks, one.failure.clone()?)));
        let tried: Vec<&Measured> = measured.iter().filter(|one| !one.runs.is_empty()).collect();
        let nothing = || Error::System("no run of the study worked".to_owned());
        let first = tried.first().ok_or_else(nothing)?;
        let rate_unit = first.runs[0].rate_unit.clone();
        let base = first.median(|run| run.rate).ok_or_else(nothing)? / first.ranks as f64;
        let points: Vec<Point> = tried.iter().filter_map(|one| Point::of(one, base, is_weak)).collect();
        let within: Vec<&Point> = points.iter().filter(|point| point.ranks <= cores).collect();
        let serial = fitted(&within, is_weak);
        Ok(Study { points, cores, is_weak, is_sweep, rate_unit, serial, failure })
    }

    /// The speed-up that the law has for so many ranks.
    #[cfg(any(test, feature = "plot"))]
    pub(super) fn law(&self, ranks: f64) -> Option<f64> {
        let serial = self.serial?;
        Some(if self.is_weak { ranks - serial * (ranks - 1.0) } else { 1.0 / (serial + (1.0 - serial) / ranks) })
    }

    /// As a picture shows it.
    #[cfg(feature = "plot")]
    pub(super) fn curves(&self) -> Curves {
        let over_ranks = |of: fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
            self.points.iter().filter_map(|point| Some((point.ranks as f64, of(point)?))).collect()
        };
        let [first, last] = [&self.points[0], &self.points[self.points.len() - 1]].map(|point| point.ranks as f64);
        let places = (0..=100).map(|step| first + (last - first) * f64::from(step) / 100.0);
        let law =
            places.filter(|ranks| *ranks <= self.cores as f64).filter_map(|ranks| Some((ranks, self.law(ranks)?)));
        let name = if self.is_weak { "Gustafson" } else { "Amdahl" };
        Curves {
            cores: self.cores as f64,
            seconds: over_ranks(|point| Some(point.seconds)),
            speed_up: over_ranks(|point| Some(point.speed_up)),
            law: (name.to_owned(), law.collect()),
            efficiency: over_ranks(|point| Some(point.efficiency)),
            waiting: over_ranks(|point| point.waiting),
        }
    }
}

impl Point {
    fn of(measured: &Measured, base: f64, is_weak: bool) -> Option<Self> {
        let ranks = measured.ranks as f64;
        let rate = measured.median(|run| run.rate)?;
        let speed_up = rate / base;
        let seconds = measured.runs.iter().map(|run| run.seconds);
        let waits = measured.runs.iter().all(|run| run.waiting.is_some());
        Some(Point {
            ranks: measured.ranks,
            seconds: measured.median(|run| run.seconds)?,
            spread: [seconds.clone().fold(f64::INFINITY, f64::min), seconds.fold(0.0, f64::max)],
            whole_seconds: measured.median(|run| run.whole_seconds)?,
            rate,
            speed_up,
            efficiency: speed_up / ranks,
            serial: (measured.ranks > 1).then(|| serial(ranks, speed_up, is_weak)),
            waiting: if waits { measured.median(|run| run.waiting.unwrap_or(0.0)) } else { None },
            memory: measured.runs.iter().filter_map(|run| run.memory).max(),
        })
    }
}

/// The share that isn't shared out, by one speed-up.
fn serial(ranks: f64, speed_up: f64, is_weak: bool) -> f64 {
    if is_weak { (ranks - speed_up) / (ranks - 1.0) } else { (1.0 / speed_up - 1.0 / ranks) / (1.0 - 1.0 / ranks) }
}

/// The share between 0 and 1 whose law is nearest to all points, by least squares; of the times, which are linear in it, or of the
/// speed-ups of a problem that grows, which are too.
fn fitted(points: &[&Point], is_weak: bool) -> Option<f64> {
    let sums = points.iter().filter(|point| point.ranks > 1).map(|point| {
        let ranks = point.ranks as f64;
        let (slope, value) = if is_weak {
            (ranks - 1.0, ranks - point.speed_up)
        } else {
            (1.0 - 1.0 / ranks, 1.0 / point.speed_up - 1.0 / ranks)
        };
        [slope * slope, slope * value]
    });
    let [squares, products] = sums.fold([0.0; 2], |sum, term| [sum[0] + term[0], sum[1] + term[1]]);
    (squares > 0.0).then(|| (products / squares).clamp(0.0, 1.0))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::measure::Measurement;
    use super::*;

    /// What runs show that take such seconds for work of one.
    pub(crate) fn measured(times: &[(usize, f64)], waiting: f64) -> Vec<Measured> {
        let run = |seconds: f64| Measurement {
            seconds,
            whole_seconds: seconds + 1.0,
            rate: 1.0 / seconds,
            rate_unit: "steps/s".to_owned(),
            waiting: Some(waiting),
            memory: Some(1 << 20),
        };
        let of = |(ranks, seconds): &(usize, f64)| Measured {
            ranks: *ranks,
            // The median is the time itself, the mean is not.
            runs: [1.0, 0.9, 3.0].map(|factor| run(factor * seconds)).to_vec(),
            failure: None,
        };
        times.iter().map(of).collect()
    }

    #[test]
    fn a_law_with_a_known_serial_share_is_found_again() {
        let amdahl = |ranks: usize| 10.0 * (0.1 + 0.9 / ranks as f64);
        let times: Vec<(usize, f64)> = [1, 2, 4, 8].iter().map(|ranks| (*ranks, amdahl(*ranks))).collect();
        let study = Study::new(measured(&times, 0.1), 8, false, false).unwrap();
        assert!((study.serial.unwrap() - 0.1).abs() < 1e-12, "{study:?}");
        assert!(study.points[1..].iter().all(|point| (point.serial.unwrap() - 0.1).abs() < 1e-12), "{study:?}");
        assert!((study.points[3].speed_up - 1.0 / (0.1 + 0.9 / 8.0)).abs() < 1e-12);
        assert!((study.law(8.0).unwrap() - study.points[3].speed_up).abs() < 1e-12);
        assert_eq!((study.points[2].seconds, study.points[0].serial), (times[2].1, None));
    }

    #[test]
    fn points_past_the_cores_leave_the_law_alone_and_fewer_ranks_than_all_are_the_measure() {
        let study = Study::new(measured(&[(2, 5.0), (4, 2.5), (8, 9.0)], 0.1), 4, false, false).unwrap();
        assert_eq!((study.points[0].speed_up, study.points[1].speed_up), (2.0, 4.0));
        assert!(study.serial.unwrap() < 1e-12, "{study:?}");
        let weak = Study::new(measured(&[(1, 1.0), (2, 1.0 / 1.8)], 0.1), 4, true, false).unwrap();
        assert!(
            (weak.serial.unwrap() - 0.2).abs() < 1e-12 && (weak.points[1].efficiency - 0.9).abs() < 1e-12,
            "{weak:?}"
        );
    }
}
