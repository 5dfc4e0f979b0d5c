//! The plan of a parameter sweep: a parameter file whose simulation is `"sweep"`.
//!
//! In order: its sections are typed ([`Config`]); [`Plan::new`] reads the files that it names, combines the parameters
//! to points and checks everything that can be checked before a task runs; then a task is its index, from which its point,
//! its seed and its command line or parameters follow. Nothing here runs or writes.
//!
//! Left out: whether a simulation knows the keys that are set. Reading the parameters of task 0 shows that.

mod meaning;
mod program;
mod script;
mod select;
mod settings;
mod task;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use program::find_program;
pub(crate) use select::SelectSection;
pub(crate) use settings::{Keep, Settings, SweepSection};
pub(crate) use task::{SimulationTask, TaskSection, Work};

use super::parameters::{Combine, ParametersSection, Points};
use super::template::{Context, Template};
use super::value::Outcome;
use crate::base::random::Random;
use crate::{Error, Result};

/// The sections of a plan beside the framework's own.
pub(crate) const SECTIONS: [&str; 4] = ["sweep", "parameters", "task", "select"];

/// The sections of a plan as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// How tasks are done.
    #[serde(default)]
    pub sweep: SweepSection,
    /// What differs from task to task.
    pub parameters: ParametersSection,
    /// What a task is: one of simulation, command and worker.
    pub task: TaskSection,
    /// Of a posterior's samples, those that make a posterior of their own, posterior.hdf5: bounds of results, by their names.
    #[serde(default, skip_serializing_if = "SelectSection::is_empty")]
    #[schemars(extend("examples" = [{ "energy_error": { "from": -1e-6, "to": 1e-6 } }]))]
    pub select: SelectSection,
}

/// A checked plan.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    settings: Settings,
    points: Points,
    work: Work,
    select: SelectSection,
    /// The file of the points, where there is one, and whether only some of its samples are.
    file: Option<PathBuf>,
    is_thinned: bool,
    folder: PathBuf,
    seed: u64,
}

/// The stream of the tasks' seeds.
const SEEDS: u32 = 0x5441_534b;

impl Plan {
    /// Checks a plan that is in `folder`; `seed` is that of the run.
    ///
    /// # Errors
    /// Each names its key, or file and line, and what is allowed.
    pub(crate) fn new(config: &Config, folder: &Path, seed: u64) -> Result<Self> {
        let settings = config.sweep.check()?;
        let points = Points::new(&config.parameters, folder, seed)?;
        let mut work = config.task.check(folder, points.names())?;
        meaning::settle(&points, &mut work)?;
        let is_posterior = config.parameters.combine == Combine::Posterior;
        select::check(&config.select, is_posterior, &work)?;
        let select = config.select.clone();
        let file = config.parameters.file.clone();
        let is_thinned = config.parameters.samples.is_some();
        let plan = Plan { settings, points, work, select, file, is_thinned, folder: folder.to_owned(), seed };
        plan.check_ranks()?;
        plan.check_formats()?;
        Ok(plan)
    }

    /// How tasks are done.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The parameters' names and the values of each task.
    pub(crate) fn points(&self) -> &Points {
        &self.points
    }

    /// What a task is.
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// Which samples make a posterior of their own; empty for none.
    pub(crate) fn select(&self) -> &SelectSection {
        &self.select
    }

    /// The file of the points, as written, where there is one.
    pub(crate) fn points_file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether the tasks are some of a posterior's samples, chosen by their weights if they have any.
    pub(super) fn is_thinned(&self) -> bool {
        self.is_thinned
    }

    /// The plan's folder: where relative paths start.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The seed of a task: a function of the run's seed and the task, below 2⁶³ so that a parameter file can hold it.
    pub(crate) fn task_seed(&self, task: u64) -> u64 {
        Random::new(self.seed, SEEDS, task).bits() >> 1
    }

    /// The parameters of a task: names and values.
    pub(crate) fn parameters(&self, task: u64) -> Outcome {
        self.points.names().iter().cloned().zip(self.points.point(task)).collect()
    }

