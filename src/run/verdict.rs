//! Holding what was computed again against the run: the first place of each kind of result that differs.
//!
//! Of the steps that were computed again: rows of history.csv, events, frames of the trajectory, snapshots and checkpoints, as far as
//! the run has them too; and the simulation's own results, where those in the run's folder are of the last of these steps. The first step
//! counts only where it is the run's start: any other is the checkpoint that both begin with.
//!
//! Left out: rows and files that only one of the two has. Both come from the same parameters, but the run may have had others before it
//! was resumed; and at the end of what is computed again stands a last row and a last snapshot.

use std::path::Path;

use super::compare::compare;
use super::folder::{CHECKPOINTS, EVENTS, HISTORY, RunFile, RunFolder, SNAPSHOTS, TRAJECTORY};
use crate::io::history::lines;
use crate::io::{Entry, Reader, Slab, checkpoint_steps, path_of, snapshots_in, step_of};
use crate::{Error, Result};

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    /// The steps between which all was computed again.
    pub steps: [u64; 2],
    /// Rows, events, frames and files that were compared.
    pub compared: u64,
    /// What differs, each with its step, the first step first.
    pub differences: Vec<(u64, String)>,
    /// Whether it was stopped by a signal before the end.
    pub stopped: bool,
}

impl Verdict {
    /// Holds what was computed again against the run, in whose folder are results of its own of these names.
    ///
    /// # Errors
    /// When a file cannot be read, or nothing at all could be compared.
    pub(super) fn compare(&mut self, run: &RunFolder, again: &RunFolder) -> Result<()> {
        self.history(run, again)?;
        self.events(run, again)?;
        self.frames(&run.trajectory(), &again.trajectory())?;
        self.snapshots(&run.snapshots(), &again.snapshots())?;
        self.checkpoints(run, again)?;
        self.own_results(run, again)?;
        self.differences.sort_by_key(|(step, _)| *step);
        if self.compared > 0 {
            return Ok(());
        }
        let [from, to] = self.steps;
        let reason = format!(
            "has nothing of the steps {from} to {to} that could be compared: choose others with --from and --to"
        );
        Err(Error::input(run.root().display().to_string(), reason))
    }

    fn differs(&mut self, step: u64, place: &Path, told: &str) {
        self.differences.push((step, format!("{}: {told}", place.display())));
    }

