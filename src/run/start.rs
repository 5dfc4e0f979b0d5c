//! From a parameter file to a run under way, anew or from a checkpoint, and to its end.

use std::time::{Duration, Instant};

use toml::Table;

use super::account::account;
use super::changes::check_changes;
use super::deadline::Deadline;
use super::driver::{Driver, Pace, Schedules};
use super::files::{Files, Place, read_place};
use super::folder::RunFolder;
use super::inputs::inputs_of;
use super::interval::Intervals;
use super::ledger::Before;
use super::plan::Plan;
use super::progress::{Progress, ranks_text};
use super::request::Request;
use super::sections::{Cadence, Framework, MadeBy};
use super::setup::Instructions;
use super::taking::Held;
use super::trace;
use super::{Finished, Setup, Simulation, StopRequest};
use crate::base::clock::{Clock, Schedule};
use crate::comm::{Comm, Reaction, Watchdog};
use crate::io::{newest, of_others};
use crate::{Error, Parameters, Result};

/// Runs a simulation to its end or to where it is asked to stop. All ranks.
///
/// It may be called several times in one process, on communicators of their own.
///
/// # Errors
/// Bad input, a state that is not finite, files that cannot be read or written.
pub(crate) fn run<S: Simulation>(comm: &Comm, request: &Request, stop: &StopRequest) -> Result<Finished> {
    let began = Instant::now();
    let before = Before::now(comm);
    let folder = request.folder.clone().with(S::NAME, S::ending().files());
    let request = &Request { folder, ..request.clone() };
    let mut driver = start::<S>(comm, request, stop, began)?;
    let first_step = driver.clock.step();
    let outcome = driver.drive()?;
    driver.files.series()?;
    if let Some(line) = trace::end(comm, &request.folder)? {
        driver.progress.say(&line);
    }
    account(&mut driver, request, began, first_step, &before)?;
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
    let watchdog = Watchdog::start(comm, plan.framework.silence(&request.parameters)?, Reaction::End)?;
    let resumes = !request.bare && request.continues()?;
    let id = request.folder.id(resumes)?;
    let instructions = Instructions::agree(comm, plan.framework.run.simd)?;
    plan.framework.made_by = Some(MadeBy::now(S::NAME, &id, &request.command, &instructions.name, &plan.folder)?);
    let framework = plan.framework.clone();
    trace::begin(comm, framework.run.trace && !request.bare);
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
        _watchdog: watchdog,
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
    let ranks = ranks_text(comm.size());
    let file = request.parameters.path().display();
    let out = request.folder.root().display();
    progress.say(&format!("{file} on {ranks}, {} -> {out}", made.name));
    if resumes {
        progress.say(&format!("resumed at {}", progress.moment(clock)));
    }
}
