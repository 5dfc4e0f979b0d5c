//! Running a task of a sweep on a rank.

use std::cell::RefCell;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::command::{Command, Programs};
use super::files::TASKS;
use super::plan::{Keep, Plan, SimulationTask, Work};
use super::simulations::Simulations;
use super::template::Context;
use super::value::{Outcome, Value};
use super::worker::{Request as Question, Worker};
use crate::base::config::ParameterFile;
use crate::base::console::say;
use crate::run::{Outcome as Ended, Request, RunFolder, StopRequest};
use crate::tasks::Task;
use crate::{Error, Result};

/// What a rank needs to run any task of a study.
pub(super) struct Tasks<'a> {
    plan: &'a Plan,
    simulations: &'a Simulations<'a>,
    /// Where folders of tasks are that are kept.
    kept: PathBuf,
    programs: Option<Programs>,
    /// The worker, and the process that started it: a copy of this process has its own.
    worker: RefCell<Option<(u32, Worker)>>,
    /// The program, found where it is.
    program: Option<PathBuf>,
}

impl<'a> Tasks<'a> {
    /// For a rank with so many cores, of a study in `folder`. Programs are started at the first task.
    pub(super) fn new(
        plan: &'a Plan,
        simulations: &'a Simulations<'a>,
        folder: &RunFolder,
        cores: usize,
    ) -> Result<Self> {
        let programs = (!matches!(plan.work(), Work::Simulation(_))).then(|| Programs::new(cores));
        let worker = RefCell::new(None);
        let kept = std::path::absolute(folder.path(TASKS)).map_err(Error::io("find", folder.path(TASKS)))?;
        Ok(Tasks { plan, simulations, kept, programs, worker, program: plan.program()? })
    }

    /// Runs a task; its outcome.
    pub(super) fn run(&self, task: &Task) -> Result<Outcome> {
        let index = task.number();
        let attempt = task.attempt();
        let kept = self.kept.join(format!("{index:06}"));
        let alone = task.comm().size() == 1;
        let wanted = self.plan.settings().keep != Keep::None || !alone;
        let temporary = || std::env::temp_dir().join(format!("divisi-{}-{index}", std::process::id()));
        let folder = if wanted { kept } else { temporary() };
        let context = Context { index, seed: self.plan.task_seed(index), attempt, folder: &folder };
        if task.comm().is_root() {
            clear(&folder)?;
        }
        let outcome = match self.plan.work() {
            Work::Simulation(simulation) => self.simulate(task, simulation, &context),
            Work::Command { output, .. } => self.command(task, *output, &context),
            Work::Worker { words, .. } => self.ask_worker(task, words, &context),
        };
        let keep = match self.plan.settings().keep {
            Keep::None => false,
            Keep::Failed => outcome.is_err(),
            Keep::All => true,
        };
        if !keep && task.comm().is_root() {
            // One that was never made, or can't be removed, is no reason to lose a result.
            let _ = fs::remove_dir_all(&folder);
        }
        outcome
    }

    /// A run of one of the program's own simulations; the last row of its history.
    fn simulate(&self, task: &Task, simulation: &SimulationTask, context: &Context) -> Result<Outcome> {
        let parameters = ParameterFile::read(simulation.file(), &self.plan.words(context))?;
        let request = Request {
            folder: RunFolder::at(context.folder),
            parameters,
            resume: false,
            overwrite: true,
            command: format!("task {} of a sweep", context.index),
            quiet: true,
            bare: self.plan.settings().keep == Keep::None,
        };
        let stop = StopRequest::when(task.cancellation());
        let unfinished = |reason: &str| Err(Error::Numerics { method: "task", reason: reason.to_owned() });
        let finished = (self.simulations.run)(task.comm(), &request, &stop)?;
        match finished.outcome {
            Ended::Done => result_of(&finished.last_row, simulation.result()),
            Ended::Open => unfinished("it came to its end with its goal open: give it a later end"),
            Ended::Stopped => unfinished("it was asked to end before its end"),
        }
    }

    /// A program of its own.
    fn command(&self, task: &Task, output: super::command::Output, context: &Context) -> Result<Outcome> {
        let mut argv = self.plan.words(context);
        if let (Some(program), Some(first)) = (&self.program, argv.first_mut()) {
            *first = program.display().to_string();
        }
        let keeps = self.plan.settings().keep != Keep::None;
        let own = keeps || self.plan.work().uses_folder();
        if own {
            fs::create_dir_all(context.folder).map_err(Error::io("create", context.folder))?;
        }
        let command = Command {
            argv: &argv,
            output,
            folder: Some(folder_of(self.plan)),
            time_limit: self.plan.settings().time_limit,
            task: context.index,
            attempt: context.attempt,
            seed: context.seed,
        };
        let Some(programs) = &self.programs else { return Err(Error::input("task", "runs no program")) };
        let report = programs.run(&command, &|| task.is_cancelled());
        if keeps {
            report.save(context.folder)?;
        }
        report.result.map_err(|failure| Error::User(Box::new(failure)))
    }

