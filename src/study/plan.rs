//! The plan of a parameter sweep: a parameter file whose simulation is `"sweep"`.
//!
//! In order: its sections are typed ([`Config`]); [`Plan::new`] reads the files that it names, combines the parameters
//! to points and checks everything that can be checked before a task runs; then a task is its index, from which its point,
//! its seed and its command line or parameters follow. Nothing here runs or writes.
//!
//! Left out: whether a simulation knows the keys that are set. Reading the parameters of task 0 tells.

mod program;
mod settings;
mod task;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use program::find_program;
pub use settings::{Keep, Settings, SweepSection};
pub use task::{SimulationTask, TaskSection, Work};

use super::parameters::{Combine, ParametersSection, Points};
use super::selection::{self, SelectSection};
use super::template::{Context, Template};
use super::value::{Kind, Outcome};
use crate::random::Random;
use crate::{Error, Result};

/// The sections of a plan beside the framework's own.
pub const SECTIONS: [&str; 4] = ["sweep", "parameters", "task", "select"];

/// Every key with its default, as `divisi list` shows it.
pub const PARAMETERS: &str = r#"[sweep]
ranks_per_task = 1       # a task is a simulation on so many ranks
schedule = "dynamic"     # "dynamic" | "static" (blocks) | "cyclic"
retries = 3              # further attempts after one that failed or died
time_limit = "10 min"    # of an attempt; seconds, or as text; left out: none
stop_after = 0           # end after so many tasks failed for good (0: never)
keep = "none"            # folders of tasks that are kept: "none" | "failed" | "all"

[parameters]
combine = "grid"         # "grid" (the first varies slowest) | "zip" | "list" | "csv" | "latin_hypercube" | "sobol" | "posterior"
samples = 100            # latin_hypercube, sobol (up to 65536), posterior (left out: all): number of tasks
centred = false          # latin_hypercube: in the middle of each slice, not at random in it
file = "points.csv"      # csv: relative to the plan; the first line names the parameters. posterior: posterior.hdf5 of a fit
choose = "even"          # posterior: which samples, "even" or "random" (by run.seed); by their weights, if they have any
list = [{ a = 1, b = 2 }, { a = 3, b = 4 }]   # list: a table per task
order = ["a", "b", "c"]  # of the parameters below; left out: as they are written

[parameters.values]      # the others: name = values; names may be keys of a simulation, "gravity.softening"
a = [1, 2.5, "text"]     # numbers, texts, true or false
b = { from = 1.2, to = 2.0, count = 64 }      # or step = 0.1 in place of count; sampled: from and to alone
c = { from = 1e-3, to = 1e3, count = 7, scale = "log" }

[task]                   # one of simulation, command, worker
simulation = "run.toml"  # a parameter file, relative to the plan; parameters are keys of it, unless used in set
section = "initial.orbits"   # parameters are keys of this section; left out: of the whole file
set = { "run.seed" = "{seed}", "initial.e" = "{a}" }   # further keys
result = ["energy"]      # columns of the last row of history.csv; left out: all
command = ["./model", "--a", "{a}", "{b:.3}"]   # a program per task; also {index}, {seed}, {attempt}, {folder}
output = "number"        # command: what it prints: "number" | "json" | "last_line" | "none"
worker = ["python3", "task.py"]   # a program per rank that is told its tasks line by line, as JSON

[select]                 # posterior: samples with results within these bounds make a posterior of their own, posterior.hdf5
energy_error = { from = -1e-6, to = 1e-6 }   # the name of a result = { from, to }, or one of them
"#;

/// The sections of a plan as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How tasks are done.
    #[serde(default)]
    pub sweep: SweepSection,
    /// What they are told.
    pub parameters: ParametersSection,
    /// What they are.
    pub task: TaskSection,
    /// Of samples of a posterior, which of them make a posterior of their own.
    #[serde(default, skip_serializing_if = "SelectSection::is_empty")]
    pub select: SelectSection,
}

