//! The end of a sweep: from its journal to the tables of results, and the exit status.

use std::io::Write;
use std::time::Instant;

use super::file::PlanFile;
use super::files::JOURNAL;
use super::plan::Plan;
use super::results::{self, Account, Row, Status as Ended};
use super::selection;
use super::spans::first_beginning;
use crate::base::config::ParameterFile;
use crate::base::error::Cause;
use crate::run::{Outcome, RunFolder, rate_text};
use crate::tasks::Counts;
use crate::tasks::journal::{Done, Failed, Recovered};
use crate::{Error, Result};

/// Exit status where tasks failed for good.
pub(super) const TASKS_FAILED: u8 = 3;

/// Writes the results from the journal; the exit status, and what to say. Rank 0 alone.
///
/// # Errors
/// A journal or results that can't be read, files that can't be written.
pub(super) fn conclude(folder: &RunFolder, plan: &Plan, counts: &Counts, began: Instant) -> Result<(u8, Vec<String>)> {
    let recovered = Recovered::read(&folder.path(JOURNAL))?;
    let tasks = plan.points().len();
    results::write(folder, plan.points(), || rows(&recovered, tasks))?;
    results::write_accounts(folder, first_beginning(&recovered), accounts(&recovered, tasks))?;
    let failed = recovered.failed().len() as u64;
    let left = tasks - recovered.counts().done - failed;
    let gave_up = plan.settings().stop_after.is_some_and(|most| failed >= most);
    let (status, advice) = if failed > 0 && (left == 0 || gave_up) {
        (TASKS_FAILED, "; failed ones alone: `divisi resume ... --retry-failed`")
    } else if left > 0 {
        (Outcome::Stopped.status(), "; continue with `divisi resume`")
    } else {
        (0, "")
    };
    let seconds = began.elapsed().as_secs_f64();
    let ran = counts.done - counts.recovered;
    let rate = rate_text(ran as f64 / seconds, "tasks");
    let Counts { done, retries, deaths, .. } = counts;
    let mut lines = vec![format!(
        "{done} of {tasks} done, {failed} failed, {left} left; {ran} now in {seconds:.3} s ({rate}), {retries} tried again, \
         {deaths} ranks died{advice}"
    )];
    if !plan.select().is_empty() && left == 0 {
        let selected = selection::write(plan, folder, rows(&recovered, tasks))?;
        lines.extend(selected.summary.to_string().lines().map(str::to_owned));
        lines.push(selected.line);
    }
    Ok((status, lines))
}

/// Prints the results of the tasks that have ended, from the journal: also while the sweep is at work. One process.
///
/// # Errors
/// A folder without a sweep; a journal that can't be read; a standard output that takes no more.
pub(crate) fn print_results(folder: &RunFolder, json: bool, to: &mut dyn Write) -> Result<()> {
    let folder = folder.clone().existing()?;
    let parameters = ParameterFile::read(&folder.config(), &[])?;
    if parameters.simulation()? != super::NAME {
        let reason = "holds no sweep: `divisi ls` shows what a run has";
        return Err(Error::input(folder.root().display().to_string(), reason));
    }
    let plan = PlanFile::read(&parameters)?.plan;
    let tasks = plan.points().len();
    // Without a journal no task has begun.
    let journal = folder.path(JOURNAL);
    let recovered = if journal.exists() { Some(Recovered::read(&journal)?) } else { None };
    let ended = || {
        let all = recovered.iter().flat_map(|recovered| rows(recovered, tasks));
        all.filter(|row| !row.as_ref().is_ok_and(|row| row.status == Ended::Cancelled))
    };
    results::print(to, plan.points(), json, ended)
}

/// The outcome of every task, in order, from the journal.
fn rows(recovered: &Recovered, tasks: u64) -> impl Iterator<Item = Result<Row>> {
    let mut done = recovered
        .done()
        .flat_map(|run| run.each().map(|(task, bytes)| (task, bytes.to_vec())).collect::<Vec<_>>())
        .peekable();
    (0..tasks).map(move |task| {
        if let Some((_, bytes)) = done.next_if(|(next, _)| *next == task) {
            let outcome = postcard::from_bytes(&bytes).map_err(|error| {
                Error::input(format!("task {task}"), format!("its result in the journal can't be read: {error}"))
            })?;
            return Ok(Row { task, status: Ended::Done, outcome, message: String::new() });
        }
        let (status, message) = match recovered.failed().get(&task) {
            Some(failed) => (Ended::Failed, reason_of(failed)),
            None => (Ended::Cancelled, "the sweep ended before".to_owned()),
        };
        Ok(Row { task, status, outcome: Vec::new(), message })
    })
}

/// Why a task failed, without the rank that ran it.
fn reason_of(failed: &Failed) -> String {
    match failed.reason.cause {
        Cause::Died => "its rank died each time".to_owned(),
        Cause::TimedOut => "it ran beyond its time limit".to_owned(),
        _ => failed.reason.message.clone(),
    }
}

/// Who ran each task, how often, when and how long; tasks that a rank ran one after the other share their time evenly.
fn accounts(recovered: &Recovered, tasks: u64) -> impl Iterator<Item = Account> {
    let per_run = |run: Done<'_>| {
        let seconds = run.seconds / f64::from(run.count());
        let began = (run.ended > 0.0).then_some(run.ended - run.seconds);
        let account = |(place, task): (usize, u64)| Account {
            task,
            rank: Some(run.rank as usize),
            attempts: run.attempt,
            began: began.map(|began| began + place as f64 * seconds),
            seconds,
            status: Ended::Done,
            message: String::new(),
        };
        run.tasks().enumerate().map(account).collect::<Vec<_>>()
    };
    let mut done = recovered.done().flat_map(per_run).peekable();
    (0..tasks).map(move |task| {
        if let Some(account) = done.next_if(|account| account.task == task) {
            return account;
        }
        match recovered.failed().get(&task) {
            Some(failed) => Account {
                task,
                rank: Some(failed.rank as usize),
                attempts: failed.attempts,
                began: (failed.ended > 0.0).then_some(failed.ended),
                seconds: 0.0,
                status: Ended::Failed,
                message: failed.reason.message.clone(),
            },
            None => Account {
                task,
                rank: None,
                attempts: 0,
                began: None,
                seconds: 0.0,
                status: Ended::Cancelled,
                message: String::new(),
            },
        }
    })
}
