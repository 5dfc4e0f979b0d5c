//! From a parameter file to a run under way, anew or from a checkpoint, and to its end.

use std::time::{Duration, Instant};

use toml::Table;

use super::changes::check_changes;
use super::deadline::Deadline;
use super::driver::{Driver, Pace, Schedules};
use super::estimate::Estimate;
use super::files::{Files, Place, read_place};
use super::folder::RunFolder;
use super::inputs::inputs_of;
use super::interval::Intervals;
use super::ledger::{Ledger, gather_phases, peak_memory, seconds_of};
use super::plan::{Plan, schema};
use super::progress::{Progress, ranks_text, rate_text};
use super::sections::{Cadence, Framework, MadeBy};
use super::setup::Instructions;
use super::taking::Held;
use super::{Finished, Setup, Simulation, StopRequest};
use crate::base::clock::{Clock, Schedule};
use crate::base::config::{ParameterFile, check_named};
use crate::base::console::print;
use crate::comm::Comm;
use crate::io::{newest, of_others};
use crate::{Error, Parameters, Result};

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Where the run lives.
    pub folder: RunFolder,
    /// The parameters.
    pub parameters: ParameterFile,
    /// Continue the run in the folder, if there is one.
    pub resume: bool,
    /// Replace the run in the folder.
    pub overwrite: bool,
    /// The command line, kept in config.toml.
    pub command: String,
    /// Say nothing, and keep no log: for a run that is a task of a sweep.
    pub quiet: bool,
    /// Write nothing at all, neither tables nor snapshots nor checkpoints: for a run of which only the [last row](super::Finished::last_row)
    /// is wanted.
    pub bare: bool,
}

impl Request {
    /// Whether there is a run to continue.
    ///
    /// Every rank asks before the first message: later, rank 0 may have made the folder already.
    ///
    /// # Errors
    /// If the folder holds a run that is neither to be continued nor to be replaced, or no run and files that one would write over.
    pub(crate) fn continues(&self) -> Result<bool> {
        let holds_run = self.folder.parameters()?.is_some();
        if !holds_run {
            self.folder.refuse_strangers(self.parameters.simulation()?)?;
        } else if !self.resume && !self.overwrite {
            return Err(Error::input(
                self.folder.root().display().to_string(),
                "holds a run already: continue it with --resume, replace it with --overwrite, or choose another folder with --out",
            ));
        }
        Ok(holds_run && self.resume)
    }

    /// Takes the folder, for a run that goes on or for a new one. One rank.
    ///
    /// # Errors
    /// If another job is at work there, or was and has left a run since [`continues`](Self::continues) was asked.
    pub(crate) fn hold(&self, resumes: bool) -> Result<Held> {
        let held = self.folder.hold()?;
        if self.continues()? != resumes {
            let reason = "another job has begun or removed a run in this folder just now: try again";
            return Err(Error::input(self.folder.root().display().to_string(), reason));
        }
        Ok(held)
    }
}

/// Checks the parameters of a simulation without MPI.
///
/// # Errors
/// Unknown keys, wrong types, values out of range.
pub(crate) fn validate<S: Simulation>(parameters: &ParameterFile) -> Result<()> {
    check_named(parameters, &schema::<S>())?;
    Plan::read::<S>(parameters).map(|_| ())
}

/// Runs a simulation to its end or to where it is asked to stop. All ranks.
///
/// It may be called several times in one process, on communicators of their own.
///
/// # Errors
/// Bad input, a state that is not finite, files that cannot be read or written.
pub(crate) fn run<S: Simulation>(comm: &Comm, request: &Request, stop: &StopRequest) -> Result<Finished> {
    let began = Instant::now();
    let counted = comm.traffic().phases();
    let folder = request.folder.clone().with(S::NAME, S::ending().files());
    let request = &Request { folder, ..request.clone() };
    let mut driver = start::<S>(comm, request, stop, began)?;
    let first_step = driver.clock.step();
    let outcome = driver.drive()?;
    driver.files.series()?;
    account(&mut driver, request, began, first_step, &counted)?;
    let told = if comm.is_root() && !request.bare { outcome.write(&request.folder) } else { Ok(()) };
    comm.agree(told)?;
    Ok(Finished { outcome, last_row: driver.files.last_row })
}

