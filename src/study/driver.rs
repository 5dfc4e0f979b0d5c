//! From a plan to its results: `divisi run` and `resume` of a study.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use toml::{Table, Value as Toml};

use super::plan::{Config, Plan, SECTIONS, Work};
use super::results::{self, Account, Row, Status as Ended};
use super::selection;
use super::task::Tasks;
use super::template::Context;
use super::value::Outcome as Values;
use crate::comm::Comm;
use crate::config::Parameters;
use crate::error::Cause;
use crate::run::{Deadline, Lock, MadeBy, Outcome, Progress, Request, StopRequest, duration_text, rate_text, walltime};
use crate::sweep::journal::{Failed, Recovered};
use crate::sweep::{self, Counts, Sweep};
use crate::{Error, Result};

/// Exit status where tasks failed for good.
pub(super) const TASKS_FAILED: u8 = 3;
/// Failures that are told one by one.
const TOLD: u64 = 10;
/// Tasks whose simulation is checked before anything runs.
const CHECKED: u64 = 1000;

/// The simulations that tasks can be.
pub struct Simulations<'a> {
    /// Refuses parameters that can't be.
    pub validate: &'a dyn Fn(&Parameters) -> Result<()>,
    /// Runs a simulation on the ranks of a group.
    pub run: &'a dyn Fn(&Comm, &Request, &StopRequest) -> Result<Outcome>,
}

/// The framework's part of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    simulation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<MadeBy>,
    #[serde(default)]
    run: RunSection,
}

/// `[run]` of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RunSection {
    /// The seed of the samples and of the tasks' seeds.
    seed: u64,
    /// The time that the job may take, as Slurm writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    walltime: Option<String>,
}

impl Default for RunSection {
    fn default() -> Self {
        RunSection { seed: 1, walltime: None }
    }
}

/// A plan as read.
struct Read {
    frame: Frame,
    config: Config,
    plan: Plan,
}

impl Read {
    fn new(parameters: &Parameters) -> Result<Self> {
        let frame: Frame = parameters.typed(|key| !SECTIONS.contains(&key), &SECTIONS)?;
        let config: Config = parameters.typed(|key| SECTIONS.contains(&key), &["simulation", "run"])?;
        let beside = parameters.path().parent().unwrap_or(Path::new(""));
        let folder = frame.made_by.as_ref().map_or(beside, |made| &made.folder).to_owned();
        let plan = Plan::new(&config, &folder, frame.run.seed).map_err(|error| parameters.locate(error))?;
        Ok(Read { frame, config, plan })
    }

    /// All parameters, for the run's config.toml.
    fn to_table(&self, command: &str) -> Result<Table> {
        let folder = self.plan.folder();
        let made_by = MadeBy {
            program: format!("sweep of divisi {}", env!("CARGO_PKG_VERSION")),
            command: command.to_owned(),
            simd: String::new(),
            folder: std::path::absolute(folder.join(".")).map_err(Error::io("find", folder))?,
        };
        let frame = Frame { made_by: Some(made_by), ..self.frame.clone() };
        let table = |value: std::result::Result<Toml, toml::ser::Error>| match value {
            Ok(Toml::Table(table)) => Ok(table),
            Ok(_) => Err(Error::input("config.toml", "the plan has no sections")),
            Err(error) => Err(Error::input("config.toml", format!("cannot write the plan: {error}"))),
        };
        let mut config = self.config.clone();
        if !config.parameters.values.is_empty() {
            // TOML writes plain values before tables: without this their order would be lost.
            config.parameters.order = self.plan.points().names().to_vec();
        }
        let mut all = table(Toml::try_from(&frame))?;
        all.extend(table(Toml::try_from(&config))?);
        Ok(all)
    }
}

