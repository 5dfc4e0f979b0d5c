//! What carries out what the ledger wants: `dispatch` hands out, `recorder` writes the journal, `outcomes` keeps what is handed over.

use std::ops::Range;

use super::dispatch::Dispatch;
use super::outcomes::Outcomes;
use super::recorder::Recorder;
use crate::base::error::{Error, Result};
use crate::tasks::ledger::submissions::Submissions;
use crate::tasks::ledger::{Actions, Entry, Finished, Posted};
use crate::tasks::wire::chunk::Chunk;
use crate::tasks::wire::frame::{Frame, Kind};

/// Exit status of a rank that is ended.
const ENDED: u64 = 1;

/// All that the ledger acts on.
pub(crate) struct Effects {
    pub dispatch: Dispatch,
    pub recorder: Recorder,
    pub outcomes: Outcomes,
    /// Why everything must end.
    pub fatal: Option<Error>,
    /// Whether the job must end without waiting for the main thread.
    pub is_aborted: bool,
}

impl Effects {
    pub(crate) fn new(dispatch: Dispatch, recorder: Recorder) -> Self {
        Effects { dispatch, recorder, outcomes: Outcomes::default(), fatal: None, is_aborted: false }
    }

    /// Ends everything with `outcome`, if it is an error.
    pub(crate) fn check(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.fatal.get_or_insert(error);
        }
    }
}

impl Actions for Effects {
    fn room(&self, waiting: u64, ranks: usize) -> Option<u64> {
        self.dispatch.room(waiting, ranks)
    }

    fn post(&mut self, chunk: Chunk, submissions: &Submissions) -> Option<Posted> {
        self.dispatch.post(chunk, submissions)
    }

    fn assign(&mut self, rank: usize, posting: u64, chunk: Chunk, stride: u64, submissions: &Submissions) {
        self.dispatch.assign(rank, posting, chunk, stride, submissions);
    }

    fn posted(&self) -> Range<u64> {
        self.dispatch.posted()
    }

    fn revoke(&mut self, posting: u64) -> bool {
        self.dispatch.board.revoke(posting)
    }

    fn holder(&self, posting: u64) -> Option<usize> {
        self.dispatch.board.holder(posting)
    }

    fn close(&mut self, posting: u64, lost: bool) {
        self.dispatch.close(posting, lost);
    }

    fn progress(&self, rank: usize) -> Option<(u64, u64)> {
        self.dispatch.progress(rank)
    }

    fn pause(&mut self) {
        self.dispatch.token.pause();
        self.dispatch.send_all(&Frame::new(Kind::Pause, [0; 2]));
    }

    fn ask_to_end(&mut self, rank: usize, task: u64, timed_out: bool) {
        self.dispatch.ask_to_end(rank, task, timed_out);
    }

    fn end_rank(&mut self, rank: usize) {
        self.dispatch.hub.send(rank, &Frame::new(Kind::Exit, [ENDED, 0]));
    }

    fn abort(&mut self, reason: String) {
        self.is_aborted = true;
        self.fatal = Some(Error::System(reason));
    }

    fn record(&mut self, entry: Entry<'_>) {
        let recorded = self.recorder.record(entry);
        self.check(recorded);
    }

    fn flush(&mut self) {
        let flushed = self.recorder.flush();
        self.check(flushed);
    }

    fn hand_over(&mut self, finished: Finished) {
        self.outcomes.push(finished);
    }
}
