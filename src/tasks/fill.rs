//! Which tasks there are at the beginning: those of the list that an earlier job has not done, for any rank or for certain ones.

use std::ops::Range;

use super::journal::{Lengths, Recovered};
use super::ledger::{Event, Finished};
use super::options::{Options, Schedule};
use super::root::coordinator::Coordinator;
use super::wire::report::Report;
use crate::base::console::say;
use crate::base::error::TaskError;
use crate::base::partition::balanced_range;

/// Enters the `count` tasks of a list, without those that the journal has results of; for a pool, only what the journal has.
pub(super) fn fill(
    coordinator: &mut Coordinator,
    options: &Options,
    count: Option<u64>,
    recovered: Option<&Recovered>,
) {
    if let Some(recovered) = recovered {
        recovered.notes().iter().for_each(|note| say(&format!("divisi: {note}")));
        if let Some(is_result) = options.by_key {
            coordinator.ledger.begin_at(recovered.next_task());
            return coordinator.effects.recorder.keep_by_key(recovered, is_result);
        }
        for (&task, attempt) in recovered.attempts() {
            coordinator.apply(Event::Attempted { task, last: attempt.clone() });
        }
        for (&task, &attempt) in recovered.unended() {
            say(&format!(
                "divisi: an earlier job ended while rank 0 ran task {task}, attempt {attempt}: it is tried alone"
            ));
            coordinator.apply(Event::Unended { task, attempt });
        }
    }
    match (count, recovered) {
        (Some(count), recovered) => {
            coordinator.ledger.expect(count);
            let all = 0..count;
            let open = recovered.map_or_else(|| vec![all], |recovered| recover(coordinator, options, count, recovered));
            enter(coordinator, options, count, open, recovered.is_some_and(Recovered::is_stalled));
        }
        (None, Some(recovered)) => coordinator.effects.recorder.keep(recovered),
        (None, None) => {}
    }
}

/// Hands over what an earlier job has left of a list; the tasks that are left to do.
fn recover(coordinator: &mut Coordinator, options: &Options, count: u64, recovered: &Recovered) -> Vec<Range<u64>> {
    for run in recovered.done() {
        let sizes: Vec<u32> = match &run.lengths {
            Lengths::Equal { count, length } => vec![*length; *count as usize],
            Lengths::Each(lengths) => lengths.to_vec(),
        };
        let report = Report::of_results(run.first, &sizes, run.results);
        coordinator.apply(Event::Recovered(Finished::Results(report)));
    }
    let mut open: Vec<Range<u64>> = recovered.remaining(count).collect();
    if options.retry_failed {
        return open;
    }
    for (&task, failed) in recovered.failed() {
        open = without(open, task);
        let rank = failed.rank as usize;
        let attempt = failed.attempts;
        let cause = failed.reason.cause;
        let message = failed.reason.message.clone();
        let error = TaskError { task, rank, attempt, cause, message };
        coordinator.apply(Event::Recovered(Finished::Failure(error)));
    }
    open
}

/// Enters the tasks that are open, for whom the schedule says.
fn enter(coordinator: &mut Coordinator, options: &Options, count: u64, open: Vec<Range<u64>>, is_careful: bool) {
    let takers: Vec<usize> = coordinator.ledger.takers().collect();
    let others: Vec<usize> = takers.iter().copied().filter(|&rank| options.root_computes || rank != 0).collect();
    let takers = if others.is_empty() { takers } else { others };
    match options.schedule {
        // After a job that got nothing done, each of rank 0's attempts is written down before it begins: one by one.
        _ if is_careful => open.into_iter().for_each(|tasks| coordinator.apply(Event::Listed(tasks))),
        Schedule::Dynamic => open.into_iter().for_each(|tasks| coordinator.apply(Event::Listed(tasks))),
        Schedule::Static => assign_blocks(coordinator, &takers, &open, count),
        Schedule::Cyclic => assign_cyclic(coordinator, &takers, &open),
    }
}

/// The ranges without one task.
fn without(ranges: Vec<Range<u64>>, task: u64) -> Vec<Range<u64>> {
    let split = |range: Range<u64>| {
        if range.contains(&task) { [range.start..task, task + 1..range.end] } else { [range, 0..0] }
    };
    ranges.into_iter().flat_map(split).filter(|range| !range.is_empty()).collect()
}

/// Gives each taker its block of the tasks, without those that are not open.
fn assign_blocks(coordinator: &mut Coordinator, takers: &[usize], open: &[Range<u64>], count: u64) {
    for (place, &rank) in takers.iter().enumerate() {
        let block = balanced_range(count, takers.len(), place);
        for range in open {
            let tasks = range.start.max(block.start)..range.end.min(block.end);
            if tasks.start < tasks.end {
                coordinator.apply(Event::Assigned { rank, tasks, stride: 1 });
            }
        }
    }
}

/// Gives task i to taker i modulo their number.
fn assign_cyclic(coordinator: &mut Coordinator, takers: &[usize], open: &[Range<u64>]) {
    let stride = takers.len() as u64;
    for (place, &rank) in takers.iter().enumerate() {
        for range in open {
            let first = range.start + (place as u64 + stride - range.start % stride) % stride;
            if first < range.end {
                coordinator.apply(Event::Assigned { rank, tasks: first..range.end, stride });
            }
        }
    }
}