/// A checked plan.
#[derive(Clone, Debug)]
pub struct Plan {
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
    /// Checks a plan that stands in `folder`; `seed` is that of the run.
    ///
    /// # Errors
    /// Each names its key, or file and line, and says what is allowed.
    pub fn new(config: &Config, folder: &Path, seed: u64) -> Result<Self> {
        let settings = config.sweep.check()?;
        let points = Points::new(&config.parameters, folder, seed)?;
        let work = config.task.check(folder, points.names())?;
        let is_posterior = config.parameters.combine == Combine::Posterior;
        selection::check(&config.select, is_posterior, &work)?;
        let (select, file) = (config.select.clone(), config.parameters.file.clone());
        let is_thinned = config.parameters.samples.is_some();
        let plan = Plan { settings, points, work, select, file, is_thinned, folder: folder.to_owned(), seed };
        plan.check_ranks()?;
        plan.check_formats()?;
        Ok(plan)
    }

    /// How tasks are done.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The parameters' names and the values of each task.
    pub fn points(&self) -> &Points {
        &self.points
    }

    /// What a task is.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Which samples make a posterior of their own; empty for none.
    pub fn select(&self) -> &SelectSection {
        &self.select
    }

    /// The file of the points, as written, where they stand in one.
    pub fn points_file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether the tasks are some of a posterior's samples, chosen by their weights if they have any.
    pub(super) fn is_thinned(&self) -> bool {
        self.is_thinned
    }

    /// The plan's folder: where relative paths start.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The seed of a task: a function of the run's seed and the task, below 2⁶³ so that a parameter file can hold it.
    pub fn task_seed(&self, task: u64) -> u64 {
        Random::new(self.seed, SEEDS, task).bits() >> 1
    }

    /// The parameters of a task: names and values.
    pub fn parameters(&self, task: u64) -> Outcome {
        self.points.names().iter().cloned().zip(self.points.point(task)).collect()
    }

    /// The words of the task that `context` names: of its command line or of the worker's, or those that make the
    /// simulation's parameter file the task's.
    pub fn words(&self, context: &Context) -> Vec<String> {
        let point = self.points.point(context.index);
        match &self.work {
            Work::Simulation(simulation) => simulation.overrides(&point, context),
            Work::Command { words, .. } => words.iter().map(|word| word.fill(&point, context)).collect(),
            Work::Worker(words) => words.clone(),
        }
    }

    /// The program that all tasks run, found where it is; none for a simulation, or where its name has places for values.
    ///
    /// # Errors
    /// If there is no such program; says where it was looked for.
    pub fn program(&self) -> Result<Option<PathBuf>> {
        let (place, word) = match &self.work {
            Work::Simulation(_) => return Ok(None),
            Work::Command { words, .. } => ("task.command", words.first().and_then(Template::literal)),
            Work::Worker(words) => ("task.worker", words.first().map(String::as_str)),
        };
        word.map(|word| find_program(place, word, &self.folder)).transpose()
    }

    /// All that decides the results, a line `key = value` each: parameters, task, seed; not how tasks are scheduled,
    /// repeated or kept.
    ///
    /// Of files, the points of a CSV file and the parameters of a simulation are in it; what these name in turn, and
    /// programs, are not.
    pub fn canonical(&self) -> String {
        let head = ["format = divisi plan 1".to_owned(), format!("run.seed = {}", self.seed)];
        let lines = head.into_iter().chain(self.points.describe()).chain(self.work.describe());
        lines.map(|line| line + "\n").collect()
    }

    /// What is allowed but may not be meant, in sentences.
    pub fn notes(&self) -> Vec<String> {
        // A fit has parameters that say nothing to a program.
        let is_posterior = !self.points.rows().is_empty();
        let Work::Command { words, .. } = &self.work else { return Vec::new() };
        if is_posterior {
            return Vec::new();
        }
        let names = self.points.names().iter().enumerate();
        let unused = names.filter(|(parameter, _)| !words.iter().any(|word| word.uses(*parameter)));
        unused.map(|(_, name)| format!("the parameter `{name}` has no place in task.command")).collect()
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
            let numeric = matches!(self.points.kind(parameter), Kind::Integer | Kind::Number);
            if let Some((place, _)) = formatted.filter(|_| !numeric) {
                let reason = format!("`{name}` is not a number in all tasks: write {{{name}}}, without a format");
                return Err(Error::input(place, reason));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