/// Checks a plan without MPI: its parameters, the program or the tasks' simulations; of many tasks, a thousand spread over all.
///
/// # Errors
/// Whatever is wrong with it, with its place.
pub fn validate(parameters: &Parameters, simulations: &Simulations) -> Result<()> {
    let Read { plan, frame, .. } = Read::new(parameters)?;
    plan.program().map_err(|error| parameters.locate(error))?;
    frame.run.walltime.iter().try_for_each(|text| walltime("run.walltime", text).map(|_| ()))?;
    if let Work::Simulation(simulation) = plan.work() {
        for index in spread(plan.points().len()) {
            let context = Context { index, seed: plan.task_seed(index), attempt: 1, folder: Path::new("task") };
            let task = Parameters::read(simulation.file(), &plan.words(&context))?;
            (simulations.validate)(&task)?;
        }
    }
    Ok(())
}

/// All of `tasks`, or [`CHECKED`] of them at equal distances, the first and the last among them.
fn spread(tasks: u64) -> impl Iterator<Item = u64> {
    let (count, last) = (tasks.min(CHECKED), u128::from(tasks.saturating_sub(1)));
    (0..count).map(move |place| (u128::from(place) * last / u128::from(count.max(2) - 1)) as u64)
}

/// Says what a study would do; writes nothing. All ranks.
///
/// # Errors
/// As [`validate`], and if the folder holds a run that would not be overwritten.
pub fn check(comm: &Comm, request: &Request) -> Result<()> {
    let Read { plan, .. } = Read::new(&request.parameters)?;
    check_ranks(comm, &plan)?;
    request.continues()?;
    if comm.is_root() {
        let (points, settings) = (plan.points(), plan.settings());
        println!("parameters  {} are valid", request.parameters.path().display());
        println!("tasks       {} over {}", points.len(), points.names().join(", "));
        println!("ranks       {}, {} for each task", comm.size(), settings.ranks_per_task);
        let context = Context { index: 0, seed: plan.task_seed(0), attempt: 1, folder: Path::new("FOLDER") };
        println!("first task  {}", plan.words(&context).join(" "));
        plan.notes().iter().for_each(|note| println!("note        {note}"));
    }
    Ok(())
}