/// The run, ready for its next step; rank 0 holds its folder. All ranks.
fn start<'a, S: Simulation>(
    comm: &'a Comm,
    request: &Request,
    stop: &'a StopRequest,
    began: Instant,
) -> Result<Driver<'a, S>> {
    let mut plan = Plan::read::<S>(&request.parameters)?;
    let resumes = !request.bare && request.continues()?;
    let id = request.folder.id(resumes)?;
    let instructions = Instructions::agree(comm, plan.framework.run.simd)?;
    plan.framework.made_by = Some(MadeBy::now(S::NAME, &id, &request.command, &instructions.name, &plan.folder)?);
    let framework = plan.framework.clone();
    let cadence = plan.cadence.clone();
    let table = plan.to_table(S::NAME)?;
    let inputs = inputs_of(&table, S::Config::CHANGEABLE);
    let mut held = if resumes { hold(comm, request, None)? } else { None };
    let mut said = if resumes { check_changes(&request.folder, &table, S::Config::CHANGEABLE)? } else { Vec::new() };
    let setup = plan.setup(&instructions);
    let (simulation, clock, place) = if resumes {
        comm.agree(if comm.is_root() { refuse_others(&request.folder, &id, &inputs) } else { Ok(()) })?;
        load::<S>(comm, &setup, &request.folder, &mut said)?
    } else {
        (S::new(&setup, comm)?, Clock::default(), Place::default())
    };
    let clock = clock.turned(setup.config.is_backwards());
    if !resumes {
        held = hold(comm, request, Some(&table))?;
    }
    said.extend(held.as_ref().and_then(Held::note));
    said.extend(simulation.notes().into_iter().map(|note| format!("note: {note}")));
    let (files, told) = Files::open(comm, &request.folder, [&id, &inputs], &framework, place, request.bare)?;
    let until = (cadence.until, cadence.steps);
    let progress = Progress::new(Some(&request.folder.log()), comm.is_root() && !request.quiet, until)?;
    let mut progress = progress.with_time(S::ending().has_time());
    greet(&mut progress, comm, request, &instructions, &clock, resumes);
    said.iter().chain(&told).for_each(|line| progress.say(line));
    let mut schedules = schedules(&framework, &cadence);
    schedules.skip_to(&clock);
    let pace = Pace::starting_at(&clock);
    let intervals = Intervals::new(&framework.checkpoint);
    let deadline = Deadline::new(began, framework.walltime(&request.parameters)?);
    if resumes {
        // Last, so that what can't go on leaves the parameters with which it could.
        comm.agree(held.as_ref().map_or(Ok(()), |held| held.go_on(&table)))?;
    }
    let loop_time = Duration::ZERO;
    let loop_cpu = Duration::ZERO;
    Ok(Driver {
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
        held,
    })
}

fn schedules(framework: &Framework, cadence: &Cadence) -> Schedules {
    let output = &framework.output;
    let rows = Schedule::new(output.history_steps.unwrap_or(0), cadence.history_time, Vec::new());
    Schedules {
        snapshot: Schedule::new(output.every_steps, cadence.every_time, cadence.times.clone()),
        history: if output.history_steps.is_some() { rows } else { rows.doubling() },
        trajectory: Schedule::new(output.trajectory_steps, cadence.trajectory_time, Vec::new()),
        checkpoint: Schedule::new(framework.checkpoint.every_steps, cadence.checkpoint_time, Vec::new()),
    }
}

/// Takes the run's folder on rank 0, unless nothing is written: for a new run with these parameters, or for one that goes on. All ranks.
fn hold(comm: &Comm, request: &Request, begins: Option<&Table>) -> Result<Option<Held>> {
    let hold = || {
        let held = request.hold(begins.is_none())?;
        begins.map_or(Ok(()), |parameters| held.begin(parameters))?;
        Ok(Some(held))
    };
    comm.agree(if comm.is_root() && !request.bare { hold() } else { Ok(None) })
}

/// The state of the newest whole checkpoint; `said` gets what there is to say about others. All ranks.
fn load<S: Simulation>(
    comm: &Comm,
    setup: &Setup<S::Config>,
    folder: &RunFolder,
    said: &mut Vec<String>,
) -> Result<(S, Clock, Place)> {
    let (checkpoint, warnings) = newest(comm, &folder.checkpoints())?;
    said.extend(warnings);
    let Some(checkpoint) = checkpoint else {
        // A run that was killed before its first checkpoint starts anew.
        return Ok((S::new(setup, comm)?, Clock::default(), Place::default()));
    };
    let (clock, place) = read_place(&checkpoint)?;
    Ok((S::load(setup, comm, &checkpoint)?, clock, place))
}

