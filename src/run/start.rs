//! From a parameter file to a run under way, anew or from a checkpoint, and to its end.

use std::fs;
use std::time::{Duration, Instant};

use toml::Table;

use super::changes::check_changes;
use super::deadline::Deadline;
use super::driver::{Driver, Pace, Schedules};
use super::files::{Files, Place, read_place};
use super::folder::RunFolder;
use super::interval::Intervals;
use super::ledger::{Ledger, gather_phases, peak_memory, seconds_of};
use super::lock::Lock;
use super::plan::Plan;
use super::progress::{Progress, duration_text, rate_text};
use super::sections::{Cadence, Framework, MadeBy};
use super::setup::Instructions;
use super::{Outcome, Setup, Simulation, StopRequest};
use crate::clock::{Clock, Schedule};
use crate::comm::Comm;
use crate::config::Parameters;
use crate::output::newest;
use crate::{Error, Result};

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where the run lives.
    pub folder: RunFolder,
    /// The parameters.
    pub parameters: Parameters,
    /// Continue the run in the folder, if there is one.
    pub resume: bool,
    /// Replace the run in the folder.
    pub overwrite: bool,
    /// The command line, kept in config.toml.
    pub command: String,
    /// Say nothing, and keep no log: for a run that is a task of a sweep.
    pub quiet: bool,
    /// Write tables alone, neither snapshots nor checkpoints: for a run that nobody will continue or look at.
    pub bare: bool,
}

impl Request {
    /// Whether there is a run to continue.
    ///
    /// Every rank asks before the first message: later, rank 0 may have made the folder already.
    ///
    /// # Errors
    /// If the folder holds a run that is neither to be continued nor to be replaced.
    pub(crate) fn continues(&self) -> Result<bool> {
        let holds_run = self.folder.holds_run();
        if holds_run && !self.resume && !self.overwrite {
            return Err(Error::input(
                self.folder.root().display().to_string(),
                "holds a run already: continue it with --resume, replace it with --overwrite, or choose another folder with --out",
            ));
        }
        Ok(holds_run && self.resume)
    }
}

/// Checks the parameters of a simulation without MPI.
///
/// # Errors
/// Unknown keys, wrong types, values out of range.
pub fn validate<S: Simulation>(parameters: &Parameters) -> Result<()> {
    Plan::read::<S>(parameters).map(|_| ())
}

/// Runs a simulation to its end or to where it is asked to stop. All ranks.
///
/// It may be called several times in one process, on communicators of their own.
///
/// # Errors
/// Bad input, a state that is not finite, files that cannot be read or written.
pub fn run<S: Simulation>(comm: &Comm, request: &Request, stop: &StopRequest) -> Result<Outcome> {
    let began = Instant::now();
    let counted = comm.traffic().phases();
    let (mut driver, _lock) = start::<S>(comm, request, stop, began)?;
    let first_step = driver.clock.step();
    let outcome = driver.drive()?;
    driver.files.series()?;
    account(&mut driver, request, began, first_step, &counted)?;
    Ok(outcome)
}