/// Runs a study to its end, or to where it is asked to stop; the exit status: 0; 85 where tasks are left; 3 where none is left but some
/// failed for good, or so many that it gave up.
/// All ranks; after the death of a rank only rank 0 returns.
///
/// # Errors
/// Bad input, files that can't be written, ranks that don't find each other or, without a launcher that survives it, die.
pub fn run(
    comm: &Comm,
    request: &Request,
    stop: &StopRequest,
    simulations: &Simulations,
    retry_failed: bool,
) -> Result<u8> {
    let began = Instant::now();
    let read = Read::new(&request.parameters)?;
    check_ranks(comm, &read.plan)?;
    let table = read.to_table(&request.command)?;
    let tasks = read.plan.points().len();
    let seed = read.frame.run.seed;
    let journal = (request.folder.journal(), read.plan.canonical());
    let sweep = Sweep::new(comm).seed(seed).journal(&journal.0, &journal.1);
    // Rank 0 alone looks at the folder: the others might see what it has just written.
    let take_folder = || {
        let resumes = request.continues()?;
        if resumes {
            sweep.check_journal(tasks)?;
        }
        prepare(request, &table, resumes).map(Some)
    };
    let _lock = comm.agree(if comm.is_root() { take_folder() } else { Ok(None) })?;
    let limit = read.frame.run.walltime.as_deref().map(|text| walltime("run.walltime", text)).transpose()?;
    let deadline = Deadline::new(began, limit);
    let plan = &read.plan;
    let progress = Progress::new(Some(&request.folder.log()), comm.is_root(), (f64::INFINITY, u64::MAX))?;
    let progress = Arc::new(Mutex::new(progress));
    let say = |line: &str| progress.lock().unwrap_or_else(PoisonError::into_inner).say(line);
    let (file, out) = (request.parameters.path().display(), request.folder.root().display());
    say(&format!("{file}: {tasks} tasks on {} -> {out}", ranks_text(comm)));
    plan.notes().iter().for_each(|note| say(note));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cores_per_rank = (cores / comm.split_node().size()).max(1);
    let on_task = Tasks::new(plan, simulations, &request.folder, cores_per_rank)?;
    let settings = plan.settings();
    let mut sweep = sweep
        .schedule(settings.schedule)
        .retries(settings.retries)
        .stop_after(settings.stop_after.unwrap_or(0))
        .ranks_per_task(settings.ranks_per_task)
        .retry_failed(retry_failed)
        .observe(observer(Arc::clone(&progress)))
        .stop_when(|| stop.came() || deadline.is_near(std::time::Duration::ZERO, std::time::Duration::ZERO));
    if let (Some(limit), Work::Simulation(_)) = (settings.time_limit, plan.work()) {
        // Programs are ended by their own rank.
        sweep = sweep.time_limit(limit);
    }
    let mut failures = 0;
    let counts = sweep.for_each(
        tasks,
        |task| on_task.run(task),
        |task, outcome: sweep::Outcome<Values>| {
            if let Err(error) = outcome
                && error.cause != Cause::Cancelled
            {
                failures += 1;
                if failures <= TOLD {
                    say(&format!("task {task} failed for good: {}", error.message));
                }
            }
            Ok(())
        },
    )?;
    let concluded = match counts {
        Some(counts) => conclude(request, plan, &counts, began).map(|(status, lines)| {
            lines.iter().for_each(|line| say(line));
            status
        }),
        None => Ok(0),
    };
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

fn ranks_text(comm: &Comm) -> String {
    if comm.size() == 1 { "1 rank".to_owned() } else { format!("{} ranks", comm.size()) }
}

/// Takes the folder, makes it anew or keeps it, and writes config.toml.
fn prepare(request: &Request, table: &Table, resumes: bool) -> Result<Lock> {
    let root = request.folder.root();
    fs::create_dir_all(root)
        .map_err(|source| Error::input(root.display().to_string(), format!("cannot make this folder: {source}")))?;
    let lock = Lock::take(root)?;
    if !resumes {
        request.folder.clear()?;
    }
    write_config(&request.folder.config(), table)?;
    Ok(lock)
}

fn write_config(path: &Path, table: &Table) -> Result<()> {
    let text = toml::to_string_pretty(table).map_err(|error| Error::file(path, error.to_string()))?;
    let beside: PathBuf = path.with_extension("toml.part");
    fs::write(&beside, text).map_err(Error::io("write", &beside))?;
    fs::rename(&beside, path).map_err(Error::io("rename", &beside))
}

/// Tells the progress once a second.
fn observer(progress: Arc<Mutex<Progress>>) -> impl FnMut(&Counts) + Send + 'static {
    let began = Instant::now();
    let mut first = None;
    move |counts| {
        let ended = counts.done + counts.failed;
        let first = *first.get_or_insert(counts.recovered);
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.is_time() {
            let rate = ended.saturating_sub(first) as f64 / began.elapsed().as_secs_f64();
            progress.show(&progress_line(counts, rate));
        }
    }
}

fn progress_line(counts: &Counts, rate: f64) -> String {
    let ended = counts.done + counts.failed;
    let left = duration_text(counts.tasks.saturating_sub(ended) as f64 / rate);
    let Counts { tasks, done, failed, running, .. } = counts;
    format!("{done} of {tasks} done, {failed} failed, {running} under way, {}, left {left}", rate_text(rate, "tasks"))
}