    /// The words of the task that `context` names: of its command line or of the worker's, or those that make the
    /// simulation's parameter file the task's.
    pub(crate) fn words(&self, context: &Context) -> Vec<String> {
        let point = self.points.point(context.index);
        match &self.work {
            Work::Simulation(simulation) => simulation.overrides(&point, context),
            Work::Command { words, .. } => words.iter().map(|word| word.fill(&point, context)).collect(),
            Work::Worker { function: Some(name), .. } => vec![name.clone()],
            Work::Worker { words, .. } => words.clone(),
        }
    }

    /// The program that all tasks run, found where it is; none for a simulation, or where its name has places for values.
    ///
    /// # Errors
    /// If there is no such program; names the places that were searched.
    pub(crate) fn program(&self) -> Result<Option<PathBuf>> {
        let (place, word) = match &self.work {
            Work::Simulation(_) => return Ok(None),
            Work::Command { words, .. } => ("task.command", words.first().and_then(Template::literal)),
            Work::Worker { words, .. } => ("task.worker", words.first().map(String::as_str)),
        };
        word.map(|word| find_program(place, word, &self.folder)).transpose()
    }

    /// All that decides the results, a line `key = value` each: parameters, task, seed; not how tasks are scheduled,
    /// repeated or kept.
    ///
    /// Of files, the points of a CSV file and the parameters of a simulation are in it; what these name in turn, and
    /// programs, are not.
    pub(crate) fn canonical(&self) -> String {
        let head = ["format = divisi plan 1".to_owned(), format!("run.seed = {}", self.seed)];
        let lines = head.into_iter().chain(self.points.describe()).chain(self.work.describe());
        lines.map(|line| line + "\n").collect()
    }

    /// What is allowed but may not be meant, in sentences.
    pub(crate) fn notes(&self) -> Vec<String> {
        // A fit has parameters that say nothing to a program.
        let is_posterior = !self.points.rows().is_empty();
        if is_posterior && !matches!(self.work, Work::Simulation(_)) {
            return meaning::note(&self.points, self.points_file()).into_iter().collect();
        }
        let Work::Command { words, .. } = &self.work else { return Vec::new() };
        let names = self.points.names().iter().enumerate();
        let unused = names.clone().filter(|(parameter, _)| !words.iter().any(|word| word.uses(*parameter)));
        let unused = unused.map(|(_, name)| format!("the parameter `{name}` has no place in task.command"));
        let texts = names.filter(|(parameter, _)| !self.points.is_numeric(*parameter));
        let pasted = texts.filter(|(parameter, _)| scripts(words).any(|script| script.uses(*parameter)));
        let pasted = pasted.map(|(_, name)| {
            format!(
                "the text `{name}` stands in a script and is run as part of it: give it as a word behind the script, which \
                 reads it as \"$0\" (a shell) or sys.argv[1] (Python)"
            )
        });
        unused.chain(pasted).collect()
    }

    fn check_ranks(&self) -> Result<()> {
        let ranks = self.settings.ranks_per_task;
        if ranks == 1 || matches!(self.work, Work::Simulation(_)) {
            return Ok(());
        }
        let reason = format!("{ranks} goes with task.simulation: a command or worker runs beside one rank");
        Err(Error::input("sweep.ranks_per_task", reason))
    }

    /// Only numbers may be shown as numbers.
    fn check_formats(&self) -> Result<()> {
        for (parameter, name) in self.points.names().iter().enumerate() {
            let formatted = self.work.templates().find(|(_, template)| template.formats(parameter));
            if let Some((place, _)) = formatted.filter(|_| !self.points.is_numeric(parameter)) {
                let reason = format!("`{name}` is not a number in all tasks: write {{{name}}}, without a format");
                return Err(Error::input(place, reason));
            }
        }
        Ok(())
    }
}

/// The words that a shell or an interpreter runs as a script: those behind `-c` or `-e`, also where it is the last of several such letters.
fn scripts(words: &[Template]) -> impl Iterator<Item = &Template> {
    let is_option = |word: &Template| {
        let letters = word.literal().and_then(|word| word.strip_prefix('-')).unwrap_or_default();
        letters.ends_with(['c', 'e']) && letters.len() <= 4 && letters.bytes().all(|c| c.is_ascii_alphabetic())
    };
    words.windows(2).filter(move |pair| is_option(&pair[0])).map(|pair| &pair[1])
}

#[cfg(test)]
mod tests;