/// The run, ready for its next step, and rank 0's lock of its folder. All ranks.
fn start<'a, S: Simulation>(
    comm: &'a Comm,
    request: &Request,
    stop: &'a StopRequest,
    began: Instant,
) -> Result<(Driver<'a, S>, Option<Lock>)> {
    let mut plan = Plan::read::<S>(&request.parameters)?;
    let resumes = request.continues()?;
    let instructions = Instructions::agree(comm, plan.framework.run.simd)?;
    plan.framework.made_by = Some(MadeBy {
        program: format!("{} of divisi {}", S::NAME, env!("CARGO_PKG_VERSION")),
        command: request.command.clone(),
        simd: instructions.name.clone(),
        folder: std::path::absolute(plan.folder.join(".")).map_err(Error::io("find", &plan.folder))?,
    });
    let (framework, cadence, table) = (plan.framework.clone(), plan.cadence.clone(), plan.to_table()?);
    let warnings = if resumes { check_changes(&request.folder, &table, S::CHANGEABLE)? } else { Vec::new() };
    let setup = plan.setup(&instructions);
    let (simulation, clock, place, mut said) = match resumes {
        true => load::<S>(comm, &setup, &request.folder)?,
        false => (S::new(&setup, comm)?, Clock::default(), Place::default(), Vec::new()),
    };
    said.extend(warnings);
    let prepared = if comm.is_root() { prepare(request, &table, resumes, S::RESULTS).map(Some) } else { Ok(None) };
    let lock = comm.agree(prepared)?;
    let files = Files::open(comm, &request.folder, &framework, place, request.bare)?;
    let until = (cadence.until, cadence.steps);
    let mut progress = Progress::new(Some(&request.folder.log()), comm.is_root() && !request.quiet, until)?;
    greet(&mut progress, comm, request, &instructions, &clock, resumes);
    said.iter().for_each(|line| progress.say(line));
    let mut schedules = schedules(&framework, &cadence);
    schedules.skip_to(&clock);
    let (pace, intervals) = (Pace::starting_at(&clock), Intervals::new(&framework.checkpoint));
    let deadline = Deadline::new(began, framework.walltime(&request.parameters)?);
    let (loop_time, loop_cpu) = (Duration::ZERO, Duration::ZERO);
    let driver = Driver {
        comm,
        simulation,
        clock,
        cadence,
        schedules,
        files,
        progress,
        stop,
        intervals,
        deadline,
        pace,
        loop_time,
        loop_cpu,
    };
    Ok((driver, lock))
}

fn schedules(framework: &Framework, cadence: &Cadence) -> Schedules {
    let output = &framework.output;
    Schedules {
        snapshot: Schedule::new(output.every_steps, cadence.every_time, cadence.times.clone()),
        history: Schedule::new(output.history_steps, cadence.history_time, Vec::new()),
        trajectory: Schedule::new(output.trajectory_steps, cadence.trajectory_time, Vec::new()),
        checkpoint: Schedule::new(framework.checkpoint.every_steps, cadence.checkpoint_time, Vec::new()),
    }
}

/// The state of the newest whole checkpoint, and what there is to say about others. All ranks.
fn load<S: Simulation>(
    comm: &Comm,
    setup: &Setup<S::Config>,
    folder: &RunFolder,
) -> Result<(S, Clock, Place, Vec<String>)> {
    let (checkpoint, warnings) = newest(comm, &folder.checkpoints())?;
    let Some(checkpoint) = checkpoint else {
        // A run that was killed before its first checkpoint starts anew.
        return Ok((S::new(setup, comm)?, Clock::default(), Place::default(), warnings));
    };
    let (clock, place) = read_place(&checkpoint)?;
    Ok((S::load(setup, comm, &checkpoint)?, clock, place, warnings))
}

/// Takes the folder, makes it anew or keeps it, and writes config.toml.
fn prepare(request: &Request, table: &Table, resumes: bool, results: &[&str]) -> Result<Lock> {
    let root = request.folder.root();
    fs::create_dir_all(root)
        .map_err(|source| Error::input(root.display().to_string(), format!("cannot make this folder: {source}")))?;
    let lock = Lock::take(root)?;
    if !resumes {
        request.folder.create(results)?;
    }
    let path = request.folder.config();
    let text = toml::to_string_pretty(table).map_err(|error| Error::file(&path, error.to_string()))?;
    let beside = path.with_extension("toml.part");
    fs::write(&beside, text).map_err(Error::io("write", &beside))?;
    fs::rename(&beside, &path).map_err(Error::io("rename", &beside))?;
    Ok(lock)
}

fn greet(progress: &mut Progress, comm: &Comm, request: &Request, made: &Instructions, clock: &Clock, resumes: bool) {
    let ranks = if comm.size() == 1 { "1 rank".to_owned() } else { format!("{} ranks", comm.size()) };
    let (file, out) = (request.parameters.path().display(), request.folder.root().display());
    progress.say(&format!("{file} on {ranks}, {} -> {out}", made.name));
    if resumes {
        progress.say(&format!("resumed at step {}, t = {}", clock.step(), clock.time()));
    }
}