    /// A program that stays.
    fn ask_worker(&self, task: &Task, words: &[String], context: &Context) -> Result<Outcome> {
        let Some(programs) = &self.programs else { return Err(Error::input("task", "runs no program")) };
        let mut worker = self.worker.borrow_mut();
        let process = std::process::id();
        // The worker of the process of which this is a copy stays as it is, and is not this one's to end.
        std::mem::forget(worker.take_if(|(owner, _)| *owner != process));
        let (_, worker) = worker.get_or_insert_with(|| {
            let mut argv = words.to_vec();
            if let (Some(program), Some(first)) = (&self.program, argv.first_mut()) {
                *first = program.display().to_string();
            }
            (process, Worker::new(programs, argv, Some(folder_of(self.plan).to_owned())))
        });
        let parameters = self.plan.parameters(context.index);
        let question = Question {
            task: context.index,
            attempt: context.attempt,
            seed: context.seed,
            parameters: &parameters,
            time_limit: self.plan.settings().time_limit,
        };
        worker.run(&question, &|| task.is_cancelled(), &mut say).map_err(|failure| Error::User(Box::new(failure)))
    }
}

/// Removes what an earlier attempt has left: whether folders are kept is no difference between one attempt and another.
fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("empty", folder)(error)),
        _ => Ok(()),
    }
}

/// The folder of the plan, where programs run.
fn folder_of(plan: &Plan) -> &Path {
    if plan.folder().as_os_str().is_empty() { Path::new(".") } else { plan.folder() }
}

/// The columns of a history's last row that are wanted, or all.
fn result_of(last_row: &[(String, f64)], wanted: &[String]) -> Result<Outcome> {
    let Some(((step, steps), numbers)) = last_row.split_first() else {
        return Err(Error::input("task", "has no row of history.csv"));
    };
    // A number that isn't one has many bits, and one text: results don't depend on which.
    let number = |value: f64| Value::Number(if value.is_nan() { f64::NAN } else { value });
    let mut all = vec![(step.clone(), Value::Integer(*steps as i64))];
    all.extend(numbers.iter().map(|(name, value)| (name.clone(), number(*value))));
    let named = |name: &String| {
        let known = || all.iter().map(|(known, _)| &known[..]).collect::<Vec<_>>().join(", ");
        let unknown =
            || Error::input("task.result", format!("history.csv has no column \"{name}\": it has {}", known()));
        all.iter().find(|(known, _)| known == name).cloned().ok_or_else(unknown)
    };
    if wanted.is_empty() { Ok(all) } else { wanted.iter().map(named).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row as history.csv has it, read back.
    fn read_back(row: &[(String, f64)]) -> Outcome {
        let text =
            |place: usize, value: f64| if place == 0 { format!("{}", value as u64) } else { format!("{value:?}") };
        row.iter()
            .enumerate()
            .map(|(place, (name, value))| (name.clone(), Value::parse(&text(place, *value))))
            .collect()
    }

    #[test]
    fn a_result_is_what_history_csv_says() {
        let values = [12.0, 0.1 + 0.2, 5.0, -0.0, 1e300, f64::INFINITY, -f64::NAN];
        let names = ["step", "time", "whole", "zero", "large", "infinite", "none"];
        let row: Vec<(String, f64)> = names.map(str::to_owned).into_iter().zip(values).collect();
        let bytes = |outcome: &Outcome| postcard::to_allocvec(outcome).unwrap();
        assert_eq!(bytes(&result_of(&row, &[]).unwrap()), bytes(&read_back(&row)));
        let chosen = result_of(&row, &["whole".to_owned(), "step".to_owned()]).unwrap();
        assert_eq!(chosen, [("whole".to_owned(), Value::Number(5.0)), ("step".to_owned(), Value::Integer(12))]);
        let refused = result_of(&row, &["heat".to_owned()]).unwrap_err().to_string();
        assert!(refused.contains("history.csv has no column \"heat\": it has step, time, whole"), "{refused}");
        assert!(result_of(&[], &[]).is_err());
    }
}
