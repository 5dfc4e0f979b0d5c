//! How a run ended, and the file in its folder that says so.
//!
//! The file is removed when a job takes the folder and written when that job has ended: without it the run is at work, or was killed.

use std::fs;
use std::io::ErrorKind;

use super::RunFolder;
use super::folder::OUTCOME;
use crate::io::write_whole;
use crate::{Error, Result};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// At its end, or at its goal.
    Done,
    /// At its end, but its goal is still open: with a checkpoint to continue from, to a later end.
    Open,
    /// Before its end, with a checkpoint to continue from.
    Stopped,
}

impl Outcome {
    const ALL: [Outcome; 3] = [Outcome::Done, Outcome::Open, Outcome::Stopped];

    /// Its exit status.
    pub fn status(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Open => 4,
            Outcome::Stopped => 85,
        }
    }

    /// In words: what stands in the file.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Open => "goal missed",
            Outcome::Stopped => "stopped",
        }
    }

    /// How the last job in a folder ended; none if it didn't.
    pub(super) fn read(folder: &RunFolder) -> Result<Option<Self>> {
        let path = folder.path(OUTCOME);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Outcome::ALL.into_iter().find(|outcome| outcome.words() == text.trim())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Writes it into the folder. One rank.
    pub(super) fn write(self, folder: &RunFolder) -> Result<()> {
        write_whole(&folder.path(OUTCOME), format!("{}\n", self.words()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_each_has_its_status() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(place.path());
        assert_eq!(Outcome::read(&folder).unwrap(), None);
        for outcome in Outcome::ALL {
            outcome.write(&folder).unwrap();
            assert_eq!(Outcome::read(&folder).unwrap(), Some(outcome));
        }
        assert_eq!(Outcome::ALL.map(Outcome::status), [0, 4, 85]);
        fs::write(folder.path(OUTCOME), "").unwrap();
        assert_eq!(Outcome::read(&folder).unwrap(), None);
    }
}
