//! What a run is asked to do, and whether its folder allows that.

use super::folder::RunFolder;
use super::taking::Held;
use crate::base::config::ParameterFile;
use crate::{Error, Result};

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Where the run lives.
    pub folder: RunFolder,
    /// The parameters.
    pub parameters: ParameterFile,
    /// Continue the run in the folder, if there is one.
    pub resume: bool,
    /// Replace the run in the folder.
    pub overwrite: bool,
    /// The command line, kept in config.toml.
    pub command: String,
    /// Say nothing, and keep no log: for a run that is a task of a sweep.
    pub quiet: bool,
    /// Write nothing at all, neither tables nor snapshots nor checkpoints: for a run of which only the [last row](super::Finished::last_row)
    /// is wanted.
    pub bare: bool,
}

impl Request {
    /// Whether there is a run to continue.
    ///
    /// Every rank asks before the first message: later, rank 0 may have made the folder already.
    ///
    /// # Errors
    /// If the folder holds a run that is neither to be continued nor to be replaced, or no run and files that one would write over.
    pub(crate) fn continues(&self) -> Result<bool> {
        let holds_run = self.folder.parameters()?.is_some();
        if !holds_run {
            self.folder.refuse_strangers(self.parameters.simulation()?)?;
        } else if !self.resume && !self.overwrite {
            return Err(Error::input(
                self.folder.root().display().to_string(),
                "holds a run already: continue it with --resume, replace it with --overwrite, or choose another folder with --out",
            ));
        }
        Ok(holds_run && self.resume)
    }

    /// Takes the folder, for a run that goes on or for a new one. One rank.
    ///
    /// # Errors
    /// If another job is at work there, or was and has left a run since [`continues`](Self::continues) was asked.
    pub(crate) fn hold(&self, resumes: bool) -> Result<Held> {
        let held = self.folder.hold()?;
        if self.continues()? != resumes {
            let reason = "another job has begun or removed a run in this folder just now: try again";
            return Err(Error::input(self.folder.root().display().to_string(), reason));
        }
        Ok(held)
    }
}
