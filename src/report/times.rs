//! Where the time went: what each phase cost, on each rank how long it computed and waited, who sent how much, the tasks of a sweep; and
//! in one sentence whether computing, messages or files took most of it.
//!
//! Waiting is the time inside blocking calls of MPI. The time of phases that write (`history`, `snapshots`, ..) is that of files, waiting
//! included; waiting elsewhere is that of messages; of the rest the part within the run's loop is computing, and what is left belongs to
//! starting and ending.

use serde::Serialize;
use serde_json::Value;

use super::amount;
use super::matrix::{self, Matrix};
use super::once::duration;
use super::tasks::{self, TimeLine};
use crate::run::RunFolder;
use crate::sweep;
use crate::{Error, Result};

/// The phases that write files.
const FILES: [&str; 5] = ["history", "trajectory", "snapshots", "checkpoints", "results"];
/// The most ranks that have a bar of their own.
const RANKS: usize = 32;

/// Where the time went.
#[derive(Debug, Default, Serialize)]
pub(super) struct Times {
    /// What took most of it.
    pub sentence: String,
    pub phases: Vec<Phase>,
    /// Bars of the ranks, or of some of them.
    pub ranks: Vec<Bar>,
    pub left_out: usize,
    pub matrix: Option<Matrix>,
    pub tasks: Option<TimeLine>,
}

/// What a phase cost.
#[derive(Debug, Serialize)]
pub(super) struct Phase {
    name: String,
    /// Which of the page's colours it has.
    colour: usize,
    seconds: String,
    waited: String,
    messages: String,
    bytes: String,
}

/// The bar of a rank.
#[derive(Debug, Serialize)]
pub(super) struct Bar {
    name: String,
    parts: Vec<Part>,
}

/// A part of a bar.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    /// Its width in percent of the longest bar.
    width: f64,
    colour: usize,
    waits: bool,
    words: String,
}

/// From the ledger and a sweep's journal; none where there is neither.
pub(super) fn of(folder: &RunFolder) -> Result<Option<Times>> {
    let ledger = ledger(folder)?;
    let tasks = tasks::of(&sweep::spans(folder)?);
    if ledger.is_none() && tasks.is_none() {
        return Ok(None);
    }
    let mut times = ledger.map(|ledger| of_ledger(&ledger)).unwrap_or_default();
    times.sentence.push_str(tasks.as_ref().map_or("", |tasks| &tasks.sentence));
    times.tasks = tasks;
    Ok(Some(times))
}

fn ledger(folder: &RunFolder) -> Result<Option<Value>> {
    let path = folder.ledger();
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| Error::file(&path, error.to_string()))
}

