//! Is it right: what the files of a run say of its conservation, its convergence, and what was mended on the way.
//!
//! A verdict is `good`, `look` (a person should) or `bad`; `told` is a number without one. Columns are known by their names, so that
//! simulations of one's own are checked too: `X_error` and `X_drift` are relative errors, held against `X_bound` where there is one;
//! `div_b..` is how far a magnetic field is from being without sources; columns that end in `_floored`, `_bounded`, `first_order` or
//! `_upwind` count cells that were mended; `acceptance` is a sampler's.

use std::collections::BTreeMap;

use serde::Serialize;

use super::told;
use crate::Result;
use crate::base::console::number_text;
use crate::io::History;
use crate::io::history::lines;
use crate::orbit::posterior::{self, Posterior};
use crate::run::RunFolder;

/// A relative error up to which nothing is said, and from which on a run is wrong.
const ERRORS: [f64; 2] = [1e-3, 0.1];
/// The range of a sampler's accepted moves in which it does its work.
const ACCEPTED: [f64; 2] = [0.1, 0.7];
/// So many effective samples are enough for means and intervals.
const ENOUGH: f64 = 400.0;
/// The ends of names that count what was mended.
const MENDED: [&str; 4] = ["_floored", "_bounded", "first_order", "_upwind"];

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Check {
    pub name: String,
    pub verdict: &'static str,
    pub words: String,
}

impl Check {
    fn new(name: &str, verdict: &'static str, words: impl Into<String>) -> Self {
        Check { name: name.replace('_', " "), verdict, words: words.into() }
    }
}

/// All that can be said of a run; what can't be read is noted.
pub(super) fn of(folder: &RunFolder, notes: &mut Vec<String>) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(history) = told(History::whole_rows(&folder.history()), "the history", notes) {
        checks.extend(of_history(&history));
    }
    if folder.root().join(posterior::FILE).is_file() {
        checks.extend(told(of_posterior(folder), "the posterior", notes).into_iter().flatten());
    }
    checks.extend(told(of_events(folder), "the events", notes).into_iter().flatten());
    checks
}

fn of_history(history: &History) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, column) in history.names.iter().zip(&history.columns) {
        let Some(last) = column.iter().rev().find(|number| !number.is_nan()) else { continue };
        let largest = column.iter().map(|number| number.abs()).filter(|size| !size.is_nan()).fold(0.0, f64::max);
        checks.extend(match &name[..] {
            "acceptance" => Some(acceptance(*last)),
            name if name.starts_with("div_b") => Some(error(name, largest, *last)),
            name if name.ends_with("_error") => Some(error(name, largest, *last)),
            name if name.ends_with("_drift") => Some(drift(name, largest, *last, history)),
            name if MENDED.iter().any(|end| name.ends_with(end)) => (*last > 0.0).then(|| mended(name, *last)),
            _ => None,
        });
    }
    checks
}

fn error(name: &str, largest: f64, last: f64) -> Check {
    let verdict = if largest <= ERRORS[0] {
        "good"
    } else if largest < ERRORS[1] {
        "look"
    } else {
        "bad"
    };
    Check::new(name, verdict, format!("{} at most, {} at the end", short(largest), short(last)))
}

/// A change of what is conserved, held against what rounding alone explains.
fn drift(name: &str, largest: f64, last: f64, history: &History) -> Check {
    let bound = name.strip_suffix("_drift").and_then(|stem| history.column(&format!("{stem}_bound")));
    let Some(bound) = bound.and_then(|bounds| bounds.iter().rev().find(|bound| bound.is_finite())) else {
        return error(name, largest, last);
    };
    let verdict = if last.abs() <= *bound { "good" } else { "look" };
    Check::new(name, verdict, format!("{}; rounding alone explains {}", short(last), short(*bound)))
}

fn mended(name: &str, count: f64) -> Check {
    Check::new(name, "look", format!("{} times: cells whose numbers were mended", number_text(count)))
}

fn acceptance(share: f64) -> Check {
    let verdict = if (ACCEPTED[0]..=ACCEPTED[1]).contains(&share) { "good" } else { "look" };
    Check::new("acceptance", verdict, format!("{:.1} % of the moves were accepted", 100.0 * share))
}

/// What the chain of a fit is worth.
fn of_posterior(folder: &RunFolder) -> Result<Vec<Check>> {
    let posterior = Posterior::read(&folder.root().join(posterior::FILE))?;
    let Some(seen) = posterior.convergence() else { return Ok(Vec::new()) };
    let verdict = if seen.is_stationary && seen.least_effective() > ENOUGH { "good" } else { "look" };
    Ok(vec![Check::new("convergence", verdict, seen.lines().join("; "))])
}

/// How many events of each kind there were.
fn of_events(folder: &RunFolder) -> Result<Vec<Check>> {
    if !folder.events().is_file() {
        return Ok(Vec::new());
    }
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for row in lines(&folder.events())?.into_iter().skip(1) {
        *kinds.entry(row.get(2).cloned().unwrap_or_default()).or_default() += 1;
    }
    let words: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} of {kind}")).collect();
    Ok(if words.is_empty() { Vec::new() } else { vec![Check::new("events", "told", words.join(", "))] })
}

/// Three digits.
fn short(number: f64) -> String {
    if number == 0.0 { "0".to_owned() } else { format!("{number:.2e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(text: &str) -> Vec<(String, &'static str)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        std::fs::write(&path, text).unwrap();
        let checks = of_history(&History::whole_rows(&path).unwrap());
        checks.into_iter().map(|check| (check.name, check.verdict)).collect()
    }

    /// Of each kind one that is right and one that isn't.
    #[test]
    fn what_is_wrong_is_seen_and_what_is_right_is_not() {
        let verdict = |text: &str| verdicts(text).first().map(|(_, verdict)| *verdict);
        for (name, numbers, expected) in [
            ("energy_error", "0 1e-9 -2e-12", Some("good")),
            ("energy_error", "0 -0.02 1e-12", Some("look")),
            ("energy_error", "0 0.5 NaN", Some("bad")),
            ("div_b_max", "0 1e-14 1e-14", Some("good")),
            ("div_b_max", "0 1 2", Some("bad")),
            ("mass_drift", "0 0 1e-15", Some("good")),
            ("acceptance", "0 0.3 0.3", Some("good")),
            ("acceptance", "0 0.3 0.01", Some("look")),
            ("density_floored", "0 0 0", None),
            ("density_floored", "0 0 7", Some("look")),
            ("energy", "0 5 7", None),
        ] {
            let rows: String = numbers.split(' ').map(|number| format!("{number}\n")).collect();
            assert_eq!(verdict(&format!("{name}\n{rows}")), expected, "{name} {numbers}");
        }
        assert_eq!(verdict("mass_drift,mass_bound\n1e-12,1e-13\n"), Some("look"));
        assert_eq!(verdict("mass_drift,mass_bound\n1e-14,1e-13\n"), Some("good"));
        assert_eq!(verdicts("energy_error\n0\n0.5"), [("energy error".to_owned(), "good")], "a row that grows");
    }
}
