//! `divisi scaling --predict`: runs that are counted, and what more ranks would take on a cluster by them and by the study's times.
//!
//! Counts don't depend on speed, so the counted runs may have more ranks than there are cores; their halos go as messages, as between nodes. The
//! seconds for a unit of work are those of the study where each rank has a core, without waiting.

use std::path::Path;

use super::fit::Sample;
use super::forecast::{Counted, Forecast, Model, Network, PhaseCount};
use super::ledger::Ledger;
use super::median;
use crate::{Error, Result};

/// What counted runs say beyond the study's own words.
pub(super) const AS_MESSAGES: &str = "run.node=\"messages\"";
/// The columns of forecast.csv, with their units.
const COLUMNS: &str = "ranks,memory_bytes,core_hours_of_1000_steps,seconds,error_seconds,work_seconds,latency_seconds,bytes_seconds,efficiency";

impl Ledger {
    /// The ledger of a run that took steps.
    fn of_steps(path: &Path) -> Result<Self> {
        let ledger = Ledger::read(path)?;
        let has_work = ledger.steps > 0 && ledger.rate > 0.0;
        if has_work { Ok(ledger) } else { Err(Error::file(path, "no step was taken: give --steps")) }
    }

    /// Of a rank and a step.
    fn work(&self) -> f64 {
        self.rate * self.loop_seconds / (self.steps as f64 * self.ranks as f64)
    }

    /// Seconds that a rank takes for a unit of work, waiting left out.
    fn unit(&self) -> f64 {
        let busy = self.loop_seconds - self.waited() / self.ranks as f64;
        busy.max(0.0) / (self.steps as f64 * self.work())
    }

    fn counted(&self) -> Counted {
        let of_step = |numbers: &[u64]| numbers.iter().max().map_or(0.0, |most| *most as f64 / self.steps as f64);
        let phases = self.phases_of_steps().map(|phase| {
            let points: Vec<u64> =
                phase.messages.iter().zip(&phase.collectives).map(|(all, collectives)| all - collectives).collect();
            PhaseCount {
                name: phase.name.clone(),
                messages: of_step(&points),
                collectives: of_step(&phase.collectives),
                bytes: of_step(&phase.bytes),
            }
        });
        Counted { ranks: self.ranks as f64, work: self.work(), memory: self.memory().value, phases: phases.collect() }
    }

    /// Bytes of the rank that has most.
    fn memory(&self) -> Sample {
        let value = self.memory_bytes.iter().max().map_or(0.0, |most| *most as f64);
        Sample { work: self.work(), ranks: self.ranks as f64, value }
    }
}

/// What is forecast: for which ranks, on which network, with how much memory for a rank.
pub(super) struct Question<'a> {
    pub ranks: &'a [usize],
    pub network: Network,
    /// Bytes of a rank, where the cluster's file tells.
    pub memory: Option<f64>,
    pub is_weak: bool,
}

/// What comes of it.
#[derive(Debug)]
pub(super) struct Answer {
    pub text: String,
    pub csv: String,
}

/// Forecasts by the ledgers of a study's timed runs, those of one rank first, and of its counted runs.
///
/// # Errors
/// Ledgers that can't be read, or have no steps.
pub(super) fn answer(question: &Question<'_>, timed: &[&Path], counted: &[&Path]) -> Result<Answer> {
    let timed: Vec<Ledger> = timed.iter().map(|path| Ledger::of_steps(path)).collect::<Result<_>>()?;
    let runs: Vec<Counted> =
        counted.iter().map(|path| Ledger::of_steps(path).map(|ledger| ledger.counted())).collect::<Result<_>>()?;
    let units: Vec<f64> = timed.iter().map(Ledger::unit).collect();
    let nothing = || Error::System("no run was counted".to_owned());
    let middle = median(units.iter().copied()).ok_or_else(nothing)?;
    let unit = [middle, units.iter().copied().fold(middle, f64::min), units.iter().copied().fold(middle, f64::max)];
    let memory: Vec<Sample> = timed.iter().map(Ledger::memory).chain(runs.iter().map(Counted::memory)).collect();
    let model = Model::of(&runs, &memory, unit).ok_or_else(nothing)?;
    // All of the problem, as one rank has it.
    let whole = timed[0].work() * timed[0].ranks as f64;
    let work = |ranks: usize| if question.is_weak { timed[0].work() } else { whole / ranks as f64 };
    let told: Vec<Forecast> =
        question.ranks.iter().map(|ranks| model.at(work(*ranks), *ranks as f64, question.network)).collect();
    Ok(Answer { text: text(question, &model, &told), csv: csv(&told) })
}

fn csv(told: &[Forecast]) -> String {
    let row = |one: &Forecast| {
        let [ranks, memory, hours, seconds] = [one.ranks, one.memory.round(), one.core_hours(), one.seconds()];
        let Forecast { error, work, latency, bytes, .. } = one;
        format!(
            "{ranks},{memory},{hours:?},{seconds:?},{error:?},{work:?},{latency:?},{bytes:?},{:?}\n",
            one.efficiency()
        )
    };
    format!("{COLUMNS}\n{}", told.iter().map(row).collect::<String>())
}

