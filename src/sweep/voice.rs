//! The messages of a sweep at work; rank 0 alone prints them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::run::{Progress, RunFolder, duration_text, rate_text};
use crate::tasks::Counts;
use crate::{Comm, Result};

/// The voice of a sweep, shared with the thread that watches its tasks.
#[derive(Clone)]
pub(super) struct Voice(Arc<Mutex<Progress>>);

impl Voice {
    /// Speaks on rank 0, to people and into the run's log.
    ///
    /// # Errors
    /// If the log cannot be written.
    pub(super) fn new(comm: &Comm, folder: &RunFolder) -> Result<Self> {
        let progress = Progress::new(Some(&folder.log()), comm.is_root(), (f64::INFINITY, u64::MAX))?;
        Ok(Voice(Arc::new(Mutex::new(progress))))
    }

    /// Says a line.
    pub(super) fn say(&self, line: &str) {
        self.progress().say(line);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the counts once a second.
    pub(super) fn observer(&self) -> impl FnMut(&Counts) + Send + use<> {
        let voice = self.clone();
        let began = Instant::now();
        let mut first = None;
        move |counts| {
            let ended = counts.done + counts.failed;
            let first = *first.get_or_insert(counts.recovered);
            let mut progress = voice.progress();
            if progress.is_time() {
                let rate = ended.saturating_sub(first) as f64 / began.elapsed().as_secs_f64();
                progress.show(ended as f64 / counts.tasks.max(1) as f64, &progress_line(counts, rate));
            }
        }
    }
}

fn progress_line(counts: &Counts, rate: f64) -> String {
    let ended = counts.done + counts.failed;
    let left = duration_text(counts.tasks.saturating_sub(ended) as f64 / rate);
    let Counts { tasks, done, failed, running, .. } = counts;
    format!("{done} of {tasks} done, {failed} failed, {running} under way, {}, left {left}", rate_text(rate, "tasks"))
}
