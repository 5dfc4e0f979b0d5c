//! Running a task of a study on a rank.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use super::command::{Command, Programs};
use super::driver::Simulations;
use super::plan::{Keep, Plan, SimulationTask, Work};
use super::template::Context;
use super::value::{Outcome, Value};
use super::worker::{Request as Question, Worker};
use crate::config::Parameters;
use crate::console::say;
use crate::run::{Outcome as Ended, Request, RunFolder, StopRequest};
use crate::sweep::Task;
use crate::{Error, Result};

/// What a rank needs to run any task of a study.
pub(super) struct Tasks<'a> {
    plan: &'a Plan,
    simulations: &'a Simulations<'a>,
    /// Where folders of tasks are that are kept.
    kept: PathBuf,
    programs: Option<Programs>,
    worker: RefCell<Option<Worker>>,
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
        let kept = std::path::absolute(folder.tasks()).map_err(Error::io("find", folder.tasks()))?;
        Ok(Tasks { plan, simulations, kept, programs, worker, program: plan.program()? })
    }

    /// Runs a task; its outcome.
    pub(super) fn run(&self, task: &Task) -> Result<Outcome> {
        let (index, attempt) = (task.number(), task.attempt());
        let kept = self.kept.join(format!("{index:06}"));
        let alone = task.comm().size() == 1;
        let wanted = self.plan.settings().keep != Keep::None || !alone;
        let temporary = || std::env::temp_dir().join(format!("divisi-{}-{index}", std::process::id()));
        let folder = if wanted { kept } else { temporary() };
        let context = Context { index, seed: self.plan.task_seed(index), attempt, folder: &folder };
        let outcome = match self.plan.work() {
            Work::Simulation(simulation) => self.simulate(task, simulation, &context),
            Work::Command { output, .. } => self.command(task, *output, &context),
            Work::Worker(words) => self.ask_worker(task, words, &context),
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
        let parameters = Parameters::read(simulation.file(), &self.plan.words(context))?;
        let folder = RunFolder::at(context.folder);
        let request = Request {
            folder: folder.clone(),
            parameters,
            resume: false,
            overwrite: true,
            command: format!("task {} of a sweep", context.index),
            quiet: true,
            bare: self.plan.settings().keep == Keep::None,
        };
        let stop = StopRequest::when(task.cancellation());
        let unfinished = |reason: &str| Err(Error::Numerics { method: "task", reason: reason.to_owned() });
        match (self.simulations.run)(task.comm(), &request, &stop)? {
            Ended::Done => {}
            Ended::Open => return unfinished("it came to its end with its goal open: give it a later end"),
            Ended::Stopped => return unfinished("it was asked to end before its end"),
        }
        let read =
            if task.comm().is_root() { last_row(&folder.history(), simulation.result()) } else { Ok(Vec::new()) };
        task.comm().agree(read)
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
        let worker = worker.get_or_insert_with(|| {
            let mut argv = words.to_vec();
            if let (Some(program), Some(first)) = (&self.program, argv.first_mut()) {
                *first = program.display().to_string();
            }
            Worker::new(programs, argv, Some(folder_of(self.plan).to_owned()))
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

/// The folder of the plan, where programs run.
fn folder_of(plan: &Plan) -> &Path {
    if plan.folder().as_os_str().is_empty() { Path::new(".") } else { plan.folder() }
}

/// The last row of a history: the named columns, or all.
fn last_row(path: &Path, wanted: &[String]) -> Result<Outcome> {
    let unreadable = |error: csv::Error| Error::file(path, error.to_string());
    let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
    let names = reader.headers().map_err(unreadable)?.clone();
    let last = reader.records().last().ok_or_else(|| Error::file(path, "has no row"))?.map_err(unreadable)?;
    let value = |name: &String| {
        let place = names.iter().position(|known| known == name);
        let known = || names.iter().collect::<Vec<_>>().join(", ");
        let unknown =
            || Error::input("task.result", format!("history.csv has no column \"{name}\": it has {}", known()));
        Ok((name.clone(), Value::parse(&last[place.ok_or_else(unknown)?])))
    };
    let all: Vec<String> = names.iter().map(str::to_owned).collect();
    if wanted.is_empty() { all.iter() } else { wanted.iter() }.map(value).collect()
}
