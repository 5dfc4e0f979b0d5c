//! The tasks of a sweep on a time line: for each rank what it was at when.
//!
//! Tasks too short to be seen are drawn together, so that the line of a rank has few parts however many tasks there were. Pauses in which
//! no rank was at a task, as between two jobs, are left out where they are long.

use std::collections::BTreeMap;

use serde::Serialize;

use super::once::duration;
use crate::sweep::TaskSpan;

/// The most ranks with a line of their own.
const RANKS: usize = 32;
/// The most parts of all lines together, roughly, and of one of them.
const PARTS: usize = 3000;
const PARTS_OF_RANK: usize = 600;
/// A pause is left out if it is longer than this part of all that is at work, and than so many seconds.
const PAUSE: f64 = 0.2;
const SHORT: f64 = 1.0;

/// Lines one above the other, with one axis of time.
#[derive(Debug, Serialize)]
pub(super) struct TimeLine {
    pub sentence: String,
    rows: Vec<Row>,
    left_out: usize,
    /// Under the axis: from its beginning to its end.
    ticks: Vec<String>,
    /// What is to be said of pauses, and of tasks whose time isn't known.
    note: String,
}

/// What a rank was at.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    parts: Vec<Part>,
}

/// One task, or several; place and width in percent of the axis.
#[derive(Debug, PartialEq, Serialize)]
struct Part {
    left: f64,
    width: f64,
    /// As the page's legend: done, done at a later attempt, failed.
    colour: usize,
    words: String,
}

/// What a part of a line is made of, on the axis of time at work.
#[derive(Clone, Copy, Debug)]
struct Piece {
    first: u64,
    count: u64,
    start: f64,
    end: f64,
    seconds: f64,
    colour: usize,
}

/// Of all spans; none where there are none.
pub(super) fn of(spans: &[TaskSpan]) -> Option<TimeLine> {
    let mut timed: Vec<(f64, &TaskSpan)> = spans.iter().filter_map(|span| Some((span.began?, span))).collect();
    timed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let first = timed.first()?.0;
    let axis = Axis::of(first, timed.iter().map(|(began, span)| (*began, began + span.seconds)));
    let mut by_rank: BTreeMap<usize, Vec<Piece>> = BTreeMap::new();
    for (began, span) in &timed {
        let start = axis.at(*began);
        by_rank.entry(span.rank).or_default().push(Piece {
            first: span.first,
            count: u64::from(span.count),
            start,
            end: start + span.seconds,
            seconds: span.seconds,
            colour: if span.has_failed { 2 } else { usize::from(span.attempt > 1) },
        });
    }
    let ranks = by_rank.len();
    let shown = crate::plot::spread(by_rank.iter().collect::<Vec<_>>(), RANKS);
    let finest = axis.length / (PARTS / shown.len()).min(PARTS_OF_RANK) as f64;
    let row = |(rank, pieces): (&usize, &Vec<Piece>)| Row {
        name: format!("rank {rank}"),
        parts: joined(pieces, finest).iter().map(|piece| part(piece, axis.length)).collect(),
    };
    let left_out = ranks - shown.len();
    Some(TimeLine {
        sentence: sentence(&timed, ranks, axis.length),
        rows: shown.into_iter().map(row).collect(),
        left_out,
        ticks: (0..=4).map(|quarter| duration(0.25 * f64::from(quarter) * axis.length)).collect(),
        note: note(&axis, spans.len() - timed.len()),
    })
}

/// The time at work: from the beginning of the first task to the end of the last one, without long pauses.
struct Axis {
    first: f64,
    length: f64,
    /// Where pauses that are left out end, and how long they are.
    pauses: Vec<(f64, f64)>,
}

impl Axis {
    /// Of beginnings, in order, and ends.
    fn of(first: f64, spans: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut gaps = Vec::new();
        let mut end = first;
        for (began, ended) in spans {
            if began > end {
                gaps.push((began, began - end));
            }
            end = end.max(ended);
        }
        let at_work = end - first - gaps.iter().map(|gap| gap.1).sum::<f64>();
        gaps.retain(|gap| gap.1 > (PAUSE * at_work).max(SHORT));
        let left_out: f64 = gaps.iter().map(|gap| gap.1).sum();
        Axis { first, length: (end - first - left_out).max(f64::MIN_POSITIVE), pauses: gaps }
    }

    fn at(&self, time: f64) -> f64 {
        let before = self.pauses.iter().take_while(|pause| pause.0 <= time);
        time - self.first - before.map(|pause| pause.1).sum::<f64>()
    }
}

/// The pieces of a rank in their order, short ones that lie close together as one.
fn joined(pieces: &[Piece], finest: f64) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    for piece in pieces {
        match all.last_mut() {
            Some(last)
                if (piece.end - piece.start < finest && last.end - last.start < finest)
                    && piece.start - last.end < finest =>
            {
                last.first = last.first.min(piece.first);
                last.count += piece.count;
                last.end = last.end.max(piece.end);
                last.seconds += piece.seconds;
                last.colour = last.colour.max(piece.colour);
            }
            _ => all.push(*piece),
        }
    }
    all
}

