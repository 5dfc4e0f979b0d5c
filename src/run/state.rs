//! How far a run is, from its files alone: also while it is at work.

use std::fmt;

use super::sections::Framework;
use super::{Outcome, RunFolder};
use crate::Result;
use crate::base::config::ParameterFile;
use crate::base::console::number_text;
use crate::base::units::Quantity;
use crate::io::{History, checkpoint_steps};

/// How far a run is.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The last row of history.csv, as (column, value) pairs: step and time first.
    pub last: Vec<(String, String)>,
    /// Where it is to end, as its parameters say.
    pub until: String,
    /// The steps of the checkpoints that there are.
    pub checkpoints: Vec<u64>,
    /// How the last job in it ended; none while one is at work, or where it was killed.
    pub outcome: Option<Outcome>,
    /// The process at work in the folder, if there is one.
    pub holder: Option<String>,
}

/// How far the run in a folder is.
///
/// # Errors
/// If its files can't be read.
pub(crate) fn state(folder: &RunFolder) -> Result<State> {
    let run = Framework::read(&ParameterFile::read(&folder.config(), &[])?)?.run;
    let time = run.until.map(|until| match until {
        Quantity::Number(number) => format!("t = {}", number_text(number)),
        Quantity::Text(text) => format!("t = {text}"),
    });
    let ends: Vec<String> = time.into_iter().chain(run.steps.map(|steps| format!("step {steps}"))).collect();
    let until = if ends.is_empty() { "its goal".to_owned() } else { ends.join(" or ") };
    Ok(State {
        last: History::last_row(&folder.history())?,
        until,
        checkpoints: checkpoint_steps(&folder.checkpoints()),
        outcome: Outcome::read(folder)?,
        holder: folder.holder()?,
    })
}

impl State {
    /// Its exit status: that of the run's end; of one that hasn't ended that of a run that was stopped.
    pub(crate) fn exit_status(&self) -> u8 {
        self.outcome.unwrap_or(Outcome::Stopped).status()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.last.iter().take(2).map(|(name, value)| format!("{name} {value}")).collect();
        writeln!(f, "{}, to end at {}", shown.join(", "), self.until)?;
        match &self.checkpoints[..] {
            [] => writeln!(f, "no checkpoint")?,
            steps => writeln!(f, "checkpoints at steps {steps:?}")?,
        }
        match (&self.holder, self.outcome) {
            (Some(holder), _) => writeln!(f, "at work: {holder}"),
            (None, Some(Outcome::Done)) => writeln!(f, "nobody is at work: it is done"),
            (None, Some(Outcome::Open)) => {
                writeln!(
                    f,
                    "nobody is at work: it ended without its goal; continue with `divisi resume` and a later end"
                )
            }
            (None, Some(Outcome::Stopped)) => {
                writeln!(f, "nobody is at work: it was stopped; continue with `divisi resume`")
            }
            (None, None) => writeln!(f, "nobody is at work: it was killed; continue with `divisi resume`"),
        }
    }
}