/// Writes the ledger and says the end. All ranks.
fn account<S: Simulation>(
    driver: &mut Driver<'_, S>,
    request: &Request,
    began: Instant,
    first_step: u64,
    counted: &[(&'static str, crate::comm::Counts)],
) -> Result<()> {
    let comm = driver.comm;
    let phases = gather_phases(comm, counted);
    let memory_bytes = comm.all_gather(&[peak_memory()]);
    let steps = driver.clock.step() - first_step;
    let (work, unit) = driver.simulation.work();
    let loop_seconds = driver.loop_time.as_secs_f64();
    let ledger = Ledger {
        ranks: comm.size(),
        steps,
        resumed_from_step: (first_step > 0).then_some(first_step),
        seconds: began.elapsed().as_secs_f64(),
        loop_seconds,
        loop_cpu_seconds: comm.all_gather(&[driver.loop_cpu.as_secs_f64()]),
        rate: steps as f64 * work / loop_seconds.max(1e-9),
        rate_unit: format!("{unit}/s"),
        checkpoints: driver.files.checkpoints,
        checkpoint_seconds: seconds_of(&phases, "checkpoints"),
        memory_bytes,
        phases,
    };
    // The ledger of a run that was done already stays.
    let tells = steps > 0 || !request.folder.ledger().exists();
    let written = if comm.is_root() && tells { ledger.write(&request.folder.ledger()) } else { Ok(()) };
    comm.agree(written)?;
    let (step, time) = (driver.clock.step(), driver.clock.time());
    let (rate, took) = (rate_text(ledger.rate, unit), ledger.seconds);
    if let Some(line) = cost_of_checkpoints(&ledger) {
        driver.progress.say(&line);
    }
    driver.simulation.summary().iter().for_each(|line| driver.progress.say(line));
    driver
        .progress
        .say(&format!("step {step}, t = {time}: {steps} steps in {loop_seconds:.3} s ({rate}), {took:.3} s in all"));
    Ok(())
}

/// What checkpoints took, where it is worth a line.
fn cost_of_checkpoints(ledger: &Ledger) -> Option<String> {
    let Ledger { checkpoints, checkpoint_seconds, seconds, .. } = *ledger;
    (checkpoints > 1).then(|| {
        let share = 100.0 * checkpoint_seconds / seconds.max(1e-9);
        format!("{checkpoints} checkpoints took {checkpoint_seconds:.3} s, {share:.1} % of the time")
    })
}

/// Steps that `check` takes to estimate the time of a run.
const TRIAL_STEPS: u64 = 3;

/// Makes the initial state, takes a few steps of it and says what the run would cost; writes nothing. All ranks.
///
/// # Errors
/// As [`run`], and if the folder holds a run that would not be overwritten.
pub fn check<S: Simulation>(comm: &Comm, request: &Request) -> Result<()> {
    let plan = Plan::read::<S>(&request.parameters)?;
    request.continues()?;
    let instructions = Instructions::agree(comm, plan.framework.run.simd)?;
    let cadence = plan.cadence.clone();
    let setup = plan.setup(&instructions);
    let mut simulation = S::new(&setup, comm)?;
    let (mut clock, began) = (Clock::default(), Instant::now());
    while clock.step() < TRIAL_STEPS && !simulation.goal().ends_the_run() {
        clock.advance(simulation.step(&clock, cadence.until)?);
    }
    let each = comm.all_reduce_max(began.elapsed().as_secs_f64()) / clock.step().max(1) as f64;
    let steps = (cadence.steps as f64).min((cadence.until / clock.dt()).ceil());
    let memory = comm.all_gather(&[peak_memory()]);
    if comm.is_root() {
        let mebibytes = memory.iter().max().map_or(0, |bytes| bytes >> 20);
        println!("parameters  {} are valid", request.parameters.path().display());
        println!("ranks       {}, {}", comm.size(), instructions.name);
        simulation.describe().iter().for_each(|(what, value)| println!("{what:<11} {value}"));
        println!("memory      {mebibytes} MiB on the rank that takes most");
        match cadence.has_end() {
            true => println!("estimate    {steps:.0} steps of {each:.3e} s: {}", duration_text(steps * each)),
            false => println!("estimate    steps of {each:.3e} s, until the goal is reached"),
        }
    }
    Ok(())
}