/// The numbers of a phase, a number for each rank.
fn per_rank(phase: &Value, name: &str) -> Vec<f64> {
    phase[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(0.0, f64::max)
}

fn of_ledger(ledger: &Value) -> Times {
    let phases: Vec<&Value> = ledger["phases"].as_array().into_iter().flatten().collect();
    let name = |phase: &Value| phase["name"].as_str().unwrap_or_default().to_owned();
    let rows = phases.iter().enumerate().map(|(colour, phase)| Phase {
        name: name(phase),
        colour,
        seconds: duration(largest(&per_rank(phase, "seconds"))),
        waited: duration(largest(&per_rank(phase, "waited_seconds"))),
        messages: amount(per_rank(phase, "messages").iter().sum()),
        bytes: amount(per_rank(phase, "bytes").iter().sum()),
    });
    let count = phases.iter().map(|phase| per_rank(phase, "seconds").len()).max().unwrap_or(0);
    let (ranks, left_out) = bars(&phases, count);
    Times {
        sentence: sentence(ledger, &phases, count),
        phases: rows.collect(),
        ranks,
        left_out,
        matrix: matrix::of(ledger),
        tasks: None,
    }
}

/// A bar for each rank, or for so many of them, evenly spread.
fn bars(phases: &[&Value], count: usize) -> (Vec<Bar>, usize) {
    let columns: Vec<(&str, [Vec<f64>; 2])> = phases
        .iter()
        .map(|phase| {
            let seconds = ["seconds", "waited_seconds"].map(|name| per_rank(phase, name));
            (phase["name"].as_str().unwrap_or_default(), seconds)
        })
        .collect();
    let at = |column: &[f64], rank: usize| column.get(rank).copied().unwrap_or(0.0);
    let all = |rank: usize| columns.iter().map(|(_, [seconds, _])| at(seconds, rank)).sum::<f64>();
    let longest = (0..count).map(all).fold(f64::MIN_POSITIVE, f64::max);
    let shown = crate::plot::spread((0..count).collect::<Vec<_>>(), RANKS);
    let left_out = count - shown.len();
    let bar = |rank: usize| {
        let parts = columns.iter().enumerate().flat_map(|(colour, (name, [seconds, waited]))| {
            let waited = at(waited, rank);
            let busy = (at(seconds, rank) - waited).max(0.0);
            [(busy, false, (*name).to_owned()), (waited, true, format!("{name}, waiting"))].map(
                |(seconds, waits, name)| Part {
                    width: (1e5 * seconds / longest).round() / 1e3,
                    colour,
                    waits,
                    words: format!("{name}: {}", duration(seconds)),
                },
            )
        });
        Bar { name: format!("rank {rank}"), parts: parts.filter(|part| part.width > 0.02).collect() }
    };
    (shown.into_iter().map(bar).collect(), left_out)
}

/// What took most of the time.
fn sentence(ledger: &Value, phases: &[&Value], ranks: usize) -> String {
    let sum = |phase: &Value, name: &str| per_rank(phase, name).iter().sum::<f64>();
    let writes = |phase: &&&Value| FILES.contains(&phase["name"].as_str().unwrap_or_default());
    let all = ledger["seconds"].as_f64().unwrap_or(0.0) * ranks as f64;
    let looped = ledger["loop_seconds"].as_f64().unwrap_or(0.0) * ranks as f64;
    if all <= 0.0 {
        return String::new();
    }
    let files: f64 = phases.iter().filter(writes).map(|phase| sum(phase, "seconds")).sum();
    let waited: f64 = phases.iter().filter(|phase| !writes(phase)).map(|phase| sum(phase, "waited_seconds")).sum();
    let messages = waited.min(looped);
    let computing = (looped - messages).max(0.0);
    let rest = (all - files - looped).max(0.0);
    let parts = [("computing", computing), ("messages", messages), ("files", files)];
    let bound = parts.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or("computing", |part| part.0);
    let share = |seconds: f64| format!("{:.0} %", 100.0 * seconds / all);
    let [computing, messages, files, rest] = [computing, messages, files, rest].map(share);
    format!(
        "Bound by {bound}: of the ranks' time {computing} was computing, {messages} waiting for messages, {files} files, \
         {rest} starting and ending."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence_of(phases: &str, seconds: f64, loop_seconds: f64) -> String {
        let text = format!(r#"{{"seconds": {seconds}, "loop_seconds": {loop_seconds}, "phases": [{phases}]}}"#);
        of_ledger(&serde_json::from_str(&text).unwrap()).sentence
    }

    #[test]
    fn one_sentence_says_what_took_most_of_the_time() {
        let phase = |name: &str, seconds: &str, waited: &str| {
            format!(
                r#"{{"name": "{name}", "seconds": [{seconds}], "waited_seconds": [{waited}], "messages": [1, 2], "bytes": [3, 4]}}"#
            )
        };
        let [halo, waits, files] =
            [phase("halo", "8, 8", "1, 1"), phase("halo", "8, 8", "6, 7"), phase("snapshots", "9, 9", "8, 1")];
        let computes = sentence_of(&halo, 10.0, 8.0);
        assert!(
            computes.starts_with("Bound by computing: of the ranks' time 70 % was computing, 10 % waiting"),
            "{computes}"
        );
        assert!(sentence_of(&waits, 10.0, 8.0).starts_with("Bound by messages"));
        assert!(sentence_of(&files, 10.0, 1.0).starts_with("Bound by files"));
        let times = of_ledger(&serde_json::from_str(&format!(r#"{{"phases": [{halo}, {files}]}}"#)).unwrap());
        assert_eq!((times.ranks.len(), &times.phases[0].messages[..], &times.phases[0].bytes[..]), (2, "3", "7"));
        let widths: f64 = times.ranks[0].parts.iter().map(|part| part.width).sum();
        assert!((widths - 100.0).abs() < 0.1, "{widths}");
    }
}