/// Writes the results from the journal; the exit status, and what to say.
fn conclude(request: &Request, plan: &Plan, counts: &Counts, began: Instant) -> Result<(u8, Vec<String>)> {
    let recovered = Recovered::read(&request.folder.journal())?;
    let tasks = plan.points().len();
    let root = request.folder.root();
    results::write(root, plan.points(), || rows(&recovered, tasks))?;
    results::write_accounts(root, accounts(&recovered, tasks))?;
    let seconds = began.elapsed().as_secs_f64();
    let failed = recovered.failed().len() as u64;
    let left = tasks - recovered.counts().done - failed;
    let ran = counts.done - counts.recovered;
    let rate = rate_text(ran as f64 / seconds, "tasks");
    let mut line = format!(
        "{} of {tasks} done, {failed} failed, {left} left; {ran} now in {seconds:.3} s ({rate}), {} tried again, {} ranks died",
        counts.done, counts.retries, counts.deaths
    );
    let gave_up = plan.settings().stop_after.is_some_and(|most| failed >= most);
    let status = if failed > 0 && (left == 0 || gave_up) {
        line += "; failed ones alone: `divisi resume ... --retry-failed`";
        TASKS_FAILED
    } else if left > 0 {
        line += "; continue with `divisi resume`";
        Outcome::Stopped.status()
    } else {
        0
    };
    let mut lines = vec![line];
    if !plan.select().is_empty() && left == 0 {
        let selected = selection::write(plan, &request.folder, rows(&recovered, tasks))?;
        lines.extend(selected.summary.to_string().lines().map(str::to_owned));
        lines.push(selected.line);
    }
    Ok((status, lines))
}

/// What became of every task, in order, as the journal tells.
fn rows(recovered: &Recovered, tasks: u64) -> impl Iterator<Item = Result<Row>> {
    let mut done = recovered
        .done()
        .flat_map(|run| run.each().map(|(task, bytes)| (task, bytes.to_vec())).collect::<Vec<_>>())
        .peekable();
    (0..tasks).map(move |task| {
        if let Some((_, bytes)) = done.next_if(|(next, _)| *next == task) {
            let outcome = postcard::from_bytes(&bytes).map_err(|error| {
                Error::input(format!("task {task}"), format!("its result in the journal can't be read: {error}"))
            })?;
            return Ok(Row { task, status: Ended::Done, outcome, message: String::new() });
        }
        let (status, message) = match recovered.failed().get(&task) {
            Some(failed) => (Ended::Failed, reason_of(failed)),
            None => (Ended::Cancelled, "the sweep ended before".to_owned()),
        };
        Ok(Row { task, status, outcome: Vec::new(), message })
    })
}

/// Why a task failed, without who ran it.
fn reason_of(failed: &Failed) -> String {
    match failed.reason.cause {
        Cause::Died => "its rank died each time".to_owned(),
        Cause::TimedOut => "it ran beyond its time limit".to_owned(),
        _ => failed.reason.message.clone(),
    }
}

/// Who ran each task, how often and how long.
fn accounts(recovered: &Recovered, tasks: u64) -> impl Iterator<Item = Result<Account>> {
    let per_run = |run: crate::sweep::journal::Done<'_>| {
        let (rank, attempts) = (run.rank as usize, run.attempt);
        let seconds = run.seconds / f64::from(run.count());
        run.tasks().map(move |task| (task, rank, attempts, seconds)).collect::<Vec<_>>()
    };
    let mut done = recovered.done().flat_map(per_run).peekable();
    (0..tasks).map(move |task| {
        let (message, status) = (String::new(), Ended::Done);
        if let Some((_, rank, attempts, seconds)) = done.next_if(|(next, ..)| *next == task) {
            return Ok(Account { task, rank: Some(rank), attempts, seconds, status, message });
        }
        Ok(match recovered.failed().get(&task) {
            Some(failed) => Account {
                task,
                rank: Some(failed.rank as usize),
                attempts: failed.attempts,
                seconds: 0.0,
                status: Ended::Failed,
                message: failed.reason.message.clone(),
            },
            None => Account { task, rank: None, attempts: 0, seconds: 0.0, status: Ended::Cancelled, message },
        })
    })
}
