//! From a plan to its results: `divisi run` and `resume` of a sweep.

use std::path::Path;
use std::time::{Duration, Instant};

use toml::Table;

use super::conclusion::conclude;
use super::file::{PlanFile, schema};
use super::files::JOURNAL;
use super::plan::{Plan, Work};
use super::simulations::Simulations;
use super::task::Tasks;
use super::template::Context;
use super::value::Outcome as Values;
use super::voice::Voice;
use crate::base::config::{ParameterFile, check_named};
use crate::base::console::print;
use crate::base::error::Cause;
use crate::comm::Comm;
use crate::run::{Deadline, Held, Request, StopRequest, ranks_text};
use crate::tasks::{self, Counts, Executor};
use crate::{Error, Result};

/// Failures that are reported one by one.
const TOLD: u64 = 10;
/// Tasks whose simulation is checked before anything runs.
const CHECKED: u64 = 1000;

/// Checks a plan without MPI: its parameters, the program or the tasks' simulations; of many tasks, a thousand spread over all.
///
/// # Errors
/// Whatever is wrong with it, with its place.
pub(crate) fn validate(parameters: &ParameterFile, simulations: &Simulations) -> Result<()> {
    check_named(parameters, &schema())?;
    let file = PlanFile::read(parameters)?;
    let plan = &file.plan;
    plan.program().map_err(|error| parameters.locate(error))?;
    file.walltime()?;
    file.silence()?;
    if let Work::Simulation(simulation) = plan.work() {
        for index in spread(plan.points().len()) {
            let context = Context { index, seed: plan.task_seed(index), attempt: 1, folder: Path::new("task") };
            let task = ParameterFile::read(simulation.file(), &plan.words(&context))?;
            (simulations.validate)(&task)?;
        }
    }
    Ok(())
}

/// All of `tasks`, or [`CHECKED`] of them at equal distances, the first and the last among them.
fn spread(tasks: u64) -> impl Iterator<Item = u64> {
    let count = tasks.min(CHECKED);
    let last = u128::from(tasks.saturating_sub(1));
    (0..count).map(move |place| (u128::from(place) * last / u128::from(count.max(2) - 1)) as u64)
}

/// Says what a sweep would do; writes nothing. All ranks.
///
/// # Errors
/// As [`validate`], and if the folder holds a run that would not be overwritten.
pub(crate) fn check(comm: &Comm, request: &Request) -> Result<()> {
    let PlanFile { plan, .. } = PlanFile::read(&request.parameters)?;
    check_ranks(comm, &plan)?;
    request.continues()?;
    let points = plan.points();
    let settings = plan.settings();
    let context = Context { index: 0, seed: plan.task_seed(0), attempt: 1, folder: Path::new("FOLDER") };
    let mut lines = vec![
        ("parameters", format!("{} are valid", request.parameters.path().display())),
        ("tasks", format!("{} over {}", points.len(), points.names().join(", "))),
        ("ranks", format!("{}, {} for each task", comm.size(), settings.ranks_per_task)),
        ("first task", plan.words(&context).join(" ")),
    ];
    lines.extend(plan.notes().iter().map(|note| ("note", note.to_string())));
    let text: String = lines.iter().map(|(what, value)| format!("{what:<11} {value}\n")).collect();
    comm.agree(if comm.is_root() { print(&text) } else { Ok(()) })
}