/// Refuses a folder with checkpoints or snapshots of another run: they would be taken for this one's, removed or written over.
fn refuse_others(folder: &RunFolder, id: &str, inputs: &str) -> Result<()> {
    folder.refuse_other_snapshots(inputs)?;
    of_others(&folder.checkpoints(), id).first().map_or(Ok(()), |path| {
        let reason = "is a checkpoint of another run: move it out of this folder";
        Err(Error::input(path.display().to_string(), reason))
    })
}

fn greet(progress: &mut Progress, comm: &Comm, request: &Request, made: &Instructions, clock: &Clock, resumes: bool) {
    let ranks = ranks_text(comm);
    let file = request.parameters.path().display();
    let out = request.folder.root().display();
    progress.say(&format!("{file} on {ranks}, {} -> {out}", made.name));
    if resumes {
        progress.say(&format!("resumed at {}", progress.moment(clock)));
    }
}

/// Writes the ledger and reports the end. All ranks.
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
    let tells = !request.bare && (steps > 0 || !request.folder.ledger().exists());
    let written = if comm.is_root() && tells { ledger.write(&request.folder.ledger()) } else { Ok(()) };
    comm.agree(written)?;
    let moment = driver.progress.moment(&driver.clock);
    let rates = rates_text(&ledger, work, unit);
    let took = ledger.seconds;
    if let Some(line) = cost_of_checkpoints(&ledger) {
        driver.progress.say(&line);
    }
    driver.simulation.summary().iter().for_each(|line| driver.progress.say(line));
    driver.progress.say(&format!("{moment}: {steps} steps in {loop_seconds:.3} s ({rates}), {took:.3} s in all"));
    Ok(())
}

/// The work per second, and per second of processor time that all ranks took together: on a machine that others use too, the
/// first tells how little of it was left.
fn rates_text(ledger: &Ledger, work: f64, unit: &str) -> String {
    let busy: f64 = ledger.loop_cpu_seconds.iter().sum();
    let by_processor = rate_text(ledger.steps as f64 * work / busy.max(1e-9), unit);
    format!("{}; {by_processor} of processor time", rate_text(ledger.rate, unit))
}

/// What checkpoints took, where it is worth a line.
fn cost_of_checkpoints(ledger: &Ledger) -> Option<String> {
    let Ledger { checkpoints, checkpoint_seconds, seconds, .. } = *ledger;
    (checkpoints > 1).then(|| {
        let share = 100.0 * checkpoint_seconds / seconds.max(1e-9);
        format!("{checkpoints} checkpoints took {checkpoint_seconds:.3} s, {share:.1} % of the time")
    })
}

/// Makes the initial state, takes a few steps of it and reports what the run would cost; writes nothing. All ranks.
///
/// # Errors
/// As [`run`], and if the folder holds a run that would not be overwritten.
pub(crate) fn check<S: Simulation>(comm: &Comm, request: &Request) -> Result<()> {
    let plan = Plan::read::<S>(&request.parameters)?;
    let folder = request.folder.clone().with(S::NAME, S::ending().files());
    Request { folder, ..request.clone() }.continues()?;
    let instructions = Instructions::agree(comm, plan.framework.run.simd)?;
    let cadence = plan.cadence.clone();
    let output = plan.framework.output.clone();
    let setup = plan.setup(&instructions);
    let mut simulation = S::new(&setup, comm)?;
    let estimate = Estimate::of(&mut simulation, &cadence, &output, &setup.units, comm)?;
    let memory = comm.all_gather(&[peak_memory()]);
    let mebibytes = memory.iter().max().map_or(0, |bytes| bytes >> 20);
    let mut lines = vec![
        ("parameters".to_owned(), format!("{} are valid", request.parameters.path().display())),
        ("ranks".to_owned(), format!("{}, {}", comm.size(), instructions.name)),
    ];
    lines.extend(simulation.describe());
    lines.push(("memory".to_owned(), format!("{mebibytes} MiB on the rank that takes most")));
    let (time, snapshots) = estimate.texts(cadence.has_end());
    lines.push(("estimate".to_owned(), time));
    lines.extend(snapshots.map(|text| ("snapshots".to_owned(), text)));
    lines.extend(simulation.notes().into_iter().map(|note| ("note".to_owned(), note)));
    let text: String = lines.iter().map(|(what, value)| format!("{what:<11} {value}\n")).collect();
    comm.agree(if comm.is_root() { print(&text) } else { Ok(()) })
}
