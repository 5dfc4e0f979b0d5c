//! A study in words: how many ranks are worth it, where more give less, where it breaks, and why.

use super::law::{Point, Study};
use crate::run::ranks_text;

/// A rank that brings less than this of what one rank alone does isn't worth its core.
const WORTH: f64 = 0.5;
/// A speed-up that falls by more than this is no accident of measuring.
const FALL: f64 = 0.03;
/// A share that isn't shared out, and a share of waiting, that are worth a word.
const SHARE: f64 = 0.02;
const WAITING: f64 = 0.1;

/// The lines under the picture.
pub(super) fn words(study: &Study) -> Vec<String> {
    let mut lines = vec![base(study), law(study)];
    lines.push(returns(study));
    lines.push(end(study));
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// What all is held to.
fn base(study: &Study) -> String {
    let first = &study.points[0];
    let held = if first.ranks == 1 {
        "one rank".to_owned()
    } else {
        format!("{} ranks, which are taken to be {} times as fast as one", first.ranks, first.ranks)
    };
    let grows = if study.is_weak { ", with as much work for each rank" } else { "" };
    let of = if study.is_sweep { " (whole sweeps, with the start of MPI)" } else { "" };
    format!("held to {held}{grows}; medians of repeated runs on {} cores{of}", study.cores)
}

/// The law through the points within the cores.
fn law(study: &Study) -> String {
    let (Some(serial), Some(last)) = (study.serial, within(study).last()) else { return String::new() };
    if study.is_weak {
        return format!("{:.1} % of the time doesn't shrink with more ranks (Gustafson)", 100.0 * serial);
    }
    let limit = if serial > 1e-4 {
        format!(": no number of ranks is more than {:.0} times as fast as one", 1.0 / serial)
    } else {
        String::new()
    };
    let shares: Vec<f64> = within(study).filter_map(|point| point.serial).collect();
    let grows = shares.len() > 1 && shares[shares.len() - 1] > 1.5 * shares[0].max(SHARE);
    let why = match (grows, last.ranks) {
        (true, _) => "; it grows with the ranks, so it is what passes between them, not serial work",
        _ => "",
    };
    format!("{:.1} % of the work isn't shared out (Amdahl){limit}{why}", 100.0 * serial)
}

/// The points that have a core for each rank.
fn within(study: &Study) -> impl Iterator<Item = &Point> {
    study.points.iter().filter(|point| point.ranks <= study.cores)
}

/// Where further ranks begin to bring little.
fn returns(study: &Study) -> String {
    let pairs = study.points.windows(2);
    let gains = pairs.map(|pair| {
        (&pair[0], &pair[1], (pair[1].speed_up - pair[0].speed_up) / (pair[1].ranks - pair[0].ranks) as f64)
    });
    let Some((before, after, gain)) = gains.into_iter().find(|(_, _, gain)| *gain < WORTH) else {
        let last = &study.points[study.points.len() - 1];
        return if study.points.len() > 1 {
            format!(
                "up to {} each further one is worth it: {:.0} % efficiency there",
                ranks_text(last.ranks),
                100.0 * last.efficiency
            )
        } else {
            String::new()
        };
    };
    let (a, b, few) = (before.ranks, after.ranks, ranks_text(before.ranks));
    format!(
        "diminishing returns past {few}: from {a} to {b} each further rank brings {:.0} % of one; {}",
        100.0 * gain.max(0.0),
        why(study, before, after)
    )
}

/// Where more ranks are slower, or don't run at all.
fn end(study: &Study) -> String {
    if let Some((ranks, reason)) = &study.failure {
        return format!("it breaks at {ranks} ranks: {reason}");
    }
    let falls = study.points.windows(2).find(|pair| pair[1].speed_up < (1.0 - FALL) * pair[0].speed_up);
    match falls {
        Some([before, after]) => format!(
            "it breaks at {} ranks, which are slower than {} ({:.2} against {:.2} times one): {}",
            after.ranks,
            before.ranks,
            after.speed_up,
            before.speed_up,
            why(study, before, after)
        ),
        _ => format!(
            "no number of ranks that was tried is slower than fewer, up to {}",
            study.points[study.points.len() - 1].ranks
        ),
    }
}

/// What the most of the loss between two points is.
fn why(study: &Study, before: &Point, after: &Point) -> String {
    if after.ranks > study.cores {
        let waits = after.waiting.map_or(String::new(), |share| format!(" ({:.0} % of the time)", 100.0 * share));
        return format!(
            "{} ranks take turns on {} cores, and wait for those whose turn it isn't{waits}",
            after.ranks, study.cores
        );
    }
    match (before.waiting, after.waiting) {
        (Some(less), Some(more)) if more > WAITING && more > less + SHARE => format!(
            "ranks wait {:.0} % of the time for messages, or for the slowest of them, against {:.0} %: too little work for each",
            100.0 * more,
            100.0 * less
        ),
        (Some(_), Some(_)) => "each rank itself is slower, though it waits no more: ranks share memory's bandwidth, caches, or the clock rate that \
                               few busy cores have"
            .to_owned(),
        _ if study.is_sweep => "too few tasks for so many ranks, tasks of unequal length, or tasks as short as the start".to_owned(),
        _ => "what ranks wait for wasn't measured".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::tests::measured;
    use super::*;

    fn told(times: &[(usize, f64)], waiting: f64, cores: usize) -> String {
        words(&Study::new(measured(times, waiting), cores, false, false).unwrap()).join("\n")
    }

    #[test]
    fn past_the_cores_it_is_the_turns() {
        let told = told(&[(1, 8.0), (2, 4.1), (4, 4.3), (8, 6.0)], 0.4, 2);
        assert!(told.contains("diminishing returns past 2 ranks") && told.contains("take turns on 2 cores"), "{told}");
        assert!(told.contains("breaks at 4 ranks"), "{told}");
    }

    #[test]
    fn within_the_cores_it_is_waiting_or_memory() {
        let mut all = measured(&[(1, 8.0), (2, 4.1), (4, 3.5)], 0.05);
        let study = Study::new(all.clone(), 8, false, false).unwrap();
        assert!(words(&study).join("\n").contains("memory's bandwidth"));
        all[2].runs.iter_mut().for_each(|run| run.waiting = Some(0.5));
        let told = words(&Study::new(all, 8, false, false).unwrap()).join("\n");
        assert!(told.contains("wait 50 %") && told.contains("no number of ranks that was tried is slower"), "{told}");
    }

    #[test]
    fn a_law_is_told_with_its_limit_and_growth() {
        let amdahl = |ranks: usize| (ranks, 10.0 * (0.1 + 0.9 / ranks as f64));
        let steady = told(&[1, 2, 4, 8].map(amdahl), 0.1, 8);
        assert!(steady.contains("10.0 % of the work") && steady.contains("more than 10 times"), "{steady}");
        assert!(!steady.contains("passes between"), "{steady}");
        let growing = told(&[(1, 8.0), (2, 4.1), (4, 2.6), (8, 2.4)], 0.1, 8);
        assert!(growing.contains("passes between them"), "{growing}");
    }

    #[test]
    fn ranks_that_fail_are_where_it_breaks() {
        let mut all = measured(&[(1, 8.0), (2, 4.0)], 0.0);
        all[1].failure = Some("no memory".to_owned());
        let told = words(&Study::new(all, 8, false, false).unwrap()).join("\n");
        assert!(told.contains("breaks at 2 ranks: no memory"), "{told}");
    }
}