    /// Compares the rows of the steps that both histories have.
    fn history(&mut self, run: &RunFolder, again: &RunFolder) -> Result<()> {
        let path = run.history();
        let steps = self.steps;
        let before = Rows::read(&path)?;
        let after = Rows::read(&again.history())?;
        for (step, row) in after.rows.iter().filter(|(step, _)| is_again(steps, *step)) {
            for (_, old) in before.rows.iter().filter(|(other, _)| other == step) {
                self.compared += 1;
                if let Some(told) = difference(&before.names, old, &after.names, row) {
                    self.differs(*step, &path, &told);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Compares all events of the steps that both have come to.
    fn events(&mut self, run: &RunFolder, again: &RunFolder) -> Result<()> {
        let path = run.events();
        let newest = checkpoint_steps(&run.checkpoints()).pop().unwrap_or(0);
        let steps = self.steps;
        let seen = |events: Rows| -> Vec<(u64, Vec<String>)> {
            events.rows.into_iter().filter(|(step, _)| is_again(steps, *step) && *step <= newest).collect()
        };
        let before = seen(Rows::read(&path)?);
        let after = seen(Rows::read(&again.events())?);
        self.compared += before.len().max(after.len()) as u64;
        let Some(place) = (0..before.len().max(after.len())).find(|&place| before.get(place) != after.get(place))
        else {
            return Ok(());
        };
        let shown = |event: Option<&(u64, Vec<String>)>| event.map_or("none".to_owned(), |(_, row)| row.join(","));
        let step = [before.get(place), after.get(place)].into_iter().flatten().map(|(step, _)| *step).min();
        let told = format!("an event is {} and was {} again", shown(before.get(place)), shown(after.get(place)));
        self.differs(step.unwrap_or(0), &path, &told);
        Ok(())
    }

    /// Compares the frames of the steps that both trajectories have.
    fn frames(&mut self, run: &Path, again: &Path) -> Result<()> {
        if !run.exists() || !again.exists() {
            return Ok(());
        }
        let steps = self.steps;
        let before = Frames::read(run)?;
        let after = Frames::read(again)?;
        for (row, &step) in after.steps.iter().enumerate().filter(|(_, step)| is_again(steps, **step)) {
            let Some(old) = before.steps.iter().position(|&other| other == step) else { continue };
            self.compared += 1;
            if let Some(name) = before.difference(old, &after, row) {
                self.differs(step, run, &format!("{name} of the frame of step {step} is not what was computed again"));
                return Ok(());
            }
        }
        Ok(())
    }

    /// Compares the snapshots of the same number and step.
    fn snapshots(&mut self, run: &Path, again: &Path) -> Result<()> {
        for path in snapshots_in(again)? {
            let original = run.join(path.file_name().unwrap_or_default());
            let step = step_of(&path)?;
            if is_again(self.steps, step) && original.exists() && step_of(&original)? == step {
                self.files(step, &original, &path)?;
            }
        }
        Ok(())
    }

    fn checkpoints(&mut self, run: &RunFolder, again: &RunFolder) -> Result<()> {
        let kept = checkpoint_steps(&run.checkpoints());
        let both = |step: &u64| *step > self.steps[0] && kept.contains(step);
        let steps: Vec<u64> = checkpoint_steps(&again.checkpoints()).into_iter().filter(both).collect();
        steps.into_iter().try_for_each(|step| {
            self.files(step, &path_of(&run.checkpoints(), step), &path_of(&again.checkpoints(), step))
        })
    }

    /// Compares the simulation's own results, which are written where a job ends well: those of the run are of the step that its
    /// ledger tells.
    fn own_results(&mut self, run: &RunFolder, again: &RunFolder) -> Result<()> {
        let [_, to] = self.steps;
        if last_step(run)? != Some(to) {
            return Ok(());
        }
        let of_all = [HISTORY, EVENTS, TRAJECTORY, SNAPSHOTS, CHECKPOINTS];
        let own = run.files().iter().filter(|file| file.is_result() && !of_all.contains(file));
        for file in own.copied().collect::<Vec<RunFile>>() {
            match [run, again].map(|folder| folder.path(file)).map(|path| path.exists().then_some(path)) {
                [Some(before), Some(after)] => self.files(to, &before, &after)?,
                [None, None] => {}
                [before, _] => {
                    self.compared += 1;
                    let told =
                        if before.is_some() { "was not written again" } else { "is missing, and was written again" };
                    self.differs(to, &run.path(file), told);
                }
            }
        }
        Ok(())
    }

    fn files(&mut self, step: u64, run: &Path, again: &Path) -> Result<()> {
        self.compared += 1;
        let report = compare(run, again, None)?;
        self.differences.extend(report.differences.into_iter().map(|difference| (step, difference)));
        Ok(())
    }
}

/// Whether what is of this step was computed again, between these.
fn is_again([from, to]: [u64; 2], step: u64) -> bool {
    (step > from || from == 0) && step <= to
}

/// The step at which the last job of a run that ended well ended; none where no job has.
fn last_step(run: &RunFolder) -> Result<Option<u64>> {
    let path = run.ledger();
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let ledger: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| Error::file(&path, error.to_string()))?;
    let number = |name: &str| ledger[name].as_u64();
    Ok(number("steps").map(|steps| steps + number("resumed_from_step").unwrap_or(0)))
}

/// A table whose first column is the step.
#[derive(Default)]
struct Rows {
    names: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

impl Rows {
    /// All rows of a table; none where there is no file.
    fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Rows::default());
        }
        let mut lines = lines(path)?.into_iter();
        let names = lines.next().unwrap_or_default();
        let row = |row: Vec<String>| match row.first().map(|step| step.parse()) {
            Some(Ok(step)) => Ok((step, row)),
            _ => Err(Error::file(path, format!("a row begins with {:?}, which is no step", row.first()))),
        };
        Ok(Rows { names, rows: lines.map(row).collect::<Result<_>>()? })
    }
}

/// The first column of two rows that differs, with both values.
fn difference(names: &[String], old: &[String], names_again: &[String], row: &[String]) -> Option<String> {
    if names != names_again {
        return Some(format!("its columns are {} and were {} again", names.join(","), names_again.join(",")));
    }
    let column = (0..old.len().max(row.len())).find(|&column| old.get(column) != row.get(column))?;
    let shown = |row: &[String]| row.get(column).cloned().unwrap_or_default();
    let name = names.get(column).map_or("?", String::as_str);
    Some(format!("{name} is {} and was {} again", shown(old), shown(row)))
}

/// The datasets of a trajectory that are no lists over its frames.
const OF_BODIES: [&str; 3] = ["ParticleIDs", "Names", "component"];

/// A trajectory, dataset by dataset.
struct Frames {
    steps: Vec<u64>,
    columns: Vec<Column>,
}

/// The bytes of a dataset.
struct Column {
    about: Entry,
    bytes: Vec<u8>,
}

impl Frames {
    fn read(path: &Path) -> Result<Self> {
        let reader = Reader::open(path)?;
        let column = |about: Entry| {
            let bytes = match &about.name[..] {
                "Names" => reader.texts("Names")?.join("\0").into_bytes(),
                name => reader.read_bytes(name, &Slab::whole(&about.shape))?.0,
            };
            Ok(Column { about, bytes })
        };
        let columns = reader.datasets()?.into_iter().map(column).collect::<Result<_>>()?;
        Ok(Frames { steps: reader.read("Step")?, columns })
    }

    /// The dataset in which frame `row` of this trajectory differs from frame `other_row` of another.
    fn difference(&self, row: usize, other: &Self, other_row: usize) -> Option<String> {
        if self.columns.len() != other.columns.len() {
            return Some("the list of quantities".to_owned());
        }
        let pairs = self.columns.iter().zip(&other.columns);
        let part = |column: &Column, frames: &Self, row: usize| column.frame(frames.steps.len(), row).to_vec();
        let differs = |(a, b): &(&Column, &Column)| {
            let kinds = [a, b].map(|column| (&column.about.name, &column.about.kind, column.about.shape.get(1..)));
            kinds[0] != kinds[1] || part(a, self, row) != part(b, other, other_row)
        };
        pairs.into_iter().find(differs).map(|(a, _)| a.about.name.clone())
    }
}

impl Column {
    /// The bytes of one of so many frames; all of them of what is no list over frames.
    fn frame(&self, frames: usize, row: usize) -> &[u8] {
        let is_over_time = !OF_BODIES.contains(&&self.about.name[..]);
        if !is_over_time || self.about.shape.first() != Some(&(frames as u64)) {
            return &self.bytes;
        }
        let width = self.bytes.len() / frames.max(1);
        &self.bytes[row * width..][..width]
    }
}
