//! How far a run is, from its files alone: also while it is at work.

use std::fmt;
use std::fs;

use super::RunFolder;
use super::lock::holder;
use super::sections::Framework;
use crate::config::Parameters;
use crate::output::checkpoint_steps;
use crate::{Error, Result};

/// How far a run is.
#[derive(Clone, Debug)]
pub struct State {
    /// The last row of history.csv, as (column, value) pairs: step and time first.
    pub last: Vec<(String, String)>,
    /// Where it is to end, as its parameters say.
    pub until: String,
    /// The steps of the checkpoints that there are.
    pub checkpoints: Vec<u64>,
    /// The process at work in the folder, if there is one.
    pub holder: Option<String>,
}

/// How far the run in a folder is.
///
/// # Errors
/// If the folder holds no run, or its files can't be read.
pub fn state(folder: &RunFolder) -> Result<State> {
    if !folder.holds_run() {
        let reason = "holds no run (there is no config.toml in it)";
        return Err(Error::input(folder.root().display().to_string(), reason));
    }
    let run = Framework::read(&Parameters::read(&folder.config(), &[])?)?.run;
    let time = run.until.map(|until| format!("t = {until}"));
    let ends: Vec<String> = time.into_iter().chain(run.steps.map(|steps| format!("step {steps}"))).collect();
    let until = if ends.is_empty() { "its goal".to_owned() } else { ends.join(" or ") };
    Ok(State {
        last: last_row(folder)?,
        until,
        checkpoints: checkpoint_steps(&folder.checkpoints()),
        holder: holder(&folder.root().join("lock"))?,
    })
}

/// The last whole row of the history.
fn last_row(folder: &RunFolder) -> Result<Vec<(String, String)>> {
    let text = match fs::read_to_string(folder.history()) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", folder.history())(error)),
    };
    let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let names = lines.next().unwrap_or_default().trim_end().split(',');
    let last = lines.next_back().unwrap_or_default().trim_end().split(',');
    Ok(names.zip(last).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.last.iter().take(2).map(|(name, value)| format!("{name} {value}")).collect();
        writeln!(f, "{}, to end at {}", shown.join(", "), self.until)?;
        match &self.checkpoints[..] {
            [] => writeln!(f, "no checkpoint")?,
            steps => writeln!(f, "checkpoints at steps {steps:?}")?,
        }
        match &self.holder {
            Some(holder) => writeln!(f, "at work: {holder}"),
            None => writeln!(f, "nobody is at work"),
        }
    }
}