fn part(piece: &Piece, length: f64) -> Part {
    let percent = |seconds: f64| (1e5 * seconds / length).round() / 1e3;
    let how = ["done", "done at a later attempt", "failed"][piece.colour];
    let words = match piece.count {
        1 => format!("task {}: {how}, {}", piece.first, duration(piece.seconds)),
        count => format!("{count} tasks from {} on: {how}, {}", piece.first, duration(piece.seconds)),
    };
    Part { left: percent(piece.start), width: percent(piece.end - piece.start), colour: piece.colour, words }
}

fn sentence(timed: &[(f64, &TaskSpan)], ranks: usize, length: f64) -> String {
    let busy: f64 = timed.iter().map(|(_, span)| span.seconds).sum();
    let share = (busy / (ranks as f64 * length)).min(1.0);
    let longest = timed.iter().map(|(_, span)| span.seconds / f64::from(span.count)).fold(0.0, f64::max);
    let bound = if share > 0.5 { "computing" } else { "waiting for tasks" };
    format!(
        "Bound by {bound}: of the time of the ranks that had tasks {:.0} % was tasks; the longest task took {}.",
        100.0 * share,
        duration(longest)
    )
}

fn note(axis: &Axis, unknown: usize) -> String {
    let mut words = Vec::new();
    if let [(_, one)] = axis.pauses[..] {
        words.push(format!("A pause of {} is left out.", duration(one)));
    } else if !axis.pauses.is_empty() {
        let all = axis.pauses.iter().map(|pause| pause.1).sum();
        words.push(format!("{} pauses, {} in all, are left out.", axis.pauses.len(), duration(all)));
    }
    if unknown > 0 {
        words.push(format!("Of {unknown} more it isn't known when they ran."));
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: u64, rank: usize, began: f64, seconds: f64) -> TaskSpan {
        TaskSpan { first, count: 1, rank, attempt: 1, began: Some(began), seconds, has_failed: false }
    }

    #[test]
    fn tasks_stand_where_they_ran() {
        let mut spans = vec![span(0, 1, 0.0, 4.0), span(1, 2, 1.0, 2.0), span(2, 2, 3.5, 4.5)];
        spans.push(TaskSpan { attempt: 3, has_failed: true, seconds: 0.0, ..span(3, 2, 3.5, 0.0) });
        spans.push(TaskSpan { began: None, ..span(4, 1, 0.0, 1.0) });
        let line = of(&spans).unwrap();
        let parts = |row: usize| line.rows[row].parts.iter().map(|part| (part.left, part.width, part.colour)).collect();
        let first: Vec<(f64, f64, usize)> = parts(0);
        assert_eq!((first, &line.rows[0].name[..]), (vec![(0.0, 50.0, 0)], "rank 1"));
        let second: Vec<(f64, f64, usize)> = parts(1);
        assert!(second.contains(&(12.5, 25.0, 0)) && second.contains(&(43.75, 56.25, 0)), "{second:?}");
        assert!(second.contains(&(43.75, 0.0, 2)), "{second:?}");
        assert_eq!(line.ticks[4], "8.000 s");
        assert!(line.sentence.contains("66 % was tasks; the longest task took 4.500 s"), "{}", line.sentence);
        assert!(line.note.contains("Of 1 more"));
        assert!(of(&[]).is_none());
    }

    #[test]
    fn a_long_pause_between_two_jobs_is_left_out_and_told() {
        let line = of(&[span(0, 1, 0.0, 5.0), span(1, 1, 86_400.0, 5.0)]).unwrap();
        let lefts: Vec<f64> = line.rows[0].parts.iter().map(|part| part.left).collect();
        assert_eq!((lefts, &line.ticks[4][..]), (vec![0.0, 50.0], "10.000 s"));
        assert!(line.note.starts_with("A pause of"), "{}", line.note);
    }

    /// A hundred thousand short tasks on 40 ranks, a long one among them, every second one failed.
    #[test]
    fn many_tasks_are_drawn_together_and_long_ones_alone() {
        let mut spans: Vec<TaskSpan> =
            (0..100_000).map(|task| span(task, task as usize % 40, task as f64 * 1e-3, 1e-2)).collect();
        spans.iter_mut().step_by(2).for_each(|span| span.has_failed = true);
        spans.push(span(100_000, 0, 200.0, 50.0));
        let line = of(&spans).unwrap();
        assert_eq!((line.rows.len(), line.left_out), (RANKS, 8));
        let parts: usize = line.rows.iter().map(|row| row.parts.len()).sum();
        assert!((64..2 * PARTS).contains(&parts), "{parts}");
        let alone = line.rows[0].parts.last().unwrap();
        assert!(alone.words.starts_with("task 100000: done, 50") && alone.width > 30.0, "{alone:?}");
        let all: usize = line.rows.iter().map(|row| serde_json::to_string(&row.parts).unwrap().len()).sum();
        assert!(all < 400_000, "{all} bytes");
    }
}
