//! When which rank was at which tasks, from the journal: also while a sweep is at work.

#[cfg(feature = "plot")]
use super::files::JOURNAL;
#[cfg(feature = "plot")]
use crate::Result;
#[cfg(feature = "plot")]
use crate::run::RunFolder;
use crate::tasks::journal::Recovered;

/// Consecutive tasks that a rank ran one after the other, or one that failed for good.
#[cfg(feature = "plot")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TaskSpan {
    pub first: u64,
    pub count: u32,
    pub rank: usize,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it began, in seconds from the beginning of the first task of all, where that is known.
    pub began: Option<f64>,
    /// What all of them took; 0 of one that failed.
    pub seconds: f64,
    pub has_failed: bool,
}

/// When the first task began, in seconds since 1970; 0 where no time is known.
pub(super) fn first_beginning(recovered: &Recovered) -> f64 {
    let done = recovered.done().filter(|run| run.ended > 0.0).map(|run| run.ended - run.seconds);
    let failed = recovered.failed().values().map(|failed| failed.ended).filter(|&ended| ended > 0.0);
    done.chain(failed).reduce(f64::min).unwrap_or(0.0)
}

/// All that has ended by now; nothing where no task has begun.
///
/// # Errors
/// A journal that can't be read.
#[cfg(feature = "plot")]
pub(crate) fn spans(folder: &RunFolder) -> Result<Vec<TaskSpan>> {
    let journal = folder.path(JOURNAL);
    if !journal.exists() {
        return Ok(Vec::new());
    }
    let recovered = Recovered::read(&journal)?;
    let start = first_beginning(&recovered);
    let began = |ended: f64, seconds: f64| (ended > 0.0).then_some(ended - seconds - start);
    let done = recovered.done().map(|run| TaskSpan {
        first: run.first,
        count: run.count(),
        rank: run.rank as usize,
        attempt: run.attempt,
        began: began(run.ended, run.seconds),
        seconds: run.seconds,
        has_failed: false,
    });
    let failed = recovered.failed().iter().map(|(&first, failed)| TaskSpan {
        first,
        count: 1,
        rank: failed.rank as usize,
        attempt: failed.attempts,
        began: began(failed.ended, 0.0),
        seconds: 0.0,
        has_failed: true,
    });
    Ok(done.chain(failed).collect())
}