/// Runs a sweep to its end, or to where it is asked to stop; the exit status: 0; 85 where tasks are left; 3 where none is left but some
/// failed for good, or so many that it gave up.
/// All ranks; after the death of a rank only rank 0 returns.
///
/// # Errors
/// Bad input, files that can't be written, ranks that don't find each other or, without a launcher that survives it, die.
pub(crate) fn run(
    comm: &Comm,
    request: &Request,
    stop: &StopRequest,
    simulations: &Simulations,
    retry_failed: bool,
) -> Result<u8> {
    let began = Instant::now();
    let file = PlanFile::read(&request.parameters)?;
    let plan = &file.plan;
    check_ranks(comm, plan)?;
    let executor = Executor::new(comm)
        .silence(file.silence()?)
        .seed(file.seed())
        .journal(&request.folder.path(JOURNAL), &plan.canonical());
    let held = take_folder(comm, request, &file, &executor)?;
    let deadline = Deadline::new(began, file.walltime()?);
    let voice = Voice::new(comm, &request.folder)?;
    greet(&voice, comm, request, plan);
    held.iter().filter_map(|(held, _)| held.note()).for_each(|note| voice.say(&note));
    let executor = with_settings(executor, plan).retry_failed(retry_failed).observe(voice.observer()).stop_when(|| {
        held.iter().for_each(|(held, _)| held.assure());
        stop.came() || deadline.is_near(Duration::ZERO, Duration::ZERO)
    });
    let executor = if file.traces() { executor.trace(&request.folder.trace()) } else { executor };
    let on_task = Tasks::new(plan, simulations, &request.folder, cores_per_rank(comm))?;
    // Last, so that a sweep that can't go on keeps the parameters with which it could.
    comm.agree(match &held {
        Some((held, Some(parameters))) => held.go_on(parameters),
        _ => Ok(()),
    })?;
    let counts = run_tasks(&executor, plan, &on_task, &voice)?;
    let concluded = counts.map_or(Ok(0), |counts| {
        let (status, lines) = conclude(&request.folder, plan, &counts, began)?;
        lines.iter().for_each(|line| voice.say(line));
        Ok(status)
    });
    if comm.is_broken() {
        return concluded;
    }
    let status = comm.agree(concluded)?;
    Ok(comm.all_reduce_max(u64::from(status)) as u8)
}

/// Refuses tasks that need more ranks than there are.
fn check_ranks(comm: &Comm, plan: &Plan) -> Result<()> {
    let needed = plan.settings().ranks_per_task;
    if needed <= comm.size() {
        return Ok(());
    }
    let reason = format!("a task needs {needed} ranks, and there are {}: start more with mpirun -n", comm.size());
    Err(Error::input("sweep.ranks_per_task", reason))
}

/// Takes the run's folder, and begins a new run in it or looks at the journal of one that goes on; on rank 0 what it holds, and the
/// parameters of a run that goes on. All ranks.
fn take_folder(
    comm: &Comm,
    request: &Request,
    file: &PlanFile,
    executor: &Executor,
) -> Result<Option<(Held, Option<Table>)>> {
    // Rank 0 alone looks at the folder: the others might see what it has just written.
    let take = || {
        let resumes = request.continues()?;
        let table = file.to_table(&request.folder.id(resumes)?, &request.command)?;
        let held = request.hold(resumes)?;
        if resumes {
            executor.check_journal(file.plan.points().len())?;
            return Ok(Some((held, Some(table))));
        }
        held.begin(&table)?;
        Ok(Some((held, None)))
    };
    comm.agree(if comm.is_root() { take() } else { Ok(None) })
}

fn greet(voice: &Voice, comm: &Comm, request: &Request, plan: &Plan) {
    let file = request.parameters.path().display();
    let out = request.folder.root().display();
    voice.say(&format!("{file}: {} tasks on {} -> {out}", plan.points().len(), ranks_text(comm.size())));
    plan.notes().iter().for_each(|note| voice.say(note));
}

/// The cores of this node that each of its ranks can use for a program. All ranks.
fn cores_per_rank(comm: &Comm) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / comm.split_node().size()).max(1)
}

/// How tasks are handed out and tried again, as the plan says.
fn with_settings<'a>(executor: Executor<'a>, plan: &Plan) -> Executor<'a> {
    let settings = plan.settings();
    let executor = executor
        .schedule(settings.schedule)
        .retries(settings.retries)
        .stop_after(settings.stop_after.unwrap_or(0))
        .ranks_per_task(settings.ranks_per_task);
    match (settings.time_limit, plan.work()) {
        // Programs are ended by their own rank.
        (Some(limit), Work::Simulation(_)) => executor.time_limit(limit),
        _ => executor,
    }
}

/// Runs the tasks that are left, and reports the first failures; their outcomes, on rank 0. All ranks.
fn run_tasks(executor: &Executor, plan: &Plan, on_task: &Tasks, voice: &Voice) -> Result<Option<Counts>> {
    let mut failures = 0;
    let report = |task: u64, outcome: tasks::Outcome<Values>| {
        if let Err(error) = outcome
            && error.cause != Cause::Cancelled
        {
            failures += 1;
            if failures <= TOLD {
                voice.say(&format!("task {task} failed for good: {}", error.message));
            }
        }
        Ok(())
    };
    executor.for_each(plan.points().len(), |task| on_task.run(task), report)
}
