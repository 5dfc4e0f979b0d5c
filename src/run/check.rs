//! Checks of a run that write nothing: of its parameters, without MPI, and of what it would cost.

use super::Simulation;
use super::estimate::{Cost, Estimate};
use super::ledger::peak_memory;
use super::plan::{Plan, schema};
use super::request::Request;
use super::setup::Instructions;
use crate::Result;
use crate::base::config::{ParameterFile, check_named};
use crate::base::console::print;
use crate::comm::Comm;

/// Checks the parameters of a simulation without MPI.
///
/// # Errors
/// Unknown keys, wrong types, values out of range.
pub(crate) fn validate<S: Simulation>(parameters: &ParameterFile) -> Result<()> {
    check_named(parameters, &schema::<S>())?;
    Plan::read::<S>(parameters).map(|_| ())
}

/// Makes the initial state, takes a few steps of it and reports what the run would cost; writes nothing. All ranks.
///
/// # Errors
/// As [`run`](super::run), and if the folder holds a run that would not be overwritten.
pub(crate) fn check<S: Simulation>(comm: &Comm, request: &Request) -> Result<()> {
    let Tried { mut lines, simulation, estimate, has_end, memory, .. } = tried::<S>(comm, request)?;
    lines.extend(simulation.describe());
    lines.push(("memory".to_owned(), format!("{} MiB on the rank that takes most", memory >> 20)));
    let (time, snapshots) = estimate.texts(has_end);
    lines.push(("estimate".to_owned(), time));
    lines.extend(snapshots.map(|text| ("snapshots".to_owned(), text)));
    lines.extend(simulation.notes().into_iter().map(|note| ("note".to_owned(), note)));
    let text: String = lines.iter().map(|(what, value)| format!("{what:<11} {value}\n")).collect();
    comm.agree(if comm.is_root() { print(&text) } else { Ok(()) })
}

/// What a run would cost, by a few steps of it; writes nothing. All ranks.
///
/// # Errors
/// As [`check`].
pub(crate) fn cost<S: Simulation>(comm: &Comm, request: &Request) -> Result<Cost> {
    let Tried { estimate, has_end, memory, memory_before, .. } = tried::<S>(comm, request)?;
    Ok(Cost { estimate, has_end, memory, memory_before })
}

/// A simulation after a few steps.
struct Tried<S> {
    simulation: S,
    estimate: Estimate,
    has_end: bool,
    /// The largest of a rank, and before the simulation was made, bytes.
    memory: u64,
    memory_before: u64,
    /// What to say of parameters and ranks.
    lines: Vec<(String, String)>,
}

fn tried<S: Simulation>(comm: &Comm, request: &Request) -> Result<Tried<S>> {
    let plan = Plan::read::<S>(&request.parameters)?;
    let folder = request.folder.clone().with(S::NAME, S::ending().files());
    Request { folder, ..request.clone() }.continues()?;
    let instructions = Instructions::agree(comm, plan.framework.run.simd)?;
    let cadence = plan.cadence.clone();
    let output = plan.framework.output.clone();
    let setup = plan.setup(&instructions);
    let memory_before = comm.all_reduce_max(peak_memory());
    let mut simulation = S::new(&setup, comm)?;
    let estimate = Estimate::of(&mut simulation, &cadence, &output, &setup.units, comm)?;
    let memory = comm.all_reduce_max(peak_memory());
    let lines = vec![
        ("parameters".to_owned(), format!("{} are valid", request.parameters.path().display())),
        ("ranks".to_owned(), format!("{}, {}", comm.size(), instructions.name)),
    ];
    Ok(Tried { simulation, estimate, has_end: cadence.has_end(), memory, memory_before, lines })
}
