//! What was run: the simulation, by which program and command, how far it came, on how many ranks and in how long.

use serde::Serialize;
use serde_json::Value;
use toml::Table;

use super::{Fact, amount};
use crate::run::{RunFolder, duration_text, state};
use crate::sweep;
use crate::{Error, Result};

/// What was run.
#[derive(Debug, Serialize)]
pub(super) struct Once {
    /// In a word or two: done, at work, killed.
    pub state: String,
    /// How this is shown: `good`, `look` or `bad`.
    pub verdict: &'static str,
    pub facts: Vec<Fact>,
}

pub(super) fn of(folder: &RunFolder, parameters: &str) -> Result<Once> {
    let wrong = |error: toml::de::Error| Error::file(folder.config(), error.message().to_owned());
    let table = parameters.parse::<Table>().map_err(wrong)?;
    let text = |section: &str, key: &str| table.get(section)?.get(key)?.as_str().map(str::to_owned);
    let mut facts = Vec::new();
    let simulation = table.get("simulation").and_then(toml::Value::as_str).unwrap_or("unknown");
    let detail = text("problem", "name").or_else(|| text("method", "kind")).or_else(|| text("integrator", "method"));
    facts.push(Fact::new(
        "simulation",
        simulation.to_owned() + &detail.map_or(String::new(), |detail| format!(", {detail}")),
    ));
    let (state, verdict) =
        if folder.path(sweep::JOURNAL).exists() { of_sweep(folder, &mut facts)? } else { of_run(folder, &mut facts)? };
    of_ledger(folder, &mut facts);
    let made_by = [("program", "program"), ("command", "command"), ("vectors", "simd"), ("id of the run", "id")];
    facts.extend(made_by.iter().filter_map(|(name, key)| Some(Fact::new(name, text("made_by", key)?))));
    Ok(Once { state, verdict, facts })
}

fn of_run(folder: &RunFolder, facts: &mut Vec<Fact>) -> Result<(String, &'static str)> {
    let state = state(folder)?;
    let (word, verdict) = match (&state.holder, state.outcome) {
        (Some(_), _) => ("at work", "look"),
        (None, Some(outcome)) => (outcome.words(), if outcome.status() == 0 { "good" } else { "look" }),
        (None, None) => ("killed", "bad"),
    };
    let last: Vec<String> = state.last.iter().take(2).map(|(name, value)| format!("{name} {value}")).collect();
    facts.push(Fact::new("at", last.join(", ")));
    facts.push(Fact::new("to end at", state.until.clone()));
    facts.extend(state.holder.map(|holder| Fact::new("process", holder)));
    Ok((word.to_owned(), verdict))
}

fn of_sweep(folder: &RunFolder, facts: &mut Vec<Fact>) -> Result<(String, &'static str)> {
    let status = sweep::status(folder)?;
    let (word, verdict) = match () {
        () if status.holder.is_some() => ("at work", "look"),
        () if status.left() > 0 => ("not finished", "look"),
        () if status.failed > 0 => ("done, with failures", "bad"),
        () => ("done", "good"),
    };
    let told =
        format!("{} done, {} failed, {} left of {}", status.counts.done, status.failed, status.left(), status.tasks);
    facts.push(Fact::new("tasks", told));
    facts.extend(status.holder.map(|holder| Fact::new("process", holder)));
    Ok((word.to_owned(), verdict))
}

/// What the ledger says of all: no ledger, as of a run at work, is no error.
fn of_ledger(folder: &RunFolder, facts: &mut Vec<Fact>) {
    let Some(ledger) = std::fs::read_to_string(folder.ledger()).ok().and_then(|text| serde_json::from_str(&text).ok())
    else {
        return;
    };
    let ledger: Value = ledger;
    let number = |name: &str| ledger[name].as_f64();
    facts.extend(number("ranks").map(|ranks| Fact::new("ranks", amount(ranks))));
    if let (Some(steps), Some(seconds)) = (number("steps"), number("seconds")) {
        facts.push(Fact::new("last job", format!("{steps} steps in {}", duration(seconds))));
    }
    if let (Some(rate), Some(unit)) = (number("rate"), ledger["rate_unit"].as_str()) {
        let rate = amount(rate);
        let gap = if rate.contains(' ') { "" } else { " " };
        facts.push(Fact::new("speed", format!("{rate}{gap}{unit}")));
    }
    let memory = ledger["memory_bytes"].as_array().into_iter().flatten().filter_map(Value::as_f64).fold(0.0, f64::max);
    if memory > 0.0 {
        facts.push(Fact::new("memory of the largest rank", format!("{}B", amount(memory))));
    }
}

/// Seconds in words, short ones with digits.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 60.0 { format!("{seconds:.3} s") } else { duration_text(seconds) }
}