fn text(question: &Question<'_>, model: &Model, told: &[Forecast]) -> String {
    let Network { latency, bandwidth } = question.network;
    let mut lines = vec![format!(
        "forecast for a network of {:.2} us and {:.2} GB/s for each rank",
        latency * 1e6,
        bandwidth / 1e9
    )];
    for one in told {
        let memory = one.memory / 1e6;
        let room = question.memory.filter(|room| *room < one.memory);
        let room = room.map_or(String::new(), |room| format!(", MORE than the {:.0} MB that there are", room / 1e6));
        let share = |seconds: f64| 100.0 * seconds / one.seconds();
        lines.push(format!(
            "{} ranks: {memory:.0} MB each{room}; {:.3} core hours for 1000 steps; a step {:.4e} s +- {:.1} %: work {:.2} %, latency {:.2} %, bytes {:.2} %; {}",
            one.ranks,
            one.core_hours(),
            one.seconds(),
            share(one.error),
            share(one.work),
            share(one.latency),
            share(one.bytes),
            bound(one)
        ));
    }
    lines.push(format!("work: {:.3e} s for a unit, {:.3e} to {:.3e}", model.unit[0], model.unit[1], model.unit[2]));
    for (name, [messages, collectives, bytes]) in &model.phases {
        let off = messages.error.max(collectives.error).max(bytes.error);
        lines.push(format!(
            "{name}, of a rank and a step: {messages} messages, {collectives} collectives, {bytes} bytes; off by {:.1} % where a run was left out",
            100.0 * off
        ));
    }
    lines.push("left out: the start, output, contention, uneven work; all messages go between nodes and none is hidden behind work".to_owned());
    lines.join("\n") + "\n"
}

/// What bounds it.
fn bound(one: &Forecast) -> String {
    if one.efficiency() > 0.5 {
        "bound by its work".to_owned()
    } else {
        format!("bound by the messages of {}", one.bound)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A ledger of gas: 100 units of work a second on one core, a halo that goes with the surface, a reduction, and a start that doesn't count.
    fn ledger(folder: &Path, ranks: usize, seconds: f64) -> std::path::PathBuf {
        let (steps, cells) = (10.0, 64_000.0);
        let surface = (6.0 * (cells / ranks as f64).powf(2.0 / 3.0) * 8.0 * steps) as u64;
        let each = |number: u64| vec![number; ranks];
        let value = serde_json::json!({
            "ranks": ranks, "steps": 10, "loop_seconds": seconds, "rate": steps * cells / seconds, "rate_unit": "cells/s",
            "memory_bytes": each(50_000_000 + 640_000_000 / ranks as u64),
            "phases": [
                { "name": "other", "waited_seconds": vec![9.0; ranks], "messages": each(99), "collectives": each(9), "bytes": each(1) },
                { "name": "halo", "waited_seconds": vec![1.0; ranks], "messages": each(60), "collectives": each(0), "bytes": each(surface) },
                { "name": "reduction", "waited_seconds": vec![0.0; ranks], "messages": each(10), "collectives": each(10), "bytes": each(80) },
            ],
        });
        let path = folder.join(format!("{ranks}.json"));
        fs::write(&path, value.to_string()).unwrap();
        path
    }

    #[test]
    fn ledgers_become_a_forecast_with_memory_and_core_hours_first() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two, some, more, many] = [(1, 6401.0), (2, 3201.0), (8, 9.0), (27, 9.0), (64, 9.0)]
            .map(|(ranks, seconds)| ledger(folder.path(), ranks, seconds));
        let network = Network { latency: 2e-6, bandwidth: 12.5e9 };
        let mut question = Question { ranks: &[64, 4096], network, memory: Some(1e9), is_weak: true };
        let counted = [some.as_path(), &more, &many];
        let told = answer(&question, &[&one, &two], &counted).unwrap();
        // 64000 units of 0.01 s each, whatever the ranks; the waiting of halo is none of it.
        let row: Vec<f64> = told.csv.lines().nth(2).unwrap().split(',').map(|word| word.parse().unwrap()).collect();
        assert!((row[5] - 640.0).abs() < 1e-6 && row[0] == 4096.0 && row[8] > 0.999, "{told:?}");
        // Six messages, and twelve stages of one collective.
        assert!((row[6] - 2e-6 * 18.0).abs() < 1e-12, "{told:?}");
        assert!(told.text.contains("690 MB each; ") && told.text.contains("bound by its work"), "{}", told.text);
        question.is_weak = false;
        question.memory = Some(1e7);
        let strong = answer(&question, &[&one, &two], &counted).unwrap();
        assert!(strong.text.contains("MORE than the 10 MB"), "{}", strong.text);
        let work: f64 = strong.csv.lines().nth(1).unwrap().split(',').nth(5).unwrap().parse().unwrap();
        assert!((work - 10.0).abs() < 1e-9, "{strong:?}");
    }
}
