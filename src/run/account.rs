//! The account of a run at its end: its ledger, and what is told of its speed.

use std::time::Instant;

use super::Simulation;
use super::driver::Driver;
use super::ledger::{Before, Ledger, gather_phases, peak_memory, seconds_of};
use super::progress::rate_text;
use super::request::Request;
use super::sent;
use crate::Result;

/// Writes the ledger and reports the end. All ranks.
pub(super) fn account<S: Simulation>(
    driver: &mut Driver<'_, S>,
    request: &Request,
    began: Instant,
    first_step: u64,
    before: &Before,
) -> Result<()> {
    let comm = driver.comm;
    let phases = gather_phases(comm, before);
    let sent = sent::gather(comm, &before.sent);
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
        sent,
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
